"""Whether each group of the pool gets its share of the work, and how well the model serves it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shortlist.loop.auditing.evidence import BY_STRATEGY
from shortlist.loop.facts.agreement import krippendorff_alpha
from shortlist.loop.facts.groups import Group, audit
from shortlist.loop.facts.intervals import FEW, rows_for_margin
from shortlist.loop.facts.uncertain import UNCERTAINTY, sums_by_group
from shortlist.loop.said import answers_file, uncertainty_of
from shortlist.loop.temporary import temporary_folder
from shortlist.scoring import score

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from shortlist.loop.auditing.evidence import Evidence
    from shortlist.loop.facts.estimate import Estimate


def groups_of(of: Evidence, estimate: Estimate | None) -> list[Group]:
    """Return a line for each group of each column, those picked most unevenly first."""
    columns = of.ground.pool.groups
    means = _uncertainty(of, columns)
    return [
        _weighted(replace(line, uncertainty=means.get((line.column, line.name))), estimate)
        for line in unevenness_of(of, estimate)
    ]


def unevenness_of(of: Evidence, estimate: Estimate | None = None) -> list[Group]:
    """Return the same without what takes a look at each row of the pool."""
    columns = of.ground.pool.groups
    if not columns:
        return []
    has = {} if estimate is None else {"validated": of.rows.places, "right": of.right}
    return audit(
        columns,
        of.picked(*BY_STRATEGY),
        of.places(of.answers.labels),
        skipped=of.places(of.answers.skipped),
        asked=of.picked(),
        rounds=[of.picked(*BY_STRATEGY, rounds=[each.number]) for each in of.rounds],
        agreement=_agreement(of, columns),
        **has,
    )


def _weighted(line: Group, estimate: Estimate | None) -> Group:
    """Return a line with the accuracy of the estimate,
    in which rows count as often as there are equal ones.
    """
    found = None if estimate is None else estimate.per_group.get(line.column, {}).get(line.name)
    if found is None:
        return line
    return replace(line, accuracy=found, rows_needed=rows_for_margin(found.value if found.rows >= FEW else 0.5))


def _agreement(
    of: Evidence, columns: dict[str, tuple[NDArray[np.int32], list[str]]]
) -> dict[tuple[str, str], float | None]:
    """Return Krippendorff's alpha of each group in which enough rows were labelled twice."""
    twice = [row for row, labels in of.table.items() if len(labels) > 1]
    places = of.ground.pool.index_of(twice)
    found: dict[tuple[str, str], float | None] = {}
    for column, (codes, names) in columns.items():
        by_group: dict[str, dict[str, Any]] = {}
        for row, place in zip(twice, places.tolist(), strict=True):
            if place >= 0:
                by_group.setdefault(names[codes[place]], {})[row] = of.table[row]
        found |= {(column, name): krippendorff_alpha(rows) for name, rows in by_group.items() if len(rows) >= FEW}
    return found


def _uncertainty(of: Evidence, columns: dict[str, tuple[NDArray[np.int32], list[str]]]) -> dict[tuple[str, str], float]:
    """Return the mean uncertainty of each group, over all rows that the
    last model has an answer for.
    """
    if of.model is None or not columns:
        return {}
    known = uncertainty_of(of.store, of.model)
    if known is not None:
        return {(column, name): mean for column in columns for name, mean in known.get(column, {}).items()}
    logits = of.ground.spec.model.returns == "logits"
    with temporary_folder(of.ground.cache) as place:
        values = score(
            str(answers_file(of.store, str(of.model.probabilities), place)),
            UNCERTAINTY,
            from_logits=logits,
            normalize="check" if logits else "renormalize",
        )
    found: dict[tuple[str, str], float] = {}
    for column, (codes, names) in columns.items():
        sums, counts = sums_by_group(values, codes, len(names))
        found |= {
            (column, name): float(total / count)
            for name, total, count in zip(names, sums, counts, strict=True)
            if count
        }
    return found
