"""A command that only submits its job: the loop goes on, and whoever comes later takes the result in."""

import json
import sys

import numpy as np
import pytest
from a_project import answer, begin, spec_text, write_pool

import shortlist as sl
from shortlist.loop import elsewhere
from shortlist.loop.errors import LoopError
from shortlist.loop.spec import SpecError

pytest.importorskip("sklearn")

SUBMIT = "import sys; print('submitted'); open(sys.argv[1] + '/queue', 'w').close()"
POLL = """
import pathlib, sys
state = pathlib.Path('state').read_text() if pathlib.Path('state').exists() else '3'
print('the queue says', state)
sys.exit(int(state))
"""


@pytest.fixture
def start(tmp_path):
    (tmp_path / "submit.py").write_text(SUBMIT)
    (tmp_path / "poll.py").write_text(POLL)

    def make(poll=f'["{sys.executable}", "poll.py", "{{job}}"]', retries=0, more=""):
        command = f'command = ["{sys.executable}", "submit.py", "{{job}}"]'
        loop = begin(tmp_path, more=f"[model]\n{command}\npoll = {poll}\nretries = {retries}\n{more}")
        answer(loop, loop.next().ids)
        return loop

    return make


def finish(loop, number=1, rows=200, done=True, value=0.5):
    """Do what a queue does in the end."""
    out = loop.folder / "cache" / f"training-{number}" / "out"
    np.save(out / "probs.npy", np.full((rows, 2), [value, 1 - value]))
    if done:
        (out / "done.json").write_text("{}")


def test_the_loop_goes_on_and_a_later_process_takes_the_result_in(start, tmp_path):
    loop = start("[]")
    done = loop.run_once()
    assert done[0].startswith("a training is under way since")
    assert done[0].endswith("submitted as job 1")
    assert done[1].startswith("round 2 was opened")
    found = loop.status()["retrain"]
    assert not found["due"]
    assert "a training is under way since" in found["why"]
    assert "training   submitted" in loop.status_lines()
    job = json.loads((loop.folder / "cache" / "training-1" / "job.json").read_text())
    assert job["token"] == loop._store.job("train").token
    answer(loop, loop.next().ids)
    assert [line[:19] for line in sl.Loop(loop.folder).run_once()] == ["round 3 was opened:"]
    assert sl.Loop(loop.folder).run_once() == []
    finish(loop)
    done = sl.Loop(loop.folder).run_once()
    assert done[0].startswith("model 1 was trained on 16 labels: growth:0.25 holds")
    model = loop._store.models()[0]
    # It has seen what had been answered when it was submitted, and no more.
    assert (model.position, model.round) == (20, 1)
    assert not (loop.folder / "cache" / "training-1").exists()
    assert json.loads((loop.folder / "cache" / "look.json").read_text())["models"] == 1
    assert loop.status()["retrain"]["due"]


@pytest.mark.parametrize("answers", [True, False])
def test_a_poll_says_when_it_is_done(start, tmp_path, answers):
    loop = start()
    assert loop.train() is None
    assert loop.train() is None
    assert len(loop._store.jobs()) == 1
    (tmp_path / "state").write_text("0")
    if answers:
        finish(loop, done=False)
        assert loop.train().number == 1
    else:
        with pytest.raises(LoopError, match=r"the job failed: the job left neither out/probs.npy nor"):
            loop.train()
        assert loop._store.job("train").ok is False


def test_a_job_that_fails_is_submitted_again_and_at_last_said(start, tmp_path):
    loop = start(retries=1)
    assert loop.train() is None
    (tmp_path / "state").write_text("1")
    assert loop.run_once()[0].endswith("submitted as job 2")
    with pytest.raises(LoopError, match=r"the job failed at 2 tries: \[model\] poll ended with exit code 1 .the queue"):
        loop.train()
    assert any("the queue says 1" in line for line in loop.status_lines())
    assert any(line.strip() == "submitted" for line in loop.status_lines())
    assert loop.status()["retrain"]["due"]


def test_a_poll_that_cannot_be_run_fails_nothing(start, tmp_path):
    loop = start('["./no-such-poll"]')
    assert loop.train() is None
    with pytest.raises(LoopError, match=r"poll is ./no-such-poll, which cannot be asked .No such file"):
        loop.train()
    finish(loop)
    assert loop.train().number == 1


