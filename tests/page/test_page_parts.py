"""Whose turn a row is, and what of a row is shown: the parts of the page that need no server."""

import datetime
import types
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("sklearn")

from page_server import truth, write_loop

from shortlist.loop.loop import Loop
from shortlist.loop.page.asking import Asking
from shortlist.loop.page.leases import LEAVE, LONG, STAY, Leases
from shortlist.loop.page.posts import Post
from shortlist.loop.page.showing import fields_of, origin_of, origins_of, picture_of, shown_of
from shortlist.loop.page.taking import take
from shortlist.loop.page.worker import Turns
from shortlist.loop.store import Store
from shortlist.loop.store.times import PLAYED


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def asking(tmp_path, clock):
    folder = write_loop(tmp_path, rows=8)
    with Loop(folder) as loop:
        loop.next()
    with Store.open(folder) as store:
        made = Asking(store, Leases(clock))
        made.refresh()
        yield made


def turn(asking, who, **more):
    pick = asking.turn(who, **more).pick
    return pick and pick.row


def test_rows_come_back_from_who_has_gone(asking, clock):
    row = turn(asking, "amy")
    assert turn(asking, "bob") != row
    clock.now = STAY - 1
    assert turn(asking, "amy") == row  # a sign of life
    clock.now += STAY - 1
    assert turn(asking, "eve") != row
    clock.now += 2
    assert turn(asking, "joe") == row
    asking.leases.leave("joe")
    assert turn(asking, "ann") != row
    clock.now += LEAVE + 1
    assert turn(asking, "sue") == row


def test_a_page_that_is_loaded_again_in_time_has_its_row_still(asking, clock):
    row = turn(asking, "amy")
    asking.leases.leave("amy")
    clock.now = LEAVE - 1
    assert turn(asking, "amy") == row
    clock.now += LEAVE + 1
    assert turn(asking, "amy") == row


def test_after_a_restart_people_keep_what_is_on_their_screens(asking, clock):
    first, second = turn(asking, "amy"), turn(asking, "bob")
    anew = Asking(asking._store, Leases(clock))
    anew.refresh()
    assert turn(anew, "bob", have=second) == second
    assert turn(anew, "amy", have=first) == first
    assert turn(anew, "eve", have=first) not in (first, second)


def test_rows_kept_ready_go_to_somebody_who_has_none(asking):
    amy = asking.turn("amy", ahead=9)
    assert len(amy.ahead) == 5
    others = {turn(asking, "bob"), turn(asking, "eve")}
    assert not others & {amy.pick.row, *amy.ahead}
    assert turn(asking, "joe") == amy.ahead[-1]
    assert turn(asking, "amy") == amy.pick.row


def test_nobody_waits_for_somebody_who_keeps_the_last_row(asking, clock):
    rows = []
    for who in "abcdefgh":
        rows.append(turn(asking, who))
        clock.now += 0.1
    assert turn(asking, "joe") is None
    clock.now = LONG - 1
    for who in "bcdefgh":
        turn(asking, who)
    assert turn(asking, "joe") is None
    clock.now = LONG
    assert turn(asking, "joe") == rows[0]
    assert turn(asking, "a") != rows[0]


def test_what_another_process_has_taken_in_is_seen(asking, tmp_path):
    row = turn(asking, "amy")
    with Loop(tmp_path / "loop") as loop:
        loop.ingest({row: "bug"}, annotator="bob")
    asking.refresh()
    assert turn(asking, "amy") != row
    assert asking.progress().answered == 1


def test_a_row_whose_label_is_asked_for_again_keeps_the_one_of_before_if_that_is_taken_back(asking):
    store, row = asking._store, turn(asking, "amy")
    take(store, store.spec, [Post("answer", row, "amy", "bug")])
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO picks SELECT round + 1, 1, row, place, 'relabel', why, NULL, NULL FROM picks LIMIT 0"
        )
        connection.execute(
            "INSERT INTO rounds SELECT 2, spec, pool, position, model, seed, opened, why, decided FROM rounds"
        )
        connection.execute("INSERT INTO states (round, state, time) VALUES (2, 'handed', '')")
        connection.execute("INSERT INTO picks VALUES (2, 1, ?, 0, 'relabel', '', NULL, NULL)", (row,))
    asking.refresh()
    assert turn(asking, "amy") == row
    take(store, store.spec, [Post("answer", row, "amy", "billing", round=2)])
    assert asking.answer_of(row, "amy").label == "billing"
    take(store, store.spec, [Post("undo", row, "amy")])
    answer = asking.answer_of(row, "amy")
    assert (answer.label, answer.payload) == ("bug", {"round": 1})


# What is shown


def spec_with(show, folder=Path("specs")):
    return types.SimpleNamespace(pool=types.SimpleNamespace(show=show), at=lambda path: folder / path)


