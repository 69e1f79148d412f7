"""Trees, forests and boosted trees of scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.screening.bounds import Trees
from shortlist.screening.classes import is_exactly

if TYPE_CHECKING:
    from shortlist.screening.bounds import Link, Tree


def tree(model: Any) -> Trees | None:
    """Read a `DecisionTreeClassifier`."""
    return _mean([model], model)


def forest(model: Any) -> Trees | None:
    """Read a `RandomForestClassifier` or an `ExtraTreesClassifier`."""
    return _mean(model.estimators_, model)


def boosted(model: Any) -> Trees | None:
    """Read a `GradientBoostingClassifier` of logistic loss that starts from a constant."""
    constant = is_exactly(model.init_, "dummy", "DummyClassifier")
    if model.loss != "log_loss" or not constant:
        return None
    members, rate = model.estimators_, float(model.learning_rate)
    start = np.asarray(model._raw_predict_init(np.zeros((1, model.n_features_in_), dtype=np.float32)))
    link: Link = "logistic" if members.shape[1] == 1 else "softmax"
    trees = [
        tree_of(_nodes(member.tree_), rate * member.tree_.value[:, 0, 0], column)
        for stage in members
        for column, member in enumerate(stage)
    ]
    return Trees(trees, model.n_features_in_, np.ascontiguousarray(start[0], dtype=np.float64), link)


def boosted_by_histograms(model: Any) -> Trees | None:
    """Read a `HistGradientBoostingClassifier` without categorical features."""
    if model._preprocessor is not None or model.is_categorical_ is not None:
        return None
    stages = model._predictors
    start = np.ascontiguousarray(model._baseline_prediction, dtype=np.float64).ravel()
    trees = [_by_histograms(member.nodes, column) for stage in stages for column, member in enumerate(stage)]
    return Trees(trees, model.n_features_in_, start, "logistic" if len(start) == 1 else "softmax", double=True)


def second_of_two(bounds: Trees) -> Trees:
    """Return what a tree or a forest says of its second class alone, where it has two."""
    if bounds.link != "given" or bounds.outputs != 2:
        return bounds
    trees = [
        tree_of((left, right, feature, threshold), values.reshape(-1, 2)[:, 1])
        for left, right, feature, threshold, values, _ in bounds.trees
    ]
    return Trees(trees, bounds.features, np.zeros(1), "logistic")


def tree_of(nodes: Any, values: Any, column: int = 0) -> Tree:
    """Return a tree as the core takes it, from children, features, thresholds and values."""
    left, right, feature = (np.require(part, np.int64, ["C", "A"]) for part in nodes[:3])
    threshold, values = (np.require(part, np.float64, ["C", "A"]).ravel() for part in (nodes[3], values))
    return left, right, feature, threshold, values, column


def _mean(members: list[Any], model: Any) -> Trees | None:
    if model.n_outputs_ != 1 or model.n_classes_ < 2:
        return None
    trees = [tree_of(_nodes(member.tree_), member.tree_.value[:, 0, :] / len(members)) for member in members]
    return Trees(trees, model.n_features_in_, np.zeros(model.n_classes_), "given")


def _nodes(tree: Any) -> Any:
    return tree.children_left, tree.children_right, tree.feature, tree.threshold


def _by_histograms(nodes: Any, column: int) -> Tree:
    if nodes["is_categorical"].any():
        raise ValueError("a split by category has no threshold")
    leaf = nodes["is_leaf"].astype(bool)
    left, right = (np.where(leaf, -1, nodes[side].astype(np.int64)) for side in ("left", "right"))
    return tree_of((left, right, nodes["feature_idx"], nodes["num_threshold"]), nodes["value"], column)
