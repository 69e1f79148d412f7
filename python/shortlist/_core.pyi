from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Labels",
    "LinearModel",
    "Scorer",
    "Selector",
    "alike",
    "badge",
    "build_info",
    "herding",
    "default_threads",
    "k_center",
    "k_center_by",
    "kmeans_plus_plus",
    "measures",
    "near_best_ranks",
    "min_distances",
    "offer_rows",
    "pick_offered",
    "density",
    "part_sums",
    "add_terms",
    "ALONE",
    "TERM",
    "TreeModel",
    "Turn",
    "read_all",
    "score_at_once",
    "select_at_once",
    "typiclust",
    "uncertain_batch",
    "uncertain_batch_by",
]

_Block: TypeAlias = NDArray[Any] | list[NDArray[Any]]
_Groups: TypeAlias = NDArray[np.uint32] | tuple[NDArray[np.uint8], "Labels"]
_Progress: TypeAlias = Callable[[int, int], object]

def measures() -> list[dict[str, Any]]: ...
def build_info() -> dict[str, Any]: ...
def default_threads() -> int: ...
def alike(items: Sequence[NDArray[Any]]) -> bool: ...
def select_at_once(
    scorer: Scorer, x: NDArray[Any], k: int, n_threads: int
) -> tuple[NDArray[np.int64], NDArray[np.floating[Any]], dict[str, Any]] | None: ...
def score_at_once(scorer: Scorer, x: NDArray[Any], out: NDArray[np.floating[Any]], n_threads: int) -> bool: ...
def near_best_ranks(
    scores: NDArray[np.floating[Any]],
    k: int,
    *,
    order: str,
    seed: int,
    coldness: float,
    exclude: NDArray[np.bool] | None = None,
) -> tuple[NDArray[np.uint64], NDArray[np.float64], int]: ...
def k_center(
    x: NDArray[Any],
    k: int,
    *,
    bfloat16: bool = False,
    labelled: NDArray[np.float64] | None = None,
    init: str | int | None = None,
    metric: str = "euclidean",
    among: NDArray[np.int64] | None = None,
    held: int | None = None,
    n_threads: int | None = None,
    progress: _Progress | None = None,
    cpu_level: str | None = None,
) -> dict[str, Any]: ...
def k_center_by(
    distances: Any,
    rows: int,
    k: int,
    *,
    labelled: int = 0,
    init: str | int | None = None,
    among: NDArray[np.int64] | None = None,
    progress: _Progress | None = None,
) -> dict[str, Any]: ...
def badge(
    probs: NDArray[Any],
    x: NDArray[Any],
    k: int,
    *,
    from_logits: bool = False,
    seed: int = 0,
    among: NDArray[np.int64] | None = None,
    bfloat16: tuple[bool, bool] = ...,
    n_threads: int | None = None,
    progress: _Progress | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64], int]: ...
def kmeans_plus_plus(
    x: NDArray[Any],
    k: int,
    *,
    labelled: NDArray[Any] | None = None,
    seed: int = 0,
    among: NDArray[np.int64] | None = None,
    bfloat16: bool = False,
    n_threads: int | None = None,
    progress: _Progress | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64], int]: ...
def herding(
    x: NDArray[Any],
    k: int,
    references: NDArray[np.int64],
    *,
    weights: NDArray[np.float64] | None = None,
    kernel: str = "gaussian",
    scale: float | None = None,
    metric: str = "euclidean",
    bfloat16: bool = False,
    labelled: NDArray[np.float64] | None = None,
    among: NDArray[np.int64] | None = None,
    n_threads: int | None = None,
    progress: _Progress | None = None,
) -> dict[str, Any]: ...
def typiclust(
    x: NDArray[Any],
    members: NDArray[np.int64],
    sizes: list[int],
    picks: list[int],
    *,
    neighbours: int = 20,
    bfloat16: bool = False,
    n_threads: int | None = None,
    progress: _Progress | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]: ...
def uncertain_batch(
    x: NDArray[Any],
    uncertainty: NDArray[np.float64],
    k: int,
    *,
    weights: tuple[float, float] | None = None,
    bfloat16: bool = False,
    labelled: NDArray[np.float64] | None = None,
    metric: str = "euclidean",
    among: NDArray[np.int64] | None = None,
    n_threads: int | None = None,
    progress: _Progress | None = None,
    cpu_level: str | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]: ...
