"""The plot of a simulation: curves with intervals, and the gain of each strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortlist.figures import Shown
from shortlist.simulation.strategies import RANDOM

if TYPE_CHECKING:
    from typing import Any

    from matplotlib.figure import Figure

    from shortlist.simulation.result import Simulation

# Colours that people with any colour vision tell apart (Okabe and Ito 2008); random is grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C564B", "#B8A600")
GREY = "#444444"
MARKERS = "osD^vP*X"


def draw(found: Simulation) -> Figure:
    """Draw the curves on the left and the differences of areas on the right."""
    figure = Shown(figsize=(11, 4.8), layout="constrained")
    curves, gains = figure.subplots(1, 2, width_ratios=(3, 2))
    _curves(curves, found)
    _gains(gains, found)
    return figure


def _look(found: Simulation, name: str) -> dict[str, Any]:
    """Return a colour and a marker by the order in which strategies were named:
    the same in studies of the same list.
    """
    if name == RANDOM:
        return {"color": GREY, "linestyle": "--", "marker": ""}
    place = [other for other in found if other != RANDOM].index(name)
    return {"color": COLOURS[place % len(COLOURS)], "marker": MARKERS[place % len(MARKERS)], "markersize": 4}


def _curves(axes: Any, found: Simulation) -> None:
    for name in (s.strategy for s in found.summary):
        low, high = found[name].interval
        look = _look(found, name)
        axes.plot(found.labels, found[name].mean, label=name, linewidth=1.8, **look)
        axes.fill_between(found.labels, low, high, color=look["color"], alpha=0.13, linewidth=0)
    axes.axhline(found.target, color=GREY, linewidth=0.8, linestyle=":")
    axes.annotate("target", (found.labels[0], found.target), textcoords="offset points", xytext=(0, 3), color=GREY)
    axes.set(xlabel="labels", ylabel=found.settings["scoring"], title=f"Mean of {found.repeats} repeats, 95% intervals")
    axes.grid(alpha=0.25)
    axes.legend(loc="lower right", framealpha=0.9)


def _gains(axes: Any, found: Simulation) -> None:
    shown = [s for s in reversed(found.summary) if s.gain is not None]
    for row, s in enumerate(shown):
        assert s.gain is not None  # noqa: S101
        value, low, high = s.gain
        colour = _look(found, s.strategy)["color"]
        axes.plot([low, high], [row, row], color=colour, linewidth=3, solid_capstyle="butt")
        axes.plot([value], [row], "o", color=colour, markersize=7)
        # Written towards the middle, so that it stays inside.
        edge, side = (high, "right") if value > 0 else (low, "left")
        told = axes.annotate(s.verdict, (edge, row), textcoords="offset points", xytext=(0, 9), ha=side, fontsize=8)
        told.set_bbox({"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 0.8})
    axes.axvline(0, color=GREY, linewidth=1, linestyle="--")
    axes.set_yticks(range(len(shown)), [s.strategy for s in shown])
    axes.set_ylim(-0.6, len(shown) - 0.3)
    axes.margins(x=0.3)
    axes.set(xlabel="area under the curve, less random's", title="Gain over random, 95% intervals")
    axes.grid(alpha=0.25, axis="x")
