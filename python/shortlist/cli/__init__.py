"""The `shortlist` command. It needs the extra `cli`; without it, it says so in one sentence."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command, or say what is missing."""
    try:
        import click
    except ImportError as error:
        missing = error.name or "click"
        print(f"shortlist: error: the command needs {missing}; run: pip install 'shortlist[cli]'", file=sys.stderr)  # noqa: T201
        raise SystemExit(1) from None
    del click
    from shortlist.cli.app import app

    app(prog_name="shortlist")
