"""Pictures of a report as SVG: the learning curve, intervals on a line, and shares round by round.
Colours are the page's.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from shortlist.loop.reporting.markup import Html, element, escaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shortlist.loop.facts.intervals import Share

WIDE, NARROW = (1008, 380), (360, 280)
LEFT, RIGHT, TOP, BOTTOM = 36, 76, 14, 50
LINE = 16
"""What two lines of words need of height."""


def curve(
    points: Sequence[tuple[int, float, float, float]], target: float | None, size: tuple[int, int], said: str
) -> Html:
    """Draw accuracy with its interval by labels.

    Parameters
    ----------
    points : sequence of (labels, accuracy, low, high)
    target : float or None
        What the rule of stopping waits for.
    size : (int, int)
        Width and height.
    said : str
        The same in words.
    """
    width, height = size
    most = max(point[0] for point in points)
    lows = [point[2] for point in points] + ([target] if target is not None else [])
    bottom = max(0.0, math.floor((min(lows) - 0.02) * 10) / 10)
    step = 0.05 if 1 - bottom < 0.25 else 0.1 if 1 - bottom < 0.65 else 0.2
    x_step = _round_step(most / (6 if width > NARROW[0] else 3))

    def x(labels: float) -> float:
        return LEFT + (width - LEFT - RIGHT) * labels / (most or 1)

    def y(value: float) -> float:
        return TOP + (height - TOP - BOTTOM) * (1 - value) / (1 - bottom)

    parts = [element("title", escaped("Accuracy by labels")), element("desc", escaped(said))]
    for tick in _ticks(bottom, 1.0, step):
        parts.append(_line(LEFT, y(tick), width - RIGHT, y(tick), "grid"))
        parts.append(_text(LEFT - 8, y(tick) + 4, f"{tick:.2f}" if step < 0.1 else f"{tick:.1f}", "tick", "end"))
    parts += [
        _text(x(tick), height - BOTTOM + 20, f"{tick:,.0f}", "tick", "middle") for tick in _ticks(0, most, x_step)
    ]
    parts.append(_text((LEFT + width - RIGHT) / 2, height - 6, "labels that people gave", "axis", "middle"))
    if target is not None:
        parts.append(_line(LEFT, y(target), width - RIGHT, y(target), "target"))
        parts.append(_text(width - RIGHT + 6, y(target) + 4, f"end {target:g}", "tick"))
    upper = " ".join(f"{x(n):.1f},{y(high):.1f}" for n, _, _, high in points)
    lower = " ".join(f"{x(n):.1f},{y(low):.1f}" for n, _, low, _ in reversed(points))
    if len(points) > 1:
        parts.append(element("polygon", points=f"{upper} {lower}", class_="band"))
    middle = " ".join(f"{x(n):.1f},{y(value):.1f}" for n, value, _, _ in points)
    parts.append(element("polyline", points=middle, class_="line"))
    for n, value, low, high in points:
        parts.append(_line(x(n), y(low), x(n), y(high), "whisker"))
        parts.append(element("circle", cx=f"{x(n):.1f}", cy=f"{y(value):.1f}", r="4", class_="dot"))
    n, value, *_ = points[-1]
    place = y(value) + 5
    if target is not None and abs(place - y(target) - 4) < LINE:  # words would overlap
        above = y(target) + 4 - LINE
        place = above if value > target and above >= LINE else above + 2 * LINE
    parts.append(_text(x(n) + 9, place, f"{value:.3f}", "last"))
    return element(
        "svg", *parts, viewBox=f"0 0 {width} {height}", width=width, height=height, role="img", aria_label=said
    )


def on_a_line(found: Share) -> Html:
    """Draw a share with its interval on a line from 0 to 1."""

    def x(value: float) -> str:
        return f"{4 + 92 * value:.1f}"

    parts = [
        element("line", x1=4, x2=96, y1=8, y2=8, class_="grid"),
        element("line", x1=x(found.low), x2=x(found.high), y1=8, y2=8, class_="interval"),
        element("circle", cx=x(found.value), cy=8, r="3.5", class_="dot"),
    ]
    # What it shows stands beside it in figures.
    return element("svg", *parts, viewBox="0 0 100 16", width=100, height=16, aria_hidden="true", class_="small")


def by_round(shares: Sequence[float], level: float) -> Html:
    """Draw shares round by round as a small line, with a level to compare them with."""
    known = [(place, value) for place, value in enumerate(shares) if not math.isnan(value)]
    if len(known) < 2:
        return Html("")
    most = max([value for _, value in known] + [level]) or 1.0

    def y(value: float) -> float:
        return 18 - 15 * value / most

    first, last = known[0][0], known[-1][0]
    line = " ".join(f"{2 + 76 * (place - first) / (last - first):.1f},{y(value):.1f}" for place, value in known)
    parts = [
        element("line", x1=2, x2=78, y1=f"{y(level):.1f}", y2=f"{y(level):.1f}", class_="mark"),
        element("polyline", points=line, class_="line"),
    ]
    said = "share of picks by round: " + ", ".join(f"{value:.0%}" for _, value in known)
    return element("svg", *parts, viewBox="0 0 80 20", width=80, height=20, role="img", aria_label=said, class_="small")


def stacked(parts: dict[str, int]) -> Html:
    """Draw the shares of a round as one bar."""
    total, start, drawn = sum(parts.values()) or 1, 0.0, []
    for name, count in parts.items():
        width = 160 * count / total
        drawn.append(
            element(
                "rect", x=f"{start:.1f}", y=1, width=f"{max(0.0, width - 1):.1f}", height=12, rx=1, class_=f"s-{name}"
            )
        )
        start += width
    said = ", ".join(f"{count} {name}" for name, count in parts.items())
    return element(
        "svg", *drawn, viewBox="0 0 160 14", width=160, height=14, role="img", aria_label=said, class_="small"
    )


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Html:
    return element("line", x1=f"{x1:.1f}", y1=f"{y1:.1f}", x2=f"{x2:.1f}", y2=f"{y2:.1f}", class_=kind)


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> Html:
    return element("text", escaped(text), x=f"{x:.1f}", y=f"{y:.1f}", class_=kind, text_anchor=anchor)


def _ticks(low: float, high: float, step: float) -> list[float]:
    count = math.floor((high - low) / step + 1e-9) if step else 0
    return [low + step * place for place in range(count + 1)]


def _round_step(rough: float) -> float:
    """Return 1, 2 or 5 times a power of ten, at least as large as a rough step."""
    if rough <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= rough - 1e-9)
