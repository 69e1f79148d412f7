"""The page's addresses: what each takes and gives. docs/page.md describes them for scripts."""

from __future__ import annotations

import contextlib
import json
import logging
from importlib import resources
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from shortlist.loop.errors import LoopError
from shortlist.loop.page.posts import MOST, PostError, annotator_of, read_leaving, read_post
from shortlist.loop.page.showing import PICTURES
from shortlist.loop.store.spelling import NONE_OF_THESE
from shortlist.writing import plain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request

    from shortlist.loop.page.asking import Progress
    from shortlist.loop.page.posts import Act
    from shortlist.loop.page.serving import Office
    from shortlist.loop.store import Event, Pick

VERSION = 1
"""Of the addresses and what they give; goes up with a change that a script would notice."""
FILES = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
ASLEEP = 503
"""The status of what the loop can't do at present."""


def application(office: Office) -> Starlette:
    """Return the application of a page."""
    answers = Answers(office)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with office.opened():
            yield

    calls = (
        ("POST", "/api/answer", answers.answer),
        ("GET", "/api/next", answers.next),
        ("GET", "/api/row", answers.row),
        ("GET", "/api/status", answers.status),
        ("GET", "/api/about", answers.about),
        ("GET", "/api/decide", answers.decide),
        ("POST", "/api/undo", answers.undo),
        ("POST", "/api/review", answers.review),
        ("POST", "/api/leave", answers.leave),
        ("GET", "/image", answers.image),
    )
    routes = [Route(path, _told(call), methods=[method]) for method, path, call in calls]
    routes += [Route(path, _file(*file)) for path, file in FILES.items()]
    routes.append(Route("/favicon.ico", _nothing))
    errors = {404: _no_such, 405: _no_such}
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers=errors)


