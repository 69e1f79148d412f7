"""Four labelled sets that need no account and no large download, as features cached between runs.

Features are made without labels: a person would have them before the first label. Text is TF-IDF of words and pairs of
words, reduced to `TEXT` columns by a truncated SVD; images are reduced to `IMAGE` columns by PCA.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS, TEXT, IMAGE = 20_000, 100, 50

Set = tuple[np.ndarray, np.ndarray]


def cache_folder() -> Path:
    """Where data is kept between runs."""
    folder = Path(os.environ.get("SHORTLIST_DATA") or Path.home() / ".cache" / "shortlist") / "label-savings-1"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def load(name: str) -> Set:
    """Features and labels, from the cache after the first time."""
    path = cache_folder() / f"{name}.npz"
    if not path.exists():
        X, y = SETS[name]()
        part = path.with_suffix(".part.npz")
        np.savez(part, X=X.astype(np.float32), y=y)
        part.replace(path)
    with np.load(path) as found:
        return found["X"], found["y"]


def digits() -> Set:
    """1,797 digits of 8 x 8 pixels, 10 classes: scikit-learn's."""
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def fashion() -> Set:
    """Fashion-MNIST, 10 classes: Debian's dataset-fashion-mnist (MIT licence)."""
    folder = debian("dataset-fashion-mnist", "usr/share/datasets/fashion-mnist")
    pixels, y = idx(folder / "train-images-idx3-ubyte.gz"), idx(folder / "train-labels-idx1-ubyte.gz")
    rows = sample(len(y))
    return PCA(IMAGE, random_state=0).fit_transform(pixels[rows].reshape(len(rows), -1) / 255), y[rows]


def wordnet() -> Set:
    """Glosses of WordNet and the lexicographer file each is in, 45 classes: Debian's wordnet-base (WordNet licence)."""
    folder = debian("wordnet-base", "usr/share/wordnet")
    texts, files = [], []
    for part in ("adj", "adv", "noun", "verb"):
        for line in (folder / f"data.{part}").read_text(encoding="utf-8").splitlines():
            if not line.startswith(" "):
                files.append(int(line.split(" ", 2)[1]))
                texts.append(line.partition("| ")[2])
    return text_features(texts, np.array(files))


def icd() -> Set:
    """Titles of ICD-10-CM codes and their chapters, 22 classes: simple-icd-10-cm (MIT licence)."""
    try:
        import simple_icd_10_cm as codes
    except ImportError:
        raise SystemExit("label_savings: ICD titles need: pip install simple-icd-10-cm==1.5.0") from None
    known = [code for code in codes.get_all_codes(True) if codes.is_leaf(code)]
    chapters = [codes.get_ancestors(code)[-1] for code in known]
    return text_features([codes.get_description(code) for code in known], np.unique(chapters, return_inverse=True)[1])


SETS: dict[str, Callable[[], Set]] = {"digits": digits, "fashion-mnist": fashion, "wordnet": wordnet, "icd": icd}


def sample(rows: int) -> np.ndarray:
    """The rows kept of a large set, the same ones every time."""
    return np.sort(np.random.default_rng(0).permutation(rows)[:ROWS])


def text_features(texts: list[str], y: np.ndarray) -> Set:
    """Rows of unit length."""
    rows = sample(len(texts))
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True, dtype=np.float32)
    counts = words.fit_transform([texts[row] for row in rows])
    return normalize(TruncatedSVD(TEXT, random_state=0).fit_transform(counts)), y[rows]


def idx(path: Path) -> np.ndarray:
    """An array of bytes in the IDX format, whose header has one big-endian size a dimension."""
    content = gzip.decompress(path.read_bytes())
    dimensions = content[3]
    shape = np.frombuffer(content, ">i4", dimensions, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def debian(package: str, inside: str) -> Path:
    """The folder of an installed package, or of one that is fetched and unpacked without installing it."""
    for root in (Path("/"), cache_folder() / package):
        if (root / inside).is_dir():
            return root / inside
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise SystemExit(
            f"label_savings: the data of Debian's {package} is needed in {cache_folder() / package / inside}"
        )
    subprocess.run(["apt-get", "download", package], cwd=cache_folder(), check=True, stdout=subprocess.DEVNULL)
    archive = next(cache_folder().glob(f"{package}_*.deb"))
    subprocess.run(["dpkg", "-x", archive, cache_folder() / package], check=True)
    archive.unlink()
    return cache_folder() / package / inside
