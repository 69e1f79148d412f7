"""From a file of probabilities to a CSV of picks: in this process, and as the command."""

import subprocess
import sys

import numpy as np
import pytest

import shortlist as sl

K = 1000


@pytest.fixture(scope="module")
def files(probs, tmp_path_factory):
    """The same pool as `.npy`, `.npz`, raw and, where pyarrow is installed, Parquet."""
    folder = tmp_path_factory.mktemp("pool")
    pool = probs(10)
    np.save(folder / "pool.npy", pool)
    np.savez(folder / "pool.npz", probs=pool)
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        return folder
    table = pyarrow.table({f"p{c}": pool[:, c] for c in range(pool.shape[1])})
    pyarrow.parquet.write_table(table, folder / "pool.parquet", compression="none")
    return folder


@pytest.mark.benchmark(group="file to CSV: 1,000 of 200,000 x 10 by margin")
@pytest.mark.parametrize("name", ["pool.npy", "pool.npz", "pool.parquet"])
def test_from_python(benchmark, files, tmp_path, name):
    if not (files / name).exists():
        pytest.skip("pyarrow is not installed")
    benchmark(lambda: sl.select(files / name, "margin", K).to_csv(tmp_path / "picks.csv"))
    assert len((tmp_path / "picks.csv").read_text().splitlines()) == K + 1


@pytest.mark.benchmark(group="file to CSV: the command, with starting Python", min_rounds=3)
def test_the_command(benchmark, files, tmp_path):
    pytest.importorskip("click")
    words = ["select", files / "pool.npy", "-s", "margin", "-k", str(K), "--out", tmp_path / "picks.csv", "--quiet"]
    run = [sys.executable, "-m", "shortlist", *words]
    benchmark(subprocess.run, run, check=True, stdout=subprocess.DEVNULL)
    assert len((tmp_path / "picks.csv").read_text().splitlines()) == K + 1
