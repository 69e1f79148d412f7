"""Rules by name, for the command line and for settings that are written down."""

from __future__ import annotations

import json
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Literal, cast

from shortlist.stopping.confidence import MaxConfidence, OverallUncertainty
from shortlist.stopping.estimates import AgreementCeiling, TargetLower
from shortlist.stopping.grammar import Name, known, made, parse
from shortlist.stopping.levels import GUARDS, TRIGGERS, read_levels
from shortlist.stopping.limits import Budget, Patience, TargetScore
from shortlist.stopping.recall import Recall
from shortlist.stopping.rule import Rule
from shortlist.stopping.stability import ClassificationChange, StabilisingPredictions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shortlist.stopping.grammar import Node

RULES: dict[str, Callable[..., Rule]] = {
    "budget": Budget,
    "target": TargetScore,
    "target_lower": TargetLower,
    "patience": Patience,
    "agreement_ceiling": AgreementCeiling,
    "recall": Recall,
    "max_confidence": MaxConfidence,
    "overall_uncertainty": OverallUncertainty,
    "kappa": StabilisingPredictions,
    "change": ClassificationChange,
}
"""The names, and what each makes; what follows a colon goes to its first arguments."""

SAMPLES = {"budget": "300", "target": "0.9", "target_lower": "0.9", "recall": "0.95"}
"""What may follow the names that cannot stand alone."""

PLACES = {"stop": "[stop] when", "trigger": "[retrain] when", "guard": "[retrain] require"}
"""Where a specification has each kind of condition."""


def rule_of(text: str | Rule) -> Rule:
    """Return the rule that a text such as ``"kappa"``,
    ``"target:0.9"`` or ``"kappa:0.98:5|budget:500"`` names.

    ``&`` binds tighter than ``|``; parentheses group.

    Parameters
    ----------
    text : str or Rule
        Names of `RULES`, what follows a colon goes to their first arguments; a rule comes back as
        it is.

    Returns
    -------
    Rule
        With nothing seen yet.

    Raises
    ------
    ValueError
        The text names no rule, or one with arguments it does not accept.
    TypeError
        It is neither a text nor a rule.

    Examples
    --------
    >>> from shortlist import stopping
    >>> stopping.rule_of("target:0.9 & patience:3 | budget:500").describe()
    'target score 0.9 and patience 3 or budget 500'
    >>> stopping.rule_of("target:0.9 & (patience:3 | kappa)").describe()
    'target score 0.9 and (patience 3 or kappa 0.99 over 3)'
    """
    if isinstance(text, Rule):
        return text
    if not isinstance(text, str):
        raise TypeError(f"stop is a {type(text).__name__}; accepted are a stopping rule and its name")
    return _rule(text, f"stop is {text!r}")


def check(text: str, kind: Literal["stop", "trigger", "guard"], place: str | None = None) -> None:
    """Raise where a text is no condition of this kind.

    Parameters
    ----------
    text : str
        Names joined by ``&``, ``|`` and parentheses.
    kind : {"stop", "trigger", "guard"}
        Whether the names are of `RULES`, `TRIGGERS` or `GUARDS`.
    place : str, optional
        What the message calls the text by.

    Returns
    -------
    None

    Raises
    ------
    ValueError
        A name is unknown, of another kind, or has arguments it does not accept.
    TypeError
        `text` is no text.

    Examples
    --------
    >>> from shortlist import stopping
    >>> stopping.check("growth:0.25 | days:2", "trigger")
    >>> stopping.check("grwoth:0.25", "trigger")
    Traceback (most recent call last):
    ValueError: [retrain] when is "grwoth:0.25", and 'grwoth' is no rule; known are growth, changed,
    answered, days, flips, corrections; did you mean 'growth'?
    """
    if kind not in PLACES:
        raise ValueError(f"kind is {kind!r}; accepted are {', '.join(PLACES)}")
    place = PLACES[kind] if place is None else place
    if not isinstance(text, str):
        raise TypeError(f"{place} is {text!r}, a {type(text).__name__}; accepted is a text, as {_SHOWN[kind]!r}")
    said = f"{place} is {json.dumps(text, ensure_ascii=False)}"
    if kind == "stop":
        _rule(text, said)
    else:
        read_levels(text, kind, said, _elsewhere(kind))


_SHOWN = {"stop": "budget:500", "trigger": "growth:0.25", "guard": "every_class:2"}


def _elsewhere(kind: str) -> dict[str, str]:
    names: dict[str, Iterable[str]] = {"stop": RULES, "trigger": TRIGGERS, "guard": GUARDS}
    return {name: PLACES[other] for other, group in names.items() if other != kind for name in group}


def _rule(text: str, said: str) -> Rule:
    def build(node: Node) -> Rule:
        if isinstance(node, Name):
            known(node.name, RULES, said, _elsewhere("stop"))
            rule = cast("Rule", made(node, RULES, SAMPLES, said))
            rule.written = node.text
            return rule
        return reduce(and_ if node.sign == "&" else or_, map(build, node.parts))

    return build(parse(text, said))
