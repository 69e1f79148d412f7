"""docs/label-savings.md, made of four simulations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortlist.benchmarking.machine import machine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import shortlist as sl

    from .study import Study

HEAD = """# Do these strategies save labels?

Made by `make label-savings`, which is `python -m benches.label_savings`: every figure and plot of this page comes from that
command. Killed, it goes on where it was.

On each set a linear model (multinomial logistic regression) starts from a few random rows, and every strategy asks for labels
batch by batch from a pool of {pool}, up to a budget. A **repeat** is one split with its own seed set, shared
by all strategies; there are {repeats}. A strategy is said to **save labels** only where the 95% bootstrap intervals of the
labels it needs and of the labels random needs do not overlap; the target is what random reaches with the whole budget. The area
under the curve is a mean score; its difference to random's is taken within a repeat, tested with Wilcoxon's signed-rank test, and
adjusted for the number of strategies by Holm's rule. A strategy that saves none and whose area is lower, with an adjusted p value
below 0.05, is called **worse than random**.

Features are made without labels, once: principal components of pixels, or a truncated SVD of TF-IDF.
"""

TAIL = """
## What this is not

One model, one batch size and one budget a set. A linear model on fixed features is what many people have, and it is the kindest
setting for uncertainty sampling; deep models that are fitted again from scratch behave otherwise. Accuracy on a set in which one
class is half of all rows says little about rare classes. Run it on your own data before believing any of it:

```sh
shortlist simulate yours.csv --labels column -s margin,entropy,ranked_batch --budget 500 --stop kappa --out study
```
"""


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    head, *rest = rows
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *rest]) + "\n"


def overview(found: dict[Study, sl.Simulation]) -> str:
    """One line a strategy, one column a set: labels saved."""
    names = list(dict.fromkeys(name for simulation in found.values() for name in simulation if name != "random"))
    rows = [["labels saved against random", *(study.name for study in found)]]
    for name in names:
        cells = [_cell(next(s for s in simulation.summary if s.strategy == name)) for simulation in found.values()]
        rows.append([name, *cells])
    return markdown(rows)


def _cell(summary: sl.simulation.Summary) -> str:
    return summary.verdict.removeprefix("saves ")


def in_short(found: dict[Study, sl.Simulation]) -> str:
    """A sentence a strategy."""
    names = [name for name in next(iter(found.values())) if name != "random"]
    lines = []
    for name in names:
        by_verdict: dict[str, list[str]] = {}
        for study, simulation in found.items():
            summary = next(s for s in simulation.summary if s.strategy == name)
            word = "saves labels on" if summary.saved is not None and summary.saved > 0 else f"{summary.verdict} on"
            by_verdict.setdefault(word, []).append(study.name)
        said = "; ".join(f"{word} {', '.join(sets)}" for word, sets in by_verdict.items())
        lines.append(f"- `{name}`: {said}.")
    return "\n".join(["In short:\n", *lines]) + "\n"


def section(study: Study, simulation: sl.Simulation) -> str:
    """One set."""
    cautions = simulation.to_dict()["cautions"]
    parts = [
        f"## {study.title}\n",
        f"{simulation.heading()}; C = {study.C:g}.\n",
        f"![learning curves on {study.name}](label-savings/{study.name}.png)\n",
        markdown(simulation.rows()),
    ]
    parts += [f"**Caution.** {text}.\n" for text in cautions]
    return "\n".join([*parts, stopping(simulation)])


def stopping(simulation: sl.Simulation) -> str:
    """Where stopping rules would have stopped, and which never did."""
    head, *rows = simulation.stop_rows()
    fired = [row for row, stop in zip(rows, simulation.stops, strict=True) if stop.share > 0]
    idle = [rule for rule in dict.fromkeys(s.rule for s in simulation.stops) if all(rule != row[1] for row in fired)]
    parts = []
    if fired:
        parts += ["Where stopping rules would have stopped, in a share of the repeats (none of them cut a curve):\n"]
        parts += [markdown([head, *fired])]
    if idle:
        parts += [f"Never stopped within the budget: {'; '.join(idle)}.\n"]
    return "\n".join(parts)


def write(docs: Path, found: dict[Study, sl.Simulation]) -> None:
    """Write the page and its plots."""
    folder = docs / "label-savings"
    folder.mkdir(parents=True, exist_ok=True)
    for study, simulation in found.items():
        simulation.to_png(folder / f"{study.name}.png")
    first = next(iter(found.values()))
    repeats = sorted({simulation.repeats for simulation in found.values()})
    head = HEAD.format(pool="3,000 rows (1,200 of digits)", repeats=" to ".join(map(str, {repeats[0], repeats[-1]})))
    about = machine()
    made = (
        f"Made with Shortlist {about['shortlist']['version']}, Python {about['python']}, NumPy {about['numpy']}, "
        f"random_state {first.settings['random_state']}, {about['date']}. "
        "Query times are medians on one thread, beside other work.\n"
    )
    parts = [head, overview(found), in_short(found), made, *(section(*pair) for pair in found.items()), TAIL.lstrip()]
    (docs / "label-savings.md").write_text("\n".join(parts))
