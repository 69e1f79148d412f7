"""When a simulation trains again: triggers in the grammar of `shortlist.stopping`,
and rules that see each model once.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from shortlist.stopping import Facts, check, state_of
from shortlist.stopping.grammar import Joined, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shortlist.stopping import Rule
    from shortlist.stopping.grammar import Node

KNOWN = ("growth", "changed", "answered")
"""Triggers that a simulation can measure: it has no clock, nobody who corrects a label,
and no stand-in for the model.
"""


def checked(text: str | None) -> str | None:
    """Return a trigger that a simulation can measure, or say why it can't."""
    if text is None:
        return None
    check(text, "trigger", "retrain")
    for name in _names(parse(text, "retrain")):
        if name not in KNOWN:
            raise ValueError(
                f"retrain is {text!r}, and a simulation has nothing to measure {name} by; accepted are {', '.join(KNOWN)}"
            )
    return text


def _names(node: Node) -> Iterator[str]:
    if isinstance(node, Joined):
        for part in node.parts:
            yield from _names(part)
    else:
        yield node.name


class Trigger:
    """Says after each round whether to train.

    Parameters
    ----------
    text : str or None
        The condition; None for each round.
    """

    def __init__(self, text: str | None) -> None:
        self._text = text
        self._then: int | None = None

    def due(self, labels: int, asked: int) -> bool:
        """Return whether to train with so many labels, the last `asked` of them of this round;
        if so, it counts as done.
        """
        then = self._then
        if self._text is not None and then is not None:
            facts = Facts(
                labelled_now=labels,
                labelled_then=then,
                changed=labels - then,
                answered_share=1.0,
                round_rows=asked,
            )
            if not state_of(self._text, facts):
                return False
        self._then = labels
        return True


class Watch:
    """Rules of stopping that look at a loop in which a model may hold for several rounds:
    they see one step for each model.

    The step of the last model is looked at anew in each round, with the labels that there are then.
    """

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = {name: rule.fresh() for name, rule in rules.items()}
        self._last: dict[str, Any] | None = None
        self.stopped: dict[str, int | None] = dict.fromkeys(rules)

    @property
    def wants(self) -> frozenset[str]:
        """What the rules want to be told."""
        return frozenset().union(*(rule.wants for rule in self._rules.values()))

    def see(self, labels: int, trained: bool, known: dict[str, Any]) -> None:
        """Tell the rules of a round, and keep the labels at which each first says stop."""
        if trained and self._last is not None:
            for rule in self._rules.values():
                rule.update(labels, **self._last)
        if trained:
            self._last = known
        for name, rule in self._rules.items():
            now = copy.deepcopy(rule)
            if now.update(labels, **(self._last or known)) and self.stopped[name] is None:
                self.stopped[name] = labels
