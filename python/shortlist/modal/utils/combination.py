"""Utilities of utilities, strategies of utilities and selectors."""

from shortlist.strategies.combination import make_linear_combination, make_product, make_query_strategy

__all__ = ["make_linear_combination", "make_product", "make_query_strategy"]
