"""Answers as people and tools bring them: taken once each, or refused with a reason."""

import csv
import random

import numpy as np
import pandas as pd
import polars_or_skip as pl
import pyarrow as pa
import pytest
from a_loop import (
    SPEC,
    Rows,
    round_of,
    spec_of,
    specs,  # noqa: F401
    store_with,
)

from shortlist.loop.errors import LoopError
from shortlist.loop.store.answers import fold
from shortlist.loop.store.ingest import Refused, ingest

NO_CLASS = "label {!r} is no class of this loop (its classes are billing, bug, How-to)"
POOL = Rows({"a": "my bill", "b": "it\ncrashed", "c": "how?", "d": "=1+1", "7": "seven", "z": "never picked"})


@pytest.fixture
def store(tmp_path):
    with store_with(tmp_path / "loop", ["a", "b", "c", "d", "7"]) as made:
        yield made


def labels(store):
    return fold(store.events(), store.spec).labels


def answer(row, label, annotator="amy", time="2026-01-01T00:00:00Z", **more):
    return {"id": row, "label": label, "annotator": annotator, "time": time, **more}


def test_partial_batches_come_in_any_order_late_twice_and_from_several_people(store):
    export = [
        answer("a", "bug"), answer("a", "billing", time="2026-01-02"), answer("b", "bug", "raj"), answer("b", "bug", "eve"),
        answer("c", None), answer("d", "none of these"), answer("7", "", skip=True),
    ]  # fmt: skip
    for n in range(6):
        mixed = random.Random(n).sample(export, len(export))
        done = [ingest(store, part, pool=POOL) for part in (mixed[:3], mixed, mixed[3:])]
        assert not any(part.refused for part in done)
        assert sum(part.new for part in done) == (6 if n == 0 else 0)
    assert labels(store) == {"a": "billing", "b": "bug"}
    answers = fold(store.events(), SPEC)
    assert (answers.rejected, answers.skipped, answers.given) == (["d"], ["7"], 4)
    # Late: the round has long been closed, and another one is open.
    store.set_state(1, "closed")
    store.add_round(*round_of(2, "z"))
    assert ingest(store, [answer("c", "bug")]).new == 1
    assert [event.payload for event in store.events()][-1] == {"round": 1}


def test_what_is_not_answered_yet_is_counted(store):
    done = ingest(store, [answer("a", label) for label in (None, "", "  ", float("nan"))])
    assert (done.new, done.known, done.empty, done.refused) == (0, 0, 4, [])
    assert done.lines() == ["0 new, 0 known, 4 not answered yet"]


@pytest.mark.parametrize("label", ["how-to", " HOW-TO ", "How-to", "\u00a0how-to\n", ["How-to"]])
def test_case_and_blanks_are_forgiven(store, label):
    assert ingest(store, [answer("a", label)]).new == 1
    assert labels(store) == {"a": "How-to"}
    assert ingest(store, [answer("a", "How-to")]).known == 1


def test_accents_are_one_letter_or_two(tmp_path):
    with store_with(tmp_path, ["a"], spec=spec_of("caf\u00e9", "2")) as store:
        ingest(store, [answer("a", "Cafe\u0301")])
        assert labels(store) == {"a": "caf\u00e9"}
        ingest(store, [answer("a", 2.0, time="2027-01-01")])
        assert labels(store) == {"a": "2"}


def test_spellings_that_may_mean_two_classes_are_refused(tmp_path):
    with store_with(tmp_path, ["a"], spec=spec_of("Bug", "bug", "skip")) as store:
        done = ingest(store, [answer("a", "BUG"), answer("a", "bug"), answer("a", "Skip", time="2026-02-01")])
        assert [refused.reason for refused in done.refused] == [
            "label 'BUG' may be 'Bug' or 'bug'; accepted is either as it is written"
        ]
        # A class that is called "skip" is a class.
        assert labels(store) == {"a": "skip"}


