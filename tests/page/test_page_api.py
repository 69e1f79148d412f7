"""The page's addresses as scripts use them: a real server, real HTTP, and what is in the log afterwards."""

import collections
import json
import os
import re
import signal
import subprocess
import sys
import threading

import pytest

pytest.importorskip("click")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from page_server import Server, events_of, text_of, truth, write_loop

TOKEN = "a-token-for-tests"
SHOW = """
[pool.show]
body = "body"
photo = "pictures/{ticket}.png"
far = "https://pictures.example/{ticket}.jpg"
"""


@pytest.fixture
def folder(tmp_path):
    return write_loop(tmp_path)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server for tests in which people have names of their own."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "pictures").mkdir()
    with Server(write_loop(folder, rows=60, more=SHOW)) as server:
        server.next("somebody")
        yield server


def said_of(folder, kinds=("label", "reject", "skip")):
    return [(e.row, e.annotator, e.label) for e in events_of(folder) if e.kind in kinds]


def kinds_of(folder, *rows):
    return [event.kind for event in events_of(folder) if event.row in rows]


def test_a_loop_from_the_first_row_to_its_end(tmp_path):
    folder = write_loop(tmp_path, rows=8, budget=24)
    with Server(folder, "--show-model") as server:
        assert server.next("amy")["model"] is None
        rows = server.label("amy", 8)
        found = server.next("amy")
        assert (found["round"], list(found["model"])) == (2, found["classes"])
        assert sum(found["model"].values()) == pytest.approx(1, abs=0.001)
        rows += server.label("amy", 16)
        assert len(set(rows)) == 24
        found = server.next("amy")
        assert (found["id"], found["state"]) == (None, "ended")
        assert "budget:24" in found["why"]
        status = server.get("/api/status")
        assert status["model"]["number"] >= 2
        assert (status["round"], status["answers"], status["stop"]["met"]) == (3, 24, True)
        done = subprocess.run(
            [sys.executable, "-m", "shortlist", "loop", "status", "--json", "--dir", folder],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert json.loads(done.stdout) == status
        assert server.end()[0] == 0
    assert sorted(said_of(folder)) == sorted((row, "amy", truth(row)) for row in rows)


def test_the_next_row_is_the_same_until_it_is_answered(served):
    first = served.next("next")
    assert list(first["show"]) == ["body", "photo", "far"]
    assert first["show"]["body"] == text_of(first["id"])
    assert first["classes"] == ["billing", "bug", "<b>how-to</b>"]
    assert (first["kinds"], first["model"], first["again"]) == (
        {"body": "text", "photo": "image", "far": "image"},
        None,
        False,
    )
    assert served.next("next")["id"] == first["id"] != served.next("next to it")["id"]
    done = served.post("/api/answer", id=first["id"], skip=True, annotator="next")
    assert (done["ok"], done["new"], done["left"]) == (True, True, first["left"] - 1)
    second = served.next("next")
    assert second["id"] != first["id"]
    served.post("/api/answer", id=second["id"], label="None of these", annotator="next")
    assert kinds_of(served.folder, first["id"], second["id"]) == ["skip", "reject"]


def test_the_same_answer_twice_is_one_and_a_key_is_for_one_answer(served):
    row, other = served.next("twice amy")["id"], served.next("twice bob")["id"]
    answer = {"id": row, "label": "bug", "annotator": "twice amy"}
    assert served.post("/api/answer", **answer)["new"]
    assert not served.post("/api/answer", **answer)["new"]
    assert served.post("/api/answer", **answer | {"label": "billing"}, key="k1")["new"]
    assert not served.post("/api/answer", **answer | {"label": "billing"}, key="k1", waited=100)["new"]
    status, found, _ = served.ask("/api/answer", {**answer, "id": other, "key": "k1"})
    assert (status, found["error"]) == (409, "key is that of another answer; accepted is a new one for each")
    # Taken back, and sent once more by a browser that never heard of it.
    assert served.post("/api/undo", id=row, annotator="twice amy", key="k2")["new"]
    assert not served.post("/api/undo", id=row, annotator="twice amy", key="k2")["new"]
    assert not served.post("/api/answer", **answer | {"label": "billing"}, key="k1")["new"]
    before = served.get("/api/status")["answers"]
    assert served.post("/api/answer", **answer)["new"]
    assert served.get("/api/status")["answers"] == before + 1
    assert kinds_of(served.folder, row) == ["label", "label", "retract", "label"]


def test_an_answer_that_waited_does_not_override_a_later_one(served):
    row = served.next("late amy")["id"]
    served.post("/api/answer", id=row, label="bug", annotator="late amy")
    served.post("/api/answer", id=row, label="billing", annotator="late amy", waited=3600, key="late")
    assert served.get(f"/api/row?id={row}&annotator=late+amy")["answer"]["label"] == "bug"


def test_undo_brings_the_row_back_to_who_had_it(served):
    row = served.next("undo amy")["id"]
    served.post("/api/answer", id=row, label="bug", annotator="undo amy")
    assert served.next("undo bob")["id"] != row
    served.post("/api/undo", id=row, annotator="undo amy")
    assert served.get("/api/row?annotator=undo+amy&id=" + row)["answer"] is None
    assert served.next("undo bob")["id"] != row
    assert served.next("undo amy", f"&have={row}")["id"] == row
    assert not served.post("/api/undo", id=row, annotator="undo amy")["new"]


def test_people_have_rows_of_their_own_and_share_the_overlap(tmp_path):
    folder = write_loop(tmp_path, rows=8, overlap=0.5, budget=8)
    with Server(folder) as server:
        first = server.label("amy", 8)
        again = server.next("bob")
        assert again["again"]
        assert again["id"] in first
        others = server.label("bob", 4)
        assert len(set(others)) == 4
        assert set(others) < set(first)
        assert not server.next("amy").get("again")
        assert not server.next("eve").get("again")  # two people are enough
    counts = collections.Counter(row for row, _, _ in said_of(folder))
    assert sorted(counts.values()) == [1] * 4 + [2] * 4


def test_an_answer_to_a_row_of_somebody_else_is_taken(served):
    row, before = served.next("else amy")["id"], served.get("/api/status")["answers"]
    assert served.post("/api/answer", id=row, label="bug", annotator="else bob")["new"]
    assert served.next("else amy", f"&have={row}")["id"] != row
    assert served.post("/api/answer", id=row, label="bug", annotator="else amy")["new"]
    assert served.get("/api/status")["answers"] == before + 2


def test_flags_and_disputes_wait_for_whoever_decides(served):
    before = served.get("/api/status")["labelled"]
    row, flagged = served.next("decide amy")["id"], served.next("decide bob")["id"]
    served.post("/api/answer", id=row, label="bug", annotator="decide amy")
    served.post("/api/answer", id=row, label="billing", annotator="decide bob")
    served.post("/api/answer", id=flagged, label="bug", annotator="decide bob", note="odd <one>", flag=True, key="k")
    served.post("/api/answer", id=flagged, label="bug", annotator="decide bob", note="odd <one>", flag=True, key="k")
    found = served.get("/api/decide")
    assert (found["waiting"], [(one["id"], one["why"]) for one in found["rows"]]) == (
        2, [(row, ["disputed"]), (flagged, ["flagged"])],
    )  # fmt: skip
    assert found["rows"][1]["notes"] == [{"annotator": "decide bob", "note": "odd <one>"}]
    assert [one["label"] for one in found["rows"][0]["answers"]] == ["bug", "billing"]
    served.post("/api/review", id=row, label="billing", annotator="decide eve")
    served.post("/api/review", id=flagged, label="none of these", annotator="decide eve")
    assert served.get("/api/decide?count=1")["waiting"] == 0
    assert served.get("/api/status")["labelled"] == before + 1
    assert sorted(kinds_of(served.folder, row, flagged)) == ["flag", "label", "label", "label", "review", "review"]


def test_a_server_that_is_killed_loses_and_doubles_nothing(folder):
    said, rows, root, open_row = [], set(), "", ""
    for turn in range(2):
        with Server(folder) as server:
            if turn:
                assert server.root == root  # waiting answers find it where it was
                server.post("/api/answer", **said[-1])
                assert server.next("amy", f"&have={open_row}")["id"] == open_row
            root = server.root
            for number in range(2):
                row = server.next("amy")["id"]
                assert row not in rows
                rows.add(row)
                said.append({"id": row, "label": truth(row), "annotator": "amy", "key": f"{turn}-{number}"})
                server.post("/api/answer", **said[-1])
            server.next("bob")
            open_row = server.next("amy")["id"]
            assert server.end(signal.SIGKILL)[0] == -signal.SIGKILL
    assert said_of(folder) == [(one["id"], "amy", one["label"]) for one in said]


def test_many_people_at_once_lose_and_double_nothing(tmp_path):
    folder = write_loop(tmp_path, rows=60, overlap=0.2, budget=10_000, pool=400)
    told, failed = [], []

    def work(server, name):
        try:
            for number in range(15):
                found = server.next(name, others=True)
                answer = {"id": found["id"], "label": truth(found["id"]), "annotator": name}
                server.post("/api/answer", **answer, key=f"{name}-{number}")
                told.append((found["id"], name, answer["label"]))
        except Exception as error:  # said in the thread that asserts
            failed.append(error)

    with Server(folder) as server:
        threads = [threading.Thread(target=work, args=(server, f"p{number}")) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed
        assert server.get("/api/status")["answers"] == 90
    assert sorted(said_of(folder)) == sorted(told)
    assert max(collections.Counter(row for row, _, _ in told).values()) <= 2


def test_a_second_server_says_where_the_first_one_is(folder):
    with Server(folder) as server:
        done = subprocess.run(
            [sys.executable, "-m", "shortlist", "loop", "serve", "--dir", folder, "--no-open"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 1
        assert f"the page of this loop is served already, at {server.address}; open that" in done.stderr
        assert server.next("amy")["id"]
    with Server(folder) as again:
        assert again.root == server.root
        assert again.end(signal.SIGTERM)[0] in (0, -signal.SIGTERM)


# What is refused


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"{", 400, "what was sent is not JSON"),
        (b"[1]", 400, r"what was sent is \[1\]; accepted is an object"),
        (b"\xff\xfe", 400, "what was sent is not JSON"),
        ({"label": "bug", "annotator": "refused"}, 400, "id is missing"),
        ({"id": True, "label": "bug", "annotator": "refused"}, 400, "id is missing"),
        ({"id": "T-9999", "label": "bug", "annotator": "refused"}, 404, "row 'T-9999' was never picked"),
        ({"id": "ROW", "annotator": "refused"}, 400, "there is no label; accepted are a class, and skip = true"),
        ({"id": "ROW", "label": "bug", "skip": True, "annotator": "refused"}, 400, "accepted is one of the two"),
        ({"id": "ROW", "label": "bgu", "annotator": "refused"}, 400, "did you mean 'bug'"),
        ({"id": "ROW", "label": 3, "annotator": "refused"}, 400, "label is 3; accepted is a class as text"),
        ({"id": "ROW", "skip": "yes", "annotator": "refused"}, 400, 'skip is "yes"; accepted are true and false'),
        ({"id": "ROW", "label": "bug"}, 400, "annotator is missing"),
        ({"id": "ROW", "label": "bug", "annotator": "x" * 101}, 400, "accepted is a name of 1 to 100"),
        ({"id": "ROW", "label": "bug", "annotator": "a\u202eb"}, 400, "accepted is a name of 1 to 100"),
        ({"id": "ROW", "label": "bug", "annotator": "\ud800"}, 400, "accepted is a name of 1 to 100"),
        ({"id": "ROW", "label": "bug", "annotator": "refused", "round": "1"}, 400, 'round is "1"'),
        ({"id": "ROW", "label": "bug", "annotator": "refused", "waited": "x"}, 400, 'waited is "x"; accepted are seconds'),
        ({"id": "ROW", "label": "bug", "annotator": "refused", "note": "x" * 5000}, 400, "note is .* at most 4,000"),
        ({"id": "ROW", "label": "bug", "annotator": "refused", "note": "x" * 100_000}, 413, "more than 65,536 bytes"),
    ],
)  # fmt: skip
def test_a_bad_answer_is_refused_in_one_sentence(served, body, status, sentence):
    if isinstance(body, dict) and body.get("id") == "ROW":
        body = {**body, "id": served.next("somebody")["id"]}
    found = served.ask("/api/answer", body)
    assert found[0] == status
    assert list(found[1]) == ["error"]
    assert re.search(sentence, found[1]["error"])
    assert not [event for event in events_of(served.folder) if event.annotator == "refused"]


@pytest.mark.parametrize(
    ("path", "method", "body", "headers", "status"),
    [
        ("/api/next", "GET", None, {}, 400),
        ("/api/next?annotator=amy&ahead=-1", "GET", None, {}, 400),
        ("/api/next?annotator=amy", "POST", {}, {}, 404),
        ("/api/row?annotator=amy&id=T-9999", "GET", None, {}, 404),
        ("/../../etc/passwd", "GET", None, {}, 404),
        ("/static/..%2f..%2fserving.py", "GET", None, {}, 404),
        ("/image?id=../../etc/passwd&name=body", "GET", None, {}, 404),
        ("/api/status", "GET", None, {"host": "evil.example:80"}, 403),
        ("/api/status", "GET", None, {"origin": "https://evil.example"}, 403),
        ("/api/status", "GET", None, {"origin": "null"}, 403),
        ("/api/status", "GET", None, {"sec-fetch-site": "cross-site"}, 403),
        ("/api/answer", "POST", {}, {"origin": "http://127.0.0.1:1"}, 403),
        ("/api/answer", "POST", b"id=1&label=bug", {"content-type": "application/x-www-form-urlencoded"}, 415),
        ("/api/answer", "POST", b'{"id": "1"}', {"content-type": "text/plain"}, 415),
    ],
)
def test_what_may_not_come_in_is_refused_as_json(served, path, method, body, headers, status):
    found = served.ask(path, body, headers=headers, method=method)
    assert found[0] == status, found[1]
    assert found[1]["error"]
    assert "\n" not in found[1]["error"]


def test_the_page_brings_nothing_from_elsewhere(served):
    for path, kind in (("/", "text/html"), ("/page.css", "text/css"), ("/page.js", "text/javascript")):
        status, content, headers = served.ask(path)
        assert status == 200
        assert headers["content-type"].startswith(kind)
        policy = headers["content-security-policy"]
        assert policy.startswith(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https://pictures.example;"
        )
        assert "unsafe" not in policy
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
        assert b"http://" not in content.replace(b"https?:", b"")
        assert b"https://" not in content


def test_with_a_token_nothing_is_told_without_it(folder):
    with Server(folder, "--token", TOKEN) as server:
        assert server.address.endswith(f"/?token={TOKEN}")
        for path in ("/", "/page.js", "/api/status", "/api/next?annotator=amy"):
            for headers in ({}, {"authorization": "Bearer wrong-token"}, {"cookie": "shortlist=x"}):
                assert server.ask(path, headers=headers)[0] == 401
            assert server.ask(f"{path}{'&' if '?' in path else '?'}token=wrong")[0] == 401
        status, _, headers = server.ask(f"/?token={TOKEN}")
        assert status == 200
        cookie = headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert server.ask("/api/status", headers={"cookie": cookie.partition(";")[0]})[0] == 200
        assert server.ask("/api/status", headers={"authorization": f"Bearer {TOKEN}"})[0] == 200


def test_on_the_network_a_token_is_made_and_said_what_it_means(folder):
    with Server(folder, "--host", "0.0.0.0") as server:
        assert "?token=" in server.address
        token = server.address.partition("?token=")[2]
        port = server.root.rpartition(":")[2]
        server.root = f"http://127.0.0.1:{port}"
        assert server.ask("/api/status")[0] == 401
        assert server.ask("/api/status", headers={"authorization": f"Bearer {token}"})[0] == 200
        _, _, error = server.end()
        assert "anyone on the network who has this link can read the rows" in error
    kept = folder / "page.json"
    assert os.stat(kept).st_mode & 0o777 == 0o600
    with Server(folder, "--host", "0.0.0.0") as server:
        assert server.address.endswith(token)  # the link of before still opens the page


# What is shown


def test_pictures_come_from_the_folder_that_the_specification_names(served):
    row, place = served.next("picture")["id"], served.folder.parent
    (place / "secret.png").write_bytes(b"secret")
    path = f"/image?id={row}&name=photo"
    assert served.ask(path)[0] == 404
    picture = place / "pictures" / f"{row}.png"
    picture.write_bytes(b"\x89PNG")
    status, content, headers = served.ask(path)
    assert (status, content, headers["content-type"]) == (200, b"\x89PNG", "image/png")
    picture.unlink()
    picture.symlink_to(place / "secret.png")
    assert served.ask(path)[0] == 404  # it leads out of the folder
    assert served.ask(f"/image?id={row}&name=body")[0] == 404
    assert served.ask(f"/image?id={row}&name=far")[0] == 404


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--host", "nowhere.invalid"], "host is 'nowhere.invalid', which is no address"),
        (["--token", "short"], "token is 5 characters; accepted are 8 to 200 letters"),
        (["--token", "with a blank; and more"], "accepted are 8 to 200 letters"),
        (["--dir", "nowhere"], "there is no folder nowhere"),
    ],
)
def test_what_can_not_be_served_is_said_in_one_line(folder, words, sentence):
    from click.testing import CliRunner

    from shortlist.cli.loop import loop_command

    done = CliRunner().invoke(loop_command, ["serve", "--dir", str(folder), "--no-open", *words])
    assert done.exit_code == 1
    assert done.stderr.startswith("shortlist: error: ")
    assert done.stderr.count("\n") == 1
    assert sentence in done.stderr
    # It may be served right after, as nothing was begun.
    assert not (folder / "page.json").exists()
