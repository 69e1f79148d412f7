"""What must work in a Python for ARM: `run.py wheel` runs this there, with NumPy and the wheel and nothing else."""

import platform

import numpy as np

import shortlist
from shortlist import _core

info = _core.build_info()
assert info["cpu_levels"] == ["portable", "neon"], info
draw = np.random.default_rng(0)
for dtype in (np.float16, np.float32, np.float64):
    for classes in (2, 3, 10, 100):
        x = draw.dirichlet(np.ones(classes), 2_000).astype(dtype)
        wide = x.astype(np.float64)
        two = np.sort(wide)[:, -2:]
        expected = {
            "least_confident": 1 - two[:, 1],
            "margin": two[:, 1] - two[:, 0],
            "entropy": -(wide * np.log(wide, where=wide > 0, out=np.zeros_like(wide))).sum(axis=1),
        }
        for measure, scores in expected.items():
            found = shortlist.score(x, measure)
            assert np.allclose(found, scores, atol=2e-2 if dtype == np.float16 else 1e-6), (measure, dtype, classes)
            plain = np.empty_like(found)
            _core.Scorer(measure, cpu_level="portable").score(x, out=plain)
            assert found.tobytes() == plain.tobytes(), (measure, dtype, classes)
            picks = shortlist.select(x, measure, 20)
            order = found if measure == "margin" else -found
            assert (picks.indices == np.argsort(order, kind="stable")[:20]).all(), (measure, dtype, classes)
points = draw.normal(size=(500, 8)).astype(np.float32)
assert (_core.k_center(points, 20)["ids"] == _core.k_center(points, 20, cpu_level="portable")["ids"]).all()
print(
    f"shortlist {shortlist.__version__} at level {info['cpu_level']} on {platform.machine()}: scores, picks and bits are right"
)
