"""Training here and elsewhere: probabilities of the whole pool that are what they should be, or a sentence."""

import json
import pickle
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from loop_specs import spec_of, tickets

from shortlist.loop.errors import LoopError
from shortlist.loop.pool import open_pool, stratum
from shortlist.loop.pool.features import Features
from shortlist.loop.training import run_job, train
from shortlist.loop.training.calibration import folds_of, temperature_of, warmed


class Project:
    def __init__(self, folder, **parts):
        self.spec, truth = tickets(folder, **parts)
        self.pool = open_pool(self.spec)
        self.truth = np.array([truth[own] for own in self.pool.ids(0, self.pool.rows)])
        self.features = Features.fit(self.pool, stratum(self.pool, 0, 0.15, 2000).mask, 0)
        self.folder = folder

    def train(self, rows=range(60), *, labels=None, weights=None, seed=0, name="out", **options):
        rows = np.array(rows)
        labels = list(self.truth[rows]) if labels is None else labels
        return train(self.spec, self.pool, self.features, rows, labels, weights, seed, self.folder / name, **options)

    def accuracy(self, trained):
        said = np.load(trained.probabilities)
        assert said.shape == (self.pool.rows, len(self.spec.classes))
        assert said.dtype == np.float32
        assert np.allclose(said.sum(axis=1), 1, atol=1e-5)
        return float(np.mean(np.array(self.spec.classes)[said.argmax(axis=1)] == self.truth))


@pytest.mark.parametrize("estimator", [None, "tfidf-logistic", "logistic", "forest", "boosting"])
def test_estimators_by_name(tmp_path, estimator):
    project = Project(tmp_path, model={"estimator": estimator, "calibrate": estimator is None})
    trained = project.train()
    assert project.accuracy(trained) > 0.75
    assert trained.out_of_fold.shape == (60, 2)
    assert pickle.loads(trained.model)["classes"] == ["a", "b"]


def test_the_same_labels_give_the_same_bits(tmp_path):
    project = Project(tmp_path, model={"members": 2})
    one, other = project.train(name="one"), project.train(range(59, -1, -1), name="other")
    assert one.probabilities.read_bytes() == other.probabilities.read_bytes()
    assert one.members.read_bytes() == other.members.read_bytes()
    assert np.array_equal(one.out_of_fold, other.out_of_fold[::-1])
    assert project.train(seed=1, name="third").members.read_bytes() != one.members.read_bytes()


def test_texts_are_taken_apart_once(tmp_path, monkeypatch):
    project = Project(tmp_path)
    once = project.train(name="once")
    monkeypatch.setattr(type(project.pool), "blocks", None)
    assert project.train(name="again").probabilities.read_bytes() == once.probabilities.read_bytes()
    assert len(list(project.pool.folder.glob("words-*"))) == 1
    assert list(project.pool.folder.glob("making-*")) == []


def test_members_and_committees(tmp_path):
    project = Project(tmp_path, model={"members": 3})
    trained = project.train()
    said = np.load(trained.members)
    assert said.shape == (3, 400, 2)
    assert not np.array_equal(said[0], said[1])
    assert np.allclose(said.mean(axis=0), np.load(trained.probabilities), atol=1e-6)
    project = Project(tmp_path, model={"committee": ("logistic", "boosting")})
    assert np.load(project.train().members).shape == (2, 400, 2)


def test_classes_nobody_labelled_have_a_column(tmp_path):
    project = Project(tmp_path)
    project.spec.classes = ("none", "b", "a")
    trained = project.train()
    assert project.accuracy(trained) > 0.75
    assert (np.load(trained.probabilities)[:, 0] == 0).all()
    assert (trained.out_of_fold[:, 0] == 0).all()


def test_calibration(tmp_path):
    few = Project(tmp_path).train(range(12))
    assert (few.temperature, "not calibrated" in few.log) == (1.0, True)
    many = Project(tmp_path).train()
    assert many.temperature != 1.0
    rng = np.random.default_rng(0)
    truth = rng.dirichlet(np.ones(3), 4000)
    codes = np.array([rng.choice(3, p=p) for p in truth])
    assert temperature_of(warmed(truth, 0.5), codes) == pytest.approx(2, rel=0.1)
    sure = np.full((30, 2), [0.9, 0.1])
    assert 0.3 < temperature_of(sure, np.zeros(30, dtype=int)) < 1
    folds = folds_of(np.array([0] * 7 + [1] * 5), rng.random(12))
    assert sorted(np.bincount(folds)) == [2, 2, 2, 3, 3]
    assert np.bincount(folds[7:]).tolist() == [1] * 5


