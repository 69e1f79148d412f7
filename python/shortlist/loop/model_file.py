"""The model that a loop ended with, for whoever goes on with it."""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from shortlist.disk import one_line
from shortlist.loop.errors import LoopError
from shortlist.loop.pool.contents import View
from shortlist.loop.pool.features import Features
from shortlist.loop.training.asked import Members
from shortlist.loop.training.estimators import Block
from shortlist.tables import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from shortlist.loop.pool.contents import Raw
    from shortlist.loop.pool.rows import LoopPool

PARTS = {"models", "classes", "features", "estimators", "temperature", "seed", "returns"}


def read_model(path: str | os.PathLike[str], *, sha256: str | None = None) -> SavedModel:
    """Load the ``model.pkl`` that ``finish`` has written.

    Loading a pickle runs whatever is in it: load only files that you trust. A file that other users
    of the machine can write is refused, unless its hash is given.

    Parameters
    ----------
    path : path
        The file, or the folder that it is in.
    sha256 : str, optional
        The hash that its bytes must have, as the README beside it says; looked at before anything
        is loaded.

    Returns
    -------
    SavedModel

    Raises
    ------
    LoopError
        It isn't such a file, has another hash, or may have been written by somebody else.
    """
    place = Path(path)
    place = place / "model.pkl" if place.is_dir() else place
    content = _trusted(place, sha256)
    try:
        kept = pickle.loads(content)  # noqa: S301 - its hash or its owner was looked at
    except Exception as error:  # whatever unpickling comes upon
        raise LoopError(
            f"{visible(str(place))} can't be read as a model ({one_line(error)}); accepted is the model.pkl of a finished loop"
        ) from None
    if not isinstance(kept, dict) or not set(kept) >= PARTS:
        raise LoopError(f"{visible(str(place))} holds no model of a loop; accepted is the model.pkl of a finished loop")
    return SavedModel(kept)


def _trusted(place: Path, sha256: str | None) -> bytes:
    """Return the bytes of a file that only its user can have written,
    or that has the hash given.
    """
    with place.open("rb") as file:
        about, content = os.fstat(file.fileno()), file.read()
    if sha256 is not None:
        found = hashlib.sha256(content).hexdigest()
        if found != sha256.strip().lower():
            raise LoopError(
                f"{visible(str(place))} has the SHA-256 {found}, and {visible(sha256)} was asked for; it isn't loaded"
            )
    elif hasattr(os, "getuid") and (about.st_uid not in (0, os.getuid()) or about.st_mode & 0o022):
        raise LoopError(
            f"{visible(str(place))} can be written by other users, and loading it runs whatever is in it; give sha256=, as the "
            "README beside it says, or make it yours alone (chmod go-w)"
        )
    return content


class SavedModel:
    """A model with its features, asked about rows as the pool had them.

    Attributes
    ----------
    classes : list of str
        The order of the columns of `predict_proba`.
    """

    def __init__(self, kept: Mapping[str, Any]) -> None:
        self.classes: list[str] = list(kept["classes"])
        self._kept = kept
        # Only its rows need a pool, and they are given here.
        self._features = Features(kept["features"], cast("LoopPool", None), kept["seed"])
        self._asked = Members.of(kept)

    def predict_proba(self, X: Any) -> NDArray[np.float32]:
        """Return a row for each row of X with a column for each class:
        what the loop's own file of answers has.

        Parameters
        ----------
        X : list of str, array, frame or dict
            Texts; vectors, a row for each; or columns by name: whatever the pool held.
        """
        block = Block(self._features, self._raw(X))
        return self._asked.answers(block, str)

    def predict(self, X: Any) -> list[str]:
        """Return the likeliest class of each row of X."""
        return [self.classes[code] for code in self.predict_proba(X).argmax(axis=1).tolist()]

    def _raw(self, X: Any) -> Raw:
        state = self._kept["features"]
        if state["kind"] == "text":
            if isinstance(X, str):
                raise LoopError("X is one text; accepted is a list of texts")
            return ["" if text is None else str(text) for text in X]
        if state["kind"] == "vector":
            rows = np.asarray(X)
            if rows.ndim != 2 or rows.shape[1] != len(state["centre"]):
                raise LoopError(f"X has shape {rows.shape}; accepted is (rows, {len(state['centre'])})")
            return rows
        numeric = {each["name"]: each["words"] is None for each in state["columns"]}
        lacking = [name for name in numeric if name not in X]
        if lacking:
            raise LoopError(f"X has no column {lacking[0]!r}; needed are {', '.join(map(repr, numeric))}")
        return View("columns", tuple(numeric)).raw({name: list(X[name]) for name in numeric}, numeric)
