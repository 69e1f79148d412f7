"""THE list of targets: each takes bytes, and must return or raise one sentence."""

from __future__ import annotations

import asyncio
import atexit
import functools
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shortlist as sl
from shortlist.csv_file import CsvFile
from shortlist.loop.pool import open_pool
from shortlist.loop.spec.reading import read_spec
from shortlist.stopping.levels import read_levels
from shortlist.stopping.naming import rule_of

if TYPE_CHECKING:
    from collections.abc import Callable

FINE = (ValueError, TypeError, OSError, MemoryError)


def complaint(target: Callable[[bytes], object], data: bytes) -> tuple[str, str | None]:
    """Return what came of an input in short, and what is wrong with that: None where nothing is."""
    try:
        found = target(data)
    except BaseException as error:
        place = _place(error)
        short = f"{type(error).__name__} at {place}"
        if isinstance(error, KeyboardInterrupt):
            raise
        ours = type(error).__module__ == "builtins" or type(error).__module__.startswith("shortlist.")
        said = str(error)
        if not isinstance(error, FINE) or isinstance(error, UnicodeError) or not ours:
            return short, f"{type(error).__name__}: {said[:200]!r} at {place}"
        if not said or said.startswith("[Errno") or len(said) > 5_000:
            return short, f"no sentence: {said[:200]!r} at {place}"
        return short, None
    return f"fine {found}" if isinstance(found, int) else "fine", None


def _place(error: BaseException) -> str:
    """Return the last line of the package that an error came through."""
    place, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "shortlist" in file:
            place = f"{Path(file).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


@functools.cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="fuzz-"))


def _file(name: str, data: bytes) -> Path:
    path = _folder() / name
    path.write_bytes(data)
    return path


def _matrix(name: str) -> Callable[[bytes], object]:
    """Return a target that picks from a file of probabilities."""

    def picks(data: bytes) -> object:
        return sl.select(str(_file(name, data)), "margin", 3, n_threads=1)

    return picks


def _labels(name: str, form: str | None = None) -> Callable[[bytes], object]:
    """Return a target that reads labels."""

    def reads(data: bytes) -> object:
        return list(sl.labels.read(_file(name, data), form))

    return reads


def csv_table(data: bytes) -> object:
    """Read a CSV file as `--data` does."""
    with CsvFile(_file("table.csv", data), ["id"]) as table:
        return [table.head, sum(1 for _ in table.rows())]


def spec(data: bytes) -> object:
    """Read a specification."""
    return read_spec(_file("spec.toml", data))


SPEC = """
loop = 1
name = "x"
classes = ["a", "b"]
[pool]
path = "{name}"
id = "id"
text = "body"
[round]
rows = 2
[retrain]
when = "growth:0.25"
[stop]
when = "budget:10"
"""


def _pool(name: str) -> Callable[[bytes], object]:
    """Return a target that reads the pool of a loop."""

    def reads(data: bytes) -> object:
        _file(name, data)
        found = open_pool(read_spec(_file(f"{name}.toml", SPEC.format(name=name).encode())))
        return found.show(range(min(3, found.rows)))

    return reads


def rules(data: bytes) -> object:
    """Read the grammar of stopping and of triggers."""
    text = data.decode("utf-8", "surrogateescape")
    if text[:1] == "!":
        return read_levels(text[1:], "trigger", "[retrain] when", {})
    return rule_of(text)


@functools.cache
def _page() -> tuple[Any, Any]:
    """Return a page's application behind its guard, and the event loop that it works in."""
    from shortlist.loop.page.app import application
    from shortlist.loop.page.guard import Guard
    from shortlist.loop.page.serving import Office

    folder = _folder() / "page"
    folder.mkdir()
    rows = [{"id": f"r{n}", "body": f"text {n}"} for n in range(20)]
    (folder / "pool.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "x.toml").write_text(SPEC.format(name="pool.jsonl"))
    with sl.Loop.init(folder / "x.toml", folder / "loop") as loop:
        loop.next()
    office = Office(folder / "loop", "none", models=False, suggested="")
    runner = asyncio.new_event_loop()
    runner.run_until_complete(office.desk.open())
    atexit.register(lambda: runner.run_until_complete(office.desk.close()))
    guard = Guard(application(office), hosts=None, token="secret-token", cookie="c", pictures=office.pictures)
    return guard, runner


def page(data: bytes) -> object:
    """Ask the page: a line with method and path, lines of headers, an empty one, and a body."""
    guard, runner = _page()
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    method, _, address = first.partition(b" ")
    path, _, query = address.partition(b"?")
    headers = [tuple(line.partition(b":")[::2]) for line in lines] + [(b"authorization", b"Bearer secret-token")]
    scope = {
        "type": "http", "method": method.decode("latin-1"), "path": path.decode("utf-8", "replace"), "raw_path": path,
        "query_string": query, "headers": [(name.strip().lower(), value.strip()) for name, value in headers],
        "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 9), "root_path": "",
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    runner.run_until_complete(asyncio.wait_for(guard(scope, receive, send), 20))
    status = sent[0]["status"]
    if status >= 500:
        raise AssertionError(f"status {status}: {b''.join(m.get('body', b'') for m in sent)[:200]!r}")
    if status >= 400 and b'"error"' not in sent[1]["body"] and b"<title>" not in sent[1]["body"]:
        raise AssertionError(f"status {status} without a sentence")
    return status


TARGETS: dict[str, Callable[[bytes], object]] = {
    "npy": _matrix("p.npy"),
    "npz": _matrix("p.npz"),
    "parquet": _matrix("p.parquet"),
    "arrow": _matrix("p.arrow"),
    "hdf5": _matrix("p.h5"),
    "csv-table": csv_table,
    "labels-csv": _labels("labels.csv"),
    "labels-jsonl": _labels("labels.jsonl"),
    "labels-json": _labels("labels.json"),
    "labels-parquet": _labels("labels.parquet"),
    "label-studio": _labels("export.json", "label-studio"),
    "prodigy": _labels("export.jsonl", "prodigy"),
    "argilla": _labels("records.json", "argilla"),
    "doccano": _labels("doccano.jsonl", "doccano"),
    "pool-csv": _pool("pool.csv"),
    "pool-jsonl": _pool("pool.jsonl"),
    "spec": spec,
    "rules": rules,
    "page": page,
}
