"""Loops of many kinds, in one process: what counts, what trains, what opens a round, and what is refused."""

import numpy as np
import pytest
from a_project import answer, play, truth, write_pool

import shortlist as sl
from shortlist.loop.errors import LoopError

pytest.importorskip("sklearn")


@pytest.fixture
def start(tmp_path):
    """Begin a loop of a pool of so many rows, with a spec that is given in part; at the end all its rounds are replayed."""

    def begin(rows=200, *, seed="", rounds="", stop="budget:1000", more=""):
        write_pool(tmp_path / "pool.csv", rows)
        text = f"""
loop = 1
name = "x"
classes = ["a", "b"]
[pool]
path = "pool.csv"
id = "id"
text = "body"
groups = ["lang"]
[seed]
rows = 20
{seed}
[round]
rows = 20
mix = {{ explore = 0.1, validation = 0.2 }}
{rounds}
[retrain]
when = "growth:0.25"
require = "every_class:2"
[stop]
when = "{stop}"
{more}
"""
        (tmp_path / "x.toml").write_text(text)
        return sl.Loop.init(tmp_path / "x.toml", tmp_path / "loop")

    yield begin
    if (tmp_path / "loop").exists():
        with sl.Loop(tmp_path / "loop") as loop:
            check_replays(loop)


def check_replays(loop):
    """Plan every round once more, by another number of threads than before."""
    for found in loop.replay_all(n_threads=3):
        assert found, str(found)
        assert found.missing is None


def test_a_round_is_the_same_until_it_is_closed_and_in_another_process(start):
    loop = start()
    batch = loop.next()
    assert len(batch) == len(batch.rows) == len(batch.why) == 20
    answer(loop, batch.ids[:10])
    assert loop.next() == batch
    assert sl.Loop(loop.folder).next() == batch
    assert sl.Loop(loop.folder / "loop.toml").next() == batch


def test_rows_of_the_stratum_train_nothing(start):
    loop = start()
    play(loop, 3)
    shares = [pick.share for number in (1, 2, 3) for pick in loop._store.picks(number)]
    assert loop.status()["model"]["labels"] == 60 - shares.count("validation") == 48


def test_labels_of_one_class_wait_for_another(start):
    loop = start()
    batch = loop.next()
    answer(loop, batch.ids, label=lambda _: "a")
    found = loop.status()["retrain"]
    assert not found["due"]
    assert "a model needs two classes" in found["why"]
    assert loop.run_once() == ["round 2 was opened: 20 rows in the page: shortlist loop serve"]
    assert loop.status()["model"] is None


@pytest.mark.parametrize(
    ("rule", "met"), [("budget:5", True), ("kappa | budget:5", False), ("target_lower:0.9", False)]
)
def test_a_rule_before_there_is_a_model(start, rule, met):
    loop = start(stop=rule)
    answer(loop, loop.next().ids, label=lambda _: "a")
    assert bool(loop.stop()) == met
    assert (loop.next() is None) == met
    assert loop.next(anyway=True).round == 2


def test_a_pool_that_is_used_up_ends_without_an_error(start):
    loop = start(rows=30)
    play(loop, 2)
    assert loop.next() is None
    assert loop.run_once() == []
    assert not loop.stop()


def test_looking_does_not_feed_patience(start):
    loop = start(rows=600, stop="patience:2", more="[validation]\nshare = 0.4")
    play(loop, 2)
    models = len(loop._store.models())
    before = loop.status()
    assert [loop.status() for _ in range(3)] == [before] * 3
    assert len(loop._store.models()) == models


def test_skips_and_a_round_that_closes_early(start):
    loop = start(rounds="close = 0.5")
    batch = loop.next()
    loop.ingest([{"id": row, "skip": "yes", "annotator": "amy"} for row in batch.ids[:4]])
    answer(loop, batch.ids[4:9])
    assert loop.status()["out"] == {"rows": 20, "answered": 5, "skipped": 4, "open": 11}
    assert loop.next().round == 1
    answer(loop, batch.ids[9:10])
    again = loop.next()
    assert again.round == 2
    assert not set(again.ids) & set(batch.ids[:10])
    answer(loop, batch.ids[10:])  # late, and counted
    found = loop.status()
    assert (found["answers"], found["labelled"]) == (16, 16)


def test_some_rows_are_labelled_by_two_people(start):
    loop = start(rounds="[labels]\noverlap = 0.25")
    batch = loop.next()
    assert len(batch) == 20
    assert loop.next(annotator="bob") is None  # nobody has answered yet
    answer(loop, batch.ids)
    again = loop.next(annotator="bob")
    assert len(again) == 5
    assert set(again.ids) < set(batch.ids)
    assert loop.next(annotator="amy") is None
    assert loop.next().round == 2  # second labels hold no round open
    answer(loop, again.ids[:3], annotator="bob", label=lambda row: "b" if truth(row) == "a" else "a")
    assert loop.next(annotator="bob") == again
    answer(loop, again.ids[3:], annotator="bob")
    assert loop.next(annotator="bob") is None
    found = loop.status()
    assert (found["answers"], found["labelled"]) == (25, 17)  # three are disputed


