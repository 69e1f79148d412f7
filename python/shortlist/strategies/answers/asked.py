"""Who was asked what about which rows: the first words of every error about an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from shortlist.strategies.answers.models import final_model
from shortlist.strategies.errors import ArgumentError

Invalid: TypeAlias = Literal["raise", "skip"]
"""What to do with rows of the pool that the model answers with NaN: raise, or leave them out."""

SEVERAL_LABELS = "for rows with several labels use a strategy of shortlist.strategies.multilabel"


@dataclass(frozen=True)
class Asked:
    """A question that was put to a model.

    Parameters
    ----------
    model : estimator, learner or committee
    method : str
        Which method was called.
    rows : int or None
        How many rows it was asked about; None where nobody knows.
    first : int, default=0
        Where these start in the pool.
    """

    model: Any
    method: str
    rows: int | None
    first: int = 0

    def __str__(self) -> str:
        return self.method if self.model is None else f"{self.method} of {type(final_model(self.model)).__name__}"

    def wrong(self, gave: str, accepted: str) -> ValueError:
        """Return the error for an answer that can't be read."""
        return ValueError(f"{self} gave {gave}; accepted is {accepted}")

    def check_rows(self, given: int) -> None:
        """Raise unless there is an answer for each row."""
        if self.rows is not None and given != self.rows:
            raise ValueError(
                f"{self} gave {given} rows for the {self.rows} rows of the pool that start at row {self.first}; "
                "accepted is one answer for each row"
            )


def check_invalid(invalid: Any) -> None:
    """Raise unless `invalid` is one of the two."""
    if invalid not in ("raise", "skip"):
        raise ArgumentError(f'invalid came as {invalid!r}; accepted are "raise" and "skip"')
