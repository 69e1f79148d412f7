"""Reporting: all that is known of a loop on one page."""

from shortlist.loop.reporting.page import page_of

__all__ = ["page_of"]
