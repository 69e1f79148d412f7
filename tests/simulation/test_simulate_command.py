"""`shortlist simulate`: what it takes, prints and writes, and one line for every mistake."""

import numpy as np
import pytest

from shortlist.simulation.datasets import estimator_of, load

pytest.importorskip("click")
pytest.importorskip("rich")


def test_from_a_data_set_to_a_report(tmp_path, command):
    words = [
        "simulate",
        "iris",
        "-e",
        "bayes",
        "-s",
        "margin",
        "--batch",
        5,
        "--budget",
        20,
        "--repeats",
        2,
        "--jobs",
        1,
    ]
    words += ["--stop", "patience:2", "--stop", "kappa", "--retrain", "growth:0.25", "--out", "study"]
    first = command(*words)
    assert first.stdout.startswith("2 repeats of 105 + 45 rows; 5 labels (random) to 20 by 5; accuracy; target")
    for part in (
        "; trained at growth:0.25",
        "the baseline",
        "patience 2",
        "kappa 0.99 over 3",
        "warning: 2 repeats",
        "written to study/report.html",
    ):
        assert part in first.stdout
    assert {path.name for path in (tmp_path / "study").iterdir()} >= {"runs.jsonl", "results.json", "report.html"}
    assert command(*words).stdout == first.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "dataset is 'nowhere'; accepted are digits, iris, wine, breast_cancer, and files ending in"),
        (["iris", "-e", "oracle"], "estimator is 'oracle'; accepted are logistic, forest"),
        (["iris", "-s", "margn"], "strategy 'margn' is unknown"),
        (["iris", "--stop", "soon"], "'soon' is no rule; known are budget"),
        (["iris", "--stop", "budget"], "'budget' lacks its labels; accepted is as budget:300"),
        (["iris", "--retrain", "days:2"], "retrain is 'days:2', and a simulation has nothing to measure days by"),
        (["iris", "--test", "1.5"], "test is 1.5; accepted are a share between 0 and 1"),
        (["iris", "--initial", "5000"], "initial is 5,000; accepted is less than the 105 rows of the pool"),
        (["iris", "--batch", "50", "--budget", "20"], "budget is 20; accepted is more than the 50 labels"),
        (["iris", "-e", "sklearn.svm:SVC", "--repeats", "1"], "estimator: SVC has no predict_proba; wrap it"),
        (["iris", "-e", "sklearn.linear_model:Ridge"], "estimator is a Ridge; accepted is a scikit-learn classifier"),
    ],
)
def test_mistakes_take_one_line(command, words, message):
    done = command("simulate", *words, code=1)
    assert done.stderr.startswith("shortlist: error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = np.arange(12.0).reshape(6, 2), np.array([0, 1, 0, 1, 0, 1])
    np.savez("data.npz", X=X, y=y)
    np.save("rows.npy", X)
    np.save("labels.npy", y)
    with open("data.csv", "w") as out:
        out.write("a,kind,b\n" + "".join(f"{a},{['no', 'yes'][k]},{b}\n" for (a, b), k in zip(X, y, strict=True)))
    with open("words.csv", "w") as out:
        out.write('label,said\n1,"good, very good"\n0,bad and very bad\n')
    for found, truth in (
        (load("data.npz"), y),
        (load("rows.npy", labels="labels.npy"), y),
        (load("data.csv", labels="kind"), None),
    ):
        assert np.array_equal(found[0], X)
        assert np.array_equal(found[1], truth if truth is not None else np.array(["no", "yes"])[y])
    rows, labels = load("words.csv", text="said")
    assert rows.shape == (2, 1)
    assert labels.tolist() == ["1", "0"]
    for name, text in [("blank.csv", ""), ("head.csv", "a,label\n"), ("bad.npz", "no archive")]:
        with open(name, "w") as out:
            out.write(text)
    np.savez("arrays.npz", Z=X)
    for name, words, message in [
        ("rows.npy", {}, "holds rows without labels"),
        ("data.csv", {}, "has no column 'label'; its columns are a, kind, b"),
        ("words.csv", {}, "has 'good, very good' in column 'said' of line 2; accepted are numbers"),
        ("none.csv", {}, "there is no file"),
        ("blank.csv", {}, "blank.csv has no rows below a heading"),
        ("head.csv", {}, "head.csv has no rows below a heading"),
        ("bad.npz", {}, "bad.npz is no .npz file"),
        ("arrays.npz", {}, "arrays.npz has arrays Z; accepted are X and y"),
        ("rows.npy", {"labels": "none.npy"}, "there is no file none.npy"),
    ]:
        with pytest.raises((ValueError, FileNotFoundError), match=message):
            load(name, **words)


def test_estimators():
    for name in ("logistic", "forest", "bayes", "neighbours", "sklearn.tree:DecisionTreeClassifier"):
        assert hasattr(estimator_of(name), "predict_proba")
    with pytest.raises(ValueError, match="which cannot be imported"):
        estimator_of("sklearn.tree:Oak")
