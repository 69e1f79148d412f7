"""Memory beside the input, and Ctrl-C, of the draws and the coverage rules."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import shortlist as sl

PEAK = """
import sys
import numpy as np
import shortlist as sl

def memory(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(field))

rng = np.random.default_rng(0)
rows = 1_000_000
x, z = rng.random((rows, 4), dtype=np.float32), rng.random((rows, 3), dtype=np.float32)
calls = {
    "badge": lambda x, z: sl.badge(z, x, 50, from_logits=True, random_state=0, n_threads=2),
    "kmeans_plus_plus": lambda x, z: sl.kmeans_plus_plus(x, 50, random_state=0, n_threads=2),
    "herding": lambda x, z: sl.herding(x, 5, references=64, random_state=0, n_threads=2),
}
call = calls[sys.argv[1]]
call(x[:5000], z[:5000])
with open("/proc/self/clear_refs", "w") as refs:
    refs.write("5")
before = memory("VmRSS")
call(x, z)
print((memory("VmHWM") - before) / rows)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peak memory is reset through /proc")
@pytest.mark.parametrize(("name", "most"), [("badge", 26), ("kmeans_plus_plus", 26), ("herding", 26)])
def test_memory_beside_the_input_is_a_few_bytes_a_row(name, most):
    done = subprocess.run([sys.executable, "-c", PEAK, name], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < most


@pytest.mark.parametrize("name", ["badge", "herding", "typiclust"])
def test_ctrl_c_stops_them(ctrl_c, name):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60_000, 32), dtype=np.float32)
    calls = {
        "badge": lambda: sl.badge(x, x, 30_000, from_logits=True),
        "herding": lambda: sl.herding(x, 1000, references=60_000),
        "typiclust": lambda: sl._core.typiclust(x, np.arange(60_000), [60_000], [1]),
    }
    ctrl_c(calls[name])
