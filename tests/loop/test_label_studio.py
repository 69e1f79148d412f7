"""Rounds in a live Label Studio: over real HTTP to a server that answers as 1.23.2 did, and to a real one where there is one.

``make test-label-studio`` installs a Label Studio, starts it, and runs these tests against it too.
"""

import datetime
import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from fake_label_studio import LEGACY, PERSONAL, FakeLabelStudio
from studio_people import People

import shortlist as sl
from shortlist.labels.handed import HandedRow
from shortlist.loop.errors import LoopError
from shortlist.loop.handoff.choosing import handoff_of
from shortlist.loop.handoff.label_studio import http, pulling, pushing

pytest.importorskip("sklearn")

REAL = os.environ.get("SHORTLIST_TEST_LABEL_STUDIO")
"""``URL TOKEN`` of a server whose projects may be filled."""
SPEC = """
loop = 1
name = "{name}"
classes = ["bug", "billing"]
[pool]
path = "pool.jsonl"
id = "ticket"
text = "body"
[seed]
rows = 12
[round]
rows = 8
mix = {{ explore = 0, validation = 0, relabel = {relabel} }}
[validation]
share = 0.1
[labels]
overlap = {overlap}
[check]
issues = "builtin"
[retrain]
when = "growth:0.25"
[stop]
when = "budget:200"
[handoff]
tool = "label-studio"
url = "{url}"
"""
IDS = [f"{n:03}" if n % 2 else f"=T{n} é" for n in range(60)]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Wait a little between tries only, and import a few rows at once."""
    monkeypatch.setattr(http, "WAITS", (0.01, 0.02, 0.05, 0.1))
    monkeypatch.setattr(pushing, "ROWS", 5)
    monkeypatch.setenv(http.VARIABLE, LEGACY)


@pytest.fixture
def fake():
    studio = FakeLabelStudio()
    yield studio
    studio.close()


@pytest.fixture(
    params=["fake", pytest.param("real", marks=pytest.mark.skipif(not REAL, reason="make test-label-studio"))]
)
def studio(request, monkeypatch):
    """Return people at a Label Studio."""
    if request.param == "real":
        url, token = REAL.split()
        monkeypatch.setenv(http.VARIABLE, token)
        yield People(url, token)
        return
    server = request.getfixturevalue("fake")
    yield People(server.url, LEGACY)


@pytest.fixture
def begin(tmp_path):
    """Begin a loop that hands its rounds to a Label Studio; the project is called after the test."""
    opened = []

    def call(url, *more, relabel=0, overlap=0, name=None):
        rows = [{"ticket": own, "body": f"it {'crashes' if n % 3 else 'costs'} {n}"} for n, own in enumerate(IDS)]
        (tmp_path / "pool.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        name = name or f"{tmp_path.name[-20:]} {os.getpid()} {time.time_ns() % 10**9}"
        text = SPEC.format(name=name, url=url, relabel=relabel, overlap=overlap)
        (tmp_path / "spec.toml").write_text(text + "\n".join(more))
        opened.append(sl.Loop.init(tmp_path / "spec.toml", tmp_path / "loop"))
        return opened[-1]

    yield call
    for loop in opened:
        loop.close()


def rows_there(studio, loop, number=1):
    """Return the ids of a round's rows in the project, in the order in which people get them."""
    project = studio.project(loop.spec.handoff.rest.get("project", loop.spec.name))
    tasks = sorted(studio.tasks(project["id"]), key=lambda task: task["id"])
    return [task["data"]["row_id"] for task in tasks if task["data"]["round"] == number]


def round_of(studio, loop, number=1):
    project = studio.project(loop.spec.name)
    return {t["data"]["row_id"]: t for t in studio.tasks(project["id"]) if t["data"]["round"] == number}


