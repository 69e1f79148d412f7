"""How common each class is, as far as the validation stratum tells,
and classes that nobody gave.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shortlist.loop.facts.intervals import clopper_pearson

if TYPE_CHECKING:
    from shortlist.loop.auditing.evidence import Evidence


@dataclass(frozen=True)
class ClassLine:
    """A class.

    Attributes
    ----------
    name : str
    labelled : int
        Rows with this label, validation rows included.
    given : int
        Times that somebody gave it, whatever the row's label is now.
    found, rows : int
        Validation rows of this class, and all that were answered.
    share, low, high : float
        Its share of the pool with Clopper and Pearson's 95% interval, exact duplicates counted as
        often as there are of them; 0 to 1 where no validation row was answered.
    """

    name: str
    labelled: int
    given: int
    found: int
    rows: int
    share: float
    low: float
    high: float

    @property
    def said(self) -> str:
        """As ``"4.0% (1.5% to 8.5%)"``, or ``"below 2.0%"`` where none was found."""
        if not self.rows:
            return "not known: no validation rows yet"
        return f"{self.share:.1%} ({self.low:.1%} to {self.high:.1%})" if self.found else f"below {self.high:.1%}"


def classes_of(of: Evidence) -> list[ClassLine]:
    """Return a line for each class, in the order of the specification."""
    labelled = Counter(of.answers.labels.values())
    given = Counter(event.label for event in of.answers.current.values() if event.kind == "label")
    truth, weights = of.rows.truth, of.rows.weights.astype(float)
    total, rows = float(weights.sum()), len(truth)
    # As many rows as tell as much as these, of which some stand for several (Kish 1965).
    scale = total / float((weights * weights).sum()) if rows else 0.0
    lines = []
    for name in of.ground.spec.classes:
        mine = [label == name for label in truth]
        weight = float(weights[mine].sum()) if rows else 0.0
        low, high = clopper_pearson(weight * scale, total * scale) if rows else (0.0, 1.0)
        if rows and not weight:
            high = min(1.0, 3 / (total * scale))
        share = weight / total if rows else 0.0
        lines.append(ClassLine(name, labelled[name], given[name], sum(mine), rows, share, low, high))
    return lines
