"""The specs in examples/loops can be read, and the modules that they name do what they are named for."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from shortlist.loop.spec import SpecError, read_spec

EXAMPLES = Path(__file__).parents[2] / "examples" / "loops"
KINDS = {"tickets": "text", "images": "embeddings", "claims": "features", "diagnoses": "text"}
FILES = {
    "tickets": ["tickets/a.parquet"],
    "images": ["embeddings.npy", "ids.txt"],
    "claims": ["claims.csv", "last_year.csv"],
    "diagnoses": ["titles.csv"],
}


def test_these_are_all():
    assert {path.stem for path in EXAMPLES.glob("*.toml")} == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_each_is_read_whole(name):
    spec = read_spec(EXAMPLES / f"{name}.toml")
    assert spec.pool.kind == KINDS[name]
    assert f"shortlist loop init {name}.toml" in spec.text.splitlines()[0]


@pytest.mark.parametrize("name", KINDS)
def test_each_names_files_to_bring_along(tmp_path, name):
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.raises(SpecError) as caught:
        read_spec(tmp_path / f"{name}.toml", files=True)
    assert len(caught.value.mistakes) == len(FILES[name])
    for file in FILES[name]:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    assert read_spec(tmp_path / f"{name}.toml", files=True).name


def test_the_pipeline_learns_from_a_frame(monkeypatch):
    pandas = pytest.importorskip("pandas")
    monkeypatch.syspath_prepend(EXAMPLES)
    import pipelines

    rng = np.random.default_rng(0)
    X = pandas.DataFrame({"amount": rng.random(200), "channel": rng.choice(["web", "phone", None], 200)})
    y = np.where(X["amount"] > 0.8, "fraud", "genuine")
    model = pipelines.claims().fit(X[:150], y[:150])
    assert (model.predict(X[150:]) == y[150:]).mean() > 0.9


def test_the_command_trains_in_a_folder(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4)).astype(np.float32)
    y = np.where(X[:, 0] > 0, "stop", "yield")
    np.save(tmp_path / "embeddings.npy", X)
    classes = ["stop", "yield", "speed limit"]
    job = {"classes": classes, "seed": 7, "pool": {"path": str(tmp_path / "embeddings.npy")}}
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "job.json").write_text(json.dumps(job))
    with (tmp_path / "job" / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row_id", "index", "label", "weight"])
        writer.writerows([f"r{i}", i, y[i], 1.0] for i in range(60))
    command = [sys.executable, str(EXAMPLES / "train.py"), str(tmp_path / "job")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "trained on 60 rows, 2 of 3 classes" in done.stdout
    probs = np.load(tmp_path / "job" / "out" / "probs.npy")
    assert probs.shape == (300, 3)
    np.testing.assert_allclose(probs.sum(axis=1), 1, rtol=1e-5)
    assert (np.array(classes)[probs.argmax(axis=1)] == y).mean() > 0.9
    assert (tmp_path / "job" / "out" / "done.json").is_file()
