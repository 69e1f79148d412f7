"""Expected error reduction."""

from shortlist.strategies.expected_error import expected_error_reduction

__all__ = ["expected_error_reduction"]
