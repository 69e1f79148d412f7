"""What the core is told of a model: enough to bound its scores."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from shortlist import _core

if TYPE_CHECKING:
    from numpy.typing import NDArray

Link = Literal["softmax", "logistic", "one_versus_rest"]
Outcome = Literal["mean", "softmax", "logistic"]
Tree = tuple[
    "NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.float64]", "NDArray[np.float64]"
]
"""Left and right children, features, thresholds and values of its nodes, one after the other."""


class Bounds(Protocol):
    """What is known of a model."""

    @property
    def kind(self) -> str:
        """What reports call it."""

    @property
    def features(self) -> int:
        """How many features it takes."""

    @property
    def binary(self) -> bool:
        """Whether they must be 0 or 1."""

    @property
    def sparse(self) -> bool:
        """Whether compressed rows can be read."""

    def model(self, dtype: np.dtype[Any], *, sparse: bool = False) -> _core.LinearModel | _core.TreeModel:
        """Return what the core computes with, for features of that type; made once."""


@dataclass(frozen=True)
class Linear:
    """A linear model: ``logits = X @ weights.T + intercepts``.

    Parameters
    ----------
    weights : ndarray of float64, shape (classes, features)
        One row where `link` is ``"logistic"``.
    intercepts : ndarray of float64, shape (classes,)
    link : {"softmax", "logistic", "one_versus_rest"}
        How logits become probabilities: together; of the second of two classes; or each, divided by
        their sum.
    dtype : dtype
        What the model multiplies its features by, which says how it rounds.
    hidden : float, default=0.0
        The size of numbers that cancel inside the intercepts, such as means that were subtracted.
    scaled : bool, default=False
        Whether features are scaled first, and rounded to their own type there.
    members : int, default=1
        Members of a committee, whose classes follow each other in `weights` and `intercepts`.
    sparse : bool, default=True
        Whether compressed rows can be read.
    binary : bool, default=False
        Whether this holds only where all features are 0 or 1.
    """

    weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    link: Link
    dtype: np.dtype[Any]
    hidden: float = 0.0
    scaled: bool = False
    members: int = 1
    sparse: bool = True
    binary: bool = False
    made: dict[Any, _core.LinearModel] = field(default_factory=dict, init=False, repr=False, compare=False)

    kind = "linear"

    @property
    def features(self) -> int:
        """How many features it takes."""
        return int(self.weights.shape[1])

    def model(self, dtype: np.dtype[Any], *, sparse: bool = False) -> _core.LinearModel:
        """Return what the core computes with, for features of that type; made once."""
        if (dtype, sparse) not in self.made:
            # The model multiplies in the wider of the two types, and rounds there.
            features = dtype if dtype.kind == "f" else np.dtype(np.float64)
            rounded = features if self.scaled else np.result_type(self.dtype, features)
            self.made[dtype, sparse] = _core.LinearModel(
                self.weights,
                self.intercepts,
                sparse=sparse,
                link=self.link,
                hidden=self.hidden,
                own_unit=float(np.finfo(rounded).eps) / 2,
                members=self.members,
            )
        return self.made[dtype, sparse]


@dataclass(frozen=True)
class Trees:
    """Trees whose leaves are added up.

    Parameters
    ----------
    trees : list of Tree
    features : int
    base : ndarray of float64, shape (classes,)
        What all rows start from; one number where `outcome` is ``"logistic"``.
    outcome : {"mean", "softmax", "logistic"}
        Probabilities, to be divided by the number of trees; logits of all classes in turn; of the
        second of two.
    double : bool, default=False
        Whether features are compared in float64 where they come so.
    """

    trees: list[Tree]
    features: int
    base: NDArray[np.float64]
    outcome: Outcome
    double: bool = False
    made: dict[bool, _core.TreeModel] = field(default_factory=dict, init=False, repr=False, compare=False)

    kind = "trees"
    sparse = False
    binary = False

    def model(self, dtype: np.dtype[Any], *, sparse: bool = False) -> _core.TreeModel:
        """Return what the core computes with, for features of that type; made once."""
        del sparse  # never: see above
        single = not (self.double and dtype == np.float64)
        if single not in self.made:
            self.made[single] = _core.TreeModel(
                self.trees, self.features, self.base, outcome=self.outcome, single=single
            )
        return self.made[single]
