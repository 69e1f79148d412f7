"""Clusters that tests share: one of Dask and one of Ray, of two worker processes each, started when first asked for.

`tests/conftest.py` has all files that use them run one after the other in one process, and ends them after the last.
"""

import pytest

FILES = ("distributed/", "loop/test_elsewhere.py", "loop/test_training_clusters.py")
STARTED = {}


def uses_clusters(path):
    """Return whether a file of tests uses these clusters; its path may be of a test in it."""
    return any(part in path for part in FILES)


def dask_cluster():
    """Return the cluster of Dask; the caller makes clients of its own."""
    distributed = pytest.importorskip("distributed", reason="pip install 'shortlist[dask]'")
    if "dask" not in STARTED:
        STARTED["dask"] = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit=None
        )
    STARTED["dask"].scale(2)  # where a test has killed a worker that did not come back
    return STARTED["dask"]


def ray_cluster():
    """Return Ray, connected to its cluster."""
    ray = pytest.importorskip("ray", reason="pip install 'shortlist[ray]'")
    if not ray.is_initialized():
        ray.init(
            num_cpus=2,
            include_dashboard=False,
            object_store_memory=100 << 20,
            log_to_driver=False,
            configure_logging=False,
        )
        STARTED["ray"] = ray
    return ray


def end_clusters():
    """End what was started."""
    if "dask" in STARTED:
        STARTED.pop("dask").close()
    if "ray" in STARTED:
        STARTED.pop("ray").shutdown()
