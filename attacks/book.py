"""What people who label on the page may be asked, and what must be kept of what they said:
the rules of `attacks.leases`.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from shortlist.loop.page.leases import LEAVE, LONG, STAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shortlist.loop.page.posts import Post


class Book:
    """Who has which row, by what they were given and did; and all that was acknowledged.

    The last row waits for a second person, as amy has labelled it; one answer is enough for each of
    the others.
    """

    def __init__(self, people: Sequence[str], rows: Sequence[str]) -> None:
        self._now = 0.0
        self._rows, self._twice = rows[:-1], rows[-1]
        self.screen: dict[str, str | None] = dict.fromkeys(people)
        self.sent: dict[str, list[Post]] = {who: [] for who in people}
        self._counts = dict.fromkeys(people, 0)
        # Of each row that somebody has: who, since when it is shown or kept ready, until when, and
        # whether it is shown.
        self._has: dict[str, tuple[str, float, float, bool]] = {}
        self._stands: dict[tuple[str, str], str] = {(self._twice, "amy"): "label"}
        self._keys: dict[str, None] = {}
        self._log = [("label", self._twice, "amy", "page")]
        self.by_others: dict[str, None] = {}
        self._closed = False

    def copied(self) -> Book:
        """Return one that changes on its own."""
        new = copy.copy(self)
        new.screen, new._counts, new._has = dict(self.screen), dict(self._counts), dict(self._has)
        new._stands, new._keys, new.by_others = dict(self._stands), dict(self._keys), dict(self.by_others)
        new.sent, new._log = {who: list(sent) for who, sent in self.sent.items()}, list(self._log)
        return new

    def place(self) -> str:
        """Return a text that is the same for all that lead to the same."""
        now = self._now
        has = sorted(
            (row, who, min(now - since, LONG), until - now, shown)
            for row, (who, since, until, shown) in self._has.items()
        )
        last = [(sent[-1].row, sent[-1].skip) if sent else None for sent in self.sent.values()]
        return repr((has, sorted(self._stands.items()), self.screen, last, sorted(self.by_others), self._closed))

    def key(self, who: str) -> str:
        """Return a key that nothing was sent under."""
        self._counts[who] += 1
        return f"{who} {self._counts[who]}"

    def wait(self, seconds: float) -> None:
        """Time goes by, and rows come back from who has shown no sign of life."""
        self._now += seconds
        self._has = {row: held for row, held in self._has.items() if held[2] > self._now}

    def anew(self) -> None:
        """The server has begun anew: it can't know what people have, until they say so."""
        self._has.clear()
        self._counted()

    def leave(self, who: str) -> None:
        """Somebody has closed the page."""
        self.screen[who] = None
        for row, (whose, since, until, shown) in self._has.items():
            if whose == who:
                self._has[row] = (who, since, min(until, self._now + LEAVE), shown)

    def other(self, row: str) -> None:
        """Somebody has labelled a row elsewhere."""
        self.by_others[row] = None
        self._stands[row, "zoe"] = "label"
        self._log.append(("label", row, "zoe", "file"))

    def turned(self, who: str, row: str | None, ahead: list[str]) -> list[str]:
        """Somebody was given a row, and others to keep ready; return what is wrong with that."""
        now, most = self._now, 1 + int(who == "amy")
        for own, (whose, since, _, shown) in self._has.items():
            if whose == who:
                self._has[own] = (who, since, now + STAY, shown)
        wanted = [row for row in self._rows if not self._said(row)]
        if len(self._labels(self._twice)) == 1 and who not in self._said(self._twice):
            wanted.append(self._twice)
        of_others = {row: held for row in wanted if (held := self._has.get(row)) and held[0] != who}
        free = [row for row in wanted if row not in of_others]
        unseen = [row for row, held in of_others.items() if not held[3]]
        movable = unseen or [row for row, held in of_others.items() if held[1] <= now - LONG]
        given, may = [row, *ahead] if row else [], free or movable
        wrong = [f"{who} is asked for {each}, which is not for {who}" for each in given if each not in wanted]
        taken = [each for each in given if each in of_others and each not in may]
        wrong += [f"{who} is asked for {each}, which {of_others[each][0]} has" for each in taken]
        if len(given) != min(most if free else 1, len(may)):
            wrong.append(f"{who} is given {len(given)} rows, and may have {may}")
        if self.screen[who] in free and row != self.screen[who]:
            wrong.append(f"{who} has {self.screen[who]} on the screen, and is asked for {row}")
        for each in given:
            self._give(each, who, shown=each == row)
        self.screen[who] = row
        return wrong

    def posted(self, post: Post, new: Any) -> list[str]:
        """Something was acknowledged as new or known; return what is wrong with that."""
        who, row = post.annotator, post.row
        known = post.key in self._keys
        if post.act == "undo":
            expected = self._stands.pop((row, who), None) is not None
            kind = "retract"
            self._give(row, who, shown=True)
            self.screen[who] = row
        else:
            expected, kind = not known, "skip" if post.skip else "label"
            if expected:
                self._stands[row, who] = kind
                self._has.pop(row, None)
                self.sent[who].append(post)
                self.screen[who] = None
        self._keys[post.key] = None
        if expected:
            self._log.append((kind, row, who, "page"))
        return [] if new is expected else [f"{post.act} of {row} by {who}: new is {new}"]

    def compared(self, held: dict[str, tuple[str, float]], log: list[Any], progress: Any) -> list[str]:
        """Return where leases, log and progress differ from what they must be."""
        held = {row: lease for row, lease in held.items() if lease[1] > 0}
        must = {row: (who, until - self._now) for row, (who, _, until, _) in self._has.items()}
        wrong = [] if held == must else [f"leases are {held}; they must be {must}"]
        wrong += [] if log == self._log else [f"the log is {log}; it must be {self._log}"]
        if progress is not None:
            came, counts = progress[1:], self._counted()
            wrong += [] if came == counts else [f"progress is {came}; it must be {counts}"]
        return wrong

    def _counted(self) -> tuple[int, int, int, bool]:
        """Return rows, answered and skipped ones, and whether the round is through: once it was
        found so, it stays.
        """
        said = [set(self._said(row).values()) for row in self._rows]
        skipped, answered = said.count({"skip"}), sum(bool(kinds - {"skip"}) for kinds in said)
        self._closed |= skipped + answered == len(said)
        return len(said), answered, skipped, self._closed

    def _said(self, row: str) -> dict[str, str]:
        return {who: kind for (of, who), kind in self._stands.items() if of == row}

    def _labels(self, row: str) -> list[str]:
        return [kind for kind in self._said(row).values() if kind != "skip"]

    def _give(self, row: str, who: str, *, shown: bool) -> None:
        whose, since, _, before = self._has.get(row, ("", 0.0, 0.0, False))
        if whose != who or (shown and not before):
            since = self._now
        self._has[row] = (who, since, self._now + STAY, shown)
