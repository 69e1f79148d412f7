"""Class labels."""

from shortlist.strategies.classes import check_class_labels, check_class_proba

__all__ = ["check_class_labels", "check_class_proba"]
