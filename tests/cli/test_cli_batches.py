"""`shortlist select` for batches: rules of diversity by name, labelled rows, and files that annotators open."""

import csv
import io
import json
import os
import subprocess
import sys

import numpy as np
import oracles
import pytest

import shortlist as sl
from shortlist.by_name import DIVERSE

pytest.importorskip("click")
pytest.importorskip("sklearn")

RNG = np.random.default_rng(7)
P = oracles.probabilities(RNG, 400, 4, np.float32)
X = RNG.normal(size=(400, 6)).astype(np.float32)
LABELLED = [3, 5, 300]
IDS = [f"{row:04}" if row % 3 else f"=r{row}" for row in range(400)]


@pytest.fixture
def run(tmp_path, command):
    np.save(tmp_path / "probs.npy", P)
    np.save(tmp_path / "emb.npy", X)
    (tmp_path / "places.txt").write_text("\n".join(map(str, LABELLED)))
    (tmp_path / "ids.txt").write_text("\n".join(IDS[row] for row in LABELLED))
    with (tmp_path / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["ID", "body"], *([own, f'text "{n}",\nü'] for n, own in enumerate(IDS))])

    def call(*words, code=0, said=False):
        done = command("select", "probs.npy", "-q", *words, code=code)
        return done.stderr if code or said else done.stdout_bytes.decode()

    return call


def indices(text):
    return [int(row["index"]) for row in csv.DictReader(io.StringIO(text))]


def by_rule(rule, among, labelled):
    """Return what the call in Python picks."""
    uncertain = sl.score(P, "least_confident")
    near = {"labelled": X[labelled]} if labelled else {}
    calls = {
        "k_center": lambda: sl.k_center(X, 9, among=among, **near),
        "kmeans_plus_plus": lambda: sl.kmeans_plus_plus(X, 9, random_state=2, among=among, **near),
        "typiclust": lambda: sl.typiclust(X, 9, random_state=2, among=among, **near),
        "herding": lambda: sl.herding(X, 9, random_state=2, references=len(among), among=among, **near),
        "ranked_batch": lambda: sl.ranked_batch(X, uncertain, 9, among=among, **near),
        "diverse_uncertain": lambda: sl.diverse_uncertain(X, uncertain, 9, among=among, **near),
        "badge": lambda: sl.badge(P, X, 9, random_state=2, among=among),
        "cluster_margin": lambda: sl.cluster_margin(P, 9, X=X, random_state=2, among=among),
    }
    return calls[rule]().indices.tolist()


@pytest.mark.parametrize("rule", DIVERSE)
def test_every_rule_picks_what_its_function_picks(run, rule):
    among = np.sort(sl.select(P, "entropy", 60, exclude=LABELLED).indices)
    words = ["--strategy", "entropy", "--embeddings", "emb.npy", "--rule", rule, "--among", 60, "-k", 9, "--seed", 2]
    found = indices(run(*words, "--labelled", "places.txt"))
    assert found == by_rule(rule, among, LABELLED)
    assert not set(found) & set(LABELLED)


def test_without_among_all_rows_are_picked_from(run):
    found = run("--embeddings", "emb.npy", "--rule", "k_center", "-k", 9)
    assert indices(found) == sl.k_center(X, 9).indices.tolist()
    found = run("--embeddings", "emb.npy", "--rule", "k_center", "-k", 9, "--exclude", "places.txt")
    among = np.setdiff1d(np.arange(400), LABELLED)
    assert indices(found) == sl.k_center(X, 9, among=among).indices.tolist()


def test_labelled_rows_are_left_out_without_a_rule_too(run):
    wanted = sl.select(P, "margin", 20, exclude=LABELLED).indices.tolist()
    assert indices(run("-k", 20, "--labelled", "places.txt")) == wanted
    found = run("-k", 20, "--data", "rows.csv", "--id-column", "ID", "--labelled", "ids.txt")
    assert [row["id"] for row in csv.DictReader(io.StringIO(found))] == [IDS[row] for row in wanted]


def test_ids_that_no_row_has_are_counted_and_masks_are_masks(run, tmp_path):
    (tmp_path / "ids.txt").write_text(f"{IDS[3]}\nnobody\n")
    done = run(
        "-k", 5, "--data", "rows.csv", "--id-column", "ID", "--labelled", "ids.txt", "--no-strict", code=0, said=True
    )
    assert done == "shortlist: 1 id that was given is not in the pool\n"
    mask = np.zeros(400, bool)
    mask[LABELLED] = True
    np.save(tmp_path / "mask.npy", mask)
    wanted = sl.select(P, "margin", 20, exclude=LABELLED).indices.tolist()
    assert indices(run("-k", 20, "--labelled", "mask.npy")) == wanted
    np.save(tmp_path / "mask.npy", mask[1:])
    assert "--labelled is a mask of 399 rows; accepted is one of 400" in run("--labelled", "mask.npy", code=1)


