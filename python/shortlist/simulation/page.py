"""The report of a simulation as one HTML page that needs no other file."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING

from shortlist.registry import RANDOM
from shortlist.simulation.summary import NO_GAIN, WORSE
from shortlist.tables import visible

if TYPE_CHECKING:
    from shortlist.simulation.result import Simulation

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1c1c1c; max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 }
th, td { text-align: left; padding: .3rem .8rem; border-bottom: 1px solid #ddd }
td { font-variant-numeric: tabular-nums; white-space: nowrap }
.wide { overflow-x: auto }
th, thead td { border-bottom: 2px solid #888 }
.warning { background: #fff4e0; border-left: 4px solid #e69f00; padding: .4rem .8rem; margin: .4rem 0 }
.note { color: #555 }
svg { max-width: 100%; height: auto }
"""

NOTES = (
    "Each repeat is one split of the data with its own seed set and seed of the model, shared by all strategies. "
    "Intervals are 95% percentile bootstraps over repeats. The area is the mean score on the way from the seed set to the "
    "budget; differences are taken within a repeat, tested with Wilcoxon's signed-rank test, and adjusted by Holm's rule. "
    "Labels are called saved only where the intervals of the labels to the target do not overlap. Query times are medians "
    "on one thread, with other runs beside them."
)


def page(found: Simulation) -> str:
    """Return the whole document."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Shortlist: label savings</title>'
        f"<style>{STYLE}</style></head><body><main><h1>Do these strategies save labels?</h1>{body(found)}</main></body></html>\n"
    )


def body(found: Simulation, *, figure: bool = True) -> str:
    """Return heading, warnings, figure and tables."""
    parts = [f"<p>{_escaped(found.heading())}<br>model: <code>{_escaped(found.settings['estimator'])}</code></p>"]
    parts.append(f"<p><strong>{_escaped(conclusion(found))}</strong></p>")
    parts += [f'<p class="warning">{_escaped(text)}</p>' for text in found.warnings]
    if figure:
        parts.append(_figure(found))
    parts.append(table(found.rows(), "What each strategy saves"))
    if found.stop_rows():
        parts.append(
            "<h2>Where stopping rules would have stopped</h2>"
            + table(found.stop_rows(), "Where rules would have stopped")
        )
    parts.append(f'<p class="note">{html.escape(NOTES)}</p>')
    return "".join(parts)


def conclusion(found: Simulation) -> str:
    """Return the verdicts in one sentence."""
    others = [s for s in found.summary if s.strategy != RANDOM]
    if not others:
        return f"Random alone: {found.target:.4f} is the score to reach."
    told = [f"{s.strategy} {s.verdict}" for s in others if s.saved is not None]
    for verdict in (NO_GAIN, WORSE):
        alike = [s.strategy for s in others if s.verdict == verdict]
        told += [f"{verdict}: {', '.join(alike)}"] if alike else []
    return f"To the score {found.target:.4f}: {'; '.join(told)}."


def _figure(found: Simulation) -> str:
    try:
        import matplotlib as mpl

        figure = found.plot()
    except ImportError:
        return "<p class=\"note\">No figure: matplotlib is not installed (pip install 'shortlist[plot]').</p>"
    text = io.StringIO()
    # A salt of our own, so that the same simulation gives the same bytes.
    with mpl.rc_context({"svg.hashsalt": "shortlist"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    drawn = text.getvalue()
    return (
        '<div role="img" aria-label="The score by the number of labels, with intervals">'
        + drawn[drawn.index("<svg") :]
        + "</div>"
    )


def table(rows: list[list[str]], name: str) -> str:
    """Return rows as a table with a name, the first line being its head."""
    head, *rest = rows
    top = "".join(f"<th>{_escaped(cell)}</th>" if cell else "<td></td>" for cell in head)
    lines = "".join("<tr>" + "".join(f"<td>{_escaped(cell)}</td>" for cell in row) + "</tr>" for row in rest)
    # It scrolls sideways, for those without a mouse too.
    box = f'<div class="wide" tabindex="0" role="region" aria-label="{name}">'
    return f"{box}<table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>"


def _escaped(text: str) -> str:
    return html.escape(visible(text))
