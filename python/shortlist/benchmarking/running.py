"""`bench`: every strategy on a pool, against memory and against what else is installed."""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from shortlist.arguments import whole
from shortlist.benchmarking import contests, data, memory, rules
from shortlist.benchmarking.agreement import agreement
from shortlist.benchmarking.bandwidth import reader
from shortlist.benchmarking.machine import cores, machine, versions
from shortlist.benchmarking.registry import origin
from shortlist.benchmarking.result import Benchmark, Timing
from shortlist.benchmarking.rivals import MEASURES, RIVALS, Rival
from shortlist.benchmarking.tasks import OURS, READ, SLOW, rival_task
from shortlist.benchmarking.timing import Times, interleave
from shortlist.by_name import DIVERSE, embedded, pick, wanted_of
from shortlist.npy import NpyFile
from shortlist.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LONG = 5.0
"""Shortlist itself stops after two runs that take so many seconds each."""
ELSEWHERE = "in Shortlist's repository, where `python -m benches.bench` is `shortlist bench` with all of them"
VALUES = ("density", "min_distances")
"""What is timed beside its rivals alone: it gives a number a row, and no picks."""


def bench(
    x: Any = None,
    strategies: str | Iterable[str] | None = None,
    k: int = 100,
    *,
    rows: int | None = None,
    classes: int = 100,
    dtype: str = "float32",
    embeddings: Any = None,
    features: int | None = None,
    from_logits: bool = False,
    rivals: str | Iterable[str] = "auto",
    rounds: int = 7,
    threads: Iterable[int] | None = None,
    peaks: bool = True,
    random_state: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> Benchmark:
    """Measure strategies on a pool: time, share of read bandwidth, memory,
    and rivals on the same work.

    Parameters
    ----------
    x : ndarray or path of shape (rows, classes), optional
        Probabilities, or logits with `from_logits`; without it a pool is made of `rows`, `classes`
        and `dtype`.
    strategies : list of str, optional
        Measures of a row, "random", and with `embeddings` rules of diverse batches, "density" and
        "min_distances". By default all that fit.
    k : int, default=100
        Rows to pick.
    rows : int, optional
        Of the pool that is made, spread evenly over the simplex: by default a million, or one for
        each of `embeddings`.
    classes : int, default=100
        Of the pool that is made.
    dtype : {"float32", "float64", "float16"}
        Of the pool that is made.
    embeddings : ndarray or path of shape (rows, features), optional
        For diverse batches, which have no bandwidth to be held against. They are timed on the whole
        pool, and beside their rivals on its first rows: 20,000, fewer where rivals take rows times
        rows.
    features : int, optional
        Of embeddings that are made, in 100 loose clusters, where none are given.
    from_logits : bool
        x holds logits; rivals of measures, which take probabilities, are left out.
    rivals : "auto", "none", or list of str, default="auto"
        As ["numpy", "modal"]; "auto" is all that are installed and give right answers. Those of
        other packages, and of rules over embeddings, are in Shortlist's repository: `python -m
        benches.bench` there.
    rounds : int, default=7
        Interleaved runs of each task, at least 3. Rivals ten times slower stop after two.
    threads : list of int, default=1 and all
        Numbers of threads.
    peaks : bool, default=True
        Whether to measure peak memory, in processes of their own.
    random_state : int, default=0
        Seed of the pool and of random rows.
    progress : callable, optional
        Called with (steps done, steps in all).

    Returns
    -------
    Benchmark
        Times in seconds, memory in bytes; shows itself as tables.

    Raises
    ------
    ValueError, TypeError
        One sentence that names the argument, what came and what is accepted.
    OSError
        A file that cannot be opened.

    Notes
    -----
    Every round runs every task once, so that drift hits all alike; the median counts. Rivals get
    the same threads.

    Examples
    --------
    >>> import shortlist as sl
    >>> how = {"rows": 2000, "classes": 4, "k": 10, "rivals": "none", "rounds": 3, "threads": [1]}
    >>> found = sl.bench(peaks=False, **how)
    >>> found.median("margin", 1) > 0
    True
    """
    k, rounds = whole(k, "k", least=1), whole(rounds, "rounds", least=3)
    if isinstance(embeddings, str | os.PathLike):
        embeddings = NpyFile(embeddings).array
    if rows is None:
        rows = 1_000_000 if embeddings is None else len(embeddings)
    pool = _pool(x, rows, classes, dtype, random_state)
    if embeddings is None and features is not None:
        embeddings = data.clustered(len(pool), whole(features, "features", least=1), random_state)
    embeddings = embedded(embeddings, len(pool))
    if k > len(pool):
        raise ValueError(f"k is {k:,}; accepted are at most the {len(pool):,} rows of the pool")
    counts = sorted({thread_count(n, "threads") for n in threads} if threads is not None else {1, thread_count(None)})
    wanted = list(wanted_of(strategies, from_logits, embeddings is not None, VALUES))
    ruled = [how for how in rules.OURS if how in wanted]
    found, rule_rivals, skipped = _rivals(rivals, from_logits, ruled, bool(set(wanted) & set(MEASURES)))
    run = _Run(pool, wanted, k, embeddings, from_logits, random_state, found, rounds)
    sizes = [size for size in (len(pool) // 1000, len(pool) // 100, len(pool) // 10) if size >= max(10 * k, 1000)]
    wait = len(counts) + len(sizes) + bool(ruled)
    steps = wait + (1 + len(found)) * peaks
    tell = progress or (lambda done, total: None)  # noqa: ARG005
    with threadpool_limits(1, user_api="blas"):
        for done, n in enumerate(counts):
            tell(done, steps)
            run.measure(pool, n)
        for done, size in enumerate(sizes, len(counts)):
            tell(done, steps)
            run.measure(pool[:size], counts[-1])
    if ruled:
        tell(wait - 1, steps)
        run.timings += contests.measure(
            ruled, embeddings, pool, k, counts[-1], rounds, rule_rivals, from_logits=from_logits
        )
    if peaks:
        _peaks(run, x, counts[-1], lambda done: tell(wait + done, steps))
    tell(steps, steps)
    packages = dict.fromkeys(entry.package for kind in (RIVALS, rules.RIVALS) for entry in kind.entries)
    about = machine() | {"packages": versions(packages)}
    features = None if embeddings is None else int(np.shape(embeddings)[1])
    return Benchmark(run.timings, about, pool.shape, str(pool.dtype), k, rounds, skipped, run.reads, features)


@dataclass
class _Run:
    pool: Any
    wanted: list[str]
    k: int
    embeddings: Any
    from_logits: bool
    seed: int
    rivals: list[Rival]
    rounds: int
    timings: list[Timing] = field(default_factory=list)
    reads: dict[tuple[int, int], list[float]] = field(default_factory=dict)

    def measure(self, x: Any, n_threads: int) -> None:
        """Interleave everything on one pool at one number of threads."""
        picks: dict[str, Any] = {}

        def keep(name: str, task: Callable[[], Any]) -> Callable[[], None]:
            def once() -> None:
                picks[name] = task()

            return once

        _, read = reader()
        tasks: dict[str, Any] = {READ: lambda: read(x, n_threads)}
        options = {
            "from_logits": self.from_logits, "temperature": 1.0, "normalize": "check", "n_threads": n_threads,
        }  # fmt: skip
        whole_pool = len(x) == len(self.pool)
        for how in self.wanted:
            if how not in VALUES and (whole_pool or how not in DIVERSE):
                name = f"{OURS}|{how}"
                tasks[name] = keep(name, partial(self.select, how, x, options))
        for rival in self.rivals:
            rival.setup(x, n_threads)
            for how in set(self.wanted) & {measure for measure in MEASURES if rival.has(measure)}:
                tasks[f"{rival.name}|{how}"] = keep(f"{rival.name}|{how}", rival_task(rival, how, self.k))

        def slow(name: str, times: dict[str, Times]) -> bool:
            who, _, how = name.partition("|")
            if who in (READ, OURS):
                return times[name].median > LONG
            return times[name].median > SLOW * times[f"{OURS}|{how}"].median

        begin_cold = {rival.name for rival in self.rivals if rival.cold}
        cold = [name for name in tasks if name.partition("|")[0] in begin_cold]
        times = interleave(tasks, self.rounds, cold=cold, slow=slow)
        self.reads[n_threads, len(x)] = times.pop(READ).seconds
        for name, taken in times.items():
            who, _, how = name.partition("|")
            same = None if who == OURS else agreement(picks[f"{OURS}|{how}"], np.asarray(picks[name]), how, x)
            n_bytes = x.nbytes if how not in DIVERSE else None
            self.timings.append(Timing(who, how, n_threads, len(x), taken.seconds, n_bytes, same))

    def select(self, how: str, x: Any, options: dict[str, Any]) -> Any:
        return pick(how, x, self.k, self.embeddings, self.seed, options).indices


def _pool(x: Any, rows: int, classes: int, dtype: str, seed: int) -> Any:
    if x is None:
        if dtype not in ("float32", "float64"):
            raise ValueError(f"dtype is {dtype!r}; accepted are float32 and float64, for a pool that is made")
        rows, classes = whole(rows, "rows", least=1), whole(classes, "classes", least=2)
        n_bytes = rows * classes * np.dtype(dtype).itemsize
        return data.fill(data.Buffer(n_bytes).rows(rows, classes, dtype), "dirichlet", seed)
    pool = NpyFile(x).array if isinstance(x, str | os.PathLike) else np.asarray(x)
    if pool.ndim != 2 or not len(pool):
        raise ValueError(f"x has shape {pool.shape}; accepted is (rows, classes) with at least one row")
    if not pool.flags.c_contiguous:
        raise ValueError("x is not contiguous in C order; accepted is a pool that rivals can read too")
    return pool


def _rivals(
    wanted: str | Iterable[str], from_logits: bool, ruled: list[str], measured: bool
) -> tuple[list[Rival], list[Any], dict[str, str]]:
    """Return rivals of measures, rivals of rules, and why the others are left out."""
    if wanted == "none":
        return [], [], {}
    names = list(dict.fromkeys([*RIVALS.names, *rules.RIVALS.names]))
    asked = names if wanted == "auto" else [wanted] if isinstance(wanted, str) else list(wanted)
    unknown = [name for name in asked if name not in names]
    if unknown:
        raise ValueError(
            f"rivals has {unknown[0]!r}; accepted are auto, none, and {', '.join(names)}; others are {ELSEWHERE}"
        )
    found: list[Rival] = []
    skipped: dict[str, str] = {"rivals of measures": "they take probabilities, and the pool holds logits"}
    if not measured:
        skipped = {}
    elif not from_logits:
        found, skipped = RIVALS.load(asked)
    rule_rivals: list[Any] = []
    if ruled and not rules.RIVALS.entries:
        skipped = skipped | {"rivals of rules": f"they are {ELSEWHERE}"}
    elif ruled:
        rule_rivals, more = rules.RIVALS.load(asked)
        skipped = skipped | more
    elif wanted != "auto":
        skipped = skipped | {name: "for embeddings alone" for name in asked if name not in RIVALS.names}
    return found, rule_rivals, skipped


def _peaks(run: _Run, x: Any, threads: int, tell: Callable[[int], object]) -> None:
    """Fill in the peak memory of the timings on the whole pool."""
    with tempfile.TemporaryDirectory() as folder:
        path = x
        if not isinstance(x, str | os.PathLike):
            path = Path(folder) / "pool.npy"
            np.save(path, run.pool)
        measure = partial(memory.peaks, str(path), run.k, from_logits=run.from_logits, threads=threads)
        everyone = {OURS: OURS} | {rival.name: origin(rival) for rival in run.rivals}
        plain = [how for how in run.wanted if how not in (*DIVERSE, *VALUES)]
        asked = [plain if who == OURS else [how for how in plain if how in MEASURES] for who in everyone]
        # Side by side: a process's own memory does not depend on its neighbours, and most of the
        # time is imports.
        with ThreadPoolExecutor(cores()) as side_by_side:
            answers = side_by_side.map(measure, everyone.values(), asked)
            for number, (who, found) in enumerate(zip(everyone, answers, strict=True), 1):
                tell(number)
                for timing in run.timings:
                    if (timing.who, timing.rows, timing.threads) == (who, len(run.pool), threads):
                        timing.peak = found.get(timing.strategy)