@pytest.mark.parametrize("form", ["label-studio", "prodigy", "argilla", "doccano", "jsonl", "csv", "parquet"])
def test_one_line_from_a_matrix_to_what_an_annotator_opens(run, tmp_path, form):
    if form == "parquet":
        pytest.importorskip("pyarrow")
    wanted = sl.select(P, "margin", 12)
    out = tmp_path / "out.file"
    run("-k", 12, "--data", "rows.csv", "--id-column", "ID", "--format", form, "--classes", "a, b", "--out", "out.file")
    from shortlist.labels.reading import answers_in

    found = list(answers_in(out, format=form))
    assert [record["id"] for record in found] == [IDS[row] for row in wanted.indices]
    texts = {value for record in found for value in record["shown"].values() if isinstance(value, str)}
    assert {f'text "{row}",\nü' for row in wanted.indices} <= texts
    if form != "parquet":
        words = ["-k", 12, "--data", "rows.csv", "--id-column", "ID", "--format", form, "--classes", "a,b"]
        assert run(*words).encode() == out.read_bytes()


def test_a_table_with_ids_finds_its_rows_in_other_files(run, tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    table = pa.table({"ID": IDS, **{f"p{n}": P[:, n] for n in range(4)}})
    pq.write_table(table, tmp_path / "pool.parquet")
    shuffled = RNG.permutation(400)
    rows = [{"ID": IDS[row], "body": f"text {row}"} for row in shuffled]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    wanted = sl.select(P, "margin", 8, exclude=LABELLED).indices
    words = ["--data", "rows.jsonl", "--id-column", "ID", "--format", "prodigy", "--labelled", "ids.txt"]
    done = subprocess.run(
        [sys.executable, "-m", "shortlist", "select", "pool.parquet", "-q", "-k", "8", *words],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        check=True,
    )
    tasks = list(map(json.loads, done.stdout.splitlines()))
    assert [task["row_id"] for task in tasks] == [IDS[row] for row in wanted]
    assert [task["text"] for task in tasks] == [f"text {row}" for row in wanted]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--rule", "k_center"], 1, "--rule k_center needs --embeddings: a .npy of one row of features a row"),
        (["--embeddings", "emb.npy"], 1, "--embeddings is given without --rule; accepted with it are k_center, "),
        (["--among", 5], 1, "--among is given without --rule"),
        (["--rule", "k_centre", "--embeddings", "emb.npy"], 2, "'k_centre' is not one of 'k_center'"),
        (
            ["--rule", "k_center", "--embeddings", "emb.npy", "--among", 5],
            1,
            "--among is 5; accepted is at least k, 100",
        ),
        (["--rule", "k_center", "--embeddings", "probs.csv"], 1, "there is no file probs.csv"),
        (
            ["--format", "prodigy"],
            1,
            "--format prodigy needs --data: what people are shown, a row for each row of the pool",
        ),
        (["--format", "parquet", "--data", "rows.csv"], 1, "--format parquet needs --out: a file"),
        (["--data", "rows.csv", "--out", "x.npy"], 1, "--out is x.npy, which takes ids alone"),
        (["--data", "short.csv"], 1, "data has 1 row, and the pool has 400 rows; accepted is a row for each"),
        (
            ["--data", "rows.csv", "--id-column", "id!"],
            1,
            "data has no column 'id!' (it has ID, body); did you mean 'ID'?",
        ),
        (["--label-config", "x.xml"], 1, "--label-config is given without --format label-studio"),
        (["--data", "emb.npy"], 1, "emb.npy is no table that is read; accepted are .csv"),
        (
            ["--labelled", "strange.txt", "--data", "rows.csv", "--id-column", "ID"],
            1,
            "--labelled names no row of the pool",
        ),
        (
            ["--data", "rows.csv", "--text", "text", "--format", "prodigy"],
            1,
            "text is 'text', and data has no such column",
        ),
    ],
)
def test_mistakes_get_a_sentence_before_anything_is_written(run, tmp_path, words, code, sentence):
    (tmp_path / "short.csv").write_text("body\nx\n")
    (tmp_path / "strange.txt").write_text("nobody\n")
    assert sentence in run(*words, code=code)
    assert not list(tmp_path.glob("x.*"))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device here")
def test_a_full_disk_is_said(run, tmp_path):
    words = ["probs.npy", "-q", "--data", "rows.csv", "--format", "prodigy"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "shortlist", "select", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            cwd=tmp_path,
            check=False,
        )
    assert done.returncode == 1
    assert "standard output cannot be written (No space left on device)" in done.stderr


def test_rules_of_the_command_are_those_there_are():
    from shortlist.cli.batch_options import FORMATS, RULES
    from shortlist.labels import formats

    assert set(RULES) == set(DIVERSE)
    assert set(FORMATS) == set(formats.FORMATS)
