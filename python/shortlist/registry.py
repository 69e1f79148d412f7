"""The measures by name: what the core lists, checked and shown. There is no second list."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from shortlist import _core
from shortlist.names import MODULE_OF
from shortlist.options import flag, number, what, word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    from numpy.typing import NDArray

Order: TypeAlias = Literal["highest", "lowest"]
"""Which end of a measure is informative."""

MeasureName: TypeAlias = Literal[
    "least_confident",
    "margin",
    "ratio",
    "entropy",
    "normalised_entropy",
    "gini",
    "energy",
    "vote_entropy",
    "consensus_entropy",
    "max_disagreement",
    "bald",
    "variation_ratio",
    "mean_std",
]
"""The names, for type checkers and editors; a test compares them with the core's list."""

Function: TypeAlias = "Callable[[NDArray[Any]], NDArray[np.floating[Any]]]"
"""A user's own measure: a (rows, columns) block to (rows,) scores."""

RANDOM = "random"
"""Not a measure of the row: uniform random rows, the baseline of every study."""

PLAIN = (str, bool, float, str, str)
"""The types of a measure by name and of its options."""


@dataclass(frozen=True)
class Measure:
    """One line of the list of measures.

    Attributes
    ----------
    name : str
        What `score` and `select` call it.
    order : {"highest", "lowest"}
        Which end is informative.
    kind : {"row", "committee"}
        Whether it is of (rows, classes) or of (members, rows, classes).
    inputs : tuple of str
        What it takes: "probabilities", "logits".
    formula, range, source : str
        What it is, from where to where, and who came up with it.
    """

    name: str
    order: Order
    kind: Literal["row", "committee"]
    inputs: tuple[str, ...]
    formula: str
    range: str
    source: str


class MeasureList(tuple[Measure, ...]):
    """The measures; shows itself as a table."""

    __slots__ = ()
    _columns = ("name", "picks", "of", "from", "formula", "range", "source")

    def _cells(self) -> list[tuple[str, ...]]:
        return [(m.name, m.order, m.kind, ", ".join(m.inputs), m.formula, m.range, m.source) for m in self]

    def __repr__(self) -> str:
        from shortlist.tables import aligned

        return aligned([self._columns, *self._cells()])

    def _repr_html_(self) -> str:
        import html

        head = "".join(f"<th>{column}</th>" for column in self._columns)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in self._cells())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


STRATEGY = "_sampling"
"""How the names of learners' strategies end."""
RULES = {
    "uncertainty_sampling": "least_confident",
    "uncertainty_batch_sampling": "ranked_batch",
    "mix_sampling": "diverse_uncertain",
}
"""Strategies whose rule or measure has another name."""


def measures() -> MeasureList:
    """List the measures: name, informative end, input, formula, range and source.

    Returns
    -------
    MeasureList
        A tuple of `Measure` records, shown as a table. Entropies are in nats.

    Examples
    --------
    >>> import shortlist as sl
    >>> [m.name for m in sl.measures() if m.order == "lowest"]
    ['margin']
    """
    return MeasureList(Measure(**{**m, "inputs": tuple(m["inputs"])}) for m in _core.measures())


