"""Whether a loop was brought to its end, and goes on all the same:
both are jobs, of which the last one counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shortlist.loop.store import Job, Store

KIND, AGAIN = "finish", "reopen"
"""Kinds of jobs: one that ends a loop, with what it made in its detail,
and one after which it goes on.
"""
SAID = "finished"
"""How the reason of an end begins that somebody has brought about."""


def finished(store: Store) -> Job | None:
    """Return the job that ended a loop; None where it goes on."""
    done = [job for job in store.jobs() if job.kind in (KIND, AGAIN) and job.ok and job.used]
    return done[-1] if done and done[-1].kind == KIND else None


def reopen(store: Store) -> None:
    """Let a loop go on that was finished."""
    if finished(store):
        store.finish_job(store.begin_job(AGAIN, 0.0).token, True, {})


def said_of_end(job: Job) -> str:
    """Say when and with what a loop was finished."""
    model = "a model that has no estimate" if job.detail["fold_in"] else f"model {job.detail['model']}"
    return f"{SAID} on {str(job.ended)[:10]} with {model}"
