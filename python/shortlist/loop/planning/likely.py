"""How likely a row is of one class, and how near to its border:
what the share of rare classes is picked by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Likely:
    """How likely rows are of a class, as its column says;
    the order of their probabilities where these are logits.
    """

    column: int
    logits: bool = False
    order: ClassVar[str] = "highest"

    def __call__(self, block: NDArray[Any]) -> NDArray[Any]:
        """Return a score for each row."""
        if not self.logits:
            return block[:, self.column]
        wide = block.astype(np.float64)
        return np.asarray(-np.log(np.exp(wide - wide[:, [self.column]]).sum(axis=1)))


@dataclass(frozen=True)
class Border:
    """How near rows are to the border of a class: less the further its column
    is from the best other one.
    """

    column: int
    order: ClassVar[str] = "highest"

    def __call__(self, block: NDArray[Any]) -> NDArray[Any]:
        """Return a score for each row."""
        others = np.delete(block, self.column, axis=1).max(axis=1)
        return np.asarray(-np.abs(block[:, self.column] - others))
