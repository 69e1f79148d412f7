"""Labels out of the exports of annotation tools, and rows into their formats and back."""

import json
from pathlib import Path

import numpy as np
import pytest

import shortlist as sl
from shortlist.labels.formats import FORMATS, write_rows
from shortlist.labels.handed import HandedRow, Sent
from shortlist.labels.reading import answers_in

FILES = Path(__file__).parent / "loop" / "handoff_files"
GOLDEN = {
    "label-studio.json": [
        ("007", "bug", "3", "2026-11-29T20:52:03.101010Z", False),
        ('=a,"b"', None, "raj@example.org", "2026-11-29T20:53:00.000000Z", True),
        ('=a,"b"', "how-to", "3", "2026-11-29T20:54:00.000000Z", False),
    ],
    "prodigy.jsonl": [
        ("007", "bug", "amy o'hara", "2026-11-29T20:51:03.000000Z", False),
        ('=a,"b"', None, None, "2026-11-29T20:51:04.000000Z", True),
        ("ü\n1", "none of these", "régis", "2026-11-29T20:51:05.000000Z", False),
    ],
    "prodigy-binary.jsonl": [
        ("m1", "spam", "mail-amy", None, False),
        ("m2", None, "mail-amy", None, False),
        ("m3", None, "mail-amy", None, True),
    ],
    "argilla.json": [("007", "bug", "1b4e28ba-2fa1-11d2-883f-0016d3cca427", None, False)],
    "argilla-flat.json": [
        ("007", "bug", "1b4e28ba-2fa1-11d2-883f-0016d3cca427", None, False),
        ("007", None, "2b4e28ba-2fa1-11d2-883f-0016d3cca427", None, True),
    ],
    "doccano.jsonl": [("007", "bug", None, None, False), ("ü\n1", "how-to", None, None, False)],
}


@pytest.mark.parametrize("name", GOLDEN)
def test_exports_are_read_whether_or_not_their_format_is_named(name):
    found = sl.labels.read(FILES / name)
    assert [tuple(label) for label in found] == GOLDEN[name]
    assert sl.labels.read(FILES / name, name.partition("-b")[0].removesuffix("-flat.json").partition(".")[0]) == found


def test_of_two_classes_a_refused_one_says_the_other():
    found = sl.labels.read(FILES / "prodigy-binary.jsonl", classes=["spam", "ham"])
    assert found["label"] == ["spam", "ham", None]
    assert sl.labels.read(FILES / "prodigy-binary.jsonl", classes=["spam", "ham", "eggs"])["label"] == [
        "spam",
        None,
        None,
    ]


def test_the_table_is_a_frame_in_one_step():
    pd, pl, pa = map(pytest.importorskip, ("pandas", "polars", "pyarrow"))
    labels = sl.labels.read(FILES / "label-studio.json")
    columns = ["id", "label", "annotator", "time", "skipped"]
    assert list(labels.to_dict()) == columns == list(labels.columns)
    rows = [dict(zip(columns, row, strict=True)) for row in GOLDEN["label-studio.json"]]
    assert labels.to_dicts() == rows
    assert pl.DataFrame(labels).to_dicts() == pa.table(labels.to_dict()).to_pylist() == rows
    for frame in (labels.to_pandas(), pd.DataFrame(labels)):
        assert list(frame.columns) == columns
        assert frame["id"].tolist() == labels["id"]
        assert frame["skipped"].dtype == bool
    assert labels[1:] == sl.labels.Labels(labels[1:])
    assert labels[0].label == "bug"
    assert repr(labels).splitlines()[:2] == [
        "3 labels",
        "id      label   annotator        time                         skipped",
    ]
    with pytest.raises(KeyError, match="no column 'labels'; the columns are id, label"):
        labels["labels"]


# Every format out and in


