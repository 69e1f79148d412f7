"""Where a loop stands, for programs and for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.loop.progress import estimate_of
from shortlist.loop.rounds import PAGE, out_of
from shortlist.tables import visible

if TYPE_CHECKING:
    from shortlist.loop.ground import Ground
    from shortlist.loop.progress import Due, Stop
    from shortlist.loop.store import Store
    from shortlist.loop.store.summary import Summary


def status_of(store: Store, ground: Ground, said: Summary, due: Due, stop: Stop) -> dict[str, Any]:
    """Return where a loop stands, as plain values."""
    rounds, models = store.rounds(), store.models()
    number = rounds[-1].number if rounds else 0
    out = out_of(store, number)
    model = models[-1] if models else None
    found = estimate_of(store, ground, model, said)
    return {
        "name": ground.spec.name,
        "round": number,
        "out": {"rows": out.rows, "answered": out.answered, "skipped": out.skipped, "open": out.open},
        "answers": said.given,
        "labelled": len(said.labels),
        "model": None if model is None else {"number": model.number, "labels": model.labels},
        "retrain": {"due": due.met, "why": due.why, "labels_needed": due.labels_needed},
        "stop": {"met": stop.met, "why": stop.why},
        "estimate": None
        if found is None
        else {"value": found.value, "low": found.low, "high": found.high, "rows": found.rows},
    }


def lines_of(status: dict[str, Any], last_job: Any, state: str | None, tool: str) -> list[str]:
    """Return the same for a person who labels with a tool, one line for each question."""
    out, model, retrain, stop, found = (status[key] for key in ("out", "model", "retrain", "stop", "estimate"))
    trained = f"; model {model['number']} on {model['labels']:,}" if model else "; no model yet"
    lines = [
        f"{status['name']}   round {status['round']}   {status['answers']:,} labels on {status['labelled']:,} rows{trained}"
    ]
    if not status["round"]:
        lines.append("out        nothing yet")
    else:
        where = " (closed)" if state == "closed" else ""
        lines.append(
            f"out        {out['rows']:,} rows{where}: {out['answered']:,} answered, {out['skipped']:,} skipped, "
            f"{out['open']:,} open"
        )
    lines.append(f"retrain    {'due' if retrain['due'] else 'not yet'}: {retrain['why']}")
    if last_job is not None and last_job.ok is False:
        lines.append(f"failed     the last training: {last_job.detail.get('error', 'no reason was kept')}")
    lines.append(
        f"accuracy   {found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f}) on {found['rows']:,} validation rows"
        if found
        else "accuracy   no estimate yet: it takes a model and 60 validation rows with labels"
    )
    lines.append(f"stop       {'met' if stop['met'] else 'not yet'}: {stop['why']}")
    if stop["met"]:
        todo = "shortlist loop labels --out labels.csv"
    elif retrain["due"]:
        todo = "shortlist loop train"
    elif tool == PAGE:
        todo = "shortlist loop serve"
    elif not status["round"] or state == "closed":
        todo = "shortlist loop next"
    else:
        todo = "shortlist loop ingest FILE"
    return [visible(line) for line in [*lines, f"next       {todo}"]]
