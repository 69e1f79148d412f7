"""Nothing to pick among, nothing excluded, nothing labelled: no rows are an answer; a label that is missing is an error."""

import numpy as np
import pytest

import shortlist as sl

pd = pytest.importorskip("pandas")

X = np.random.default_rng(0).normal(size=(30, 4))
P = np.random.default_rng(1).dirichlet(np.ones(3), 30)
U = P[:, 0]


def manhattan(a, b):
    return np.abs(np.asarray(a)[:, None] - np.asarray(b)[None]).sum(axis=-1)


RULES = {
    "k_center": lambda **how: sl.k_center(X, **how),
    "k_center by a callable": lambda **how: sl.k_center(X, metric=manhattan, **how),
    "ranked_batch": lambda **how: sl.ranked_batch(X, U, **how),
    "ranked_batch by a callable": lambda **how: sl.ranked_batch(X, U, metric=manhattan, **how),
    "diverse_uncertain": lambda **how: sl.diverse_uncertain(X, U, **how),
    "kmeans_plus_plus": lambda **how: sl.kmeans_plus_plus(X, **how),
    "badge": lambda **how: sl.badge(P, X, **how),
    "cluster_margin": lambda **how: sl.cluster_margin(P, clusters=np.arange(30) % 3, **how),
    "cluster_margin of X": lambda **how: sl.cluster_margin(P, X=X, **how),
    "typiclust": lambda **how: sl.typiclust(X, **how),
    "herding": lambda **how: sl.herding(X, **how),
}
NOTHING = {
    "list": [],
    "tuple": (),
    "set": set(),
    "array": np.array([]),
    "whole numbers": np.array([], dtype=int),
    "empty mask": np.array([], dtype=bool),
    "Series": pd.Series([]),
    "Series of bool": pd.Series([], dtype=bool),
    "Index": pd.Index([]),
    "frame": pd.DataFrame(),
    "frame of one column": pd.DataFrame({"a": []}),
    "positions": sl.Positions([]),
    "selection": sl.select(P, "margin", 0),
}


@pytest.mark.parametrize("nothing", NOTHING)
def test_nothing_to_pick_among(nothing):
    for name, rule in RULES.items():
        for k in (0, 2):
            picks = rule(k=k, among=NOTHING[nothing], strict=False)
            assert picks.indices.tolist() == [], name
            assert picks.scores.tolist() == [], name
        with pytest.raises(ValueError, match="k is 2, and there are 0 rows to pick from"):
            rule(k=2, among=NOTHING[nothing])
    assert sl.density(X, among=NOTHING[nothing]).tolist() == []
    assert [found.tolist() for found in sl.min_distances(X, X, among=NOTHING[nothing])] == [[], []]


@pytest.mark.parametrize("nothing", NOTHING)
def test_nothing_excluded(nothing):
    assert sl.select(P, "margin", 5, exclude=NOTHING[nothing]) == sl.select(P, "margin", 5)
    assert sl.select(P, "margin", 5, exclude=NOTHING[nothing], perturb="softrank", random_state=0) == sl.select(
        P, "margin", 5, perturb="softrank", random_state=0
    )
    assert sl.sample(30, 5, exclude=NOTHING[nothing], random_state=0) == sl.sample(30, 5, random_state=0)
    assert sl.Selector("margin", 5, exclude=NOTHING[nothing]).update(P).finish() == sl.select(P, "margin", 5)
    frame = pd.DataFrame(P, columns=list("abc")).assign(key=range(30))
    source = sl.Source(frame, column=list("abc"), id_column="key")
    assert sl.select(source, "margin", 5, exclude=NOTHING[nothing]) == sl.select(P, "margin", 5)


@pytest.mark.parametrize("nothing", [[], (), np.array([]), np.empty((0, 4)), pd.DataFrame(columns=list("abcd"))])
def test_nothing_labelled(nothing):
    for name in ("k_center", "k_center by a callable", "ranked_batch", "kmeans_plus_plus", "typiclust", "herding"):
        seed = {"random_state": 0} if name in ("kmeans_plus_plus", "typiclust", "herding") else {}
        assert RULES[name](k=3, labelled=nothing, **seed) == RULES[name](k=3, **seed), name


