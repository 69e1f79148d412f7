"""Where a loop stands: whether a model is due, how good the last one is,
and whether the end is reached.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop import elsewhere
from shortlist.loop.cleanlab.needed import CROWDLAB
from shortlist.loop.facts.agreement import krippendorff_alpha, labelled_twice, raw_agreement
from shortlist.loop.facts.compare import mcnemar
from shortlist.loop.facts.estimate import FEWEST, estimate
from shortlist.loop.finished import SAID, finished, said_of_end
from shortlist.loop.flips import flips
from shortlist.loop.held import that_train
from shortlist.loop.keeping import BEFORE
from shortlist.loop.said import answered, said_of
from shortlist.loop.stop_set import stop_set
from shortlist.loop.store.answers import fold
from shortlist.loop.store.summary import labels_at
from shortlist.loop.store.times import now, seconds_between
from shortlist.loop.validated import validated
from shortlist.scoring import score
from shortlist.stopping import Facts, rule_of, state_of

if TYPE_CHECKING:
    from shortlist.loop.facts.compare import Comparison
    from shortlist.loop.facts.estimate import Estimate
    from shortlist.loop.ground import Ground
    from shortlist.loop.rounds import Out
    from shortlist.loop.store import Model, Store
    from shortlist.loop.store.summary import Summary

ARRAYS = frozenset({"predictions", "unlabelled", "uncertainty"})
"""What rules of stopping see of a model's answers: one value a row."""


@dataclass(frozen=True)
class Due:
    """Whether a model is to be trained now.

    Attributes
    ----------
    met : bool
    why : str
        Where each trigger and guard stands.
    labels_needed : int or None
        Labels after which it will be; None where labels alone don't bring it about.
    """

    met: bool
    why: str
    labels_needed: int | None

    def __bool__(self) -> bool:
        return self.met

    def __str__(self) -> str:
        return self.why


@dataclass(frozen=True)
class Stop:
    """Whether the end is reached.

    Attributes
    ----------
    met : bool
    why : str
        Where each rule stands.
    by : tuple of str
        Which of the rules joined by ``|`` brought the end.
    out_of_reach : str
        What this pool can't bring about.
    """

    met: bool
    why: str
    by: tuple[str, ...] = ()
    out_of_reach: str = ""

    def __bool__(self) -> bool:
        return self.met

    def __str__(self) -> str:
        return self.why

    @property
    def sentence(self) -> str:
        """What an end that is reached comes from, for a person."""
        return f"the loop is {self.why}" if self.why.startswith(SAID) else f"the rule of stopping is met: {self.why}"


def due(store: Store, ground: Ground, said: Summary, out: Out) -> Due:
    """Return whether a model is to be trained, as ``[retrain]`` says."""
    spec = ground.spec
    models = store.models()
    last = models[-1] if models else None
    changed, corrections = _changed(store, ground, last, said)
    known = that_train(store, spec, said.labels)
    labels = [known[row] for row in ground.trains(known)] + ground.extra_labels
    if last is None:
        changed = len(labels)
    guard = spec.retrain.require
    alpha, twice = _agreement(store, ground) if guard and "agreement" in guard else (None, 0)
    suspected = None if last is None else last.estimate.get("suspects")
    facts = Facts(
        labelled_now=len(labels),
        labelled_then=None if last is None else last.labels,
        changed=changed,
        corrections=corrections,
        answered_share=out.share,
        round_rows=out.rows or None,
        flips=None
        if last is None or "flips" not in spec.retrain.when
        else flips(store, ground, last, ground.training(known)),
        days=None if last is None else max(0.0, seconds_between(last.time, now()) / 86400),
        class_counts={name: labels.count(name) for name in spec.classes},
        agreement=alpha,
        agreement_rows=twice,
        issues_share=None if last is None or suspected is None else len(suspected) / max(1, last.labels),
    )
    trigger = state_of(spec.retrain.when, facts)
    met, why, needed = trigger.met, trigger.said, trigger.labels_needed
    if guard:
        state = state_of(guard, facts)
        met, why = met and state.met, f"{why}; and {state.said}"
        needed = None if needed is None or state.labels_needed is None else max(needed, state.labels_needed)
    if len(set(labels)) < 2 and labels:
        # Nothing can be learned from one class, whatever the triggers say.
        met, why, needed = False, f"{why}; and all labels are {labels[0]!r}: a model needs two classes", None
    held = len(said.labels) - len(known)
    if held:
        why = f"{why}; {held:,} suspect label{' is' if held == 1 else 's are'} held until confirmed"
    going = elsewhere.under_way(store)
    if going:
        return Due(False, f"{why}; {going}", None)
    return Due(met, why, 0 if met else needed)


def estimate_of(store: Store, ground: Ground, model: Model | None, said: Summary) -> Estimate | None:
    """Return how good a model is on all validation rows that people have labelled;
    None below 60 of them.
    """
    if model is None:
        return None
    rows = validated(store, ground, said, model)
    if not len(rows):
        return None
    groups = {
        column: [labels[code] for code in codes[rows.places].tolist()]
        for column, (codes, labels) in ground.pool.groups.items()
    }
    return estimate(rows.truth, rows.predicted(store, ground, model), rows.weights, groups, ground.spec.classes)