def uncertain_batch_by(
    distances: Any,
    rows: int,
    uncertainty: NDArray[np.float64],
    k: int,
    *,
    labelled: int = 0,
    weights: tuple[float, float] | None = None,
    among: NDArray[np.int64] | None = None,
    progress: _Progress | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]: ...
def offer_rows(
    x: NDArray[Any],
    ids: NDArray[np.int64],
    nearest: NDArray[np.float64],
    seen: NDArray[np.uint32],
    points: NDArray[np.float64],
    amount: int,
    ahead: int,
    *,
    metric: str = "euclidean",
    uncertainty: NDArray[np.float64] | None = None,
    all: int = 0,  # noqa: A002
    bfloat16: bool = False,
    n_threads: int | None = None,
) -> tuple[
    NDArray[np.float64], NDArray[np.uint32], NDArray[np.int64], tuple[NDArray[np.float64], NDArray[np.int64]], int
]: ...
def pick_offered(
    x: NDArray[Any],
    ids: NDArray[np.int64],
    nearest: NDArray[np.float64],
    points: int,
    bound_keys: NDArray[np.float64],
    bound_ids: NDArray[np.int64],
    wanted: int,
    *,
    metric: str = "euclidean",
    uncertainty: NDArray[np.float64] | None = None,
    all: int = 0,  # noqa: A002
    bfloat16: bool = False,
    n_threads: int | None = None,
) -> tuple[NDArray[np.bool], NDArray[np.int64], NDArray[np.float64], bool, float, int]: ...
def min_distances(
    x: NDArray[Any],
    y: NDArray[Any],
    *,
    metric: str = "euclidean",
    among: NDArray[np.int64] | None = None,
    bfloat16: tuple[bool, bool] = ...,
    n_threads: int | None = None,
    progress: _Progress | None = None,
    cpu_level: str | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]: ...
def density(
    x: NDArray[Any],
    *,
    metric: str = "euclidean",
    references: NDArray[np.int64] | None = None,
    bfloat16: bool = False,
    n_threads: int | None = None,
    progress: _Progress | None = None,
    cpu_level: str | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]: ...
def part_sums(
    x: NDArray[Any],
    *,
    metric: str = "euclidean",
    before: int = 0,
    open: NDArray[np.float64] | None = None,  # noqa: A002
    bfloat16: bool = False,
    n_threads: int | None = None,
) -> NDArray[np.float64]: ...
def add_terms(
    rows: int,
    finished: NDArray[np.float64],
    open: NDArray[np.float64],  # noqa: A002
    terms: NDArray[np.float64],
    more: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]: ...

ALONE: int
TERM: int

def read_all(words: NDArray[np.float64], n_threads: int) -> int: ...

@final
class Labels:
    def __new__(cls, labels: NDArray[np.uint8]) -> Labels: ...
    @staticmethod
    def unknown(width: int) -> Labels: ...
    @staticmethod
    def met(labels: NDArray[np.uint8], n_threads: int | None) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]: ...

@final
class Scorer:
    def __new__(
        cls,
        measure: str,
        *,
        from_logits: bool = False,
        temperature: float = 1.0,
        normalize: str = "check",
        invalid: str = "raise",
        cpu_level: str | None = None,
    ) -> Scorer: ...
    @property
    def measure(self) -> str: ...
    @property
    def order(self) -> Literal["highest", "lowest"]: ...
    @property
    def kind(self) -> Literal["row", "committee"]: ...
    @property
    def from_logits(self) -> bool: ...
    @property
    def temperature(self) -> float: ...
    @property
    def normalize(self) -> str: ...
    @property
    def invalid(self) -> str: ...
    @property
    def cpu_level(self) -> str: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]: ...
    def score(
        self,
        x: _Block,
        out: NDArray[np.floating[Any]],
        *,
        bfloat16: bool = False,
        first_row: int = 0,
        n_threads: int | None = None,
        progress: _Progress | None = None,
    ) -> dict[str, int]: ...
    def diagnose(self, x: _Block, *, bfloat16: bool = False, first_row: int = 0, limit: int = 10) -> dict[str, Any]: ...

