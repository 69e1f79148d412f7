"""select() and sample(): the best rows, ties, exclusions, groups, reports, exports."""

import io
import json
import pickle

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shortlist as sl

rng = np.random.default_rng(11)
P = oracles.probabilities(rng, 5000, 6, np.float32)
COARSE = np.round(oracles.probabilities(rng, 4000, 3) * 8) / 8  # many ties
COARSE = COARSE[np.abs(COARSE.sum(axis=1) - 1) < 1e-9]


@pytest.mark.parametrize("name", oracles.ROW)
@pytest.mark.parametrize("k", [0, 1, 7, 500, 5000])
def test_picks_are_the_best_in_the_total_order(name, k):
    picks = sl.select(P, name, k)
    scores = sl.score(P, name)
    assert np.array_equal(picks.indices, oracles.best(scores, k, oracles.order_of(name)))
    assert np.array_equal(picks.scores, scores[picks.indices])
    assert picks.indices.dtype == np.int64
    assert picks.scores.dtype == np.float32
    assert (picks.measure, picks.order) == (name, oracles.order_of(name))


@pytest.mark.parametrize("name", oracles.ROW)
def test_ties_go_to_the_lowest_id(name):
    picks = sl.select(COARSE, name, 100, n_threads=2)
    assert np.array_equal(picks.indices, oracles.best(sl.score(COARSE, name), 100, oracles.order_of(name)))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32), st.integers(1, 3000), st.integers(1, 50), st.sampled_from(oracles.ROW), st.integers(1, 8))
def test_any_pool_any_k_any_threads(seed, rows, k, name, threads):
    x = oracles.probabilities(np.random.default_rng(seed), rows, 4, np.float32, peak=0.2)
    k = min(k, rows)
    picks = sl.select(x, name, k, n_threads=threads)
    assert np.array_equal(picks.indices, oracles.best(sl.score(x, name), k, oracles.order_of(name)))


@pytest.mark.parametrize("name", oracles.COMMITTEE)
def test_committee_picks_are_the_best(name):
    p = np.stack([oracles.probabilities(rng, 800, 4) for _ in range(3)])
    assert np.array_equal(sl.select(p, name, 30).indices, oracles.best(sl.score(p, name), 30, "highest"))


def test_logits_give_the_picks_of_their_probabilities():
    z = rng.normal(size=(2000, 5)) * 3
    for name in oracles.ROW:
        assert np.array_equal(
            sl.select(z, name, 20, from_logits=True, temperature=1.3).indices,
            sl.select(oracles.softmax(z, 1.3).astype(float), name, 20).indices,
        )


def test_entropy_of_a_peaked_pool_is_exact_whatever_was_skipped():
    x = oracles.probabilities(rng, 200_000, 10, np.float32, peak=0.02)
    picks = sl.select(x, "entropy", 50)
    assert np.array_equal(picks.indices, oracles.best(sl.score(x, "entropy"), 50, "highest"))
    assert 0 < picks.report.scored_fraction < 0.5


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_bounds_spare_most_rows_and_lose_none(classes):
    local = np.random.default_rng(classes)
    rows = 120_000 if classes < 100 else 40_000
    logits = (3 * local.standard_normal((rows, classes))).astype(np.float32)
    near_uniform = 1 + 0.1 * local.standard_normal((rows, classes))
    near_uniform /= near_uniform.sum(axis=1, keepdims=True)
    for x, name, options in [
        (near_uniform, "entropy", {}),
        (logits, "entropy", {"from_logits": True}),
        (logits, "margin", {"from_logits": True}),
        (logits, "least_confident", {"from_logits": True}),
    ]:
        picks = sl.select(x, name, 100, n_threads=1, **options)
        expected = oracles.best(sl.score(x, name, **options), 100, oracles.order_of(name))
        assert np.array_equal(picks.indices, expected), name
        assert picks.report.scored_fraction < 0.5, name


