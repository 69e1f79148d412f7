"""Which rows a round asks about, and why: the same for the same inputs, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.cleanlab.needed import ACTIVELAB
from shortlist.loop.kept.answers import KeptAnswers, TooFewKeptError
from shortlist.loop.planning.cold import seed_rows
from shortlist.loop.planning.floors import shortages
from shortlist.loop.planning.ranking import Ranked, by_rule, ranked
from shortlist.loop.planning.rare import rare_rows
from shortlist.loop.planning.shares import Shares
from shortlist.loop.planning.situation import Situation
from shortlist.loop.pool.choosing import lowest
from shortlist.loop.pool.hashing import number_of
from shortlist.loop.store.rounds import Pick
from shortlist.registry import RANDOM

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.arguments import Progress
    from shortlist.loop.pool.features import Features
    from shortlist.loop.pool.rows import LoopPool
    from shortlist.loop.pool.stratum import Stratum
    from shortlist.loop.spec.model import Spec

BEYOND = 20
"""Rows below the cut whose scores are kept too."""
JUDGED = frozenset({"explore", "floor", "rare", "strategy"})
"""Shares of a round on whose rows the model is judged that picked them."""


@dataclass(frozen=True)
class Plan:
    """The rows of a round.

    Attributes
    ----------
    picks : list of Pick
        By rank. Shares are dealt out evenly, so that a part of the round holds a part of each.
    decided : dict
        Plain values of what the picks came from: rows in each share, fractions carried over, the
        scores around the cut.
    """

    picks: list[Pick]
    decided: dict[str, Any]


@dataclass(frozen=True)
class _Chosen:
    row: int
    share: str
    why: str
    propensity: float | None = None
    score: float | None = None


def plan(
    spec: Spec,
    pool: LoopPool,
    stratum: Stratum,
    *,
    answers: Mapping[str, str],
    taken: Collection[str],
    features: Features,
    probabilities: Path | NDArray[np.float32] | KeptAnswers | None = None,
    members: Path | NDArray[np.float32] | None = None,
    activelab: Path | None = None,
    again: Sequence[tuple[str, float]] = (),
    suspects: Sequence[str] = (),
    round_number: int = 1,
    seed: int = 0,
    carry: Mapping[str, float] | None = None,
    n_threads: int | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Choose the rows of a round.

    Parameters
    ----------
    spec, pool, stratum
        The specification, the pool, and its validation stratum.
    answers : mapping of str to str
        Labels by row, as resolved.
    taken : collection of str
        Rows that were asked about before and are not to be asked again; those of `answers` need not
        be named.
    features : Features
        For distances.
    probabilities : Path, array or KeptAnswers, optional
        What the model says of each row, (rows, classes), or of some; without it the round is one of
        the first kind, as ``[seed]`` says.
    members : Path or array, optional
        What each of several models says, (members, rows, classes).
    activelab : Path, optional
        ActiveLab's score of each row, as one without a label.
    again : sequence of (str, float)
        Rows that have labels, with their scores by ActiveLab, the lowest first.
    suspects : sequence of str
        Rows whose label may be wrong, the most suspect first.
    round_number, seed : int
        The number of the round, from 1, and the seed of the loop.
    carry : mapping of str to float, optional
        ``decided["carry"]`` of the round before.
    n_threads : int, optional
        At most so many threads; the picks are the same for any number.
    progress : callable, optional
        Called with (rows done, rows in all) while what the model says is gone through.

    Raises
    ------
    TooFewKeptError
        Rows may have been picked for which the model's answers were not kept.
    """
    at = _situation(
        spec, pool, stratum, answers, taken, features, probabilities, members, round_number, seed, n_threads
    )
    at.progress = progress
    at.activelab = activelab
    cold = probabilities is None
    # Without first rows of their own, those who wait for a model that isn't due yet are asked for a
    # round like any other.
    rows = (spec.seed.rows or spec.round.rows) if cold and round_number == 1 else spec.round.rows
    shares = Shares(rows, carry or {})
    candidates = at.open_rows()
    chosen = _validation(at, stratum, shares.take("validation", spec.round.validation), taken, answers)
    chosen += _relabel(at, shares.take("relabel", spec.round.relabel), suspects)
    if not cold:
        chosen += _explore(at, shares.take("explore", spec.round.explore), spec.round.explore)
    if spec.round.rare_classes:
        wanted = max(0, min(shares.take("rare", spec.round.rare_share), rows - len(chosen)))
        seen, explore = frozenset(answers.values()), 0.0 if cold else spec.round.explore
        chance = 1 - explore + explore / max(1, at.open_rows()) if explore else None
        chosen += [_Chosen(row, "rare", why, chance, score) for row, why, score in rare_rows(at, wanted, seen)]
    reach: list[list[Any]] = []
    if cold:
        chosen += [_Chosen(row, "seed", why, chance) for row, why, chance in seed_rows(at, max(0, rows - len(chosen)))]
    else:
        if spec.round.strategy == ACTIVELAB:
            chosen += _again(at, rows - len(chosen), again, [c.row for c in chosen])
        chosen += _strategy(at, shares, rows, [c.row for c in chosen], reach)
    picks = _picks(at, _dealt(chosen), shares.take("overlap", spec.labels.overlap))
    if at.kept is not None:
        _check_kept(at.kept, picks)
    counts: dict[str, int] = {}
    for pick in picks:
        counts[pick.share] = counts.get(pick.share, 0) + 1
    decided = {
        "cold": cold,
        "strategy": spec.seed.how if cold else spec.round.strategy,
        "rows": rows,
        "candidates": candidates,
        "shares": counts,
        "carry": dict(sorted(shares.carry.items())),
        "reach": reach,
    }
    return Plan(picks, decided)


