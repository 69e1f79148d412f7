"""The best rows among those that were kept are the best ones of all, or nothing is picked: against all answers, at random."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from shortlist.loop.errors import LoopError
from shortlist.loop.kept.answers import KeptAnswers, TooFewKeptError, cuts_of
from shortlist.loop.kept.best import best_of
from shortlist.loop.kept.joined import joined
from shortlist.loop.kept.part import Part, state_of
from shortlist.loop.kept.wanted import Best, Wanted
from shortlist.loop.planning.likely import Border, Likely
from shortlist.selector import Selector

ROWS = 120
LABELS = ["x", "y", "z"]


class Case:
    """Answers of a model with many rows alike, cut into parts, and what came back of them."""

    def __init__(self, rng, folder):
        steps = rng.integers(1, 5, (ROWS, 3)) if rng.random() < 0.7 else rng.integers(1, 1000, (ROWS, 3))
        self.answers = (steps / steps.sum(axis=1, keepdims=True)).astype(np.float32)
        self.codes = rng.choice(3, ROWS, p=[0.7, 0.25, 0.05]).astype(np.int32)
        self.apart = rng.random(ROWS) < 0.1
        self.ties = int(rng.integers(3))
        measure = ["margin", "entropy", Likely(0), Border(1)][rng.integers(4)]
        quotas = {code: int(rng.integers(1, 25)) for code in range(3)}
        self.best = (
            Best("strategy", measure, int(rng.integers(1, ROWS))),
            Best("floor:group", measure, sum(quotas.values()), "group", quotas),
        )
        named = np.union1d(np.flatnonzero(self.apart), rng.choice(ROWS, 10))
        self.pool = SimpleNamespace(group=lambda _: (self.codes, LABELS))
        ends = [0, *sorted(rng.choice(np.arange(1, ROWS), 2, replace=False).tolist()), ROWS]
        wanted = Wanted("", self.best, named, self.ties)
        self.parts = [self.part(wanted, *ends[at : at + 2]) for at in range(3)]
        kept = joined(self.parts[::-1], wanted, self.pool, ROWS, folder / "answers.npy")
        self.kept = KeptAnswers(kept.file, kept.places, ROWS, self.ties, cuts_of(kept.about["cuts"]))

    def part(self, wanted, start, stop):
        states = {}
        for best in wanted.best:
            groups = None if best.column is None else self.codes[start:stop]
            states[best.name] = state_of(best, self.ties, logits=False).update(
                self.answers[start:stop], first_id=start, exclude=self.apart[start:stop], groups=groups
            )
        places = np.unique(np.concatenate([wanted.named, *(each.finish().indices for each in states.values())]))
        places = places[(places >= start) & (places < stop)]
        return Part(start, stop, states, places, self.answers[places], {}, [], stop - start)

    def all_of(self, measure, k, closed, ties, **how):
        order = {} if isinstance(measure, str) else {"order": measure.order}
        groups = how.pop("groups", None)
        state = Selector(measure, k, ties="random", random_state=ties, strict=False, **order, **how)
        return state.update(self.answers, exclude=closed, groups=groups).finish()


def same(found, wanted):
    np.testing.assert_array_equal(found.indices, wanted.indices)
    np.testing.assert_array_equal(found.scores, wanted.scores)


def test_the_best_rows_of_all(tmp_path):
    rng = np.random.default_rng(0)
    served = refused = 0
    for _ in range(300):
        case = Case(rng, tmp_path)
        best = case.best[0]
        closed = case.apart | (rng.random(ROWS) < rng.random() * 0.5)
        if rng.random() < 0.3:
            closed &= rng.random(ROWS) < 0.5  # rows come out of the stratum
        k, ties = int(rng.integers(1, 40)), int(rng.integers(3))
        # The first rows of the order are there, unless more of them are closed than were kept beside.
        must = ties == case.ties and best.k >= k + int((closed & ~case.apart).sum())
        try:
            found = best_of(case.kept, "strategy", best.measure, k, closed, ties)
        except TooFewKeptError:
            refused += 1
            assert not must
        else:
            served += 1
            same(found, case.all_of(best.measure, k, closed, ties))
    assert min(served, refused) > 60


def test_the_best_rows_of_each_group(tmp_path):
    rng = np.random.default_rng(1)
    served = refused = 0
    for _ in range(300):
        case = Case(rng, tmp_path)
        measure = case.best[1].measure
        closed = case.apart | (rng.random(ROWS) < rng.random() * 0.3)
        quotas = {code: int(rng.integers(1, 8)) for code in range(3) if rng.random() < 0.8} or {0: 2}
        k, ties = sum(quotas.values()), int(rng.integers(3))
        how = {"codes": case.codes, "labels": LABELS, "quotas": quotas}
        try:
            found = best_of(case.kept, "floor:group", measure, k, closed, ties, **how)
        except TooFewKeptError:
            refused += 1
        else:
            served += 1
            same(found, case.all_of(measure, k, closed, ties, groups=case.codes, quotas=quotas))
    assert min(served, refused) > 60


def test_rows_that_no_worker_has_scored(tmp_path):
    case = Case(np.random.default_rng(2), tmp_path)
    wanted = Wanted("", case.best, np.empty(0, np.int64), case.ties)
    for parts in (case.parts[:2], case.parts[1:], [*case.parts, case.parts[0]]):
        with pytest.raises(LoopError, match="accepted is each row once"):
            joined(parts, wanted, case.pool, ROWS, tmp_path / "answers.npy")
    first = case.parts[0]
    lost = dataclasses.replace(first, places=first.places[1:], answers=first.answers[1:])
    whole = Wanted("", case.best, first.places, case.ties)
    with pytest.raises(LoopError, match=r"workers have brought \d+ answers; accepted are the \d+ wanted"):
        joined([lost, *case.parts[1:]], whole, case.pool, ROWS, tmp_path / "answers.npy")
