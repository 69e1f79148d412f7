"""The guide for those who come from modAL tells the truth: its names exist, its Python runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import shortlist as sl

GUIDE = (Path(__file__).parents[2] / "docs" / "from-modal.md").read_text(encoding="utf-8")
BEFORE = """
import numpy as np
from sklearn.naive_bayes import GaussianNB
model = GaussianNB()
X_pool = np.random.default_rng(0).normal(size=(100, 3))
X0, y0, labels = X_pool[:6], [0, 1] * 3, [0, 1] * 10
"""


def test_python_runs():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    parts = [BEFORE + code for code in re.findall(r"^```python\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)]
    run = "import sys\nfor code in sys.argv[1:]: exec(code, {})"
    subprocess.run([sys.executable, "-W", "error", "-c", run, *parts], check=True, env=environment)


def test_names_exist():
    names = set(re.findall(r"`([a-z_]+_sampling|mix|regressor_std|PoolTooSmallError|SVM_binary_minimum)`", GUIDE))
    assert len(names) > 10
    for name in names:
        assert hasattr(sl, name), name
