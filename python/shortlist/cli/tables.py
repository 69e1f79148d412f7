"""Tables of the commands."""

from collections.abc import Sequence

from rich.table import Table


def table_of(rows: Sequence[Sequence[str]], *, right: bool = False) -> Table:
    """Return rows as a table, the first row being its heading; all columns but the first to the right if asked."""
    table = Table(*rows[0], box=None, header_style="bold", pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right" if right else "left"
    for row in rows[1:]:
        table.add_row(*row)
    return table
