"""What a pool may come as, each kind seen as a table: columns by name, in blocks and by place."""

from shortlist.loop.pool.tables.opening import open_table
from shortlist.loop.pool.tables.table import VECTOR, Table

__all__ = ["VECTOR", "Table", "open_table"]
