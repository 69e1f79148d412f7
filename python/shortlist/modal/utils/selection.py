"""Selectors."""

from shortlist.strategies.choice import multi_argmax, multi_argmin, shuffled_argmax, shuffled_argmin, weighted_random

__all__ = ["multi_argmax", "multi_argmin", "shuffled_argmax", "shuffled_argmin", "weighted_random"]
