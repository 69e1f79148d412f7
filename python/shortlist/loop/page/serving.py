"""A page from its beginning to its end: the address, the processes and threads behind it,
and what is printed.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import ipaddress
import os
import secrets
import socket
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.loop.errors import LoopError
from shortlist.loop.page.address import JOB, keep_address, kept_address, shown_address
from shortlist.loop.page.crew import Crew
from shortlist.loop.page.desk import Desk
from shortlist.loop.page.guard import Guard
from shortlist.loop.page.shelf import Shelf
from shortlist.loop.page.showing import origins_of
from shortlist.loop.page.standing import Standing
from shortlist.loop.store import Store
from shortlist.pools.extras import need
from shortlist.tables import visible

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from shortlist.loop.spec import Spec

LEASE = 60.0
"""Seconds after which a page that has shown no sign of life, on another machine,
counts as ended.
"""
LONGEST_TOKEN = 200
SWITCH = 0.0005
"""Seconds after which a thread lets another one go on."""


class Office:
    """All that works behind a page."""

    def __init__(self, folder: Path, token: str, *, models: bool, suggested: str) -> None:
        self.desk = Desk(folder)
        self.shelf = Shelf(folder, models=models)
        self.standing = Standing(folder)
        self.crew = Crew(folder)
        self.suggested = suggested
        self._store, self._token = Store.open(folder), token
        self._origins: tuple[Spec, list[str]] | None = None

    def pictures(self) -> list[str]:
        """Return the origins that pictures may come from."""
        spec = self.desk.spec
        if self._origins is None or self._origins[0] is not spec:
            self._origins = spec, origins_of(spec)
        return self._origins[1]

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Work until the page ends."""
        await self.desk.open()
        tasks = [
            asyncio.create_task(self.crew.keep(self.desk.changes, self.desk.through)),
            asyncio.create_task(self._live()),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.desk.close()
            self.shelf.close()
            self.standing.close()
            self._store.finish_job(self._token, True, {})
            self._store.close()

    async def _live(self) -> None:
        while True:
            await asyncio.sleep(LEASE / 3)
            await asyncio.to_thread(self._store.renew_job, self._token, LEASE)


def serve(
    folder: str | os.PathLike[str],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    token: str | None = None,
    open_browser: bool = False,
    show_model: bool = False,
    say: Callable[[str], object] = print,
    warn: Callable[[str], object] = print,
) -> None:
    """Serve the page of a loop until it is interrupted.

    Parameters
    ----------
    folder : path
        The loop's.
    host : str
        The address to listen on. On any but this machine's own a token is needed, and made where
        none is given.
    port : int
        0 for the one of the last time, or else any that is free.
    token : str, optional
        What requests must bring.
    open_browser : bool
        Whether to show the page here.
    show_model : bool
        Whether people see what the model thinks of a row.
    say, warn : callable
        Take the address once the page is there, and what a person should know beside it.

    Raises
    ------
    LoopError
        The page of this loop is served already, or the address can't be had.
    """
    place = Path(folder)
    _checked(token)
    local = _is_local(host)
    with contextlib.ExitStack() as stack:
        with Store.open(place) as store:
            uvicorn = need("uvicorn", "page", "the page")
            need("starlette", "page", "the page")
            kept = kept_address(place)
            job = _begun(store, kept)
            try:
                bound = stack.enter_context(_bound(host, port, kept))
                number = bound.getsockname()[1]
                if token is None and not local:
                    token = kept.get("token") or secrets.token_urlsafe(18)
                address = _address(host, number, token)
                keep_address(place, {"address": address, "port": number, "token": token})
            except BaseException:
                store.finish_job(job, False, {})
                raise
        from shortlist.loop.page.app import application

        office = Office(place, job, models=show_model, suggested=_user() if local else "")
        app = Guard(
            application(office),
            hosts=_names(number) if local else None,
            token=token,
            cookie=f"shortlist-{number}",
            pictures=office.pictures,
        )
        say(address)
        if not local:
            warn(
                "anyone on the network who has this link can read the rows and label; the connection is not encrypted, so use it "
                "on a network that you trust, or behind a proxy with TLS"
            )
        if open_browser and _has_screen():
            webbrowser.open(address)
        config = uvicorn.Config(
            app, log_level="critical", access_log=False, server_header=False, ws="none", lifespan="on",
            timeout_graceful_shutdown=2,
        )  # fmt: skip
        # Answers pass through several threads, each of which works for far less than the 5 ms that
        # one may keep the others waiting.
        sys.setswitchinterval(SWITCH)
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[bound])


def _begun(store: Store, kept: dict[str, Any]) -> str:
    """Note that the page is served, which one process does at a time."""
    try:
        return store.begin_job(JOB, LEASE).token
    except LoopError:
        raise LoopError(
            f"the page of this loop is served already, at {shown_address(kept) or 'an address that it has printed'}; open that, "
            "or end it first"
        ) from None


def _bound(host: str, port: int, kept: dict[str, Any]) -> socket.socket:
    # An answer that waits in a browser is sent to the address that the browser knows.
    wished = [port] if port else [kept["port"], 0] if kept.get("port") else [0]
    try:
        family, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise LoopError(f"host is {visible(repr(host))}, which is no address of this machine ({error})") from None
    for number in wished:
        # Named as TCP, so that asyncio sends what is short at once and doesn't wait for an
        # acknowledgement.
        found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((host, number))
            found.listen(256)
        except (OSError, OverflowError) as error:
            found.close()
            if number == wished[-1]:
                why = getattr(error, "strerror", None) or error
                raise LoopError(
                    f"port {number} of {visible(host)} can't be had ({why}); give another by --port"
                ) from None
        else:
            return found
    raise AssertionError("unreachable")


def _checked(token: str | None) -> None:
    accepted = f"accepted are 8 to {LONGEST_TOKEN} letters, digits, '-' and '_'"
    if token is None:
        return
    plain = token.replace("-", "").replace("_", "")
    if not (plain.isascii() and plain.isalnum() and 8 <= len(token) <= LONGEST_TOKEN):
        raise LoopError(f"token is {len(token)} characters; {accepted}")


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _names(port: int) -> frozenset[str]:
    names = ("127.0.0.1", "localhost", "[::1]")
    return frozenset([f"{name}:{port}" for name in names] + (list(names) if port == 80 else []))


def _address(host: str, port: int, token: str | None) -> str:
    try:
        parsed = ipaddress.ip_address(host)
    except ValueError:
        name = host
    else:
        name = _own_address() if parsed.is_unspecified else f"[{host}]" if parsed.version == 6 else host
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")


def _own_address() -> str:
    """Return the address by which others most likely reach this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _has_screen() -> bool:
    return os.name == "nt" or os.uname().sysname == "Darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
