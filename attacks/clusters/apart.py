"""Dask and Ray on machines of a network of their own, and what is done to these."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shortlist
from attacks.clusters.network import HERE, ROOT, Machine, Network
from attacks.clusters.rows import on_dask, on_ray

if TYPE_CHECKING:
    from collections.abc import Callable

SILENCE = 12
"""Seconds after which Dask holds a silent connection for dead, here; 30 where nobody says so."""
EMPTY = 15
"""Seconds that a call goes on while there is no worker, here; 10 minutes where nobody says so."""
CUT, BEATS = 4.0, (0.4, 0.1)
"""Seconds for which a network is cut, and in which a slow worker stands still and goes on in turns."""
COPIES: dict[str, dict[str, tuple[str, str] | None]] = {
    "another version": {
        "selector.py": ("STATE_VERSION = ", "STATE_VERSION = 98 + "),
        "diversity/rounds/messages.py": ("VERSION = ", "VERSION = 98 + "),
    },
    "an older one": {"distributed/states.py": None, "distributed/rounds.py": None, "loop/training/at_work.py": None},
    "none at all": {
        "__init__.py": ("\nfrom __future__ import annotations\n", "\nraise ModuleNotFoundError('no shortlist here')\n")
    },
}
"""Packages that workers may have: what is changed in each file, None where it isn't there."""


def python_of(folder: Path, changes: dict[str, Any]) -> Path:
    """Copy the package with some of its files changed; return where it lies."""
    own = Path(shortlist.__file__).parent
    shutil.copytree(own, folder / "shortlist", ignore=shutil.ignore_patterns("__pycache__"))
    for name, change in changes.items():
        path = folder / "shortlist" / name
        text = path.read_text()
        if change is None:
            path.unlink()
        elif change[0] not in text:
            raise ValueError(f"{name} has no {change[0]!r}")
        else:
            path.write_text(text.replace(*change, 1))
    return folder


def reached(address: str, port: int, seconds: float = 60) -> None:
    """Wait until somebody answers there."""
    until = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError):
            socket.create_connection((address, port), 1).close()
            return
        if time.monotonic() > until:
            raise TimeoutError(f"nobody answers at {address}:{port}")
        time.sleep(0.1)


class Cluster:
    """Two workers, each on a machine of its own."""

    workers: list[Machine]

    def __init__(self, place: Path) -> None:
        self.log, self.network = place / "log", Network()
        self.environment = {"PYTHONPATH": f"{Path(shortlist.__file__).parents[1]}:{ROOT}"}

    def with_package(self, place: Path, package: str) -> None:
        """Give machines that are started from now on another package."""
        if package:
            self.environment["PYTHONPATH"] = f"{python_of(place / 'package', COPIES[package])}:{ROOT}"

    def start(self, words: list[str]) -> Machine:
        """Start a machine that runs a module of Python."""
        return self.network.start([sys.executable, "-m", *words], self.log, **self.environment)

    def of(self, number: int) -> Machine:
        """Return the machine of a process."""
        return next(worker for worker in self.workers if number in worker.processes())


