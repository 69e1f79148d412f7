"""Rows that an id column names are excluded by these ids, compared by value, from whatever kind of pool and of list."""

import numpy as np
import oracles
import pytest

import shortlist as sl
from shortlist.own_ids import OwnIds

pa = pytest.importorskip("pyarrow", reason="pip install 'shortlist[arrow]'")
pd = pytest.importorskip("pandas")
pq = pytest.importorskip("pyarrow.parquet")

N = 600
P = oracles.probabilities(np.random.default_rng(5), N, 3, np.float32)
COLUMNS = ["p0", "p1", "p2"]
# Not the places of any of the rows that are looked for, and in another order than the rows.
NUMBERS = np.random.default_rng(6).permutation(N) + 1
TEXTS = np.array([f"https://x.org/{number},{number}" for number in NUMBERS])
BEST = sl.select(P, "margin", 40).indices


def table(own):
    return pa.table({**{name: P[:, i] for i, name in enumerate(COLUMNS)}, "key": own})


def lists(own):
    return pa.table({"proba": pa.FixedSizeListArray.from_arrays(pa.array(P.reshape(-1)), 3), "key": own})


def parquet(tmp_path, own, groups=130):
    pq.write_table(lists(own), tmp_path / "one.parquet", row_group_size=groups)
    return str(tmp_path / "one.parquet"), "proba"


def files(tmp_path, own):
    for number, (a, b) in enumerate([(0, 200), (200, 210), (210, N)]):
        pq.write_table(table(own)[a:b], tmp_path / f"{number}.parquet", row_group_size=64)
    return [str(tmp_path / f"{number}.parquet") for number in range(3)], COLUMNS


def arrow_file(tmp_path, own, stream=False):
    make = pa.ipc.new_stream if stream else pa.ipc.new_file
    with make(tmp_path / "x.arrow", lists(own).schema) as out:
        out.write_table(lists(own), max_chunksize=70)
    return str(tmp_path / "x.arrow"), "proba"


def polars(own, lazy=False):
    pl = pytest.importorskip("polars")
    frame = pl.from_arrow(table(own))
    return (frame.lazy() if lazy else frame), COLUMNS


POOLS = {
    "table": lambda tmp, own: (table(own), COLUMNS),
    "reader": lambda tmp, own: (lists(own).to_reader(70), "proba"),
    "reader of columns": lambda tmp, own: (table(own).to_reader(70), COLUMNS),
    "parquet": parquet,
    "files": files,
    "arrow file": arrow_file,
    "arrow stream": lambda tmp, own: arrow_file(tmp, own, stream=True),
    "pandas": lambda tmp, own: (table(own).to_pandas(), COLUMNS),
    "pandas index": lambda tmp, own: (table(own).to_pandas().set_index("key"), COLUMNS),
    "polars": lambda tmp, own: polars(own),
    "polars lazy": lambda tmp, own: polars(own, lazy=True),
    "list of tables": lambda tmp, own: ([table(own)[:250], table(own)[250:]], COLUMNS),
    "iterator": lambda tmp, own: (iter([table(own)[:250], table(own)[250:].to_reader(40)]), COLUMNS),
}


@pytest.mark.parametrize("own", [NUMBERS, TEXTS], ids=["numbers", "text"])
@pytest.mark.parametrize("kind", POOLS)
def test_pools_of_every_kind(tmp_path, kind, own):
    for options in ({}, {"n_threads": 1}, {"exclude": sl.Positions(BEST[:9])}, {"invalid": "skip"}):
        x, column = POOLS[kind](tmp_path, own)
        given = {"exclude": own[BEST[:9]], **options}
        picks = sl.select(sl.Source(x, column=column, id_column="key"), "margin", 7, **given)
        assert picks.indices.tolist() == BEST[9:16].tolist()
        assert picks.ids.tolist() == own[BEST[9:16]].tolist()
        assert picks.report.excluded == 9
        assert picks.report.missing_ids == 0


def some(own):
    return own[BEST[:9]].tolist()