@pytest.mark.parametrize("scale", [1e-30, 7.0, 1e20])
@pytest.mark.parametrize("normalize", ["renormalize", "as_is"])
def test_no_row_is_lost_that_sums_to_anything(normalize, scale):
    for seed in range(12):
        local = np.random.default_rng(seed)
        for classes in (2, 3, 10, 60):
            near_uniform = np.abs(1 + 10.0 ** local.integers(-4, 0) * local.standard_normal((6000, classes)))
            x = (near_uniform / near_uniform.sum(axis=1, keepdims=True) * scale).astype(np.float32)
            picks = sl.select(x, "entropy", 50, normalize=normalize, n_threads=1)
            scores = sl.score(x, "entropy", normalize=normalize)
            assert np.array_equal(picks.indices, oracles.best(scores, 50, "highest"))


def test_random_ties_are_reproducible_and_random():
    one = sl.select(COARSE, "margin", 20, ties="random", random_state=1)
    assert sl.select(COARSE, "margin", 20, ties="random", random_state=1) == one
    assert sl.select(COARSE, "margin", 20, ties="random", random_state=2) != one
    assert np.array_equal(one.scores, sl.select(COARSE, "margin", 20).scores)


def test_ties_at_the_cut_are_counted():
    x = np.tile([[0.5, 0.5], [0.9, 0.1]], (50, 1))
    report = sl.select(x, "margin", 30).report
    assert (report.ties_picked, report.ties_left) == (30, 20)
    assert "30 picked, 20 left" in repr(sl.select(x, "margin", 30))


@pytest.mark.parametrize("byte", [1, 2, 3, 128, 255])
def test_a_mask_is_true_where_a_byte_is_not_0(byte):
    mask = np.arange(len(P)) % 3 == 0
    # What np.frombuffer and .view(bool) give: NumPy takes any byte but 0 for True.
    odd = np.where(mask, byte, 0).astype(np.uint8).view(bool)
    groups = np.arange(len(P)) % 4
    for options in (
        {"measure": "margin"},
        {"measure": "entropy"},
        {"measure": "random", "random_state": 0},
        {"measure": "margin", "ties": "random", "random_state": 0},
        {"measure": "entropy", "perturb": "softmax", "random_state": 0},
        {"measure": "entropy", "perturb": "softrank", "random_state": 0},
        {"measure": "margin", "groups": groups, "per_group": 9},
        {"measure": "margin", "groups": groups, "quotas": "proportional"},
        {"measure": oracles.modal_margin, "order": "lowest"},
    ):
        picks = sl.select(P, k=30, exclude=odd, **options)
        assert picks == sl.select(P, k=30, exclude=mask, **options)
        assert not mask[picks.indices].any()
        assert picks.report.excluded == mask.sum()
    selector = sl.Selector("margin", 30).update(P[:500], exclude=odd[:500]).update(P[500:], exclude=odd[500:])
    assert selector.finish() == sl.select(P, "margin", 30, exclude=mask)
    labels = sl.select(P, "margin", groups=odd, per_group=9)
    assert labels == sl.select(P, "margin", groups=mask, per_group=9)


def test_excluded_rows_are_never_picked():
    best = sl.select(P, "margin", 40).indices
    mask = np.zeros(len(P), bool)
    mask[best[:20]] = True
    for exclude in (best[:20], best[:20].tolist(), set(best[:20].tolist()), mask):
        picks = sl.select(P, "margin", 20, exclude=exclude)
        assert np.array_equal(picks.indices, best[20:])
        assert picks.report.excluded == 20
    assert sl.select(P, "margin", 40, exclude=[]) == sl.select(P, "margin", 40)
    assert np.array_equal(sl.select([P[:99], P[99:]], "margin", 20, exclude=mask).indices, best[20:])


def test_invalid_rows_are_skipped_and_counted():
    x = P.copy()
    worst = sl.select(P, "margin", 3).indices
    x[worst] = np.nan
    picks = sl.select(x, "margin", 5, invalid="skip")
    assert not set(worst) & set(picks.indices)
    assert picks.report.skipped == 3
    assert "3 invalid rows skipped" in repr(picks)


