"""Rows, whatever holds them."""

from shortlist.rows import Rows as modALinput
from shortlist.rows import append as add_row
from shortlist.rows import drop as drop_rows
from shortlist.rows import enumerate_rows as enumerate_data
from shortlist.rows import hstack as data_hstack
from shortlist.rows import shape as data_shape
from shortlist.rows import take as retrieve_rows
from shortlist.rows import vstack as data_vstack

__all__ = [
    "modALinput", "data_vstack", "data_hstack", "add_row", "retrieve_rows", "drop_rows", "enumerate_data",
    "data_shape",
]  # fmt: skip