GIVEN = {
    "list": lambda own: some(own),
    "set": lambda own: set(some(own)),
    "tuple with repeats": lambda own: (*some(own), *some(own)),
    "array": lambda own: np.array(some(own)),
    "array of objects": lambda own: np.array(some(own), dtype=object),
    "array of bytes": lambda own: np.array(list(map(str, some(own))), dtype="S"),
    "texts": lambda own: list(map(str, some(own))),
    "Series": lambda own: pd.Series(some(own), index=range(50, 59)),
    "Index": lambda own: pd.Index(some(own)),
    "Categorical": lambda own: pd.Categorical(some(own)),
    "frame of one column": lambda own: pd.DataFrame({"a": some(own)}),
    "arrow": lambda own: pa.chunked_array([some(own)]),
    "dict keys": lambda own: dict.fromkeys(some(own)).keys(),
    "selection": lambda own: sl.select(sl.Source(table(own), COLUMNS, "key"), "margin", 9),
    "selection without ids": lambda own: sl.select(P, "margin", 9),
    "mask": lambda own: np.isin(np.arange(N), BEST[:9]),
    "mask of pandas": lambda own: pd.Series(np.isin(np.arange(N), BEST[:9])).astype("boolean"),
    "positions": lambda own: sl.Positions(BEST[:9]),
}


@pytest.mark.parametrize("own", [NUMBERS, TEXTS], ids=["numbers", "text"])
@pytest.mark.parametrize("kind", GIVEN)
def test_ids_given_in_every_way(kind, own):
    given = GIVEN[kind](own)
    picks = sl.select(sl.Source(table(own), column=COLUMNS, id_column="key"), "margin", 7, exclude=given)
    assert picks.indices.tolist() == BEST[9:16].tolist()
    assert picks.report.missing_ids == 0


