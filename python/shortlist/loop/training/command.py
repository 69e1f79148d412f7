"""Training by a command of the user's, in any language:
a folder goes out, and answers come back in it.
"""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.errors import LoopError
from shortlist.loop.pool.tables.frames import FRAME
from shortlist.loop.training.returned import read_answers
from shortlist.loop.training.trained import Trained
from shortlist.writing import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.loop.pool.rows import LoopPool
    from shortlist.loop.spec.model import Spec

LOG = "train.log"
TAIL = 20
"""Lines of the log that an error shows."""
BACK_OFF = 1.0
"""Seconds before the first retry; twice as many before each further one."""


def run_job(
    spec: Spec,
    folder: Path,
    job: Mapping[str, Any],
    pool: LoopPool,
    rows: NDArray[np.int64],
    labels: Sequence[str],
    weights: NDArray[np.float64] | None = None,
    *,
    back_off: float = BACK_OFF,
) -> Trained:
    """Run the command of `[model]` over a folder, and read what it leaves there.

    Parameters
    ----------
    spec : Spec
        `[model]` command, timeout, retries and returns; the command runs in the specification's
        folder.
    folder : Path
        The job's own folder: ``job.json`` and ``labels.csv`` are written to it, ``out/`` is read,
        ``train.log`` kept.
    job : mapping
        What ``job.json`` says beside the classes: loop, round, seed, token, log position.
    pool, rows, labels, weights
        The pool, and the rows to train on.
    back_off : float
        Seconds before the first retry.

    Raises
    ------
    LoopError
        The command failed at every try, took too long, or left answers that are not accepted; with
        the end of its log.
    """
    began = time.perf_counter()
    folder = folder.resolve()
    about = write_job(spec, folder, job, pool, rows, labels, weights)
    words, log = words_of(spec.model.command or (), folder), folder / LOG
    for attempt in range(spec.model.retries + 1):
        if attempt:
            time.sleep(back_off * 2 ** (attempt - 1))
        shutil.rmtree(folder / "out", ignore_errors=True)
        (folder / "out").mkdir()
        wrong = attempt_in(words, spec.folder, log, spec.model.timeout)
        if wrong is None and not (folder / "out" / "done.json").exists():
            wrong = "it ended without out/done.json, which is written last"
        if wrong is None:
            break
    else:
        tries = spec.model.retries + 1
        raise LoopError(
            f"the command {words[0]} failed {tries} time{'' if tries == 1 else 's'}: {wrong}; the end of {log}:\n{tail_of(log)}"
        )
    probabilities = read_answers(spec, pool, folder, about)
    return Trained(None, probabilities, time.perf_counter() - began, log.read_text(encoding="utf-8", errors="replace"))


def write_job(
    spec: Spec,
    folder: Path,
    job: Mapping[str, Any],
    pool: LoopPool,
    rows: NDArray[np.int64],
    labels: Sequence[str],
    weights: NDArray[np.float64] | None,
) -> dict[str, Any]:
    """Write what a command is given to a job's folder, with an empty log;
    return what ``job.json`` says.
    """
    if not spec.model.command:
        raise LoopError('[model] command is missing; accepted is a list as ["python", "train.py", "{job}"]')
    folder.mkdir(parents=True, exist_ok=True)
    # A command that is given no file finds the rows by their ids.
    path = None if spec.pool.path == FRAME else str(spec.folder / spec.pool.path)
    about = {**job, "classes": list(spec.classes), "returns": spec.model.returns}
    about.setdefault("pool", {"path": path, "rows": pool.rows})
    about.setdefault("fingerprint", pool.fingerprint["ids"])
    write_json(folder / "job.json", about, indent=2)
    _write_labels(folder / "labels.csv", pool, rows, labels, weights)
    (folder / LOG).write_bytes(b"")
    return about


def words_of(command: Sequence[str], folder: Path) -> list[str]:
    """Return the words of a command for one job."""
    return [word.replace("{job}", str(folder)).replace("{out}", str(folder / "out")) for word in command]


def tail_of(log: Path, lines: int = TAIL) -> str:
    """Return the last lines of a log, however long it is."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - (1 << 16)))
        return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines:])


def attempt_in(words: list[str], folder: Path, log: Path, timeout: float | None) -> str | None:
    """Run the command once; return what went wrong, or None."""
    with log.open("ab") as out:
        try:
            process = subprocess.Popen(  # noqa: S603 - the command is the user's own
                words,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            return f"it cannot be started ({error.strerror})"
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            return f"it was stopped after {timeout:g} s, its timeout"
        except BaseException:  # Ctrl-C leaves nothing behind that runs on
            _end(process)
            raise
    if code < 0:
        return f"it was ended by signal {-code}"
    return f"it ended with exit code {code}" if code else None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _write_labels(
    path: Path, pool: LoopPool, rows: NDArray[np.int64], labels: Sequence[str], weights: NDArray[np.float64] | None
) -> None:
    order = np.argsort(rows, kind="stable").tolist()
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["row_id", "index", "label", "weight"])
        ids = pool.id_of(rows)
        for place in order:
            weight = 1 if weights is None else float(weights[place])
            out.writerow([ids[place], int(rows[place]), labels[place], f"{weight:g}"])