def test_a_round_goes_out_in_order_and_once(studio, begin):
    loop = begin(studio.url)
    batch = loop.next()
    assert batch.handed == f"project {loop.spec.name!r} of Label Studio at {studio.url}"
    assert rows_there(studio, loop) == batch.ids
    assert loop.next().ids == batch.ids
    assert rows_there(studio, loop) == batch.ids
    project = studio.project(loop.spec.name)
    assert (project["sampling"], project["maximum_annotations"]) == ("Sequential sampling", 1)
    assert all(f'<Choice value="{name}"' in project["label_config"] for name in ("bug", "billing", "none of these"))
    done = loop._store.handoffs(1)[-1]
    assert (done["project"], done["rows"], done["url"]) == (project["id"], 12, studio.url)
    assert os.environ[http.VARIABLE] not in (loop.folder / "loop.db").read_bytes().decode("latin-1")


def test_answers_edits_and_deletions_come_home(studio, begin):
    loop = begin(studio.url)
    batch = loop.next()
    tasks = round_of(studio, loop)
    first = studio.label(tasks[batch.ids[0]], "bug")
    second = studio.label(tasks[batch.ids[1]], "none of these")
    studio.skip(tasks[batch.ids[2]])
    found = loop.pull()
    assert (found.new, found.known, found.refused, found.deleted) == (3, 0, [], 0)
    assert loop.labels() == {batch.ids[0]: "bug"}
    (answer,) = [event for event in loop._store.events() if event.row == batch.ids[0]]
    assert "@" in answer.annotator  # people are known by their addresses
    out = loop.status()["out"]
    assert (out["answered"], out["skipped"], out["open"]) == (2, 1, 9)
    again = loop.pull()
    assert (again.new, again.deleted) == (0, 0)

    studio.edit(first, "billing")
    studio.delete(second)
    found = loop.pull()
    assert (found.new, found.deleted) == (1, 1)
    assert "1 taken back, which people have deleted" in found.lines()
    assert loop.labels() == {batch.ids[0]: "billing"}
    assert loop.status()["out"]["open"] == 10
    assert loop.pull().deleted == 0
    studio.label(tasks[batch.ids[1]], "bug")  # once more, after it was deleted
    assert loop.pull().new == 1
    assert loop.labels()[batch.ids[1]] == "bug"


def test_rounds_are_told_apart_and_rows_nobody_answered_are_taken_back(studio, begin):
    loop = begin(studio.url)
    text = (loop.folder / "loop.toml").read_text().replace("rows = 8", "rows = 8\nclose = 0.5")
    (loop.folder / "loop.toml").write_text(text)
    batch = loop.next()
    tasks = round_of(studio, loop)
    for row in batch.ids[:8]:
        studio.label(tasks[row], "bug" if "crash" in tasks[row]["data"]["body"] else "billing")
    done = loop.run_once()
    assert any("answers came: 8 new" in line for line in done), done
    assert len(loop._store.rounds()) == 2
    assert rows_there(studio, loop) == [row for row in batch.ids if row in batch.ids[:8]]
    assert rows_there(studio, loop, 2) == loop.next().ids
    assert len(set(rows_there(studio, loop, 2))) == 8


def test_a_row_is_asked_for_again_in_a_later_round(studio, begin):
    loop = begin(studio.url, relabel=0.25)
    batch = loop.next()
    tasks = round_of(studio, loop)
    for place, row in enumerate(batch.ids):
        studio.label(tasks[row], "bug" if place % 2 else "billing")
    loop.ingest({row: "bug" if place % 2 else "billing" for place, row in enumerate(batch.ids[:4], 1)}, annotator="raj")
    loop.run_once()
    again = [pick.row for pick in loop._store.picks(2) if pick.share == "relabel"]
    assert again
    assert set(again) <= set(batch.ids)
    tasks = round_of(studio, loop, 2)
    before = loop._store.position
    studio.label(tasks[again[0]], "bug")
    assert loop.pull().new == 1
    (event,) = list(loop._store.events(before))
    assert (event.row, event.payload["round"]) == (again[0], 2)


