"""How many threads a call uses when the caller does not say."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from shortlist import _core
from shortlist.arguments import whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 64
"""Threads that a call may start on any machine; with more than 16 cores, four a core."""


def thread_count(n_threads: int | None, name: str = "n_threads") -> int:
    """Return `n_threads`, or the default where it is None;
    more than could ever be of use are not started.

    The default is what affinity and cgroup limits allow, and 1 inside a Dask or Ray worker: there
    the cluster has already given each core its task.
    """
    if n_threads is not None:
        wanted = whole(n_threads, name, least=1)
        return wanted if wanted <= MOST else min(wanted, max(MOST, 4 * (os.cpu_count() or 1)))
    return 1 if _in_dask_worker() or _in_ray_worker() else _core.default_threads()


def threads_for(x: NDArray[Any], n_threads: int | None) -> int:
    """Return how many threads a call on an array may use, at little cost where 1 will do."""
    return 1 if n_threads is None and x.nbytes <= _core.ALONE else thread_count(n_threads)


def _in_dask_worker() -> bool:
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return False
    try:
        distributed.get_worker()
    except (ValueError, AttributeError):
        return False
    return True


def _in_ray_worker() -> bool:
    ray = sys.modules.get("ray")
    if ray is None:
        return False
    try:
        return bool(ray.is_initialized()) and ray.get_runtime_context().worker.mode == ray.WORKER_MODE
    except AttributeError:
        return False
