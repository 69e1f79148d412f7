"""Rows in the order of a strategy: measures in one sweep over the model's answers,
rules of distance over a part.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

import shortlist
from shortlist.by_name import DIVERSE, REFERENCES
from shortlist.disk import one_line
from shortlist.loop.cleanlab.needed import ACTIVELAB
from shortlist.loop.errors import LoopError
from shortlist.loop.kept.answers import STRATEGY, KeptAnswers, TooFewKeptError, floor_of
from shortlist.loop.kept.best import best_of
from shortlist.loop.pool.choosing import lowest
from shortlist.loop.training.by_path import function_of
from shortlist.npy import NpyFile
from shortlist.registry import RANDOM, measures
from shortlist.sampling import weight_of
from shortlist.scoring import score
from shortlist.selecting import select

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from shortlist.loop.planning.situation import Situation

COMMITTEE = "committee"
WITHOUT_CROWD = "least_confident"
"""The order of ActiveLab where nothing is known of people."""


@dataclass(frozen=True, eq=False)
class Ranked:
    """Rows, best first, and what the strategy gave them."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float64]

    def head(self, k: int) -> Ranked:
        """Return the first of them."""
        return Ranked(self.rows[:k], self.scores[:k])


def ranked(
    at: Situation,
    strategy: str,
    k: int,
    closed: NDArray[np.bool] | None = None,
    codes: NDArray[np.int32] | None = None,
    quotas: dict[int, int] | None = None,
    groups: tuple[str, list[str]] | None = None,
) -> Ranked:
    """Return the k rows that a strategy puts first, or with quotas so many of each group;
    fewer where there are fewer.

    `groups` is the column that `codes` are of, and the labels of its groups.
    """
    closed = at.closed if closed is None else closed
    k = sum(quotas.values()) if quotas is not None else k
    if not k:
        return Ranked(np.empty(0, np.int64), np.empty(0))
    if strategy == ACTIVELAB and at.activelab is None:
        strategy = WITHOUT_CROWD
    kinds = {m.name: m for m in measures()}
    if strategy != RANDOM and strategy not in DIVERSE:
        return _swept(at, strategy, kinds.get(strategy), k, closed, codes, quotas, groups)
    if quotas is not None and codes is not None:
        parts = [ranked(at, strategy, n, closed | (codes != code)) for code, n in quotas.items() if n]
        return Ranked(np.concatenate([p.rows for p in parts]), np.concatenate([p.scores for p in parts]))
    if strategy == RANDOM:
        rows = lowest(at.pool, at.number("random"), k, closed)
        return Ranked(rows, at.pool.numbers_of(at.number("random"), rows))
    if _asks(strategy):
        if at.probabilities is None:
            raise LoopError(f"[round] strategy is {strategy!r}, and there is no model yet")
        closed = closed.copy()
        closed[at.scored :] = True
    return by_rule(at, strategy, k, at.reach("reach", closed), at.labelled)


def by_rule(at: Situation, rule: str, k: int, candidates: NDArray[np.int64], apart_from: NDArray[np.int64]) -> Ranked:
    """Return k of some rows by a rule of distances,
    away from others that are labelled or picked.
    """
    k = min(k, len(candidates))
    if not k:
        return Ranked(np.empty(0, np.int64), np.empty(0))
    X = at.features.dense(candidates)
    seed, logits = at.number(rule), at.spec.model.returns == "logits"
    if len(apart_from) > 2 * len(candidates) + 1000:
        apart_from = apart_from[np.argsort(at.pool.numbers_of(at.number("apart"), apart_from))[: 2 * len(candidates)]]
    near: dict[str, Any] = {} if rule in ("badge", "cluster_margin") else {"labelled": at.features.dense(apart_from)}
    if not len(apart_from):
        near = {}
    said = at.said(candidates) if _asks(rule) else np.empty(0)
    uncertain = partial(
        score, said, "least_confident", from_logits=logits, normalize="renormalize" if not logits else "check"
    )
    threads = at.n_threads
    call: dict[str, Callable[[], Any]] = {
        "k_center": lambda: shortlist.k_center(X, k, init="central", n_threads=threads, **near),
        "kmeans_plus_plus": lambda: shortlist.kmeans_plus_plus(X, k, random_state=seed, n_threads=threads, **near),
        # One thread: what a clustering adds up would depend on their number.
        "typiclust": lambda: shortlist.typiclust(X, k, random_state=seed, n_threads=1, **near),
        "herding": lambda: shortlist.herding(
            X, k, random_state=seed, references=min(REFERENCES, len(X)), n_threads=threads, **near
        ),
        "ranked_batch": lambda: _ranked_batch(X, uncertain(), k, near, threads),
        "diverse_uncertain": lambda: shortlist.diverse_uncertain(X, uncertain(), k, n_threads=threads, **near),
        "badge": lambda: shortlist.badge(said, X, k, from_logits=logits, random_state=seed, n_threads=threads),
        "cluster_margin": lambda: shortlist.cluster_margin(
            said, k, X=X, from_logits=logits, random_state=seed, n_threads=1
        ),
    }
    found = call[rule]()
    return Ranked(candidates[found.indices], np.asarray(found.scores, dtype=np.float64))


