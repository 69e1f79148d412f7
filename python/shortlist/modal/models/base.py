"""What learners and committees have in common."""

from shortlist.learners.base import BaseLearner
from shortlist.learners.base_committee import BaseCommittee

__all__ = ["BaseLearner", "BaseCommittee"]
