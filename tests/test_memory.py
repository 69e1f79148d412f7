"""Memory, measured in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

MIB = 1 << 20

if not Path("/proc/self/clear_refs").exists():
    pytest.skip("peak memory is reset through /proc", allow_module_level=True)

PEAK = """
import sys
import numpy as np
import shortlist as sl
from shortlist.pools.flat import DEPTH, READ

def memory(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(field))

rng = np.random.default_rng(0)
def fill(x):
    for start in range(0, len(x), 100_000):
        block = rng.random((min(100_000, len(x) - start), x.shape[1]), dtype=np.float32) + np.float32(0.01)
        x[start : start + len(block)] = block / block.sum(axis=1, keepdims=True)
    return x

def extra(call):
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    before = memory("VmRSS")
    call()
    print(memory("VmHWM") - before)
"""


def peaks(script, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", PEAK + script, *arguments], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.split()]


def test_select_takes_less_than_16_mib_beside_the_input():
    script = """
x = fill(np.empty((10_000_000, 8), np.float32))
groups = np.zeros(len(x), np.int64)
groups[::3] = 5
sl.select(x[:1000], "margin", 100)
for call in (
    lambda: sl.select(x, "margin", 1000),
    lambda: sl.select(x, "entropy", 1000),
    lambda: sl.select(x, "margin", 1000, n_threads=8),
    lambda: sl.select(x, "margin", 1000, from_logits=True),
    lambda: sl.select(x.reshape(8, -1, 8), "bald", 1000),
    lambda: sl.select(x, "margin", 1000, perturb="softmax"),
    lambda: sl.select(x, "margin", 1000, groups=groups, quotas="proportional"),
    lambda: sl.select([x[i : i + 99_999] for i in range(0, len(x), 99_999)], "entropy", 1000),
    lambda: sl.select(x, "random", 1000),
):
    extra(call)
"""
    found = peaks(script)
    assert len(found) == 9
    assert max(found) < 16 * MIB, [f"{peak / MIB:.1f} MiB" for peak in found]


def test_fortran_order_takes_less_than_16_mib_beside_the_input():
    script = """
x = np.asfortranarray(fill(np.empty((5_000_000, 8), np.float32)))
extra(lambda: sl.select(x, "margin", 1000))
extra(lambda: sl.select(x, "entropy", 1000))
"""
    assert max(peaks(script)) < 16 * MIB


@pytest.mark.parametrize("order", "CF")
def test_a_file_takes_a_few_buffers(tmp_path, order):
    script = """
shape = (10_000_000, 8)
x = np.lib.format.open_memmap(sys.argv[1], "w+", np.float32, shape, fortran_order=sys.argv[2] == "F")
fill(x)
x.flush()
del x
sl.select(np.full((9, 2), 0.5), "margin", 1)
extra(lambda: sl.select(sys.argv[1], "margin", 1000))
extra(lambda: sl.select(sys.argv[1], "entropy", 1000))
print((DEPTH + 1) * READ)
"""
    *found, buffers = peaks(script, str(tmp_path / "probs.npy"), order)
    assert max(found) < buffers + 16 * MIB, [f"{peak / MIB:.1f} MiB" for peak in found]


def test_a_query_takes_less_than_32_mib_beside_the_features():
    script = """
from sklearn.linear_model import LogisticRegression
X = fill(np.empty((400_000, 32), np.float32))
y = X[:2_000, :12].argmax(axis=1)
model = LogisticRegression(max_iter=50, C=1e4).fit(X[:2_000], y)
sl.query(model, X[:20_000], "margin", 10)
def query():
    assert sl.query(model, X, "margin", 100).report.screen == "linear"
extra(query)
"""
    (peak,) = peaks(script)
    assert peak < 32 * MIB


def test_a_state_takes_memory_for_what_it_holds_and_not_for_the_codes_of_its_groups():
    script = """
import pickle
from shortlist import _core

scores, codes = np.float32([0.5, 0.25]), np.uint32([3, (1 << 24) - 1])
state = _core.Selector(5, per_group=1)
extra(lambda: state.update_scores(scores, groups=codes))
saved = pickle.dumps(state)
assert len(saved) < 1000
extra(lambda: pickle.loads(saved).finish())
"""
    assert max(peaks(script)) < 4 * MIB
