"""Reading ahead: the next blocks are read in the background while the present one is scored."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

T = TypeVar("T")

LOOK_UP = 0.2
"""Seconds after which a wait looks up for Ctrl-C, on systems where a signal does not end it."""
FAREWELL = 0.5
"""Seconds that a reader gets to end the read it is in, when nobody wants its blocks any more."""


class _End:
    """What a reader leaves at the end: nothing, or the error that stopped it."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def started(work: Callable[..., None], *arguments: Any) -> threading.Thread | None:
    """Start a reader; None where the system gives no more threads,
    and those there are have to do.
    """
    reader = threading.Thread(target=work, args=arguments, name="shortlist-reader", daemon=True)
    try:
        reader.start()
    except RuntimeError:
        return None
    return reader


def ahead(items: Iterable[T], depth: int = 1) -> Iterator[T]:
    """Yield the items of an iterable that one background thread runs through,
    at most `depth` items ahead.

    The thread lives no longer than the iteration. Errors come out here, in their place. The
    iterable must not mind being run by another thread. Where no thread can start, the calling one
    reads.
    """
    ready: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
    room = threading.Semaphore(depth)
    stop = threading.Event()

    def read() -> None:
        error = None
        try:
            iterator = iter(items)
            while True:
                room.acquire()
                if stop.is_set():
                    return
                ready.put(next(iterator))
        except StopIteration:
            pass
        except BaseException as raised:
            error = raised
        ready.put(_End(error))

    reader = started(read)
    if reader is None:
        yield from items
        return
    try:
        while True:
            item = _take(ready)
            if isinstance(item, _End):
                break
            room.release()
            yield item
            del item
        if item.error is not None:
            raise item.error
    finally:
        stop.set()
        room.release()
        reader.join(FAREWELL)


def in_order(tasks: Sequence[Callable[[], T]], readers: int) -> Iterator[T]:
    """Yield the results of tasks in order; `readers` background threads work on them,
    no further ahead than that.

    Where no thread can start, the calling one works.
    """
    slots: list[queue.SimpleQueue[T | _End]] = [queue.SimpleQueue() for _ in tasks]
    room = threading.Semaphore(readers)
    lock = threading.Lock()
    numbers = iter(range(len(tasks)))
    stop = threading.Event()

    def read() -> None:
        while True:
            room.acquire()
            with lock:
                number = next(numbers, None)
            if number is None or stop.is_set():
                return
            try:
                slots[number].put(tasks[number]())
            except BaseException as raised:
                slots[number].put(_End(raised))

    threads = [thread for _ in range(readers) if (thread := started(read)) is not None]
    if not threads:
        for task in tasks:
            yield task()
        return
    try:
        for slot in slots:
            item = _take(slot)
            if isinstance(item, _End):
                raise item.error or RuntimeError
            room.release()
            yield item
            del item
    finally:
        stop.set()
        for _ in threads:
            room.release()
        for thread in threads:
            thread.join(FAREWELL)


def _take(ready: queue.SimpleQueue[T]) -> T:
    while True:
        try:
            return ready.get(timeout=LOOK_UP)
        except queue.Empty:
            continue
