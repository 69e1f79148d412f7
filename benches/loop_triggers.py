"""When should a model be trained again? `growth:0.25`, the default of a loop, against every so many labels.

`sl.simulate` with `retrain=`: margin sampling from 40 random rows to 400 labels in rounds of 20, a logistic model, and between
trainings the last model holds. Shown are the models trained, the area under the curve (the mean accuracy on the way), and its
difference to the default's within a repeat, with the 95% interval and Wilcoxon's p adjusted by Holm's rule.

    python -m benches.loop_triggers               # some 10 minutes on 2 cores; killed, it goes on
    python -m benches.loop_triggers --quick       # does it run?
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression

import shortlist as sl
from benches import loop_sets
from benches.label_savings import sets
from shortlist.simulation.statistics import holm, mean_interval, signed_rank
from shortlist.tables import aligned

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT = "growth:0.25"
RULES = (DEFAULT, "growth:0.1", "growth:0.5", "changed:20", "changed:40", "changed:80")
STUDIES = {"digits": 10.0, "fashion-mnist": 0.1, "wordnet": 10.0, "icd": 10.0, "fars": 1.0, "shuttle": 10.0}
"""The sets, and how weakly the model of each is regularised: those of the study of label savings, where it has the set."""


def data_of(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return features and labels."""
    return sets.load(name) if name in sets.SETS else loop_sets.kept(name)


def simulated(name: str, rule: str, repeats: int, jobs: int, out: Path) -> sl.Simulation:
    """Go on with the runs of one rule, or begin."""
    X, y = data_of(name)
    large = len(y) > 3_500
    return sl.simulate(
        X,
        y,
        LogisticRegression(C=STUDIES[name], max_iter=300),
        "margin",
        batch=20,
        initial=40,
        budget=400,
        repeats=repeats,
        pool=2_000 if large else 1_200,
        test=1_500 if large else 500,
        retrain=rule,
        n_jobs=jobs,
        out=out / name / re.sub(r"\W", "-", rule),
    )


def table(name: str, repeats: int, jobs: int, out: Path) -> tuple[list[list[str]], dict[str, tuple[float, float]]]:
    """Return the table of a set, and for each rule its mean area and fits."""
    found = {rule: simulated(name, rule, repeats, jobs, out) for rule in RULES}
    others = [rule for rule in RULES if rule != DEFAULT]
    apart = {rule: found[rule]["margin"].area - found[DEFAULT]["margin"].area for rule in others}
    p = dict(zip(others, holm([signed_rank(apart[rule]) for rule in others]), strict=True))
    rows = [[name, "fits", "area", "less the default's", "p (Holm)"]]
    means = {}
    for rule, simulation in found.items():
        area = float(simulation["margin"].area.mean())
        fits = simulation.fits("margin")
        means[rule] = area, fits
        more = ["", ""]
        if rule != DEFAULT:
            value, low, high = mean_interval(apart[rule])
            more = [f"{value:+.4f} ({low:+.4f} to {high:+.4f})", f"{p[rule]:.2g}"]
        rows.append([rule, f"{fits:.1f}", f"{area:.4f}", *more])
    return rows, means


def study(names: Sequence[str], repeats: int, jobs: int, out: Path) -> None:
    """Run what is missing, and print a table a set and the means."""
    all_means = []
    for name in names:
        rows, means = table(name, repeats, jobs, out)
        print(f"{aligned(rows)}\n{repeats} repeats\n", flush=True)
        all_means.append(means)
    rows = [["mean of the sets", "fits", "area"]]
    for rule in RULES:
        area, fits = (float(np.mean([means[rule][i] for means in all_means])) for i in (0, 1))
        rows.append([rule, f"{fits:.1f}", f"{area:.4f}"])
    print(aligned(rows))


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(prog="python -m benches.loop_triggers", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="Two repeats of two sets.")
    parser.add_argument("--repeats", type=int, default=16)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, help="Where runs are kept; by default in the cache of the data.")
    given = parser.parse_args()
    out = given.out or sets.cache_folder().parent / loop_sets.FOLDER / "triggers"
    study(("digits", "fars") if given.quick else list(STUDIES), 2 if given.quick else given.repeats, given.jobs, out)


if __name__ == "__main__":
    main()
