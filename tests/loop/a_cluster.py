"""Clusters of this machine for tests: one of Dask or of Ray, or none where it isn't installed."""

from contextlib import contextmanager

import pytest


@contextmanager
def started(kind, workers):
    """Start a cluster; yield its address, None for the one that this process is connected to."""
    if kind == "dask":
        distributed = pytest.importorskip("distributed", reason="pip install 'shortlist[dask]'")
        with distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, memory_limit=None
        ) as found:
            yield found.scheduler_address
        return
    ray = pytest.importorskip("ray", reason="pip install 'shortlist[ray]'")
    store = 100 << 20
    ray.init(
        num_cpus=workers,
        include_dashboard=False,
        object_store_memory=store,
        log_to_driver=False,
        configure_logging=False,
    )
    yield None
    ray.shutdown()