def compared(store: Store, ground: Ground, said: Summary) -> Comparison | None:
    """Compare the last two models on the same validation rows;
    None below 60 rows, or with one model.
    """
    models = store.models()
    if len(models) < 2:
        return None
    rows = validated(store, ground, said, *models[-2:])
    if len(rows) < FEWEST:
        return None
    before, last = (rows.right(store, ground, model) for model in models[-2:])
    return mcnemar(last, before, rows.weights)


def seen_now(store: Store, ground: Ground, model: Model | None, said: Summary) -> dict[str, Any]:
    """Return what rules of stopping see of a model with the labels that there are now,
    as plain values.
    """
    spec = ground.spec
    wants = rule_of(spec.stop.when).wants
    found = estimate_of(store, ground, model, said) if wants & {"score", "low"} else None
    seen: dict[str, Any] = {"labels": said.given}
    seen["score"] = None if found is None else found.value
    seen["low"] = None if found is None else found.low
    if "agreement" in wants:
        share = raw_agreement(fold(store.events(), spec).by_row())
        seen |= {"agreement": None if share is None else share.value, "agreement_rows": share.rows if share else 0}
    if "found" in wants:
        wanted = set(spec.round.rare_classes)
        answered = {*said.labels, *said.rejected}
        rows = [pick.row for pick in store.picks_of("explore", "validation") if pick.row in answered]
        drawn = [said.labels.get(row) in wanted for row in dict.fromkeys(rows)]
        seen["found"] = sum(label in wanted for label in said.labels.values())
        seen["left"] = ground.pool.rows - len(said.labels) - len(said.rejected)
        seen["random_part"] = drawn
    return seen


def stop(store: Store, ground: Ground, said: Summary) -> Stop:
    """Return whether the end is reached: somebody has finished the loop, or ``[stop]`` holds."""
    rule, done = rule_of_stopping(store, ground, said), finished(store)
    return rule if done is None else Stop(True, f"{said_of_end(done)}; {rule.why}")


def rule_of_stopping(store: Store, ground: Ground, said: Summary) -> Stop:
    """Return whether ``[stop]`` holds: rules see one step for each model,
    the last one as it is now.
    """
    rule = rule_of(ground.spec.stop.when)
    models = store.models()
    arrays = rule.wants & ARRAYS
    if not models and arrays:
        return Stop(False, f"{ground.spec.stop.when} waits for the first model")
    met = False
    for number, model in enumerate(models or [None]):
        later = models[number + 1] if number + 1 < len(models) else None
        seen = seen_now(store, ground, model, said) if later is None else later.estimate[BEFORE]
        given: dict[str, Any] = {name: math.nan if value is None else value for name, value in seen.items()}
        if arrays and model is not None:
            given |= _arrays(store, ground, model, said)
        met = rule.update(**given)
    beyond = ground.out_of_reach
    by = tuple(part.name for part in rule.alternatives if part.trace[-1].stop)
    return Stop(met, f"{rule.stands()} ({beyond})" if beyond and not met else rule.stands(), by, beyond)


def _arrays(store: Store, ground: Ground, model: Model, said: Summary) -> dict[str, Any]:
    spec = ground.spec
    rows = stop_set(ground)
    for each in store.models():
        rows = rows[answered(store, each, rows)]
    answers = said_of(store, model, rows)
    unlabelled = np.array([own not in said.labels for own in ground.pool.id_of(rows)], dtype=np.bool)
    left = answers[unlabelled]
    return {
        "predictions": answers.argmax(axis=1),
        "unlabelled": unlabelled,
        "uncertainty": score(left, "entropy", from_logits=spec.model.returns == "logits") if len(left) else None,
    }


def trains_differently(store: Store, ground: Ground, model: Model, said: Summary) -> bool:
    """Whether any row that trains has another label now than when a model was trained."""
    return _changed(store, ground, model, said)[0] > 0


def _changed(store: Store, ground: Ground, last: Model | None, said: Summary) -> tuple[int, int]:
    """Return how many rows that train have another label than at the last model,
    and how many of these had one then.
    """
    if last is None:
        return 0, 0
    if said.position == last.position:
        return 0, 0
    then, current = labels_at(store, ground.spec, last.position), said.labels
    rows = [row for row, label in current.items() if then.get(row) != label]
    rows += [row for row in then if row not in current]
    if ground.spec.labels.resolve == CROWDLAB:
        # What a model has decided is no news to the next one.
        told = {event.row for event in store.events(last.position) if event.said}
        rows = [row for row in rows if row in told]
    trains = ground.trains(rows)
    return len(trains), sum(row in then and row in current for row in trains)


def _agreement(store: Store, ground: Ground) -> tuple[float | None, int]:
    table = fold(store.events(), ground.spec).by_row()
    return krippendorff_alpha(table), labelled_twice(table)
