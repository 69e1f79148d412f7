"""What an installed Shortlist must do, wherever it was installed: run by `make wheels` and by the release."""

import importlib.metadata
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import shortlist as sl


def main() -> None:
    """Pick rows, teach a model, and call the command."""
    assert sl.__version__ == importlib.metadata.version("shortlist")
    assert "site-packages" in sl.__file__, f"this is the checkout, not the wheel: {sl.__file__}"
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(5), 20_000)
    for dtype in (np.float64, np.float32, np.float16):
        rows = probs.astype(dtype)
        ordered = np.sort(rows.astype(np.float64 if dtype == np.float64 else np.float32), axis=1)
        margin = ordered[:, -1] - ordered[:, -2]
        picks = sl.select(rows, "margin", k=50)
        assert np.array_equal(picks.indices, np.argsort(margin, kind="stable")[:50]), dtype
    X = rng.normal(size=(2_000, 8))
    assert len(set(sl.k_center(X, k=20).indices.tolist())) == 20
    from sklearn.linear_model import LogisticRegression

    y = (X[:, 0] > 0).astype(int)
    learner = sl.ActiveLearner(LogisticRegression(), sl.margin_sampling, X[:50], y[:50])
    places, found = learner.query(X[50:], n_instances=5)
    learner.teach(found, y[50:][places])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "probs.npy"
        np.save(file, probs)
        assert sl.select(file, "margin", k=50) == sl.select(probs, "margin", k=50)
        words = ["select", str(file), "--strategy", "margin", "-k", "3", "--out", "-"]
        done = subprocess.run([sys.executable, "-m", "shortlist", *words], capture_output=True, text=True)
        if importlib.util.find_spec("click") is None:
            assert "shortlist[cli]" in done.stderr, done.stderr
        else:
            assert len(done.stdout.splitlines()) == 4, done.stderr
    print(f"shortlist {sl.__version__} works: Python {sys.version.split()[0]}, NumPy {np.__version__}")


if __name__ == "__main__":
    main()
