"""Does the default specification of a loop save labels? Its strategy, first rows and mix against random and plain margin.

Every loop is a real one: `shortlist.loop` plans its rounds, trains by `growth:0.25` and ends at `budget:760`, with labels that
are known. What a variant does not name is as the format has it by default (60 first rows, rounds of 100, 15% of each for
validation), but for the first rows, which are random. Random pays for the same validation. A repeat is one seed: one validation
stratum, one set of first rows, shared by all variants as far as they agree. The accuracy is that of the last model on all rows
of the stratum (a quarter of the pool), at the end and on the way (the mean over the labels given, from the first model that both
have).

The default is chosen on the first three sets, from all variants, and judged on the others, from a few.

    python -m benches.loop_labels                 # some 25 minutes on 2 cores; killed, it goes on
    python -m benches.loop_labels --quick         # does it run?
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from benches import loop_sets
from benches.label_savings import sets
from shortlist.loop.ground import Ground
from shortlist.loop.playing.figures import figures, holds, way
from shortlist.loop.playing.play import Played, Setting, play
from shortlist.loop.playing.truth import truth_of
from shortlist.loop.playing.variants import at_random, of_repeat
from shortlist.loop.spec import Spec, spec_of
from shortlist.simulation.journal import Journal
from shortlist.simulation.statistics import holm, mean_interval, signed_rank
from shortlist.tables import aligned

if TYPE_CHECKING:
    from collections.abc import Sequence

CHOOSING = ("digits", "wordnet", "fars")
JUDGING = ("icd", "fashion-mnist", "shuttle")
BUDGET = 760
SHARE = 0.25
"""Of each pool is kept apart, so that the accuracy is well known."""

DEFAULT = "margin, explore 0.10, first rows by typiclust"
PLAIN = "margin, no exploring"
RANDOM = "random"
FIRST = {"seed": {"how": "random"}}
"""The first rows of all variants that don't name any."""
VARIANTS: dict[str, dict[str, Any]] = {
    RANDOM: FIRST,
    PLAIN: FIRST | {"round": {"mix": {"explore": 0.0}}},
    "margin, explore 0.10": FIRST,
    "margin, explore 0.05": FIRST | {"round": {"mix": {"explore": 0.05}}},
    "margin, explore 0.25": FIRST | {"round": {"mix": {"explore": 0.25}}},
    "entropy, explore 0.10": FIRST | {"round": {"strategy": "entropy"}},
    "least_confident, explore 0.10": FIRST | {"round": {"strategy": "least_confident"}},
    "badge, explore 0.10": FIRST | {"round": {"strategy": "badge"}},
    "badge, explore 0.05": FIRST | {"round": {"strategy": "badge", "mix": {"explore": 0.05}}},
    "badge, no exploring": FIRST | {"round": {"strategy": "badge", "mix": {"explore": 0.0}}},
    "margin + k_center of 400, explore 0.10": FIRST | {"round": {"diverse": {"rule": "k_center", "among": 400}}},
    "margin, explore 0.10, first rows by k_center": {"seed": {"how": "k_center"}},
    DEFAULT: {},
    "margin, explore 0.10, no validation": FIRST | {"round": {"mix": {"validation": 0.0}}},
}
JUDGED = (RANDOM, PLAIN, "margin, explore 0.10", DEFAULT, "margin, explore 0.10, no validation")
SURE = 0.05


def spec_for(name: str, more: dict[str, Any]) -> Spec:
    """Return the specification of a set, with what a variant changes of the defaults."""
    from shortlist.loop.spec.toml import written

    about = loop_sets.pool_of(name)
    values: dict[str, Any] = {
        "loop": 1,
        "name": name,
        "classes": about["classes"],
        "pool": about["pool"],
        "validation": {"share": SHARE},
        "retrain": {"when": "growth:0.25"},
        "stop": {"when": f"budget:{BUDGET}"},
        **more,
    }
    text = "\n".join(f"{key} = {written(value)}" for key, value in values.items())
    return spec_of(tomllib.loads(text), text=text, folder=loop_sets.folder_of(name))


def runs_of(name: str, variants: Sequence[str], repeats: int, jobs: int, out: Path) -> dict[str, list[Played]]:
    """Return the played loops of one set; what is in the folder already is not played again."""
    specs = {variant: spec_for(name, VARIANTS[variant]) for variant in variants}
    work = Path(tempfile.mkdtemp(prefix="shortlist-loops-"))
    try:
        for spec in specs.values():
            Ground(spec, work / "pools").check()
        base = next(iter(specs.values()))
        truth = truth_of(base.folder / "truth.csv", base, Ground(base, work / "pools").pool)
        about = {"set": name, "budget": BUDGET, "share": SHARE, "rows": len(truth)}
        with Journal(out / name, about, Played.of) as journal:
            done = {(run.strategy, run.repeat) for run in journal.runs}
            left = [(v, r) for r in range(repeats) for v in variants if (v, r) not in done]
            tasks = (joblib.delayed(one)(specs[v], v, r, truth, work) for v, r in left)
            for run in joblib.Parallel(jobs, return_as="generator_unordered", batch_size=1)(tasks):
                journal.add(run)
            found = {(run.strategy, run.repeat): run for run in journal.runs}
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return {variant: [found[variant, repeat] for repeat in range(repeats)] for variant in variants}


def one(spec: Spec, variant: str, repeat: int, truth: np.ndarray, work: Path) -> Played:
    """Play one loop."""
    mine = of_repeat(spec, repeat)
    mine = at_random(mine) if variant == RANDOM else mine
    with threadpool_limits(1):
        folder = Path(tempfile.mkdtemp(dir=work)) / "loop"
        return play(mine, truth, Setting(), folder, work / "pools", variant, repeat)