def test_rows_that_two_people_label(studio, begin):
    loop = begin(studio.url, overlap=0.25)
    batch = loop.next()
    twice = {pick.row for pick in loop._store.picks(1) if pick.share == "overlap"}
    assert len(twice) == 3
    tasks = round_of(studio, loop)
    assert {row for row, task in tasks.items() if task["overlap"] == 2} == twice
    with pytest.raises(LoopError, match="Label Studio itself asks two people"):
        loop.next(annotator="raj")
    assert len(batch) == 12


def test_what_the_model_says_is_shown_if_asked_for(studio, begin):
    loop = begin(studio.url, "show_model = true")
    batch = loop.next()
    tasks = round_of(studio, loop)
    assert not any(task["predictions"] for task in tasks.values())  # there is no model yet
    for row in batch.ids:
        studio.label(tasks[row], "bug" if "crash" in tasks[row]["data"]["body"] else "billing")
    loop.run_once()
    batch = loop.next()
    tasks = round_of(studio, loop, 2)
    for row in batch.ids:
        (said,) = tasks[row]["predictions"]
        assert said["result"][0]["value"]["choices"] == loop.predict([row])
        assert (said["result"][0]["from_name"], said["result"][0]["to_name"]) == ("label", "body")
        assert 0.5 <= said["score"] <= 1
        assert said["model_version"] == "model 1"


class Killed(BaseException):
    """In place of a kill: nothing in the package catches it."""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_every_request_no_row_is_there_twice(studio, begin, monkeypatch, moment):
    once, count, at = http.Client._once, [0], [0]

    def killed(self, *args):
        count[0] += 1
        if moment == "before" and count[0] == at[0]:
            raise Killed
        said = once(self, *args)
        if moment == "after" and count[0] == at[0]:
            raise Killed
        return said

    loop = begin(studio.url, overlap=0.25)
    monkeypatch.setattr(http.Client, "_once", killed)
    kills = 0
    for step in range(1, 60):
        count[0], at[0] = 0, step
        try:
            ids = loop.next().ids
            break
        except Killed:
            kills += 1
            loop.close()
            loop = sl.Loop(loop.folder)
            # At most what is on its way is there, never twice.
            there = rows_there(studio, loop) if studio_has(studio, loop) else []
            assert len(there) == len(set(there))
    assert kills > 4
    assert rows_there(studio, loop) == ids
    assert [step["phase"] for step in loop._store.handoffs(1)][-1] == "done"
    loop.close()


def studio_has(studio, loop):
    found = studio.call("GET", "/api/projects?page_size=100")["results"]
    return any(one["title"] == loop.spec.name for one in found)


def test_two_processes_that_hand_over_at_once(fake, begin):
    loop = begin(fake.url)
    loop.next()  # plans the round
    fake.tasks.clear()
    loop._store.add_handoff(1, "intent", {})
    errors = []

    def push():
        try:
            with sl.Loop(loop.folder) as other:
                other.next()
        except LoopError as error:
            errors.append(error)

    pushing_now = [threading.Thread(target=push) for _ in range(4)]
    for each in pushing_now:
        each.start()
    for each in pushing_now:
        each.join()
    there = rows_there(People(fake.url, LEGACY), loop)
    assert sorted(there) == sorted(loop.next().ids)
    assert errors == []


def test_a_round_that_went_to_a_file_at_first(fake, begin, tmp_path):
    loop = begin(fake.url)
    assert loop.status_lines()[-1] == "next       shortlist loop next"
    ids = loop.next(out=tmp_path / "round.csv").ids
    assert not fake.tasks
    assert loop.next().ids == ids
    loop.next()
    assert [step["phase"] for step in loop._store.handoffs(1)] == ["intent", "done", "done"]
    people = People(fake.url, LEGACY)
    people.label(round_of(people, loop)[ids[0]], "bug")
    assert loop.pull().new == 1
    assert loop.status_lines()[-1] == "next       shortlist loop pull"