def odd(number):
    """Return ids, labels and texts that files spoil where they are not careful."""
    kinds = [
        "{:05}", "=cmd()|{}", 'say "{}"', "a,b;{}\tc", "line\n{}\nline", "cr\r\n{}\r", "ünï-{}-\u202e漢字🙂", "'{}", " {} ",
        "{}" + "x" * 500, "{}.0", "NULL{}", "[{}]", "\\N{}\\", "-{}", "1e{}",
    ]  # fmt: skip
    return [kinds[n % len(kinds)].format(n) for n in range(number)]


def answered(name, text, classes):
    """Fill in a file as its tool exports it: every row answered with a class."""
    if name in ("label-studio", "argilla"):
        records = json.loads(text)
        for record, label in zip(records, classes, strict=True):
            if name == "argilla":
                record["responses"] = {"label": [{"value": label, "user_id": "amy"}]}
            else:
                result = [{"from_name": "label", "type": "choices", "value": {"choices": [label]}}]
                record["annotations"] = [{"completed_by": "amy", "result": result, "was_cancelled": False}]
        return json.dumps(records, ensure_ascii=False)
    lines = [json.loads(line) for line in text.split("\n") if line]
    for number, (record, label) in enumerate(zip(lines, classes, strict=True)):
        if name == "prodigy":
            record |= {"answer": "accept", "accept": [label], "_session_id": "amy", "_task_hash": number}
        else:
            record |= {"label": [label] if name == "doccano" else label, "annotator": "amy"}
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in lines)


@pytest.mark.parametrize("name", FORMATS)
def test_two_thousand_rows_go_out_and_come_home_byte_for_byte(tmp_path, name):
    if name == "parquet":
        pytest.importorskip("pyarrow")
    ids, texts = odd(2_000), [text[::-1] for text in odd(2_000)]
    classes = [label.strip() or "x" for label in odd(32)]
    said = [classes[n % len(classes)] for n in range(len(ids))]
    rows = [
        HandedRow(own, {"body": text, "row_id": "theirs"}, n / 7)
        for n, (own, text) in enumerate(zip(ids, texts, strict=True))
    ]
    path = tmp_path / f"round-0003{FORMATS[name].ending}"
    write_rows(path, name, rows, Sent(tuple(classes), "body", {"loop": "L", "round": 3}))
    records = list(answers_in(path))
    assert [record["id"] for record in records] == ids
    assert {record.get("label") or None for record in records} == {None}
    assert sl.labels.read(path) == sl.labels.Labels()
    if name == "csv":
        import csv

        with path.open(newline="", encoding="utf-8") as file:
            filled = list(csv.reader(file))
        for row, label in zip(filled[1:], said, strict=True):
            row[-2:] = [label, "amy"]
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(filled)
    elif name == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pq.read_table(path).drop(["label", "annotator"])
        pq.write_table(
            table.append_column("label", pa.array(said)).append_column("annotator", pa.array(["amy"] * 2_000)), path
        )
    else:
        path.write_bytes(answered(name, path.read_bytes().decode(), said).encode())
    found = sl.labels.read(path)
    assert found["id"] == ids
    assert found["label"] == said
    assert set(found["annotator"]) == {None if name == "doccano" else "amy"}  # which says no names
    first = next(answers_in(path))
    assert first["round"] == 3
    assert name in ("csv", "jsonl", "parquet") or first["loop"] == "L"


# What is wrong


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            "label-studio-min.json",
            "is JSON_MIN, which leaves skips out; accepted is the whole JSON: in Label Studio press Export",
        ),
        (
            "label-studio.csv",
            "is a CSV file of Label Studio, which leaves skips out; accepted is its JSON: in Label Studio press",
        ),
        (
            "prodigy-other.jsonl",
            r"is an export of Prodigy of other rows: none has a 'row_id' \(that in line 1 has text, label",
        ),
    ],
)
def test_files_of_another_kind_are_refused(content, sentence):
    with pytest.raises(ValueError, match=sentence):
        sl.labels.read(FILES / content)


