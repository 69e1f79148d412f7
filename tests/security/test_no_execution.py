"""What is read is data: the package is walked for calls that would run what they are given."""

import ast
import functools
import os
import pickle
from pathlib import Path

import pytest

import shortlist
from shortlist.loop.errors import LoopError
from shortlist.loop.model_file import read_model

PACKAGE = Path(shortlist.__file__).parent
UNPICKLES = {
    "loop/model_file.py": "the model file of a finished loop, whose hash or owner is looked at",
    "loop/training/at_work.py": "a model that this very run has fitted on the user's own cluster",
    "distributed/workers.py": "on the user's own cluster: the tasks of this very run, to see that workers know them",
    "distributed/ray/pickled.py": "states that tasks of this very run have made on the user's own cluster",
}
"""Files that unpickle, and the one reason of each."""
STARTS = {
    "benchmarking/memory.py": "itself, to measure memory",
    "benchmarking/peak.py": "itself, to measure memory",
    "modal/compare.py": "the user's own script",
    "loop/training/command.py": "the training command of the specification",
    "loop/training/submitted.py": "the submit command of the specification",
    "loop/page/crew.py": "itself, to train beside the page",
}
"""Files that start processes, and which."""
ASKS = {"loop/handoff/label_studio/http.py": "the Label Studio of the specification"}
"""Files that open connections, and to whom."""
IMPORTED = {
    "pickle": UNPICKLES.keys() | {"loop/training/fitting.py"},  # which only writes them
    "subprocess": STARTS.keys(),
    "urllib.request": ASKS.keys(),
    "http.client": ASKS.keys(),
}
NEVER = {
    "yaml", "ruamel", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle", "requests", "httpx", "ftplib", "telnetlib",
    "xmlrpc", "imp", "code", "pty",
}  # fmt: skip
RUNS = {
    "eval",
    "exec",
    "compile",
    "os.system",
    "os.popen",
    "os.execv",
    "os.spawnv",
    "runpy.run_path",
    "torch.load",
    "joblib.load",
}

SCRIPT = "modal/recorder.py", "runpy.run_path"
"""`compare` runs the user's own script under modAL and under Shortlist."""


@functools.cache
def trees():
    paths = sorted(PACKAGE.rglob("*.py"))
    return [(path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_only_these_files_import_what_unpickles_starts_or_connects():
    found = {name: set() for name in IMPORTED}
    for file, tree in trees():
        names = set(imported(tree))
        assert not {name.partition(".")[0] for name in names} & NEVER, file
        for name in names & found.keys():
            found[name].add(file)
    starts = found.pop("subprocess") | {"loop/page/crew.py"}  # by way of asyncio
    assert starts == STARTS.keys()
    assert found == {name: set(files) for name, files in IMPORTED.items() if name != "subprocess"}


def test_nothing_runs_text_or_a_shell():
    for file, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func) if isinstance(node.func, ast.Name | ast.Attribute) else ""
                assert called not in RUNS or (file, called) == SCRIPT, (file, node.lineno)
                for word in node.keywords:
                    if word.arg in ("shell", "allow_pickle"):
                        assert ast.unparse(word.value) == "False", (file, node.lineno)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no owners of files here")
def test_a_model_file_that_others_can_write_is_not_loaded(tmp_path):
    ran = tmp_path / "ran"

    class Harmful:
        def __reduce__(self):
            return (ran.mkdir, ())

    file = tmp_path / "model.pkl"
    file.write_bytes(pickle.dumps(Harmful()))
    file.chmod(0o666)
    with pytest.raises(
        LoopError, match=r"model.pkl can be written by other users, and loading it runs whatever is in it"
    ):
        read_model(file)
    file.chmod(0o644)
    with pytest.raises(LoopError, match=r"has the SHA-256 [0-9a-f]{64}, and 00ff was asked for; it isn't loaded"):
        read_model(file, sha256="00ff")
    assert not ran.exists()
