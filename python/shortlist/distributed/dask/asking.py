"""Lazy values brought to the client, by workers that know what they are to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.distributed import rounds, states, workers
from shortlist.diversity.rounds.messages import Question

if TYPE_CHECKING:
    from collections.abc import Sequence

TASKS = (
    *(states.Plan, states.take_note, states.rows_of_part, states.merge, states.score_part, states.count_labels),
    *(rounds.Part, rounds.width, rounds.look, rounds.look_from, rounds.answer, rounds.offered, Question, states.plain),
)
"""What a worker has to know by its name."""


def computed(lazy: Sequence[Any]) -> list[Any]:
    """Compute what is lazy; see `workers.computed`."""
    return workers.computed(lazy, TASKS)
