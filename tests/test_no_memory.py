"""Where a call lacks memory it ends with an error, and not with the process."""

import json
import subprocess
import sys

import pytest

if sys.platform != "linux":
    pytest.skip("memory is limited by Linux's RLIMIT_AS", allow_module_level=True)

SCRIPT = r"""
import ctypes, json, os, pickle, resource, signal, sys
import numpy as np
import shortlist as sl
from shortlist import _core

rng = np.random.default_rng(0)
x = rng.random((600_000, 2), dtype=np.float32)
x /= x.sum(axis=1, keepdims=True)
groups = np.arange(len(x)) % 10
many = np.arange(len(x)) % 150_000
wide = rng.random((3, 2_000_000), dtype=np.float32)
scores, codes = x[:, 0].copy(), np.arange(len(x), dtype=np.uint32)
state = sl.Selector("margin", 500_000)
state.update(x)
saved = pickle.dumps(state)
half = sl.Selector("margin", 500_000)
half.update(x[:300_000])
other = sl.Selector("margin", 500_000)
other.update(x[300_000:], first_id=300_000)

grouped = sl.Selector("margin", None, per_group=2)
grouped.update(x[:300_000], groups=many[:300_000] // 2)
others = sl.Selector("margin", None, per_group=2)
others.update(x[300_000:], first_id=300_000, groups=many[300_000:])
by_group = pickle.dumps(grouped)

def drafted():
    made = _core.Selector(400_000)
    made.update_scores(scores)
    made.update_scores(scores, first_id=10**7)

CALLS = {
    "select": lambda: sl.select(x, "margin", 500_000, n_threads=1),
    "select by two": lambda: sl.select(x, "entropy", 500_000, n_threads=2),
    "select in blocks": lambda: sl.select([x[:300_000], x[300_000:]], "margin", 500_000),
    "random": lambda: sl.select(x, "random", 500_000),
    "quotas": lambda: sl.select(x, "margin", 60_000, groups=groups, quotas="proportional", n_threads=1),
    "many groups by two": lambda: sl.select(x, "margin", None, groups=many, per_group=2, n_threads=2),
    "many quotas by two": lambda: sl.select(x, "margin", 300_000, groups=many, quotas="proportional", n_threads=2),
    "merge of many groups": lambda: grouped.merge(others),
    "unpickle many groups": lambda: pickle.loads(by_group),
    "softrank": lambda: sl.select(x, "margin", 100_000, perturb="softrank", random_state=1, n_threads=2),
    "diverse_uncertain": lambda: sl.diverse_uncertain(x, x[:, 0].astype(np.float64), 2, n_threads=2),
    "updates": drafted,
    "finish": state.finish,
    "merge": lambda: half.merge(other),
    "pickle": lambda: pickle.dumps(state),
    "unpickle": lambda: pickle.loads(saved),
    "k_center": lambda: sl.k_center(x, 2, n_threads=1),
    "k_center of long rows": lambda: sl.k_center(wide, 2, n_threads=2),
    "kmeans_plus_plus": lambda: sl.kmeans_plus_plus(x, 2, n_threads=1),
    "herding of long rows": lambda: sl.herding(wide, 2, n_threads=1),
    "density of long rows": lambda: sl.density(wide, n_threads=2),
    "typiclust": lambda: sl.typiclust(wide, 2, n_threads=1),
}

def used():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()

if hasattr(ctypes.CDLL(None), "malloc_trim"):
    ctypes.CDLL(None).malloc_trim(0)  # What is left over of the above would do for what follows.
found = {}
for name, call in CALLS.items():
    ended = []
    for mib in (2, 12, 40):
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            signal.alarm(100)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_AS, (used() + (mib << 20),) * 2)
            try:
                call()
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
        ended.append(said if status == 0 else "ended by signal %d" % os.WTERMSIG(status))
    found[name] = ended
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def ended():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_no_call_that_lacks_memory_ends_the_process(ended):
    accepted = ("done", "MemoryError")
    assert {name: said for name, said in ended.items() if not all(word.startswith(accepted) for word in said)} == {}


def test_the_sentence_says_how_much_is_lacking(ended):
    said = {word for words in ended.values() for word in words}
    assert any("bytes of memory can't be had; accepted is a call that needs less" in word for word in said)