@pytest.mark.parametrize("rule", RULES)
def test_a_mask_is_a_way_to_name_rows(rule):
    mask = np.arange(30) % 3 == 0
    seed = {} if any(word in rule for word in ("center", "batch", "uncertain")) else {"random_state": 0}
    wanted = RULES[rule](k=4, among=np.flatnonzero(mask), **seed)
    for given in (mask, mask.tolist(), pd.Series(mask), pd.array(mask, dtype="boolean")):
        assert RULES[rule](k=4, among=given, **seed) == wanted
    with pytest.raises(ValueError, match="among is a mask of 29 rows, and the pool has 30"):
        RULES[rule](k=4, among=mask[1:])


MISSING = {
    "None": (["a", None, "b"], "None"),
    "None beside numbers": ([1, None, 2], "None"),
    "nan beside text": (["a", float("nan"), "b"], "nan"),
    "NaN": ([1.0, np.nan, 2.0], "NaN"),
    "object array": (np.array(["a", None, "b"], dtype=object), "None"),
    "NA": (pd.array([1, None, 2], dtype="Int64"), "NaN|<NA>"),
    "Series of text": (pd.Series(["a", None, "b"]), "nan|None"),
    "Categorical": (pd.Categorical(["a", None, "b"]), "nan"),
    "NaT": (np.array(["2026-01-01", "NaT", "2026-01-02"], dtype="datetime64[D]"), "NaT"),
}


NONE_AS_A_GROUP = ("None", "None beside numbers", "object array")


def often(labels):
    return pd.concat([pd.Series(labels)] * 10, ignore_index=True) if hasattr(labels, "isna") else np.tile(labels, 10)


@pytest.mark.parametrize("kind", MISSING)
def test_a_label_that_is_missing_is_named_with_its_row(kind):
    labels, came = MISSING[kind]
    labels = list(labels) * 10 if isinstance(labels, list) else often(labels)
    for name, call in (
        ("groups", lambda: sl.select(P, "margin", 3, groups=labels, per_group=1)),
        ("groups", lambda: sl.select(P, "margin", 3, groups=labels, quotas="equal")),
        ("groups", lambda: sl.Selector("margin", 3, quotas={"a": 1}).update(P, groups=labels)),
        ("clusters", lambda: sl.cluster_margin(P, 3, clusters=labels)),
        ("y", lambda: sl.simulate(X, labels, strategies="margin", batch=2, budget=6, repeats=1, n_jobs=1)),
        ("labels", lambda: sl.compare(P, "margin,entropy", 3, labels=labels)),
    ):
        # pandas 2 keeps the None of a Series of text, of which 3 makes nan.
        if name == "groups" and (kind in NONE_AS_A_GROUP or (kind == "Series of text" and labels.dtype == object)):
            assert call()  # rows of no other group: one of their own
            continue
        with pytest.raises(ValueError, match=f"{name} has ({came}) at row 1; accepted is a label for each row"):
            call()


def test_labels_that_are_masked_or_of_two_types():
    masked = np.ma.array(np.arange(30) % 3, mask=np.arange(30) == 4)
    for name, call in (
        ("groups", lambda: sl.select(P, "margin", 3, groups=masked, per_group=1)),
        ("clusters", lambda: sl.cluster_margin(P, 3, clusters=masked)),
        ("y", lambda: sl.simulate(X, masked, strategies="margin", batch=2, budget=6, repeats=1, n_jobs=1)),
    ):
        with pytest.raises(ValueError, match=f"{name} is masked at row 4; accepted is a label for each row"):
            call()
    both = np.array([1, "a"] * 15, dtype=object)
    with pytest.raises(TypeError, match="y has labels of the types int and str; accepted are labels of one type"):
        sl.simulate(X, both, strategies="margin", batch=2, budget=6, repeats=1, n_jobs=1)
    assert len(sl.cluster_margin(P, 3, clusters=both)) == 3
