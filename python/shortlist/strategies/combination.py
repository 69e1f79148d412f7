"""Make utilities of utilities, and a strategy of a utility and a selector; what is made can be pickled."""

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
    """Return a function that gives the weighted sum of what `functions` give; weights default to 1."""
    return LinearCombination(functions, _one_each("weights", functions, weights))


def make_product(*functions: Function, exponents: Sequence[float] | None = None) -> Function:
    """Return a function that gives the product of what `functions` give, each raised to its exponent, by default 1."""
    return Product(functions, _one_each("exponents", functions, exponents))


def make_query_strategy(utility_measure: Function, selector: Function) -> Function:
    """Return a strategy that gives ``selector(utility_measure(learner, X))``.

    Keywords of the strategy go to the selector, so that ``learner.query(X, n_instances=5)`` works with `multi_argmax`.
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