def test_a_server_that_has_moved(fake, begin):
    loop = begin(fake.url)
    loop.next()
    people = People(fake.url, LEGACY)
    for task in round_of(people, loop).values():
        people.label(task, "bug" if "crash" in task["data"]["body"] else "billing")
    path = loop.folder / "loop.toml"
    path.write_text(path.read_text().replace("127.0.0.1", "localhost"))
    loop.run_once()
    assert loop._store.handoffs(2)[-1]["url"].startswith("http://localhost")
    assert loop.pull().known == 12  # round 1 as well, which went to the same server by another address
    other = FakeLabelStudio()
    try:
        for task in round_of(people, loop, 2).values():
            people.label(task, "bug")
        path.write_text(path.read_text().replace(fake.url.rpartition(":")[2], other.url.rpartition(":")[2]))
        loop.run_once()
        assert rows_there(People(other.url, LEGACY), loop, 3) == loop.next().ids
        assert loop.pull().refused == []
    finally:
        other.close()


def test_values_that_json_has_no_word_for(fake, begin, tmp_path):
    loop = begin(fake.url)
    tool = handoff_of(loop.spec, loop._store)
    shown = {
        "body": float("nan"),
        "none": None,
        "table": {"a": [1]},
        "day": datetime.date(2026, 11, 29),
        "n": np.int64(3),
        "half": "\ud800 x",
    }
    tool.push(9, [HandedRow(IDS[0], shown)])
    (task,) = fake.tasks.values()
    # An import is refused for a value that is nothing, or a table.
    assert [task["data"][name] for name in ("body", "none", "table")] == ["", "", '{"a": [1]}']
    assert (task["data"]["day"], task["data"]["n"]) == ("2026-11-29", 3)


def test_a_label_that_is_a_class_later_is_read_once_more(fake, begin, monkeypatch):
    monkeypatch.setattr(pulling, "BACK", -1)
    loop = begin(fake.url)
    batch = loop.next()
    people = People(fake.url, LEGACY)
    tasks = round_of(people, loop)
    people.label(tasks[batch.ids[0]], "spam")
    assert len(loop.pull().refused) == 1
    text = (loop.folder / "loop.toml").read_text().replace('"billing"]', '"billing", "spam"]')
    (loop.folder / "loop.toml").write_text(text)
    loop.ingest(dict.fromkeys(batch.ids[1:], "bug"), annotator="amy")
    assert loop.pull().new == 0  # the round is still open, and so the old classes hold
    loop.ingest({batch.ids[0]: "bug"}, annotator="raj")
    loop.run_once()  # takes the new class up
    loop.pull()
    said = {(event.annotator, event.label) for event in loop._store.events() if event.row == batch.ids[0]}
    assert said == {("raj", "bug"), ("ann@example.com", "spam")}


@pytest.mark.parametrize("name", ["ab", "x" * 51])
def test_names_that_label_studio_does_not_take(fake, begin, name):
    with pytest.raises(LoopError, match="accepted is .handoff. project, of 3 to 50 characters, or a number"):
        begin(fake.url, name=name)
    assert begin(fake.url, "project = 7", name=name)


@pytest.mark.parametrize("after", [3, 4])
def test_a_process_that_is_killed(fake, begin, after):
    loop = begin(fake.url)
    loop.close()
    code = f"import shortlist as sl; sl.Loop({str(loop.folder)!r}).next()"
    child = subprocess.Popen([sys.executable, "-c", code])
    answer = fake.answer

    def kill_then_answer(handler):
        answer(handler)
        if len(fake.log) >= after and child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)

    fake.answer = kill_then_answer
    assert child.wait(60) == -signal.SIGKILL
    fake.answer = answer
    again = sl.Loop(loop.folder)
    assert again.next().ids == rows_there(People(fake.url, LEGACY), again)
    again.close()