def _check_kept(kept: KeptAnswers, picks: Sequence[Pick]) -> None:
    """Refuse picks by a model whose own answer for them is not there:
    it is judged by these later.
    """
    rows = np.array([p.index for p in picks if p.share in JUDGED and p.index < kept.rows], dtype=np.int64)
    lacking = rows[~kept.holds(rows)]
    if len(lacking):
        raise TooFewKeptError(
            f"the model's answers for {len(lacking):,} rows of the round were not kept", lacking.tolist()
        )


def _situation(
    spec: Spec,
    pool: LoopPool,
    stratum: Stratum,
    answers: Mapping[str, str],
    taken: Collection[str],
    features: Features,
    probabilities: Path | NDArray[np.float32] | KeptAnswers | None,
    members: Path | NDArray[np.float32] | None,
    round_number: int,
    seed: int,
    n_threads: int | None,
) -> Situation:
    closed = stratum.mask.copy()
    closed[pool.repeated[0]] = True
    names = sorted({*taken, *answers})
    places = pool.index_of(names)
    there = places >= 0
    closed[pool.first_of(places[there])] = True
    labelled = np.unique(places[there & np.array([name in answers for name in names], dtype=np.bool)])
    return Situation(
        spec=spec,
        pool=pool,
        features=features,
        probabilities=probabilities,
        members=members,
        seed=seed,
        round=round_number,
        closed=closed,
        held_out=stratum.mask,
        labelled=labelled[~stratum.mask[labelled]],
        n_threads=n_threads,
    )


def _validation(
    at: Situation, stratum: Stratum, k: int, taken: Collection[str], answers: Mapping[str, str]
) -> list[_Chosen]:
    """Return the next rows of the stratum that were not asked about, in its order."""
    if not k:
        return []
    ids = at.pool.id_of(stratum.order)
    fresh = [
        row for row, own in zip(stratum.order.tolist(), ids, strict=True) if own not in taken and own not in answers
    ]
    return [_Chosen(row, "validation", "next of the validation stratum") for row in fresh[:k]]


def _relabel(at: Situation, k: int, suspects: Sequence[str]) -> list[_Chosen]:
    """Return rows whose label may be wrong, the most suspect first; never one of the stratum."""
    places = at.pool.index_of(list(suspects)) if k else np.empty(0, np.int64)
    places = places[places >= 0]
    places = places[~at.held_out[places]]
    return [_Chosen(row, "relabel", "its label may be wrong") for row in places[:k].tolist()]


def _again(at: Situation, k: int, again: Sequence[tuple[str, float]], picked: list[int]) -> list[_Chosen]:
    """Return rows with labels of which another label tells more than one of a new row:
    half of the k at most.
    """
    if k < 2 or at.activelab is None or not again:
        return []
    fresh = ranked(at, ACTIVELAB, k).scores
    places = at.pool.index_of([row for row, _ in again])
    fine = (places >= 0) & ~np.isin(places, picked)
    found = list[_Chosen]()
    for place, (_, score), use in zip(places.tolist(), again, fine.tolist(), strict=True):
        # So many new rows would come before it.
        if use and len(found) < k // 2 and np.count_nonzero(fresh <= score) + len(found) < k:
            found.append(_Chosen(place, "relabel", f"{ACTIVELAB} {score:.4g}, below that of new rows", score=score))
    return found


def _explore(at: Situation, k: int, share: float) -> list[_Chosen]:
    """Return random rows, each as probable as any other that is open."""
    open_rows = at.open_rows()
    rows = at.close(lowest(at.pool, at.number("explore"), k, at.closed)).tolist()
    return [_Chosen(row, "explore", "random", share / max(1, open_rows - place)) for place, row in enumerate(rows)]


