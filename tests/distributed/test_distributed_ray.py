"""Ray Data on two worker processes: the picks of one machine, with ids from a column, and while a worker dies."""

import sys

import clusters
import numpy as np
import oracles
import pytest

import shortlist as sl

ray = pytest.importorskip("ray", reason="pip install 'shortlist[ray]'")
pa = pytest.importorskip("pyarrow", reason="pip install 'shortlist[arrow]'")
pytest.importorskip("ray.data", reason="pip install 'shortlist[ray]'")
from shortlist.distributed import ray as slr  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(sys.platform == "win32", reason="Ray is tested on POSIX"),
]
rng = np.random.default_rng(5)
P = oracles.probabilities(rng, 3000, 7, np.float32)
LABELS = np.array(["ant", "bee", "cat", "dog"])[rng.integers(4, size=3000)]
LISTS = pa.FixedSizeListArray.from_arrays(pa.array(P.reshape(-1)), 7)
TABLE = pa.table({"proba": LISTS, "id": np.arange(3000), "kind": LABELS})
SHUFFLED = TABLE.take(rng.permutation(3000))


@pytest.fixture(scope="module", autouse=True)
def cluster():
    clusters.ray_cluster()
    ray.data.DataContext.get_current().enable_progress_bars = False


@pytest.fixture(scope="module")
def dataset(cluster):
    return ray.data.from_arrow([SHUFFLED[start : start + 700] for start in range(0, 3000, 700)])


@pytest.mark.parametrize(
    ("measure", "k", "options"),
    [
        ("margin", 40, {}),
        ("random", 40, {"random_state": 3}),
        ("entropy", 40, {"perturb": "power", "random_state": 3, "exclude": np.arange(0, 3000, 2)}),
        (lambda block: block[:, 0], 40, {"order": "lowest"}),
        ("margin", None, {"groups": LABELS, "per_group": 3}),
        ("margin", 40, {"groups": LABELS, "quotas": "proportional", "exclude": np.arange(100)}),
    ],
)
def test_the_picks_of_one_machine(dataset, measure, k, options):
    wanted = sl.select(P, measure, k, **options)
    there = {**options, **({"groups": "kind"} if "groups" in options else {})}
    found = slr.select(dataset, measure, k, id_column="id", column="proba", **there)
    assert found == wanted
    assert found.report.rows == 3000
    assert found.report.n_threads == 1


def test_numeric_columns_and_many_small_blocks():
    wide = pa.table({**{name: P[:500, i] for i, name in enumerate("abcdefg")}, "id": np.arange(500)})
    dataset = ray.data.from_arrow([wide[start : start + 11] for start in range(0, 500, 11)])
    assert slr.select(dataset, "margin", 20, id_column="id") == sl.select(P[:500], "margin", 20)


def test_ids_to_exclude_compare_by_value_and_are_counted(dataset):
    wanted = sl.select(P, "margin", 20, exclude=np.arange(100))
    for given in (list(map(str, range(100))), np.arange(100.0), {*range(100)}):
        found = slr.select(dataset, "margin", 20, id_column="id", column="proba", exclude=[*given, "gone", 10**9])
        assert found == wanted
        assert found.report.missing_ids == 2


def test_mistakes(dataset):
    for call, message in (
        (
            lambda: slr.select(dataset, "margin", 9, id_column="key"),
            "id_column is 'key', and the dataset has no such column",
        ),
        (lambda: slr.select(dataset, "margin", 9, id_column="id", exclude=np.zeros(3000, bool)), "exclude is a mask"),
        (lambda: slr.select(dataset, "mragin", 9, id_column="id"), "did you mean"),
        (lambda: slr.select(P, "margin", 9, id_column="id"), "dataset is a ndarray; accepted is a ray.data.Dataset"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            call()


def test_ids_that_repeat_and_bad_rows_are_errors():
    twice = TABLE.set_column(1, "id", pa.array([7] * 3000))
    with pytest.raises(ValueError, match="^[^\n]*7 again[^\n]*$"):
        slr.select(ray.data.from_arrow([twice]), "margin", 9, id_column="id", column="proba")
    words = TABLE.set_column(1, "id", pa.array(["a"] * 3000))
    with pytest.raises((ValueError, TypeError), match="^[^\n]*whole numbers[^\n]*$"):
        slr.select(ray.data.from_arrow([words]), "margin", 9, id_column="id", column="proba")


def test_a_worker_that_dies_in_the_middle_changes_nothing(tmp_path):
    marker = tmp_path / "died"

    def deadly(table):
        import os
        import signal

        if table.column("id")[0].as_py() == 1500 and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return table

    dataset = ray.data.from_arrow([TABLE[start : start + 100] for start in range(0, 3000, 100)])
    dataset = dataset.map_batches(deadly, batch_size=None, batch_format="pyarrow")
    assert slr.select(dataset, "margin", 40, id_column="id", column="proba") == sl.select(P, "margin", 40)
    assert marker.exists()


def test_softrank_is_refused_in_one_sentence(dataset):
    with pytest.raises(ValueError, match='perturb is "softrank", which needs the ranks of all rows'):
        slr.select(dataset, "margin", 9, id_column="id", column="proba", perturb="softrank")


def test_workers_of_another_version_say_so(dataset):
    def other(table):
        import shortlist.selector

        shortlist.selector.STATE_VERSION = 99
        return table

    changed = dataset.map_batches(other, batch_size=None, batch_format="pyarrow")
    try:
        with pytest.raises(ValueError, match="^this worker's Shortlist knows version 99 of states[^\n]*$"):
            slr.select(changed, "margin", 9, id_column="id", column="proba")
    finally:
        ray.shutdown()  # as it would use these workers again


def test_models_are_asked_where_the_features_lie(cluster):
    linear_model = pytest.importorskip("sklearn.linear_model")
    X = rng.normal(size=(9_000, 6))
    y = (X[:, :3] + rng.normal(size=(9_000, 3))).argmax(axis=1)
    model = linear_model.LogisticRegression(max_iter=300).fit(X[:400], y[:400])
    table = pa.table({**{name: X[:, i] for i, name in enumerate("abcdef")}, "id": np.arange(9_000)})
    table = table.take(rng.permutation(9_000))
    dataset = ray.data.from_arrow([table[start : start + 3_000] for start in range(0, 9_000, 3_000)])
    expected = sl.query(model, X, "margin", 30)
    found = slr.query(model, dataset, "margin", 30, id_column="id")
    assert found == expected
    assert (found.report.rows, found.report.screen) == (9_000, "linear")
    assert expected.report.asked < found.report.asked < 1_000
    assert slr.query(model, dataset, "margin", 30, id_column="id", column=list("abcdef"), screen=False) == expected
    with pytest.raises(sl.PoolTooSmallError, match="k came as 3; the pool has 0 rows"):
        slr.query(model, dataset.filter(lambda row: False), "margin", 3, id_column="id")
