"""The same inputs give the same picks bit for bit, however many threads the libraries below have."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

SCRIPT = """
import hashlib, sys, numpy as np
from pathlib import Path
from loop_specs import spec_of
from shortlist.loop.planning import plan
from shortlist.loop.pool import open_pool, stratum
from shortlist.loop.pool.features import Features
from shortlist.loop.training import train
folder = Path(sys.argv[1])
pool_of = {"path": "x.npy", "ids": "ids.txt"}
digest = hashlib.sha256()
for estimator in ("logistic", "forest", "boosting"):
    spec = spec_of(folder, pool=pool_of, model={"estimator": estimator}, round={"rows": 30, "explore": 0.1})
    pool = open_pool(spec)
    held = stratum(pool, 0, 0.1, 500)
    features = Features.fit(pool, held.mask, 0)
    rows = np.flatnonzero(~held.mask)[:80]
    labels = ["a" if x > 0 else "b" for x in pool.raw(rows)[:, 0]]
    trained = train(spec, pool, features, rows, labels, None, 0, folder / sys.argv[2] / estimator)
    digest.update(trained.probabilities.read_bytes())
    digest.update(trained.out_of_fold.tobytes())
given = {"answers": dict(zip(pool.id_of(rows), labels)), "taken": set(), "features": features, "seed": 0}
for name in ("margin", "typiclust", "k_center", "kmeans_plus_plus", "herding", "badge", "cluster_margin", "diverse_uncertain"):
    spec.round.strategy = name
    made = plan(spec, pool, held, probabilities=trained.probabilities, round_number=2, **given)
    digest.update(repr(made).encode())
for spec.seed.how in ("typiclust", "k_center", "random"):
    digest.update(repr(plan(spec, pool, held, **given)).encode())
print(digest.hexdigest())
"""


def test_threads_change_nothing(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", rng.normal(size=(3000, 40)).astype(np.float32))
    (tmp_path / "ids.txt").write_text("\n".join(map(str, range(3000))))
    found = set()
    for threads in ("1", "3"):
        counts = dict.fromkeys(
            ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), threads
        )
        path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
        ended = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path), threads],
            env={**os.environ, **counts, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        found.add(ended.stdout)
    assert len(found) == 1