def test_a_command_that_cannot_submit(start, tmp_path):
    loop = start("[]", retries=1)
    (tmp_path / "submit.py").write_text("print('no room in the queue'); raise SystemExit(1)")
    for _ in range(3):
        with pytest.raises(LoopError, match=r"failed to submit: it ended with exit code 1; .*\n?.*no room"):
            loop.train()
    assert loop.under_way() is None


def test_one_that_is_forced_supersedes_it(start):
    loop = start("[]")
    assert loop.train() is None
    assert loop.train(force=True) is None
    finish(loop, 1, value=0.25)
    assert loop.train() is None
    late = loop._store.jobs()[0]
    assert (late.ok, late.used) == (True, False)
    assert np.load(loop._store.blob(late.detail["probabilities"]))[0, 0] == 0.25
    finish(loop, 2)
    assert loop.train().number == 1
    assert np.load(loop._store.blob(loop._store.models()[0].probabilities))[0, 0] == 0.5


@pytest.mark.parametrize("when", ["before", "after"])
def test_two_that_take_it_in_at_once(start, monkeypatch, when):
    """Whoever is slower finds its folder gone, before or after it has read the answers, and says nothing."""
    loop = start("[]")
    assert loop.train() is None
    finish(loop, value=0.25)
    read = elsewhere.read_answers

    def another_comes(*given):
        monkeypatch.setattr(elsewhere, "read_answers", read)
        path = read(*given) if when == "after" else None
        assert sl.Loop(loop.folder).train().number == 1
        return read(*given) if path is None else path

    monkeypatch.setattr(elsewhere, "read_answers", another_comes)
    assert loop.train() is None
    (model,) = loop._store.models()
    assert np.load(loop._store.blob(model.probabilities))[0, 0] == 0.25
    assert [(job.ok, job.used) for job in loop._store.jobs()] == [(True, True)]


def test_nothing_comes_while_the_lease_lasts(start, monkeypatch):
    loop = start("[]", more="timeout = 100\n")
    assert loop.train() is None
    from shortlist.loop.store import jobs

    for module in (elsewhere, jobs):
        monkeypatch.setattr(module, "now", lambda: "2999-01-01T00:00:00.000000Z")
    with pytest.raises(LoopError, match="the job failed: nothing came within 100 s"):
        loop.train()


def test_rows_that_were_appended_meanwhile(start, tmp_path):
    loop = start("[]")
    assert loop.train() is None
    pool = tmp_path / "pool.csv"
    pool.write_text(pool.read_text() + "900,pay bill money,en\n901,crash error,en\n")
    loop = sl.Loop(loop.folder)
    finish(loop, rows=201)
    assert loop.train().number == 1
    loop.run_once()
    assert loop.next().round == 2


def test_a_pool_that_has_changed_is_no_fault_of_the_job(start, tmp_path):
    loop = start("[]")
    assert loop.train() is None
    pool = tmp_path / "pool.csv"
    text = pool.read_text()
    pool.write_text(text.replace("n3,", "m3,"))
    finish(loop)
    with pytest.raises(LoopError, match="are not those that the loop began with"):
        sl.Loop(loop.folder).train()
    pool.write_text(text)
    assert sl.Loop(loop.folder).train().number == 1


def test_the_command(start, command):
    loop = start("[]")

    def call(word, code=0):
        return command("loop", word, "--dir", loop.folder, code=code).stdout

    call("train")
    assert "a training is under way since" in call("train", code=3)
    finish(loop)
    assert call("train").startswith("model 1 was trained ")


@pytest.mark.parametrize(
    ("more", "retrain", "message"),
    [
        ('[model]\npoll = ["p"]', "", r"\[model\] poll is .* and \[model\] has no command"),
        ('[model]\npoll = ["p"]\ncommand = ["c"]', 'where = "dask"', r"\[model\] poll is .* where is .*dask"),
        ('[model]\npoll = "p"\ncommand = ["c"]', "", r"\[model\] poll is .*accepted is a list of words"),
    ],
)
def test_a_poll_that_fits_nothing(tmp_path, more, retrain, message):
    write_pool(tmp_path / "pool.csv", 50)
    (tmp_path / "x.toml").write_text(spec_text(more=more) + retrain)
    with pytest.raises(SpecError, match=message):
        sl.Loop.init(tmp_path / "x.toml", tmp_path / "loop")
