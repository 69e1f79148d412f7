"""Rules by name, for the command line and for settings that are written down."""

from __future__ import annotations

import difflib
import inspect
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING

from shortlist.stopping.confidence import MaxConfidence, OverallUncertainty
from shortlist.stopping.limits import Budget, Patience, TargetScore
from shortlist.stopping.rule import Rule
from shortlist.stopping.stability import ClassificationChange, StabilisingPredictions

if TYPE_CHECKING:
    from collections.abc import Callable

RULES: dict[str, Callable[..., Rule]] = {
    "budget": Budget,
    "target": TargetScore,
    "patience": Patience,
    "max_confidence": MaxConfidence,
    "overall_uncertainty": OverallUncertainty,
    "kappa": StabilisingPredictions,
    "change": ClassificationChange,
}
"""The names, and what each makes; what follows a colon goes to its first arguments."""

SAMPLES = {"budget": "300", "target": "0.9"}
"""What may follow the names that cannot stand alone."""


def rule_of(text: str | Rule) -> Rule:
    """Return the rule that a text such as ``"kappa"``, ``"target:0.9"`` or ``"kappa:0.98:5|budget:500"`` names.

    ``&`` binds tighter than ``|``; there are no brackets.

    Examples
    --------
    >>> from shortlist import stopping
    >>> stopping.rule_of("target:0.9 & patience:3 | budget:500").describe()
    'target score 0.9 and patience 3 or budget 500'
    """
    if isinstance(text, Rule):
        return text
    if not isinstance(text, str):
        raise TypeError(f"stop is a {type(text).__name__}; accepted are a stopping rule and its name")
    parts = [reduce(and_, [_single(word.strip(), text) for word in part.split("&")]) for part in text.split("|")]
    return reduce(or_, parts)


def _single(word: str, text: str) -> Rule:
    name, *values = (piece.strip() for piece in word.split(":"))
    if name not in RULES:
        near = difflib.get_close_matches(name, RULES, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"stop is {text!r}, and {name!r} is no rule; known are {', '.join(RULES)}{hint}")
    wants = [p.name for p in inspect.signature(RULES[name]).parameters.values() if p.default is p.empty]
    if len(values) < len(wants):
        raise ValueError(f"stop is {text!r}, and {word!r} lacks its {wants[0]}; accepted is as {name}:{SAMPLES[name]}")
    try:
        return RULES[name](*(int(value) if value.isdigit() else float(value) for value in values))
    except (TypeError, ValueError) as error:
        raise ValueError(f"stop is {text!r}, and {word!r} cannot be read: {error}") from None