@pytest.mark.parametrize("labels", ["ints", "strings", "objects", "wide ints", "negative"])
def test_per_group_takes_at_most_so_many_of_each(labels):
    codes = rng.integers(0, 5, len(P))
    groups = {
        "ints": codes,
        "strings": np.array(["ant", "bee", "cat", "dog", "eel"])[codes],
        "objects": [("a", 1, None, "b", 2.5)[c] for c in codes],
        "wide ints": np.array([0, 10**12, 5, 7, 2**60])[codes],
        "negative": codes - 3,
    }[labels]
    scores = sl.score(P, "margin")
    wanted = [i for c in range(5) for i in oracles.best(scores[codes == c], 4, "lowest", np.flatnonzero(codes == c))]
    picks = sl.select(P, "margin", groups=groups, per_group=4)
    assert sorted(picks.indices) == sorted(wanted)
    assert (np.diff(picks.scores) >= 0).all()
    few = sl.select(P, "margin", 6, groups=groups, per_group=4)
    assert np.array_equal(few.indices, picks.indices[:6])


# In the order of the codes, by which equal remainders of quotas are settled.
LABELS = {
    "int8": lambda codes: (codes - 3).astype(np.int8),
    "uint16": lambda codes: codes.astype(np.uint16),
    "int64": lambda codes: codes * 10**12 - 5,
    "text": lambda codes: np.array(["", "ant", "ant ", "ants", "b", "cattle", "é"])[codes],
    "bytes": lambda codes: np.array([b"", b"an", b"ant", b"ants", b"b", b"cat", b"d"])[codes],
    "pandas": lambda codes: pytest.importorskip("pandas").Series(LABELS["text"](codes), dtype="str"),
    "categories": lambda codes: LABELS["pandas"](codes).astype("category"),
    "polars": lambda codes: pytest.importorskip("polars").Series(LABELS["text"](codes).tolist()),
    "arrow": lambda codes: pytest.importorskip("pyarrow").array(LABELS["text"](codes).tolist()),
    "every other": lambda codes: np.repeat(codes, 2)[::2],
    "big-endian": lambda codes: codes.astype(">i4"),
    "float": lambda codes: (
        np.where(codes == 0, -0.0, codes) * np.where(np.arange(len(codes)) % 2, 1, -1) ** (codes == 0)
    ),
}


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize(
    "options",
    [
        {"k": 20, "per_group": 3},
        {"k": 15, "per_group": 4},
        {"k": None, "per_group": 4},
        {"k": 40, "quotas": "proportional"},
        {"k": 40, "quotas": "equal", "exclude": np.arange(900)},
        {"k": 9, "perturb": "power", "random_state": 0, "per_group": 2},
        {"k": 30, "per_group": 9, "ties": "random", "random_state": 1},
    ],
)
def test_groups_by_labels_of_any_kind_are_the_same(kind, options):
    codes = np.minimum(np.random.default_rng(2).geometric(0.4, len(COARSE)) - 1, 6)
    # Objects are told apart by a dict, in Python.
    expected = sl.select(COARSE, "margin", groups=codes.astype(object), **options)
    picks = sl.select(COARSE, "margin", groups=LABELS[kind](codes), **options)
    assert picks == expected
    assert (picks.report.ties_picked, picks.report.ties_left) == (
        expected.report.ties_picked,
        expected.report.ties_left,
    )
    blocks = [COARSE[:1], COARSE[1:700], COARSE[700:]]
    assert sl.select(blocks, "margin", groups=LABELS[kind](codes), **options) == expected