class Answers:
    """What each address gives."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def about(self, _: Request) -> Response:
        """Give what a page needs to begin."""
        office = self._office
        spec = office.desk.spec
        return _json(
            {
                "version": VERSION,
                "loop": office.desk.loop_id,
                "name": spec.name,
                "classes": [{"name": name, "help": spec.help.get(name, "")} for name in spec.classes],
                "none": NONE_OF_THESE,
                "suggested": office.suggested,
            }
        )

    async def next(self, request: Request) -> Response:
        """Give the row that somebody is asked for."""
        query = request.query_params
        annotator = annotator_of(query.get("annotator"))
        turn, progress = await self._office.desk.turn(annotator, query.get("have"), _whole(query, "ahead"))
        if turn.pick is None:
            state, why = self._why_none(progress)
            return _json({"version": VERSION, "id": None, "state": state, "why": why, **_progress(progress)})
        row = await self._row(turn.pick, progress)
        return _json({"version": VERSION, **row, "ahead": turn.ahead, **_progress(progress)})

    async def row(self, request: Request) -> Response:
        """Give one row that was picked before, and what somebody said of it."""
        query = request.query_params
        annotator = annotator_of(query.get("annotator"))
        pick, answer = await self._looked(query.get("id", ""), annotator)
        progress = await self._office.desk.progress()
        return _json({"version": VERSION, **await self._row(pick, progress), "answer": _answer(answer)})

    async def status(self, _: Request) -> Response:
        """Give what ``status --json`` says."""
        progress = await self._office.desk.progress()
        return _json(plain(await self._office.standing.status(progress.round)))

    async def decide(self, request: Request) -> Response:
        """Give the rows that wait for whoever decides; with ``count=1`` how many there are."""
        progress = await self._office.desk.progress()
        found = await self._office.standing.to_decide(progress.round)
        if request.query_params.get("count"):
            found = {"waiting": found["waiting"]}
        return _json({"version": VERSION, **found})

    async def image(self, request: Request) -> Response:
        """Give the picture of a row, from the folder that the specification names."""
        query = request.query_params
        pick, _ = await self._looked(query.get("id", ""), "")
        progress = await self._office.desk.progress()
        path = await self._office.shelf.picture(pick, query.get("name", ""), progress.round)
        if path is None:
            raise PostError("there is no such picture in the folder that the specification names", 404)
        # Opened on its own, a drawing can do nothing.
        headers = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
        return FileResponse(path, media_type=PICTURES[path.suffix.lower()], headers=headers)

    async def answer(self, request: Request) -> Response:
        """Take an answer in."""
        return await self._take("answer", request)

    async def undo(self, request: Request) -> Response:
        """Take an answer back."""
        return await self._take("undo", request)

    async def review(self, request: Request) -> Response:
        """Take the word of whoever decides in."""
        return await self._take("review", request)

    async def leave(self, request: Request) -> Response:
        """Note that somebody has closed the page; a browser sends this as text,
        at the last moment.
        """
        with contextlib.suppress(PostError):
            await self._office.desk.leave(read_leaving(await _body(request)))
        return Response(status_code=204)

    async def _take(self, act: Act, request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise PostError(f"content-type is {kind!r}; accepted is application/json", 415)
        taken, progress = await self._office.desk.take(read_post(act, await _body(request)))
        return _json({"version": VERSION, "ok": True, "new": taken.new, **_progress(progress)})

    async def _looked(self, row: str, annotator: str) -> tuple[Pick, Event | None]:
        looked = await self._office.desk.look(row, annotator)
        if looked is None:
            raise PostError(f"row {row[:100]!r} was never picked in this loop", 404)
        return looked.pick, looked.answer

    async def _row(self, pick: Pick, progress: Progress) -> dict[str, Any]:
        shown = await self._office.shelf.show(pick, progress.round)
        return {
            "id": pick.row,
            "round": pick.round,
            "show": shown.show,
            "kinds": shown.kinds,
            "classes": list(self._office.desk.spec.classes),
            "again": pick.share == "overlap",
            "model": shown.model,
        }

    def _why_none(self, progress: Progress) -> tuple[str, str]:
        """Say why there is no row: a word for programs, and a sentence for people."""
        crew = self._office.crew
        if not progress.closed and progress.round:
            return "others", "Somebody else has the last rows of this round; those that stay open come back to you."
        if crew.ended is not None and crew.doing is None:
            return "ended", f"The end is reached: {crew.ended}."
        if crew.failed is not None and crew.doing is None:
            return "failed", f"The next round can't be opened: {crew.failed}"
        doing = {"training": "a model is being trained on the new labels", "opening": "its rows are being chosen"}
        what = doing.get(crew.doing or "", "the next step is being prepared")
        which = "The round is through" if progress.round else "The first round is being made"
        return "making", f"{which}: {what}. It goes on here by itself."


def _progress(progress: Progress) -> dict[str, Any]:
    return {
        "left": progress.left,
        "progress": {
            "round": progress.round,
            "rows": progress.rows,
            "answered": progress.answered,
            "skipped": progress.skipped,
        },
    }


def _answer(event: Event | None) -> dict[str, Any] | None:
    if event is None:
        return None
    label = NONE_OF_THESE if event.kind == "reject" else event.label
    return {"label": label, "skip": event.kind == "skip", "round": event.payload.get("round")}


def _whole(query: Any, name: str) -> int:
    text = query.get(name, "0")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise PostError(f"{name} is {text[:60]!r}; accepted is a whole number")
    return int(text)


async def _body(request: Request) -> bytes:
    parts, size = list[bytes](), 0
    async for part in request.stream():
        size += len(part)
        if size > MOST:
            raise PostError(f"what was sent has more than {MOST:,} bytes, which is the most", 413)
        parts.append(part)
    return b"".join(parts)


def _json(value: Any, status: int = 200) -> Response:
    # Halves of characters, which a text of the pool may have, are escaped and so come through.
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return Response(text, status, media_type="application/json")


def _told(call: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Return a call whose refusals are JSON with one sentence."""

    async def answer(request: Request) -> Response:
        try:
            return await call(request)
        except PostError as error:
            return _json({"error": str(error)}, error.status)
        except LoopError as error:
            return _json({"error": " ".join(str(error).split())}, ASLEEP)
        except Exception as error:
            logging.getLogger(__name__).exception("%s %s", request.method, request.scope["path"])
            return _json({"error": f"the server failed ({type(error).__name__}); what it has printed says more"}, 500)

    return answer


def _file(name: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    content = resources.files("shortlist.loop.page").joinpath("static", name).read_bytes()

    async def give(_: Request) -> Response:
        return Response(content, media_type=kind)

    return give


async def _nothing(_: Request) -> Response:
    return Response(status_code=204)


async def _no_such(request: Request, _: Exception) -> Response:
    known = ", ".join(["/api/next", "/api/answer", "/api/status"])
    # Its url would decode the query as UTF-8, which it need not be.
    path: str = request.scope["path"]
    said = f"there is no {request.method} {path[:100]!r} here; scripts use {known}"
    return _json({"error": said}, 404)
