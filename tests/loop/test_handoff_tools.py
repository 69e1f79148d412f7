"""Rounds of a loop in the formats of annotation tools, and through a tool of the user's own, out and in."""

import json
import sys
from pathlib import Path

import pytest

import shortlist as sl
from shortlist.loop.errors import LoopError

pytest.importorskip("sklearn")

FILES = Path(__file__).parent / "handoff_files"
SPEC = """
loop = 1
name = "tickets & co"
classes = ["bug", "how-to", "billing"]
[pool]
path = "tickets.jsonl"
id = "ticket"
text = "body"
[seed]
rows = 6
[round]
rows = 6
[validation]
share = 0.2
[retrain]
when = "growth:0.5"
[stop]
when = "budget:40"
[handoff]
"""
IDS = [f"{n:03}" if n % 2 else f"=T{n}\n" for n in range(40)]


@pytest.fixture
def begin(tmp_path):
    """Begin a loop with a tool."""
    opened = []

    def call(*handoff):
        rows = [
            {"ticket": own, "body": f"it {'crashes' if n % 3 else 'costs'} <b>{n}</b>"} for n, own in enumerate(IDS)
        ]
        (tmp_path / "tickets.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (tmp_path / "spec.toml").write_text(SPEC + "\n".join(handoff))
        opened.append(sl.Loop.init(tmp_path / "spec.toml", tmp_path / "loop"))
        return opened[-1]

    yield call
    for loop in opened:
        loop.close()


def answer(tool, path, label="bug"):
    """Answer a round as the tool would: the first row twice, by two people; the second is skipped; the last is open."""
    records = (
        json.loads(path.read_text()) if path.suffix == ".json" else list(map(json.loads, path.read_text().splitlines()))
    )
    for place, record in enumerate(records[:-1]):
        if tool == "label-studio":
            result = [{"from_name": "label", "type": "choices", "value": {"choices": [label]}}]
            one = {"completed_by": 7, "result": result, "updated_at": "2026-11-29T20:00:00Z", "unique_id": f"u{place}"}
            record["annotations"] = [{**one, "was_cancelled": place == 1}] + (
                [{**one, "completed_by": 8, "unique_id": "other"}] if not place else []
            )
        elif tool == "prodigy":
            record |= {"answer": "ignore" if place == 1 else "accept", "accept": [label], "_task_hash": place}
            record |= {"_session_id": f"{record['dataset']}-amy%20b", "_timestamp": 1795985463}
        elif tool == "argilla":
            status = "discarded" if place == 1 else "submitted"
            record |= {"label.responses": [label], "label.responses.users": ["u1"], "label.responses.status": [status]}
            del record["responses"]
        else:
            record |= {"id": 900 + place, "label": [] if place == 1 else [label], "Comments": []}
    listed = "".join(json.dumps(record) + "\n" for record in records)
    path = path.with_name(f"export{path.suffix}")
    path.write_text(listed if path.suffix == ".jsonl" else json.dumps(records))
    return path


WHO = {"label-studio": "7", "prodigy": "amy b", "argilla": "u1", "doccano": ""}


@pytest.mark.parametrize("tool", WHO)
def test_a_round_goes_out_and_its_export_comes_home(begin, tool, capsys):
    loop = begin(f'tool = "{tool}"')
    batch = loop.next()
    path = loop.folder / batch.handed
    assert path.name.startswith(f"round-0001.{tool}")
    before = path.read_bytes()
    assert loop.next().ids == batch.ids
    assert path.read_bytes() == before
    done = loop.ingest(path)
    assert (done.new, done.empty, done.refused) == (0, 6, [])
    export = answer(tool, path)
    done = loop.ingest(export)
    extra, skips = (1 if tool == "label-studio" else 0), (0 if tool == "doccano" else 1)
    assert (done.new, done.refused) == (4 + skips + extra, [])
    assert loop.ingest(export).new == 0
    export = export.rename(export.with_name(f"again{export.suffix}"))
    assert loop.ingest(export, format=tool).new == 0
    assert loop.status()["out"] == {"rows": 6, "answered": 4, "skipped": skips, "open": 2 - skips}
    labels = loop.labels()
    assert labels == {row: "bug" for place, row in enumerate(batch.ids) if place not in (1, 5)}
    assert WHO[tool] in {event.annotator for event in loop._store.events()}
    assert {event.payload["round"] for event in loop._store.events()} == {1}


@pytest.mark.parametrize("tool", [*WHO, "parquet", "datasets"])
def test_rows_for_a_second_person_go_out_the_same_way(begin, tmp_path, tool):
    if tool in ("parquet", "datasets"):
        pytest.importorskip("pyarrow")
    loop = begin(f'tool = "{tool}"', "[labels]", "overlap = 1.0")
    batch = loop.next()
    loop.ingest(dict.fromkeys(batch.ids[:3], "bug"), annotator="amy")
    again = loop.next(annotator="raj")
    assert set(again.ids) <= set(batch.ids[:3])
    place = loop.folder / again.handed
    assert place.name.startswith("round-0001-raj")
    assert loop.next(annotator="raj") == again
    assert loop.ingest(place, format=None if tool == "datasets" else tool).empty == len(again)


def test_label_studio_gets_an_interface_beside_the_round(begin):
    loop = begin('tool = "label-studio"')
    path = loop.folder / loop.next().handed
    config = path.with_suffix(".xml").read_text()
    assert '<Text name="body" value="$body"/>' in config
    assert [f'<Choice value="{name}"' in config for name in ("bug", "how-to", "billing", "none of these")] == [True] * 4
    task = json.loads(path.read_text())[0]["data"]
    assert list(task) == ["body", "row_id", "rank", "loop", "round"]
    assert (task["rank"], task["round"]) == (1, 1)


def interface(*classes):
    choices = "".join(f'<Choice value="{name}"/>' for name in classes)
    return f'<View><Text name="t" value="$body"/><Choices name="label" toName="t">{choices}</Choices></View>'


def test_an_interface_of_ones_own_is_checked_before_the_loop_begins(begin, tmp_path):
    config = tmp_path / "own.xml"
    config.write_text(interface("bug", "How to", "billing"))
    sentence = (
        r"\[handoff\] label_config lacks 'how-to' and has 'How to', which is no class; accepted are the classes bug"
    )
    with pytest.raises(LoopError, match=sentence):
        begin('tool = "label-studio"', 'label_config = "own.xml"')
    config.write_text(interface("bug", "how-to", "billing", "skip").replace("$body", "$text"))
    loop = begin('tool = "label-studio"', 'label_config = "own.xml"')
    with pytest.raises(
        LoopError, match=r"\[handoff\] label_config shows \$text, and the tasks have no such column; accepted are body"
    ):
        loop.next()
    config.write_text(interface("bug", "how-to", "billing", "skip"))
    assert len(loop.next()) == 6
    assert not list((loop.folder / "handoff").glob("*.xml"))
    with pytest.raises(
        LoopError, match=r"\[handoff\] label_config is 'own.xml', and tool is 'prodigy'; accepted is one with"
    ):
        begin('tool = "prodigy"', 'label_config = "own.xml"')
    with pytest.raises(LoopError, match=r'\[handoff\] label_config is "other.xml", and there is no such file'):
        begin('tool = "label-studio"', 'label_config = "other.xml"')


def test_parquet_and_a_folder_for_datasets_are_filled_in(begin):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    loop = begin('tool = "datasets"')
    batch = loop.next()
    file = loop.folder / batch.handed / "data" / "train-00000-of-00001.parquet"
    table = pq.read_table(file)
    assert table["id"].to_pylist() == batch.ids
    assert str(table.schema.field("label").type) == "int64"
    filled = table.set_column(table.column_names.index("label"), "label", pa.array([1, None, 2, 0, 1, 1]))
    pq.write_table(filled.replace_schema_metadata(table.schema.metadata), file)
    assert loop.next().ids == batch.ids
    done = loop.pull()
    assert (done.new, done.empty) == (5, 1)
    assert loop.labels()[batch.ids[0]] == "how-to"
    out = loop.folder / "again.parquet"
    loop.next(out)
    assert pq.read_table(out)["label"].to_pylist() == [None] * 6


def test_a_file_that_somebody_names_is_of_the_kind_of_its_ending(begin, tmp_path):
    loop = begin('tool = "prodigy"')
    assert "options" in json.loads((tmp_path / loop.next(tmp_path / "x.jsonl").handed).read_text().splitlines()[0])
    assert (tmp_path / loop.next(tmp_path / "x.csv").handed).read_text().startswith("id,body,label,annotator")


@pytest.mark.parametrize(
    ("name", "kind", "sentence"),
    [
        ("label-studio.json", "loop", "row '007' is of another loop ('L')"),
        ("prodigy.jsonl", "loop", "row '007' is of another loop ('L')"),
        ("argilla.json", "loop", "row '007' is of another loop ('L')"),
    ],
)
def test_an_export_of_another_loop_is_refused_row_by_row(begin, name, kind, sentence):
    done = begin('tool = "prodigy"').ingest(FILES / name)
    assert done.new == 0
    assert {refused.kind for refused in done.refused} == {kind}
    assert done.refused[0].reason == sentence


def test_what_was_not_sent_or_is_no_class_is_refused_and_the_rest_is_taken(begin, tmp_path):
    loop = begin('tool = "label-studio"')
    batch = loop.next()

    def task(label, **data):
        return {"data": data, "annotations": [{"result": [{"from_name": "x", "value": {"choices": label}}]}]}

    other = next(own for own in IDS if own not in batch.ids)
    tasks = [
        task(["bug"], row_id=batch.ids[0]), task(["bug"], body="made by hand"), task(["bug"], row_id="nobody"),
        task(["bug"], row_id=other), task(["Bugs"], row_id=batch.ids[1]), task(["bug", "billing"], row_id=batch.ids[2]),
        task(["none of these"], row_id=batch.ids[3]), task(["bug"], row_id=batch.ids[4], body="another text"),
    ]  # fmt: skip
    (tmp_path / "x.json").write_text(json.dumps(tasks))
    done = loop.ingest(tmp_path / "x.json")
    assert done.new == 2
    assert [(refused.kind, refused.where) for refused in done.refused] == [
        ("id", "item 2 of x.json"), ("unknown", "item 3 of x.json"), ("unpicked", "item 4 of x.json"),
        ("class", "item 5 of x.json"), ("class", "item 6 of x.json"), ("text", "item 8 of x.json"),
    ]  # fmt: skip
    assert done.refused[0].reason == "it is of a task that was not sent from here (it has no row_id)"
    assert done.refused[3].reason.endswith("did you mean 'bug'?")


def test_a_class_that_somebody_ruled_out_is_kept_and_trains_nothing(begin, tmp_path):
    loop = begin('tool = "prodigy"')
    batch = loop.next()
    (tmp_path / "x.jsonl").write_text(json.dumps({"row_id": batch.ids[0], "label": "bug", "answer": "reject"}))
    assert loop.ingest(tmp_path / "x.jsonl").new == 1
    (event,) = loop._store.events()
    assert (event.kind, event.payload) == ("skip", {"none_of": "bug", "round": 1})
    assert loop.labels() == {}


def test_labels_that_were_read_go_into_a_loop(begin):
    loop = begin('tool = "doccano"')
    path = loop.folder / loop.next().handed
    labels = sl.labels.read(answer("doccano", path))
    done = loop.ingest(labels, annotator="amy")
    assert (done.new, done.refused) == (4, [])


def test_records_of_a_tools_own_api_are_taken_by_the_name_of_their_format(begin):
    loop = begin('tool = "argilla"')
    records = json.loads((loop.folder / loop.next().handed).read_text())
    answered = [{**record, "responses": {"label": [{"value": "bug", "user_id": "amy"}]}} for record in records]
    done = loop.ingest((record for record in answered), format="argilla")
    assert (done.new, done.refused) == (6, [])
    assert loop.ingest([{**answered[0], "id": "nobody"}], format="argilla").refused[0].where == "record 1"
    with pytest.raises(
        ValueError, match="format is 'csv', and answers are no file; accepted with records are label-studio, pro"
    ):
        loop.ingest(answered, format="csv")
    with pytest.raises(ValueError, match="record 1 is a str; accepted are mappings, as prodigy has them"):
        loop.ingest(["x"], format="prodigy")


# A tool of one's own

TOOL = """
import json, os
from pathlib import Path

class Sheet:
    def __init__(self, about, folder, fails=""):
        self.about, self.place, self.fails = about, Path(folder), fails
        self.place.mkdir(exist_ok=True)

    def push(self, number, rows):
        if (self.place / "broken").exists():
            raise OSError("the sheet is away")
        path = self.place / f"{number}.json"
        if not path.exists():
            path.write_text(json.dumps([{"id": row.id, **row.shown, "label": None} for row in rows]))
        return {"sheet": path.name}

    def pull(self, state):
        for row in json.loads((self.place / state["sheet"]).read_text()):
            yield {"id": row["id"], "label": row["label"], "annotator": "amy"}

    def withdraw(self, rows):
        (self.place / "withdrawn").write_text(json.dumps(list(rows)))

    def describe(self):
        return f"the sheets of {self.about.name}"

class Half:
    def __init__(self, about):
        pass
    push = None
"""


@pytest.fixture
def sheet(tmp_path):
    (tmp_path / "sheets_of_mine.py").write_text(TOOL)
    yield tmp_path / "sheets"
    sys.modules.pop("sheets_of_mine", None)


def test_a_tool_of_ones_own_takes_rounds_and_gives_answers(begin, sheet):
    loop = begin('tool = "sheets_of_mine:Sheet"', f"folder = {json.dumps(str(sheet))}")
    batch = loop.next()
    assert batch.handed == "the sheets of tickets & co"
    assert [step["phase"] for step in loop._store.handoffs(1)] == ["intent", "done"]
    first = sheet / "1.json"
    rows = json.loads(first.read_text())
    assert [row["id"] for row in rows] == batch.ids
    assert loop.pull().empty == 6
    first.write_text(json.dumps([{**row, "label": "bug" if n % 2 else "billing"} for n, row in enumerate(rows)]))
    done = loop.run_once()
    assert done[0] == "answers came: 6 new, 0 known"
    assert done[-1] == "round 2 was opened: 6 rows in the sheets of tickets & co"
    assert not (sheet / "withdrawn").exists()
    assert loop.status()["answers"] == 6
    # A round that closes by force of its spec leaves rows that the tool is told of.
    path = loop.folder / "loop.toml"
    path.write_text(path.read_text().replace("[round]\n", "[round]\nclose = 0.5\n"))
    second = json.loads((sheet / "2.json").read_text())
    (sheet / "2.json").write_text(json.dumps([{**row, "label": "bug"} for row in second]))
    loop.run_once()
    third = json.loads((sheet / "3.json").read_text())
    (sheet / "3.json").write_text(
        json.dumps([{**row, "label": "bug" if n > 2 else None} for n, row in enumerate(third)])
    )
    loop.run_once()
    assert json.loads((sheet / "withdrawn").read_text()) == [row["id"] for row in third[:3]]


def test_a_tool_that_fails_says_so_and_the_round_waits_for_it(begin, sheet):
    loop = begin('tool = "sheets_of_mine:Sheet"', f"folder = {json.dumps(str(sheet))}")
    sheet.mkdir()
    (sheet / "broken").touch()
    sentence = r"\[handoff\] tool is 'sheets_of_mine:Sheet', which cannot take round 1 \(OSError: the sheet is away\)"
    for _ in range(2):
        with pytest.raises(LoopError, match=sentence):
            loop.next()
    (sheet / "broken").unlink()
    assert loop.next().round == 1
    (sheet / "1.json").write_text("half")
    with pytest.raises(LoopError, match=r"which cannot give answers \(JSONDecodeError: "):
        loop.pull()


@pytest.mark.parametrize(
    ("handoff", "sentence"),
    [
        (
            ['tool = "sheets_of_mine:Shelf"'],
            r"\[handoff\] tool is 'sheets_of_mine:Shelf', and sheets_of_mine has no 'Shelf'",
        ),
        (
            ['tool = "sheets_of_mine:Half"'],
            "which has no push, pull, withdraw, describe; needed are push, pull, withdraw",
        ),
        (
            ['tool = "sheets_of_mine:Half"', "x = 1"],
            r"which cannot be made \(TypeError: .* unexpected keyword argument 'x'\)",
        ),
        (['tool = "no_such_module:Sheet"'], r'tool is "no_such_module:Sheet", and there is no such module'),
    ],
)
def test_a_tool_that_is_none_is_said(begin, sheet, handoff, sentence):
    with pytest.raises(LoopError, match=sentence):
        begin(*handoff).next()
