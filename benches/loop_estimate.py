"""Is the estimate of a loop true? Coverage, bias, and what the naive estimates say of the same models.

A loop runs on each set: margin sampling from a random seed set, a logistic model after each batch. Beside its pool each
loop has held-out rows; a model's accuracy on all of them is the truth. Validation sets are drawn from them anew, with
replacement, as from a large pool of which they are the kinds of rows; one set grows from model to model, as a stratum
that is opened round by round does. Shown are

- coverage: how often the 95% interval holds the truth, over all models and draws;
- at the stop: the same where `target_lower` stopped the loop, which looks after each model until it likes what it sees,
  and how far below the target the truth then is at most one time in twenty;
- bias and spread of the estimate, and of the naive ones: the accuracy by 3-fold cross-validation on picked rows, and on
  rows of the pool that nobody picked.

    .venv/bin/python benches/loop_estimate.py                # minutes
    .venv/bin/python benches/loop_estimate.py --quick        # does it run?
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine, make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

import shortlist as sl
from shortlist.loop.facts.estimate import FEWEST, estimate
from shortlist.loop.facts.intervals import wilson
from shortlist.tables import aligned

MODELS = 8
OPENED = np.linspace(FEWEST, 160, MODELS).astype(int)
"""Validation rows that are open at each model."""


def sets():
    yield "digits", *load_digits(return_X_y=True), 10
    yield "breast_cancer", *load_breast_cancer(return_X_y=True), 5
    yield "wine", *load_wine(return_X_y=True), 3
    yield "6 classes", *made(6, 0.02, 1), 30
    yield "rare class", *made(2, 0.05, 2, weights=[0.9]), 20
    yield "noisy labels", *made(3, 0.2, 3), 20


def made(classes, noise, seed, **more):
    return make_classification(
        4000, 20, n_informative=8, n_classes=classes, flip_y=noise, class_sep=1.2, random_state=seed, **more
    )


@dataclass
class Found:
    """What one set has to show; errors are estimates less the truth."""

    covered: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    stopped: list[float] = field(default_factory=list)
    short: list[float] = field(default_factory=list)
    stops: float = 0.0
    spread: list[float] = field(default_factory=list)
    picked: list[float] = field(default_factory=list)
    left: list[float] = field(default_factory=list)


def play(X, y, batch, seed, found):
    """Run one loop; return which held-out rows each model gets right."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(X))
    held = order[: len(X) // 3]
    pool = order[len(X) // 3 :]
    labelled = np.concatenate([rng.choice(pool[y[pool] == c], 3, replace=False) for c in np.unique(y)])
    model, right = learner().fit(X[labelled], y[labelled]), []
    for _ in range(MODELS):
        left = np.setdiff1d(pool, labelled)
        picks = sl.select(model.predict_proba(X[left]), "margin", batch, normalize="renormalize")
        labelled = np.concatenate([labelled, left[picks.indices]])
        model = learner().fit(X[labelled], y[labelled])
        right.append(model.predict(X[held]) == y[held])
        truth = right[-1].mean()
        left = np.setdiff1d(pool, labelled)
        slice_ = rng.choice(left, min(160, len(left)), replace=False)
        found.left.append(float((model.predict(X[slice_]) == y[slice_]).mean() - truth))
        folds = StratifiedKFold(3, shuffle=True, random_state=seed)
        found.picked.append(float(cross_val_score(learner(), X[labelled], y[labelled], cv=folds).mean() - truth))
    return np.array(right)


def learner():
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))


def judge(right, draws, rng, found):
    """Redraw validation sets: estimates and intervals of each model, and where a target would have stopped."""
    models, held = right.shape
    truth = right.mean(axis=1)
    bounds = {int(n): np.array([wilson(k, n) for k in range(n + 1)]) for n in OPENED}
    target = float(np.median(truth)) - 0.03
    inside = np.empty((draws, models), bool)
    low = np.empty((draws, models))
    value = np.empty((draws, models))
    for draw in range(draws):
        rows = rng.integers(held, size=int(OPENED[-1]))
        for m, n in enumerate(OPENED):
            k = int(right[m, rows[:n]].sum())
            low[draw, m], high = bounds[int(n)][k]
            value[draw, m] = k / n
            inside[draw, m] = low[draw, m] <= truth[m] <= high
    found.covered.append(float(inside.mean()))
    found.errors.append(float((value - truth).mean()))
    found.spread.append(float((value - truth).std()))
    ends = (low >= target).any(axis=1)
    at = (low >= target).argmax(axis=1)[ends]
    found.stops += ends.mean()
    found.stopped += inside[ends, at].tolist()
    found.short += (truth[at] - target).tolist()


def held_to_the_product(right, rng):
    """The intervals above are those that `estimate` gives, on one draw."""
    rows = rng.integers(right.shape[1], size=100)
    mine = estimate(["x"] * 100, np.where(right[0, rows], "x", "y").tolist())
    assert (mine.low, mine.high) == wilson(int(right[0, rows].sum()), 100)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="Two loops and 50 draws a set.")
    parser.add_argument("--loops", type=int, default=30, help="Loops a set, each with its own split.")
    parser.add_argument("--draws", type=int, default=200, help="Validation sets redrawn for each loop.")
    options = parser.parse_args()
    loops, draws = (2, 50) if options.quick else (options.loops, options.draws)
    lines = []
    for name, X, y, batch in sets():
        found, rng = Found(), np.random.default_rng(0)
        with threadpool_limits(1):
            for seed in range(loops):
                right = play(X, y, batch, seed, found)
                judge(right, draws, rng, found)
        held_to_the_product(right, rng)
        coverage, bias = np.mean(found.covered), np.mean(found.errors)
        lines.append(
            {
                "set": name,
                "validation sets": f"{loops * draws:,}",
                "coverage": f"{coverage:.1%} {'met' if 0.93 <= coverage <= 0.97 else 'MISSED'}",
                "bias": f"{bias:+.4f} {'met' if abs(bias) < 0.005 else 'MISSED'}",
                "sd": f"{np.mean(found.spread):.3f}",
                "stopped": f"{found.stops / loops:.0%}",
                "coverage at the stop": f"{np.mean(found.stopped):.1%}" if found.stopped else "-",
                "truth less target, lowest 5%": f"{np.quantile(found.short, 0.05):+.3f}" if found.short else "-",
                "picked rows: bias (sd)": f"{np.mean(found.picked):+.3f} ({np.std(found.picked):.3f})",
                "what is left: bias (sd)": f"{np.mean(found.left):+.3f} ({np.std(found.left):.3f})",
            }
        )
        print(f"{name}: done", flush=True)
    print(aligned([list(lines[0]), *(list(line.values()) for line in lines)]))


if __name__ == "__main__":
    main()
