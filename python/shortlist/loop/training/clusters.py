"""Training on a cluster: one task of Dask or Ray, with retries, whose answers come back as an array."""

from __future__ import annotations

import socket
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.disk import one_line
from shortlist.loop.errors import LoopError
from shortlist.loop.pool.features import Features
from shortlist.loop.pool.rows import open_pool
from shortlist.loop.training.command import BACK_OFF, run_job
from shortlist.loop.training.local import train
from shortlist.loop.training.trained import Trained, write_npy
from shortlist.pools.extras import need

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from shortlist.loop.pool.rows import LoopPool
    from shortlist.loop.spec.model import Spec
    from shortlist.loop.training.imports import Extra


KNOCK = 10.0
"""Seconds that a cluster may take to answer at its address."""


@dataclass(frozen=True, eq=False)
class Task:
    """All that a worker is sent; it reads the pool itself, from the paths that the specification names."""

    spec: Spec
    state: Mapping[str, Any]
    projection: int
    rows: NDArray[np.int64]
    labels: Sequence[str]
    weights: NDArray[np.float64] | None
    seed: int
    extra: Extra | None
    job: Mapping[str, Any]
    pool: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Answer:
    """What a worker sends back: numbers, or the sentence that says why there are none."""

    refused: str = ""
    probabilities: NDArray[np.float32] | None = None
    members: NDArray[np.float32] | None = None
    trained: Trained | None = None


def train_on(
    where: str,
    address: str | None,
    spec: Spec,
    pool: LoopPool,
    features: Features,
    rows: NDArray[np.int64],
    labels: Sequence[str],
    weights: NDArray[np.float64] | None,
    seed: int,
    out: Path,
    *,
    job: Mapping[str, Any],
    extra: Extra | None = None,
) -> Trained:
    """Train as a task of a cluster, and write what comes back to `out`.

    Parameters
    ----------
    where : {"dask", "ray"}
        The kind of cluster.
    address : str, optional
        Its address; by default the one that this process is connected to, or else one on this machine, which is ended
        afterwards.
    spec, pool, features, rows, labels, weights, seed, out, extra
        As `train` takes them. With ``[model] command`` the command runs on the worker.
    job : mapping
        Loop, round and token: what names the task, and what ``job.json`` says of it.

    Raises
    ------
    LoopError
        No such cluster, a task that failed at every try or took longer than ``[model] timeout``, or what `train` refuses.

    Notes
    -----
    Workers must find the pool's files under the same paths.
    """
    began = time.perf_counter()
    told = dict(pool.fingerprint)
    task = Task(spec, features.state, features.seed, rows, labels, weights, seed, extra, dict(job), told)
    name = "shortlist-train-" + "-".join(str(value) for value in job.values())
    run = {"dask": _on_dask, "ray": _on_ray}.get(where)
    if run is None:
        raise LoopError(f"[retrain] where is {where!r}; accepted are local, command, dask and ray")
    answer = run(address, task, name, *_patience(spec))
    if answer.probabilities is None or answer.trained is None:
        raise LoopError(answer.refused)
    out.mkdir(parents=True, exist_ok=True)
    write_npy(out / "probs.npy", answer.probabilities.shape, [answer.probabilities])
    if answer.members is not None:
        write_npy(out / "members.npy", answer.members.shape, [answer.members])
    return Trained(
        model=answer.trained.model,
        probabilities=out / "probs.npy",
        seconds=time.perf_counter() - began,
        log=answer.trained.log,
        temperature=answer.trained.temperature,
        out_of_fold=answer.trained.out_of_fold,
        members=None if answer.members is None else out / "members.npy",
    )


def _patience(spec: Spec) -> tuple[int, float | None]:
    """Return retries and timeout of the task. A command has them on the worker too, for each of its tries."""
    retries, timeout = spec.model.retries, spec.model.timeout
    if timeout and spec.model.command:
        timeout = timeout * (retries + 1) + BACK_OFF * 2**retries
    return retries, timeout


def work(task: Task) -> Answer:
    """Train on a worker. What is wrong with the data comes back as a sentence, as trying again would not help."""
    with tempfile.TemporaryDirectory(prefix="shortlist-train-") as name:
        folder = Path(name)
        try:
            pool = open_pool(task.spec, cache=folder / "pool")
            if dict(pool.fingerprint) != dict(task.pool):
                return Answer("the worker finds another pool under the path of the specification; accepted is the same")
            if task.spec.model.command:
                trained = run_job(task.spec, folder / "job", task.job, pool, task.rows, task.labels, task.weights)
            else:
                features = Features(task.state, pool, task.projection)
                given = (task.spec, pool, features, task.rows, task.labels, task.weights, task.seed, folder / "out")
                trained = train(*given, extra=task.extra)
        except LoopError as error:
            return Answer(str(error).replace(f"{folder.resolve()}/job/", "").replace(f"{folder}/job/", ""))
        members = None if trained.members is None else np.load(trained.members)
        return Answer("", np.load(trained.probabilities), members, trained)


def _on_dask(address: str | None, task: Task, name: str, retries: int, timeout: float | None) -> Answer:
    with _client(need("distributed", "dask", "[retrain] where"), address) as client:
        future = client.submit(work, task, key=name, retries=retries, pure=False)
        try:
            answer: Answer = future.result(timeout=timeout)
        except TimeoutError:
            future.cancel(force=True)
            raise LoopError(f"the task on {address or 'Dask'} was given up after {timeout:g} s, its timeout") from None
        except Exception as error:  # whatever happened on the worker
            raise LoopError(f"the task on {address or 'Dask'} failed ({one_line(error)})") from error
        finally:
            # A key that lives on would answer the next task of that name.
            future.release()
        return answer


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
    _answers(address, "Dask scheduler")
    local = {} if address is not None else {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None}
    try:
        client = distributed.Client(address, set_as_default=False, **local)
    except (OSError, ValueError) as error:
        raise LoopError(
            f"[retrain] address is {address!r}, where no Dask scheduler answers ({one_line(error)})"
        ) from None
    with client:
        yield client


def _on_ray(address: str | None, task: Task, name: str, retries: int, timeout: float | None) -> Answer:
    with _ray(need("ray", "ray", "[retrain] where"), address) as ray:
        task_of = ray.remote(max_retries=retries, retry_exceptions=True, num_cpus=1)(work)
        reference = task_of.options(name=name).remote(task)
        try:
            answer: Answer = ray.get(reference, timeout=timeout)
        except ray.exceptions.GetTimeoutError:
            ray.cancel(reference, force=True)
            raise LoopError(f"the task on {address or 'Ray'} was given up after {timeout:g} s, its timeout") from None
        except ray.exceptions.RayError as error:
            raise LoopError(f"the task on {address or 'Ray'} failed ({one_line(error)})") from error
        except BaseException:  # Ctrl-C leaves nothing behind that runs on
            ray.cancel(reference, force=True)
            raise
        return answer


@contextmanager
def _ray(ray: Any, address: str | None) -> Iterator[Any]:
    """Connect to a cluster until the work is done, or take the one that this process is connected to."""
    if ray.is_initialized():
        yield ray
        return
    _answers(address, "Ray cluster")
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


def _answers(address: str | None, what: str) -> None:
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
