"""compare(): which strategies actually differ on a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.arguments import as_ids, whole
from shortlist.by_name import DIVERSE, embedded, pick, wanted_of
from shortlist.comparison import Comparison
from shortlist.groups import as_labels, distinct
from shortlist.options import number
from shortlist.pools import open_pool, rows_of
from shortlist.registry import RANDOM, find_measure
from shortlist.scoring import score
from shortlist.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import ArrayLike, NDArray


RANKED = 200_000
"""Rows at most over which rank correlations are taken, drawn at random from larger pools."""


def compare(
    x: Any,
    strategies: Iterable[str] | Mapping[str, Any] | None = None,
    k: int = 100,
    *,
    embeddings: Any = None,
    labels: ArrayLike | None = None,
    near: float | None = None,
    from_logits: bool = False,
    temperature: float = 1.0,
    normalize: str = "check",
    random_state: int = 0,
    n_threads: int | None = None,
) -> Comparison:
    """Compare what strategies pick from one pool.

    Parameters
    ----------
    x : array-like or path, shape (rows, classes)
        Probabilities or logits, as for `select`. It is walked several times, so no iterator.
    strategies : list of str, or dict, optional
        Names of measures of a row, "random", and with `embeddings` those of diverse batches; in a
        dict also ids or a `Selection` that came from elsewhere. By default all of them.
    k : int, default=100
        Rows that each picks.
    embeddings : array-like or path of shape (rows, features), optional
        For diverse batches and near-duplicates.
    labels : array-like of shape (rows,), optional
        A class for each row, for the class mix; by default the most likely class.
    near : float, optional
        Near-duplicates are at most so far apart: by cosine distance of `embeddings`, 0.02 by
        default, or without these by half the absolute difference of the probabilities, 0.01 by
        default.
    from_logits : bool
        x holds logits, any finite numbers or -inf.
    temperature : float
        Divides the logits; above 0.
    normalize : {"check", "as_is", "renormalize"}
        Rows of probabilities must sum to 1; are taken as they are; or are divided by their sum.
    random_state : int, default=0
        Seed of random rows and of the sample for rank correlations.
    n_threads : int, optional
        At most so many threads; by default what affinity and cgroup limits allow.

    Returns
    -------
    Comparison
        Overlaps, rank correlations, class mix, near-duplicates and ties; shows itself as tables.

    Raises
    ------
    ValueError, TypeError
        One sentence that names the argument, what came and what is accepted; for data the first bad
        row.
    OSError
        A file that cannot be opened.

    Notes
    -----
    Each strategy takes its own time; the rest O(rows x classes), and for near-duplicates O(k^2) a
    strategy.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> probs = np.random.default_rng(0).dirichlet(np.ones(2), size=1000)
    >>> sl.compare(probs, ["margin", "entropy"], k=50).findings()
    ['margin, entropy pick nearly the same rows (overlap 1.00 or more)']
    """
    options: dict[str, Any] = {
        "from_logits": from_logits, "temperature": temperature, "normalize": normalize, "n_threads": n_threads,
    }  # fmt: skip
    pool = open_pool(x, committee=False, dtype=None)
    if pool.rows is None:
        raise TypeError("x is a stream, which can be walked once; accepted are arrays and files")
    k = whole(k, "k", least=2)
    if k > pool.rows:
        raise ValueError(f"k is {k:,}; accepted are at most the {pool.rows:,} rows of x")
    near = None if near is None else number(near, "near")
    embeddings = embedded(embeddings, pool.rows)
    wanted = wanted_of(strategies, from_logits, embeddings is not None)
    picks: dict[str, NDArray[np.int64]] = {}
    ties: dict[str, int] = {}
    for name, how in wanted.items():
        found = pick(how, x, k, embeddings, random_state, options) if isinstance(how, str) else how
        if isinstance(found, Selection):
            if found.measure != RANDOM:
                ties[name] = found.report.ties_left
            found = found.indices
        picks[name] = as_ids(found, name)
    rows = np.unique(np.concatenate(list(picks.values())))
    if rows[-1] >= pool.rows:
        raise ValueError(f"strategies has id {rows[-1]}; accepted are 0 to {pool.rows - 1}, the rows of x")
    labels = None if labels is None else as_labels(labels, name="labels")
    if labels is not None and labels.shape != (pool.rows,):
        raise ValueError(f"labels has shape {labels.shape}; accepted is ({pool.rows},), one for each row of x")
    classes, answers = _walk(pool, rows, labels)
    if embeddings is not None:
        points, near, by = np.asarray(embeddings[rows], np.float64), 0.02 if near is None else near, "cosine distance"
        points /= np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-300)
    else:
        points, near, by = _probabilities(answers, from_logits, temperature), 0.01 if near is None else near, "answer"
    return Comparison(
        tuple(picks),
        picks,
        np.array([[_overlap(a, b) for b in picks.values()] for a in picks.values()]),
        _rank_correlation(x, wanted, pool.rows, random_state, options),
        int(classes.max()) + 1,
        _mix(classes, picks),
        {name: _near(points[np.searchsorted(rows, ids)], near, by) for name, ids in picks.items()},
        f"{by} of at most {near:g} to a better pick",
        ties,
    )


def _walk(pool: Any, rows: NDArray[np.int64], labels: NDArray[Any] | None) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return a class for every row of the pool, and the answers for the picked rows."""
    codes, answers, done = [], [], 0
    for block in pool.blocks():
        part = pool.kept(block)
        if labels is None:
            codes.append(np.argmax(part, axis=1))
        inside = rows[(rows >= done) & (rows < done + rows_of(block))] - done
        answers.append(np.array(part[inside], dtype=np.float64))
        done += rows_of(block)
    if labels is None:
        return np.concatenate(codes), np.concatenate(answers)
    return distinct(labels).codes(labels).astype(np.int64), np.concatenate(answers)