@pytest.mark.parametrize("labels", [["a"] * 4, [], ["a", "b", "a", "c"]])
def test_labels_that_no_model_can_be_fitted_to(tmp_path, labels):
    message = {
        0: "there is no label; a model needs",
        4: "all 4 labels are 'a'|is 'c', which is none of the classes a, b",
    }
    with pytest.raises(LoopError, match=message[len(labels)]):
        Project(tmp_path).train(range(len(labels)), labels=labels)


MODULE = """
import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
def text():
    return make_pipeline(CountVectorizer(), LogisticRegression())
def nothing():
    return 3
class Wrong:
    def fit(self, X, y): self.classes_ = sorted(set(y)); return self
    def get_params(self, deep=True): return {}
    def predict_proba(self, X): return self.answer(np.full((len(X), 2), 0.5))
class NaN(Wrong):
    def answer(self, P): P[3] = np.nan; return P
class Sum(Wrong):
    def answer(self, P): return P + 0.1
class Rows(Wrong):
    def answer(self, P): return P[1:]
class Other(Wrong):
    def fit(self, X, y): self.classes_ = ["a", "z"]; return self
class Fails(Wrong):
    def fit(self, X, y): raise RuntimeError("out of luck")
"""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("text", None),
        ("nothing", "returns a int without fit and predict_proba"),
        ("missing", "has no 'missing'"),
        ("NaN", "returned NaN for row 'T-"),
        ("Sum", "sum to 1.2 for row 'T-"),
        ("Rows", r"returned shape \(\d+, 2\) for \d+ rows"),
        ("Other", "has the class 'z', which is none of a, b"),
        ("Fails", "cannot be fitted to .* labels .out of luck."),
    ],
)
def test_models_of_the_users(tmp_path, monkeypatch, name, message):
    (tmp_path / "own_models.py").write_text(MODULE)
    monkeypatch.delitem(sys.modules, "own_models", raising=False)
    project = Project(tmp_path, model={"estimator": f"own_models:{name}"})
    if message is None:
        assert project.accuracy(project.train()) > 0.75
        return
    with pytest.raises(LoopError, match=message):
        project.train()


def test_a_function_that_fits(tmp_path):
    project = Project(tmp_path)
    seen = []

    def fit(X, y):
        seen.append((len(X), len(y)))
        return lambda X: np.array([[0.9, 0.1] if "pay" in text else [0.2, 0.8] for text in X])

    trained = project.train(fit=fit)
    assert seen[0] == (60, 60)
    texts = project.pool.raw(range(400))
    assert ((np.load(trained.probabilities)[:, 0] > 0.5) == ["pay" in text for text in texts]).all()


def test_columns_go_to_the_users_pipeline_as_a_frame(tmp_path, monkeypatch):
    (tmp_path / "p.csv").write_text("id,x,y\n" + "".join(f"{i},{i % 7},{'u' if i % 2 else 'v'}\n" for i in range(60)))
    (tmp_path / "own_columns.py").write_text(
        "from sklearn.compose import make_column_transformer\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "from sklearn.pipeline import make_pipeline\n"
        "from sklearn.preprocessing import OneHotEncoder\n"
        "def make():\n"
        "    columns = make_column_transformer((OneHotEncoder(), ['y']), ('passthrough', ['x']))\n"
        "    return make_pipeline(columns, LogisticRegression())\n"
    )
    for estimator in ("own_columns:make", "logistic", "forest"):
        pool = {"path": "p.csv", "id": "id", "features": ("x", "y")}
        spec = spec_of(tmp_path, pool=pool, model={"estimator": estimator})
        opened = open_pool(spec)
        rows = np.arange(40)
        labels = ["a" if i % 2 else "b" for i in rows]
        trained = train(spec, opened, Features.fit(opened, None, 0), rows, labels, None, 0, tmp_path / "out")
        assert (np.load(trained.probabilities)[1::2, 0] > 0.5).all()


def test_weights_count(tmp_path):
    project = Project(tmp_path)
    weights = np.where(project.truth[:60] == "a", 100.0, 1.0)
    heavy, plain = project.train(weights=weights, name="heavy"), project.train(name="plain")
    assert np.load(heavy.probabilities)[:, 0].mean() > np.load(plain.probabilities)[:, 0].mean()


SCRIPT = """
import csv, json, pathlib, sys
import numpy as np
job = pathlib.Path(sys.argv[1])
about = json.loads((job / "job.json").read_text())
labels = list(csv.DictReader((job / "labels.csv").open(encoding="utf-8")))
print("training on", len(labels), "labels", flush=True)
P = np.full((about["pool"]["rows"], len(about["classes"])), 1 / len(about["classes"]), np.float32)
for row in labels:
    P[int(row["index"])] = 0
    P[int(row["index"]), about["classes"].index(row["label"])] = 1
{body}
np.save(job / "out" / "probs.npy", P)
(job / "out" / "done.json").write_text(json.dumps({done}))
"""


