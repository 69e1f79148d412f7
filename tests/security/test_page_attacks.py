"""Attacks on the page: from other sites, from the network, and by those who may label."""

import json
import socket
import sys
from pathlib import Path

import pytest

pytest.importorskip("uvicorn")
sys.path.insert(0, str(Path(__file__).parents[1] / "page"))
from page_server import Server, write_loop

TOKEN = "a-token-that-nobody-sees"
HOSTILE = "<img src=x onerror=alert(1)><script>alert(1)</script>"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attacked")
    loop = write_loop(folder, texts={f"T-{n}": f"{HOSTILE} {n}" for n in range(200)})
    with Server(loop, environment={"SHORTLIST_PAGE_TOKEN": TOKEN}) as server:
        yield server


def ask(served, *words, **named):
    return served.ask(*words, headers={"authorization": f"Bearer {TOKEN}", **named.pop("headers", {})}, **named)


def port_of(served):
    return int(served.root.rpartition(":")[2])


def raw(served, data):
    """Send bytes as they are; return what comes back until the server closes or waits."""
    with socket.create_connection(("127.0.0.1", port_of(served)), timeout=5) as connection:
        got = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                got += part
        except OSError:
            pass
        return got


def test_the_token_is_in_no_process_list_status_report_or_error(served, command):
    asked = (["status"], ["status", "--json"], ["next"], ["report", "--out", served.folder / "report.html"])
    told = [command("loop", *words, "--dir", served.folder).output for words in asked]
    assert "/?" not in told[2]
    told.append(command("loop", "serve", "--no-open", "--dir", served.folder, code=1).output)
    assert "served already" in told[-1]
    told.append((served.folder / "report.html").read_text())
    told.append(json.dumps(ask(served, "/api/status")[1]))
    told.append(str(served.ask(f"/api/nope?token={TOKEN}")[1]))
    told.append(str(served.ask(f"/api/next?token={TOKEN}x")[1]))
    told += [path.read_bytes().decode("latin-1") for path in served.folder.rglob("*.db*")]
    if Path("/proc/self/cmdline").exists():
        process = served.process.pid
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        told += [Path(f"/proc/{each}/cmdline").read_text() for each in (process, *children)]
    assert len(told) > 8
    for text in told:
        assert TOKEN not in text, text[:300]
    assert (served.folder / "page.json").stat().st_mode & 0o077 == 0


def test_another_site_can_neither_read_nor_write(served):
    body = {"id": "T-1", "label": "bug", "annotator": "eve"}
    for headers, status in (
        ({"origin": "https://evil.example"}, 403),
        ({"origin": f"http://127.0.0.1.evil.example:{port_of(served)}"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"host": "evil.example"}, 403),  # a name that was made to point here
        ({"content-type": "text/plain"}, 415),  # what a form may send
        ({"content-type": "multipart/form-data; boundary=x"}, 415),
    ):
        assert ask(served, "/api/answer", body, headers=headers)[0] == status, headers
    status, _, headers = served.ask(f"/?token={TOKEN}", headers={"sec-fetch-site": "cross-site"})
    assert status == 200
    assert "SameSite=Strict; " in headers["set-cookie"] + "; "
    assert "HttpOnly" in headers["set-cookie"]
    assert "access-control-allow-origin" not in headers


def test_text_of_a_row_is_never_html(served):
    status, row, headers = ask(served, "/api/next?annotator=amy")
    assert status == 200
    assert HOSTILE in row["show"]["body"]
    assert headers["content-type"].startswith("application/json")
    assert headers["x-content-type-options"] == "nosniff"
    _, script, _ = ask(served, "/page.js")
    page = Path(__file__).parents[2] / "python/shortlist/loop/page/static/page.html"
    for way in (
        b"innerHTML",
        b"outerHTML",
        b"insertAdjacentHTML",
        b"document.write",
        b"eval(",
        b"new Function",
        b"srcdoc",
    ):
        assert way not in script
    assert "onclick=" not in page.read_text()
    assert "javascript:" not in page.read_text()
    for said in (HOSTILE, "\x1b[2J", "a\nb", "\u202e"):
        status, found, _ = ask(served, "/api/answer", {"id": row["id"], "label": said, "annotator": "amy"})
        assert status == 400
        assert "\n" not in found["error"]


@pytest.mark.parametrize(
    "path", ["/..%2f..%2fetc%2fpasswd", "/page.js/../../serving.py", "//etc/passwd", "/%2e%2e/page.json", "/page.json"]
)
def test_no_file_but_the_page_s_own_is_given(served, path):
    assert ask(served, path)[0] == 404


def test_pictures_come_from_their_folder_alone(tmp_path):
    from shortlist.loop.page.showing import Field, picture_of

    class Spec:
        def at(self, path):
            return tmp_path / path

    (tmp_path / "pictures").mkdir()
    (tmp_path / "secret.png").write_bytes(b"x")
    (tmp_path / "pictures/fine.png").write_bytes(b"x")
    (tmp_path / "pictures/link.png").symlink_to(tmp_path / "secret.png")
    field = Field("image", tmp_path / "pictures")
    assert picture_of("pictures/fine.png", Spec(), field) is not None
    for value in (
        "pictures/../secret.png", "pictures/%2e%2e/secret.png", "pictures/link.png", str(tmp_path / "secret.png"),
        "file:///etc/passwd", "pictures/fine.png\0.txt", "/etc/passwd", "pictures",
    ):  # fmt: skip
        assert picture_of(value, Spec(), field) is None, value


BOMBS = {
    "a header": b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * (1 << 20) + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 100_000 + b"\r\n",
    "an address": b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "no HTTP": bytes(range(256)) * 100,
    "two lengths": b"POST /api/answer HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a length and parts": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a huge part": b"POST /api/answer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\nx",
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS)
def test_bombs_of_http_end_with_their_connection(served, data):
    got = raw(served, data)
    assert not got.startswith(b"HTTP/1.1 2")
    assert b"Traceback" not in got
    assert ask(served, "/api/about")[0] == 200


def test_bodies_are_bounded_and_never_end_in_a_failure(served):
    json_type = {"content-type": "application/json"}
    for body in (
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b"9" * 60_000,
        b'{"id": 1e999}',
        b"\xff" * 100,
        b'{"annotator": ' + b"[" * 30_000,
    ):
        for path, expected in (("/api/answer", 400), ("/api/undo", 400), ("/api/review", 400), ("/api/leave", 204)):
            assert ask(served, path, body, headers=json_type)[0] == expected, (path, body[:20])
    assert ask(served, "/api/answer", b'"' + b"a" * 70_000 + b'"', headers=json_type)[0] == 413


def test_label_studio_s_token_goes_nowhere_else(monkeypatch):
    import http.server
    import threading

    from shortlist.loop.errors import LoopError
    from shortlist.loop.handoff.label_studio import http as client

    seen = []

    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, self.headers.get("authorization")))
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{server.server_port}/elsewhere")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(client, "WAITS", ())
    try:
        for url in (f"http://127.0.0.1:{server.server_port}", "http://127.0.0.1:1"):
            with pytest.raises(LoopError) as raised:
                client.Client(url, TOKEN).get("/api/projects")
            assert TOKEN not in str(raised.value)
            assert raised.value.__cause__ is None
    finally:
        server.shutdown()
        server.server_close()
    assert [path for path, _ in seen] == ["/api/projects"]
    for url in (
        "file:///etc/passwd",
        "ftp://x",
        "http://user:password@x",
        "gopher://x",
        "http://x/?a=b",
        "http://x\r\nHost: y",
    ):
        with pytest.raises(LoopError):
            client.Client(url, TOKEN)
