"""What the core is told of a model: enough to bound its scores."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import numpy as np

from shortlist import _core

if TYPE_CHECKING:
    from numpy.typing import NDArray

Link = Literal["softmax", "logistic", "one_versus_rest", "given"]
Together = Literal["one", "committee", "mean"]
Tree = tuple[
    "NDArray[np.int64]",
    "NDArray[np.int64]",
    "NDArray[np.int64]",
    "NDArray[np.float64]",
    "NDArray[np.float64]",
    int,
]
"""Left and right children, features, thresholds and values of its nodes, one after the other, and
the output that its leaves are added to."""
Curve = tuple["NDArray[np.float64]", "NDArray[np.float64]"]
"""Where it bends, and how high it is there."""


class Bounds(Protocol):
    """What is known of a model."""

    @property
    def kind(self) -> str:
        """What reports call it."""

    @property
    def features(self) -> int:
        """How many features it takes."""

    @property
    def outputs(self) -> int:
        """How many numbers it makes of a row."""

    @property
    def link(self) -> Link:
        """How they become probabilities."""

    @property
    def together(self) -> Together:
        """What is made of what its members say."""

    @property
    def binary(self) -> bool:
        """Whether features must be 0 or 1."""

    @property
    def sparse(self) -> bool:
        """Whether compressed rows can be read."""

    def model(self, dtype: np.dtype[Any], *, sparse: bool = False) -> _core.LinearModel | _core.TreeModel:
        """Return what the core computes with, for features of that type; made once."""

    def moved(self, factors: NDArray[np.float64], shifts: NDArray[np.float64], link: Link) -> Self:
        """Return the same where each output is multiplied and moved, for another link."""

    def beside(self, others: list[Any], together: Together, curves: list[Curve]) -> Self | None:
        """Return several as the members of one; None where they are not alike."""


@dataclass(frozen=True)
class Linear:
    """A linear model: ``logits = X @ weights.T + intercepts``.

    Parameters
    ----------
    weights : ndarray of float64, shape (outputs, features)
        One row where `link` is ``"logistic"``.
    intercepts : ndarray of float64, shape (outputs,)
    link : {"softmax", "logistic", "one_versus_rest"}
        How logits become probabilities: together; of the second of two classes; or each, divided by
        their sum.
    dtype : dtype
        What the model multiplies its features by, which says how it rounds.
    hidden : float, default=0.0
        The size of numbers that cancel inside the intercepts, such as means that were subtracted.
    scaled : bool, default=False
        Whether features are scaled first, and rounded to their own type there.
    own_sizes : ndarray of float64, shape (features,), optional
        Where the weights are a product of others: what each feature is multiplied by on the way,
        sizes added up.
    own_steps : int, default=0
        The sums on the way that such weights stand for.
    members : int, default=1
        Members, whose outputs follow each other in `weights` and `intercepts`.
    together : {"one", "committee", "mean"}, default="one"
        What is made of what they say.
    curves : list of Curve, default=[]
        What each output is looked up in.
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
    own_sizes: NDArray[np.float64] | None = None
    own_steps: int = 0
    members: int = 1
    together: Together = "one"
    curves: list[Curve] = field(default_factory=list)
    sparse: bool = True
    binary: bool = False
    made: dict[Any, _core.LinearModel] = field(default_factory=dict, init=False, repr=False, compare=False)

    kind = "linear"

    @property
    def features(self) -> int:
        """How many features it takes."""
        return int(self.weights.shape[1])

    @property
    def outputs(self) -> int:
        """How many logits it makes of a row."""
        return len(self.intercepts)

    @property
    def sizes(self) -> NDArray[np.float64]:
        """What each feature is multiplied by on the way, sizes added up."""
        sizes: NDArray[np.float64] = np.abs(self.weights).max(axis=0)
        return sizes if self.own_sizes is None else np.maximum(sizes, self.own_sizes)

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
                own_sizes=self.own_sizes,
                own_steps=self.own_steps,
                members=self.members,
                together=self.together,
                curves=self.curves,
            )
        return self.made[dtype, sparse]

    def moved(self, factors: NDArray[np.float64], shifts: NDArray[np.float64], link: Link) -> Linear:
        """Return the same where each output is multiplied and moved, for another link."""
        most = float(np.abs(factors).max())
        intercepts = factors * self.intercepts
        return replace(
            self,
            weights=factors[:, None] * self.weights,
            intercepts=intercepts + shifts,
            hidden=most * self.hidden + float(np.abs(intercepts).max() + np.abs(shifts).max()),
            own_sizes=None if self.own_sizes is None else most * self.own_sizes,
            own_steps=self.own_steps + 2,
            link=link,
        )

    def beside(self, others: list[Any], together: Together, curves: list[Curve]) -> Linear | None:
        """Return several as the members of one; None where they are not alike."""
        known = [bounds for bounds in others if isinstance(bounds, Linear)]
        if len(known) < len(others):
            return None
        for bounds in known:
            alike = (bounds.weights.shape, bounds.link, bounds.dtype, bounds.scaled)
            if alike != (self.weights.shape, self.link, self.dtype, self.scaled) or bounds.together != "one":
                return None
        sizes = [bounds.own_sizes for bounds in known]
        plain = all(size is None for size in sizes)
        return replace(
            self,
            weights=np.concatenate([bounds.weights for bounds in known]),
            intercepts=np.concatenate([bounds.intercepts for bounds in known]),
            hidden=max(bounds.hidden for bounds in known),
            own_sizes=None if plain else np.max([bounds.sizes for bounds in known], axis=0),
            own_steps=max(bounds.own_steps for bounds in known),
            members=len(known),
            together=together,
            curves=curves,
            sparse=all(bounds.sparse for bounds in known),
            binary=any(bounds.binary for bounds in known),
        )