@pytest.mark.parametrize("kind", ["before", "after", 500, 502, 429])
def test_an_import_whose_answer_is_lost(fake, begin, kind):
    loop = begin(fake.url)
    fake.faults += [("POST", "/api/projects/1/import", kind)] * 2
    ids = loop.next().ids
    assert rows_there(People(fake.url, LEGACY), loop) == ids


def test_an_import_that_ends_after_it_was_given_up(fake, begin):
    loop = begin(fake.url)
    # It is done while the same rows are imported once more.
    fake.faults += [("POST", "/api/projects/1/import", "late", 0.05)]
    ids = loop.next().ids
    time.sleep(0.3)
    (loop.folder / "handoff").mkdir(exist_ok=True)
    there = rows_there(People(fake.url, LEGACY), loop)
    if len(there) > len(ids):  # it came later still; the next push finds it
        loop._store.add_handoff(1, "intent", {})
        loop.next()
        there = rows_there(People(fake.url, LEGACY), loop)
    assert sorted(there) == sorted(ids)


@pytest.mark.parametrize("kind", [429, 500, 503, "before"])
def test_what_fails_for_a_while_is_tried_again(fake, begin, kind):
    loop = begin(fake.url)
    fake.faults += [("GET", "/api/", kind)] * 3
    assert len(loop.next()) == 12
    fake.faults += [("GET", "/api/tasks", kind)] * 3
    assert loop.pull().lines() == ["0 new, 0 known"]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (500, "answers 500 a fault of the test; it was asked 5 times$"),
        (429, "answers 429 a fault of the test; it was asked 5 times$"),
        ("before", r"does not answer \(.*\); it was asked 5 times$"),
        ("html", "answers /api/projects with text/html, which is no JSON; is it the address of Label Studio\\?$"),
        (302, "sends on to http://elsewhere.example/; give the address that Label Studio itself has$"),
        (403, "does not let the owner of the token do this .a fault of the test.: GET /api/projects$"),
    ],
)
def test_a_server_that_goes_on_failing(fake, begin, kind, message):
    loop = begin(fake.url)
    fake.faults += [("GET", "/api/projects", kind)] * 5
    with pytest.raises(LoopError, match=message):
        loop.next()
    # The round waits, and nothing of it is lost.
    fake.faults.clear()
    ids = loop.next().ids
    assert rows_there(People(fake.url, LEGACY), loop) == ids


def test_a_server_that_is_away(begin, fake):
    loop = begin(fake.url)
    fake.close()
    with pytest.raises(
        LoopError, match=r"Label Studio at http://127.0.0.1:\d+ does not answer \(ConnectionRefusedError"
    ):
        loop.next()
    assert [step["phase"] for step in loop._store.handoffs(1)] == ["intent"]
    with pytest.raises(LoopError, match="does not answer"):
        loop.run_once()


def test_a_server_that_is_slow(begin, fake, monkeypatch):
    monkeypatch.setattr(http, "TIMEOUT", 0.1)
    loop = begin(fake.url)
    fake.faults += [("GET", "/api/projects", "hang", 0.4)] * 5
    with pytest.raises(LoopError, match=r"does not answer \(TimeoutError"):
        loop.next()
    monkeypatch.setattr(http, "TIMEOUT", 30)
    fake.faults.clear()
    assert len(loop.next()) == 12


def test_both_kinds_of_tokens(begin, fake, monkeypatch):
    monkeypatch.setenv(http.VARIABLE, PERSONAL)
    loop = begin(fake.url)
    batch = loop.next()
    assert fake.refreshed == 1
    assert len(batch) == 12
    client = http.Client(fake.url)
    client.get("/api/projects")
    fake.access.clear()  # it has run out
    client.get("/api/projects")
    assert fake.refreshed == 3
    monkeypatch.setattr(http, "FRESH", 0)
    client.get("/api/projects")
    assert fake.refreshed == 4


