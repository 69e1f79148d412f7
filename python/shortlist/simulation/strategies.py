"""Strategies by the names that people type."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import shortlist.strategies as strategies
from shortlist.options import several, what
from shortlist.registry import RULES, STRATEGY
from shortlist.strategies.querying import QUESTIONS, query

Strategy: TypeAlias = Callable[..., Any]
RANDOM = "random"
ACCEPTED = "names, and a dict of names and callables (learner, X, n_instances)"

# Where the name of a measure or rule is not that of the function less its "_sampling".
_ALIASES = {rule: function for function, rule in RULES.items()}
_COMMITTEE = {
    "vote_entropy",
    "consensus_entropy",
    "max_disagreement",
    "bald",
    "variation_ratio",
    "mean_std",
    "max_std",
}


def names() -> list[str]:
    """Return the strategies for one model that can be asked for by name."""
    ending = "_sampling"
    plain = {name.removesuffix(ending) for name in strategies.__all__ if name.endswith(ending)}
    plain -= {alias.removesuffix(ending) for alias in _ALIASES.values()} | _COMMITTEE
    return sorted(plain | set(_ALIASES))


def strategy_of(name: str) -> Strategy:
    """Return the strategy of this name, or raise a ValueError that lists the names
    and suggests the nearest.
    """
    if name not in names():
        near = difflib.get_close_matches(name, names(), n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"strategy {name!r} is unknown; known are {', '.join(names())}{hint}")
    found: Strategy = getattr(strategies, _ALIASES.get(name, f"{name}_sampling"))
    return found


def picker(strategy: Strategy, screen: bool) -> Callable[[Any, Any, int], tuple[Any, int | None]]:
    """Return what picks by a strategy: ``(learner, X, n)`` to positions, and how many rows the
    model was asked about, where the strategy goes by a measure of `shortlist.query`.

    Without `screen` strategies that could leave rows out ask about all.
    """
    name = getattr(strategy, "__name__", "")
    measure = RULES.get(name, name.removesuffix(STRATEGY))
    if measure in QUESTIONS and strategy is getattr(strategies, name, None):

        def by_measure(learner: Any, X: Any, n: int) -> tuple[Any, int | None]:
            picks = query(learner, X, measure, n, screen=screen)
            return picks.indices, picks.report.asked

        return by_measure
    try:
        takes_it = "screen" in inspect.signature(strategy).parameters
    except (TypeError, ValueError):
        takes_it = False
    how = {"screen": False} if takes_it and not screen else {}
    return lambda learner, X, n: (learner.query(X, n_instances=n, **how)[0], None)


def named(wanted: str | Iterable[str] | Mapping[str, Strategy | str]) -> dict[str, Strategy]:
    """Return strategies by name, random among them: the baseline is never left out."""
    if isinstance(wanted, str):
        wanted = [word.strip() for word in wanted.split(",")]
    pairs = wanted.items() if isinstance(wanted, Mapping) else [(n, n) for n in several(wanted, "strategies", ACCEPTED)]
    found: dict[str, Strategy] = {}
    for name, strategy in pairs:
        if not isinstance(name, str):
            raise TypeError(f"strategies has {what(name)}; accepted are {ACCEPTED}")
        found[name] = strategy if callable(strategy) else strategy_of(strategy)
    if not found:
        raise ValueError("strategies is empty; accepted is at least one name")
    found.setdefault(RANDOM, strategy_of(RANDOM))
    return found
