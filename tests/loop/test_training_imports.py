"""Labels from before the loop, of rows of the pool and of others."""

import json

import numpy as np
import pytest
from loop_specs import tickets

from shortlist.loop.errors import LoopError
from shortlist.loop.pool import open_pool
from shortlist.loop.pool.features import Features
from shortlist.loop.training import read_labels, train


def test_rows_that_are_not_in_the_pool_bring_their_own_text(tmp_path):
    spec, truth = tickets(tmp_path)
    pool = open_pool(spec)
    old = "".join(
        f"old-{row},{'pay bill' if row % 2 else 'crash bug'} x{row},{'a' if row % 2 else 'b'}\n" for row in range(40)
    )
    (tmp_path / "old.csv").write_text("id,body,label\nT-5,whatever,a\n" + old)
    found = read_labels(spec, pool, "old.csv")
    assert (found.known, found.lost, len(found.extra.ids)) == ({"T-5": "a"}, [], 40)
    assert found.extra.raw[1] == "pay bill x1"
    features = Features.fit(pool, None, 0)
    rows, labels = np.array([5, 3]), ["a", "b"]
    trained = train(spec, pool, features, rows, labels, np.array([2.0, 1.0]), 0, tmp_path / "out", extra=found.extra)
    said = np.array(spec.classes)[np.load(trained.probabilities).argmax(axis=1)]
    assert np.mean(said == list(truth.values())) > 0.75
    assert trained.out_of_fold.shape == (2, 2)
    assert "42 labels" in trained.log


def test_labels_alone_are_of_use_for_rows_of_the_pool(tmp_path):
    spec, _ = tickets(tmp_path)
    (tmp_path / "old.jsonl").write_text('{"id": "T-1", "label": "b"}\n{"id": "gone", "label": "a"}\n')
    found = read_labels(spec, open_pool(spec), "old.jsonl")
    assert (found.known, found.extra, found.lost) == ({"T-1": "b"}, None, ["gone"])


def test_labels_are_read_as_people_write_them(tmp_path):
    spec, _ = tickets(tmp_path)
    lines = ["old-1;x;b", "T-3; A ;", "T-4;;", "T-5;none of these;", "T-6;B;"]
    (tmp_path / "old.csv").write_bytes(
        "\ufeffid;label;body\r\n{}\r\n".format("\r\n".join([lines[1], *lines[2:]])).encode()
    )
    found = read_labels(spec, open_pool(spec), "old.csv")
    assert (found.known, found.lost) == ({"T-3": "a", "T-6": "b"}, [])


def annotation(label, who, at="2026-11-29T20:00:00Z"):
    value = {"type": "choices", "from_name": "label", "to_name": "body", "value": {"choices": [label]}}
    return {"completed_by": who, "result": [value], "was_cancelled": False, "created_at": at, "updated_at": at}


def test_exports_of_tools_are_read_too(tmp_path):
    """Most people decide; who was unsure later counts as they said last; rows that are not in the pool bring their text."""
    spec, _ = tickets(tmp_path)
    pool = open_pool(spec)
    late = "2026-11-29T21:00:00Z"
    given = {
        "T-1": [annotation("a", 1), annotation("b", 2), annotation("a", 3)],
        "T-2": [annotation("a", 1), annotation("b", 2)],
        "T-3": [annotation("b", 1, late), annotation("a", 1)],
        "T-4": [],
        "T-5": [{**annotation("a", 1), "was_cancelled": True, "result": []}],
        "old-1": [annotation("B", 1)],
    }
    tasks = [{"data": {"row_id": row, "body": f"of {row}"}, "annotations": said} for row, said in given.items()]
    (tmp_path / "old.json").write_text(json.dumps([{"id": n, **task} for n, task in enumerate(tasks)]))
    found = read_labels(spec, pool, "old.json")
    assert found.known == {"T-1": "a", "T-3": "b"}
    assert (found.extra.ids, found.extra.labels, found.extra.raw) == (["old-1"], ["b"], ["of old-1"])


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("x.jsonl", {"row_id": "R", "text": "words", "accept": ["b"], "answer": "accept", "options": [], "_task_hash": 1}),
        ("x.json", {"id": "R", "fields": {"text": "words"}, "metadata": {},
                    "responses": {"label": [{"value": "b", "user_id": "u", "status": "submitted"}]}}),
        ("x.jsonl", {"id": 7, "row_id": "R", "text": "words", "label": ["b"]}),
        ("x.json", {"id": "R", "body": "words", "label": "b"}),
    ],
    ids=["prodigy", "argilla", "doccano", "json"],
)  # fmt: skip
def test_each_format_with_the_text_of_its_rows(tmp_path, name, record):
    spec, _ = tickets(tmp_path)
    pool = open_pool(spec)
    for row in ("T-2", "old"):
        told = json.loads(json.dumps(record).replace('"R"', f'"{row}"'))
        (tmp_path / name).write_text(json.dumps([told] if name == "x.json" else told) + "\n")
        found = read_labels(spec, pool, name)
        if row == "T-2":
            assert (found.known, found.lost) == ({"T-2": "b"}, [])
        else:
            assert (found.extra.ids, found.extra.labels, found.extra.raw) == (["old"], ["b"], ["words"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (json.dumps([{"data": {"row_id": "T-1"}, "annotations": [annotation("c", 1)]}]), "item 1 of old.json: label 'c' is"),
        (json.dumps([{"data": {"row_id": "T-1"}, "annotations": []}]), "old.json, which holds no label"),
        (json.dumps([{"data": {"row_id": "T-1"}, "annotations": []}])[:-9], "old.json ends in the middle of its list"),
        (json.dumps([{"data": {"n": 1}, "annotations": [annotation("a", 1)]}]), "of other rows: none has a 'row_id'"),
        ('[{"x": 1}]', "old.json is of no format that is plain to see"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_export(tmp_path, text, message):
    spec, _ = tickets(tmp_path)
    (tmp_path / "old.json").write_text(text)
    with pytest.raises(LoopError, match=message):
        read_labels(spec, open_pool(spec), "old.json")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("id,label\nT-1,c\n", r"line 2 of .*old.csv: label 'c' is no class of this loop \(its classes are a, b\)"),
        ("id,label\nT-1,a\nT-1,b\n", "has the id 'T-1' twice"),
        ("id,klass\nT-1,a\n", "old.csv has no column 'label'"),
        ("ticket,label\nT-1,a\n", "old.csv has no column 'id'"),
    ],
)
def test_what_is_wrong_with_them(tmp_path, lines, message):
    spec, _ = tickets(tmp_path)
    (tmp_path / "old.csv").write_text(lines)
    with pytest.raises(LoopError, match=message):
        read_labels(spec, open_pool(spec), "old.csv")
