"""People who are played: each labels the rows that are theirs, and is wrong now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.loop.pool.hashing import number_of
from shortlist.loop.spec.keys import NONE_OF_THESE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from shortlist.loop.loop import Loop


class People:
    """Who labels what, and what they say: a hash of the seed, the person and the row,
    so that it is the same in every loop.

    Parameters
    ----------
    truth : ndarray of int
        The place of the class of each row of the pool; -1 for none of them.
    classes : sequence of str
        Their names.
    number : int
        How many people there are.
    error : float
        The probability with which each is wrong about a row: any other class is as likely as the
        next.
    seed : int
        Seed of all this.
    """

    def __init__(self, truth: NDArray[Any], classes: tuple[str, ...], number: int, error: float, seed: int) -> None:
        self._truth, self._classes = truth, classes
        self._number, self._error, self._seed = number, error, seed
        self._asked: dict[str, int] = {}
        self.second = 0

    def answer(self, loop: Loop, ids: Iterable[str], places: Iterable[int], overlap: bool) -> None:
        """Answer the rows of a round, and where two people are to label some, those once more."""
        where = dict(zip(ids, places, strict=True))
        loop.ingest([self._record(row, place) for row, place in where.items()])
        if not overlap or self._number < 2:
            return
        for person in range(self._number):
            again = loop.next(annotator=_name(person))
            if again is None:
                continue
            mine = [row for row in again.ids if row in where and self._whose(row) == person]
            self.second += len(mine)
            loop.ingest([self._record(row, where[row]) for row in mine])

    def _record(self, row: str, place: int) -> Mapping[str, str]:
        person = self._whose(row)
        self._asked[row] = self._asked.get(row, 0) + 1
        return {"id": row, "label": self.said(person, row, int(self._truth[place])), "annotator": _name(person)}

    def _whose(self, row: str) -> int:
        """Return who is next to be asked about a row: all in turn,
        from a person on who is drawn.
        """
        return (number_of(self._seed, "who", row) + self._asked.get(row, 0)) % self._number

    def said(self, person: int, row: str, code: int) -> str:
        """Return what a person says of a row: the same whenever they are asked."""
        names = [NONE_OF_THESE, *self._classes]
        if number_of(self._seed, "errs", person, row) / 2**64 >= self._error:
            return names[code + 1]
        others = [name for place, name in enumerate(self._classes) if place != code]
        return others[number_of(self._seed, "instead", person, row) % len(others)]


def _name(person: int) -> str:
    return f"person-{person + 1}"