@pytest.mark.parametrize(
    ("own", "given", "found"),
    [
        ([7, 8, 9], ["7", " 8", "9.0"], 3),
        ([7, 8, 9], [7.0, 8.0], 2),
        ([7, 8, 9], pd.Series([7, 8], dtype="Int64"), 2),
        ([7, 8, 9], ["007", "+8", "nine", "7.5"], 2),
        ([7, 8, 9], np.array([7, 8], dtype=np.uint64), 2),
        ([-7, 0, 2**62], ["-7", "0", str(2**62)], 3),
        (["7", "007", "7.0"], ["7"], 1),
        (["7", "007", "7.0"], [7], 1),
        (["7", "007", "7.0"], ["007", "7.0"], 2),
        (["7", "007", "7.0"], [7.0, "8"], 1),
        ([7.0, 8.5, 9.0], [7, "8.5", "9"], 3),
        (["é", "e\u0301", "é "], ["é"], 1),
        ([b"a", b"b", b"c"], ["a", b"b"], 2),
        ([2**63, 2**63 + 1, 5], [str(2**63 + 1), 5], 2),
        ([None, "b", "c"], ["None", "b", "nan"], 1),
        (pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"]), ["2026-01-02 00:00:00"], 1),
    ],
)
def test_ids_compare_by_value(own, given, found):
    frame = pd.DataFrame(P[:3], columns=COLUMNS).assign(key=pd.Series(list(own), dtype=None))
    picks = sl.select(sl.Source(frame, COLUMNS, "key"), "margin", 3, exclude=given, strict=False)
    assert picks.report.excluded == found
    assert picks.report.missing_ids == len(given) - found


def test_ids_that_no_row_has_are_counted_and_said():
    source = sl.Source(table(TEXTS), COLUMNS, "key")
    picks = sl.select(source, "margin", 7, exclude=[*TEXTS[BEST[:2]], "gone", "lost", 3])
    assert picks.indices.tolist() == BEST[2:9].tolist()
    assert (picks.report.excluded, picks.report.missing_ids) == (2, 3)
    assert "3 ids that were given are not in the pool" in picks.report.lines()
    assert picks.to_dict()["report"]["missing_ids"] == 3
    one = sl.select(source, "margin", 7, exclude=["gone"])
    assert "1 id that was given is not in the pool" in one.report.lines()


def test_rows_that_share_an_id_are_excluded_together():
    own = np.where(np.isin(np.arange(N), BEST[[0, 3, 5]]), "twice", TEXTS)
    picks = sl.select(sl.Source(table(own), COLUMNS, "key"), "margin", 4, exclude=["twice"])
    assert picks.indices.tolist() == BEST[[1, 2, 4, 6]].tolist()
    assert picks.report.excluded == 3


@pytest.mark.parametrize("lazy", [False, True])
def test_draws_groups_and_quotas_see_the_same_rows(lazy):
    def pool():
        return sl.Source(table(NUMBERS).to_reader(50) if lazy else table(NUMBERS), COLUMNS, "key")

    given, mask = NUMBERS[::2].tolist(), np.arange(N) % 2 == 0
    groups = np.arange(N) % 5
    for measure, options in (
        ("margin", {"perturb": "softrank", "random_state": 1}),
        ("entropy", {"perturb": "power", "random_state": 1}),
        ("random", {"random_state": 1}),
        (lambda block: block[:, 0], {"order": "lowest"}),
        ("margin", {"groups": groups, "per_group": 2}),
        ("margin", {"groups": groups, "quotas": {1: 4, 2: 3}}),
    ):
        found = sl.select(pool(), measure, 10, exclude=given, **options)
        assert found == sl.select(P, measure, 10, exclude=mask, **options)
        assert found.report.excluded == N // 2
    if lazy:
        with pytest.raises(ValueError, match="exclude has ids of a stream"):
            sl.select(pool(), "margin", 10, exclude=given, groups=groups, quotas="equal")
    else:
        assert sl.select(pool(), "margin", 10, exclude=given, groups=groups, quotas="equal") == sl.select(
            P, "margin", 10, exclude=mask, groups=groups, quotas="equal"
        )


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([5, None], ValueError, "exclude has None at place 1; accepted is an id at each place"),
        (pd.Series([5.0, np.nan]), ValueError, "exclude has nan at place 1"),
        (["a", ""], ValueError, "exclude has an empty text at place 1"),
        ("done.csv", TypeError, "exclude is 'done.csv'; accepted are ids"),
        ([[1], [2]], TypeError, "exclude has a list at place 0; accepted are numbers and text"),
        (np.array([[1], [2]]), ValueError, "exclude has shape"),
        (pd.DataFrame({"a": [1], "b": [2]}), ValueError, "exclude is a table of 2 columns; accepted is one column"),
        (np.zeros(5, bool), ValueError, "exclude is a mask of 5 rows, and the pool has 600"),
        (pd.array([True, None] * 300), ValueError, "exclude is a mask with <NA> at row 1"),
        (sl.Positions([N]), ValueError, "exclude has id 600; accepted are 0 to 599"),
        (sl.Positions([1, 1]), ValueError, "exclude has id 1 twice"),
        (sl.Positions(["a"]), TypeError, "exclude has dtype"),
    ],
)
def test_what_is_no_list_of_ids(given, error, message):
    with pytest.raises(error, match=message):
        sl.select(sl.Source(table(NUMBERS), COLUMNS, "key"), "margin", 4, exclude=given)


def test_text_where_no_column_is_named_says_what_to_name():
    with pytest.raises(
        TypeError, match=r"exclude has dtype .*; accepted are whole numbers .*Source\(..., id_column=\)"
    ):
        sl.select(P, "margin", 4, exclude=["a"])


def test_many_ids_are_looked_up_by_sorted_search():
    wanted = OwnIds(np.arange(0, 3_000_000, 3), "exclude")
    assert wanted.among(np.arange(10)).tolist() == [True, False, False] * 3 + [True]
    assert wanted.missing == 1_000_000 - 4
    assert wanted.positions([np.array([5, 6]), np.array(["9", "b"], dtype=object)]).tolist() == [1, 2]


