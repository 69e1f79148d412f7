"""A command that only submits a job, as to a queue:
it returns at once, and the answers come later.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Literal

from shortlist.loop.errors import LoopError
from shortlist.loop.training.command import LOG, attempt_in, tail_of, words_of

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.loop.spec.model import Spec

PATIENCE = 600.0
"""Seconds that a command may take to submit, or to say how far a job is."""
NOT_YET = 3


def submit(spec: Spec, folder: Path) -> None:
    """Run the command of ``[model]``, which submits a job whose folder is written.

    Raises
    ------
    LoopError
        The command failed, with the end of its log.
    """
    shutil.rmtree(folder / "out", ignore_errors=True)
    (folder / "out").mkdir()
    words = words_of(spec.model.command or (), folder)
    wrong = attempt_in(words, spec.folder, folder / LOG, min(PATIENCE, spec.model.timeout or PATIENCE))
    if wrong is not None:
        raise LoopError(f"the command {words[0]} failed to submit: {wrong}; {log_of(folder)}")


def asked(spec: Spec, folder: Path) -> Literal["done", "not yet"]:
    """Say whether a job is done: ``out/done.json`` is there, or ``[model] poll`` ends with 0;
    with 3 it goes on.

    Raises
    ------
    LoopError
        The job has failed, or cannot be asked about.
    """
    if not folder.is_dir():
        raise LoopError(f"the folder of the job, {folder}, is gone")
    if (folder / "out" / "done.json").exists():
        return "done"
    if not spec.model.poll:
        return "not yet"
    words = words_of(spec.model.poll, folder)
    try:
        ended = subprocess.run(  # noqa: S603 - the command is the user's own
            words, cwd=spec.folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        # Nobody knows how the job is: it may be well.
        why = f"did not answer within {PATIENCE:g} s" if not isinstance(error, OSError) else error.strerror
        raise NoAnswer(f"[model] poll is {words[0]}, which cannot be asked ({why})") from None
    if ended.returncode == NOT_YET:
        return "not yet"
    if ended.returncode:
        said = ended.stderr.decode("utf-8", "replace").strip() or ended.stdout.decode("utf-8", "replace").strip()
        last = f" ({said.splitlines()[-1]})" if said else ""
        raise LoopError(f"[model] poll ended with exit code {ended.returncode}{last}; {log_of(folder)}")
    return "done"


class NoAnswer(LoopError):  # noqa: N818 - it is the job that has no answer yet
    """Nobody could say how a job is."""


def log_of(folder: Path) -> str:
    """Return where a job's log is, and how it ends."""
    return f"the end of {folder / LOG}:\n{tail_of(folder / LOG)}"
