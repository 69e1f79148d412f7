"""The names that a spec may have for strategies, estimators and the rest,
as this version knows them.
"""

from __future__ import annotations

from typing import Any

from shortlist.by_name import DIVERSE
from shortlist.loop.cleanlab.needed import ACTIVELAB
from shortlist.loop.spec.checks import Wrong, is_path
from shortlist.loop.spec.toml import shown
from shortlist.registry import RANDOM, RULES, STRATEGY, did_you_mean, elsewhere, measures

ESTIMATORS: tuple[str, ...] = ("tfidf-logistic", "logistic", "forest", "boosting")
TEXT_ESTIMATOR = "tfidf-logistic"
"""The one that reads text and nothing else; the others take the matrix that text becomes."""
SEEDS = (RANDOM, "k_center", "typiclust")
STRATIFIED = "stratified:"
"""What goes before the column of groups that a seed takes its rows from in proportion."""
TOOLS: tuple[str, ...] = (
    "page",
    "csv",
    "jsonl",
    "parquet",
    "datasets",
    "label-studio",
    "prodigy",
    "argilla",
    "doccano",
)
TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".pq", ".arrow", ".feather", ".ipc", ".arrows")
ARRAYS = (".npy", ".npz", ".h5", ".hdf5", ".zarr")


def rules() -> tuple[str, ...]:
    """Return the strategies that pick rows which differ from each other."""
    return tuple(DIVERSE)


def strategies() -> tuple[str, ...]:
    """Return every strategy that can be asked for by name."""
    return (*(m.name for m in measures()), *rules(), ACTIVELAB, RANDOM)


def strategy(value: Any) -> str:
    """Check the name of a strategy; ``margin_sampling`` is ``margin``."""
    known = strategies()
    accepted = f"accepted are {', '.join(known)}, and package.module:function"
    if not isinstance(value, str):
        raise Wrong(accepted)
    plain = RULES.get(value, value.removesuffix(STRATEGY))
    if plain in known or is_path(value):
        return plain
    if elsewhere(value) is not None:
        accepted += f"; {value} asks a learner, and a loop has only what the model says of each row"
    raise Wrong(accepted + did_you_mean(value, known))


def seed_how(value: Any) -> str:
    """Check how the first rows are found; the column of groups is checked beside the pool's."""
    accepted = f"accepted are {', '.join(SEEDS)}, and {STRATIFIED}COLUMN"
    if not isinstance(value, str):
        raise Wrong(accepted)
    head, colon, column = (part.strip() for part in value.partition(":"))
    if head in SEEDS and not colon:
        return head
    if head == STRATIFIED[:-1] and column:
        return f"{STRATIFIED}{column}"
    if head == STRATIFIED[:-1]:
        raise Wrong(f"accepted is as {STRATIFIED}COLUMN", f"is {shown(value)}, which names no column")
    raise Wrong(accepted + did_you_mean(head, [*SEEDS, STRATIFIED[:-1]]))


def is_array(path: str) -> bool:
    """Whether a pool's path is that of arrays, which have no columns."""
    return path.lower().endswith(ARRAYS)
