"""Ask for 20 labels at a time, from a pool on disk that is never in memory as a whole."""

import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import shortlist as sl

X, y = load_digits(return_X_y=True)
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "pool.npy"
    np.save(path, (X / 16).astype(np.float32))
    pool = np.load(path, mmap_mode="r")

    learner = sl.ActiveLearner(LogisticRegression(max_iter=200), sl.entropy_sampling, random_state=0)
    labelled, _ = sl.random_sampling(learner, pool, 50)
    learner.fit(pool[labelled], y[labelled])
    for _ in range(5):
        picks, _ = learner.query(pool, n_instances=20 + len(labelled), chunk_size=500)
        fresh = picks[~np.isin(picks, labelled)][:20]
        labelled = np.concatenate([labelled, fresh])
        learner.teach(pool[fresh], y[fresh])
        print(f"{len(learner.X_training)} labels: {learner.score(pool, y):.1%} right")
    del pool