def _probabilities(answers: NDArray[Any], from_logits: bool, temperature: float) -> NDArray[Any]:
    if from_logits:
        answers = np.exp((answers - answers.max(axis=1, keepdims=True)) / temperature)
    return np.asarray(answers / answers.sum(axis=1, keepdims=True))


def _overlap(a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
    both = len(np.intersect1d(a, b))
    return both / (len(a) + len(b) - both)


def _mix(classes: NDArray[np.int64], picks: dict[str, NDArray[np.int64]]) -> dict[str, NDArray[np.float64]]:
    size = int(classes.max()) + 1
    shares = {name: np.bincount(classes[ids], minlength=size) / len(ids) for name, ids in picks.items()}
    return {"pool": np.bincount(classes, minlength=size) / len(classes), **shares}


def _near(points: NDArray[np.float64], near: float, by: str) -> float:
    """Return the share of points that have an earlier one nearby; points come best first."""
    repeated = 0
    for place in range(1, len(points)):
        better, this = points[:place], points[place]
        apart = np.abs(better - this).sum(axis=1) / 2 if by == "answer" else 1 - better @ this
        repeated += bool((apart <= near).any())
    return repeated / len(points)


def _rank_correlation(
    x: Any, wanted: dict[str, Any], rows: int, seed: int, options: dict[str, Any]
) -> NDArray[np.float64]:
    from scipy.stats import rankdata

    drawn = slice(None)
    if rows > RANKED:
        drawn = np.sort(np.random.default_rng(seed).choice(rows, RANKED, replace=False))  # type: ignore[assignment]
    ranks: dict[int, NDArray[np.float64]] = {}
    for place, how in enumerate(wanted.values()):
        if isinstance(how, str) and how not in DIVERSE and how != RANDOM:
            values = score(x, how, **options)[drawn]
            ranks[place] = rankdata(-values if find_measure(how).order == "lowest" else values)
    matrix = np.full((len(wanted), len(wanted)), np.nan)
    for i, first in ranks.items():
        for j, second in ranks.items():
            constant = first.std() == 0 or second.std() == 0
            matrix[i, j] = np.nan if constant else np.corrcoef(first, second)[0, 1]
    return matrix
