"""Dask and Ray on this machine, and what is done to their processes."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING, Any

from attacks.clusters.rows import on_dask, on_ray

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STOPPED = 3.0
"""Seconds for which a worker is stopped."""


class Dask:
    """A cluster of two processes."""

    def __init__(self, place: Path, package: str = "") -> None:
        import distributed

        self.cluster = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit=None
        )
        self.client = distributed.Client(self.cluster)

    def pick(self, call: str, place: Path) -> Any:
        return on_dask(call, place)

    def close(self) -> None:
        for each in (self.client, self.cluster):
            with contextlib.suppress(Exception):
                each.close(timeout=5)


class Ray:
    """The same on Ray."""

    def __init__(self, place: Path, package: str = "") -> None:
        import ray

        ray.init(
            address="local",
            num_cpus=2,
            include_dashboard=False,
            object_store_memory=100 << 20,
            log_to_driver=False,
            configure_logging=False,
        )
        ray.data.DataContext.get_current().enable_progress_bars = False

    def pick(self, call: str, place: Path) -> Any:
        return on_ray(call, place)

    def close(self) -> None:
        import ray

        ray.shutdown()


def killed(cluster: Any, busy: Callable[[], int]) -> None:
    """Kill the worker that was busy last."""
    os.kill(busy(), signal.SIGKILL)


def stopped(cluster: Any, busy: Callable[[], int]) -> None:
    """Stop it for some seconds, in which its connections are open and silent."""
    number = busy()
    os.kill(number, signal.SIGSTOP)
    time.sleep(STOPPED)
    os.kill(number, signal.SIGCONT)


def scheduler_gone(cluster: Any, busy: Callable[[], int]) -> None:
    """End what hands tasks out."""
    busy()
    cluster.cluster.loop.add_callback(cluster.cluster.scheduler.close)


def nothing(cluster: Any, busy: Callable[[], int]) -> None:
    """Leave it alone."""
