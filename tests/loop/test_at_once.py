"""Several people and programs at a loop at once: nothing waits for ever, nothing is lost, and the order says nothing."""

import contextlib
import csv
import os
import sqlite3
import tempfile
import traceback
from pathlib import Path

import pytest

import shortlist as sl
from shortlist.loop.errors import LoopError

pytest.importorskip("sklearn")
hypothesis = pytest.importorskip("hypothesis")
st = pytest.importorskip("hypothesis.strategies")

CLASSES = ("a", "b", "c")
SPEC = """
loop = 1
name = "x"
classes = ["a", "b", "c"]
[pool]
path = "pool.csv"
id = "id"
text = "body"
[seed]
rows = 120
[round]
rows = 20
[validation]
share = 0.1
[retrain]
when = "growth:0.05"
[stop]
when = "budget:100000"
"""


def begin(folder):
    with (folder / "pool.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["id", "body"])
        lines.writerows([row, f"word{row % 3} word{row % 7} n{row}"] for row in range(400))
    (folder / "x.toml").write_text(SPEC)
    return sl.Loop.init(folder / "x.toml", folder / "loop")


def forked(work):
    """Do some work in a process of its own; return its number."""
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_four_people_are_taken_in_while_others_look_plan_and_train(tmp_path):
    with begin(tmp_path) as loop:
        rows = loop.next().ids
    people = ("amy", "raj", "eve", "kim")

    def ingest(person):
        with sl.Loop(tmp_path / "loop") as mine:
            for start in range(0, len(rows), 6):
                answers = [{"id": row, "label": CLASSES[int(row) % 3], "annotator": person} for row in rows[start:][:6]]
                assert mine.ingest(answers).new == len(answers)

    def look():
        with sl.Loop(tmp_path / "loop") as mine:
            for _ in range(8):
                mine.status()
                mine.next()
                # Of two trainings at once one waits for another time, which is no failure.
                with contextlib.suppress(LoopError):
                    mine.train(force=True)

    def run():
        with sl.Loop(tmp_path / "loop") as mine:
            for _ in range(8):
                try:
                    mine.run_once()
                except LoopError as error:
                    # The other one has trained in its place, as it was told to.
                    if "another training has begun" not in str(error):
                        raise
                mine.labels(tmp_path / "labels.csv")

    works = [*(lambda person=person: ingest(person) for person in people), look, run]
    children = [forked(work) for work in works]
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * len(works)
    with sl.Loop(tmp_path / "loop") as loop:
        found = loop.status()
        assert found["answers"] == len(rows) * len(people)
        assert loop.labels() == {row: CLASSES[int(row) % 3] for row in rows}
        assert loop._store.damaged_blobs() == []
    with contextlib.closing(sqlite3.connect(tmp_path / "loop" / "loop.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM models").fetchone()[0] >= 1


ANSWERS = st.lists(
    st.tuples(
        st.integers(0, 7),  # of which row
        st.sampled_from([*CLASSES, " A ", "none of these", "skip", ""]),
        st.sampled_from(["amy", "raj", ""]),
        st.integers(0, 59),
    ),
    max_size=30,
    unique_by=lambda answer: (answer[0], answer[2], answer[3]),
)


def known(loop):
    """Return what status knows, but for when."""
    return {key: value for key, value in loop.status().items() if key != "since"}


@hypothesis.settings(max_examples=8, deadline=None, derandomize=True, database=None)
@hypothesis.given(ANSWERS, st.randoms(use_true_random=False))
def test_exports_twice_and_shuffled_give_the_same_labels(answers, chance):
    with tempfile.TemporaryDirectory() as name, begin(Path(name)) as loop:
        rows = loop.next().ids
        records = [
            {"id": rows[row], "label": label, "annotator": who, "time": f"2026-01-01T10:00:{second:02}Z"}
            for row, label, who, second in answers
        ]
        loop.ingest(records)
        before = loop.labels(), known(loop)
        for _ in range(2):
            mixed = chance.sample(records, len(records))
            assert loop.ingest(mixed).new == 0
        assert (loop.labels(), known(loop)) == before
        with tempfile.TemporaryDirectory() as other, begin(Path(other)) as again:
            assert again.next().ids == rows
            for part in (mixed[:7], mixed, mixed[7:]):
                again.ingest(part)
            assert (again.labels(), known(again)) == before
