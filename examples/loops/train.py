"""The model of images.toml, trained by a command: reads the folder of a job, and writes probabilities in the pool's order."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

folder = Path(sys.argv[1])
job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
X = np.load(job["pool"]["path"])
with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
    labelled = list(csv.DictReader(file))

rows = [int(row["index"]) for row in labelled]
labels = [row["label"] for row in labelled]
weights = [float(row["weight"]) for row in labelled]
model = LogisticRegression(max_iter=1000, random_state=job["seed"] % 2**32).fit(X[rows], labels, weights)

# Classes come in the order of the spec; one that nobody labelled yet has no chance.
probs = np.zeros((len(X), len(job["classes"])), dtype=np.float32)
probs[:, [job["classes"].index(name) for name in model.classes_]] = model.predict_proba(X)
out = folder / "out"
out.mkdir(exist_ok=True)
np.save(out / "probs.npy", probs)
(out / "done.json").write_text("{}", encoding="utf-8")  # last: only now are the probabilities read
print(f"trained on {len(rows)} rows, {len(model.classes_)} of {len(job['classes'])} classes")
