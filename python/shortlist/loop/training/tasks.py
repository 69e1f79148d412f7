"""Tasks of Dask and Ray: begun, waited for and given up in the same words."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from shortlist.disk import one_line
from shortlist.distributed.workers import check_workers, given_up, lost_in_words
from shortlist.loop.errors import LoopError
from shortlist.pools.extras import need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

KNOCK = 10.0
"""Seconds that a cluster may take to answer at its address."""


class Tasks(Protocol):
    """A cluster that functions are sent to."""

    @property
    def workers(self) -> int:
        """How many tasks run side by side."""

    def submit(self, name: str, function: Callable[..., Any], *given: Any) -> Any:
        """Begin a task, which is tried again where a worker dies;
        what another one returns is given by its handle.
        """

    def put(self, value: Any) -> Any:
        """Return a handle for a value, which is sent to each worker once."""

    def result(self, handle: Any) -> Any:
        """Wait for what a task returns.

        Raises
        ------
        LoopError
            It failed at every try, or took longer than it may.
        """


def tasks_on(where: str, address: str | None, retries: int, timeout: float | None) -> AbstractContextManager[Tasks]:
    """Connect to a cluster; all tasks that were begun there are over at the end.

    Parameters
    ----------
    where : {"dask", "ray"}
        The kind of cluster.
    address : str, optional
        Its address; by default the one that this process is connected to, or else one on this
        machine, which is ended afterwards.
    retries : int
        How often a task is tried again.
    timeout : float or None
        Seconds that all of them may take.

    Raises
    ------
    LoopError
        No such cluster.
    """
    run = {"dask": _on_dask, "ray": _on_ray}.get(where)
    if run is None:
        raise LoopError(f"[retrain] where is {where!r}; accepted are local, command, dask and ray")
    return run(address, retries, timeout)


class _Tasks:
    """What both kinds have in common."""

    def __init__(self, name: str, retries: int, timeout: float | None) -> None:
        self._name, self._retries, self._timeout = name, retries, timeout
        self._until = None if timeout is None else time.monotonic() + timeout
        self.begun: list[Any] = []

    def _left(self) -> float | None:
        return None if self._until is None else max(0.001, self._until - time.monotonic())

    def _given_up(self) -> LoopError:
        return LoopError(f"the task on {self._name} was given up after {self._timeout:g} s, its timeout")

    def _failed(self, error: BaseException) -> LoopError:
        return LoopError(f"the task on {self._name} failed ({one_line(error)})")


class _DaskTasks(_Tasks):
    def __init__(self, client: Any, name: str, retries: int, timeout: float | None) -> None:
        super().__init__(name, retries, timeout)
        self._client = client

    @property
    def workers(self) -> int:
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def submit(self, name: str, function: Callable[..., Any], *given: Any) -> Any:
        try:
            check_workers(self._client, (function, *(type(each) for each in given)))
        except ValueError as error:
            raise self._failed(error) from None
        self.begun.append(self._client.submit(function, *given, key=name, retries=self._retries, pure=False))
        return self.begun[-1]

    def put(self, value: Any) -> Any:
        self.begun.append(self._client.scatter([value], hash=False)[0])
        return self.begun[-1]

    def result(self, handle: Any) -> Any:
        try:
            with lost_in_words(self._client), given_up(self._client, [handle]):
                return handle.result(timeout=self._left())
        except TimeoutError:
            raise self._given_up() from None
        except Exception as error:  # whatever happened on the worker
            raise self._failed(error) from error


@contextmanager
def _on_dask(address: str | None, retries: int, timeout: float | None) -> Iterator[Tasks]:
    with _client(need("distributed", "dask", "[retrain] where"), address) as client:
        tasks = _DaskTasks(client, address or "Dask", retries, timeout)
        done = False
        try:
            yield tasks
            done = True
        finally:
            for future in tasks.begun:
                if not done:
                    future.cancel(force=True)
                # A key that lives on would answer the next task of that name.
                future.release()


@contextmanager
def _client(distributed: Any, address: str | None) -> Iterator[Any]:
    """Connect to a cluster, or take the one there is."""
    if address is None:
        found = None
        with suppress(ValueError):
            found = distributed.get_client()
        if found is not None:
            yield found
            return
    _knock(address, "Dask scheduler")
    local = {} if address is not None else {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None}
    try:
        client = distributed.Client(address, set_as_default=False, **local)
    except (OSError, ValueError) as error:
        raise LoopError(
            f"[retrain] address is {address!r}, where no Dask scheduler answers ({one_line(error)})"
        ) from None
    with client:
        yield client


class _RayTasks(_Tasks):
    def __init__(self, ray: Any, name: str, retries: int, timeout: float | None) -> None:
        super().__init__(name, retries, timeout)
        self._ray = ray

    @property
    def workers(self) -> int:
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def submit(self, name: str, function: Callable[..., Any], *given: Any) -> Any:
        task = self._ray.remote(max_retries=self._retries, retry_exceptions=True, num_cpus=1)(function)
        self.begun.append(task.options(name=name).remote(*given))
        return self.begun[-1]

    def put(self, value: Any) -> Any:
        return self._ray.put(value)

    def result(self, handle: Any) -> Any:
        try:
            return self._ray.get(handle, timeout=self._left())
        except self._ray.exceptions.GetTimeoutError:
            raise self._given_up() from None
        except self._ray.exceptions.RayError as error:
            # Ray's own words begin with a traceback.
            raise self._failed(getattr(error, "cause", None) or error) from error


@contextmanager
def _on_ray(address: str | None, retries: int, timeout: float | None) -> Iterator[Tasks]:
    with _ray(need("ray", "ray", "[retrain] where"), address) as ray:
        tasks = _RayTasks(ray, address or "Ray", retries, timeout)
        try:
            yield tasks
        except BaseException:  # Ctrl-C leaves nothing behind that runs on
            for reference in tasks.begun:
                ray.cancel(reference, force=True)
            raise


@contextmanager
def _ray(ray: Any, address: str | None) -> Iterator[Any]:
    """Connect to a cluster until the work is done, or take the one that
    this process is connected to.
    """
    if ray.is_initialized():
        yield ray
        return
    _knock(address, "Ray cluster")
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level="error",
            include_dashboard=False if not address else None,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise LoopError(f"[retrain] address is {address!r}, where no Ray cluster answers ({one_line(error)})") from None
    try:
        yield ray
    finally:
        ray.shutdown()


def _knock(address: str | None, what: str) -> None:
    """Look whether something answers at an address at all, as clients may try for many minutes.

    Raises
    ------
    LoopError
        Nothing does.
    """
    host, _, port = (address or "").rpartition("//")[2].rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), KNOCK).close()
    except (OSError, OverflowError) as error:
        raise LoopError(f"[retrain] address is {address!r}, where no {what} answers ({one_line(error)})") from None