@pytest.mark.parametrize(("dtype", "missing"), [("str", "nan"), ("string", "<NA>")])
def test_groups_of_a_frame_with_missing_labels_are_refused(dtype, missing):
    pandas = pytest.importorskip("pandas")
    groups = pandas.Series(["a", None, "b"] * (len(P) // 3 + 1), dtype=dtype)[: len(P)]
    if groups.dtype == object:
        pytest.skip("before pandas 3 str is a column of objects, in which None is a label")
    with pytest.raises(ValueError, match=f"groups has {missing} at row 1; accepted is a label for each row"):
        sl.select(P, "margin", 5, groups=groups, per_group=1)


def test_a_selector_told_of_labels_can_be_pickled():
    codes = np.arange(len(P)) % 5
    selector = sl.Selector("margin", 7, per_group=2).name_groups(np.arange(5)).update(P[:900], groups=codes[:900])
    again = pickle.loads(pickle.dumps(selector)).update(P[900:], groups=codes[900:])
    assert again.finish() == sl.select(P, "margin", 7, groups=codes, per_group=2)


@pytest.mark.parametrize("coldness", [0.5, 1.0, 6.0])
@pytest.mark.parametrize("k", [1, 50, 3999])
@pytest.mark.parametrize("few", [0, 1 << 15], ids=["the best are found", "all are ranked"])
def test_softrank_draws_as_from_all_ranks(k, coldness, few, monkeypatch):
    monkeypatch.setattr("shortlist.selecting.FEW", few)
    x, options = COARSE[:4000], {"random_state": 4, "coldness": coldness}
    exclude = np.arange(0, len(x), 7)
    scores = sl.score(x, "margin")
    kept = np.setdiff1d(np.arange(len(x)), exclude)
    k = min(k, len(kept))
    weights = np.zeros(len(x))
    weights[kept[np.argsort(scores[kept], kind="stable")]] = 1 / np.arange(1, len(kept) + 1)
    drawn = sl.select(weights[:, None], lambda block: block[:, 0], k, order="highest", perturb="power", **options)
    picks = sl.select(x, "margin", k, perturb="softrank", exclude=exclude, **options)
    assert np.array_equal(picks.indices, drawn.indices)
    assert np.array_equal(picks.scores, scores[picks.indices])
    assert (picks.report.rows, picks.report.excluded, picks.report.skipped) == (len(x), len(exclude), 0)


@pytest.mark.parametrize(
    "options", [{}, {"exclude": np.arange(0, 5000, 3)}, {"groups": np.arange(5000) % 9, "per_group": 3}]
)
def test_a_list_of_many_small_arrays_is_one_pool(options):
    blocks = np.array_split(P, 400)
    blocks.insert(7, P[:0])
    picks = sl.select(blocks, "margin", 20, **options)
    assert picks == sl.select(P, "margin", 20, **options)
    assert (picks.report.rows, picks.report.bytes) == (len(P), P.nbytes)
    assert np.array_equal(sl.score(blocks, "margin"), sl.score(P, "margin"))
    bad = [*blocks, np.full((2, 6), np.nan, np.float32)]
    with pytest.raises(ValueError, match="row 5000"):
        sl.select(bad, "margin", 20)


def test_quotas_share_k():
    codes = np.repeat([0, 1, 2], [4000, 900, 100])
    equal = sl.select(P, "margin", 31, groups=codes, quotas="equal")
    assert np.bincount(codes[equal.indices]).tolist() == [11, 10, 10]
    proportional = sl.select(P, "margin", 50, groups=codes, quotas="proportional")
    assert np.bincount(codes[proportional.indices]).tolist() == [40, 9, 1]
    named = sl.select(P, "margin", groups=codes, quotas={0: 1, 2: 3})
    assert np.bincount(codes[named.indices]).tolist() == [1, 0, 3]
    scores = sl.score(P, "margin")
    first = oracles.best(scores[codes == 2], 3, "lowest", np.flatnonzero(codes == 2))
    assert set(first) <= set(named.indices)


def test_shortages_are_filled_with_the_best_left_over():
    codes = np.repeat([0, 1], [4998, 2])
    picks = sl.select(P, "margin", 10, groups=codes, quotas="equal")
    assert np.bincount(codes[picks.indices]).tolist() == [8, 2]
    assert np.array_equal(
        np.sort(picks.indices[picks.indices < 4998]), np.sort(oracles.best(sl.score(P, "margin")[:4998], 8, "lowest"))
    )


def test_quotas_count_only_rows_that_may_be_picked():
    codes = np.repeat([0, 1], 2500)
    exclude = np.arange(2000)
    for given_as in (exclude, np.arange(5000) < 2000):
        picks = sl.select(P, "margin", 30, groups=codes, quotas="proportional", exclude=given_as)
        assert np.bincount(codes[picks.indices]).tolist() == [5, 25]


def test_callable_measures():
    picks = sl.select(P, lambda block: block.std(axis=1), 10, order="lowest")
    assert np.array_equal(picks.indices, oracles.best(P.std(axis=1), 10, "lowest"))
    assert picks.measure == "<lambda>"


def test_strict_false_takes_what_there_is():
    assert len(sl.select(P[:10], "margin", 99, strict=False)) == 10
    assert len(sl.select(iter([P[:10]]), "margin", 99, strict=False)) == 10
    assert len(sl.select(P[:10], "margin", 9, exclude=[0, 1], strict=False)) == 8


def test_random_rows_are_the_same_for_any_blocks():
    whole = sl.select(P, "random", 10, random_state=5)
    assert np.array_equal(sl.select([P[:1234], P[1234:]], "random", 10, random_state=5).indices, whole.indices)
    assert len(set(whole.indices)) == 10
    assert np.array_equal(whole.indices, sl.sample(len(P), 10, random_state=5).indices)


def test_generators_give_seeds():
    for make in (np.random.default_rng, np.random.RandomState):
        one, two = (sl.sample(1000, 5, random_state=make(3)) for _ in range(2))
        assert np.array_equal(one.indices, two.indices)
        again = sl.sample(1000, 5, random_state=one.report.seed)
        assert np.array_equal(one.indices, again.indices)


def test_fresh_seeds_differ_and_are_reported():
    one, two = (sl.select(P, "margin", 10, perturb="softmax") for _ in range(2))
    assert one.report.seed != two.report.seed
    assert sl.select(P, "margin", 10, perturb="softmax", random_state=one.report.seed) == one
    assert sl.select(P, "margin", 10).report.seed is None


@pytest.mark.parametrize("perturb", ["power", "softmax", "softrank"])
@pytest.mark.parametrize("name", ["margin", "entropy"])
def test_perturbed_picks_are_reproducible_and_carry_plain_scores(perturb, name):
    picks = sl.select(P, name, 50, perturb=perturb, random_state=3, exclude=[0, 1])
    assert len(set(picks.indices.tolist()) - {0, 1}) == 50
    assert np.array_equal(picks.scores, sl.score(P, name)[picks.indices])
    assert sl.select([P[:77], P[77:]], name, 50, perturb=perturb, random_state=3, exclude=[0, 1]) == picks
    assert picks.order == oracles.order_of(name)
    assert picks.report.perturb == perturb


@pytest.mark.parametrize("perturb", ["power", "softmax", "softrank"])
def test_cold_perturbation_takes_the_best(perturb):
    x = oracles.probabilities(rng, 300, 4)
    picks = sl.select(x, "entropy", 5, perturb=perturb, coldness=1e9, random_state=0)
    assert np.array_equal(picks.indices, sl.select(x, "entropy", 5).indices)


def test_copies_are_named():
    assert sl.select(P, "margin", 3).report.copies == ()
    assert sl.select(np.asfortranarray(P), "margin", 3).report.copies == ()
    assert "big-endian" in sl.select(P.astype(">f4"), "margin", 3).report.copies[0]
    assert "list" in sl.select(P.tolist(), "margin", 3).report.copies[0]


def test_report_says_what_was_read():
    report = sl.select(P, "margin", 3, n_threads=1).report
    assert (report.rows, report.bytes, report.n_threads) == (len(P), P.nbytes, 1)
    assert report.seconds > 0
    assert report.gb_per_s == pytest.approx(P.nbytes / report.seconds / 1e9)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("options", [{}, {"normalize": "as_is"}, {"invalid": "skip"}, {"from_logits": True}])
def test_an_array_picked_from_at_once_is_picked_from_as_in_blocks(dtype, options):
    for x in (P.astype(dtype), np.asfortranarray(P.astype(dtype)), P.astype(dtype)[3:90:2, ::-1]):
        at_once, in_blocks = (sl.select(pool, "margin", 5, **options) for pool in (x, [x]))
        assert at_once == in_blocks
        assert at_once.ids is None
        told = [
            {**picks.to_dict()["report"], "seconds": 0, "gb_per_s": 0, "n_threads": 0} for picks in (at_once, in_blocks)
        ]
        assert told[0] == told[1]
        with pytest.raises(ValueError, match="read-only"):
            at_once.indices[0] = 1
        assert np.array_equal(sl.score(x, "entropy", **options), sl.score([x], "entropy", **options))
        assert pickle.loads(pickle.dumps(at_once)).report == at_once.report


@pytest.mark.parametrize(
    ("x", "k", "options"),
    [
        (np.full((3, 2), np.nan), 1, {}),
        (np.full((3, 2), 0.9), 1, {}),
        (P, 5001, {}),
        (P, -1, {}),
        (P, 1.5, {}),
        (P, 10**30, {}),
        (P[:0], 1, {}),
        (P[0], 1, {}),
        (P, 1, {"temperature": 2.0}),
        (P, 1, {"normalize": "sum"}),
        (P, 1, {"from_logits": 1}),
        (np.full((3, 2), np.nan), 2, {"invalid": "skip"}),
        (P, 1, {"n_threads": 0}),
    ],
)
def test_an_array_is_refused_at_once_as_it_is_with_progress(x, k, options):
    said = []
    for progress in (None, lambda _done, _rows: None):
        with pytest.raises((ValueError, TypeError)) as refused:
            sl.select(x, "margin", k, progress=progress, **options)
        said.append((refused.type, str(refused.value)))
    assert said[0] == said[1]


def test_repr_is_short_and_says_where_the_cut_is():
    text = repr(sl.select(P, "margin", 100))
    assert text.startswith("Selection of 100 by margin, lowest first, cut at ")
    assert "90 more" in text
    assert len(text.splitlines()) < 20
    html = sl.select(P, "margin", 100)._repr_html_()
    assert html.count("<tr>") == 1 + 50
    assert "50 more" in html
    assert "cut at" in html


def test_iteration_dict_and_equality():
    picks = sl.select(P, "margin", 3)
    assert [i for i, _ in picks] == picks.indices.tolist()
    assert json.loads(json.dumps(picks.to_dict()))["indices"] == picks.indices.tolist()
    assert picks == sl.select([P[:9], P[9:]], "margin", 3)
    assert picks != sl.select(P, "margin", 4)
    assert picks != 3
    with pytest.raises(ValueError, match="read-only"):
        picks.indices[0] = 1


def test_csv_reads_back_to_the_bit(tmp_path):
    picks = sl.select(P, "margin", 25)
    picks.to_csv(tmp_path / "picks.csv")
    text = io.StringIO()
    picks.to_csv(text)
    assert (tmp_path / "picks.csv").read_text() == text.getvalue()
    rank, index, score = np.loadtxt(tmp_path / "picks.csv", delimiter=",", skiprows=1).T
    assert np.array_equal(rank, np.arange(1, 26))
    assert np.array_equal(index.astype(int), picks.indices)
    assert np.array_equal(score.astype(np.float32), picks.scores)
    assert [p.name for p in tmp_path.iterdir()] == ["picks.csv"]


def test_jsonl_reads_back(tmp_path):
    picks = sl.select(P, "margin", 5)
    picks.to_jsonl(tmp_path / "picks.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "picks.jsonl").read_text().splitlines()]
    assert [line["index"] for line in lines] == picks.indices.tolist()
    assert lines[0]["rank"] == 1


def test_a_failed_export_leaves_nothing_behind(tmp_path):
    picks = sl.select(P, "margin", 5)
    (tmp_path / "picks.csv").mkdir()
    with pytest.raises(OSError):
        picks.to_csv(tmp_path / "picks.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["picks.csv"]
