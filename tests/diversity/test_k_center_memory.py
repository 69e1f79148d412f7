"""Peak memory of k_center beside its input, measured in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

MIB = 1 << 20

if not Path("/proc/self/clear_refs").exists():
    pytest.skip("peak memory is reset through /proc", allow_module_level=True)

SCRIPT = """
import sys
import numpy as np
import shortlist as sl

def memory(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(field))

def extra(call):
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    before = memory("VmRSS")
    call()
    print(memory("VmHWM") - before)

rng = np.random.default_rng(0)
sl.k_center(np.eye(8), 3)
"""


def peaks(script, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT + script, *arguments], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.split()]


def test_24_bytes_a_row_beside_an_array():
    script = """
x = rng.standard_normal((1_000_000, 8), dtype=np.float32)
extra(lambda: sl.k_center(x, 100))
extra(lambda: sl.k_center(x, 100, n_threads=8))
extra(lambda: sl.k_center(x, 100, labelled=x[:100], metric="cosine"))
x[:] = 1
extra(lambda: sl.k_center(x, 100, n_threads=8))
"""
    # Room for the threads and for what the allocator keeps; one number more a row would not fit.
    assert max(peaks(script)) < 24 * 1_000_000 + 6 * MIB


def test_a_file_takes_little_that_the_system_cannot_take_back(tmp_path):
    """Pages of a mapped file are not the process's own: all else is held under a limit."""
    rows, features = 200_000, 384
    script = """
import resource
x = np.lib.format.open_memmap(sys.argv[1], "w+", np.float32, (int(sys.argv[2]), int(sys.argv[3])))
for start in range(0, len(x), 10_000):
    x[start : start + 10_000] = rng.standard_normal((10_000, x.shape[1]), dtype=np.float32)
x.flush()
del x
limit = memory("VmData") + int(sys.argv[4])
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
try:
    np.ones(limit)
except MemoryError:
    print(len(sl.k_center(sys.argv[1], 50)))
"""
    [picked] = peaks(script, str(tmp_path / "x.npy"), str(rows), str(features), str(200 * MIB))
    assert picked == 50
