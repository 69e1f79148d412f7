"""Every call behind the page fails once, and is where it is killed once: ``python -m attacks.page_answers``.

People answer by way of the page's application. An answer that got status 200 must be in the log, once; a refusal is one
sentence and no failure; and the same answers sent again, as a browser does, leave each of them there once.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import shortlist as sl
from attacks.faults import CALLS, FAULTS, Tally
from attacks.ran import HALF, KILL, Ran, begin_again_watched, import_all
from attacks.report import ended, table
from shortlist.loop.page.app import application
from shortlist.loop.page.serving import Office
from shortlist.loop.store import Store
from shortlist.loop.store.database import PATIENCE

SPEC = """
loop = 1
name = "x"
classes = ["a", "b"]
[pool]
path = "pool.jsonl"
id = "id"
text = "body"
[seed]
how = "random"
rows = 8
[retrain]
when = "growth:0.25"
[stop]
when = "budget:100"
"""
ANSWERS = 6


def main() -> int:
    """Run all, print the table, and return 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only each so many-th fault")
    given = parser.parse_args()
    begin_again_watched("attacks.page_answers")
    import_all()
    tallies = {kind: Tally() for kind in CALLS}
    kills = acknowledged = 0
    with tempfile.TemporaryDirectory(prefix="page-") as place:
        folder, said = Path(place).resolve(), Path(place) / "said.txt"
        rows = [json.dumps({"id": f"r{n}", "body": f"text {n}"}) + "\n" for n in range(20)]
        (folder / "pool.jsonl").write_text("".join(rows))
        (folder / "x.toml").write_text(SPEC)
        loop, kept = folder / "loop", folder / "kept"
        with sl.Loop.init(folder / "x.toml", loop) as begun:
            ids = begun.next().ids[:ANSWERS]
        shutil.copytree(loop, kept)

        def people() -> None:
            asyncio.run(_answered(loop, ids))

        first = Ran(people, said, loop)
        if first.wait() or len(_taken(first)) != ANSWERS:
            raise AssertionError(first.said)
        for kind in first.kinds:
            tallies[kind].calls += 1
        faults = [(at, kind, what) for at, kind in enumerate(first.kinds, 1) for what in (*FAULTS[kind], KILL)]
        for at, kind, what in faults[:: given.every]:
            _restore(kept, loop)
            ran = Ran(people, said, loop, at, what)
            ran.wait()
            tally, taken = tallies[kind], _taken(ran)
            kills += ran.code == -9
            acknowledged += len(taken)
            tally.faults += 1
            tally.borne += len(taken) == ANSWERS
            tally.told += ran.code == 0 and len(taken) < ANSWERS
            call = {KILL: "a kill", HALF: "half of it"}.get(what) or errno.errorcode[what]
            wrong = [] if ran.code in (0, 1, -9) else [f"it ended with {ran.code}: {ran.said[-300:]}"]
            wrong += [
                f"a failure: {line}"
                for line in ran.said.splitlines()
                if line.startswith("5") and "sentence" not in line
            ]
            if ran.code == 1 and ("Traceback" in ran.said or not ran.said.strip()):
                wrong.append(f"no sentence: {ran.said[-500:]!r}")
            wrong += [f"lost: {row}" for row in taken if _kept(loop).count(row) != 1]
            Ran(people, said, loop).wait()
            if sorted(_kept(loop)) != sorted(ids):
                wrong.append(f"sent again, there are {sorted(_kept(loop))}")
            tally.wrong += [f"{CALLS[kind]} {at} of {first.calls} with {call}: {line}" for line in wrong]
    rows_ = [[CALLS[kind], t.calls, t.faults, t.borne, t.told, len(t.wrong)] for kind, t in tallies.items() if t.calls]
    print(table(["call behind the page", "calls", "faults", "borne", "told in a sentence", "findings"], rows_))
    print(f"{acknowledged:,} answers acknowledged")
    faulty = sum(tally.faults for tally in tallies.values()) - kills
    wrong = [line for tally in tallies.values() for line in tally.wrong]
    return ended("faults and kills behind the page", wrong, faults=faulty, kills=kills)


async def _answered(loop: Path, ids: list[str]) -> None:
    """Answer each row by way of the application; print the status and the row, once it is there."""
    try:
        office = Office(loop, "none", models=False, suggested="")
        await office.desk.open()
    except (OSError, ValueError) as error:
        print(error)
        raise SystemExit(1) from None
    app = application(office)
    for row in ids:
        body = json.dumps({"id": row, "label": "a", "annotator": "amy", "key": f"key of {row}"}).encode()
        began = time.monotonic()
        status, found = await _post(app, body)
        print(
            status,
            row,
            "" if status == 200 else ("sentence" if "error" in found and "failed" not in found["error"] else found),
        )
        if time.monotonic() - began > PATIENCE / 2:
            # Where a lock isn't let go of, as network file systems may fail to, each answer is refused after this long until
            # the page is started again.
            break
    await office.desk.close()


async def _post(app: Any, body: bytes) -> tuple[int, dict[str, Any]]:
    sent: list[Any] = []
    scope = {
        "type": "http", "method": "POST", "path": "/api/answer", "raw_path": b"/api/answer", "query_string": b"",
        "headers": [(b"content-type", b"application/json")], "http_version": "1.1", "scheme": "http",
        "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 9), "root_path": "",
    }  # fmt: skip

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await asyncio.wait_for(app(scope, receive, send), 3 * PATIENCE)
    return sent[0]["status"], json.loads(sent[1]["body"])


def _taken(ran: Ran) -> list[str]:
    """Return the rows whose answer was acknowledged."""
    return [line.split(" ")[1] for line in ran.said.splitlines() if line.startswith("200 ")]


def _kept(loop: Path) -> list[str]:
    with Store.open(loop) as store:
        return [event.row for event in store.events()]


def _restore(kept: Path, loop: Path) -> None:
    """Bring the loop back; its database stays the same file."""
    for name in ("loop.db-wal", "loop.db-shm"):
        (loop / name).unlink(missing_ok=True)
    (loop / "loop.db").write_bytes((kept / "loop.db").read_bytes())


if __name__ == "__main__":
    raise SystemExit(main())