@dataclass(frozen=True)
class Trees:
    """Trees whose leaves are added up.

    Parameters
    ----------
    trees : list of Tree
    features : int
    base : ndarray of float64, shape (outputs,)
        What all rows start from; one number where `link` is ``"logistic"``.
    link : {"given", "softmax", "logistic", "one_versus_rest"}
        What the sums are: probabilities; logits of all classes; of the second of two; or of each
        class against the others.
    double : bool, default=False
        Whether features are compared in float64 where they come so.
    own_unit : float, default=0.0
        What a step of the model's own arithmetic is off by; 0 where that is float64.
    members : int, default=1
        Members, whose outputs follow each other in `base`.
    together : {"one", "committee", "mean"}, default="one"
        What is made of what they say.
    curves : list of Curve, default=[]
        What each output is looked up in.
    """

    trees: list[Tree]
    features: int
    base: NDArray[np.float64]
    link: Link
    double: bool = False
    own_unit: float = 0.0
    members: int = 1
    together: Together = "one"
    curves: list[Curve] = field(default_factory=list)
    made: dict[bool, _core.TreeModel] = field(default_factory=dict, init=False, repr=False, compare=False)

    kind = "trees"
    sparse = False
    binary = False

    @property
    def outputs(self) -> int:
        """How many numbers the leaves of a row come to."""
        return len(self.base)

    def model(self, dtype: np.dtype[Any], *, sparse: bool = False) -> _core.TreeModel:
        """Return what the core computes with, for features of that type; made once."""
        del sparse  # never: see above
        single = not (self.double and dtype == np.float64)
        if single not in self.made:
            self.made[single] = _core.TreeModel(
                self.trees,
                self.features,
                self.base,
                link=self.link,
                single=single,
                own_unit=self.own_unit,
                members=self.members,
                together=self.together,
                curves=self.curves,
            )
        return self.made[single]

    def moved(self, factors: NDArray[np.float64], shifts: NDArray[np.float64], link: Link) -> Trees:
        """Return the same where each output is multiplied and moved, for another link."""
        trees: list[Tree] = []
        for left, right, feature, threshold, values, column in self.trees:
            width = len(values) // len(left)
            turned = values.reshape(len(left), width) * factors[column : column + width]
            trees.append((left, right, feature, threshold, turned.ravel(), column))
        return replace(self, trees=trees, base=factors * self.base + shifts, link=link)

    def beside(self, others: list[Any], together: Together, curves: list[Curve]) -> Trees | None:
        """Return several as the members of one; None where they are not alike."""
        known = [bounds for bounds in others if isinstance(bounds, Trees)]
        if len(known) < len(others):
            return None
        trees: list[Tree] = []
        for member, bounds in enumerate(known):
            alike = (bounds.features, bounds.outputs, bounds.link, bounds.double, bounds.own_unit)
            if alike != (self.features, self.outputs, self.link, self.double, self.own_unit):
                return None
            if bounds.together != "one":
                return None
            trees += [(*tree[:5], tree[5] + member * self.outputs) for tree in bounds.trees]
        base = np.concatenate([bounds.base for bounds in known])
        return replace(self, trees=trees, base=base, members=len(known), together=together, curves=curves)
