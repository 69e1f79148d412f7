"""The examples of docs/pools.md and docs/distributed.md are run."""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import oracles
import pytest

import shortlist as sl

DOCS = Path(__file__).parents[2] / "docs"
P = oracles.probabilities(np.random.default_rng(0), 20_000, 3, np.float32)


def blocks(name, language):
    text = (DOCS / name).read_text() if (DOCS / name).exists() else ""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """What the reader has at hand."""
    pa = pytest.importorskip("pyarrow", reason="pip install 'shortlist[arrow]'")
    pq = pytest.importorskip("pyarrow.parquet")
    monkeypatch.chdir(tmp_path)
    lists = pa.FixedSizeListArray.from_arrays(pa.array(P.reshape(-1)), 3)
    columns = {name: P[:, i] for i, name in enumerate(("p_cat", "p_dog", "p_owl"))}
    urls = [f"https://example.org/{row}" for row in range(20_000)]
    table = pa.table({"url": urls, "proba": lists, **columns, "source": ["a", "b"] * 10_000})
    Path("predictions").mkdir()
    pq.write_table(table[:9000], "predictions/0.parquet")
    pq.write_table(table[9000:], "predictions/1.parquet")
    np.savez("probs.npz", P)
    P.tofile("probs.f32")
    np.save("monday.npy", P[:500])
    np.save("tuesday.npy", P[500:])
    return table


def run_python(name, **names):
    for code in blocks(name, "python"):
        exec(compile(code, name, "exec"), names)
    return names


def test_pools(files):
    pytest.importorskip("polars", reason="pip install 'shortlist[polars]'")
    found = run_python("pools.md")
    best = sl.select(P, "margin", 10)
    assert found["picks"] == best
    assert found["best"]["url"].to_list() == found["picks"].ids.tolist()


def test_pools_by_command(files, command):
    for code in blocks("pools.md", "sh"):
        for line in code.splitlines():
            command(*shlex.split(line)[1:])


@pytest.mark.filterwarnings("ignore")
def test_dask(files):
    pytest.importorskip("dask.dataframe", reason="pip install 'shortlist[dask]' pandas")
    import dask

    with dask.config.set(scheduler="threads"):
        found = run_python("distributed.md", probs=P, table=files.drop(["proba"]).to_pandas())
    assert found["picks"].report.asked < len(P)


def spark_recipe():
    """The blocks of functions, which need nothing that stands above them."""
    codes = blocks("distributed.md", "python")
    return "".join(codes[next(place for place, code in enumerate(codes) if "def note(" in code) :])


def test_the_recipe_for_spark_without_spark(files):
    import pyarrow as pa

    names = {}
    exec(compile(spark_recipe(), "distributed.md", "exec"), names)
    rows = pa.table({"row": np.arange(20_000), "proba": pa.array(list(P), pa.list_(pa.float32()))})
    parts = [rows[start : start + 3000] for start in range(0, 20_000, 3000)]
    batches = [batch for part in parts for batch in names["note"](iter(part.to_batches(1000)))]
    states = [batch.column("state")[0].as_py() for batch in batches]
    assert len(states) == 7
    assert names["merge"](reversed(states)) == sl.select(P, "margin", 100)
    few = [*names["merge_some"](iter(batches[:4])), *names["merge_some"](iter(batches[4:]))]
    assert names["merge"](batch.column("state")[0].as_py() for batch in few) == sl.select(P, "margin", 100)
    assert list(names["merge_some"](iter([]))) == []


SPARK = """
import sys
from pathlib import Path
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shortlist as sl
from pyspark import TaskContext
from pyspark.sql import SparkSession

P = np.load("P.npy")
table = pa.table({"row": np.arange(len(P)), "proba": pa.array(list(P), pa.list_(pa.float32()))})
pq.write_table(table, "spark.parquet", row_group_size=3000)
names = {}
exec(sys.argv[1], names)
note = names["note"]

def fails_once(batches):
    context = TaskContext.get()
    if context.partitionId() == 1 and context.attemptNumber() == 0:
        raise RuntimeError("the worker dies")
    yield from note(batches)

options = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "4"}
spark = SparkSession.builder.master("local[2, 3]").config(map=options).getOrCreate()
wanted = sl.select(P, "margin", 100)
for parts in (1, 7):
    names["frame"] = spark.read.parquet("spark.parquet").repartition(parts)
    for function in (note, fails_once):
        names["note"] = function
        for code in sys.argv[2:]:
            exec(code, names)
            assert names["picks"] == wanted
spark.stop()
"""


def test_the_recipe_for_spark(tmp_path):
    pytest.importorskip("pyarrow", reason="pip install 'shortlist[arrow]'")
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pip install pyspark")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs Java 17 or later")
    np.save(tmp_path / "P.npy", P)
    recipe = spark_recipe()
    runs = [code for code in blocks("distributed.md", "py") if "mapInArrow" in code]
    assert len(runs) == 2
    done = subprocess.run(
        [sys.executable, "-c", SPARK, recipe, *(code.replace("(100)", "(3)") for code in runs)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
        env={**os.environ, "PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(Path(sl.__file__).parents[1])},
    )
    assert done.returncode == 0, done.stderr
