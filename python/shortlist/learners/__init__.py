"""Learners: a model, the rows it has been taught, and the strategy that picks the next ones.

They store and delegate; what a strategy picks is worked out in `shortlist.strategies`, block by
block.
"""

from shortlist.learners.active import ActiveLearner
from shortlist.learners.base import BaseLearner
from shortlist.learners.base_committee import BaseCommittee
from shortlist.learners.bayesian import BayesianOptimizer
from shortlist.learners.committee import Committee, CommitteeRegressor
from shortlist.learners.deep import DeepActiveLearner

__all__ = [
    "ActiveLearner", "BayesianOptimizer", "DeepActiveLearner", "Committee", "CommitteeRegressor", "BaseLearner",
    "BaseCommittee",
]  # fmt: skip