@pytest.mark.parametrize(
    ("record", "reason", "allow"),
    [
        (answer("T-99", "bug"), "row 'T-99' is not in the pool", "unknown"),
        (answer("z", "bug"), "row 'z' was never picked in this loop", "unpicked"),
        (answer("a", "bug", loop="another"), "row 'a' is of another loop ('another')", "loop"),
        (answer("a", "bugg"), NO_CLASS.format("bugg") + "; did you mean 'bug'?", "class"),
        (answer("a", True), NO_CLASS.format("True"), "class"),
        (answer("a", "bug", body="my bike"), "the text of row 'a' is no longer the one in the pool", "text"),
        (answer("a", {"choice": 1}), "its label is {'choice': 1}; accepted is one class", None),
        (answer("a", ["bug", "billing"]), "its label is ['bug', 'billing']; accepted is one class", None),
        (answer(None, "bug"), "its id is None; accepted are text and whole numbers", None),
        (answer(True, "bug"), "its id is True; accepted are text and whole numbers", None),
        (answer("a", "bug", time="29/11/26"), "its time is '29/11/26'; accepted is ISO 8601, as 2026-11-29T20:51:03Z", None),
        (answer("a\ud800", "bug"), "'a\\ud800' holds half of a character, which can't be kept", None),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_may_be_allowed(store, record, reason, allow):
    done = ingest(store, [answer("b", "bug"), record], pool=POOL)
    assert done.new == 1
    ((where, _, said, kind),) = done.refused
    assert (where, said) == ("answer 2", reason)
    assert done.lines()[1].startswith("1 of 2 answers refused: ")
    assert labels(store) == {"b": "bug"}
    for name in ("unknown", "unpicked", "loop", "class", "text"):
        allowed = ingest(store, [record], pool=POOL, allow=[name])
        assert (allowed.new == 1) == (name == allow), (name, allowed.refused)
    if allow:
        assert kind == allow
        assert [event.payload.get("allowed") for event in store.events()] == [None, [allow]]


def test_without_a_pool_unknown_rows_were_never_picked(store):
    assert ingest(store, [answer("T-99", "bug")]).refused == [
        Refused("answer 1", "T-99", "row 'T-99' was never picked in this loop", "unpicked")
    ]


def test_allow_takes_known_kinds(store):
    with pytest.raises(LoopError, match="allow has 'all'; accepted are unknown, unpicked, loop, class, text"):
        ingest(store, [], allow=["all"])
    assert ingest(store, [answer("z", "bug")], pool=POOL, allow="unpicked").new == 1


def test_a_summary_names_the_first_of_each_kind(store, tmp_path):
    (tmp_path / "x.csv").write_text("id,label\na,bug\nT-98,bug\nb,\nb,bgu\nT-99,bug\n")
    assert ingest(store, tmp_path / "x.csv", pool=POOL).lines() == [
        "1 new, 0 known, 1 not answered yet",
        "2 of 4 answers refused: row 'T-98' is not in the pool; the first is line 3 of x.csv; to take them all the same, allow "
        "unknown",
        "1 of 4 answers refused: label 'bgu' is no class of this loop (its classes are billing, bug, How-to); did you mean "
        "'bug'?; the first is line 5 of x.csv; to take them all the same, allow class",
    ]


@pytest.mark.parametrize("body", ["it crashed", " it\r\ncrashed ", None, 5])
def test_a_text_is_the_same_with_other_blanks(store, body):
    assert ingest(store, [answer("b", "bug", body=body)], pool=POOL).new == 1
    assert ingest(store, [answer("d", "bug", body="'=1+1")], pool=POOL).new == 1


def test_a_text_that_a_spreadsheet_cut_is_the_same(tmp_path):
    with store_with(tmp_path, ["a"]) as store:
        pool = Rows({"a": "x" * 40_000})
        assert ingest(store, [answer("a", "bug", body="x" * 32_767)], pool=pool).new == 1
        assert ingest(store, [answer("a", "bug", body="x" * 31_000)], pool=pool).refused


@pytest.mark.parametrize("row", ["7", 7, 7.0, "7.0", "007", "+7"])
def test_whole_numbers_are_ids_however_they_are_written(store, row):
    assert ingest(store, [answer(row, "bug")], pool=POOL).new == 1
    assert labels(store) == {"7": "bug"}


def test_an_id_that_the_pool_has_is_taken_at_its_word(store):
    pool = Rows({**POOL.texts, "007": "James"})
    assert [r.row for r in ingest(store, [answer("007", "bug")], pool=pool).refused] == ["007"]


def test_unicode_and_newlines_in_ids_come_home_through_a_file(tmp_path):
    rows = [
        "\u00e9\u4e2d\U0001f600",
        "two\nlines",
        "two\r\nlines too",
        "old\rmac",
        'quo"te',
        "a,b",
        " blank ",
        "=cmd()",
    ]
    with store_with(tmp_path / "loop", rows) as store, open(tmp_path / "x.csv", "w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["id", "label"], *([row, "bug"] for row in rows)])
        file.flush()
        assert ingest(store, tmp_path / "x.csv").refused == []
        assert sorted(labels(store)) == sorted(rows)


TIMES = ["2026-03-01T10:00:00Z", "2026-03-01T11:00:00+01:00", "2026-03-01 10:00", 1772359200, "1772359200.0"]


@pytest.mark.parametrize("time", [*TIMES, pd.Timestamp("2026-03-01 10:00"), np.datetime64("2026-03-01T10:00")])
def test_times_are_kept_in_utc(store, time):
    ingest(store, [answer("a", "bug", time=time)])
    assert [event.time for event in store.events()] == ["2026-03-01T10:00:00.000000Z"]


@pytest.mark.parametrize("time", [None, "", " ", float("nan"), pd.NaT, np.datetime64("NaT", "s")])
def test_a_time_that_is_not_there_is_now(store, time):
    ingest(store, [answer("a", "bug", time=time)])
    (event,) = store.events()
    assert event.time == event.kept


TABLES = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "arrow": pa.table,
    "records": lambda c: pa.table(c).to_pylist(),
}


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
def test_tables_are_taken(store, make):
    table = make({"id": ["a", "b", "c"], "label": ["bug", None, "Billing"], "annotator": ["amy", "amy", None]})
    done = ingest(store, table, annotator="raj")
    assert (done.new, done.empty) == (2, 1)
    assert [(event.row, event.annotator, event.label) for event in store.events()] == [
        ("a", "amy", "bug"),
        ("c", "raj", "billing"),
    ]


@pytest.mark.parametrize(
    ("items", "sentence"),
    [
        (5, "answers are a int; accepted are a path, a mapping of id to label, a table, and records"),
        (["a"], "answer 1 is a str; accepted are mappings with 'id' and 'label'"),
    ],
)
def test_other_items_are_refused(store, items, sentence):
    with pytest.raises(LoopError, match=sentence):
        ingest(store, items)


# Answers without a time


def test_the_same_file_twice_is_nothing_new(store, tmp_path):
    (tmp_path / "x.csv").write_text("id,label,annotator\na,bug,amy\nb,billing,raj\n")
    assert ingest(store, tmp_path / "x.csv").new == 2
    (tmp_path / "x.csv").rename(tmp_path / "y.csv")
    done = ingest(store, tmp_path / "y.csv")
    assert (done.new, done.known, done.superseded) == (0, 2, [])


def test_an_old_file_does_not_take_a_correction_back_and_says_so(store):
    old, new = [answer("a", "bug", time=None)], [answer("a", "billing", time=None)]
    assert [ingest(store, export).new for export in (old, new, new)] == [1, 1, 0]
    done = ingest(store, old)
    assert (done.new, done.known) == (0, 1)
    assert done.lines()[1] == (
        "1 known, and corrected since: row 'a' was 'bug' before it was 'billing'; to say it again, give a time; "
        "the first is answer 1"
    )
    assert labels(store) == {"a": "billing"}


def test_an_export_is_the_same_after_its_rows_were_asked_for_again(store):
    export = [answer("a", "bug", time=None), answer("b", "bug", time=None)]
    assert ingest(store, export).new == 2
    store.add_round(*round_of(2, "a"))
    assert ingest(store, export).known == 2
    # The answer to the later round is one of its own where the file names the round.
    assert ingest(store, [answer("a", "bug", time=None, round=2)]).new == 1
    assert fold(store.events(), SPEC).given == 3


def test_a_time_tells_the_round_of_a_row_that_was_asked_for_twice(store):
    store.add_round(*round_of(2, "a", opened="2027-01-01T00:00:00.000000Z"))
    ingest(store, [answer("a", "bug", time="2026-12-31"), answer("a", "bug", time="2027-01-02")])
    assert [event.payload["round"] for event in store.events()] == [1, 2]


def test_what_somebody_says_now_is_a_correction(store):
    for label, new in [("bug", 1), ("bug", 0), ("billing", 1), ("bug", 1), ("skip", 1), (None, 0)]:
        done = ingest(store, {"a": label}, annotator="amy")
        assert (done.new, done.known) == (new, int(not new and label is not None))
    assert fold(store.events(), SPEC).skipped == ["a"]
    assert ingest(store, {"a": "bug"}, annotator="raj").new == 1
    assert [r.reason for r in ingest(store, {"T-99": "bug"}, pool=POOL).refused] == ["row 'T-99' is not in the pool"]


def test_a_tools_own_key_is_one_version_of_an_answer(store):
    first = answer("a", "bug", source="tool", key=17)
    assert [
        ingest(store, [record]).new for record in (first, {**first, "label": "billing"}, {**first, "source": "other"})
    ] == [1, 0, 1]


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl"])
def test_files_in_another_encoding_are_read_by_its_name(tmp_path, name):
    with store_with(tmp_path / "loop", ["\u00e9"]) as store:
        content = "id,label\n\u00e9,bug\n" if name == "x.csv" else '{"id": "\u00e9", "label": "bug"}\n'
        (tmp_path / name).write_bytes(content.encode("cp1252"))
        with pytest.raises(ValueError, match="is not UTF-8"):
            ingest(store, tmp_path / name)
        assert ingest(store, tmp_path / name, encoding="cp1252").new == 1


def test_nothing_is_taken_from_a_file_that_cannot_be_read(store, tmp_path):
    (tmp_path / "x.csv").write_text('id,label\na,bug\nb,"bug\n')
    with pytest.raises(ValueError, match="x.csv has a quote in line 3 that is never closed"):
        ingest(store, tmp_path / "x.csv")
    assert store.position == 0
