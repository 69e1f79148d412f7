"""The result of playing a loop: figures, warnings, and ways to keep and show them."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shortlist.loop.playing.figures import Difference, Figures, differences, figures
from shortlist.loop.playing.variants import RANDOM, WRITTEN
from shortlist.simulation.result import with_interval
from shortlist.tables import aligned, visible
from shortlist.writing import make_folder, plain, write_json, write_text

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    from shortlist.loop.playing.play import Played

FEW = 30
"""Repeats below which nothing should be claimed."""
SURE = 0.05
HALF = 0.5
ENDS = {
    "stop": "the rule of stopping",
    "pool": "no row left",
    "budget": "the budget of the simulation",
    "other": "the labels of this spec",
}


class LoopSimulation:
    """A loop played with known labels, paired by repeat with random under the same budget.

    Attributes
    ----------
    runs : list of Played
        Every played loop: round by round its labels, its estimate, and the truth.
    settings : dict
        What was played.
    repeats : int
    """

    def __init__(self, runs: Sequence[Played], settings: dict[str, Any]) -> None:
        self.runs, self.settings = list(runs), settings
        self.repeats = len(self.of(WRITTEN))

    def of(self, name: str) -> list[Played]:
        """Return the repeats of "this spec", or of "random"."""
        return [run for run in self.runs if run.strategy == name]

    @cached_property
    def figures(self) -> dict[str, Figures]:
        """What the repeats come to, by loop."""
        return {name: figures(self.of(name)) for name in (WRITTEN, RANDOM)}

    @cached_property
    def against_random(self) -> list[Difference]:
        """The specification less random, at the labels at which it ended."""
        return differences(self.of(WRITTEN), self.of(RANDOM))

    def heading(self) -> str:
        """Return one line on what was played."""
        s = self.settings
        people = f"{s['annotators']} {'person' if s['annotators'] == 1 else 'people'}"
        wrong = f", wrong about {s['error']:.3g} of the rows" if s["error"] else ""
        days = "no time passes" if s["rows_a_day"] is None else f"{s['rows_a_day']:g} labels a day"
        return f"{self.repeats} repeats of {s['name']}: {s['rows']:,} rows; {people}{wrong}; {days}; stop {s['stop']}"

    def rows(self) -> list[list[str]]:
        """Return the figures as text, the first line naming the columns."""
        mine, other = self.figures[WRITTEN], self.figures[RANDOM]
        parts = {kind: kind for kind in [*mine.shares, *other.shares] if kind != "overlap"}
        lines: list[tuple[str, Any]] = [
            ("labels", lambda f: with_interval(f.labels, ",.0f")),
            *((f"labels: {kind}", lambda f, kind=kind: f"{f.shares.get(kind, 0):,.0f}") for kind in parts),
            ("labels: second person", lambda f: f"{f.second:,.0f}"),
            ("rounds", lambda f: with_interval(f.rounds, ",.1f")),
            ("models", lambda f: with_interval(f.models, ",.1f")),
            ("accuracy at the end", lambda f: _known(f.held_out)),
            ("accuracy on the whole pool", lambda f: _known(f.pool)),
            ("accuracy on what has no label", lambda f: _known(f.left)),
            ("accuracy on the way", lambda f: _known(f.way)),
            ("estimate less truth", lambda f: _known(f.bias, "+.4f")),
            ("interval holds the truth", lambda f: f"{f.covered} of {f.estimates}"),
            ("rule of stopping met", lambda f: f"{f.stopped} of {self.repeats}"),
            ("met at labels", lambda f: _known(f.stopped_at, ",.0f")),
            ("met by", lambda f: ", ".join(f"{rule} ({number})" for rule, number in f.stopped_by.items()) or "-"),
            ("ended by", lambda f: ", ".join(f"{ENDS[end]} ({number})" for end, number in f.ended.items())),
        ]
        if not (mine.second or other.second):
            lines = [line for line in lines if line[0] != "labels: second person"]
        return [["", WRITTEN, RANDOM], *([name, say(mine), say(other)] for name, say in lines)]

    def difference_rows(self) -> list[list[str]]:
        """Return the differences to random as text, the first line naming the columns;
        empty where no model was trained.
        """
        head = ["less random's at the same labels", "difference", "p (Holm)"]
        body = [[d.what, with_interval(d.difference, "+.4f"), f"{d.p_holm:.2g}"] for d in self.against_random]
        return [head, *body] if body else []

    def conclusion(self) -> str:
        """Return what was found in one sentence."""
        mine = self.figures[WRITTEN]
        if mine.held_out is None:
            return f"No model was trained in {mine.labels[0]:,.0f} labels: see when one is due ([retrain])."
        end = (
            f"{mine.labels[0]:,.0f} labels and {mine.models[0]:.1f} models bring an accuracy of {mine.held_out[0]:.3f}"
        )
        if not self.against_random:
            return f"{end}; random has no model by then."
        value, low, high = self.against_random[0].difference
        sure = self.against_random[0].p_holm < SURE and not low <= 0 <= high
        word = "no measurable difference to" if not sure else "better than" if value > 0 else "worse than"
        return f"{end}; {word} random at the same labels ({with_interval((value, low, high), '+.3f')})."

    @property
    def warnings(self) -> list[str]:
        """What to know before believing the figures, and what models warned of."""
        said: Counter[str] = Counter()
        for run in self.of(WRITTEN):
            said.update(run.warnings)
        return [*self.cautions(), *(f"{text} ({number:,} times)" for text, number in sorted(said.items()))]

    def cautions(self) -> list[str]:
        """Return what to know before believing the figures."""
        mine, found = self.figures[WRITTEN], list[str]()
        if self.repeats < FEW:
            found.append(f"{self.repeats} repeats: too few for a claim, take {FEW} or more")
        if mine.stopped < self.repeats:
            found.append(
                f"the rule of stopping, {self.settings['stop']}, was not met in {self.repeats - mine.stopped} of "
                f"{self.repeats} repeats"
            )
        if mine.opened is not None and mine.opened > HALF:
            found.append(
                f"the estimate comes from {mine.opened:.0%} of the held-out rows, so that the truth it is held to is for the "
                "most part itself: in a large pool it is further off"
            )
        if self.settings["error"]:
            found.append(
                f"people are wrong about {self.settings['error']:.3g} of the rows, and the estimate is held to what they "
                "say: it is too low by up to as much"
            )
        if "days" in self.settings["retrain"] and self.settings["rows_a_day"] is None:
            found.append(f"no time passes here, so that days in {self.settings['retrain']} never come: say rows a day")
        worse = [d for d in self.against_random if d.difference[2] < 0 and d.p_holm < SURE]
        found += [
            f'worse than random: {d.what}, {with_interval(d.difference, "+.4f")}; take strategy = "random"'
            for d in worse
        ]
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return settings, figures and every played loop as plain values:
        the same for the same seed.
        """
        kept: dict[str, Any] = plain(
            {
                "settings": self.settings,
                "repeats": self.repeats,
                "figures": {name: asdict(found) for name, found in self.figures.items()},
                "against_random": [asdict(found) for found in self.against_random],
                "conclusion": self.conclusion(),
                "cautions": self.cautions(),
                "runs": [run.to_dict() for run in self.runs],
            }
        )
        return kept

    def to_json(self, target: str | os.PathLike[str]) -> None:
        """Write `to_dict` to a file."""
        write_json(target, self.to_dict(), indent=1)

    def to_html(self, target: str | os.PathLike[str]) -> None:
        """Write a report that needs no other file."""
        from shortlist.loop.playing.page import page

        write_text(target, [page(self)])

    def save(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write ``results.json`` and ``report.html``, and return their paths."""
        into = make_folder(folder, "folder")
        written = [into / "results.json", into / "report.html"]
        self.to_json(written[0])
        self.to_html(written[1])
        return written

    def __repr__(self) -> str:
        tables = [aligned(rows) for rows in (self.rows(), self.difference_rows()) if rows]
        parts = [visible(self.heading()), *tables, visible(self.conclusion())]
        return "\n\n".join(parts) + "".join(f"\nwarning: {visible(text)}" for text in self.warnings)


def _known(found: tuple[float, float, float] | None, form: str = ".4f") -> str:
    return "-" if found is None else with_interval(found, form)
