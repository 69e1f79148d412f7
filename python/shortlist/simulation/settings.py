"""What a simulation is made of, checked once; the part of it that a journal must agree with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
from sklearn.base import BaseEstimator, is_classifier
from sklearn.metrics import get_scorer

from shortlist.arguments import whole
from shortlist.options import flag, word
from shortlist.rows import count
from shortlist.simulation.seeding import SEED_SETS
from shortlist.simulation.triggers import checked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from shortlist.stopping import Rule

ROUNDS = 20
"""Rounds of labels where no budget is given."""


@dataclass(frozen=True)
class Settings:
    """Everything that rules one run beside the data, the strategy and the number of the repeat."""

    estimator: Any
    batch: int
    budget: int
    initial: int
    seed_set: str
    test: int
    pool: int
    scoring: Any
    random_state: int
    rules: Mapping[str, Rule] = field(default_factory=dict)
    retrain: str | None = None
    screen: bool = True

    @property
    def labels(self) -> NDArray[np.int64]:
        """Labels paid for at each point of a curve."""
        return np.append(np.arange(self.initial, self.budget, self.batch), self.budget)

    def identity(self, X: Any, y: Any) -> dict[str, Any]:
        """Return what two runs must agree on to belong to the same curves, ready for JSON."""
        return {
            "data": joblib.hash((X, np.asarray(y))),
            "rows": count(X),
            "estimator": _text(self.estimator),
            "batch": self.batch,
            "budget": self.budget,
            "initial": self.initial,
            "seed_set": self.seed_set,
            "test": self.test,
            "pool": self.pool,
            "scoring": self.scoring if isinstance(self.scoring, str) else _text(self.scoring),
            "random_state": self.random_state,
            "stop": list(self.rules),
            "retrain": self.retrain,
        }


def settings_of(
    X: Any,
    y: NDArray[Any],
    estimator: Any,
    *,
    batch: int,
    budget: int | None,
    initial: int | None,
    seed_set: str,
    test: float,
    pool: int | None,
    scoring: Any,
    random_state: int,
    rules: Mapping[str, Rule],
    retrain: str | None = None,
    screen: bool = True,
) -> Settings:
    """Check the arguments of `simulate` and fill in what was left open."""
    rows = count(X)
    if len(y) != rows:
        raise ValueError(f"y has {len(y):,} labels and X has {rows:,} rows; accepted is one label for each row")
    try:
        classes = len(np.unique(y))
    except TypeError:
        kinds = sorted({type(label).__name__ for label in y.tolist()})
        raise TypeError(f"y has labels of the types {' and '.join(kinds)}; accepted are labels of one type") from None
    if y.dtype.kind == "f":
        bad = np.flatnonzero(y != np.round(y))  # NaN is not equal to itself
        if len(bad):
            raise ValueError(f"y has {y[bad[0]]} for row {bad[0]}; accepted are classes: whole numbers or text")
    if classes < 2:
        raise ValueError(f"y has {classes} class{'' if classes == 1 else 'es'}; accepted are two or more")
    if not isinstance(estimator, BaseEstimator) or not is_classifier(estimator):
        raise TypeError(f"estimator is a {type(estimator).__name__}; accepted is a scikit-learn classifier")
    if isinstance(scoring, str):
        get_scorer(scoring)
    elif not callable(scoring):
        raise TypeError(
            f"scoring is a {type(scoring).__name__}; accepted are a scorer's name and a callable (model, X, y)"
        )
    if word(seed_set) not in SEED_SETS:
        raise ValueError(f"seed_set is {word(seed_set)!r}; accepted are {', '.join(SEED_SETS)}")
    in_test = _test_rows(test, rows)
    in_pool = rows - in_test if pool is None else whole(pool, "pool", least=2)
    if in_pool + in_test > rows:
        raise ValueError(f"pool is {in_pool:,} and test {in_test:,}; accepted are {rows:,} together, the rows of X")
    batch = whole(batch, "batch", least=1)
    initial = min(max(batch, classes), in_pool - 1) if initial is None else whole(initial, "initial", least=2)
    if initial >= in_pool:
        raise ValueError(f"initial is {initial:,}; accepted is less than the {in_pool:,} rows of the pool")
    budget = min(in_pool, initial + ROUNDS * batch) if budget is None else whole(budget, "budget", least=1)
    if not initial < budget <= in_pool:
        raise ValueError(
            f"budget is {budget:,}; accepted is more than the {initial:,} labels of the seed set, "
            f"and at most the {in_pool:,} rows of the pool"
        )
    seed = whole(random_state, "random_state")
    return Settings(
        estimator, batch, budget, initial, seed_set, in_test, in_pool, scoring, seed, rules, checked(retrain),
        flag(screen, "screen"),
    )  # fmt: skip


def _test_rows(test: float, rows: int) -> int:
    if isinstance(test, float):
        if not 0 < test < 1:
            raise ValueError(f"test is {test}; accepted are a share between 0 and 1, and a number of rows")
        return max(1, round(test * rows))
    number = whole(test, "test", least=1)
    if number > rows - 2:
        raise ValueError(f"test is {number:,}; accepted are at most {rows - 2:,} of {rows:,} rows")
    return number


def _text(value: Any) -> str:
    """Return a repr that is the same in every process."""
    text = value.__repr__(N_CHAR_MAX=10_000) if isinstance(value, BaseEstimator) else repr(value)
    return re.sub(r" at 0x[0-9a-f]+", "", " ".join(text.split()))
