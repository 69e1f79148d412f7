"""`XGBClassifier`, by the JSON that it saves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.screening.bounds import Trees
from shortlist.screening.of_trees import tree_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.screening.bounds import Link, Tree

_LINKS: dict[str, Link] = {"binary:logistic": "logistic", "multi:softprob": "softmax"}
"""What sums of leaves are, by objective."""


def boosted(model: Any) -> Trees | None:
    """Read an `XGBClassifier` of trees of numbers.

    It rounds features to float32, goes left below a threshold, and adds leaves up in float32.
    """
    booster = model.get_booster()
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    link, grown = _LINKS.get(learner["objective"]["name"]), learner["gradient_booster"]
    if link is None or grown["name"] != "gbtree" or not np.isnan(float(model.missing)):
        return None
    trees, classes = grown["model"]["trees"], grown["model"]["tree_info"]
    if "best_iteration" in learner["attributes"]:
        # Rounds after the best one are not used.
        trees = trees[: grown["model"]["iteration_indptr"][int(learner["attributes"]["best_iteration"]) + 1]]
    base = _base(learner["learner_model_param"], link)
    read = [_tree(tree, column) for tree, column in zip(trees, classes, strict=False)]
    features = int(learner["learner_model_param"]["num_feature"])
    return Trees(read, features, base, link, own_unit=float(np.finfo(np.float32).eps) / 2)


def _base(parameters: dict[str, str], link: Link) -> NDArray[np.float64]:
    """Return what all rows start from: of two classes what is saved is the share of the second."""
    saved = json.loads(parameters["base_score"])
    base = np.atleast_1d(np.asarray(saved, dtype=np.float32))
    if link == "logistic":
        base = -np.log(np.float32(1) / base - np.float32(1))
    outputs = max(1, int(parameters["num_class"]))
    return np.ascontiguousarray(np.broadcast_to(base, outputs), dtype=np.float64)


def _tree(tree: dict[str, Any], column: int) -> Tree:
    if any(tree["split_type"]) or tree["tree_param"]["size_leaf_vector"] not in ("0", "1"):
        raise ValueError("a split by category has no threshold, and a leaf of several numbers no column")
    left = np.asarray(tree["left_children"], dtype=np.int64)
    # A leaf has its value where other nodes have their threshold.
    split = np.asarray(tree["split_conditions"], dtype=np.float32)
    below = np.nextafter(split, np.float32(-np.inf))
    nodes = left, tree["right_children"], tree["split_indices"], np.where(left < 0, 0, below)
    return tree_of(nodes, np.where(left < 0, split, 0), column)
