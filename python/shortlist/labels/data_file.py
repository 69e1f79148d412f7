"""Files of what people are shown: a row for each row of a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.csv_file import CsvFile
from shortlist.disk import check_regular, readable
from shortlist.labels.json_file import objects_in
from shortlist.tables import visible

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CSV, JSON, PARQUET = (".csv", ".tsv", ".txt"), (".jsonl", ".ndjson", ".json"), (".parquet", ".pq")


def data_in(path: Path, columns: Iterable[str] = (), encoding: str | None = None) -> Any:
    """Return the rows of a file as `rows_of` takes them; `columns` are some that it should have.

    Raises
    ------
    ValueError, OSError
        It can't be read; the message names the line.
    """
    check_regular(path)
    kind = path.suffix.lower()
    if kind in CSV:
        return _csv(path, columns, encoding)
    if kind in JSON:
        return [record for _, record in objects_in(path, encoding)]
    if kind in PARQUET:
        from shortlist.pools.extras import need

        with readable(str(path), "cannot be read as Parquet"):
            return need("pyarrow.parquet", "arrow", str(path)).read_table(path)
    raise ValueError(
        f"{visible(str(path))} is no table that is read; accepted are {', '.join((*CSV, *JSON, *PARQUET))}"
    )


def _csv(path: Path, columns: Iterable[str], encoding: str | None) -> dict[str, list[str]]:
    with CsvFile(path, columns, encoding) as file:
        twice = next((name for name in file.head if file.head.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"{visible(str(path))} has two columns {twice!r}; accepted are distinct names")
        found: dict[str, list[str]] = {name: [] for name in file.head}
        for _, row in file.rows():
            for values, cell in zip(found.values(), row, strict=True):
                values.append(cell)
        return found