def test_a_training_that_fails_holds_nobody_up(start):
    loop = start(more='[model]\ncommand = ["false"]\nretries = 0')
    answer(loop, loop.next().ids)
    with pytest.raises(LoopError, match=r"training failed: the command false failed 1 time"):
        loop.run_once()
    found = loop.status()
    assert (found["round"], found["model"], found["retrain"]["due"]) == (2, None, True)
    assert any(line.startswith("failed ") for line in loop.status_lines())


def edit(loop, before, after):
    path = loop.folder / "loop.toml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_an_edited_spec_holds_from_the_next_round_on(start):
    loop = start()
    play(loop, 1)
    edit(loop, "[round]\nrows = 20", "[round]\nrows = 10")
    edit(loop, '["a", "b"]', '["a", "b", "c"]')
    assert len(loop.next()) == 20
    play(loop, 1)
    assert len(loop.next()) == 10
    assert loop.spec.classes == ("a", "b", "c")
    play(loop, 1)
    assert len(loop._store.specs()) == 2


def test_an_edit_that_labels_depend_on_is_refused(start):
    loop = start()
    answer(loop, loop.next().ids)
    edit(loop, '["a", "b"]', '["a", "c"]')
    with pytest.raises(LoopError, match='classes lacks "b"'):
        loop.next()


def test_rows_that_are_appended_are_asked_for_and_changed_ones_refused(start, tmp_path):
    loop = start(rows=40)
    play(loop, 1)
    write_pool(tmp_path / "pool.csv", 60, start=40)
    loop = sl.Loop(loop.folder)
    play(loop, 3)
    assert any(int(pick.row) >= 40 for number in (3, 4) for pick in loop._store.picks(number))
    text = (tmp_path / "pool.csv").read_text()
    (tmp_path / "pool.csv").write_text(text.replace("n3,", "m3,"))
    loop = sl.Loop(loop.folder)
    answer(loop, loop.next().ids)
    with pytest.raises(LoopError, match="are not those that the loop began with"):
        loop.next()
    with pytest.raises(LoopError, match="are not those that the loop began with"):
        sl.Loop(loop.folder).replay(1)
    (tmp_path / "pool.csv").write_text(text)


def test_labels_from_before_train_and_do_not_count(start, tmp_path):
    rows = "".join(f"{row},x,en,{truth(row)}\n" for row in range(60))
    (tmp_path / "before.csv").write_text("id,body,lang,label\n" + rows + "900,pay bill,en,a\n")
    loop = start(seed='labels = "before.csv"')
    found = loop.status()
    held = int(loop._ground.held.mask[:60].sum())
    assert (found["answers"], found["labelled"]) == (0, 60 - held)
    assert loop.train().labels == 60 - held + 1
    assert not set(loop.next().ids) & set(map(str, np.flatnonzero(~loop._ground.held.mask[:60])))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('[handoff]\ntool = "no_such_module:Tool"', "tool"),
    ],
)
def test_what_is_not_there_yet_is_said_before_anything_begins(start, tmp_path, more, message):
    with pytest.raises(LoopError, match=message):
        start(more=more)
    assert not (tmp_path / "loop").exists()


def test_a_loop_is_begun_once(start, tmp_path):
    start()
    with pytest.raises(LoopError, match="a loop lives in"):
        sl.Loop.init(tmp_path / "x.toml", tmp_path / "loop")


def test_training_by_a_function(start):
    loop = start()
    answer(loop, loop.next().ids)

    def fit(texts, labels):
        assert len(texts) == len(labels)
        return lambda texts: np.full((len(texts), 2), 0.5)

    assert loop.train(fit=fit).number == 1
    assert loop.train() is None
    assert loop.train(force=True).number == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["ingest", "other.csv"], 1, "row '999' is not in the pool"),
        (["train"], 3, "no model is due"),
        (["run"], 2, "--once"),
        (["next", "--dir", "nowhere"], 1, "there is no folder nowhere"),
        (["init", "bad.toml"], 1, "did you mean 'name'"),
    ],
)
def test_exit_codes(start, tmp_path, monkeypatch, words, code, said):
    testing = pytest.importorskip("click.testing")
    from shortlist.cli.loop import loop_command

    loop = start()
    loop.next()
    monkeypatch.chdir(loop.folder)
    (loop.folder / "other.csv").write_text("id,label\n999,a\n")
    (loop.folder / "bad.toml").write_text('naem = "x"\n')
    done = testing.CliRunner().invoke(loop_command, words)
    assert done.exit_code == code, done.output
    assert said in done.output


def test_a_spec_is_guessed_from_a_pool_and_can_be_begun_with(tmp_path, monkeypatch):
    testing = pytest.importorskip("click.testing")
    from shortlist.cli.loop import loop_command

    (tmp_path / "pools").mkdir()
    write_pool(tmp_path / "pools" / "pool.csv", 600)
    monkeypatch.chdir(tmp_path)
    run = testing.CliRunner().invoke
    assert run(loop_command, ["init", "pools/pool.csv", "--dir", "specs"]).exit_code == 0
    path = tmp_path / "specs" / "loop.toml"
    path.write_text(path.read_text().replace("classes = []", 'classes = ["a", "b"]'))
    done = run(loop_command, ["init", "specs/loop.toml", "--dir", "loop"])
    assert done.exit_code == 0, done.output
    assert run(loop_command, ["next", "--dir", "loop"]).exit_code == 0
