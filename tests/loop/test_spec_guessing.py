"""A first spec from a look at a pool: ids, text, groups, labels and features are found, and what was guessed is told."""

import csv
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from shortlist.loop.errors import LoopError
from shortlist.loop.spec import guess, read_spec
from shortlist.loop.spec.looking import MOST

WORDS = ["the", "printer", "of", "our", "office", "does", "not", "print", "since", "monday"]


def tickets(rows, labels=False):
    rng = np.random.default_rng(0)
    found = [
        {
            "ticket_id": f"T-{i}",
            "opened": f"2026-03-{1 + i % 28:02d}",
            "language": ["en", "pt", "de"][i % 3],
            "subject": f"Case {i}",
            "body": " ".join(rng.choice(WORDS, 12)) + f" {i}",
            "priority": int(rng.integers(1, 5)),
        }
        for i in range(rows)
    ]
    if labels:
        for i, row in enumerate(found):
            row["label"] = ["bug", "billing", "bug", "how-to", None][i % 5]
    return found


def write_csv(path, rows, separator=",", encoding="utf-8"):
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)


def write_jsonl(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def write_arrow(path, rows):
    pa = pytest.importorskip("pyarrow")
    table = pa.Table.from_pylist(rows)
    if path.suffix == ".parquet":
        import pyarrow.parquet

        pyarrow.parquet.write_table(table, path, row_group_size=100)
    else:
        kind = pa.ipc.new_stream if path.suffix == ".arrows" else pa.ipc.new_file
        with path.open("wb") as file, kind(file, table.schema) as writer:
            writer.write_table(table, max_chunksize=100)


WRITERS = {
    "x.csv": write_csv,
    "x.tsv": lambda path, rows: write_csv(path, rows, "\t"),
    "semicolons.csv": lambda path, rows: write_csv(path, rows, ";"),
    "utf16.csv": lambda path, rows: write_csv(path, rows, encoding="utf-16"),
    "x.jsonl": write_jsonl,
    "x.ndjson": write_jsonl,
    "x.parquet": write_arrow,
    "x.feather": write_arrow,
    "x.arrows": write_arrow,
}


def read(found, folder, classes=None):
    text = found.text if classes is None else found.text.replace("classes = []", f"classes = {json.dumps(classes)}")
    (folder / "loop.toml").write_text(text, encoding="utf-8")
    return read_spec(folder / "loop.toml", files=True)


@pytest.mark.parametrize("name", WRITERS)
def test_columns_of_a_table(tmp_path, name):
    WRITERS[name](tmp_path / name, tickets(600))
    found = guess(tmp_path / name)
    spec = read(found, tmp_path, ["bug", "billing"])
    assert (spec.pool.id, spec.pool.text, spec.pool.groups) == ("ticket_id", "body", ("language",))
    assert spec.model.estimator == "tfidf-logistic"
    assert [line.split(":")[0] for line in found.said] == [
        "id is 'ticket_id'",
        "text is 'body', the column of the longest texts",
        "groups are 'language'",
        "classes are left for you to fill in",
    ]
    assert "Guessed from 600 rows" in found.text


@pytest.mark.parametrize("name", WRITERS)
def test_a_column_of_labels_gives_the_classes(tmp_path, name):
    WRITERS[name](tmp_path / name, tickets(600, labels=True))
    found = guess(tmp_path / name)
    spec = read(found, tmp_path)
    assert spec.classes == ("billing", "bug", "how-to")
    assert "label" not in (spec.pool.text, *spec.pool.groups)
    assert "labels are in 'label'" in found.said[0]


def test_labels_in_several_spellings_are_one_class(tmp_path):
    rows = tickets(600, labels=True)
    rows[0]["label"], rows[1]["label"], rows[2]["label"] = "Bug", " billing ", "none of these"
    write_csv(tmp_path / "x.csv", rows)
    found = guess(tmp_path / "x.csv")
    assert read(found, tmp_path).classes == ("billing", "bug", "how-to")
    assert "'Bug', 'bug' look alike and are one class" in found.said


def test_whole_numbers_are_classes_and_measurements_are_none(tmp_path):
    rows = [{"id": i, "a": i / 7, "target": float(i % 3), "y": i * 0.1} for i in range(600)]
    write_csv(tmp_path / "x.csv", [row | {"target": int(row["target"])} for row in rows])
    write_jsonl(tmp_path / "x.jsonl", rows)
    for name in ("x.csv", "x.jsonl"):
        spec = read(guess(tmp_path / name), tmp_path)
        assert spec.classes == ("0", "1", "2")
        assert spec.pool.features == ("a", "y")
        assert spec.model.estimator == "logistic"


def test_one_class_is_told(tmp_path):
    write_csv(tmp_path / "x.csv", [row | {"label": "bug"} for row in tickets(600)])
    assert (
        "warning: there is one class in 'label'; active learning pays with two or more"
        in guess(tmp_path / "x.csv").said
    )


@pytest.mark.parametrize(("rows", "few"), [(1, True), (40, True), (499, True), (500, False), (6000, False)])
def test_a_small_pool_is_told_and_its_spec_can_be_met(tmp_path, rows, few):
    write_csv(tmp_path / "x.csv", tickets(rows))
    found = guess(tmp_path / "x.csv")
    assert any(line.startswith("warning: the pool has") and "under 500" in line for line in found.said) == few
    spec = read(found, tmp_path, ["a", "b"])
    # An estimate takes 60 rows of the stratum.
    assert ("target_lower" in spec.stop.when) == (rows * 0.15 >= 60)
    assert spec.seed.rows <= max(10, rows)


def test_only_the_first_rows_are_looked_at(tmp_path):
    rows = tickets(MOST)
    write_csv(tmp_path / "x.csv", rows)
    assert f"Guessed from {MOST:,} rows" in guess(tmp_path / "x.csv").text
    with (tmp_path / "x.csv").open("a") as file:
        file.write("T-0,no more cells\n")
    with pytest.raises(LoopError, match="cells in line"):
        guess(tmp_path / "x.csv")
    write_csv(tmp_path / "x.csv", tickets(MOST + 1))
    with (tmp_path / "x.csv").open("a") as file:
        file.write("T-0,no more cells\n")
    assert f"Guessed from the first {MOST:,} rows" in guess(tmp_path / "x.csv").text


IDS = {
    "the name goes first": ({"code": "c{i}", "id": "{i}"}, "id"),
    "an id that repeats": ({"id": "same", "code": "c{i}"}, "code"),
    "an id with gaps": ({"id": "i{i}", "number": "{i}"}, "number"),
    "capitals": ({"x": "{i}", "customerId": "c{i}"}, "customerId"),
    "no dates": ({"when": "2026-01-01 {i:06d}", "code": "c{i}"}, "code"),
    "no measurements": ({"weight": "{i}.5", "code": "c{i}"}, "code"),
}


@pytest.mark.parametrize("kind", IDS)
def test_which_column_names_a_row(tmp_path, kind):
    columns, name = IDS[kind]
    rows = [{key: value.format(i=i) for key, value in columns.items()} | {"text": f"some words {i}"} for i in range(30)]
    if kind == "an id with gaps":
        rows[7]["id"] = ""
    write_csv(tmp_path / "x.csv", rows)
    found = guess(tmp_path / "x.csv")
    assert read(found, tmp_path, ["a", "b"]).pool.id == name
    assert any(line.startswith("'id' names no row") for line in found.said) == (kind.startswith("an id"))


def test_what_is_not_found_is_told(tmp_path):
    write_csv(tmp_path / "x.csv", [{"colour": "red"}, {"colour": "red"}, {"colour": "blue"}])
    said = guess(tmp_path / "x.csv").said
    assert "no column has another value in each row: add one, and name it as id in [pool]" in said
    assert "no column has text or numbers that a model could read: name it in [pool]" in said


def test_headings_and_values_of_any_kind(tmp_path):
    rows = [
        {"id": f"{i}", "": "x", 'said "by" [them]\n': f"über {i} = geht es\nnicht", "größe,cm": "1"} for i in range(30)
    ]
    write_csv(tmp_path / 'a "b" #1.csv', rows)
    found = guess(tmp_path / 'a "b" #1.csv')
    spec = read(found, tmp_path, ["a", "b"])
    assert spec.pool.text == 'said "by" [them]'
    assert spec.name == "a -b- #1"


@pytest.mark.parametrize("ids", ["ids.txt", "x_ids.txt", None])
def test_an_array_and_its_ids(tmp_path, ids):
    np.save(tmp_path / "x.npy", np.zeros((600, 4), np.float32))
    if ids:
        (tmp_path / ids).write_text("\n".join(map(str, range(600))))
    found = guess(tmp_path / "x.npy")
    assert "Guessed from 600 rows" in found.text
    if ids is None:
        assert (
            "warning: no file of ids lies beside x.npy; write ids.txt, one id a line in the order of the rows"
            in found.said
        )
        (tmp_path / "ids.txt").touch()
    spec = read(found, tmp_path, ["a", "b"])
    assert (spec.pool.kind, Path(spec.pool.ids).name) == ("embeddings", ids or "ids.txt")


def test_columns_of_lists_are_told_and_pictures_are_left_alone(tmp_path):
    rows = [
        {"id": i, "size": i / 7, "vector": [0.5, i / 3], "picture": b"\x89PNG" * 9, "more": {"a": 1}}
        for i in range(600)
    ]
    write_arrow(tmp_path / "x.parquet", rows)
    found = guess(tmp_path / "x.parquet")
    assert read(found, tmp_path, ["a", "b"]).pool.features == ("size",)
    assert (
        "there are columns of lists, 'vector': a model reads such numbers from a file, named as embeddings in [pool]"
        in found.said
    )


def test_folders_and_globs(tmp_path, monkeypatch):
    (tmp_path / "mail box").mkdir()
    for part in range(3):
        write_csv(
            tmp_path / "mail box" / f"{part}.csv",
            [row | {"ticket_id": f"{part}-{i}"} for i, row in enumerate(tickets(200))],
        )
    monkeypatch.chdir(tmp_path)
    for path in ("mail box", "mail box/*.csv"):
        found = guess(path)
        assert "Guessed from 600 rows" in found.text
        spec = read(found, tmp_path, ["a", "b"])
        assert (spec.name, spec.pool.path, spec.pool.id) == ("mail box", path, "ticket_id")
    (tmp_path / "mail box" / "x.jsonl").touch()
    with pytest.raises(LoopError, match=r"files of the kinds \.csv and \.jsonl; accepted are files of one kind"):
        guess("mail box")


def test_a_name_may_be_given(tmp_path):
    write_csv(tmp_path / "x.csv", tickets(600))
    assert read(guess(tmp_path / "x.csv", "my loop"), tmp_path, ["a", "b"]).name == "my loop"


NO_POOL = {
    "not there": (None, r"there is no file"),
    "another kind.pdf": (b"x", r"is no pool; accepted are files of the kinds \.csv"),
    "empty.csv": (b"", r"has no rows; a loop needs some"),
    "heading.csv": (b"id,text\n", r"has no rows; a loop needs some"),
    "bytes.csv": (b"id,text\n1,\xff\xfe\n", r"is not UTF-8: byte 0xff in line 2"),
    "no json.jsonl": (b'{"id": 1}\n{', r"has no JSON in line 2"),
    "lists.jsonl": (b"[1]\n", r"has a list in line 1; accepted is an object a line"),
    "damaged.parquet": (b"PAR1PAR1", r"damaged.parquet is not a readable Parquet file"),
    "damaged.feather": (b"ARROW1", r"damaged.feather is not a readable Arrow file"),
    "damaged.npy": (b"\x93NUMPY", r"damaged.npy"),
    "folder": ("folder", r"has no pool in it"),
}


@pytest.mark.parametrize("name", NO_POOL)
def test_what_is_no_pool(tmp_path, name):
    data, message = NO_POOL[name]
    path = tmp_path / name
    if data == "folder":
        path.mkdir()
    elif data is not None:
        path.write_bytes(data)
    with pytest.raises(LoopError, match=message) as caught:
        guess(path)
    assert "\n" not in str(caught.value)


def test_every_guess_is_in_the_text_as_a_comment(tmp_path):
    write_csv(tmp_path / "x.csv", tickets(100))
    found = guess(tmp_path / "x.csv")
    for line in found.said:
        assert f"# - {line}\n" in found.text
    assert tomllib.loads(found.text)["classes"] == []
    assert re.search(r"then: shortlist loop init loop\.toml", found.text)


@pytest.mark.parametrize(
    ("imported", "unwanted"),
    [
        ("shortlist", "shortlist.loop"),
        *(("shortlist.loop.spec", name) for name in ("sklearn", "pyarrow", "pandas", "sqlite3")),
    ],
)
def test_what_is_imported_only_when_it_is_used(imported, unwanted):
    script = f"import sys, {imported}; print({unwanted!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False", done.stderr