def _strategy(at: Situation, shares: Shares, rows: int, picked: list[int], reach: list[list[Any]]) -> list[_Chosen]:
    """Return the rest of the round: the least that each group gets,
    and what the strategy puts first.
    """
    k = max(0, rows - len(picked))
    rule = at.spec.round.diverse
    open_rows, explore, name = at.open_rows(), at.spec.round.explore, at.spec.round.strategy
    among = max(k, int(rule["among"])) if rule else k
    best = ranked(at, name, among + BEYOND)
    reach += [[own, _plain(score)] for own, score in zip(at.pool.id_of(best.rows), best.scores.tolist(), strict=True)]
    best = best.head(among)
    plain = set(best.rows[:k].tolist())
    chosen: list[_Chosen] = []

    def add(found: Ranked, share: str, whys: list[str]) -> None:
        for row, score, why in zip(at.close(found.rows).tolist(), found.scores.tolist(), whys, strict=True):
            # With exploring each turn is a draw: at random with that share, or else the best row
            # that is left.
            by_chance = 1 if name == RANDOM else explore
            evenly = by_chance / max(1, open_rows - len(chosen))
            chance = (evenly if share == "explore" else 1 - by_chance + evenly) if by_chance else None
            near = "" if _plain(score) is None else f" {score:.4g}"
            by_itself = rule is None and row in plain
            part, said = ("strategy", name) if by_itself else (share, why)
            chosen.append(_Chosen(row, part, f"{said}{near}" if part == "strategy" else said, chance, _plain(score)))
            picked.append(row)

    for column, labels, codes, lacks in shortages(at, shares, rows, picked, k):
        found = ranked(at, name, 0, codes=codes, quotas=lacks, groups=(column, labels))
        add(found, "floor", [f"the least share of {column}={labels[code]}" for code in codes[found.rows].tolist()])
    left = k - len(chosen)
    fresh = ~np.isin(best.rows, np.array([c.row for c in chosen], dtype=np.int64))
    rest = Ranked(best.rows[fresh], best.scores[fresh])
    if rule and left:
        scores = dict(zip(rest.rows.tolist(), rest.scores.tolist(), strict=True))
        apart = np.union1d(at.labelled, np.array(picked, dtype=np.int64))
        spread = by_rule(at, str(rule["rule"]), left, np.sort(rest.rows), apart).rows
        rest = Ranked(spread, np.array([scores[row] for row in spread.tolist()]))
        name = f"{name}, {rule['rule']}"
    rest = rest.head(left)
    add(rest, "strategy", [name] * len(rest.rows))
    if len(chosen) < k:
        # Rows that the model has no answer for, or none that the strategy takes: better than a
        # smaller round.
        more = lowest(at.pool, at.number("rest"), k - len(chosen), at.closed)
        add(Ranked(more, np.full(len(more), np.nan)), "explore", ["random, as nothing else was left"] * len(more))
    return chosen


def _plain(score: float) -> float | None:
    return float(score) if np.isfinite(score) else None


def _dealt(chosen: list[_Chosen]) -> list[_Chosen]:
    """Deal the shares out evenly, each in its own order."""
    sizes: dict[str, int] = {}
    for each in chosen:
        sizes[each.share] = sizes.get(each.share, 0) + 1
    done: dict[str, int] = {}
    keys = []
    for place, each in enumerate(chosen):
        turn = done[each.share] = done.get(each.share, 0) + 1
        keys.append(((turn - 0.5) / sizes[each.share], place))
    return [chosen[place] for _, place in sorted(keys)]


def _picks(at: Situation, chosen: list[_Chosen], overlap: int) -> list[Pick]:
    """Return picks by rank; behind them the rows that a second person is asked about too,
    drawn by a hash.
    """
    rows = np.array([each.row for each in chosen], dtype=np.int64)
    ids = at.pool.id_of(rows)
    picks = [
        Pick(at.round, rank, own, each.row, each.share, each.why, each.propensity, each.score)
        for rank, (each, own) in enumerate(zip(chosen, ids, strict=True), 1)
    ]
    numbers = at.pool.numbers_of(number_of(at.seed, at.round, "overlap"), rows)
    again = [place for place in np.lexsort((rows, numbers)).tolist() if chosen[place].share != "relabel"][:overlap]
    return picks + [
        Pick(at.round, len(picks) + place, picks[which].row, picks[which].index, "overlap", "labelled by two people")
        for place, which in enumerate(again, 1)
    ]