@pytest.mark.parametrize(
    ("name", "at", "sentence"),
    [
        (
            "label-studio.json",
            0.5,
            "x.json ends in the middle of its list, in line 2, as a file that was cut does; accepted is a",
        ),
        ("label-studio.json", 0.9, "x.json ends in the middle of its list"),
        ("argilla.json", 0.7, "x.json ends in the middle of its list"),
        (
            "prodigy.jsonl",
            0.6,
            r"x.jsonl is not JSON in line 2 \(.*\); it is the last one, and was cut: export the file again",
        ),
        ("doccano.jsonl", 0.9, r"x.jsonl is not JSON in line 3 \(.*\); it is the last one, and was cut"),
    ],
)
def test_an_export_that_was_cut_is_refused(tmp_path, name, at, sentence):
    content = (FILES / name).read_bytes()
    path = tmp_path / f"x{Path(name).suffix}"
    path.write_bytes(content[: int(len(content) * at)])
    with pytest.raises(ValueError, match=sentence):
        sl.labels.read(path)


def task(*results, **more):
    annotation = {"result": list(results), "completed_by": 1, **more}
    return {"data": {"row_id": "a"}, "annotations": [annotation]}


def choice(name, *labels):
    return {"from_name": name, "type": "choices", "value": {"choices": list(labels)}}


BOX = {"from_name": "box", "type": "rectanglelabels", "value": {"x": 1, "rectanglelabels": ["car"]}}