def find_measure(name: str) -> Measure:
    """Return the measure of this name, or raise a ValueError that suggests the nearest."""
    known = _by_name()
    if name in known:
        return known[name]
    other = elsewhere(name)
    if other is not None:
        raise ValueError(f"measure {name!r} is unknown: {other}")
    hint = did_you_mean(name, [*known, RANDOM])
    raise ValueError(f'measure {name!r} is unknown; known are {", ".join(known)}, and "{RANDOM}" to select{hint}')


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that suggests the nearest name; empty where none is near."""
    import difflib

    plain = {_plain(other): other for other in known}
    near = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=0.5)
    return f"; did you mean {plain[near[0]]!r}?" if near else ""


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def elsewhere(name: str) -> str | None:
    """Say how to call what has this name and is no measure of a row:
    a rule of diversity, or a strategy of learners.
    """
    import importlib
    import inspect

    plain = _plain(name)
    rule = RULES.get(plain, plain.removesuffix(STRATEGY))
    if plain != rule and (rule in _by_name() or rule == RANDOM):
        return f'use sl.select(x, "{rule}", k), or learner.query with sl.{plain}'
    module = MODULE_OF.get(rule)
    if module == "shortlist.diversity":
        needed = inspect.signature(getattr(importlib.import_module(module), rule)).parameters.values()
        arguments = ", ".join(p.name for p in needed if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD)
        also = f", or learner.query with sl.{plain}" if plain in MODULE_OF and plain != rule else ""
        return f"use sl.{rule}({arguments}){also}"
    exact = name if name in MODULE_OF else plain
    if MODULE_OF.get(exact) == "shortlist.strategies":
        return f"sl.{exact} is for learners: use sl.ActiveLearner(estimator, sl.{exact}).query(X, k)"
    return None


@functools.cache
def _by_name() -> dict[str, Measure]:
    return {m.name: m for m in measures()}


def make_scorer(
    measure: str | Function, order: str | None, *, from_logits: bool, temperature: float, normalize: str, invalid: str
) -> _core.Scorer | Function | None:
    """Check a measure: return a `_core.Scorer`, the caller's function, or None for random rows."""
    from_logits, temperature = flag(from_logits, "from_logits"), number(temperature, "temperature")
    if callable(measure):
        if order is None:
            raise ValueError('measure is a callable, so order is needed; accepted are "highest" and "lowest"')
        if from_logits or temperature != 1.0 or word(normalize) != "check":
            raise ValueError("from_logits, temperature and normalize belong to measures by name; measure is a callable")
        _check_order(order)
        return measure
    if not isinstance(measure, str):
        raise TypeError(
            f"measure is a {type(measure).__name__}; accepted are a name (see shortlist.measures()) and a callable"
        )
    if measure == RANDOM:
        if order is not None or from_logits or temperature != 1.0:
            raise ValueError(
                'measure "random" does not look at the rows, so order, from_logits and temperature are not accepted'
            )
        return None
    found = find_measure(measure)
    if order is not None:
        _check_order(order)
    if order is not None and order != found.order:
        raise ValueError(
            f"order is {order!r}, but {measure} picks {found.order}; give order only with a callable measure"
        )
    return _core.Scorer(
        measure, from_logits=from_logits, temperature=temperature, normalize=word(normalize), invalid=word(invalid)
    )


def scorer_at_once(
    measure: object, from_logits: object, temperature: object, normalize: object, invalid: object
) -> _core.Scorer | None:
    """Return the scorer of a measure of a row, made once for the same options;
    None where these need a look.
    """
    if (type(measure), type(from_logits), type(temperature), type(normalize), type(invalid)) != PLAIN:
        return None
    return _known_scorer(measure, from_logits, temperature, normalize, invalid)


@functools.lru_cache(maxsize=64)
def _known_scorer(measure: str, *options: Any) -> _core.Scorer | None:
    names = ("from_logits", "temperature", "normalize", "invalid")
    scorer = make_scorer(measure, None, **dict(zip(names, options, strict=True)))
    return scorer if isinstance(scorer, _core.Scorer) and scorer.kind == "row" else None


def _check_order(order: str) -> None:
    if not isinstance(order, str) or order not in ("highest", "lowest"):
        raise ValueError(
            f'order is {repr(order) if isinstance(order, str) else what(order)}; accepted are "highest" and "lowest"'
        )


def is_committee(measure: object) -> bool:
    """Whether a measure takes the output of several models; unknown names are refused."""
    return isinstance(measure, str) and measure != RANDOM and find_measure(measure).kind == "committee"


def name_of(measure: str | Function) -> str:
    """Return what a selection calls a measure."""
    return measure if isinstance(measure, str) else getattr(measure, "__name__", type(measure).__name__)