@pytest.mark.parametrize(
    ("token", "message"),
    [
        (
            "nope",
            "does not take the token in LABEL_STUDIO_API_KEY .Invalid token.*: it is wrong, or legacy tokens are switched",
        ),
        (
            "a.b.c",
            "does not take the token in LABEL_STUDIO_API_KEY .Token is invalid.: it is wrong, expired or revoked",
        ),
        (
            PERSONAL,
            "does not take the token in LABEL_STUDIO_API_KEY .Token is blacklisted.: it is wrong, expired or revoked",
        ),
        ("", "LABEL_STUDIO_API_KEY isn't set; in Label Studio open Account & Settings"),
        ("a\nb", "LABEL_STUDIO_API_KEY holds no token"),
    ],
)
def test_tokens_that_are_not_taken(begin, fake, monkeypatch, token, message):
    loop = begin(fake.url)
    fake.revoked = token == PERSONAL
    monkeypatch.setenv(http.VARIABLE, token)
    with pytest.raises(LoopError, match=message) as error:
        loop.next()
    assert not token or token not in str(error.value)
    monkeypatch.setenv(http.VARIABLE, LEGACY)
    assert len(loop.next()) == 12


OTHER = '<View><Text name="t" value="$body"/><Choices name="label" toName="t"><Choice value="cat"/></Choices></View>'


@pytest.mark.parametrize(
    ("config", "sampling", "message"),
    [
        (
            OTHER,
            "Sequential sampling",
            "interface of project 'shared' of Label Studio lacks 'bug', 'billing' and has 'cat'",
        ),
        (
            OTHER.replace("$body", "$title"),
            None,
            r"project 'shared' of Label Studio shows \$title, and the tasks have no such",
        ),
        ("<View><Choices", "Sequential sampling", "is no labelling interface of Label Studio: it is no XML"),
        (OTHER, "Uniform sampling", "has Uniform sampling, and rows come best first; in its Settings"),
    ],
)
def test_a_project_of_another_shape(fake, begin, config, sampling, message):
    project = People(fake.url, LEGACY).call("POST", "/api/projects", {"title": "shared"})
    fake.projects[project["id"]] |= {"label_config": config, "sampling": sampling, "task_number": 1, "description": ""}
    loop = begin(fake.url, 'project = "shared"')
    with pytest.raises(LoopError, match=message):
        loop.next()
    assert not fake.tasks


def test_a_project_that_is_there_with_an_interface_of_its_own(fake, begin):
    config = OTHER.replace('<Choice value="cat"/>', '<Choice value="bug"/><Choice value="billing"/>')
    project = People(fake.url, LEGACY).call("POST", "/api/projects", {"title": "shared", "label_config": config})
    loop = begin(fake.url, f"project = {project['id']}", "show_model = true")
    loop.next()
    assert fake.projects[project["id"]]["label_config"] == config
    assert len(fake.tasks) == 12


def test_projects_that_are_missing_or_have_one_name(fake, begin, tmp_path):
    people = People(fake.url, LEGACY)
    loop = begin(fake.url, "project = 77")
    with pytest.raises(LoopError, match=r"\[handoff\] project is 77, and Label Studio at .* has no such project"):
        loop.next()
    for _ in range(2):
        people.call("POST", "/api/projects", {"title": "shared"})
    text = (loop.folder / "loop.toml").read_text().replace("project = 77", 'project = "shared"')
    (loop.folder / "loop.toml").write_text(text)
    loop.close()
    again = sl.Loop(loop.folder)
    (again.folder / "loop.toml").write_text(text)
    with pytest.raises(LoopError, match="77, and|2 projects 'shared'; say which by its number"):
        again.next()
    again.close()


def test_a_class_that_is_appended_later(fake, begin):
    loop = begin(fake.url)
    batch = loop.next()
    loop.ingest(dict.fromkeys(batch.ids, "bug"), annotator="amy")
    text = (loop.folder / "loop.toml").read_text().replace('"billing"]', '"billing", "spam"]')
    (loop.folder / "loop.toml").write_text(text)
    loop.next()
    (project,) = fake.projects.values()
    assert '<Choice value="spam"' in project["label_config"]


