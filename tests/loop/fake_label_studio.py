"""A Label Studio for tests: real HTTP over loopback, answers filled into those that were recorded, and faults on demand."""

import copy
import datetime
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

RECORDED = Path(__file__).parent / "label_studio_recorded"
LEGACY = "0123456789012345678901234567890123456789"
PERSONAL = "aaaa.bbbb.cccc"


def recorded(name):
    """Return status and body of an answer that was recorded."""
    found = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    return found["status"], found["body"]


def now():
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class FakeLabelStudio:
    """The server. `faults` are (method, beginning of a path, kind), each used up by one request.

    Kinds: a status, "html", "hang", "before" and "after" (the connection breaks before or after it is done), "late" (it breaks,
    and is done a moment later).
    """

    def __init__(self):
        self.projects, self.tasks, self.annotations = {}, {}, {}
        self.faults, self.log, self.hosts = [], [], []
        self.access, self.revoked, self.refreshed = set(), False, 0
        self.lock = threading.RLock()
        self.next = iter(range(1, 1_000_000))
        studio = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def handle_any(self):
                studio.answer(self)

            do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler):
        path = urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        body = json.loads(body) if body else None
        with self.lock:
            self.log.append((handler.command, handler.path))
            fault = next((f for f in self.faults if f[0] == handler.command and handler.path.startswith(f[1])), None)
            if fault:
                self.faults.remove(fault)
        kind = fault and fault[2]
        if kind in ("before", "late", "hang"):
            if kind == "hang":
                time.sleep(fault[3])
            if kind == "late":
                threading.Timer(fault[3], lambda: self.route(handler, path, body)).start()
            handler.close_connection = True
            return
        if isinstance(kind, int):
            headers = {"Retry-After": "0"} if kind == 429 else {}
            headers |= {"Location": "http://elsewhere.example/"} if kind == 302 else {}
            self.send(handler, kind, {"detail": "a fault of the test", "status_code": kind}, headers)
            return
        if kind == "html":
            self.send(handler, 200, "<!doctype html><title>Sign in</title>")
            return
        status, said = self.route(handler, path, body)
        if kind == "after":
            handler.close_connection = True
            return
        self.send(handler, status, said)

    @staticmethod
    def send(handler, status, said, headers=None):
        data = b"" if said is None else said.encode() if isinstance(said, str) else json.dumps(said).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "text/html" if isinstance(said, str) else "application/json")
        handler.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    def route(self, handler, url, body):
        with self.lock:
            if url.path == "/api/token/refresh/":
                return self.refresh(body)
            given = handler.headers.get("Authorization", "")
            if given.startswith("Bearer"):
                if given.removeprefix("Bearer ") not in self.access:
                    return recorded("bearer_wrong")
            elif given != f"Token {LEGACY}":
                return recorded("token_wrong")
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            parts = url.path.strip("/").split("/")[1:]
            who = int(handler.headers.get("X-Test-User") or 1)
            match handler.command, parts:
                case "GET", ["projects"]:
                    return self.listed(query)
                case "POST", ["projects"]:
                    own = next(self.next)
                    self.projects[own] = {**recorded("project")[1], "id": own, **body}
                    return 201, self.projects[own]
                case "GET", ["projects", own] if int(own) in self.projects:
                    return 200, self.projects[int(own)]
                case "PATCH", ["projects", own] if int(own) in self.projects:
                    self.projects[int(own)] |= body
                    return 200, self.projects[int(own)]
                case "POST", ["projects", own, "import"] if int(own) in self.projects:
                    return self.imported(int(own), body)
                case "GET", ["tasks"]:
                    return self.page(query)
                case "PATCH", ["tasks", own] if int(own) in self.tasks:
                    self.tasks[int(own)] |= {**body, "updated_at": now()}
                    return 200, self.tasks[int(own)]
                case "POST", ["tasks", own, "annotations"] if int(own) in self.tasks:
                    return self.annotated(int(own), body, who)
                case "PATCH", ["annotations", own] if int(own) in self.annotations:
                    one = self.annotations[int(own)]
                    one |= {**body, "updated_at": now()}
                    self.touch(one["task"])
                    return 200, one
                case "GET", ["annotations", own] if int(own) in self.annotations:
                    return 200, self.annotations[int(own)]
                case "DELETE", ["annotations", own] if int(own) in self.annotations:
                    self.touch(self.annotations.pop(int(own))["task"])
                    return 204, None
                case "POST", ["dm", "actions"]:
                    for task in body["selectedItems"]["included"]:
                        self.tasks.pop(task, None)
                    return 200, {**recorded("delete")[1], "processed_items": len(body["selectedItems"]["included"])}
                case "GET", ["users"]:
                    (user,) = recorded("users")[1]
                    return 200, [user, {**user, "id": 2, "email": "raj@example.com"}]
            return recorded("no_project")

    def refresh(self, body):
        if self.revoked:
            return recorded("refresh_revoked")
        if body["refresh"] != PERSONAL:
            return recorded("refresh_wrong")
        self.refreshed += 1
        access = f"x.{self.refreshed}.y"
        self.access.add(access)
        return 200, {"access": access}

    def listed(self, query):
        found = [one for one in self.projects.values() if query.get("title", "").lower() in one["title"].lower()]
        return 200, {"count": len(found), "next": None, "previous": None, "results": found}

    def imported(self, project, body):
        # As the real one: for a text that is nothing or a table all of it is refused.
        if any(not isinstance(task["data"].get("body"), str | int | float | list) for task in body):
            return recorded("import_refused")
        ids = []
        for task in body:
            own = next(self.next)
            base = copy.deepcopy(recorded("tasks")[1]["tasks"][0])
            base |= {"id": own, "data": task["data"], "project": project, "overlap": 1, "created_at": now()}
            base |= {"updated_at": now(), "predictions": task.get("predictions", []), "annotations": []}
            self.tasks[own] = base
            ids.append(own)
        return 201, {**recorded("import")[1], "task_count": len(body), "task_ids": ids}

    def annotated(self, task, body, who):
        own = next(self.next)
        one = {**recorded("annotation")[1], "lead_time": None, **body, "id": own, "task": task, "completed_by": who}
        one |= {"created_at": now(), "updated_at": now()}
        self.annotations[own] = one
        self.touch(task)
        return 201, one

    def touch(self, task):
        self.tasks[task]["updated_at"] = now()

    def page(self, query):
        found = [self.shown(task) for task in self.tasks.values() if task["project"] == int(query["project"])]
        for item in json.loads(query.get("query", '{"filters": {"items": []}}'))["filters"]["items"]:
            name, value = item["filter"].removeprefix("filter:tasks:"), item["value"]
            if item["operator"] == "greater":
                try:
                    datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ")
                except ValueError:
                    return recorded("time_refused")
            found = [task for task in found if self.holds(task, name, item["operator"], value)]
        number, size = int(query["page"]), int(query["page_size"])
        part = found[(number - 1) * size : number * size]
        if number > 1 and not part:
            return recorded("page_past_the_end")
        if query.get("fields") != "all":
            part = [{k: v for k, v in task.items() if k not in ("annotations", "predictions")} for task in part]
        return 200, {**recorded("tasks")[1], "total": len(found), "tasks": part}

    @staticmethod
    def holds(task, name, operator, value):
        has = task["data"].get(name.removeprefix("data.")) if name.startswith("data.") else task.get(name)
        if has is None or type(has) is not type(value):
            return False
        return has > value if operator == "greater" else has == value

    def shown(self, task):
        mine = [one for one in self.annotations.values() if one["task"] == task["id"]]
        skips = sum(bool(one["was_cancelled"]) for one in mine)
        drafts = task.get("drafts", [])
        return {
            **task, "annotations": mine, "total_annotations": len(mine) - skips, "cancelled_annotations": skips,
            "drafts": drafts,
        }  # fmt: skip
