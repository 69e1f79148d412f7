"""The plot of a benchmark: rows against time on logarithmic axes, bars against read bandwidth,
rules against rivals.
"""

from __future__ import annotations

import statistics
from functools import partial
from typing import TYPE_CHECKING

from shortlist.benchmarking.rivals import MEASURES
from shortlist.benchmarking.tasks import OURS
from shortlist.figures import Shown

if TYPE_CHECKING:
    from typing import Any

    from matplotlib.figure import Figure

    from shortlist.benchmarking.result import Benchmark

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#444444"
# Rivals share a few muted colours and differ by marker and dash: their names stand beside their
# lines in the legend.
MUTED = ("#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C564B", "#7F7F7F")
MARKERS = "s^Dv<>Xph*d+x"


def draw(found: Benchmark) -> Figure:
    """Draw a panel of curves for each measure that rivals share, one of bars,
    and one of rules over embeddings.
    """
    shared = [name for name in MEASURES if name in found.strategies] or found.strategies[: not found.contests]
    panels: list[Any] = [partial(_curves, strategy=name) for name in shared]
    if any(found.share(name, found.threads[0]) for name in found.strategies):
        panels.append(_bars)
    if found.contests:
        panels.append(_contests)
    across = min(2, max(1, len(panels)))
    down = -(-len(panels) // across)
    figure = Shown(figsize=(6.4 * across, 4.6 * down + 0.8), layout="constrained")
    places = figure.subplots(down, across, squeeze=False).ravel()
    legend: dict[str, Any] = {}
    for axes, panel in zip(places, panels, strict=False):
        panel(axes, found)
        if not axes.get_legend():
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
                legend.setdefault(label, handle)
    for axes in places[len(panels) :]:
        figure.delaxes(axes)
    if legend:
        figure.legend(legend.values(), legend, loc="outside lower center", ncols=4, fontsize=9)
    return figure


def _curves(axes: Any, found: Benchmark, strategy: str) -> None:
    """Seconds against rows, for everyone who has the measure."""
    threads = found.threads[-1]
    sizes = sorted({t.rows for t in found.timings})
    for who in [*found.rivals, OURS]:
        points = [(t.rows, t.median) for rows in sizes if (t := found.find(who, strategy, threads, rows)) is not None]
        if not points:
            continue
        place = found.rivals.index(who) if who != OURS else 0
        look: dict[str, Any] = {
            "color": MUTED[place % len(MUTED)],
            "marker": MARKERS[place % len(MARKERS)],
            "alpha": 0.8,
        }
        if who == OURS:
            look = {"color": BLUE, "marker": "o", "linewidth": 2.5}
        axes.plot(*zip(*points, strict=True), label=who, markersize=5, **look)
    _, classes = found.shape
    read = [(rows, statistics.median(found.reads[threads, rows])) for rows in sizes if (threads, rows) in found.reads]
    axes.plot(*zip(*read, strict=True), color=GREY, linestyle="--", linewidth=1, label="reading the memory alone")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="rows",
        ylabel="seconds",
        title=f"{strategy}: top {found.k:,}, {classes} classes, {threads} threads",
    )
    axes.grid(alpha=0.25, which="both")


def _bars(axes: Any, found: Benchmark) -> None:
    shown = [name for name in reversed(found.strategies) if name != "random" and found.share(name, found.threads[0])]
    height = 0.8 / len(found.threads)
    for place, n in enumerate(found.threads):
        shares = [found.share(name, n) or 0.0 for name in shown]
        rows = [
            row + (len(found.threads) - 1 - place - (len(found.threads) - 1) / 2) * height for row in range(len(shown))
        ]
        bars = axes.barh(
            rows, shares, height * 0.9, color=(BLUE, ORANGE)[place % 2], label=f"{n} thread{'s' if n > 1 else ''}"
        )
        axes.bar_label(bars, [f"{share:.2f}" for share in shares], padding=3, fontsize=8)
    axes.axvline(1, color=GREY, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(shown)), shown)
    axes.set(
        xlim=(0, 1.45),
        ylim=(-0.6, len(shown) - 0.4),
        xlabel="share of read bandwidth",
        title="Shortlist against memory",
    )
    axes.legend(loc="lower right", fontsize=9)
    axes.grid(alpha=0.25, axis="x")


def _contests(axes: Any, found: Benchmark) -> None:
    names = [ours.strategy for ours, _ in found.contests]
    everyone = list(dict.fromkeys(t.who for _, theirs in found.contests for t in theirs))
    for place, who in enumerate(everyone):
        points = [
            (t.median / ours.median, row)
            for row, (ours, theirs) in enumerate(found.contests)
            for t in theirs
            if t.who == who
        ]
        axes.plot(
            *zip(*points, strict=True),
            linestyle="",
            marker=MARKERS[place % len(MARKERS)],
            color=MUTED[place % len(MUTED)],
            label=who,
        )
    axes.axvline(1, color=BLUE, linewidth=2, label="Shortlist")
    axes.set_yticks(
        range(len(names)), [f"{ours.strategy}\n{ours.rows:,} rows" for ours, _ in found.contests], fontsize=9
    )
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="times Shortlist's time", title=f"Rules over {found.features} features")
    axes.grid(alpha=0.25)
    if everyone:
        axes.legend(loc="best", fontsize=8)
