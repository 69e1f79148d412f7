"""What training gives back, wherever it ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.loop.kept.joined import Kept


@dataclass(frozen=True, eq=False)
class Trained:
    """A model's answers for the pool, and what is known of how they came about.

    Attributes
    ----------
    model : bytes or None
        The model, pickled: for the user, and to ask it about further rows.
    probabilities : Path
        A ``.npy`` file of float32, (rows, classes): probabilities, or logits where the
        specification says so.
    seconds : float
        Time it took.
    log : str
        What was printed or noted.
    temperature : float
        What the logits were divided by; 1 where nothing was calibrated.
    out_of_fold : ndarray of float32 or None
        (training rows, classes): what models say that had not seen the row, in the order of the
        training rows.
    members : Path or None
        A ``.npy`` file of float32, (members, rows, classes), of a committee.
    kept : Kept or None
        Which rows `probabilities` are of, where a cluster has scored the pool, or the model was
        asked about some rows only.
    why_all : str or None
        Why a cluster has brought the answers for all rows back, where it has.
    """

    model: bytes | None
    probabilities: Path
    seconds: float
    log: str = ""
    temperature: float = 1.0
    out_of_fold: NDArray[np.float32] | None = None
    members: Path | None = None
    kept: Kept | None = None
    why_all: str | None = None


def write_npy(path: Path, shape: tuple[int, ...], blocks: Iterable[NDArray[Any]]) -> None:
    """Write float32 blocks one after the other as one array,
    under another name until all is there.
    """
    import os

    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for block in blocks:
            file.write(np.ascontiguousarray(block, dtype="<f4").data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