@pytest.mark.parametrize("own", [NUMBERS, TEXTS], ids=["numbers", "text"])
@pytest.mark.parametrize("kind", ["parquet", "files", "pandas", "polars lazy"])
def test_rules_over_files_pick_among_own_ids(tmp_path, kind, own):
    x, column = POOLS[kind](tmp_path, own)
    source, places = sl.Source(x, column=column, id_column="key"), BEST[:30]
    wanted = sl.k_center(P, 5, among=places)
    for among in ([*own[places], "gone"], sl.Positions(places), np.isin(np.arange(N), places)):
        picks = sl.k_center(source, 5, among=among)
        assert picks == wanted
        assert picks.ids.tolist() == own[wanted.indices].tolist()
        assert picks.report.missing_ids == (1 if isinstance(among, list) else 0)
    batch = sl.ranked_batch(source, P[:, 0], 5, labelled=P[:2], among=own[places])
    assert batch == sl.ranked_batch(P, P[:, 0], 5, labelled=P[:2], among=places)


@pytest.mark.parametrize("own", [NUMBERS, TEXTS], ids=["numbers", "text"])
def test_dask_frames_with_own_ids(own):
    dd = pytest.importorskip("dask.dataframe", reason="pip install 'shortlist[dask]'")
    from shortlist.distributed import dask as sld

    frame = dd.from_pandas(table(own).to_pandas(), npartitions=4)
    how = {"column": COLUMNS, "id_column": "key"}
    for options in ({}, {"perturb": "softrank", "random_state": 1}):
        for exclude, missing in (
            ([*map(str, own[BEST[:9]]), "gone"], 1),
            (sl.Positions(BEST[:9]), 0),
            (np.isin(np.arange(N), BEST[:9]), 0),
        ):
            picks = sld.select(frame, "margin", 7, exclude=exclude, **how, **options)
            assert picks == sl.select(P, "margin", 7, exclude=BEST[:9], **options)
            assert picks.ids.tolist() == own[picks.indices].tolist()
            assert picks.report.missing_ids == missing
    picks = sld.k_center(frame, 5, among=[*own[BEST[:30]], "gone"], **how)
    assert picks == sl.k_center(P, 5, among=BEST[:30])
    assert picks.report.missing_ids == 1


HINTS = {
    "k_center": r"use sl.k_center\(X, k\)",
    "K-Center": r"use sl.k_center\(X, k\)",
    "badge": r"use sl.badge\(probs, X, k\)",
    "ranked_batch": r"use sl.ranked_batch\(X, uncertainty, k\)",
    "density": r"use sl.density\(X\)",
    "k_center_sampling": r"use sl.k_center\(X, k\), or learner.query with sl.k_center_sampling",
    "uncertainty_batch_sampling": r"use sl.ranked_batch\(X, uncertainty, k\), or",
    "uncertainty_sampling": r'use sl.select\(x, "least_confident", k\), or',
    "random_sampling": r'use sl.select\(x, "random", k\), or',
    "max_EI": r"use sl.ActiveLearner\(estimator, sl.max_EI\).query\(X, k\)",
}


@pytest.mark.parametrize("name", HINTS)
def test_names_that_are_no_measures_say_what_to_call(name):
    for call in (
        lambda: sl.select(P, name, 3),
        lambda: sl.score(P, name),
        lambda: sl.Selector(name, 3),
        lambda: sl.compare(P, [name], 3, embeddings=P if name == "density" else None),
    ):
        with pytest.raises(ValueError, match=f"{HINTS[name]}|needs embeddings="):
            call()


@pytest.mark.parametrize("own", [NUMBERS, TEXTS], ids=["numbers", "text"])
def test_blocks_of_a_selector_exclude_by_their_ids(own):
    selector = sl.Selector("margin", 7)
    for start in range(0, N, 250):
        block = table(own)[start : start + 250]
        block = block.to_reader(40) if start else block
        selector.update(sl.Source(block, COLUMNS, "key"), exclude=own[BEST[:9]])
    assert selector.finish() == sl.select(P, "margin", 7, exclude=BEST[:9])
    with pytest.raises(ValueError, match="exclude of the Selector has places, and the block names its rows"):
        sl.Selector("margin", 7, exclude=[1]).update(sl.Source(table(own), COLUMNS, "key"))
    with pytest.raises(ValueError, match="update accepts a mask"):
        sl.Selector("margin", 7).update(sl.Source(table(own), COLUMNS, "key"), exclude=sl.Positions([1]))