def _ranked_batch(
    X: NDArray[np.float32], uncertainty: NDArray[Any], k: int, near: dict[str, Any], threads: int | None
) -> Any:
    # Without a labelled row each row would be compared with each.
    most = int(uncertainty.argmax())
    return shortlist.ranked_batch(X, uncertainty, k, n_threads=threads, **(near or {"labelled": X[most : most + 1]}))


def _asks(rule: str) -> bool:
    """Whether a rule of distances also looks at what the model says."""
    return rule in ("ranked_batch", "diverse_uncertain", "badge", "cluster_margin")


def _swept(
    at: Situation,
    strategy: str,
    measure: Any,
    k: int,
    closed: NDArray[np.bool],
    codes: NDArray[np.int32] | None,
    quotas: dict[int, int] | None,
    groups: tuple[str, list[str]] | None,
) -> Ranked:
    """Rank by a measure, or by a function of the user's, in one sweep over what the model says."""
    rows = at.scored
    committee = measure is not None and measure.kind == COMMITTEE
    answers = at.members if committee else at.probabilities
    if answers is None:
        raise LoopError(
            f"[round] strategy is {strategy!r}, which compares several models; set [model] members or committee"
            if committee
            else f"[round] strategy is {strategy!r}, and there is no model yet"
        )
    if quotas is not None and codes is not None:
        quotas = {code: n for code, n in quotas.items() if n and bool((codes[:rows] == code).any())}
        if not quotas:
            return Ranked(np.empty(0, np.int64), np.empty(0))
        k = sum(quotas.values())
    if isinstance(answers, KeptAnswers):
        return _of_kept(at, answers, strategy, measure, k, closed, codes, quotas, groups)
    if strategy == ACTIVELAB and at.activelab is not None:
        measure, answers = None, NpyFile(at.activelab).array[:, None]
        function: Any = lowest_first
    else:
        function = None if measure is not None else function_of(strategy, "[round] strategy", at.spec.folder)
    order: Any = getattr(function, "order", "highest") if function is not None else None
    options: dict[str, Any] = {"n_threads": at.n_threads if measure is not None else 1}
    if at.spec.model.returns == "logits" and function is not lowest_first:
        options["from_logits"] = True
    source: Any = answers if isinstance(answers, np.ndarray) else str(answers)
    what: Any = strategy if function is None else function
    if at.spec.round.weight is not None:
        source, what, order = _weighed(at, source, what, order, options)[:, None], weight_of, "highest"
        options = {"n_threads": at.n_threads}
    shared: dict[str, Any] = {} if codes is None else {"groups": codes[:rows], "quotas": quotas}
    # Of equal scores none is better, and pools are often sorted: the first ones would all be of a
    # kind.
    ties: dict[str, Any] = {"ties": "random", "random_state": at.number("ties")}
    try:
        picks = select(
            source,
            what,
            k,
            order=order,
            exclude=closed[:rows],
            strict=False,
            progress=at.progress,
            **ties,
            **shared,
            **options,
        )
    except Exception as error:  # whatever a function of the user's does
        if function is None:
            raise
        raise LoopError(
            f"[round] strategy is {strategy!r}, which fails on what the model says ({one_line(error)})"
        ) from error
    return Ranked(picks.indices, np.asarray(picks.scores, dtype=np.float64))


def _of_kept(
    at: Situation,
    kept: KeptAnswers,
    strategy: str,
    measure: Any,
    k: int,
    closed: NDArray[np.bool],
    codes: NDArray[np.int32] | None,
    quotas: dict[int, int] | None,
    groups: tuple[str, list[str]] | None,
) -> Ranked:
    """Rank the same where only some of what the model says was kept."""
    if measure is None or at.spec.round.weight is not None:
        raise TooFewKeptError(f"{strategy} looks at what the model says of every row, and some of it was kept")
    column, labels = groups or (None, None)
    picks = best_of(
        kept,
        STRATEGY if column is None else floor_of(column),
        strategy,
        k,
        closed,
        at.number("ties"),
        from_logits=at.spec.model.returns == "logits",
        codes=codes,
        labels=labels,
        quotas=quotas,
    )
    return Ranked(picks.indices, np.asarray(picks.scores, dtype=np.float64))


def lowest_first(scores: NDArray[Any]) -> NDArray[Any]:
    """Return scores that are there already, of which the lowest come first."""
    return scores[:, 0]


lowest_first.order = "lowest"  # type: ignore[attr-defined]


def _weighed(at: Situation, source: Any, what: Any, order: Any, options: dict[str, Any]) -> NDArray[np.float32]:
    """Return scores of all rows, higher the more informative, times the weights of the rows."""
    scores = np.array(score(source, what, **options), dtype=np.float32)
    if what == "margin":
        scores = 1 - scores
    elif order == "lowest":
        raise LoopError("[round] weight needs a strategy whose highest scores are the most informative")
    for start, piece in at.pool.weight().pieces():
        part = scores[start : start + len(piece)]
        part *= piece[: len(part)]
    return scores
