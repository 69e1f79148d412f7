"""`LGBMClassifier`, by `dump_model` of its booster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.screening.bounds import Trees
from shortlist.screening.of_trees import tree_of

if TYPE_CHECKING:
    from shortlist.screening.bounds import Link, Tree


def boosted(model: Any) -> Trees | None:
    """Read an `LGBMClassifier` of trees of numbers.

    It compares features in float64, and adds leaves up in float64.
    """
    booster = model.booster_
    # Where it is to stop early, its answers are rough.
    if any(booster.params.get(name) for name in ("pred_early_stop", "linear_tree", "linear_trees")):
        return None
    dump = booster.dump_model()
    words = dump["objective"].split()
    if dump["average_output"] or dump["pandas_categorical"] or len(words) != 2:
        return None
    outputs = int(dump["num_tree_per_iteration"])
    trees = [_tree(tree, place % outputs) for place, tree in enumerate(dump["tree_info"])]
    link: Link
    (name, value), steep = (words[0], words[1].split(":")), 1.0
    if (name, value[0]) == ("binary", "sigmoid") and outputs == 1:
        link, steep = "logistic", float(value[1])
    elif (name, value) == ("multiclass", ["num_class", str(outputs)]):
        link = "softmax"
    else:
        return None
    bounds = Trees(trees, int(dump["max_feature_idx"]) + 1, np.zeros(outputs), link, double=True)
    return bounds if steep == 1 else bounds.moved(np.full(outputs, steep), np.zeros(outputs), link)


def _tree(tree: dict[str, Any], column: int) -> Tree:
    left: list[int] = []
    right: list[int] = []
    nodes: list[tuple[int, float, float]] = []
    # Each parent before its children; who waits says where its number goes.
    waiting: list[tuple[dict[str, Any], list[int] | None, int]] = [(tree["tree_structure"], None, 0)]
    while waiting:
        node, parents, parent = waiting.pop()
        if parents is not None:
            parents[parent] = len(nodes)
        place = len(nodes)
        left.append(-1)
        right.append(-1)
        if "left_child" in node:
            if node["decision_type"] != "<=" or node["missing_type"] not in ("None", "NaN"):
                raise ValueError("a split by category has no threshold, and where 0 is missing it goes its own way")
            waiting += [(node["right_child"], right, place), (node["left_child"], left, place)]
            nodes.append((node["split_feature"], node["threshold"], 0.0))
        elif "leaf_const" in node or "leaf_value" not in node:
            raise ValueError("a leaf that is a linear model has no value")
        else:
            nodes.append((0, 0.0, node["leaf_value"]))
    features, thresholds, values = zip(*nodes, strict=True)
    return tree_of((left, right, features, thresholds), values, column)
