"""How far people agree, and what each of them does."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, TypeAlias

from shortlist.loop.facts.intervals import FEW, Share, wilson

if TYPE_CHECKING:
    from collections.abc import Mapping

    Table: TypeAlias = Mapping[str, Mapping[str, str | None]]

OF_ONE_KIND = 20
"""Labels after which somebody who only ever gave one is named."""


def krippendorff_alpha(table: Table) -> float | None:
    """Return Krippendorff's alpha for classes: 1 where people agree fully,
    0 where they do as chance would.

    Parameters
    ----------
    table : mapping of row to mapping of annotator to label
        None as a label is "none of these", which people may agree on too. Rows with one label are
        passed over.

    Returns
    -------
    float or None
        None where no row has two labels, or all that have carry one and the same.

    Notes
    -----
    Krippendorff (2011), "Computing Krippendorff's alpha-reliability": 1 - observed / expected
    disagreement, for any number of people, with labels missing.

    Examples
    --------
    >>> first, second = "0100000010", "1110010000"
    >>> table = {str(row): {"amy": a, "raj": b} for row, (a, b) in enumerate(zip(first, second))}
    >>> print(f"{krippendorff_alpha(table):.3f}")
    0.095
    """
    in_all: Counter[str | None] = Counter()
    differing = 0.0
    for labels in table.values():
        if len(labels) < 2:
            continue
        counts = Counter(labels.values())
        in_all.update(counts)
        pairs = len(labels) ** 2 - sum(n * n for n in counts.values())
        differing += pairs / (len(labels) - 1)
    n = in_all.total()
    by_chance = (n * n - sum(count * count for count in in_all.values())) / (n - 1) if n else 0.0
    return 1 - differing / by_chance if by_chance else None


def labelled_twice(table: Table) -> int:
    """Return how many rows have labels of two people or more."""
    return sum(len(labels) > 1 for labels in table.values())


def raw_agreement(table: Table) -> Share | None:
    """Return how often two people give a row the same label; None where no row has two labels.

    Each row counts once: of several people all pairs are looked at. The interval is Wilson's over
    rows.
    """
    shares = [_pairs(labels) for labels in table.values() if len(labels) > 1]
    if not shares:
        return None
    value = sum(shares) / len(shares)
    return Share(value, *wilson(min(value * len(shares), len(shares)), len(shares)), len(shares))


@dataclass(frozen=True)
class Annotator:
    """What one person did.

    Attributes
    ----------
    name : str
    labels : int
        Rows labelled, "none of these" included.
    skips : int
    agrees : Share or None
        With others, over the rows they labelled too; each such row counts once.
    resolved : Share or None
        With the label as resolved, over the rows that somebody else labelled too.
    most : str or None
        The label given most often.
    most_share : float
        Share of this person's labels that are this one.
    alike : bool
        Whether this person gave 20 labels or more, all the same, where others gave several.
    """

    name: str
    labels: int
    skips: int
    agrees: Share | None
    resolved: Share | None
    most: str | None
    most_share: float
    alike: bool

    @property
    def said(self) -> str:
        """What is odd about this person's labels; empty where nothing is."""
        if self.alike:
            return f"{self.name} answered all {self.labels:,} rows {_name(self.most)}"
        if self.agrees is not None and self.agrees.rows >= FEW and self.agrees.high < 0.5:
            return f"{self.name} disagrees with others on most of {self.agrees.rows:,} rows"
        return ""


def annotator_table(
    table: Table, resolved: Mapping[str, str | None] | None = None, skips: Mapping[str, int] | None = None
) -> list[Annotator]:
    """Return one line for each person, whoever labelled most first.

    Parameters
    ----------
    table : mapping of row to mapping of annotator to label
    resolved : mapping of row to label, optional
        The label that each row has in the end; rows in dispute are not in it.
    skips : mapping of annotator to int, optional
        Rows each of them skipped.
    """
    given: dict[str, Counter[str | None]] = defaultdict(Counter)
    with_others: dict[str, list[float]] = defaultdict(list)
    with_resolved: dict[str, list[float]] = defaultdict(list)
    for row, labels in table.items():
        for name, label in labels.items():
            given[name][label] += 1
            others = [other for person, other in labels.items() if person != name]
            if others:
                with_others[name].append(sum(other == label for other in others) / len(others))
                if resolved is not None and row in resolved:
                    with_resolved[name].append(float(resolved[row] == label))
    skips = skips or {}
    lines = []
    for name in {*given, *skips}:
        counts = given[name]
        # The commonest; of equals the first by name, so that the table is the same every time.
        most = min(counts, key=lambda label: (-counts[label], _name(label)), default=None)
        total = counts.total()
        elsewhere = {label for person, found in given.items() if person != name for label in found}
        lines.append(
            Annotator(
                name,
                total,
                skips.get(name, 0),
                _share(with_others[name]),
                _share(with_resolved[name]),
                most,
                counts[most] / total if total else 0.0,
                len(counts) == 1 and total >= OF_ONE_KIND and len(elsewhere | set(counts)) > 1,
            )
        )
    return sorted(lines, key=lambda line: (-line.labels, line.name))


def _pairs(labels: Mapping[str, str | None]) -> float:
    pairs = list(combinations(labels.values(), 2))
    return sum(a == b for a, b in pairs) / len(pairs)


def _share(values: list[float]) -> Share | None:
    if not values:
        return None
    total = min(sum(values), float(len(values)))
    return Share(total / len(values), *wilson(total, len(values)), len(values))


def _name(label: str | None) -> str:
    return "none of these" if label is None else label