def test_annotations_that_are_not_of_this_loop(fake, begin):
    loop = begin(fake.url)
    loop.next()
    people = People(fake.url, LEGACY)
    (project,) = fake.projects
    sent = people.call(
        "POST",
        f"/api/projects/{project}/import",
        [{"data": {"body": "foreign"}}, {"data": {"body": "x", "row_id": IDS[0], "loop": "other", "round": 1}}],
    )
    for own in sent["task_ids"]:
        people.label({"id": own}, "bug")
    found = loop.pull()
    assert found.new == 0
    said = sorted(each.reason for each in found.refused)
    assert said[0] == "it is of a task that was not sent from here (it has no row_id)"
    assert "is of another loop ('other')" in said[1]
    assert found.refused[0].where.startswith("task ")


def test_several_results_and_labels_that_are_no_class(fake, begin):
    loop = begin(fake.url)
    batch = loop.next()
    people = People(fake.url, LEGACY)
    tasks = round_of(people, loop)
    path = "/api/tasks/{}/annotations"
    several = [
        {"from_name": "note", "type": "textarea", "value": {"text": ["hm"]}},
        {"from_name": "sure", "type": "choices", "value": {"choices": ["yes"]}},
        {"from_name": "label", "type": "choices", "value": {"choices": ["bug"]}},
    ]
    people.call("POST", path.format(tasks[batch.ids[0]]["id"]), {"result": several})
    people.call(
        "POST", path.format(tasks[batch.ids[1]]["id"]), {"result": [*several[:2], {**several[1], "from_name": "x"}]}
    )
    people.label(tasks[batch.ids[2]], "cat")
    people.call("POST", path.format(tasks[batch.ids[3]]["id"]), {"result": []})
    both = [{**several[2], "value": {"choices": ["bug", "billing"]}}]
    people.call("POST", path.format(tasks[batch.ids[4]]["id"]), {"result": both})
    found = loop.pull()
    assert loop.labels() == {batch.ids[0]: "bug"}
    assert found.empty == 1
    reasons = {each.row: each.reason for each in found.refused}
    assert "it has choices of 'sure' and 'x'; accepted is one" in reasons[batch.ids[1]]
    assert "'cat'" in reasons[batch.ids[2]]
    assert batch.ids[4] in reasons


def test_people_are_told_apart(fake, begin):
    loop = begin(fake.url, overlap=1)
    batch = loop.next()
    people = People(fake.url, LEGACY)
    task = round_of(people, loop)[batch.ids[0]]
    people.label(task, "bug", who=1)
    gone = people.label(task, "billing", who=2)
    loop.pull()
    assert loop.audit() is not None
    current = [(e.annotator, e.label) for e in loop._store.events()]
    assert current == [("ann@example.com", "bug"), ("raj@example.com", "billing")]
    people.delete(gone)
    assert loop.pull().deleted == 1
    assert loop.labels() == {batch.ids[0]: "bug"}


def test_an_answer_that_was_emptied_is_taken_back(fake, begin):
    loop = begin(fake.url)
    batch = loop.next()
    people = People(fake.url, LEGACY)
    own = people.label(round_of(people, loop)[batch.ids[0]], "bug")
    assert loop.pull().new == 1
    people.call("PATCH", f"/api/annotations/{own}", {"result": []})
    found = loop.pull()
    assert (found.empty, found.deleted) == (1, 1)
    assert loop.labels() == {}


def test_nothing_is_taken_back_for_a_task_of_another_loop_or_a_second_one(fake, begin, monkeypatch):
    monkeypatch.setattr(pulling, "BACK", -1)  # a look sees only what the test says has changed
    loop = begin(fake.url)
    row = loop.next().ids[0]
    people = People(fake.url, LEGACY)
    task = round_of(people, loop)[row]
    people.label(task, "bug")
    assert loop.pull().new == 1
    (project,) = fake.projects
    sent = [{"data": {**task["data"], "loop": "other"}}, {"data": task["data"]}]
    for own in people.call("POST", f"/api/projects/{project}/import", sent)["task_ids"]:
        fake.tasks[own]["updated_at"] = "2999-01-01T00:00:00.000000Z"
    found = loop.pull()
    assert (found.new, found.deleted) == (0, 0)
    assert loop.labels() == {row: "bug"}


