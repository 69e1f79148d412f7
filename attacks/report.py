"""What attacks print: tables for a person, and one line for the table of them all."""

from __future__ import annotations

import json
import sys

from shortlist.tables import aligned

LINE = "ATTACK "
"""How the line begins that `python -m attacks` reads."""
SHOWN = 40


def say(line: str) -> None:
    """Tell a person how far it is."""
    print(line, file=sys.stderr, flush=True)


def table(heads: list[str], rows: list[list[str | int]]) -> str:
    """Return rows under their headings, numbers with their thousands apart."""
    cells = [[f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in rows]
    return aligned([heads, *cells]) + "\n"


def ended(attack: str, wrong: list[str], *, inputs: int = 0, faults: int = 0, kills: int = 0) -> int:
    """Print what was tried and found; return the exit code: 1 where anything was."""
    print("\n".join([f"{len(wrong):,} findings in all", *wrong[:SHOWN]]))
    counted = {"attack": attack, "inputs": inputs, "faults": faults, "kills": kills, "findings": len(wrong)}
    print(LINE + json.dumps(counted))
    return int(bool(wrong))
