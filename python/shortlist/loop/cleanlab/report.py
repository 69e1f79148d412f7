"""Cleanlab's report of a loop's labels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.cleanlab.needed import module
from shortlist.loop.errors import LoopError
from shortlist.loop.out_of_fold import ARRAY, ROWS

if TYPE_CHECKING:
    from shortlist.loop.store import Store


def datalab_of(store: Store) -> Any:
    """Return a ``Datalab`` of what the last model was trained on, with its label issues found.

    Raises
    ------
    LoopError
        No model yet, one without answers out of fold, or Cleanlab is not installed.
    """
    models = store.models()
    if not models:
        raise LoopError("there is no model yet, and what Cleanlab says of labels rests on one")
    kept = models[-1].estimate
    if not kept.get(ARRAY):
        raise LoopError(
            f"model {models[-1].number} says nothing of rows that it wasn't trained on: it takes 10 labels, and an estimator"
        )
    said = np.load(store.blob(kept[ARRAY])).astype(np.float64)
    ids, labels = json.loads(store.blob(kept[ROWS]).read_bytes())
    names = sorted(store.spec.classes)  # Datalab's order of columns is that of the names
    there = [name for name in names if name in set(labels)]
    columns = said[:, [store.spec.classes.index(name) for name in there]]
    try:
        lab = module("datalab.datalab").Datalab({"id": ids, "label": labels}, label_name="label", verbosity=1)
    except ImportError as error:
        raise LoopError(f"Datalab can't be made ({error}); run: pip install 'shortlist[cleanlab]'") from None
    lab.find_issues(pred_probs=columns / columns.sum(axis=1, keepdims=True), issue_types={"label": {}})
    return lab