def test_nothing_is_taken_back_as_names_can_not_be_read(fake, begin):
    loop = begin(fake.url)
    batch = loop.next()
    people = People(fake.url, LEGACY)
    tasks = round_of(people, loop)
    people.label(tasks[batch.ids[0]], "bug")
    loop.pull()
    fake.faults += [("GET", "/api/users", 500)] * 5
    with pytest.raises(LoopError, match="answers 500"):
        loop.pull()
    fake.faults[:] = [("GET", "/api/users", 403)]
    found = loop.pull()
    assert (found.known, found.deleted) == (1, 0)
    assert loop.labels() == {batch.ids[0]: "bug"}
    fake.faults[:] = [("GET", "/api/users", 403)]
    people.label(tasks[batch.ids[1]], "bug")
    loop.pull()
    assert {event.annotator for event in loop._store.events()} == {"ann@example.com", "1"}


@pytest.mark.parametrize("answer", [[], {}, {"tasks": []}, {"tasks": [1], "total": 1}, {"tasks": None, "total": 0}])
def test_some_tasks_are_never_taken_for_all(fake, begin, answer):
    loop = begin(fake.url)
    loop.next()
    fake.page = lambda query: (200, answer)
    with pytest.raises(LoopError, match="is it Label Studio 1.x|is it the address of Label Studio"):
        loop.pull()


def test_only_what_changed_is_read_and_all_of_it_after_a_backup_was_put_back(fake, begin, tmp_path, monkeypatch):
    monkeypatch.setattr(pulling, "BACK", -1)  # all changes of a test come within seconds
    loop = begin(fake.url)
    batch = loop.next()
    people = People(fake.url, LEGACY)
    tasks = round_of(people, loop)
    loop.backup(tmp_path / "backup")
    people.label(tasks[batch.ids[0]], "bug")
    loop.pull()
    fake.log.clear()
    assert loop.pull().known == 0
    assert any("updated_at" in path for _, path in fake.log)
    kept = (loop.folder / "handoff" / "label-studio.json").read_bytes()
    loop.close()
    old = sl.Loop(tmp_path / "backup", copied=True)
    (old.folder / "handoff").mkdir(exist_ok=True)
    (old.folder / "handoff" / "label-studio.json").write_bytes(kept)
    assert old.pull().new == 1
    assert old.labels() == {batch.ids[0]: "bug"}
    old.close()


def test_a_draft_is_not_taken_away(fake, begin):
    loop = begin(fake.url)
    text = (loop.folder / "loop.toml").read_text().replace("rows = 8", "rows = 8\nclose = 0.5")
    (loop.folder / "loop.toml").write_text(text)
    batch = loop.next()
    people = People(fake.url, LEGACY)
    tasks = round_of(people, loop)
    fake.tasks[tasks[batch.ids[11]]["id"]]["drafts"] = [{"id": 1}]
    for row in batch.ids[:8]:
        people.label(tasks[row], "bug" if "crash" in tasks[row]["data"]["body"] else "billing")
    loop.run_once()
    assert rows_there(people, loop) == [*batch.ids[:8], batch.ids[11]]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://x", "accepted is an address, as http://localhost:8080"),
        ("localhost:8080", "accepted is an address"),
        ("http://amy:secret@x", "has more than an address"),
        ("http://x:port", "accepted is an address"),
        ("http://x/?q", "has more than an address"),
    ],
)
def test_addresses_that_are_none(begin, tmp_path, url, message):
    with pytest.raises(LoopError, match=message) as error:
        begin(url)
    assert "secret" not in str(error.value)
    assert not (tmp_path / "loop").exists()
