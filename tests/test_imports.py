"""What is imported, in a process of its own: starting has to cost little more than NumPy does."""

import subprocess
import sys

import numpy as np
import pytest

HEAVY = {
    "sklearn",
    "scipy",
    "pandas",
    "polars",
    "pyarrow",
    "zarr",
    "h5py",
    "torch",
    "dask",
    "distributed",
    "ray",
    "matplotlib",
    "joblib",
    "multiprocessing",
    "asyncio",
    "unittest",
    "inspect",
    "rich",
    "click",
    "typer",
}
REPORT = "\nprint(*sorted(sys.modules), file=sys.stderr)"


def modules(script, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{script}{REPORT}", *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def packages(names):
    return {name.partition(".")[0] for name in names}


def test_import_brings_in_numpy_and_little_else(record_property):
    numpy = modules("import numpy, dataclasses")  # which NumPy 2.0 does without
    ours = modules("import shortlist")
    assert not (HEAVY - packages(numpy)) & packages(ours)
    added = ours - numpy
    record_property("modules", len(added))
    assert len(added) < 60, sorted(added)
    assert sum(name.startswith("shortlist") for name in added) < 25, sorted(added)


def test_the_command_brings_in_click_and_no_rich_where_nobody_looks(tmp_path):
    pytest.importorskip("click")
    np.save(tmp_path / "x.npy", np.full((9, 2), 0.5))
    run = """
from shortlist.cli.app import app
app(sys.argv[1:], standalone_mode=False)"""
    ours = modules(run, "select", str(tmp_path / "x.npy"), "-k", "3")
    heavy = HEAVY - {"click", "inspect"} - packages(modules("import numpy, click"))
    assert not heavy & packages(ours)
    parts = {name for name in ours if name.startswith("shortlist.cli.")}
    assert not parts & {f"shortlist.cli.{part}" for part in ("inspecting", "benching", "comparing", "simulating")}
