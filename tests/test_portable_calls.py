"""What only Unix has is used behind a check, and what comes in its place elsewhere works."""

import ast
import os
from pathlib import Path

import numpy as np
import pytest

import shortlist as sl
from shortlist import disk, memory, writing

PACKAGE = Path(sl.__file__).parent

UNIX_ONLY = {
    "os": """O_CLOEXEC O_DIRECTORY O_NOCTTY O_NOFOLLOW O_NONBLOCK O_SYNC O_TMPFILE WNOHANG chown chroot confstr
    fchdir fchown fork forkpty getegid geteuid getgid getgroups getloadavg getpgid getpgrp getpriority getsid getuid
    initgroups killpg lchown lockf major mkfifo mknod nice openpty pathconf posix_fadvise posix_fallocate posix_spawn
    pread preadv pwrite pwritev readv register_at_fork sched_getaffinity sched_setaffinity sched_yield sendfile setgid
    setpgid setpriority setsid setuid statvfs sync sysconf ttyname uname wait wait3 wait4 waitid waitpid writev""",
    "signal": "SIGALRM SIGCHLD SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGUSR1 SIGUSR2 alarm pause pthread_sigmask setitimer",
}
MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
TOGETHER = {"getpgid": "killpg", "SIGKILL": "killpg", "getpriority": "setpriority", "O_NONBLOCK": "mkfifo"}
"""Names that a system has with others that are asked for."""


def functions(tree):
    """Yield each function that lies in no other, and what lies outside of all."""
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    yield ast.Module([node for node in tree.body if not isinstance(node, ast.ClassDef | ast.FunctionDef)], [])


def guarded(function, name):
    """Whether a function asks for the name, for another, or for the system, or takes its absence as an answer."""
    text = ast.unparse(function)
    asks = [f"hasattr(os, '{TOGETHER.get(name, name)}')", "AttributeError", "os.name == 'nt'"]
    return any(ask in text for ask in asks)


def uses(path):
    for function in functions(ast.parse(path.read_text(encoding="utf-8"))):
        for node in ast.walk(function):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if node.attr in UNIX_ONLY.get(node.value.id, "").split() and not guarded(function, node.attr):
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno} {node.value.id}.{node.attr}"
            elif isinstance(node, ast.Import | ast.ImportFrom):
                names = [node.module] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names]
                if MODULES & set(names) and "except ImportError" not in ast.unparse(function):
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno} import {names}"


def test_what_only_unix_has_is_asked_for_before_it_is_used():
    assert not [use for path in sorted(PACKAGE.rglob("*.py")) for use in uses(path)]


def test_the_check_finds_what_it_looks_for(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    (tmp_path / "bad.py").write_text("import os, fcntl\ndef f():\n    return os.getuid()\n")
    assert len(list(uses(tmp_path / "bad.py"))) == 2
    (tmp_path / "good.py").write_text("import os\ndef f():\n    return os.getuid() if hasattr(os, 'getuid') else 0\n")
    assert not list(uses(tmp_path / "good.py"))


def without(monkeypatch, *names):
    for name in names:
        monkeypatch.delattr(os, name, raising=False)


def test_a_file_is_read_where_there_is_no_preadv(tmp_path, monkeypatch):
    rows = np.random.default_rng(0).dirichlet(np.ones(3), 5_000)
    np.save(tmp_path / "probs.npy", rows)
    with_it = sl.select(tmp_path / "probs.npy", "margin", k=9)
    without(monkeypatch, "preadv", "posix_fadvise")
    assert not hasattr(disk.os, "preadv")
    assert sl.select(tmp_path / "probs.npy", "margin", k=9) == with_it


def test_a_file_is_written_whole_where_none_can_be_without_a_name(tmp_path, monkeypatch):
    without(monkeypatch, "O_TMPFILE", "fchown", "fchmod")
    for words in ("one", "two"):
        writing.write_bytes(tmp_path / "f", [words.encode()])
        assert (tmp_path / "f").read_text() == words
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_memory_is_unknown_where_the_system_does_not_tell(monkeypatch):
    without(monkeypatch, "sysconf")
    monkeypatch.setattr(memory.Path, "read_text", lambda *_a, **_k: (_ for _ in ()).throw(FileNotFoundError()))
    assert memory._available() == []


def test_a_command_that_takes_too_long_is_ended_where_there_are_no_groups_of_processes(tmp_path, monkeypatch):
    from shortlist.loop.training.command import attempt_in

    without(monkeypatch, "killpg")
    said = attempt_in(["sleep", "60"], tmp_path, tmp_path / "log", 0.05)
    assert said == "it was stopped after 0.05 s, its timeout"


@pytest.mark.parametrize(("runs", "died"), [(True, False), (False, True), (None, False)])
def test_a_process_is_looked_for_without_a_signal_on_windows(monkeypatch, runs, died):
    """There signal 0 is Ctrl-C: it would end what it asks about."""
    from shortlist.loop.store import jobs

    monkeypatch.setattr(jobs, "windows", lambda: True)
    monkeypatch.setattr(jobs, "runs_on_windows", lambda number: runs)
    monkeypatch.setattr(jobs.os, "kill", lambda *_: pytest.fail("a signal was sent"))
    assert jobs._died(jobs.json.dumps([jobs._boot(), 12345, None])) is died
