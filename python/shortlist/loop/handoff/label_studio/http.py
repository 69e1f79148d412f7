"""HTTP to Label Studio with the standard library:
tokens of both kinds, tries, bounds, and a sentence for what goes wrong.
"""

from __future__ import annotations

import email.utils
import http.client
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

from shortlist.disk import one_line
from shortlist.loop.errors import LoopError
from shortlist.tables import visible
from shortlist.writing import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "LABEL_STUDIO_API_KEY"
"""Where the token is: never in a specification, and never in the log."""
TIMEOUT = 30.0
WAITS = (0.5, 1.0, 2.0, 4.0)
"""Seconds between tries."""
LONGEST_WAIT = 30.0
BUSY = (429, 500, 502, 503, 504)
LARGEST = 256 << 20
"""Bytes of an answer."""
FRESH = 200.0
"""Seconds for which an access token is used; it holds for 300."""
LOCAL = ("localhost", "127.0.0.1", "::1")


class LostAnswerError(LoopError):
    """Nobody knows whether it was done: the connection broke, or the server failed."""


class ForbiddenError(LoopError):
    """The owner of the token may not do this."""


class NotThereError(LoopError):
    """The server has no such thing."""


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect, which would carry the token elsewhere."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Follow none."""


class Client:
    """A Label Studio.

    Parameters
    ----------
    url : str
        Its address.
    token : str, optional
        A personal access token, or a legacy one; by default that in the environment.

    Attributes
    ----------
    began : float or None
        The server's time at its first answer, in seconds since 1970.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = checked_url(url)
        self._token = (os.environ.get(VARIABLE, "") if token is None else token).strip()
        if not self._token or not self._token.isascii() or not self._token.isprintable():
            came = "isn't set" if not self._token else "holds no token"
            raise LoopError(
                f"{VARIABLE} {came}; in Label Studio open Account & Settings, make an access token, and set the variable to it"
            )
        self.began: float | None = None
        self._access: tuple[str, float] | None = None
        host = urllib.parse.urlsplit(self.url).hostname
        proxies = urllib.request.ProxyHandler({} if host in LOCAL else None)
        self._opener = urllib.request.build_opener(_Stay, proxies)

    def get(self, path: str, **query: Any) -> Any:
        """Return what is there."""
        return self.call("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))

    def call(self, method: str, path: str, body: Any = None, *, again: bool = True) -> Any:
        """Ask for something; with `again` it may be done twice.

        Raises
        ------
        LostAnswerError
            Without `again`: nobody knows whether it was done.
        NotThereError, LoopError
            Anything else, in a sentence.
        """
        renewed = False
        for wait in (*WAITS, None):
            try:
                return self._once(method, path, body, self._authorization())
            except urllib.error.HTTPError as error:
                said = self._said(error)
                if error.code == 401 and not renewed and self._is_personal:
                    self._access, renewed = None, True  # it may have run out meanwhile
                    continue
                if error.code not in BUSY:
                    raise self._refused(error, said, method, path) from None
                failure = f"answers {error.code} {visible(said)}".rstrip()
                pause = _retry_after(error)
                lost = error.code != 429
            except (OSError, http.client.HTTPException) as error:
                reason = error.reason if isinstance(error, urllib.error.URLError) else error
                said = one_line(reason) if isinstance(reason, Exception) else str(reason)
                failure, pause, lost = f"does not answer ({type(reason).__name__}: {said})", None, True
            if lost and not again:
                raise LostAnswerError(f"Label Studio at {self.url} {failure}") from None
            if wait is not None:
                time.sleep(wait if pause is None else min(pause, LONGEST_WAIT))
        raise LoopError(f"Label Studio at {self.url} {failure}; it was asked {len(WAITS) + 1} times")

    def _once(self, method: str, path: str, body: Any, authorization: str | None) -> Any:
        headers = {"Accept": "application/json", "User-Agent": "shortlist"}
        data = None
        if authorization is not None:
            headers["Authorization"] = authorization
        if body is not None:
            data = json_text(body).encode("utf-8", "replace")
            headers["Content-Type"] = "application/json"
        asked = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310 - its scheme was checked
        with self._opener.open(asked, timeout=TIMEOUT) as answer:
            found = answer.read(LARGEST + 1)
            kind = answer.headers.get_content_type()
            date = email.utils.parsedate_to_datetime(answer.headers["Date"]) if answer.headers["Date"] else None
        if self.began is None and date is not None:
            self.began = date.timestamp()
        if len(found) > LARGEST:
            raise LoopError(f"Label Studio at {self.url} answers {path} with more than {LARGEST >> 20} MB")
        if not found:
            return None
        try:
            return json.loads(found)
        except ValueError:
            raise LoopError(
                f"{self.url} answers {path.partition('?')[0]} with {kind}, which is no JSON; is it the address of Label Studio?"
            ) from None

    @property
    def _is_personal(self) -> bool:
        return self._token.count(".") == 2

    def _authorization(self) -> str:
        if not self._is_personal:
            return f"Token {self._token}"
        if self._access is None or time.monotonic() - self._access[1] > FRESH:
            # A personal token is good for nothing but access tokens, which hold for minutes.
            said = self._once("POST", "/api/token/refresh/", {"refresh": self._token}, None)
            access = said.get("access") if isinstance(said, dict) else None
            if not isinstance(access, str):
                raise LoopError(f"Label Studio at {self.url} gives no access for the token in {VARIABLE}")
            self._access = access, time.monotonic()
        return f"Bearer {self._access[0]}"

    @staticmethod
    def _said(error: urllib.error.HTTPError) -> str:
        """Return what an error says of itself, shortened."""
        try:
            with error:
                found = json.loads(error.read(1 << 16))
            parts = [found.get("detail"), found.get("validation_errors")]
            return one_line(ValueError(" ".join(str(part) for part in parts if part)))[:400]
        except (ValueError, AttributeError, OSError, http.client.HTTPException):
            return ""

    def _refused(self, error: urllib.error.HTTPError, said: str, method: str, path: str) -> LoopError:
        where = f"Label Studio at {self.url}"
        why = f" ({visible(said)})" if said else ""
        if error.code == 401:
            kind = "wrong, expired or revoked" if self._is_personal else "wrong, or legacy tokens are switched off"
            return LoopError(
                f"{where} does not take the token in {VARIABLE}{why}: it is {kind}; make an access token in Account & Settings"
            )
        if error.code == 403:
            return ForbiddenError(
                f"{where} does not let the owner of the token do this{why}: {method} {path.partition('?')[0]}"
            )
        if error.code == 404:
            return NotThereError(f"{where} has no {path.partition('?')[0]}{why}")
        if 300 <= error.code < 400:
            to = visible(str(error.headers.get("Location")))
            return LoopError(f"{self.url} sends on to {to}; give the address that Label Studio itself has")
        return LoopError(f"{where} refuses {method} {path.partition('?')[0]}: {error.code}{why}")


def checked_url(url: str) -> str:
    """Return an address without the slash at its end.

    Raises
    ------
    LoopError
        It is no address of a web server, or holds a password.
    """
    try:
        parts = urllib.parse.urlsplit(url.strip())
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fine = False
    if not fine or not url.isascii() or any(part.isspace() for part in url.strip()):
        raise LoopError(f"[handoff] url is {url!r}; accepted is an address, as http://localhost:8080")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise LoopError(
            "[handoff] url has more than an address; accepted is as http://localhost:8080, without names or ?"
        )
    return url.strip().rstrip("/")


def _retry_after(error: urllib.error.HTTPError) -> float | None:
    try:
        return max(0.0, float(error.headers.get("Retry-After") or ""))
    except ValueError:
        return None


def mapping(found: Any, what: str, url: str) -> Mapping[str, Any]:
    """Return an answer that must be an object."""
    if not isinstance(found, dict):
        raise LoopError(f"{url} answers with a {type(found).__name__} for {what}; is it the address of Label Studio?")
    return found
