"""The rows that clusters pick from, and what is made of them: workers find this by its name."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

import shortlist as sl
from attacks.kills.project import truth, write_pool

ROWS, K, CHUNK = 4000, 40, 100
rng = np.random.default_rng(5)
P = rng.dirichlet(np.ones(7), ROWS).astype(np.float32)
X = rng.normal(size=(ROWS, 8)).astype(np.float32)


def slow(block: Any, place: str, seconds: float = 0.05) -> Any:
    """Give a block back a little later; leave this worker's number in a folder."""
    (Path(place) / str(os.getpid())).touch()
    time.sleep(seconds)
    return block


def wanted(call: str, place: Path) -> Any:
    """Return what one machine gives."""
    if call == "train":
        return trained(place, "")
    return sl.select(P, "margin", K) if call == "select" else sl.k_center(X, 6)


def on_dask(call: str, place: Path, address: str = "") -> Any:
    """Pick by the client that this process has, or train a loop's model at an address."""
    import dask.array as da

    from shortlist.distributed import dask as sld

    if call == "train":
        return trained(place, f'where = "dask"\naddress = "{address}"')
    x, chunk = (P, CHUNK) if call == "select" else (X, CHUNK * 4)
    empty = np.empty((0, 0), np.float32)
    rows = da.from_array(x, chunks=(chunk, -1)).map_blocks(slow, place=str(place), dtype=np.float32, meta=empty)
    return sld.select(rows, "margin", K) if call == "select" else sld.k_center(rows, 6)


def on_ray(call: str, place: Path) -> Any:
    """The same by the Ray that this process is connected to."""
    import pyarrow as pa
    import ray

    from shortlist.distributed import ray as slr

    if call == "train":
        return trained(place, 'where = "ray"')
    x, chunk = (P, CHUNK) if call == "select" else (X, CHUNK * 4)
    lists = pa.FixedSizeListArray.from_arrays(pa.array(x.reshape(-1)), x.shape[1])
    rows = pa.table({"x": lists, "id": np.arange(ROWS)})
    parts = ray.data.from_arrow([rows[start : start + chunk] for start in range(0, ROWS, chunk)])
    later = parts.map_batches(slow, batch_size=None, batch_format="pyarrow", fn_kwargs={"place": str(place)})
    if call == "select":
        return slr.select(later, "margin", K, id_column="id", column="x")
    return slr.k_center(later, 6, id_column="id", column="x")


SPEC = """
loop = 1
name = "clusters"
classes = ["billing", "bug", "how-to"]
[pool]
path = "tickets.csv"
id = "ticket"
text = "body"
[model]
estimator = "slow_model:model"
timeout = 150
[seed]
rows = 40
[round]
rows = 20
[handoff]
tool = "csv"
[stop]
when = "budget:10000"
[retrain]
when = "growth:0.1"
"""
MODEL = """
import os, pathlib, time
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

class Slow(LogisticRegression):
    def fit(self, X, y):
        (pathlib.Path({place!r}) / str(os.getpid())).touch()
        time.sleep(2)
        return super().fit(X, y)

def model():
    return make_pipeline(CountVectorizer(), Slow())
"""


def trained(place: Path, where: str) -> Any:
    """Label the first round of a loop and train its model; return its answers.

    Where that fails, people must get their next rows all the same.
    """
    folder = place.parent / f"project-{len(list(place.parent.glob('project-*')))}"
    folder.mkdir()
    write_pool(folder)
    (folder / "slow_model.py").write_text(MODEL.format(place=str(place)))
    (folder / "loop.toml").write_text(SPEC + where)
    with sl.Loop.init(folder / "loop.toml", folder / "loop") as loop:
        loop.ingest([{"id": row, "label": truth(row), "annotator": "amy"} for row in loop.next().ids])
        try:
            loop.run_once()
        finally:
            if loop.next().round != 2 or not all(loop.replay_all()):
                raise RuntimeError("there is no second round, or a round isn't planned again as it was")
        model = loop._store.models()[0]
        return np.load(loop._store.blob(model.probabilities)).tobytes()
