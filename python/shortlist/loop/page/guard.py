"""Who may ask: nothing from other sites, nothing without the token,
and headers that keep a browser strict.
"""

from __future__ import annotations

import json
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src {pictures}; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
STRANGER = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>No entry</title><h1>This link doesn't open the page</h1>"
    "<p>Its token is missing, or is not that of the server. Ask for the link that <code>shortlist loop serve</code> "
    "has printed, and open that.</p></html>"
)


class Guard:
    """Stands before an application and lets through what may come.

    Parameters
    ----------
    app : callable
        An ASGI application.
    hosts : set of str, optional
        Names by which a browser may call this server, against sites that have their name point
        here; None for any.
    token : str, optional
        What a request must bring: in its cookie, as ``Authorization: Bearer``, or as ``?token=``.
    cookie : str
        The cookie's name.
    pictures : callable
        Returns the origins that pictures may come from.
    """

    def __init__(
        self,
        app: App,
        *,
        hosts: frozenset[str] | None,
        token: str | None,
        cookie: str,
        pictures: Callable[[], list[str]],
    ) -> None:
        self._app, self._hosts, self._token, self._cookie, self._pictures = app, hosts, token, cookie, pictures

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        more = self._headers(scope["path"])
        refused = self._refused(scope, headers)
        if refused is not None:
            await _answer(send, *refused, more)
            return
        if self._token is not None and self._brought(scope) is not None:
            flags = "; Path=/; HttpOnly; SameSite=Strict"
            more.append((b"set-cookie", f"{self._cookie}={self._token}{flags}".encode()))

        async def stricter(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *more]
            await send(message)

        await self._app(scope, receive, stricter)

    def _refused(self, scope: MutableMapping[str, Any], headers: dict[bytes, str]) -> tuple[int, str] | None:
        if not scope["query_string"].isascii():
            return 400, "the address holds bytes that no address has; accepted are those that a browser sends"
        host = headers.get(b"host", "")
        if self._hosts is not None and host.lower() not in self._hosts:
            return 403, f"this server is not called {host[:100]!r}; open the address that it has printed"
        origin = headers.get(b"origin")
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            return 403, "the request comes from another site, and is refused"
        page = scope["path"] == "/" and scope["method"] == "GET"
        if headers.get(b"sec-fetch-site") in ("cross-site", "same-site") and not page:
            return 403, "the request comes from another site, and is refused"
        if self._token is None:
            return None
        given = self._brought(scope) or self._bearer(headers) or self._baked(headers)
        if given is None or not secrets.compare_digest(given.encode(errors="replace"), self._token.encode()):
            return 401, STRANGER if page else "the token is missing or wrong; open the link that the server has printed"
        return None

    def _brought(self, scope: MutableMapping[str, Any]) -> str | None:
        try:
            found = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=20).get("token")
        except ValueError:
            return None
        return found[0] if found else None

    def _bearer(self, headers: dict[bytes, str]) -> str | None:
        kind, _, token = headers.get(b"authorization", "").partition(" ")
        return token.strip() if kind.lower() == "bearer" else None

    def _baked(self, headers: dict[bytes, str]) -> str | None:
        try:
            found = SimpleCookie(headers.get(b"cookie", "")).get(self._cookie)
        except CookieError:
            return None
        return None if found is None else found.value

    def _headers(self, path: str) -> list[tuple[bytes, bytes]]:
        pictures = " ".join(["'self'", *self._pictures()])
        found = {
            "content-security-policy": POLICY.format(pictures=pictures),
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cache-control": "private, max-age=3600" if path == "/image" else "no-store",
        }
        if not path.startswith("/api/"):
            found |= {
                "x-frame-options": "DENY",
                "cross-origin-resource-policy": "same-origin",
                "cross-origin-opener-policy": "same-origin",
            }
        return [(name.encode(), value.encode("latin-1", "replace")) for name, value in found.items()]


async def _answer(send: Send, status: int, said: str, headers: list[tuple[bytes, bytes]]) -> None:
    page = said.startswith("<!doctype")
    body = said.encode() if page else json.dumps({"error": said}).encode()
    kind = b"text/html; charset=utf-8" if page else b"application/json"
    length = (b"content-length", str(len(body)).encode())
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", kind), length, *headers]}
    )
    await send({"type": "http.response.body", "body": body})
