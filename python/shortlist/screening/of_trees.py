"""Trees, forests and boosted trees of scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.screening.bounds import Trees
from shortlist.screening.classes import is_exactly

if TYPE_CHECKING:
    from shortlist.screening.bounds import Outcome, Tree


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
    outcome: Outcome = "logistic" if members.shape[1] == 1 else "softmax"
    trees = [_tree(member.tree_, rate * member.tree_.value[:, 0, 0]) for member in members.ravel()]
    return Trees(trees, model.n_features_in_, np.ascontiguousarray(start[0], dtype=np.float64), outcome)


def boosted_by_histograms(model: Any) -> Trees | None:
    """Read a `HistGradientBoostingClassifier` without categorical features."""
    if model._preprocessor is not None or model.is_categorical_ is not None:
        return None
    stages = model._predictors
    start = np.ascontiguousarray(model._baseline_prediction, dtype=np.float64).ravel()
    trees = [_by_histograms(member.nodes) for stage in stages for member in stage]
    return Trees(trees, model.n_features_in_, start, "logistic" if len(start) == 1 else "softmax", double=True)


def _mean(members: list[Any], model: Any) -> Trees | None:
    if model.n_outputs_ != 1 or model.n_classes_ < 2:
        return None
    trees = [_tree(member.tree_, member.tree_.value[:, 0, :]) for member in members]
    return Trees(trees, model.n_features_in_, np.zeros(model.n_classes_), "mean")


def _tree(nodes: Any, values: Any) -> Tree:
    return _numbers(nodes.children_left, nodes.children_right, nodes.feature, nodes.threshold, values)


def _by_histograms(nodes: Any) -> Tree:
    if nodes["is_categorical"].any():
        raise ValueError("a split by category has no threshold")
    leaf = nodes["is_leaf"].astype(bool)
    left, right = (np.where(leaf, -1, nodes[side].astype(np.int64)) for side in ("left", "right"))
    return _numbers(left, right, nodes["feature_idx"], nodes["num_threshold"], nodes["value"])


def _numbers(left: Any, right: Any, feature: Any, threshold: Any, values: Any) -> Tree:
    left, right, feature = (np.require(part, np.int64, ["C", "A"]) for part in (left, right, feature))
    threshold, values = (np.require(part, np.float64, ["C", "A"]).ravel() for part in (threshold, values))
    return left, right, feature, threshold, values
