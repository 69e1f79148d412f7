"""A page served by the real command in a process of its own, and what scripts and people do with it."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

WORDS = {"billing": ["pay", "bill", "money"], "bug": ["crash", "error", "screen"]}
SPEC = """
loop = 1
name = "tickets"
classes = ["billing", "bug", "<b>how-to</b>"]
[help]
bug = "something is <i>broken</i>"
[pool]
path = "tickets.csv"
id = "ticket"
text = "body"
[seed]
rows = ROWS
[round]
rows = ROWS
mix = { explore = 0.1, validation = 0.2 }
[validation]
share = 0.2
[labels]
overlap = OVERLAP
[retrain]
when = "growth:0.25"
[stop]
when = "budget:BUDGET"
"""


def truth(row):
    return "bug" if int(row.removeprefix("T-")) % 3 else "billing"


def text_of(row):
    words = WORDS[truth(row)]
    number = int(row.removeprefix("T-"))
    return f"{words[number % 3]} {words[number // 3 % 3]} number {number}"


def write_loop(folder, *, pool=200, rows=8, budget=1000, overlap=0.0, texts=None, more=""):
    """Write a pool and begin its loop; `texts` are other texts by row, `more` goes to the end of the specification."""
    import shortlist as sl

    with (folder / "tickets.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["ticket", "body"])
        for number in range(pool):
            row = f"T-{number}"
            out.writerow([row, (texts or {}).get(row, text_of(row))])
    spec = SPEC.replace("ROWS", str(rows)).replace("OVERLAP", str(overlap)).replace("BUDGET", str(budget))
    (folder / "tickets.toml").write_text(spec + more, encoding="utf-8")
    sl.Loop.init(folder / "tickets.toml", folder / "loop").close()
    return folder / "loop"


class Server:
    """``shortlist loop serve`` in a process."""

    def __init__(self, folder, *words, environment=None):
        self.folder, self.words, self.environment = folder, words, environment or {}
        self.process = None

    def start(self):
        command = [
            sys.executable,
            "-m",
            "shortlist",
            "loop",
            "serve",
            "--dir",
            str(self.folder),
            "--no-open",
            *self.words,
        ]
        environment = {**os.environ, **self.environment}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        self.line = self.process.stdout.readline()
        found = re.search(r"http://\S+", self.line)
        assert found, self.process.communicate()
        self.address = found[0]
        self.root = self.address.partition("?")[0].rstrip("/")
        return self

    def end(self, how=signal.SIGINT):
        self.process.send_signal(how)
        out, error = self.process.communicate(timeout=30)
        return self.process.returncode, out, error

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def ask(self, path, body=None, *, headers=None, method=None):
        """Return the status, what came as JSON where it is, and the headers."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"content-type": "application/json"} if data is not None else {}
        request = urllib.request.Request(self.root + path, data, {**sent, **(headers or {})}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, content, kind = answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                status, content, kind = error.code, error.read(), error.headers
        if kind.get("content-type", "").startswith("application/json"):
            content = json.loads(content)
        return status, content, kind

    def get(self, path):
        status, found, _ = self.ask(path)
        assert status == 200, found
        return found

    def post(self, path, **body):
        status, found, _ = self.ask(path, body)
        assert status == 200, found
        return found

    def next(self, annotator, more="", *, others=False):
        """Return the next row, once there is one or none will come; `others` waits for those of other people too."""
        until = time.monotonic() + 60
        passing = ("making", "others") if others else ("making",)
        while True:
            found = self.get(f"/api/next?annotator={urllib.parse.quote(annotator)}{more}")
            if found["id"] is not None or found["state"] not in passing or time.monotonic() > until:
                return found
            time.sleep(0.1)

    def label(self, annotator, times):
        """Answer so many rows as a script does; return their ids."""
        rows = []
        for _ in range(times):
            found = self.next(annotator)
            rows.append(found["id"])
            self.post("/api/answer", id=found["id"], label=truth(found["id"]), annotator=annotator)
        return rows


def events_of(folder):
    """Return what the log of a loop holds."""
    from shortlist.loop.store import Store

    with Store.open(folder) as store:
        return list(store.events())
