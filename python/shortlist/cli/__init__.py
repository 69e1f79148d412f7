"""The `shortlist` command. It needs the extra `cli`; without it, it says so in one sentence."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command, or say what is missing."""
    try:
        import rich
        import typer
    except ImportError as error:
        missing = error.name or "typer"
        print(f"shortlist: error: the command needs {missing}; run: pip install 'shortlist[cli]'", file=sys.stderr)  # noqa: T201
        raise SystemExit(1) from None
    del rich, typer
    from shortlist.cli.app import app
    from shortlist.cli.benching import bench_command
    from shortlist.cli.comparing import compare_command
    from shortlist.cli.simulating import simulate_command

    app.command("bench")(bench_command)
    app.command("compare")(compare_command)
    app.command("simulate")(simulate_command)
    app(prog_name="shortlist")
