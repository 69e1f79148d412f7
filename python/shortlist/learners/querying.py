"""Ask a strategy once, and fetch the rows it picked."""

from __future__ import annotations

import warnings
from numbers import Number
from typing import Any

import numpy as np

from shortlist.rows import as_rows, count, take
from shortlist.strategies.errors import NotCallableError


def query(learner: Any, X_pool: Any, return_metrics: bool, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return what ``learner.query`` returns: positions, rows, and where wanted the metrics.

    The strategy is called once. An error in it comes out as it is.
    """
    X_pool = as_rows(X_pool, "X_pool")
    indices, metrics = split(learner.query_strategy(learner, X_pool, *args, **kwargs))
    try:
        rows = take(X_pool, indices)
    except IndexError as error:
        raise IndexError(f"the strategy picked {indices}; the pool has {count(X_pool)} rows") from error
    if not return_metrics:
        return indices, rows
    if metrics is None:
        warnings.warn(
            "the strategy returned positions without metrics, so metrics is None; "
            "return (positions, metrics) from it to have them",
            UserWarning,
            stacklevel=3,
        )
    return indices, rows, metrics


def split(answer: Any) -> tuple[Any, Any]:
    """Tell positions from metrics: a pair is both, an array or list of numbers is positions."""
    numbers = isinstance(answer, list) and all(isinstance(item, Number) for item in answer)
    if isinstance(answer, tuple | list) and len(answer) == 2 and not numbers:
        return answer[0], answer[1]
    if answer is None or isinstance(answer, str):
        raise TypeError(f"the strategy returned {answer!r}; accepted are positions, or a pair of positions and metrics")
    return (answer if isinstance(answer, Number) else np.asarray(answer)), None


def check_strategy(strategy: Any) -> None:
    """Raise if what came as a strategy cannot be called."""
    if not callable(strategy):
        raise NotCallableError(
            f"query_strategy came as {type(strategy).__name__}; accepted is a callable (learner, X, n_instances=1, ...)"
        )


def name_of(strategy: Any) -> str:
    """Return a strategy as a person would write it."""
    if hasattr(strategy, "func") and hasattr(strategy, "keywords"):
        given = [name_of(value) for value in strategy.args]
        given += [f"{name}={name_of(value)}" for name, value in strategy.keywords.items()]
        return f"partial({', '.join([name_of(strategy.func), *given])})"
    return str(getattr(strategy, "__name__", None) or repr(strategy))
