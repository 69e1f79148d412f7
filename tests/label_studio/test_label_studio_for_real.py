"""A whole Label Studio: a thousand rows there and back, real kills, tokens that run out. Run by ``make test-label-studio``."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "loop"))

from studio_people import People

import shortlist as sl
from shortlist.loop.errors import LoopError
from shortlist.loop.handoff.label_studio import http

REAL = os.environ.get("SHORTLIST_TEST_LABEL_STUDIO")
pytestmark = pytest.mark.skipif(not REAL, reason="make test-label-studio installs a Label Studio and runs this")
pytest.importorskip("sklearn")
SPEC = """
loop = 1
name = "{name}"
classes = ["bug", "billing"]
[pool]
path = "pool.jsonl"
id = "ticket"
text = "body"
[seed]
rows = 1000
[validation]
share = 0.1
[retrain]
when = "growth:0.25"
[stop]
when = "budget:9000"
[handoff]
tool = "label-studio"
url = "{url}"
"""


@pytest.fixture
def people(monkeypatch):
    url, token = REAL.split()
    monkeypatch.setenv(http.VARIABLE, token)
    return People(url, token)


@pytest.fixture
def loop(tmp_path, people):
    rows = [{"ticket": f"{n:05}", "body": f"it {'crashes' if n % 3 else 'costs'} {n} é <b>"} for n in range(2500)]
    (tmp_path / "pool.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    name = f"{tmp_path.name[-20:]} {os.getpid()} {time.time_ns() % 10**9}"
    (tmp_path / "spec.toml").write_text(SPEC.format(name=name, url=people.url))
    with sl.Loop.init(tmp_path / "spec.toml", tmp_path / "loop") as made:
        yield made


def label_all(people, project, tasks):
    """Have everything labelled at once: what would be predicted becomes annotations."""
    said = [
        {
            "task": task["id"],
            "model_version": "all",
            "result": [
                {
                    "id": f"r{task['id']}", "from_name": "label", "to_name": "body", "type": "choices",
                    "value": {"choices": ["bug" if "crash" in task["data"]["body"] else "billing"]},
                }
            ],
        }
        for task in tasks
    ]  # fmt: skip
    people.call("POST", f"/api/projects/{project}/import/predictions", said)
    action = f"/api/dm/actions?id=predictions_to_annotations&project={project}"
    people.call("POST", action, {"selectedItems": {"all": True, "excluded": []}})


def test_a_thousand_rows_there_and_back(people, loop, capsys):
    began = time.perf_counter()
    batch = loop.next()
    out = time.perf_counter() - began
    project = people.project(loop.spec.name)["id"]
    tasks = people.tasks(project)
    assert [task["data"]["row_id"] for task in sorted(tasks, key=lambda task: task["id"])] == batch.ids
    label_all(people, project, tasks)
    began = time.perf_counter()
    found = loop.pull()
    back = time.perf_counter() - began
    assert (found.new, found.known, found.refused) == (1000, 0, [])
    assert loop.labels() == {row: "bug" if int(row) % 3 else "billing" for row in batch.ids}
    assert loop.pull().new == 0
    with capsys.disabled():
        print(f"\n1,000 rows out in {out:.1f} s and back in {back:.1f} s, waiting for Label Studio included")


def test_killed_while_a_round_goes_out(people, loop):
    """Kill the process at moments all over the hand-over; what is there is never there twice, and in the end all of it."""
    folder = loop.folder
    loop.close()
    code = f"import shortlist as sl; print('up', flush=True); sl.Loop({str(folder)!r}).next()"
    killed = 0
    for pause in (0.1, 0.4, 0.7, 1.0, 1.4, 1.8, 2.3, 2.9):
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        child.stdout.readline()
        time.sleep(pause)
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
            killed += 1
        child.wait()
        child.stdout.close()
        time.sleep(0.5)  # Label Studio ends what it was sent
        titles = [one["title"] for one in people.call("GET", "/api/projects?page_size=500")["results"]]
        if loop.spec.name in titles:
            there = [task["data"]["row_id"] for task in people.tasks(people.project(loop.spec.name)["id"])]
            assert len(there) == len(set(there))
    with sl.Loop(folder) as again:
        batch = again.next()
    tasks = sorted(people.tasks(people.project(loop.spec.name)["id"]), key=lambda task: task["id"])
    assert [task["data"]["row_id"] for task in tasks] == batch.ids
    assert killed > 2


def test_a_personal_token_and_one_that_was_revoked(people, monkeypatch):
    personal = people.call("POST", "/api/token/", {})["token"]
    monkeypatch.setenv(http.VARIABLE, personal)
    client = http.Client(people.url)
    assert client.get("/api/projects", page_size=1)
    assert client._access
    monkeypatch.setattr(http, "FRESH", -1)
    assert client.get("/api/projects", page_size=1)
    people.call("POST", "/api/token/blacklist/", {"refresh": personal})
    with pytest.raises(
        LoopError, match=r"does not take the token in LABEL_STUDIO_API_KEY \(.*\): it is wrong, expired or"
    ):
        client.get("/api/projects", page_size=1)
    monkeypatch.setenv(http.VARIABLE, "f" * 40)
    with pytest.raises(LoopError, match="does not take the token"):
        http.Client(people.url).get("/api/projects")


def test_what_was_recorded_is_what_it_answers(people):
    """The fake of the other tests answers as this server does: the same keys in the same places."""
    from fake_label_studio import recorded

    config = recorded("project")[1]["label_config"]
    project = people.call("POST", "/api/projects", {"title": f"keys {time.time_ns()}"[:50], "label_config": config})
    assert set(project) == set(recorded("project")[1])
    sent = [{"data": {"body": "x", "row_id": "1", "round": 1, "loop": "L"}}]
    said = people.call("POST", f"/api/projects/{project['id']}/import?return_task_ids=true", sent)
    assert set(said) == set(recorded("import")[1])
    own = people.label({"id": said["task_ids"][0]}, "bug")
    (task,) = people.tasks(project["id"])
    old = recorded("tasks")[1]["tasks"][0]
    assert set(task) == set(old)
    assert set(task["annotations"][0]) == set(old["annotations"][0])
    assert task["annotations"][0]["id"] == own
    with pytest.raises(urllib.error.HTTPError) as error:
        people.call("GET", f"/api/tasks?project={project['id']}&page=9&page_size=10")
    status, body = recorded("page_past_the_end")
    assert (error.value.code, json.loads(error.value.read())["detail"]) == (status, body["detail"])
