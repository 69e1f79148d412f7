"""The report of a played loop as one HTML page that needs no other file."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING, Any

from shortlist.loop.playing.variants import RANDOM, WRITTEN
from shortlist.simulation.page import STYLE, table
from shortlist.tables import visible

if TYPE_CHECKING:
    from shortlist.loop.playing.result import LoopSimulation

NOTES = (
    "Each repeat plays the loop with its own seed, and so with its own validation stratum and first rows. Random asks for random "
    "rows in place of what the strategy picks, and pays for the same validation. The accuracy at the end is that of the last "
    "model on all rows of the stratum, which no model is trained on, whether or not anybody was asked about them. Intervals are "
    "95% percentile bootstraps over repeats; differences are taken within a repeat, tested with Wilcoxon's signed-rank test, "
    "and adjusted by Holm's rule."
)


def page(found: LoopSimulation) -> str:
    """Return the whole document."""
    parts = [f"<p>{_escaped(found.heading())}</p>", f"<p><strong>{_escaped(found.conclusion())}</strong></p>"]
    parts += [f'<p class="warning">{_escaped(text)}</p>' for text in found.warnings]
    parts += [_figure(found), table(found.rows(), "What it comes to")]
    if found.difference_rows():
        parts.append(table(found.difference_rows(), "Beside random"))
    parts.append(f'<p class="note">{html.escape(NOTES)}</p>')
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Shortlist: a loop, played</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main><h1>What would this loop cost?</h1>{''.join(parts)}</main></body></html>\n"
    )


def _figure(found: LoopSimulation) -> str:
    try:
        import matplotlib as mpl

        from shortlist.figures import Shown
    except ImportError:
        return "<p class=\"note\">No figure: matplotlib is not installed (pip install 'shortlist[plot]').</p>"
    figure = Shown(figsize=(9, 4.4), layout="constrained")
    axes: Any = figure.subplots()
    from shortlist.simulation.plots import COLOURS, GREY

    for name, colour, line in ((RANDOM, GREY, "--"), (WRITTEN, COLOURS[0], "-")):
        for number, run in enumerate(found.of(name)):
            known = [(point.labels, point.held_out) for point in run.points if point.held_out is not None]
            if known:
                label = {"label": name} if not number else {}
                axes.plot(*zip(*known, strict=True), line, color=colour, linewidth=1, alpha=0.5, **label)
                if name == WRITTEN:
                    axes.plot(*known[-1], "o", color=colour, markersize=5)
    axes.set(xlabel="labels", ylabel="accuracy on held-out rows", title="Each repeat; a dot is where it ended")
    axes.grid(alpha=0.25)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower right")
    text = io.StringIO()
    # A salt of our own, so that the same simulation gives the same bytes.
    with mpl.rc_context({"svg.hashsalt": "shortlist"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    drawn = text.getvalue()
    return drawn[drawn.index("<svg") :]


def _escaped(text: str) -> str:
    return html.escape(visible(text))
