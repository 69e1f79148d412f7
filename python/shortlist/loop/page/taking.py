"""Answers into the log: the same one sent twice is one,
and what was taken back is as if it had not been.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shortlist.loop.page.posts import PostError
from shortlist.loop.store.answers import fold
from shortlist.loop.store.events import EVENTS, Event, _events_of, some_of
from shortlist.loop.store.spelling import Spelling
from shortlist.loop.store.times import after, now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shortlist.loop.page.posts import Post
    from shortlist.loop.spec import Spec
    from shortlist.loop.store import Store
    from shortlist.loop.store.events import Kind

SOURCE = "page"
LATE = 5.0
"""Seconds from which an answer is dated to when it was given, and not to when it came."""


class Taken(NamedTuple):
    """What became of a post: whether it was new."""

    new: bool


def take(store: Store, spec: Spec, posts: Sequence[Post]) -> list[Taken | PostError]:
    """Take posts in, in their order and in one transaction: on disk before this returns.

    Returns
    -------
    list of Taken or PostError
        What became of each; one that is refused holds up none of the others.
    """
    spelling = Spelling(spec.classes)
    found: list[Taken | PostError] = []
    with store.transaction():
        for post in posts:
            try:
                found.append(_take(store, spec, spelling, post))
            except PostError as error:
                found.append(error)
    return found


def _take(store: Store, spec: Spec, spelling: Spelling, post: Post) -> Taken:
    rounds = sorted(row[0] for row in some_of(store._database, "SELECT round FROM picks WHERE row", [post.row]))
    if not rounds:
        raise PostError(f"row {post.row!r} was never picked in this loop", 404)
    asked = post.round if post.round in rounds else rounds[-1]
    time = after(now(), -post.waited) if post.waited > LATE else ""
    if post.act == "undo":
        return _undo(store, spec, post)
    kind, label = _said(spelling, post)
    key = f"{SOURCE}:{post.key}" if post.key else ""
    payload: dict[str, Any] = {"round": asked}
    events = []
    if kind is not None:
        event = Event(kind, post.row, post.annotator, time, label, SOURCE, key, payload)
        if (key and _is_known(store, event)) or (not key and _stands(store, spec, event)):
            return Taken(False)
        events.append(event)
    if post.flag or post.note:
        remark = payload | ({"note": post.note} if post.note else {})
        events.append(Event("flag", post.row, post.annotator, time, None, SOURCE, key and f"{key}:flag", remark))
    return Taken(store.append(events).new > 0)


def _said(spelling: Spelling, post: Post) -> tuple[Kind | None, str | None]:
    if post.label is None:
        return ("skip" if post.skip else None), None
    try:
        read = spelling.read(post.label)
    except ValueError as error:
        raise PostError(str(error)) from None
    if read is None:
        raise PostError("there is no label; accepted are a class, and skip = true")
    if post.act == "review":
        if read[0] == "skip":
            raise PostError('label is "skip"; whoever decides says a class, or "none of these"')
        return "review", read[1]
    return read


def _is_known(store: Store, event: Event) -> bool:
    """Return whether an event is in the log under its key,
    and refuse the key where it is another's.
    """
    for old in _events_of(some_of(store._database, f"{EVENTS} WHERE key", [event.key])):
        if (old.kind, old.row, old.annotator, old.label) != (event.kind, event.row, event.annotator, event.label):
            raise PostError("key is that of another answer; accepted is a new one for each", 409)
        return True
    return False


def _stands(store: Store, spec: Spec, event: Event) -> bool:
    """Return whether somebody says this of a row already."""
    answers = fold(store.events_of([event.row]), spec)
    old = (
        answers.reviews.get(event.row) if event.kind == "review" else answers.current.get((event.row, event.annotator))
    )
    return old is not None and (old.kind, old.label, old.annotator, old.payload) == (
        event.kind, event.label, event.annotator, event.payload,
    )  # fmt: skip


def _undo(store: Store, spec: Spec, post: Post) -> Taken:
    """Take back what somebody said of a row in its last round;
    what they said of it in another round stands again.
    """
    key = f"{SOURCE}:{post.key}" if post.key else ""
    event = Event("retract", post.row, post.annotator, "", None, SOURCE, key)
    if key and _is_known(store, event):
        return Taken(False)
    events = store.events_of([post.row])
    last = fold(events, spec).current.get((post.row, post.annotator))
    if last is None:
        return Taken(False)
    others = [old for old in events if old.payload.get("round") != last.payload.get("round")]
    before = fold(others, spec).current.get((post.row, post.annotator))
    back = [] if before is None else [before._replace(time="", key=key and f"{key}:before", source=SOURCE)]
    return Taken(store.append([event, *back]).new > 0)
