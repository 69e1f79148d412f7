"""Figures, targets and the tables made of them."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from shortlist.benchmarking.bandwidth import PLAUSIBLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SHARES = ("select", "levels", "logits", "half")
"""Parts whose figures are shares of the speed at which memory is read."""


@dataclass
class Figure:
    """One ratio, what it was measured on, and what it should reach."""

    part: str
    what: str
    pool: str
    dtype: str
    rows: int
    classes: int
    threads: int
    ratio: float
    target: float | None = None
    at_most: bool = False
    seconds: list[float] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the target is reached, to the two digits shown; None without one."""
        if self.target is None:
            return None
        shown = round(self.ratio, 2)
        return shown <= self.target if self.at_most else shown >= self.target

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"met": self.met}


def believed(figures: Iterable[Figure]) -> list[Figure]:
    """The same, unless one of them claims to be faster than reading memory: then the probe is wrong, and so is every figure."""
    found = list(figures)
    for f in found:
        if f.part in SHARES and f.ratio > PLAUSIBLE:
            raise SystemExit(
                f"benches: {f.part}, {f.what} on {f.pool} {f.dtype} {f.rows:,} x {f.classes} with {f.threads} threads comes to "
                f"{f.ratio:.2f} of the speed at which memory is read; above {PLAUSIBLE} is no figure: the probe is at fault, or "
                "the machine was busy with something else while it ran"
            )
    return found


def verdict(met: Sequence[bool | None]) -> str:
    """`met`, `MISSED`, or nothing where there was no target."""
    judged = [m for m in met if m is not None]
    if not judged:
        return ""
    return "met" if all(judged) else "MISSED"


def number(value: float) -> str:
    """Three digits at most: 0.93, 4.2, 157."""
    return f"{value:.2f}" if value < 3 else f"{value:.1f}" if value < 20 else f"{value:.0f}"


def progress(text: str) -> None:
    """Say what is being measured, where a person is watching."""
    if sys.stderr.isatty():
        print(f"\r\033[K  {text}", end="\r" if text else "", file=sys.stderr, flush=True)


class Printer:
    """Tables as aligned text or as Markdown."""

    def __init__(self, *, markdown: bool = False) -> None:
        self.markdown = markdown

    def title(self, text: str) -> None:
        """A heading."""
        progress("")
        print(f"\n### {text}\n" if self.markdown else f"\n{text}", flush=True)

    def line(self, text: str) -> None:
        """A remark."""
        print(text if not self.markdown else f"\n{text}", flush=True)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """First column to the left, the rest to the right."""
        if self.markdown:
            print("| " + " | ".join(header) + " |")
            print("|" + "---|" * len(header))
            for row in rows:
                print("| " + " | ".join(row) + " |")
        else:
            widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
            for row in (header, *rows):
                cells = [row[0].ljust(widths[0])]
                cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
                print("  " + "  ".join(cells))
        print(end="", flush=True)

    def by_width(self, figures: Sequence[Figure]) -> None:
        """One line per (threads, measure, pool, dtype), one column per number of classes."""
        widths = sorted({f.classes for f in figures})
        lines: dict[tuple[str, ...], dict[int, Figure]] = {}
        for f in figures:
            key = (f.what, f.pool, f.dtype, str(f.threads))
            lines.setdefault(key, {})[f.classes] = f
        rows = []
        for key, found in lines.items():
            cells = []
            for width in widths:
                f = found.get(width)
                mark = "!" if f is not None and f.met is False else ""
                cells.append("-" if f is None else number(f.ratio) + mark)
            goals = sorted({f.target for f in found.values() if f.target is not None})
            goal = " / ".join(number(g) for g in goals)
            rows.append([*key, *cells, goal, verdict([f.met for f in found.values()])])
        header = ["what", "pool", "dtype", "threads", *(f"C={w}" for w in widths), "target", ""]
        self.table(header, rows)