@final
class Selector:
    def __new__(
        cls,
        k: int,
        *,
        scorer: Scorer | None = None,
        order: str = "highest",
        ties: str = "first",
        seed: int = 0,
        perturb: str | None = None,
        coldness: float = 1.0,
        per_group: int | None = None,
        quotas: NDArray[np.int64] | None = None,
        exclude: NDArray[np.int64] | None = None,
        invalid: str = "raise",
    ) -> Selector: ...
    def update(
        self,
        x: _Block,
        *,
        bfloat16: bool = False,
        first_id: int = 0,
        ids: NDArray[np.int64] | None = None,
        exclude: NDArray[np.bool] | None = None,
        groups: _Groups | None = None,
        n_threads: int | None = None,
        progress: _Progress | None = None,
    ) -> None: ...
    def update_all(
        self,
        arrays: list[NDArray[Any]],
        *,
        first_id: int = 0,
        ids: NDArray[np.int64] | None = None,
        exclude: NDArray[np.bool] | None = None,
        groups: _Groups | None = None,
        n_threads: int | None = None,
        progress: _Progress | None = None,
    ) -> None: ...
    def update_columns(
        self,
        columns: list[NDArray[Any]],
        *,
        first_id: int = 0,
        ids: NDArray[np.int64] | None = None,
        exclude: NDArray[np.bool] | None = None,
        groups: _Groups | None = None,
        n_threads: int | None = None,
        progress: _Progress | None = None,
    ) -> None: ...
    def update_scores(
        self,
        scores: NDArray[np.floating[Any]],
        *,
        first_id: int = 0,
        ids: NDArray[np.int64] | None = None,
        exclude: NDArray[np.bool] | None = None,
        groups: _Groups | None = None,
        n_threads: int | None = None,
    ) -> None: ...
    def update_count(
        self,
        rows: int,
        *,
        first_id: int = 0,
        ids: NDArray[np.int64] | None = None,
        exclude: NDArray[np.bool] | None = None,
        groups: _Groups | None = None,
        progress: _Progress | None = None,
    ) -> None: ...
    def draft(self) -> Selector: ...
    def commit(self, draft: Selector) -> None: ...
    def __copy__(self) -> Selector: ...
    def merge(self, other: Selector) -> None: ...
    def finish(self) -> tuple[NDArray[np.int64], NDArray[np.float64], dict[str, Any]]: ...
    @staticmethod
    def restore(
        bytes: bytes,  # noqa: A002
        scorer: Scorer | None,
        skip: bool,
        classes: int | None,
        read: int,
        scored: int,
    ) -> Selector: ...

_Candidates: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]
_Curves: TypeAlias = Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]

@final
class LinearModel:
    def __new__(
        cls,
        weights: NDArray[np.float64],
        intercepts: NDArray[np.float64],
        *,
        sparse: bool = False,
        link: str = "softmax",
        hidden: float = 0.0,
        own_unit: float = 0.0,
        own_sizes: NDArray[np.float64] | None = None,
        own_steps: int = 0,
        members: int = 1,
        together: str = "one",
        curves: _Curves = ...,
    ) -> LinearModel: ...
    def candidates(
        self,
        x: NDArray[Any],
        measure: str,
        k: int,
        *,
        n_threads: int | None = None,
        progress: _Progress | None = None,
        cpu_level: str | None = None,
    ) -> _Candidates | None: ...
    def candidates_of_sparse(
        self,
        indptr: NDArray[Any],
        indices: NDArray[Any],
        data: NDArray[Any],
        width: int,
        measure: str,
        k: int,
        *,
        n_threads: int | None = None,
        progress: _Progress | None = None,
        cpu_level: str | None = None,
    ) -> _Candidates | None: ...

@final
class TreeModel:
    def __new__(
        cls,
        trees: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], int]],
        features: int,
        base: NDArray[np.float64],
        *,
        link: str = "given",
        single: bool = True,
        own_unit: float = 0.0,
        members: int = 1,
        together: str = "one",
        curves: _Curves = ...,
    ) -> TreeModel: ...
    def candidates(
        self,
        x: NDArray[Any],
        measure: str,
        k: int,
        *,
        n_threads: int | None = None,
        progress: _Progress | None = None,
        cpu_level: str | None = None,
    ) -> _Candidates | None: ...

@final
class Turn:
    def __new__(cls, name: str) -> Turn: ...
    def __enter__(self) -> None: ...
    def __exit__(self, *_raised: object) -> None: ...
