"""Workers of a Dask cluster that can't do the work, or are not there any more:
said in one sentence, and not waited for without an end.
"""

from __future__ import annotations

import pickle
import threading
import time
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from shortlist.disk import one_line
from shortlist.pools.extras import need

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PATIENCE = "shortlist.no-workers-timeout"
"""Key of Dask's configuration: how long a call goes on while there is no worker; None for ever."""
LONGEST = "10 minutes"
LOOK = 1.0
"""Seconds between two looks."""
KNOCK = 3.0
"""Seconds that workers may take to say whether they know a task: who is busy is not asked again."""
_asked: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
"""Workers of each client that were asked already."""


def computed(lazy: Sequence[Any], tasks: Sequence[Any]) -> list[Any]:
    """Compute what is lazy, as ``dask.compute`` does.

    Parameters
    ----------
    lazy : sequence of collections
    tasks : sequence
        Functions and classes that workers have to know by name.

    Raises
    ------
    ValueError
        A worker doesn't know one of them.
    ConnectionError
        The scheduler was lost, or no worker was there for long.
    """
    dask = need("dask", "dask", "shortlist.distributed.dask")
    client = _client_of(dask, lazy)
    if client is None:
        return list(dask.compute(*lazy))
    check_workers(client, tasks)
    with lost_in_words(client):
        # One future for each collection; `dask.compute` of older versions has one for each chunk.
        futures = client.compute(list(lazy))
        with given_up(client, futures):
            return list(client.gather(futures))


def check_workers(client: Any, tasks: Sequence[Any]) -> None:
    """Ask workers that were not asked before whether they know some tasks.

    One that does not would end itself once it is sent one, and so would the others, one after the
    other.

    Raises
    ------
    ValueError
        One doesn't.
    """
    asked = _asked.setdefault(client, set())
    found: dict[str, Any] = {}
    with suppress(OSError, TimeoutError):  # what is lost is found out by the call itself
        new = [address for address in client.nthreads() if address not in asked]
        asked.update(new)
        given = (pickle.loads, pickle.dumps(tuple(tasks)))
        found = client.sync(client._run, *given, workers=new, on_error="return", callback_timeout=KNOCK) if new else {}
    unknown = {
        address: error
        for address, error in found.items()
        if isinstance(error, Exception) and not isinstance(error, OSError)
    }
    asked.difference_update(unknown)
    for address, error in unknown.items():
        raise ValueError(
            f"the worker at {address} doesn't know what it is to do ({one_line(error)}); accepted is the same Shortlist on the "
            "client and on all workers"
        )


@contextmanager
def given_up(client: Any, futures: Sequence[Any]) -> Iterator[None]:
    """Give tasks up where the cluster has no worker for long.

    Raises
    ------
    ConnectionError
        It had none.
    """
    dask = need("dask", "dask", "shortlist.distributed.dask")
    patience = dask.utils.parse_timedelta(dask.config.get(PATIENCE, LONGEST))
    if patience is None:
        yield
        return
    over, none_left = threading.Event(), threading.Event()

    def look() -> None:
        seen = time.monotonic()
        while not over.wait(LOOK):
            # Where the scheduler is lost too, the client says so.
            with suppress(Exception):
                if client.nthreads():
                    seen = time.monotonic()
                elif time.monotonic() - seen > patience:
                    none_left.set()
                    client.cancel(list(futures), force=True)
                    return

    thread = threading.Thread(target=look, name="shortlist-workers", daemon=True)
    thread.start()
    try:
        yield
    except CancelledError:
        if none_left.is_set():
            raise ConnectionError(
                f"the cluster at {_address(client)} had no worker for {patience:g} s, and the call was given up; dask.config has "
                f"how long that may be as {PATIENCE!r}"
            ) from None
        raise
    finally:
        over.set()


@contextmanager
def lost_in_words(client: Any) -> Iterator[None]:
    """Say in a sentence that the scheduler was lost.

    Raises
    ------
    ConnectionError
        It was.
    """
    try:
        yield
    except ConnectionError:
        raise
    except (CancelledError, OSError) as error:
        if isinstance(error, OSError) and not type(error).__module__.startswith("distributed"):
            raise  # a task's own
        raise ConnectionError(
            f"the cluster at {_address(client)} was lost in the middle of the call, and what workers had found with it "
            f"({one_line(error)}); accepted is the same call again, once it answers"
        ) from error


def _client_of(dask: Any, lazy: Sequence[Any]) -> Any:
    """Return the client whose cluster is to compute something;
    None where that is this process, or a worker, which has a client of its own.
    """
    client = getattr(dask.base.get_scheduler(collections=list(lazy)), "__self__", None)
    if client is None or not hasattr(client, "nthreads"):
        return None
    with suppress(ValueError):
        need("distributed", "dask", "shortlist.distributed.dask").get_worker()
        return None
    return client


def _address(client: Any) -> str:
    return str(getattr(client.scheduler, "address", "its address"))
