"""Parquet files, with the names of classes where Hugging Face's datasets keep them,
and folders that these load.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from shortlist.disk import check_regular, readable
from shortlist.pools.extras import need
from shortlist.tables import text_of, visible
from shortlist.writing import make_folder, write_bytes, write_text

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


def files_of(path: Path) -> list[Path]:
    """Return the Parquet files of a path: a file, or a folder as ``datasets`` write and load it."""
    if not path.is_dir():
        return [path]
    found = sorted(path.rglob("*.parquet"))
    if not found:
        raise ValueError(f"{visible(str(path))} is a folder without Parquet files; accepted is one that holds them")
    return found


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


def file_of(columns: Mapping[str, list[Any]], coded: str | None, classes: Sequence[str]) -> bytes:
    """Return a Parquet file; its column `coded` holds places among the classes,
    with their names where datasets looks.

    Numbers stay numbers where a column has nothing else; anything else is text.
    """
    pa, parquet = need("pyarrow", "arrow", "a Parquet file"), need("pyarrow.parquet", "arrow", "a Parquet file")
    code = {name: place for place, name in enumerate(classes)}
    arrays, features = {}, {}
    for name, values in columns.items():
        if name == coded:
            arrays[name] = pa.array([None if value is None else code[value] for value in values], pa.int64())
            features[name] = {"names": list(classes), "_type": "ClassLabel"}
        else:
            arrays[name] = _array(pa, values)
            features[name] = {"dtype": _dtype(pa, arrays[name].type), "_type": "Value"}
    about = {"huggingface": json.dumps({"info": {"features": features}})} if coded else None
    written = io.BytesIO()
    parquet.write_table(pa.table(arrays).replace_schema_metadata(about), written)
    return written.getvalue()


def write_folder(
    folder: str | os.PathLike[str], columns: Mapping[str, list[Any]], classes: Sequence[str], about: str
) -> Path:
    """Write a folder that ``datasets.load_dataset`` loads as the split ``train``;
    its ``label`` is a ClassLabel.
    """
    target = make_folder(folder, "path")
    data = make_folder(target / "data", "path")
    write_bytes(data / "train-00000-of-00001.parquet", [file_of(columns, "label", classes)])
    card = "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: data/train-*\n---\n\n"
    write_text(target / "README.md", [card, about, "\n"])
    return target


def _array(pa: Any, values: list[Any]) -> Any:
    kinds = {type(value) for value in values if value is not None}
    if (kinds and kinds <= {bool}) or (
        kinds and kinds <= {int, float} and all(abs(v) < 2**63 for v in values if v is not None)
    ):
        return pa.array(values, pa.bool_() if kinds == {bool} else pa.int64() if kinds == {int} else pa.float64())
    return pa.array([None if value is None else text_of(value) for value in values], pa.string())


def _dtype(pa: Any, kind: Any) -> str:
    return {pa.bool_(): "bool", pa.int64(): "int64", pa.float64(): "float64"}.get(kind, "string")


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
