"""Where a call lacks memory it ends with an error, and not with the process."""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("memory is limited by Linux's RLIMIT_AS", allow_module_level=True)
pytest.importorskip("sklearn")

SCRIPT = r"""
import ctypes, json, os, pathlib, resource, signal, sys
from attacks.memory_calls import calls

folder = pathlib.Path(sys.argv[1])
made = calls(600_000, 2_000_000, folder)

def used():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()

if hasattr(ctypes.CDLL(None), "malloc_trim"):
    ctypes.CDLL(None).malloc_trim(0)  # What is left over of the above would do for what follows.
found = {}
for name, call in made.items():
    ended = []
    for mib in (2, 12, 40):
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            signal.alarm(100)
            os.dup2(os.open(folder / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_AS, (used() + (mib << 20),) * 2)
            try:
                call.work()
                said = "done"
            except MemoryError as error:
                said = "MemoryError " + str(error)
            except BaseException as error:
                said = "%s: %s" % (type(error).__name__, error)
            os.write(writer, said.encode()[:200])
            os._exit(0)
        os.close(writer)
        said = os.read(reader, 200).decode()
        os.close(reader)
        status = os.waitpid(child, 0)[1]
        if status:
            said = "ended by signal %d: %s" % (os.WTERMSIG(status), (folder / "said.txt").read_text()[-500:])
        ended.append(said)
    found[name] = ended
print(json.dumps(found))
"""


def run(*words):
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *words],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    return json.loads(run("-c", SCRIPT, str(tmp_path_factory.mktemp("memory"))))


def test_no_call_that_lacks_memory_ends_the_process(ended):
    accepted = ("done", "MemoryError")
    assert {name: said for name, said in ended.items() if not all(word.startswith(accepted) for word in said)} == {}


def test_the_sentence_says_how_much_is_lacking(ended):
    said = {word for words in ended.values() for word in words}
    assert any("bytes of memory can't be had; accepted is a call that needs less" in word for word in said)


@pytest.mark.skipif(
    shutil.which("cc") is None or platform.libc_ver()[0] != "glibc", reason="needs a C compiler and glibc's heap"
)
def test_each_request_may_fail():
    assert "0 findings in all" in run("-m", "attacks.memory", "--every", "41")
