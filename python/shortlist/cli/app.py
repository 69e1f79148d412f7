"""The command and its parts, each imported when it is asked for: starting must cost less than reading a small pool."""

from __future__ import annotations

import importlib
import platform
from typing import ClassVar

import click
import numpy as np

from shortlist import _core


class Parts(click.Group):
    """Commands by name, from the modules they lie in."""

    modules: ClassVar[dict[str, str]] = {
        "select": "picking",
        "inspect": "inspecting",
        "bench": "benching",
        "compare": "comparing",
        "simulate": "simulating",
        "loop": "loop",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names, in the order of the help."""
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        if cmd_name not in self.modules:
            return None
        module = importlib.import_module(f"shortlist.cli.{self.modules[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    info = _core.build_info()
    others = ", ".join(info["cpu_levels"])
    click.echo(
        f"shortlist {info['version']}\n"
        f"CPU level {info['cpu_level']} (here: {others}), {_core.default_threads()} threads\n"
        f"Python {platform.python_version()}, NumPy {np.__version__}, Rust {info['rustc']}"
        + (", debug build: slow" if info["debug"] else "")
    )
    ctx.exit()


@click.group(
    cls=Parts,
    no_args_is_help=True,
    context_settings={"show_default": True, "max_content_width": 120, "help_option_names": ["--help", "-h"]},
    help="Pick, out of a huge unlabelled pool, the few rows worth a person's time.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    show_default=False,
    help="Show version, CPU level and threads.",
)
def app() -> None:
    """Run one of the commands."""
