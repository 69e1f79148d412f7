"""Labelled data by name or from a file, and estimators by name: what the command line needs."""

from __future__ import annotations

import csv
import importlib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.npy import NpyFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

BUNDLED = ("digits", "iris", "wine", "breast_cancer")
"""Sets that come with scikit-learn."""

SUFFIXES = (".npz", ".npy", ".csv", ".svmlight")


def load(source: str, *, labels: str | None = None, text: str | None = None) -> tuple[Any, NDArray[Any]]:
    """Return rows and labels.

    Parameters
    ----------
    source : str
        A name in `BUNDLED`; ``.npz`` with arrays X and y; ``.npy`` with `labels` naming the file of labels; ``.csv`` with a
        heading; or ``.svmlight``.
    labels : str, optional
        Column of labels in a CSV ("label" where not given), or the ``.npy`` of labels.
    text : str, optional
        Column of a CSV to make TF-IDF features of, words and pairs of words; without it all other columns must be
        numbers.

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
    if path.suffix not in SUFFIXES:
        raise ValueError(
            f"dataset is {source!r}; accepted are {', '.join(BUNDLED)}, and files ending in {', '.join(SUFFIXES)}"
        )
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path} (looked from {Path.cwd()})")
    if path.suffix == ".csv":
        return _csv(path, labels or "label", text)
    if path.suffix == ".npz":
        return _npz(path)
    if path.suffix == ".svmlight":
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


def _csv(path: Path, label: str, text: str | None) -> tuple[Any, NDArray[Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = [row for row in csv.reader(file) if row] or [[]]
    if not rows:
        raise ValueError(
            f"{path} has no rows below a heading; accepted is a heading, and one row of cells for each label"
        )
    for name in filter(None, (label, text)):
        if name not in head:
            raise ValueError(f"{path} has no column {name!r}; its columns are {', '.join(head)}")
    short = next((number for number, row in enumerate(rows, 1) if len(row) != len(head)), None)
    if short is not None:
        raise ValueError(f"{path} has {len(rows[short - 1])} cells in row {short}; accepted are {len(head)}")
    y = np.array([row[head.index(label)] for row in rows])
    if text is not None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, dtype=np.float32)
        return words.fit_transform([row[head.index(text)] for row in rows]), y
    columns = [place for place, name in enumerate(head) if name != label]
    return np.column_stack([_numbers(path, head[place], [row[place] for row in rows]) for place in columns]), y


def _numbers(path: Path, name: str, cells: list[str]) -> NDArray[np.float64]:
    values = np.empty(len(cells))
    for number, cell in enumerate(cells):
        try:
            values[number] = float(cell)
        except ValueError:
            raise ValueError(
                f"{path} has {cell!r} in column {name!r} of row {number + 1}; accepted are numbers, and one column of text "
                "named by text="
            ) from None
    return values


def estimator_of(name: str) -> Any:
    """Return a classifier by name: one of `ESTIMATORS`, or ``package.module:Class``."""
    if name in ESTIMATORS:
        return ESTIMATORS[name]()
    module, colon, attribute = name.partition(":")
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

    # Scaled by the largest value, so that sparse rows stay sparse; a few labels want little regularisation.
    return make_pipeline(MaxAbsScaler(), LogisticRegression(C=10.0, max_iter=500))


def _forest() -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_jobs=1)


def _bayes() -> Any:
    from sklearn.naive_bayes import GaussianNB

    return GaussianNB()


def _neighbours() -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier()


ESTIMATORS = {"logistic": _logistic, "forest": _forest, "bayes": _bayes, "neighbours": _neighbours}
