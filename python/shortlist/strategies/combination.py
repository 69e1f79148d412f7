"""Make utilities of utilities, and a strategy of a utility and a selector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from shortlist.strategies.errors import ArgumentError

Function = Callable[..., Any]


def make_linear_combination(*functions: Function, weights: Sequence[float] | None = None) -> Function:
    """Return a function that gives the weighted sum of what `functions` give; weights default to 1."""
    factors = _one_each("weights", functions, weights)

    def linear_combination(*args: Any, **kwargs: Any) -> Any:
        return sum(factor * function(*args, **kwargs) for factor, function in zip(factors, functions, strict=True))

    return linear_combination


def make_product(*functions: Function, exponents: Sequence[float] | None = None) -> Function:
    """Return a function that gives the product of what `functions` give, each raised to its exponent, by default 1."""
    powers = _one_each("exponents", functions, exponents)

    def product_function(*args: Any, **kwargs: Any) -> Any:
        values = [function(*args, **kwargs) ** power for power, function in zip(powers, functions, strict=True)]
        return np.prod(values, axis=0)

    return product_function


def make_query_strategy(utility_measure: Function, selector: Function) -> Function:
    """Return a strategy that gives ``selector(utility_measure(learner, X))``.

    Keywords of the strategy go to the selector, so that ``learner.query(X, n_instances=5)`` works with `multi_argmax`.
    """

    def query_strategy(classifier: Any, X: Any, **kwargs: Any) -> Any:
        return selector(utility_measure(classifier, X), **kwargs)

    return query_strategy


def _one_each(name: str, functions: Sequence[Function], given: Sequence[float] | None) -> Sequence[float]:
    if given is None:
        return [1.0] * len(functions)
    if len(given) != len(functions):
        raise ArgumentError(
            f"{name} came with {len(given)} entries for {len(functions)} functions; accepted is one each"
        )
    return given
