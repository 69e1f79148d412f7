"""Where a loop stands, for programs and for people."""

from __future__ import annotations

import datetime
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shortlist.loop.auditing.look import looks
from shortlist.loop.auditing.people import NOBODY
from shortlist.loop.auditing.picked import picked_estimate
from shortlist.loop.finished import SAID
from shortlist.loop.handoff.choosing import PAGE
from shortlist.loop.progress import compared, estimate_of
from shortlist.loop.rounds import out_of
from shortlist.loop.said import asked_about, scored
from shortlist.tables import visible

if TYPE_CHECKING:
    from shortlist.loop.ground import Ground
    from shortlist.loop.progress import Due, Stop
    from shortlist.loop.store import Store
    from shortlist.loop.store.summary import Summary

MOST_NAMED = 4
"""People who are named; the others are counted."""
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("January", "February", "March", "April", "May", "June",
          "July", "August", "September", "October", "November", "December")  # fmt: skip


def status_of(store: Store, ground: Ground, said: Summary, due: Due, stop: Stop) -> dict[str, Any]:
    """Return where a loop stands, as plain values."""
    rounds, models = store.rounds(), store.models()
    number = rounds[-1].number if rounds else 0
    out = out_of(store, number)
    model = models[-1] if models else None
    found, over = estimate_of(store, ground, model, said), compared(store, ground, said)
    picked = picked_estimate(store, ground, model, said, rounds)
    return {
        "name": ground.spec.name,
        "round": number,
        "out": {"rows": out.rows, "answered": out.answered, "skipped": out.skipped, "open": out.open},
        "answers": said.given,
        "labelled": len(said.labels),
        "model": None
        if model is None
        else {
            "number": model.number,
            "labels": model.labels,
            "asked": asked_about(store, model),
        },
        "retrain": {"due": due.met, "why": due.why, "labels_needed": due.labels_needed},
        "stop": {"met": stop.met, "why": stop.why},
        "estimate": None
        if found is None
        else {"value": found.value, "low": found.low, "high": found.high, "rows": found.rows},
        "tool": ground.spec.handoff.tool,
        "since": store.states(number).get("handed") if number else None,
        "people": out.by,
        "over": None
        if found is None or over is None
        else {
            "model": models[-2].number,
            "difference": over.difference,
            "low": over.low,
            "high": over.high,
            "p": over.p,
        },
        "scored": None if model is None else scored(store, model),
        "picked": None if isinstance(picked, str) else asdict(picked),
        "look_at": looks(store, ground, said, found),
    }


def lines_of(status: dict[str, Any], last_job: Any, state: str | None, answers: str, log: str = "") -> list[str]:
    """Return the same for a person, one line for each question.

    `answers` is the command that brings them in, `log` the last line of a training under way.
    """
    out, model, retrain, stop, found = (status[key] for key in ("out", "model", "retrain", "stop", "estimate"))
    trained = f"; model {model['number']} on {model['labels']:,}" if model else "; no model yet"
    lines = [
        f"{status['name']}   round {status['round']}   {status['answers']:,} labels on {status['labelled']:,} rows{trained}"
    ]
    if not status["round"]:
        lines.append("out        nothing yet")
    else:
        where = " (closed)" if state == "closed" else _since(status["tool"], status["since"])
        lines.append(
            f"out        {out['rows']:,} rows{where}: {out['answered']:,} answered{_by(status['people'])}, "
            f"{out['skipped']:,} skipped, {out['open']:,} open"
        )
    lines.append(f"retrain    {'due' if retrain['due'] else 'not yet'}: {retrain['why']}")
    if last_job is not None and last_job.ok is False:
        error = str(last_job.detail.get("error", "no reason was kept"))
        lines += [
            f"failed     the last training: {error}".splitlines()[0],
            *(" " * 11 + x for x in error.splitlines()[1:]),
        ]
    if log:
        lines.append(f"training   {log}")
    lines.append(
        f"accuracy   {_interval(found, 'value')} on {found['rows']:,} validation rows{_over(status['over'])}"
        if found
        else "accuracy   no estimate yet: it takes a model and 60 validation rows with labels"
    )
    picked = status["picked"]
    if picked:
        lines.append(
            f"           {_interval(picked, 'value')} on what it picked: {picked['random']:,} rows drawn at random"
        )
    lines.append(f"stop       {'met' if stop['met'] else 'not yet'}: {stop['why']}")
    looks = status["look_at"]
    if looks:
        more = f" (and {len(looks) - 1} more: shortlist loop audit)" if len(looks) > 1 else ""
        lines.append(f"look at    {looks[0]}{more}")
    if stop["met"]:
        over = stop["why"].startswith(SAID)
        todo = "nothing; shortlist loop next --anyway goes on" if over else "shortlist loop finish"
    elif retrain["due"]:
        todo = "shortlist loop train"
    elif status["tool"] == PAGE:
        todo = "shortlist loop serve"
    elif not status["round"] or state in ("planned", "picked", "closed"):
        todo = "shortlist loop next"
    else:
        todo = f"shortlist loop {answers}"
    return [visible(line) for line in [*lines, f"next       {todo}"]]


def _interval(found: dict[str, Any], name: str) -> str:
    return f"{found[name]:.3f} ({found['low']:.3f} to {found['high']:.3f})"


def _over(over: dict[str, Any] | None) -> str:
    if over is None:
        return ""
    way = "over" if over["difference"] >= 0 else "under"
    sign = 1 if over["difference"] >= 0 else -1
    low, high = sorted((sign * over["low"], sign * over["high"]))
    return f"; {way} model {over['model']} by {sign * over['difference']:.3f} ({low:.3f} to {high:.3f})"


def _since(tool: str, time: str | None) -> str:
    if time is None:
        return ""
    day = datetime.datetime.fromisoformat(time).astimezone()
    where = "on the page" if tool == PAGE else f"in {tool}"
    return f" {where} since {DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def _by(people: dict[str, int]) -> str:
    """Return who has answered how many rows, as ``" (amy 12, raj 13)"``."""
    named = [f"{who or NOBODY} {count:,}" for who, count in list(people.items())[:MOST_NAMED]]
    if len(people) > MOST_NAMED:
        named.append(f"{len(people) - MOST_NAMED} others")
    return f" ({', '.join(named)})" if named and list(people) != [""] else ""