def test_several_results_of_an_annotation_are_one_answer(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(
        json.dumps([task(BOX, choice("tone", "calm"), choice("label", "bug")), task(BOX, choice("kind", "bug"))])
    )
    assert sl.labels.read(path)["label"] == ["bug", "bug"]


@pytest.mark.parametrize(
    ("name", "record", "sentence"),
    [
        (
            "x.json",
            [task(choice("tone", "calm"), choice("kind", "bug"))],
            "item 1 of x.json: it has choices of 'tone' and 'kind'; accepted is one",
        ),
        (
            "x.json",
            [task(choice("label", "bug", "how-to"))],
            r"item 1 of x.json: its label is \['bug', 'how-to'\]; accepted is one class",
        ),
        (
            "x.json",
            [task(choice("label", "bug"), created_at="noon")],
            "item 1 of x.json: its time is 'noon'; accepted is ISO 8601",
        ),
        (
            "x.json",
            [{"data": {"row_id": "a"}}, {"data": {"x": 1}}],
            "item 2 of x.json: it is of a task that was not sent from here",
        ),
        (
            "x.json",
            [{"a": 1}],
            r"x.json is of no format that is plain to see \(its first object has a\); accepted is to name it: label-st",
        ),
        ("x.json", [1], "x.json has no object at item 1; accepted are objects, one a line or in a list"),
        (
            "x.jsonl",
            {"row_id": "a", "answer": "perhaps"},
            "line 1 of x.jsonl: its answer is 'perhaps'; accepted are accept, reject",
        ),
        (
            "x.jsonl",
            {"row_id": "a", "answer": "accept", "options": [], "accept": ["a", "b"]},
            "its label is .*; accepted is one class",
        ),
        (
            "x.jsonl",
            {"row_id": "a", "text": "t", "label": [[0, 3, "bug"]]},
            "its label is a span of text; accepted is one class",
        ),
        (
            "x.json",
            [{"id": "a", "fields": {}, "responses": {"q": [], "r": []}}],
            "it has responses to 'q' and 'r'; accepted is one",
        ),
    ],
)
def test_what_is_no_answer_gets_a_sentence(tmp_path, name, record, sentence):
    (tmp_path / name).write_text(json.dumps(record) + "\n")
    with pytest.raises(ValueError, match=sentence):
        sl.labels.read(tmp_path / name)


def test_formats_and_files_that_are_not_there(tmp_path):
    with pytest.raises(
        ValueError, match="format is 'labelstudio'; accepted are label-studio, .*; did you mean 'label-studio'"
    ):
        sl.labels.read(FILES / "prodigy.jsonl", "labelstudio")
    with pytest.raises(ValueError, match="prodigy.jsonl has no task of Label Studio in line 1"):
        sl.labels.read(FILES / "prodigy.jsonl", "label-studio")
    with pytest.raises(FileNotFoundError, match="there is no file .*x.json"):
        sl.labels.read(tmp_path / "x.json")
    (tmp_path / "x.json").write_text("[]")
    assert sl.labels.read(tmp_path / "x.json") == sl.labels.Labels()
    (tmp_path / "empty").mkdir()
    pytest.importorskip("pyarrow")
    with pytest.raises(ValueError, match="empty is a folder without Parquet files"):
        sl.labels.read(tmp_path / "empty")


def test_ids_of_ones_own_are_named(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"text": "t", "ticket": "007", "label": "spam", "answer": "accept"}\n')
    assert sl.labels.read(tmp_path / "x.jsonl", id_column="ticket")["id"] == ["007"]
    (tmp_path / "y.csv").write_text("Ticket,label\n007,bug\n")
    assert sl.labels.read(tmp_path / "y.csv", id_column="ticket")["id"] == ["007"]


# Picks out


P = np.array([[0.9, 0.1], [0.5, 0.5], [0.4, 0.6]])
ROWS = [
    {"id": "001", "body": "one", "n": 1},
    {"id": "=2", "body": "two\n", "n": 2},
    {"id": "3", "body": 'thr"ee', "n": None},
]
PICKS = sl.select(P, "margin", k=2)


def kinds_of_data():
    pd, pl, pa = map(pytest.importorskip, ("pandas", "polars", "pyarrow"))
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    frame = pd.DataFrame({**columns, "n": pd.array(columns["n"], dtype="object")}, index=[9, 1, 0])
    return [ROWS, columns, frame, pl.DataFrame(ROWS), pa.Table.from_pylist(ROWS)]


def test_data_of_any_kind_gives_the_same_tasks():
    data = {"body": "two\n", "n": 2, "row_id": "=2", "rank": 1, "score": 0.0}
    for rows in kinds_of_data():
        first, second = PICKS.to_label_studio(rows, id_column="id")
        assert first == {"data": data}
        assert second["data"]["row_id"] == "3"
        assert json.loads(json.dumps(second))["data"]["score"] == pytest.approx(0.2)
    assert [task["data"]["row_id"] for task in PICKS.to_label_studio(["a", "b", "c"])] == ["1", "2"]


def test_tasks_of_prodigy_records_of_argilla_and_examples_of_doccano(tmp_path):
    out = tmp_path / "x.jsonl"
    first, _ = PICKS.to_prodigy(ROWS, classes=["bug", "how-to"], text="body", dataset="d", id_column="id", out=out)
    assert first == {
        "text": "two\n", "n": 2, "row_id": "=2", "rank": 1, "score": 0.0, "dataset": "d",
        "options": [{"id": "bug", "text": "bug"}, {"id": "how-to", "text": "how-to"}], "meta": {"rank": 1, "score": 0.0},
    }  # fmt: skip
    assert json.loads(out.read_text().splitlines()[0]) == first
    assert PICKS.to_prodigy(ROWS, id_column="id")[0]["text"] == "body: two\n\nn: 2"
    assert PICKS.to_prodigy([{"url": "https://x.org/1.jpg"}] * 3)[0]["image"] == "https://x.org/1.jpg"
    record = PICKS.to_argilla(ROWS, id_column="id", out=tmp_path / "x.json")[0]
    assert (record["id"], record["fields"]) == ("=2", {"body": "two\n", "n": "2"})
    assert json.loads((tmp_path / "x.json").read_text())[0] == record
    example = PICKS.to_doccano(ROWS, text="body", id_column="id", out=out)[0]
    assert example == {"text": "two\n", "label": [], "n": 2, "row_id": "=2", "rank": 1, "score": 0.0}
    assert json.loads(out.read_text().splitlines()[0]) == example
    assert PICKS.to_doccano(ROWS, id_column="id")[0]["text"] == "body: two\n\nn: 2"
    with pytest.raises(ValueError, match="text is 'bdy', and data has no such column; it has body, n"):
        PICKS.to_doccano(ROWS, text="bdy", id_column="id")
    PICKS.to_jsonl(out, ROWS, id_column="id")
    assert json.loads(out.read_text().splitlines()[0]) == {
        "id": "=2", "rank": 1, "score": 0.0, "body": "two\n", "n": 2, "label": "", "annotator": ""
    }  # fmt: skip


def test_picks_with_ids_find_their_rows_in_any_order():
    pa = pytest.importorskip("pyarrow")
    pool = sl.Source(pa.table({"id": [10, 20, 30], "a": P[:, 0], "b": P[:, 1]}), column=["a", "b"], id_column="id")
    picks = sl.select(pool, "margin", k=2)
    data = [{"id": "30", "t": "c"}, {"id": 20, "t": "b"}, {"id": 10, "t": "a"}]
    assert [t["data"]["t"] for t in picks.to_label_studio(data, id_column="id")] == ["b", "c"]
    with pytest.raises(ValueError, match="data has no row with the id 30, which was picked"):
        picks.to_label_studio(data[1:], id_column="id")
    with pytest.raises(ValueError, match="data has the id 20 in rows 1 and 3; accepted is one name a row"):
        picks.to_label_studio([*data, {"id": 20.0}], id_column="id")


CONFIG = '<View><Text name="t" value="$body"/><Choices name="label" toName="t"><Choice value="bug"/></Choices></View>'


@pytest.mark.parametrize(
    ("data", "options", "sentence"),
    [
        (ROWS[:2], {}, "data has 2 rows, and the pool has 3 rows; accepted is a row for each, in the same order"),
        ([*ROWS, ROWS[0]], {}, "data has 4 rows, and the pool has 3 rows"),
        (ROWS, {"id_column": "ID"}, r"data has no column 'ID' \(it has id, body, n\); did you mean 'id'"),
        ([{"id": None}] * 3, {"id_column": "id"}, "data has no id in row 1; accepted is one in each row"),
        ([{"id": "a"}] * 3, {"id_column": "id"}, "data has the id 'a' in rows 1 and 2; accepted is one name a row"),
        ("rows.csv", {}, "data is a str; accepted are a frame, a list of dicts or of text"),
        (
            ROWS,
            {"label_config": CONFIG, "classes": ["bug", "how-to"]},
            "label_config lacks 'how-to'; accepted are the classes bug, how-to",
        ),
        (
            ROWS,
            {"label_config": CONFIG, "classes": ["x", "y"]},
            "label_config lacks 'x', 'y' and has 'bug', which is no class",
        ),
        (
            ROWS,
            {"label_config": CONFIG.replace("body", "text")},
            r"label_config shows \$text, and the tasks have no such column; accepted",
        ),
        (ROWS, {"label_config": CONFIG[:-3]}, "label_config is no labelling interface of Label Studio: it is no XML"),
        (ROWS, {"label_config": "<View/>"}, "label_config has no <Choices>"),
    ],
)
def test_data_that_is_not_the_pools_is_refused(data, options, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        PICKS.to_label_studio(data, **options)


def test_what_comes_back_is_ready_for_json():
    pd = pytest.importorskip("pandas")
    rows = pd.DataFrame({"t": ["a", None, "c"], "n": [1.5, np.nan, 2], "day": pd.to_datetime(["2026-01-01"] * 3)})
    for tasks in (
        PICKS.to_label_studio(rows),
        PICKS.to_prodigy(rows),
        PICKS.to_argilla(rows),
        PICKS.to_doccano(rows),
    ):
        assert json.loads(json.dumps(tasks, allow_nan=False)) == tasks
    assert PICKS.to_label_studio(rows)[0]["data"]["n"] == ""  # it refuses a whole import for one value that is nothing
    with pytest.raises(FileNotFoundError, match="there is no file .*x.xml"):
        PICKS.to_label_studio(rows, "x.xml")


def test_scores_that_json_has_no_word_for():
    picks = sl.k_center(np.eye(3), 2)
    assert np.isinf(picks.scores[0])
    assert "score" not in picks.to_label_studio(["a", "b", "c"])[0]["data"]
