"""Make utilities of utilities, and strategies of a utility and a selector; all can be pickled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shortlist.strategies.errors import ArgumentError

Function = Callable[..., Any]


@dataclass(frozen=True)
class LinearCombination:
    """The weighted sum of what functions give."""

    functions: tuple[Function, ...]
    weights: tuple[float, ...]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the sum for these arguments."""
        pairs = zip(self.weights, self.functions, strict=True)
        return sum(weight * function(*args, **kwargs) for weight, function in pairs)


@dataclass(frozen=True)
class Product:
    """The product of what functions give, each raised to its exponent."""

    functions: tuple[Function, ...]
    exponents: tuple[float, ...]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the product for these arguments."""
        pairs = zip(self.exponents, self.functions, strict=True)
        return np.prod([function(*args, **kwargs) ** exponent for exponent, function in pairs], axis=0)


@dataclass(frozen=True)
class QueryStrategy:
    """A strategy of a utility and a selector."""

    utility_measure: Function
    selector: Function

    def __call__(self, classifier: Any, X: Any, **kwargs: Any) -> Any:
        """Return the picks of the selector."""
        return self.selector(self.utility_measure(classifier, X), **kwargs)


def make_linear_combination(*functions: Function, weights: Sequence[float] | None = None) -> Function:
    """Return a function that gives the weighted sum of what `functions` give.

    Parameters
    ----------
    *functions : callable
        Utilities: ``function(learner, X)`` gives one value a row.
    weights : sequence of float, optional
        One for each function; by default all are 1.

    Returns
    -------
    callable
        A utility of the same arguments. It can be pickled where the functions can.

    Raises
    ------
    ArgumentError
        There is not one weight for each function.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> both = sl.make_linear_combination(np.minimum, np.maximum, weights=[1.0, 2.0])
    >>> float(both(3.0, 5.0))
    13.0
    """
    return LinearCombination(functions, _one_each("weights", functions, weights))


def make_product(*functions: Function, exponents: Sequence[float] | None = None) -> Function:
    """Return a function that gives the product of what `functions` give, each to its exponent.

    Parameters
    ----------
    *functions : callable
        Utilities: ``function(learner, X)`` gives one value a row.
    exponents : sequence of float, optional
        One for each function; by default all are 1.

    Returns
    -------
    callable
        A utility of the same arguments. It can be pickled where the functions can.

    Raises
    ------
    ArgumentError
        There is not one exponent for each function.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> both = sl.make_product(np.minimum, np.maximum, exponents=[1.0, 2.0])
    >>> float(both(3.0, 5.0))
    75.0
    """
    return Product(functions, _one_each("exponents", functions, exponents))


def make_query_strategy(utility_measure: Function, selector: Function) -> Function:
    """Return a strategy that gives ``selector(utility_measure(learner, X))``.

    Keywords of the strategy go to the selector, so that ``learner.query(X, n_instances=5)`` works
    with `multi_argmax`.

    Parameters
    ----------
    utility_measure : callable
        ``utility_measure(learner, X)`` gives one value a row, such as `classifier_margin`.
    selector : callable
        ``selector(values, n_instances=1, ...)`` gives positions and values, such as `multi_argmin`.

    Returns
    -------
    callable
        A strategy. It can be pickled where both parts can.

    Raises
    ------
    TypeError
        When it is called, where a part cannot be.

    Examples
    --------
    >>> import shortlist as sl
    >>> from sklearn.linear_model import LogisticRegression
    >>> strategy = sl.make_query_strategy(sl.classifier_margin, sl.multi_argmin)
    >>> learner = sl.ActiveLearner(LogisticRegression(), strategy, [[0.0], [10.0]], ["cat", "dog"])
    >>> learner.query([[1.0], [5.0], [9.0]])[0]
    array([1])
    """
    return QueryStrategy(utility_measure, selector)


def _one_each(name: str, functions: Sequence[Function], given: Sequence[float] | None) -> tuple[float, ...]:
    if given is None:
        return (1.0,) * len(functions)
    if len(given) != len(functions):
        raise ArgumentError(
            f"{name} came with {len(given)} entries for {len(functions)} functions; accepted is one each"
        )
    return tuple(given)
