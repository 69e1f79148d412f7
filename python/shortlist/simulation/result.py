"""The result of a simulation: curves, summaries, verdicts, and ways to keep and show them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.simulation.curves import Curves
from shortlist.simulation.journal import NAME, read, run_of
from shortlist.simulation.strategies import RANDOM
from shortlist.simulation.summary import Stop, Summary, cautions, stops, summaries
from shortlist.tables import aligned, visible
from shortlist.writing import make_folder, plain, write_json, write_png, write_text

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from shortlist.simulation.loop import Run


class Simulation:
    """Learning curves of strategies on one data set, paired by repeat.

    Index it by the name of a strategy for its `Curves`.

    Parameters
    ----------
    runs : sequence of Run
        Those of strategies and repeats, as `simulate` makes them.
    names : sequence of str
        The strategies.
    labels : ndarray of int64
        Labels paid for at each point of a curve.
    settings : dict
        What was run.
    target : float, optional
        The score for which labels are counted; by default the mean of random at the end.

    Attributes
    ----------
    names : list of str
        The strategies, "random" among them.
    labels : ndarray of int64
        Labels paid for at each point of a curve.
    repeats : int
        Repeats that all strategies have finished; others are left out.
    settings : dict
        What was run.
    target : float
        The score for which labels are counted.

    Raises
    ------
    ValueError
        Not one repeat is finished for all strategies.

    Examples
    --------
    >>> import shortlist as sl
    >>> from sklearn.datasets import make_classification
    >>> X, y = make_classification(200, random_state=0)
    >>> found = sl.simulate(X, y, strategies="margin", batch=10, budget=40, repeats=2, n_jobs=1)
    >>> found.names, found.labels.tolist(), found.repeats
    (['margin', 'random'], [10, 20, 30, 40], 2)
    """

    def __init__(
        self,
        runs: Sequence[Run],
        names: Sequence[str],
        labels: NDArray[np.int64],
        settings: dict[str, Any],
        target: float | None = None,
    ) -> None:
        of = {(r.strategy, r.repeat): r for r in runs}
        whole = sorted({r.repeat for r in runs if all((name, r.repeat) in of for name in names)})
        if not whole:
            raise ValueError("not one repeat is finished for all strategies; there is nothing to compare yet")
        self.names, self.labels, self.settings = list(names), labels, settings
        self.repeats = len(whole)
        self.runs = [of[name, repeat] for name in names for repeat in whole]
        self._curves = {name: self._curves_of(name) for name in names}
        self.target = float(self._curves[RANDOM].mean[-1]) if target is None else float(target)

    def _curves_of(self, name: str) -> Curves:
        mine = [r for r in self.runs if r.strategy == name]
        columns = ([r.scores for r in mine], [r.query_seconds for r in mine], [r.fit_seconds for r in mine])
        return Curves(name, self.labels, *(np.array(column, dtype=np.float64) for column in columns))

    def __getitem__(self, name: str) -> Curves:
        if name not in self._curves:
            raise KeyError(f"{name!r} was not simulated; there are {', '.join(self.names)}")
        return self._curves[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def summary(self) -> list[Summary]:
        """One record a strategy, the best area first, random last."""
        found = summaries([self[name] for name in self.names], self[RANDOM], self.target)
        return sorted(found, key=lambda s: (s.strategy == RANDOM, -s.area[0]))

    @cached_property
    def stops(self) -> list[Stop]:
        """Where each stopping rule would have stopped each strategy."""
        return [stop for name in self.names for stop in stops(self.runs, self[name])]

    @property
    def warnings(self) -> list[str]:
        """What to know before believing the figures, and what models and strategies warned of."""
        said: Counter[str] = Counter()
        for r in self.runs:
            said.update(r.warnings)
        more = [f"{text} ({number:,} times)" for text, number in sorted(said.items())]
        return cautions(self.summary, self.repeats) + more

    def query_ms(self, name: str) -> float:
        """Return the median time of a query of a strategy, on one thread and beside the other runs.

        Parameters
        ----------
        name : str
            A strategy.

        Returns
        -------
        float
            Milliseconds.
        """
        return float(np.median(self[name].query_seconds)) * 1e3

    def fits(self, name: str) -> float:
        """Return the mean number of models that a strategy's runs trained.

        Parameters
        ----------
        name : str
            A strategy.

        Returns
        -------
        float
        """
        return float(np.mean([r.fits for r in self.runs if r.strategy == name]))

    def asked(self, name: str) -> float | None:
        """Return how many rows a query asked the model about, on average.

        Parameters
        ----------
        name : str
            The strategy.

        Returns
        -------
        float or None
            None of a strategy that does not go by a measure of `query`.
        """
        rows = [asked for r in self.runs if r.strategy == name for asked in r.asked]
        return float(np.mean(rows)) if rows else None

    def to_dict(self) -> dict[str, Any]:
        """Return settings, curves, summaries and stops as plain values, without times:
        the same for the same seed.
        """
        curves: dict[str, dict[str, Any]] = {}
        for name in self.names:
            low, high = self[name].interval
            curves[name] = {"mean": self[name].mean, "low": low, "high": high, "scores": self[name].scores}
            curves[name] |= {"fits": self.fits(name), "asked": self.asked(name)}
        kept: dict[str, Any] = plain(
            {
                "settings": self.settings,
                "repeats": self.repeats,
                "target": self.target,
                "labels": self.labels,
                "curves": curves,
                "summary": [asdict(s) for s in self.summary],
                "stops": [asdict(stop) for stop in self.stops],
                "cautions": cautions(self.summary, self.repeats),
            }
        )
        return kept

    def to_json(self, target: str | os.PathLike[str]) -> None:
        """Write `to_dict` to a file.

        Parameters
        ----------
        target : path
            The file, replaced whole where it is there.
        """
        write_json(target, self.to_dict(), indent=1)

    def plot(self) -> Figure:
        """Draw the curves with their intervals, and the gains over random.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ModuleNotFoundError
            There is no matplotlib: the extra `plot`.
        """
        from shortlist.simulation.plots import draw

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

    def to_html(self, target: str | os.PathLike[str]) -> None:
        """Write a report that needs no other file.

        Parameters
        ----------
        target : path
            The file, replaced whole where it is there.
        """
        from shortlist.simulation.page import page

        write_text(target, [page(self)])

    def save(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write ``results.json``, ``curves.png`` and ``report.html``;
        the PNG only where matplotlib is.

        Parameters
        ----------
        folder : path
            Made where it is not there.

        Returns
        -------
        list of Path
            What was written.
        """
        into = make_folder(folder, "folder")
        written = [into / "results.json", into / "curves.png", into / "report.html"]
        self.to_json(written[0])
        try:
            self.to_png(written[1])
        except ImportError:
            del written[1]
        self.to_html(written[-1])
        return written

    @classmethod
    def load(cls, folder: str | os.PathLike[str], target: float | None = None) -> Simulation:
        """Read the runs that `simulate` left in its folder `out`.

        Parameters
        ----------
        folder : path
            The `out` of a run, finished or not.
        target : float, optional
            The score for which labels are counted; by default as `simulate` chooses it.

        Returns
        -------
        Simulation

        Raises
        ------
        ValueError, OSError
            There are no runs, or none that all strategies have finished.
        """
        path = Path(folder) / NAME
        if not path.exists():
            raise FileNotFoundError(f"there is no {path}; accepted is a folder that simulate(out=...) has written to")
        known, _ = read(path, run_of)
        if known is None or not known[1]:
            raise ValueError(f"{path} has no finished run")
        settings, runs = known
        labels = np.append(np.arange(settings["initial"], settings["budget"], settings["batch"]), settings["budget"])
        return cls(runs, list(dict.fromkeys(r.strategy for r in runs)), labels, settings, target)

    def rows(self) -> list[list[str]]:
        """Return the summary as text, the first line naming the columns."""
        head = [
            "strategy",
            "final score",
            "area",
            "area less random's",
            "p (Holm)",
            "labels to target",
            "verdict",
            "query",
            *(["fits"] if self.settings.get("retrain") else []),
        ]
        body = [
            [
                s.strategy,
                with_interval(s.final),
                with_interval(s.area),
                "" if s.gain is None else with_interval(s.gain, "+.4f"),
                "" if s.p_holm is None else f"{s.p_holm:.2g}",
                _labels(s.to_target),
                s.verdict,
                f"{self.query_ms(s.strategy):.3g} ms",
                *([f"{self.fits(s.strategy):.1f}"] if self.settings.get("retrain") else []),
            ]
            for s in self.summary
        ]
        return [head, *body]

    def heading(self) -> str:
        """Return one line on what was run."""
        s = self.settings
        return (
            f"{self.repeats} repeats of {s['pool']:,} + {s['test']:,} rows; {s['initial']} labels ({s['seed_set']}) "
            f"to {s['budget']:,} by {s['batch']}; {s['scoring']}; target {self.target:.4f}"
            + (f"; trained at {s['retrain']}" if s.get("retrain") else "")
        )

    def stop_rows(self) -> list[list[str]]:
        """Return the stops as text, the first line naming the columns;
        empty where there was no rule.
        """
        head = ["strategy", "rule", "stopped", "labels", "score there", "the rest adds"]
        body = [
            [s.strategy, s.rule, f"{s.share:.0%}", f"{s.labels:,.0f}", f"{s.score:.4f}", f"{s.left:+.4f}"]
            for s in self.stops
        ]
        return [head, *body] if body else []

    def __repr__(self) -> str:
        parts = [visible(self.heading()), aligned(self.rows())]
        if self.stop_rows():
            parts.append(aligned(self.stop_rows()))
        return "\n\n".join(parts) + "".join(f"\nwarning: {visible(text)}" for text in self.warnings)

    def _repr_html_(self) -> str:
        from shortlist.simulation.page import body

        return body(self, figure=False)


def with_interval(interval: tuple[float, float, float], form: str = ".4f") -> str:
    """Return a value with its interval as text."""
    value, low, high = (f"{number:{form}}" for number in interval)
    return f"{value} ({low} to {high})"


def _labels(interval: tuple[float, float, float]) -> str:
    value, low, high = (f"{number:,.0f}" if math.isfinite(number) else "never" for number in interval)
    return f"{value} ({low} to {high})"
