"""Rounds in files, answers from files, and labels for the world."""

import csv
import json
import os

import pyarrow as pa
import pyarrow.parquet
import pytest
from a_loop import (
    SPEC,
    specs,  # noqa: F401
    store_with,
)

from shortlist.labels.reading import answers_in
from shortlist.loop.errors import LoopError
from shortlist.loop.handoff.files import FileHandoff
from shortlist.loop.handoff.labels import labels_out
from shortlist.loop.handoff.protocol import HandedRow, Handoff
from shortlist.loop.store import Event
from shortlist.loop.store.answers import fold
from shortlist.loop.store.ingest import ingest

ROWS = [HandedRow("=a", {"body": "=cmd()", "n": 1}), HandedRow("b,\n", {"body": 'say "x"\r', "n": None})]
KINDS = ["csv", "jsonl"]


def cells(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_a_round_is_a_file_to_fill_in(tmp_path):
    handoff: Handoff = FileHandoff(tmp_path)
    assert handoff.push(1, ROWS) == {"file": os.path.join("handoff", "round-0001.csv"), "rows": 2}
    assert cells(tmp_path / "handoff" / "round-0001.csv") == [
        ["id", "body", "n", "label", "annotator"],
        ["=a", "=cmd()", "1", "", ""],
        ["b,\n", 'say "x"\r', "", "", ""],
    ]
    assert handoff.describe() == str(tmp_path / "handoff")
    assert handoff.withdraw(["=a"]) is None


def test_a_round_is_json_lines_for_programs(tmp_path):
    FileHandoff(tmp_path, "jsonl").push(12, ROWS)
    lines = (tmp_path / "handoff" / "round-0012.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"id": "=a", "body": "=cmd()", "n": 1, "label": "", "annotator": ""},
        {"id": "b,\n", "body": 'say "x"\r', "n": None, "label": "", "annotator": ""},
    ]


def test_texts_are_escaped_for_spreadsheets_on_demand_and_ids_never(tmp_path):
    FileHandoff(tmp_path, spreadsheet=True).push(1, [*ROWS, HandedRow("c", {"body": "@x", "n": -1})])
    found = cells(tmp_path / "handoff" / "round-0001.csv")
    assert [row[:3] for row in found[1:]] == [["=a", "'=cmd()", "1"], ["b,\n", 'say "x"\r', ""], ["c", "'@x", "-1"]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_that_is_called_like_an_answer_gets_another_name(tmp_path, kind):
    shown = {"Label": "old", "id": "9", "text": "t", "pool.id": "p"}
    FileHandoff(tmp_path, kind).push(1, [HandedRow("a", shown)])
    (record,) = answers_in(tmp_path / "handoff" / f"round-0001.{kind}")
    assert (record["id"], record["label"]) == ("a", "")
    assert record["shown"] == {"pool.Label": "old", "pool.id": "9", "text": "t", "pool.pool.id": "p"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_round_comes_home_from_the_file(tmp_path, kind):
    with store_with(tmp_path, ["=a", "b,\n"]) as store:
        handoff = FileHandoff(tmp_path, kind)
        state = handoff.push(1, ROWS)
        path = tmp_path / state["file"]
        first = path.read_bytes()
        assert ingest(store, handoff.pull(state)).empty == 2
        if kind == "csv":
            head, one, two = cells(path)
            with path.open("w", newline="") as file:
                csv.writer(file).writerows([head, [*one[:3], "BUG", "amy"], two])
        else:
            one, two = map(json.loads, path.read_text().splitlines())
            path.write_text(json.dumps({**one, "label": "BUG", "annotator": "amy"}) + "\n" + json.dumps(two) + "\n")
        filled = path.read_bytes()
        # Handed over again, as after a kill, it keeps what people have written.
        assert handoff.push(1, ROWS) == state
        assert path.read_bytes() == filled != first
        done = ingest(store, handoff.pull(state))
        assert (done.new, done.empty, done.refused) == (1, 1, [])
        (event,) = store.events()
        assert (event.row, event.label, event.annotator, event.source) == ("=a", "bug", "amy", f"round-0001.{kind}")
        assert event.payload == {"round": 1}
        path.unlink()
        assert list(handoff.pull(state)) == []


def test_a_file_with_answers_is_not_written_over(tmp_path):
    out = tmp_path / "batch.csv"
    handoff = FileHandoff(tmp_path / "loop", out=out)
    assert handoff.push(1, ROWS)["file"] == str(out)
    handoff.push(2, ROWS[:1])
    assert len(cells(out)) == 2
    out.write_text("id,label\n=a,bug\nz,\n")
    with pytest.raises(
        LoopError, match=r"batch.csv has answers for other rows \(the first in line 2 of batch.csv\), which would be"
    ):
        handoff.push(3, ROWS)
    for content in ("id,text\na,my pool\n", "{}", "\x00"):
        out.write_text(content)
        with pytest.raises(LoopError, match="batch.csv holds something else; give another name, or remove it"):
            handoff.push(3, ROWS)
        assert out.read_text() == content


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="no such file here")
def test_a_round_may_go_to_standard_output(tmp_path, capfd):
    FileHandoff(tmp_path, out="/dev/stdout").push(1, ROWS[:1])
    assert capfd.readouterr().out == "id,body,n,label,annotator\n=a,=cmd(),1,,\n"


FILES = {
    "x.csv": "\ufeffID;Label;extra;Time\na;bug;1,5;2026-01-01\n\nb;;;\n",
    "x.tsv": "label\tid\textra\ttime\nbug\ta\t1,5\t2026-01-01\n\t b\t\t\n".replace(" b", "b"),
    "x.jsonl": '{"ID": "a", "Label": "bug", "extra": "1,5", "time": "2026-01-01"}\n\n{"id": "b", "label": ""}\n',
}


@pytest.mark.parametrize("name", FILES)
def test_files_are_read_as_people_have_them(tmp_path, name):
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    first, second = answers_in(tmp_path / name)
    assert (first["id"], first["label"], first["time"], first["shown"]) == ("a", "bug", "2026-01-01", {"extra": "1,5"})
    assert (first["where"], first["source"]) == (
        f"line 2 of {name}" if name != "x.jsonl" else "line 1 of x.jsonl",
        name,
    )
    assert (second["id"], second["label"]) == ("b", "")
    assert second["where"].startswith(
        "line 3" if name != "x.csv" and name != "x.jsonl" else "line 4" if name == "x.csv" else "line 3"
    )


def test_the_id_may_be_called_as_in_the_pool(tmp_path):
    with store_with(tmp_path / "loop", ["a"]) as store:
        (tmp_path / "x.csv").write_text("Ticket,label\na,bug\n")
        assert ingest(store, tmp_path / "x.csv").new == 1
        (tmp_path / "x.jsonl").write_text('{"ticket": "a", "label": "billing"}\n')
        assert ingest(store, tmp_path / "x.jsonl").new == 1


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (
            "x.csv",
            "name,label\na,bug\n",
            r"x.csv has no column 'id' \(its columns are name, label\); accepted is a heading with id",
        ),
        ("x.csv", "id,answer\na,bug\n", r"x.csv has no column 'label' \(its columns are id, answer\)"),
        ("x.csv", "id,Label,LABEL\na,bug,\n", "has two columns 'label'; accepted are distinct names"),
        ("x.csv", "id,label\na\n", "has 1 cell in line 2, and 2 in its first"),
        ("x.csv", b"id,label\na,\xff\n", "x.csv is not UTF-8: byte 0xff in line 2"),
        ("x.jsonl", '{"id": 1, "label": "bug"}\n{"id": 1,\n', r"x.jsonl is not JSON in line 2 \("),
        ("x.jsonl", "[1]\n", "x.jsonl has no object at item 1; accepted are objects, one a line or in a list"),
        ("x.jsonl", '\n{"label": "bug"}\n', r"x.jsonl has no 'id' in line 2 \(it has label\)"),
        ("x.jsonl", '{"id": 5}\n', r"x.jsonl has no 'label' in line 1 \(it has id\)"),
        ("x.parquet", "PAR1", "x.parquet cannot be read as Parquet"),
        ("x.xlsx", "", "x.xlsx is no file of answers; accepted are .csv, .tsv, .txt, .json, .jsonl, .ndjson, .parquet"),
    ],
)
def test_files_that_cannot_be_read_are_said(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=sentence):
        list(answers_in(tmp_path / name))


