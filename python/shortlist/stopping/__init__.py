"""Rules that say when to stop asking for labels, for any loop.

A rule is told what is known after each round and answers whether to stop. Rules combine with ``&``
and ``|``, and each keeps its trace, so that a stop can be explained. No rule is best on every data
set (Pullar-Strecker et al. 2022): watch several, and look at the traces before believing one.
Triggers and guards, for when to train again, are written in the same way and read by `state_of`.

>>> from shortlist import stopping
>>> rule = stopping.Budget(500) | stopping.TargetScore(0.9) & stopping.Patience(2)
>>> for labels, score in [(20, 0.7), (40, 0.91), (60, 0.91), (80, 0.90)]:
...     if rule.update(labels=labels, score=score):
...         break
>>> print(rule)
stop at 80 labels: budget 500 (at 80) or target score 0.9 (at 0.9) and patience 2 (at 2)
"""

from shortlist.stopping.confidence import MaxConfidence, OverallUncertainty
from shortlist.stopping.estimates import AgreementCeiling, TargetLower
from shortlist.stopping.levels import GUARDS, TRIGGERS, Facts, State, state_of
from shortlist.stopping.limits import Budget, Patience, TargetScore
from shortlist.stopping.naming import RULES, check, rule_of
from shortlist.stopping.recall import Recall
from shortlist.stopping.rule import AllOf, AnyOf, Round, Rule, Step
from shortlist.stopping.stability import ClassificationChange, StabilisingPredictions, cohen_kappa

__all__ = [
    "Rule",
    "Round",
    "Step",
    "AllOf",
    "AnyOf",
    "Budget",
    "TargetScore",
    "TargetLower",
    "Patience",
    "AgreementCeiling",
    "Recall",
    "MaxConfidence",
    "OverallUncertainty",
    "StabilisingPredictions",
    "ClassificationChange",
    "cohen_kappa",
    "RULES",
    "rule_of",
    "check",
    "Facts",
    "State",
    "TRIGGERS",
    "GUARDS",
    "state_of",
]
