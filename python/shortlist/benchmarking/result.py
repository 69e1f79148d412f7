"""The result of bench(): timings, and the tables, JSON and plot made of them."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.benchmarking.bandwidth import PLAUSIBLE
from shortlist.benchmarking.tasks import OURS
from shortlist.benchmarking.timing import Timed
from shortlist.tables import aligned, visible
from shortlist.writing import write_json, write_png

if TYPE_CHECKING:
    import os

    from matplotlib.figure import Figure


@dataclass
class Timing(Timed):
    """Runs of one strategy by one competitor, on so many rows with so many threads.

    Attributes
    ----------
    who, strategy : str
    threads, rows : int
    seconds : list of float
        One for each run.
    bytes : int or None
        Bytes of the pool; None where it is not read exactly once.
    picks : str or None
        Whether a rival picked what Shortlist did.
    peak : int or None
        Peak memory beyond the input, in bytes, where it was measured.
    """

    who: str
    strategy: str
    threads: int
    rows: int
    seconds: list[float]
    bytes: int | None
    picks: str | None = None
    peak: int | None = None

    @property
    def gb_per_s(self) -> float | None:
        """Bytes of the pool per second, in 10^9."""
        return None if self.bytes is None else self.bytes / self.median / 1e9


@dataclass(eq=False, repr=False)
class Benchmark:
    """What `bench` measured; shows itself as tables.

    Attributes
    ----------
    timings : list of Timing
        One for each strategy, competitor, number of threads and of rows.
    machine : dict
        Processor, cores, versions, date.
    shape : tuple of int
        (rows, classes) of the pool.
    dtype : str
        Of the pool.
    k : int
        Rows picked.
    rounds : int
        Interleaved runs of each task.
    skipped : dict of str: str
        Rivals that were left out, and why.
    reads : dict of (threads, rows): list of float
        Seconds to read the same memory and do nothing else.
    features : int or None
        Of the embeddings, where there were any.

    Examples
    --------
    >>> import shortlist as sl
    >>> how = {"rows": 2000, "classes": 4, "k": 10, "rivals": "none", "rounds": 3, "threads": [1]}
    >>> found = sl.bench(strategies="margin", peaks=False, **how)
    >>> found.strategies, found.shape
    (['margin'], (2000, 4))
    >>> sl.Benchmark.from_dict(found.to_dict()).median("margin", 1) == found.median("margin", 1)
    True
    """

    timings: list[Timing]
    machine: dict[str, Any]
    shape: tuple[int, int]
    dtype: str
    k: int
    rounds: int
    skipped: dict[str, str]
    reads: dict[tuple[int, int], list[float]]
    features: int | None = None

    @property
    def threads(self) -> list[int]:
        """Numbers of threads measured."""
        return sorted({n for n, _ in self.reads})

    @property
    def strategies(self) -> list[str]:
        """Strategies measured."""
        return list(dict.fromkeys(t.strategy for t in self.timings if t.who == OURS))

    @property
    def rivals(self) -> list[str]:
        """Rivals measured."""
        return list(dict.fromkeys(t.who for t in self.timings if t.who != OURS))

    def find(self, who: str, strategy: str, threads: int, rows: int | None = None) -> Timing | None:
        """Return one timing.

        Parameters
        ----------
        who : str
            "shortlist" or a rival.
        strategy : str
            By name.
        threads : int
            One of `threads`.
        rows : int, optional
            Of the timing; by default the whole pool.

        Returns
        -------
        Timing or None
            None where there is none.
        """
        at = self.shape[0] if rows is None else rows
        key = (who, strategy, threads, at)
        return next((t for t in self.timings if (t.who, t.strategy, t.threads, t.rows) == key), None)

    def median(self, strategy: str, threads: int) -> float:
        """Return Shortlist's median time on the whole pool.

        Parameters
        ----------
        strategy : str
            By name.
        threads : int
            One of `threads`.

        Returns
        -------
        float
            Seconds.

        Raises
        ------
        KeyError
            It was not measured.
        """
        found = self.find(OURS, strategy, threads)
        if found is None:
            raise KeyError(
                f"{strategy!r} with {threads} threads was not measured; there are {', '.join(self.strategies)}"
            )
        return found.median

    def read_gb_per_s(self, threads: int) -> float:
        """Return the read bandwidth measured beside the rest.

        Parameters
        ----------
        threads : int
            One of `threads`.

        Returns
        -------
        float
            10^9 bytes a second.
        """
        rows, classes = self.shape
        size = np.dtype(self.dtype).itemsize
        return rows * classes * size / statistics.median(self.reads[threads, rows]) / 1e9

    def share(self, strategy: str, threads: int) -> float | None:
        """Return the share of read bandwidth that a strategy reaches;
        None where it reads more than once.

        None also where it would be above what is possible: the machine did something else while
        bandwidth was measured.

        Parameters
        ----------
        strategy : str
            By name.
        threads : int
            One of `threads`.

        Returns
        -------
        float or None
            From 0 to 1.
        """
        found = self.find(OURS, strategy, threads)
        if found is None or found.gb_per_s is None:
            return None
        share = found.gb_per_s / self.read_gb_per_s(threads)
        return share if share <= PLAUSIBLE else None

    def heading(self) -> str:
        """Return one line on what was run and on what."""
        rows, classes = self.shape
        bandwidth = ", ".join(f"{self.read_gb_per_s(n):.1f} GB/s with {n}" for n in self.threads)
        return (
            f"top {self.k:,} of {rows:,} x {classes:,} {self.dtype}; medians of {self.rounds} interleaved runs; "
            f"{self.machine['cpu']}, {self.machine['cores']} cores; memory is read at {bandwidth} threads"
        )

    def rows(self) -> list[list[str]]:
        """Return Shortlist's figures as text, the first line naming the columns."""
        head = ["strategy", "threads", "median", "spread", "rows/s", "GB/s", "of read bandwidth", "peak memory"]
        body = []
        for name in self.strategies:
            for n in self.threads:
                t = self.find(OURS, name, n)
                if t is None:
                    continue
                share = self.share(name, n)
                rate = "-" if t.gb_per_s is None or name == "random" else f"{t.gb_per_s:.1f}"
                of = "-" if share is None or name == "random" else f"{share:.2f}"
                speed = f"{t.rows / t.median / 1e6:.3g} M"
                body.append([name, str(n), _time(t.median), f"{t.spread:.0%}", speed, rate, of, _size(t.peak)])
        return [head, *body]

    def rival_rows(self) -> list[list[str]]:
        """Return the rivals' figures as text; a mark ``*`` is on those of fewer runs;
        empty where there was no rival.
        """
        body = []
        for strategy in self.strategies:
            for n in self.threads:
                ours = self.find(OURS, strategy, n)
                for who in self.rivals:
                    t = self.find(who, strategy, n)
                    if t is None or ours is None:
                        continue
                    mark = "*" if len(t.seconds) < self.rounds else ""
                    ratio = f"{t.median / ours.median:.3g} x{mark}"
                    body.append([strategy, str(n), who, ratio, t.picks or "", _size(t.peak)])
        head = ["strategy", "threads", "rival", "time over Shortlist's", "picks", "peak memory"]
        return [head, *body] if body else []

    @property
    def contests(self) -> list[tuple[Timing, list[Timing]]]:
        """Rules over embeddings beside their rivals: Shortlist's timing,
        and theirs on the same rows.
        """
        smaller = [t for t in self.timings if t.bytes is None and t.rows < self.shape[0]]
        return [
            (ours, [t for t in smaller if t.who != OURS and t.strategy == ours.strategy])
            for ours in smaller
            if ours.who == OURS
        ]

    def contest_rows(self) -> list[list[str]]:
        """Return `contests` as text, as in `rival_rows`; empty without embeddings."""
        body = []
        for ours, theirs in self.contests:
            body.append([ours.strategy, f"{ours.rows:,}", str(ours.threads), OURS, _time(ours.median), "", ""])
            for t in theirs:
                mark = "*" if len(t.seconds) < self.rounds else ""
                ratio = f"{t.median / ours.median:.3g} x{mark}"
                body.append(["", "", "", t.who, _time(t.median), ratio, t.picks or ""])
        head = ["rule", "rows", "threads", "by", "median", "time over Shortlist's", "picks"]
        return [head, *body] if body else []

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for json.dumps."""
        return {
            **vars(self),
            "shape": list(self.shape),
            "reads": [{"threads": n, "rows": rows, "seconds": s} for (n, rows), s in self.reads.items()],
            "timings": [asdict(t) for t in self.timings],
        }

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Benchmark:
        """Read what `to_dict` returned.

        Parameters
        ----------
        record : dict
            As it was returned, or came through JSON.

        Returns
        -------
        Benchmark
        """
        changed = {
            "shape": tuple(record["shape"]),
            "reads": {(r["threads"], r["rows"]): r["seconds"] for r in record["reads"]},
            "timings": [Timing(**t) for t in record["timings"]],
        }
        return cls(**{**record, **changed})

    def to_json(self, target: str | os.PathLike[str]) -> None:
        """Write `to_dict` to a file.

        Parameters
        ----------
        target : path
            The file, replaced whole where it is there.
        """
        write_json(target, self.to_dict(), indent=1)

    def plot(self) -> Figure:
        """Draw rows against time and shares of bandwidth.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ModuleNotFoundError
            There is no matplotlib: the extra `plot`.
        """
        from shortlist.benchmarking.plots import draw

        return draw(self)

    def to_png(self, target: str | os.PathLike[str]) -> None:
        """Write `plot` to a file.

        Parameters
        ----------
        target : path
            The file, replaced whole where it is there.

        Raises
        ------
        ModuleNotFoundError
            There is no matplotlib: the extra `plot`.
        """
        write_png(target, self.plot())

    def __repr__(self) -> str:
        parts = [visible(self.heading()), "", aligned(self.rows())]
        for more in (self.rival_rows(), self.contest_rows()):
            if more:
                parts += ["", aligned(more)]
        return "\n".join([*parts, *(visible(f"skipped: {name} ({reason})") for name, reason in self.skipped.items())])


def _time(seconds: float) -> str:
    return (
        f"{seconds:.3g} s"
        if seconds >= 1
        else f"{seconds * 1e3:.3g} ms"
        if seconds >= 1e-3
        else f"{seconds * 1e6:.3g} us"
    )


def _size(n_bytes: int | None) -> str:
    return "-" if n_bytes is None else f"{n_bytes / 2**20:,.1f} MiB"
