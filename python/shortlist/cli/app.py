"""The command and its parts."""

from __future__ import annotations

import platform

import click
import numpy as np

from shortlist import _core
from shortlist.cli.parts import Parts

MODULES = {
    "select": "shortlist.cli.picking",
    "inspect": "shortlist.cli.inspecting",
    "bench": "shortlist.cli.benching",
    "compare": "shortlist.cli.comparing",
    "simulate": "shortlist.cli.simulating",
    "loop": "shortlist.cli.loop",
    "completion": "shortlist.cli.completing",
}


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
    modules=MODULES,
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
