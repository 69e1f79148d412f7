"""One run: one strategy, one repeat, from the seed set to the budget."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import get_scorer
from threadpoolctl import threadpool_limits

from shortlist.learners import ActiveLearner
from shortlist.loop.facts.intervals import wilson
from shortlist.rows import take
from shortlist.scoring import score
from shortlist.simulation.seeding import seed_rows, split
from shortlist.simulation.strategies import picker
from shortlist.simulation.triggers import Trigger, Watch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.simulation.settings import Settings
    from shortlist.simulation.strategies import Strategy


GIVEN = frozenset({"score", "low", "predictions", "unlabelled", "uncertainty"})
"""What stopping rules are told in each round, beside the labels."""


@dataclass
class Run:
    """What one run left behind.

    Attributes
    ----------
    strategy, repeat
        Which run it was.
    scores : list of float
        One for each point of the curve.
    query_seconds, fit_seconds : list of float
        Time of each query and of each fit, on one thread.
    stops : dict
        Labels at which each stopping rule first said stop; None where it never did.
    warnings : dict
        What the model or the strategy warned of, and how often.
    fits : int
        Models that were trained; at the other points of the curve the last one holds, and the time
        of a fit is 0.
    asked : list of int
        Rows that each query asked the model about; empty where the strategy does not say.
    """

    strategy: str
    repeat: int
    scores: list[float]
    query_seconds: list[float]
    fit_seconds: list[float]
    stops: dict[str, int | None]
    warnings: dict[str, int]
    fits: int
    asked: list[int] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; JSON gives every float back as it was."""
        return asdict(self)


def run(X: Any, y: NDArray[Any], settings: Settings, name: str, strategy: Strategy, repeat: int) -> Run:
    """Play one repeat. Seeds come from `random_state` and the number of the repeat,
    never from the strategy.
    """
    # One thread: sums come in the same order on every machine with the same libraries, whatever
    # else runs.
    with threadpool_limits(1), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            loop = _Loop(X, y, settings, strategy, repeat)
            scores, query_seconds, fit_seconds, stops, fits = loop.play()
        except Exception as error:
            told = _explained(error, X)
            told.add_note(f"in repeat {repeat} of strategy {name!r}")
            raise told from error
    said = Counter(f"{w.category.__name__}: {str(w.message).splitlines()[0][:160]}" for w in caught)
    return Run(name, repeat, scores, query_seconds, fit_seconds, stops, dict(sorted(said.items())), fits, loop.asked)


def _explained(error: Exception, X: Any) -> Exception:
    """Return an error that names what the caller gave, where the model's own does not."""
    text = str(error)
    if isinstance(error, AttributeError) and "has no predict_proba" in text:
        return TypeError(f"estimator: {text}")
    if isinstance(error, ValueError) and "NaN" in text and isinstance(X, np.ndarray) and X.dtype.kind == "f":
        bad = np.argwhere(np.isnan(X.reshape(len(X), -1)))
        if len(bad):
            row, column = bad[0]
            return ValueError(
                f"row {row} of X has NaN in column {column}, and the estimator takes none; accepted are finite numbers"
            )
    return error


class _Loop:
    def __init__(self, X: Any, y: NDArray[Any], settings: Settings, strategy: Strategy, repeat: int) -> None:
        source = np.random.SeedSequence([settings.random_state, repeat])
        of_split, of_seed_set, of_model, of_strategy = (int(word >> 1) for word in source.generate_state(4))
        pool, test = split(y, settings.pool, settings.test, of_split)
        self.X, self.y = take(X, pool), y[pool]
        self.X_test, self.y_test = take(X, test), y[test]
        self.settings = settings
        self.score = get_scorer(settings.scoring) if isinstance(settings.scoring, str) else settings.scoring
        self.watch = Watch(settings.rules)
        self.trigger = Trigger(settings.retrain)
        self.fits = 0
        self.asked: list[int] = []
        self.pick = picker(strategy, settings.screen)
        self.learner = ActiveLearner(
            seeded(settings.estimator, of_model), strategy, random_state=np.random.RandomState(of_strategy)
        )
        self.left = np.ones(len(pool), dtype=bool)
        self.next = seed_rows(settings.seed_set, self.X, self.y, settings.initial, of_seed_set)

    def play(self) -> tuple[list[float], list[float], list[float], dict[str, int | None], int]:
        scores, query_seconds, fit_seconds = list[float](), list[float](), list[float]()
        labels = self.settings.labels
        for point, paid in enumerate(labels):
            trained = self.trigger.due(int(paid), len(self.next))
            fit_seconds.append(self.teach(trained))
            scores.append(
                float(self.score(self.learner.estimator, self.X_test, self.y_test)) if trained else scores[-1]
            )
            self.ask_rules(int(paid), scores[-1], trained)
            if point + 1 < len(labels):
                query_seconds.append(self.query(int(labels[point + 1] - paid)))
        return scores, query_seconds, fit_seconds, self.watch.stopped, self.fits

    def teach(self, trained: bool) -> float:
        """Add the rows that were asked for, fit where a model is due,
        and return the time that this took.
        """
        self.left[self.next] = False
        start = time.perf_counter()
        self.learner.add(take(self.X, self.next), self.y[self.next])
        if not trained:
            return 0.0
        # Not `teach`: it would warn of each class met for the first time, which is no surprise
        # here.
        self.learner.fit(self.learner.X_training, self.learner.y_training)
        self.fits += 1
        return time.perf_counter() - start

    def query(self, wanted: int) -> float:
        open_rows = np.flatnonzero(self.left)
        pool = take(self.X, open_rows)
        start = time.perf_counter()
        picks, asked = self.pick(self.learner, pool, wanted)
        taken = time.perf_counter() - start
        if asked is not None:
            self.asked.append(asked)
        picks = np.unique(np.atleast_1d(np.asarray(picks)))
        if len(picks) != wanted:
            raise ValueError(
                f"the strategy picked {len(picks)} different rows; accepted are the {wanted} it was asked for"
            )
        self.next = open_rows[picks]
        return taken

    def ask_rules(self, paid: int, scored: float, trained: bool) -> None:
        """Tell the rules what a simulation knows; `GIVEN` lists it."""
        wanted = self.watch.wants if trained else frozenset[str]()
        known: dict[str, Any] = {"score": scored}
        if wanted & {"predictions", "uncertainty"}:
            probs = np.asarray(self.learner.predict_proba(self.X))
            known |= {"predictions": self.learner.classes_[probs.argmax(axis=1)], "unlabelled": self.left.copy()}
            if self.left.any():
                known["uncertainty"] = score(probs[self.left], "entropy", normalize="renormalize")
        if "low" in wanted:
            right = np.asarray(self.learner.predict(self.X_test)) == self.y_test
            known["low"] = wilson(int(right.sum()), len(right))[0]
        self.watch.see(paid, trained, known)


def seeded(estimator: Any, seed: int) -> Any:
    """Return a clone in which every `random_state` that was left open is set."""
    model = clone(estimator)
    open_seeds = [name for name, value in model.get_params().items() if value is None and name.endswith("random_state")]
    return model.set_params(**dict.fromkeys(open_seeds, seed))
