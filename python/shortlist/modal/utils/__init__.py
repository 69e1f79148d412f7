"""Combinations, selectors, data and validation."""

from shortlist.modal.utils.combination import make_linear_combination, make_product, make_query_strategy
from shortlist.modal.utils.data import data_vstack
from shortlist.modal.utils.selection import multi_argmax, weighted_random
from shortlist.modal.utils.validation import check_class_labels, check_class_proba

__all__ = [
    "make_linear_combination", "make_product", "make_query_strategy", "data_vstack", "multi_argmax",
    "weighted_random", "check_class_labels", "check_class_proba",
]  # fmt: skip
