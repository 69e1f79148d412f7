"""`shortlist completion`: what a shell reads to complete commands, options and strategies."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from shortlist.cli.errors import one_line_errors
from shortlist.cli.files import standard_output

SHELLS = ("bash", "zsh", "fish")


@click.command("completion", short_help="Print what completes this command in a shell.")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print a script that completes commands, options and strategies in SHELL.

    In ~/.bashrc or ~/.zshrc: eval "$(shortlist completion bash)", or zsh. For fish: shortlist
    completion fish > ~/.config/fish/completions/shortlist.fish
    """
    root = ctx.find_root()
    name = root.info_name or "shortlist"
    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"click {click.__version__} has no completion for {shell}")
    with one_line_errors(), standard_output() as target:
        target.write(kind(root.command, {}, name, f"_{name}_COMPLETE".upper().replace("-", "_")).source() + "\n")