def job_of(tmp_path, body="", done="{'token': about['token']}", **model):
    (tmp_path / "train.py").write_text(SCRIPT.replace("{body}", body).replace("{done}", done))
    project = Project(tmp_path, model={"command": (sys.executable, "train.py", "{job}"), **model})

    def run():
        rows = np.array([5, 3, 9])
        labels = list(project.truth[rows])
        return run_job(
            project.spec, tmp_path / "job", {"round": 2, "token": 7}, project.pool, rows, labels, back_off=0.0
        )

    return project, run


def test_a_command_trains(tmp_path):
    project, run = job_of(tmp_path)
    trained = run()
    said = np.load(trained.probabilities)
    assert said[4].tolist() == [0.5, 0.5]
    assert [project.spec.classes[row.argmax()] for row in said[[5, 3, 9]]] == list(project.truth[[5, 3, 9]])
    assert trained.log == "training on 3 labels\n"
    job = json.loads((tmp_path / "job" / "job.json").read_text())
    assert (job["classes"], job["round"], job["pool"]["rows"]) == (["a", "b"], 2, 400)
    assert (tmp_path / "job" / "labels.csv").read_text().splitlines()[:2] == ["row_id,index,label,weight", "T-3,3,b,1"]


def test_a_command_is_tried_again(tmp_path):
    count = "n = job / 'count'; n.write_text(n.read_text() + '.' if n.exists() else '.')\n"
    body = count + "if len(n.read_text()) < 3: sys.exit('not yet')"
    _, run = job_of(tmp_path, body, retries=2)
    assert run().log.count("not yet") == 2
    (tmp_path / "job" / "count").unlink()
    _, run = job_of(tmp_path, body, retries=1)
    with pytest.raises(LoopError, match=r"failed 2 times: it ended with exit code 1; the end of .*\n(.*\n)*.*not yet"):
        run()


@pytest.mark.parametrize(
    ("body", "done", "message"),
    [
        ("P[3] = np.nan", "{}", "returned NaN for row 'T-3'"),
        ("P = P * 2", "{}", "sum to 2 for row 'T-0'"),
        ("P = P[:5]", "{}", r"probs.npy has shape \(5, 2\); accepted is \(400, 2\)"),
        ("sys.exit(0)", "{}", "ended without out/done.json"),
        ("", "{'token': 6}", "has token 6, and job.json 7"),
        ("", "{'classes': ['b', 'a']}", "has classes .'b', 'a'."),
        ("", "3", "done.json is a int"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "{}", "ended by signal 9"),
    ],
)
def test_what_a_command_leaves_is_checked(tmp_path, body, done, message):
    _, run = job_of(tmp_path, body, done, retries=0)
    with pytest.raises(LoopError, match=message):
        run()


def test_a_command_that_takes_too_long_is_stopped_with_its_children(tmp_path):
    body = "import subprocess, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); time.sleep(60)"
    _, run = job_of(tmp_path, body, retries=0, timeout=3.0)
    with pytest.raises(LoopError, match="stopped after 3 s, its timeout"):
        run()


def test_a_command_that_is_not_there(tmp_path):
    _, run = job_of(tmp_path, command=("no-such-program",), retries=0)
    with pytest.raises(LoopError, match="no-such-program failed 1 time: it cannot be started"):
        run()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t, None),
        (lambda t: t.slice(1), "lacks 1 of 400 rows, the first 'T-399'"),
        (lambda t: pa.concat_tables([t, t.slice(0, 1)]), "has row 'T-399' twice"),
        (lambda t: t.rename_columns(["row_id", "a", "c"]), "has no column 'b'"),
        (lambda t: t.append_column("c", t["a"]), "the column 'c', which is no class"),
        (lambda t: t.set_column(0, "row_id", pa.array(["X", *t["row_id"].to_pylist()[1:]])), "row 'X', which is not"),
    ],
)
def test_answers_by_id_in_any_order(tmp_path, change, message):
    table = pa.table(
        {"row_id": [f"T-{row}" for row in range(399, -1, -1)], "b": np.arange(400) / 400, "a": 1 - np.arange(400) / 400}
    )
    if message == "has no column 'b'":
        table = table.select(["row_id", "a", "b"])
    pq.write_table(change(table), tmp_path / "ready.parquet")
    body = (
        "import shutil; shutil.copy('ready.parquet', job / 'out' / 'probs.parquet')\n"
        "(job / 'out' / 'done.json').write_text('')\nsys.exit(0)"
    )
    _, run = job_of(tmp_path, body, retries=0)
    if message is None:
        assert np.allclose(np.load(run().probabilities)[:, 1], np.arange(400)[::-1] / 400)
        return
    with pytest.raises(LoopError, match=message):
        run()