def less(runs: Sequence[Played], others: Sequence[Played]) -> np.ndarray:
    """Differences of the accuracy on the way, within repeats."""
    found = []
    for a, b in zip(runs, others, strict=True):
        first = max(next(p.labels for p in run.points if p.held_out is not None) for run in (a, b))
        found.append((way(a, first) or 0.0) - (way(b, first) or 0.0))
    return np.array(found)


def ends(runs: Sequence[Played], others: Sequence[Played]) -> np.ndarray:
    """Differences of the accuracy at the end, within repeats."""
    return np.array([(a.last.held_out or 0.0) - (b.last.held_out or 0.0) for a, b in zip(runs, others, strict=True)])


def shown(values: np.ndarray, p: float | None = None) -> str:
    """A mean difference with its interval; a star where it is sure, with the adjusted p value."""
    mean, low, high = mean_interval(values)
    sure = p is not None and p < SURE and not low <= 0 <= high
    return f"{mean:+.4f} ({low:+.4f} to {high:+.4f}){' *' if sure else ''}"


def table(name: str, found: dict[str, list[Played]]) -> tuple[list[list[str]], dict[str, tuple[float, float, bool]]]:
    """Return the table of a set, and for each variant what it gains on random and on plain margin, and if it is worse."""
    others = [variant for variant in found if variant != RANDOM]
    gains = {variant: less(found[variant], found[RANDOM]) for variant in others}
    last = {variant: ends(found[variant], found[RANDOM]) for variant in others}
    p_gains = dict(zip(others, holm([signed_rank(gains[v]) for v in others]), strict=True))
    p_last = dict(zip(others, holm([signed_rank(last[v]) for v in others]), strict=True))
    rows = [[name, "on the way", "less random's", "at the end", "less random's", "on the way less plain margin's"]]
    judged = {}
    for variant, runs in found.items():
        f = figures(runs)
        row = [variant, f"{f.way[0]:.4f}" if f.way else "-"]
        end = f"{f.held_out[0]:.4f}" if f.held_out else "-"
        if variant == RANDOM:
            rows.append([*row, "", end, "", ""])
            continue
        gain = shown(gains[variant], p_gains[variant])
        rows.append(
            [
                *row,
                gain,
                end,
                shown(last[variant], p_last[variant]),
                "" if variant == PLAIN else shown(less(runs, found[PLAIN])),
            ]
        )
        mean, _, high = mean_interval(gains[variant])
        judged[variant] = mean, float(less(runs, found[PLAIN]).mean()), high < 0
    return rows, judged


def estimates(found: dict[str, list[Played]]) -> str:
    """What the loops of the default said of themselves at the end."""
    runs = [run for run in found[DEFAULT] if run.last.estimate is not None]
    off = np.array([float(run.last.estimate or 0) - float(run.last.held_out or 0) for run in runs])
    mean, low, high = mean_interval(off)
    inside = sum(holds(run.last) for run in runs)
    rows = np.mean([run.last.rows for run in runs])
    said = f"estimate less truth {mean:+.4f} ({low:+.4f} to {high:+.4f}) on {rows:.0f} rows"
    return f"{said}; the interval holds it in {inside} of {len(runs)}"


def study(title: str, names: Sequence[str], variants: Sequence[str], repeats: int, jobs: int, out: Path) -> None:
    """Play, and print a table a set and the means."""
    print(f"\n## {title}\n", flush=True)
    gains: dict[str, list[tuple[float, float, bool]]] = {}
    for name in names:
        found = runs_of(name, variants, repeats, jobs, out)
        rows, judged = table(name, found)
        print(f"{aligned(rows)}\n{repeats} repeats; {estimates(found)}\n", flush=True)
        for variant, pair in judged.items():
            gains.setdefault(variant, []).append(pair)
    heads = ["on the way less random's", "less plain margin's", "sets on which its interval is below random's"]
    rows = [["mean of the sets", *heads]]
    for variant, found_on in sorted(gains.items(), key=lambda item: -np.mean([gain for gain, *_ in item[1]])):
        worse = [name for name, (*_, bad) in zip(names, found_on, strict=True) if bad]
        means = [f"{np.mean([each[place] for each in found_on]):+.4f}" for place in (0, 1)]
        rows.append([variant, *means, ", ".join(worse) or "none"])
    print(aligned(rows), flush=True)


def main() -> None:
    """Choose, then judge."""
    parser = argparse.ArgumentParser(prog="python -m benches.loop_labels", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="Two repeats of two sets.")
    parser.add_argument("--choosing", type=int, default=12, help="Repeats a set for choosing.")
    parser.add_argument("--judging", type=int, default=16, help="Repeats a set for judging.")
    parser.add_argument("--part", choices=("choosing", "judging"), help="Only this part.")
    parser.add_argument(
        "--sets", nargs="+", choices=CHOOSING + JUDGING, default=CHOOSING + JUDGING, help="These alone."
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, help="Where loops are kept; by default in the cache of the data.")
    given = parser.parse_args()
    out = given.out or sets.cache_folder().parent / loop_sets.FOLDER / "labels"
    if given.quick:
        study("Does it run?", ("digits", "icd"), JUDGED, 2, given.jobs, out)
        return
    choosing, judging = ([name for name in part if name in given.sets] for part in (CHOOSING, JUDGING))
    if given.part != "judging" and choosing:
        study("Chosen on", choosing, list(VARIANTS), given.choosing, given.jobs, out)
    if given.part != "choosing" and judging:
        study("Judged on", judging, JUDGED, given.judging, given.jobs, out)


if __name__ == "__main__":
    main()
