"""Labelled data by name or from a file, and estimators by name: what the command line needs."""

from __future__ import annotations

import importlib
import re
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from shortlist.csv_file import CsvFile
from shortlist.npy import NpyFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

Note: TypeAlias = Callable[[str], object]
"""Takes a sentence that a person should see."""

BUNDLED = ("digits", "iris", "wine", "breast_cancer")
"""Sets that come with scikit-learn."""

SUFFIXES = (".npz", ".npy", ".csv", ".tsv", ".svmlight")


def load(
    source: str,
    *,
    labels: str | None = None,
    text: str | None = None,
    encoding: str | None = None,
    note: Note = warnings.warn,
) -> tuple[Any, NDArray[Any]]:
    """Return rows and labels.

    Parameters
    ----------
    source : str
        A name in `BUNDLED`; ``.npz`` with arrays X and y; ``.npy`` with `labels` naming the file of
        labels; ``.csv`` with a heading; or ``.svmlight``.
    labels : str, optional
        Column of labels in a CSV ("label" where not given), or the ``.npy`` of labels.
    text : str, optional
        Column of a CSV to make TF-IDF features of, words and pairs of words; without it all other
        columns must be numbers.
    encoding : str, optional
        Of a CSV; by default what a byte order mark says, or else UTF-8.
    note : callable, default=warnings.warn
        Gets a sentence where rows of a CSV were left out, as they have no label.

    Returns
    -------
    X : ndarray or sparse matrix of shape (n, features)
    y : ndarray of shape (n,)
    """
    if source in BUNDLED:
        from sklearn import datasets

        found: tuple[Any, NDArray[Any]] = getattr(datasets, f"load_{source}")(return_X_y=True)
        return found
    path = Path(source)
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(
            f"dataset is {source!r}; accepted are {', '.join(BUNDLED)}, and files ending in {', '.join(SUFFIXES)}"
        )
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path} (looked from {Path.cwd()})")
    if path.suffix.lower() in (".csv", ".tsv"):
        return _csv(path, labels or "label", text, encoding, note)
    if path.suffix.lower() == ".npz":
        return _npz(path)
    if path.suffix.lower() == ".svmlight":
        from sklearn.datasets import load_svmlight_file

        return load_svmlight_file(str(path))[:2]  # type: ignore[no-any-return]
    if labels is None:
        raise ValueError(f"{path} holds rows without labels; labels= names the .npy file that has them")
    return NpyFile(path).array, NpyFile(labels).array


def _npz(path: Path) -> tuple[Any, NDArray[Any]]:
    try:
        found = np.load(path)
    except (ValueError, zipfile.BadZipFile):
        raise ValueError(f"{path} is no .npz file; accepted is what np.savez writes, with arrays X and y") from None
    with found as arrays:
        if not {"X", "y"} <= set(arrays.files):
            raise ValueError(f"{path} has arrays {', '.join(arrays.files)}; accepted are X and y")
        return arrays["X"], arrays["y"]


def _csv(path: Path, label: str, text: str | None, encoding: str | None, note: Note) -> tuple[Any, NDArray[Any]]:
    with CsvFile(path, [name for name in (label, text) if name is not None], encoding) as file:
        rows = list(file.rows())
    if not rows:
        raise ValueError(
            f"{path} has no rows below a heading; accepted is a heading, and one row of cells for each label"
        )
    repeated = next((name for name in file.head if name and file.head.count(name) > 1), None)
    if repeated is not None:
        raise ValueError(f"{path} has two columns {repeated!r}; accepted are distinct names")
    of_labels, of_text = _place(file, label), None if text is None else _place(file, text)
    kept = [(line, row) for line, row in rows if row[of_labels].strip()]
    if len(kept) < len(rows):
        empty = next(line for line, row in rows if not row[of_labels].strip())
        note(
            f"{path} has no {label} in {len(rows) - len(kept):,} of {len(rows):,} rows, the first in line {empty}; they were "
            "left out"
        )
    y: NDArray[Any] = np.array([row[of_labels] for _, row in kept])
    if of_text is not None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, dtype=np.float32)
        return words.fit_transform([row[of_text] for _, row in kept]), y
    columns = [place for place in range(len(file.head)) if place != of_labels]
    if not columns:
        raise ValueError(
            f"{path} has the column {label!r} alone; accepted are columns of numbers beside it, or one of text"
        )
    lines = [line for line, _ in kept]
    numbers = [_numbers(path, file.head[place], lines, [row[place] for _, row in kept]) for place in columns]
    return np.column_stack(numbers), y


def _place(file: CsvFile, name: str) -> int:
    place = file.column(name)
    if place is None:
        raise ValueError(f"{file.path} has no column {name!r}; its columns are {', '.join(file.head)}")
    return place


def _numbers(path: Path, name: str, lines: list[int], cells: list[str]) -> NDArray[np.float64]:
    values = np.empty(len(cells))
    for place, cell in enumerate(cells):
        try:
            values[place] = float(cell)
        except ValueError:
            comma = " with a decimal point" if re.fullmatch(r"[-+ ]*\d+,\d+ *", cell) else ""
            raise ValueError(
                f"{path} has {cell!r} in column {name!r} of line {lines[place]}; accepted are numbers{comma}, and one column "
                "of text named by text="
            ) from None
    return values


def estimator_of(name: str) -> Any:
    """Return a classifier by name: one of `ESTIMATORS`, or ``package.module:Class``."""
    known = ESTIMATORS.get(name, name)
    if not isinstance(known, str):
        return known()
    module, colon, attribute = known.partition(":")
    if not colon:
        raise ValueError(
            f"estimator is {name!r}; accepted are {', '.join(ESTIMATORS)}, and package.module:Class of scikit-learn's kind"
        )
    try:
        made = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"estimator is {name!r}, which cannot be imported: {error}") from None
    return made() if isinstance(made, type) else made


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler

    # Scaled by the largest value, so that sparse rows stay sparse; a few labels want little
    # regularisation.
    return make_pipeline(MaxAbsScaler(), LogisticRegression(C=10.0, max_iter=500))


def _forest() -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_jobs=1)


ESTIMATORS: dict[str, str | Callable[[], Any]] = {
    "logistic": _logistic,
    "forest": _forest,
    "bayes": "sklearn.naive_bayes:GaussianNB",
    "neighbours": "sklearn.neighbors:KNeighborsClassifier",
}
