"""A round as files that people can look at. They are made from the database, on demand,
and never read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortlist.csv_cells import csv_line
from shortlist.writing import make_folder, write_json, write_text

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.loop.store.store import Store

COLUMNS = ("rank", "id", "index", "share", "why", "propensity", "score")


def mirror_round(store: Store, number: int) -> Path:
    """Write ``rounds/0007/`` with ``picks.csv``, ``handoff.json`` and the log of the last training;
    return the folder.
    """
    store.round(number)
    folder = make_folder(store.folder / "rounds" / f"{number:04}", "folder")
    picks = [(p.rank, p.row, p.index, p.share, p.why, p.propensity, p.score) for p in store.picks(number)]
    write_text(folder / "picks.csv", map(csv_line, [COLUMNS, *picks]))
    write_json(folder / "handoff.json", store.handoffs(number), indent=2)
    job = store.job("train")
    if job is not None and job.detail.get("log"):
        write_text(folder / "train.log", [str(job.detail["log"])])
    return folder
