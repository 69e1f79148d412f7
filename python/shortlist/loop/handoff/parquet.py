"""Answers in Parquet files, with the names of classes where Hugging Face's datasets keep them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shortlist.disk import check_regular, readable
from shortlist.pools.extras import need

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def rows_of(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows of a file with their numbers; the code of a class becomes its name."""
    parquet = need("pyarrow.parquet", "arrow", str(path))
    check_regular(path)
    number = 0
    with readable(str(path), "cannot be read as Parquet"), parquet.ParquetFile(path) as file:
        names = _class_names(file.schema_arrow.metadata or {})
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                number += 1
                yield number, {name: _named(value, names.get(name)) for name, value in row.items()}


def _class_names(metadata: dict[bytes, bytes]) -> dict[str, list[str]]:
    features = json.loads(metadata.get(b"huggingface", b"{}")).get("info", {}).get("features", {})
    return {
        column: feature["names"]
        for column, feature in features.items()
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and "names" in feature
    }


def _named(value: Any, names: list[str] | None) -> Any:
    """Return the name of a class; -1 says in these files that there is none."""
    if names is None or not isinstance(value, int) or value >= len(names):
        return value
    return names[value] if value >= 0 else None
