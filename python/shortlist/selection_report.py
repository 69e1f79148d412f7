"""What a selection looked at, left out and took, and how a person is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Report:
    """What a selection looked at, left out, copied and took.

    Attributes
    ----------
    rows : int
        Rows looked at.
    skipped : int
        Rows that are no valid input, left out because of ``invalid="skip"``.
    excluded : int
        Rows left out because of ``exclude=``.
    missing_ids : int
        Own ids given by ``exclude=`` or ``among=`` that no row of the pool has.
    ties_picked, ties_left : int
        Rows whose score equals the last picked score: how many were picked and how many were left.
    scored_fraction : float
        Share of rows whose logarithms or exponentials were computed; below 1 where a bound showed
        that the rest cannot be picked.
    copies : tuple of str
        One sentence per kind of copy that the input needed; empty where the input was read as it
        is.
    seconds : float
        Time spent reading, scoring and selecting.
    bytes : int
        Bytes of input read.
    filled : int
        Picks that add nothing to those before them (a distance or a gain of zero), taken by lowest
        id as nothing better was left.
    covered : float or None
        Share of the weight of all reference rows that labelled rows and picks cover; None where
        that is not the aim.
    scale : float or None
        The scale of the kernel behind `covered`; None for one without.
    cover_radii : tuple of float
        The largest distance of any row to its nearest labelled or picked one, after each pick;
        empty where that is not the aim.
    computed_share : float or None
        Distances computed, as a share of rows times labelled and picked rows; None where that was
        not counted.
    passes : int
        Times that the rows of a file, or of all parts on a cluster, were looked through for
        distances; 0 where the rows were in memory.
    perturb : str or None
        How rows were drawn: "uniform", "power", "softmax", "softrank" or "squared distance"; None
        where the best were taken.
    seed : int or None
        Seed of the hash behind random ties, perturbation or sampling; None where nothing was
        random.
    asked : int or None
        Rows that a model was asked about; None where the pool came as predictions.
    screen : str or None
        Where a model was asked: "linear" or "trees" where bounds of such a model left few rows to
        ask about, otherwise why it was asked about all.
    n_threads : int
        Threads used at most.
    cpu_level : str
        Instruction set used: "avx512", "avx2", "neon" or "portable".

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> report = sl.select(np.array([[0.9, 0.1], [0.5, 0.5], [0.5, 0.5]]), "margin", k=1).report
    >>> report.rows, report.ties_left
    (3, 1)
    """

    rows: int
    skipped: int = 0
    excluded: int = 0
    missing_ids: int = 0
    ties_picked: int = 0
    ties_left: int = 0
    scored_fraction: float = 1.0
    copies: tuple[str, ...] = ()
    seconds: float = 0.0
    bytes: int = 0
    filled: int = 0
    covered: float | None = None
    scale: float | None = None
    cover_radii: tuple[float, ...] = ()
    computed_share: float | None = None
    passes: int = 0
    perturb: str | None = None
    seed: int | None = None
    asked: int | None = None
    screen: str | None = None
    n_threads: int = 1
    cpu_level: str = ""

    @property
    def gb_per_s(self) -> float:
        """Input read per second, in 10^9 bytes."""
        return self.bytes / self.seconds / 1e9 if self.seconds > 0 else 0.0

    def lines(self) -> list[str]:
        """Return sentences for a person: what was left out, tied, copied, and how fast it went."""
        lines = [f"{self.rows:,} rows in {_duration(self.seconds)}"]
        if self.bytes:
            lines[0] += f", {self.gb_per_s:.1f} GB/s"
        lines[0] += f", {self.n_threads} thread{'s' if self.n_threads != 1 else ''}"
        if self.skipped:
            lines.append(f"{self.skipped:,} invalid rows skipped")
        if self.excluded:
            lines.append(f"{self.excluded:,} rows excluded")
        if self.missing_ids:
            lines.append(ids_not_there(self.missing_ids))
        if self.ties_left:
            lines.append(f"ties at the cut: {self.ties_picked:,} picked, {self.ties_left:,} left with the same score")
        if self.filled:
            lines.append(f"the last {self.filled:,} picks add nothing to those before them")
        if self.covered is not None:
            at = "" if self.scale is None else f" at scale {self.scale:.4g}"
            lines.append(f"{self.covered:.1%} of the reference rows covered{at}")
        if self.cover_radii:
            lines.append(f"cover radius {self.cover_radii[-1]:.6g}")
        if self.computed_share is not None:
            lines.append(f"{self.computed_share:.2%} of all distances computed")
        if self.passes:
            lines.append(f"{self.passes:,} pass{'es' if self.passes != 1 else ''} over the rows")
        if self.asked is not None:
            lines.append(f"the model was asked about {self.asked:,} rows ({self.screen})")
        if self.scored_fraction < 1:
            lines.append(f"{self.scored_fraction:.1%} of rows were computed in full")
        if self.seed is not None:
            lines.append(f"random_state={self.seed} gives these picks again")
        return lines + list(self.copies)


def ids_not_there(number: int) -> str:
    """Say how many ids that were given no row has."""
    return f"{number:,} id{' that was given is' if number == 1 else 's that were given are'} not in the pool"


def too_few(k: int, found: int, stats: Mapping[str, Any]) -> str:
    """Say that there are fewer rows than are to be picked, and why."""
    names = {"excluded": "excluded", "invalid": "invalid", "never_drawn": "of weight 0"}
    lost = [f"{stats[name]:,} {what}" for name, what in names.items() if stats.get(name)]
    rest = f" ({', '.join(lost)})" if lost else ""
    return (
        f"k is {k:,}, and {found:,} of the {stats['rows']:,} rows of the pool can be picked{rest}; "
        "accepted is up to that, or strict=False"
    )


def _duration(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"
