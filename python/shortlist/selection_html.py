"""A selection as a notebook shows it: a card that opens, in the colours of its surroundings."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.tables import visible

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shortlist.selection import Selection

SHOWN = 50
"""Picks at most that the card lists."""

HEAD = "<tr><th>rank</th><th>index</th>{}<th>score</th><td></td></tr>"
# Colours are made of the text's own, so that they suit light and dark notebooks.
STYLE = """<style>
.shortlist-picks{display:inline-block;min-width:20em;max-width:100%;border:1px solid;
border-color:color-mix(in srgb,currentColor 25%,transparent);border-radius:6px;font-size:.9em;line-height:1.45}
.shortlist-picks summary{cursor:pointer;padding:.35em .7em;font-weight:600}
.shortlist-picks details+details{border-top:1px solid color-mix(in srgb,currentColor 15%,transparent)}
.shortlist-picks div{max-height:16em;overflow:auto;padding:0 .7em .5em}
.shortlist-picks table{border-collapse:collapse;margin:0;width:100%}
.shortlist-picks th,.shortlist-picks td{padding:.1em .8em .1em 0;text-align:right;white-space:nowrap;
background:none;border:0;font-variant-numeric:tabular-nums}
.shortlist-picks .bar{width:8em;text-align:left}
.shortlist-picks .bar span{display:block;height:.6em;border-radius:2px;background:#d55e00}
.shortlist-picks p{margin:.1em 0}
</style>"""


def shown_in_html(picks: Selection, head: str) -> str:
    """Return the card: what picked, the first picks with a bar for each score, and the report."""
    count = min(SHOWN, len(picks))
    own = picks.ids
    names = "" if own is None else "<th>id</th>"
    rows = "".join(
        f"<tr><td>{rank + 1}</td><td>{picks.indices[rank]}</td>"
        + ("" if own is None else f"<td>{_safe(own[rank])}</td>")
        + f'<td>{picks.scores[rank]:.6g}</td><td class="bar"><span style="width:{width:.0f}%"></span></td></tr>'
        for rank, width in enumerate(_widths(picks.scores[:count]))
    )
    more = f"<p>{len(picks) - count:,} more</p>" if len(picks) > count else ""
    report = "".join(f"<p>{_safe(line)}</p>" for line in picks.report.lines())
    table = f"<table><thead>{HEAD.format(names)}</thead><tbody>{rows}</tbody></table>{more}"
    return (
        f'{STYLE}<div class="shortlist-picks">{_part(_safe(head), "picks", table, " open")}'
        f"{_part('What was looked at', 'report', report, '')}</div>"
    )


def _part(title: str, name: str, content: str, how: str) -> str:
    """Return a part that opens, and that a keyboard can scroll."""
    region = f'<div tabindex="0" role="region" aria-label="{name}">{content}</div>'
    return f"<details{how}><summary>{title}</summary>{region}</details>"


def _safe(value: object) -> str:
    return html.escape(visible(str(value)))


def _widths(scores: NDArray[Any]) -> list[float]:
    """Return a length for each score in percent: the largest distance from 0 is 100."""
    sizes = np.abs(np.where(np.isfinite(scores), scores, 0).astype(np.float64))
    return [float(100 * size / (sizes.max() or 1)) for size in sizes]