def test_a_missing_file_is_said_and_an_empty_one_has_no_answers(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file .*x.csv"):
        list(answers_in(tmp_path / "x.csv"))
    for name in ("x.csv", "x.jsonl"):
        (tmp_path / name).touch()
        assert list(answers_in(tmp_path / name)) == []


# Labels out


@pytest.fixture
def store(tmp_path):
    with store_with(tmp_path / "loop", ["=a", "b,\n", "c", "d"]) as made:
        said = [
            ("=a", "amy", "01", "bug"),
            ("=a", "raj", "02", "How-to"),
            ("=a", "eve", "03", "How-to"),
            ("b,\n", "raj", "04", "bug"),
        ]
        made.append(Event("label", row, who, f"2026-01-{day}", label) for row, who, day, label in said)
        made.append([Event("skip", "c", "amy", "2026-01-05"), Event("reject", "d", "amy", "2026-01-05")])
        yield made


OUT = [
    ("=a", "How-to", "eve", "2026-01-03T00:00:00.000000Z"),
    ("b,\n", "bug", "raj", "2026-01-04T00:00:00.000000Z"),
]
COLUMNS = ["id", "label", "annotator", "time"]


def test_labels_go_out_as_csv_and_json_lines(store, tmp_path):
    answers = fold(store.events(), SPEC)
    assert labels_out(store, answers, tmp_path / "x.csv") == 2
    assert cells(tmp_path / "x.csv") == [COLUMNS, *map(list, OUT)]
    labels_out(store, answers, tmp_path / "x.jsonl")
    found = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert found == [dict(zip(COLUMNS, row, strict=True)) for row in OUT]


def test_parquet_has_label_and_code_with_the_names_of_classes(store, tmp_path):
    labels_out(store, fold(store.events(), SPEC), tmp_path / "x.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "x.parquet")
    assert table.column_names == [*COLUMNS, "label_code"]
    assert [tuple(row.values())[:4] for row in table.to_pylist()] == OUT
    assert table["label_code"].to_pylist() == [2, 1]
    features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert features["label_code"] == {"names": ["billing", "bug", "How-to"], "_type": "ClassLabel"}


@pytest.mark.parametrize("empty", [False, True])
def test_a_folder_is_what_datasets_loads(store, tmp_path, empty):
    shown = {"=a": {"body": "one", "label": "theirs"}, "b,\n": {"body": "two"}}
    events = [] if empty else store.events()
    assert labels_out(store, fold(events, SPEC), tmp_path / "out", shown=shown) == (0 if empty else 2)
    table = pyarrow.parquet.read_table(tmp_path / "out" / "data" / "train-00000-of-00001.parquet")
    if not empty:
        assert table.to_pydict() == {
            "id": ["=a", "b,\n"], "body": ["one", "two"], "label": [2, 1], "label_text": ["How-to", "bug"],
            "annotator": ["eve", "raj"], "time": [row[3] for row in OUT],
        }  # fmt: skip
    assert str(table.schema.field("label").type) == "int64"
    assert "path: data/train-*" in (tmp_path / "out" / "README.md").read_text()
    if empty:
        return  # of which datasets makes nothing
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    loaded = datasets.load_dataset(str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.features["label"].names == ["billing", "bug", "How-to"]


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.parquet", "out/data/train-00000-of-00001.parquet"])
def test_labels_that_went_out_come_in_again(store, tmp_path, name):
    answers = fold(store.events(), SPEC)
    labels_out(store, answers, tmp_path / (name if not name.startswith("out") else "out"))
    with store_with(tmp_path / "other", ["=a", "b,\n"]) as other:
        done = ingest(other, tmp_path / name)
        assert (done.new, done.refused) == (2, [])
        assert [(e.row, e.label, e.annotator, e.time) for e in other.events()] == OUT
        features = json.dumps({"info": {"features": {"label": {"_type": "ClassLabel", "names": ["billing", "bug"]}}}})
        table = pa.table({"id": ["=a", "b,\n"], "label": [-1, 0]}).replace_schema_metadata({"huggingface": features})
        pyarrow.parquet.write_table(table, tmp_path / "codes.parquet")
        done = ingest(other, tmp_path / "codes.parquet")
        assert (done.new, done.empty) == (1, 1)
        assert other.events_of(["b,\n"])[-1].label == "billing"


def test_labels_in_other_files_are_refused(store, tmp_path):
    with pytest.raises(
        LoopError, match="x.xlsx is no kind of file for labels; accepted are .csv, .jsonl, .parquet, and a folder"
    ):
        labels_out(store, fold(store.events(), SPEC), tmp_path / "x.xlsx")