def test_pictures_are_told_from_links_and_texts():
    show = {
        "image": "https://a.example/{id}",
        "page": "https://b.example/{id}",
        "scan": "http://c.example:8080/{id}.PNG",
        "local": "pictures/{id}.jpg",
        "words": "about {id}",
        "body": "body",
        "any": "https://{host}/x.jpg",
    }
    kinds = {name: field.kind for name, field in fields_of(spec_with(show)).items()}
    assert kinds == {"image": "image", "page": "link", "scan": "image", "local": "image"}
    assert origins_of(spec_with(show)) == ["http://c.example:8080", "https://a.example"]


@pytest.mark.parametrize(
    "template", ["https://{id}.example/x.png", "https://a'; script-src *//{id}", "//x/{id}.png", "javascript:{id}"]
)
def test_no_row_decides_where_pictures_may_come_from(template):
    assert origin_of(template) is None


@pytest.mark.parametrize(
    "value",
    [
        "pictures/../secret.png",
        "pictures/%2e%2e/secret.png",
        "/etc/passwd.png",
        "pictures/a.txt",
        "pictures/\0.png",
        "",
        None,
        7,
    ],
)
def test_a_picture_outside_its_folder_is_not_found(tmp_path, value):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "secret.png").write_bytes(b"x")
    (tmp_path / "pictures" / "a.txt").write_bytes(b"x")
    spec = spec_with({"p": "pictures/{id}.png"}, tmp_path)
    assert picture_of(value, spec, fields_of(spec)["p"]) is None


def test_values_become_what_json_can_hold():
    values, kinds = shown_of({"a": float("nan"), "b": b"x", "c": 3, "d": "x" * 5_000_000, "e": None, "f": [1, 2]}, {})
    assert (values["a"], values["b"], values["c"], values["e"], values["f"]) == (None, "x", 3, None, "[1, 2]")
    assert values["d"].endswith("[cut: 5,000,000 characters in all]")
    assert kinds == {"a": "value", "b": "text", "c": "value", "d": "text", "e": "value", "f": "text"}


def test_next_says_where_the_page_is_and_writes_a_file_where_asked(tmp_path):
    folder = write_loop(tmp_path, rows=8)
    with Loop(folder) as loop:
        batch = loop.next()
        assert (len(batch), batch.handed) == (8, "the page: shortlist loop serve")
        assert not (folder / "handoff").exists()
        assert loop.status_lines()[-1] == "next       shortlist loop serve"
        assert loop.next(tmp_path / "rows.csv").ids == batch.ids
        assert (tmp_path / "rows.csv").read_text().startswith("id,body,label,annotator\n")
        job = loop._store.begin_job("serve", 60)
        (folder / "page.json").write_text('{"address": "http://127.0.0.1:1/"}')
        assert loop.next().handed == "the page at http://127.0.0.1:1/"
        loop._store.finish_job(job.token, True, {})
        assert loop.next().handed == "the page: shortlist loop serve"


@contextmanager
def later(seconds):
    """Let it be later than it is."""
    token = PLAYED.set(datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds))
    try:
        yield
    finally:
        PLAYED.reset(token)


def test_a_training_that_fails_is_told_and_holds_nobody_up(tmp_path):
    folder = write_loop(tmp_path, rows=8, more='[model]\ncommand = ["false"]\nretries = 0\n')
    told = []
    turns = Turns(str(folder), told.append)
    turns.look()
    assert told == [
        {"doing": "opening"},
        {"doing": None, "done": ["round 1 was opened: 8 rows in the page: shortlist loop serve"], "failed": None, "ended": None},
    ]  # fmt: skip
    for number in (2, 3):
        with Loop(folder) as loop:
            rows = loop.next().ids
            loop.ingest({row: truth(row) for row in rows}, annotator="amy")
        told.clear()
        turns.look()
        with Loop(folder) as loop:
            assert len(loop._store.rounds()) == number
            assert len(loop._store.models()) == 0
            assert sum(job.kind == "train" for job in loop._store.jobs()) == 1  # not tried again so soon
        assert [said["doing"] for said in told] == (["training", None] if number == 2 else ["opening", None])
    with later(61):
        turns.look()
    assert "training failed: the command false failed" in told[-1]["failed"]


def test_the_next_round_waits_for_a_training_elsewhere(tmp_path):
    folder = write_loop(tmp_path, rows=8)
    told = []
    turns = Turns(str(folder), told.append)
    turns.look()
    with Loop(folder) as loop:
        loop.ingest({row: truth(row) for row in loop.next().ids}, annotator="amy")
        job = loop._store.begin_job("train", 60)
        turns.look()
        assert told[-1] == {"doing": "training", "done": [], "failed": None, "ended": None}
        assert len(loop._store.rounds()) == 1
        loop._store.finish_job(job.token, False, {"error": "none"})
        with later(61):
            turns.look()
        assert (len(loop._store.rounds()), len(loop._store.models())) == (2, 1)