class Dask(Cluster):
    """A scheduler on a machine of its own too; the client is here."""

    def __init__(self, place: Path, package: str = "") -> None:
        import dask
        import distributed

        super().__init__(place)
        times = {f"distributed.comm.timeouts.{name}": f"{SILENCE}s" for name in ("connect", "tcp")}
        dask.config.set({**times, "shortlist.no-workers-timeout": f"{EMPTY}s"})
        self.environment |= {f"DASK_{key.upper().replace('.', '__')}": value for key, value in times.items()}
        scheduler = ["distributed.cli.dask_scheduler", "--host", "10.99.0.10", "--port", "8786", "--no-dashboard"]
        self.scheduler, self.address = self.start(scheduler), "tcp://10.99.0.10:8786"
        reached("10.99.0.10", 8786)
        self.with_package(place, package)
        words = ["distributed.cli.dask_worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        words += ["--memory-limit", "0", "--local-directory", str(place / "spilled"), "--host"]
        self.workers = [self.start([*words, f"10.99.0.{11 + number}"]) for number in range(2)]
        self.client = distributed.Client(self.address, timeout=SILENCE)
        self.client.wait_for_workers(2, timeout=60)

    def pick(self, call: str, place: Path) -> Any:
        return on_dask(call, place, self.address)

    def restart(self) -> None:
        """Start the scheduler again where it was, and all workers, as what looks after them would."""
        for machine in (self.scheduler, *self.workers):
            machine.end()
        self.scheduler = self.network.again(self.scheduler, self.log, **self.environment)
        reached("10.99.0.10", 8786)
        self.workers = [self.network.again(worker, self.log, **self.environment) for worker in self.workers]
        self.client.wait_for_workers(2, timeout=60)

    def close(self) -> None:
        self.network.close()


class Ray(Cluster):
    """A head without processors here, and two nodes of one each."""

    def __init__(self, place: Path, package: str = "") -> None:
        import ray

        super().__init__(place)
        health = {"initial_delay_ms": "1000", "period_ms": "1000", "timeout_ms": "2000", "failure_threshold": "4"}
        self.environment |= {f"RAY_health_check_{key}": value for key, value in health.items()}
        # Connections that stay open and silent are held for dead after five minutes where nobody says so.
        silence = {"time_ms": "4000", "timeout_ms": "4000"}
        self.environment |= {f"RAY_grpc_client_keepalive_{key}": value for key, value in silence.items()}
        self.environment |= {"RAY_AUTH_MODE": "disabled"}
        os.environ.update(self.environment)
        store = ["--disable-usage-stats", "--include-log-monitor=false", "--object-store-memory", str(100 << 20)]
        start = ["ray.scripts.scripts", "start", *store]
        head = ["--head", f"--node-ip-address={HERE}", "--num-cpus=0", "--include-dashboard=false"]
        with self.log.open("ab") as out:
            words = [sys.executable, "-m", *start, *head, f"--temp-dir={place / 'ray'}"]
            subprocess.run(words, check=True, stdout=out, stderr=out)
        self.with_package(place, package)
        words = [*start, f"--address={HERE}:6379", "--num-cpus=1", "--block"]
        self.workers = [self.start([*words, f"--node-ip-address=10.99.0.{10 + number}"]) for number in range(2)]
        ray.init(address=f"{HERE}:6379", _node_ip_address=HERE, log_to_driver=False, configure_logging=False)
        ray.data.DataContext.get_current().enable_progress_bars = False
        until = time.monotonic() + 150
        while ray.cluster_resources().get("CPU", 0) < 2:
            if time.monotonic() > until:
                raise TimeoutError("the nodes of Ray did not come")
            # On a busy machine Ray gives a node up that takes half a minute to begin.
            for number, worker in enumerate(self.workers):
                if worker.process.poll() is not None:
                    worker.end()
                    self.workers[number] = self.network.again(worker, self.log, **self.environment)
            time.sleep(0.2)

    def pick(self, call: str, place: Path) -> Any:
        return on_ray(call, place)

    def close(self) -> None:
        self.network.close()


def worker_killed(cluster: Any, busy: Callable[[], int]) -> None:
    """End the machine that was busy last."""
    cluster.of(busy()).send(signal.SIGKILL)


def worker_slow(cluster: Any, busy: Callable[[], int]) -> None:
    """Slow it down: by its network where the kernel can, or else by stopping it again and again."""
    worker = cluster.of(busy())
    if worker.delay(200):
        return
    still, going = BEATS
    for _ in range(int(10 / (still + going))):
        worker.send(signal.SIGSTOP)
        time.sleep(still)
        worker.send(signal.SIGCONT)
        time.sleep(going)


def worker_cut_off_and_back(cluster: Any, busy: Callable[[], int]) -> None:
    """Cut it off from the network for some seconds."""
    worker = cluster.of(busy())
    worker.cut()
    time.sleep(CUT)
    worker.mend()


def worker_cut_off_and_late_back(cluster: Any, busy: Callable[[], int]) -> None:
    """Cut it off until the cluster has given it up."""
    worker = cluster.of(busy())
    worker.cut()
    time.sleep(2 * SILENCE)
    worker.mend()


def worker_cut_off(cluster: Any, busy: Callable[[], int]) -> None:
    """Cut it off for good."""
    cluster.of(busy()).cut()


def all_workers_cut_off(cluster: Any, busy: Callable[[], int]) -> None:
    """Cut all workers off for good."""
    busy()
    for worker in cluster.workers:
        worker.cut()


def scheduler_killed(cluster: Any, busy: Callable[[], int]) -> None:
    """End the scheduler's machine."""
    busy()
    cluster.scheduler.send(signal.SIGKILL)


def scheduler_restarted(cluster: Any, busy: Callable[[], int]) -> None:
    """End it, and start it again where it was."""
    busy()
    cluster.restart()


def scheduler_cut_off_and_back(cluster: Any, busy: Callable[[], int]) -> None:
    """Cut it off from the client and the workers for some seconds."""
    busy()
    cluster.scheduler.cut()
    time.sleep(CUT)
    cluster.scheduler.mend()


def scheduler_cut_off(cluster: Any, busy: Callable[[], int]) -> None:
    """Cut it off for good."""
    busy()
    cluster.scheduler.cut()
