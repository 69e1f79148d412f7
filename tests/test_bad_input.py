"""Every mistake gets a sentence that names the argument, what came and what is accepted; for data the first bad row."""

import numpy as np
import oracles
import pytest

import shortlist as sl

P = oracles.probabilities(np.random.default_rng(0), 50, 4)
COMMITTEE = np.stack([P, P])


def spoil(row, column, value):
    x = P.copy()
    x[row, column] = value
    return x


ARRAYS = [
    (P[0], ValueError, r"x has 1 dimensions, shape \(4,\); accepted is \(rows, classes\)"),
    (COMMITTEE[None], ValueError, r"x has 4 dimensions"),
    (np.float64(0.5), ValueError, r"x has 0 dimensions"),
    (P.astype(object), TypeError, "x has dtype object; accepted are float16, float32, float64"),
    (P.astype(complex), TypeError, "x has dtype complex128; accepted are float16"),
    (P.astype(str), TypeError, "x has dtype <U32; accepted are float16"),
    (P.astype(np.longdouble), TypeError, "accepted are float16"),
    ((P > 0.5), TypeError, r"x has dtype bool; accepted are .*astype\(np.float32\)"),
    (P.round().astype(int), TypeError, r"x has dtype int64; accepted are .*astype\(np.float32\)"),
    (P.astype(np.uint16), TypeError, 'uint16 with dtype="bfloat16"'),
    (np.zeros(3, dtype=[("a", float)]), TypeError, "x has dtype"),
    (P[:0], ValueError, "x is empty: it has no rows"),
    ([], ValueError, "x is empty"),
    (iter([]), ValueError, "x is empty: it has no blocks"),
    ([P[:0]], ValueError, "x is empty"),
    (P[:, :0], ValueError, r"x has no classes, shape \(50, 0\)"),
    ([[0.5, 0.5], [1.0]], ValueError, "x is a list that makes no matrix"),
    (None, TypeError, "x is a NoneType; accepted are arrays"),
    ({"a": P}, TypeError, "x is a dict; accepted are arrays"),
    (iter([P, 3.0]), TypeError, r"x\[1\] has dtype|x\[1\] has 0 dimensions"),
]


@pytest.mark.parametrize("call", [lambda x: sl.select(x, "margin", 1), lambda x: sl.score(x, "margin")])
@pytest.mark.parametrize(("x", "error", "message"), [case for case in ARRAYS if not hasattr(case[0], "__next__")])
def test_arrays(call, x, error, message):
    with pytest.raises(error, match=message):
        call(x)


def test_streams():
    for make, message in (
        (lambda: iter([]), "no blocks"),
        (lambda: iter([P, P[:, :2]]), "classes 2, and the rows before it 4"),
    ):
        for call in (
            lambda x: sl.select(x, "margin", 1, normalize="as_is"),
            lambda x: sl.score(x, "margin", normalize="as_is"),
        ):
            with pytest.raises(ValueError, match=message):
                call(make())
    with pytest.raises((TypeError, ValueError), match=r"x\[1\] has"):
        sl.select(iter([P, 3.0]), "margin", 1)


def test_sparse_matrices():
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match=r"sparse .*pass x.toarray\(\)"):
        sl.select(sparse.csr_matrix(P), "margin", 1)


ROWS = [
    (spoil(7, 2, np.nan), "row 7 .*NaN"),
    (spoil(7, 2, np.inf), "row 7 .*inf"),
    (spoil(7, 2, -np.inf), "row 7 .*(inf|negative)"),
    (spoil(7, 2, -0.25), "row 7 has -0.25 in column 2; accepted are probabilities"),
    (spoil(7, 2, 0.999), "row 7 .*sum"),
]


@pytest.mark.parametrize(("x", "message"), ROWS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("measure", ["margin", "entropy", "gini"])
def test_rows_that_are_no_probabilities(x, message, dtype, order, measure):
    x = np.array(x, dtype=dtype, order=order)
    for call in (
        lambda: sl.select(x, measure, 1),
        lambda: sl.score(x, measure),
        lambda: sl.select([x[:5], x[5:]], measure, 1),
        lambda: sl.score(iter([x[:5], x[5:]]), measure),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    picks = sl.select(x, measure, 49, invalid="skip")
    assert 7 not in picks.indices
    assert picks.report.skipped == 1


@pytest.mark.parametrize(("value", "invalid"), [(np.nan, True), (np.inf, True), (-np.inf, False), (1e30, False)])
def test_rows_that_are_no_logits(value, invalid):
    x = spoil(7, 2, value)
    if not invalid:
        assert len(sl.select(x, "margin", 50, from_logits=True)) == 50
        return
    with pytest.raises(ValueError, match="row 7"):
        sl.select(x, "margin", 1, from_logits=True)
    nothing = P.copy()
    nothing[7] = -np.inf
    with pytest.raises(ValueError, match="row 7"):
        sl.select(nothing, "margin", 1, from_logits=True)


def test_the_first_bad_row_is_named_whatever_the_threads():
    x = np.tile(P, (4000, 1))
    x[[150_003, 77_777, 199_999]] = np.nan
    for threads in (1, 2, 7):
        with pytest.raises(ValueError, match="row 77777 "):
            sl.select(x, "margin", 1, n_threads=threads)


def test_committees():
    with pytest.raises(ValueError, match=r"x has 2 dimensions, .*\(members, rows, classes\)"):
        sl.select(P, "bald", 1)
    with pytest.raises(ValueError, match=r"x\[1\] has shape \(49, 4\).*x\[0\] has \(50, 4\)"):
        sl.select([P, P[1:]], "bald", 1)
    with pytest.raises(ValueError, match="x has no members"):
        sl.select(np.zeros((0, 3, 2)), "bald", 1)
    spoiled = COMMITTEE.copy()
    spoiled[1, 9, 0] = np.nan
    with pytest.raises(ValueError, match="row 9"):
        sl.select(spoiled, "bald", 1)
    with pytest.raises(ValueError, match="x has 3 dimensions"):
        sl.select(COMMITTEE, "margin", 1)


OPTIONS = [
    ({"k": -1}, ValueError, "k is -1; accepted is a whole number, 0 or more"),
    ({"k": 1.5}, TypeError, "k is 1.5, a float; accepted is a whole number"),
    ({"k": "3"}, TypeError, "k is '3', a str"),
    ({"k": True}, TypeError, "k is True"),
    ({"k": None}, ValueError, "k is None; accepted is"),
    ({"k": 51}, ValueError, "k is 51, and the pool has 50 rows; .*strict=False"),
    ({"k": 50, "exclude": [1]}, ValueError, "k is 50, and 49 of the 50 rows of the pool can be picked .1 excluded"),
    (
        {"measure": "mragin"},
        ValueError,
        "measure 'mragin' is unknown; known are least_confident, .* did you mean 'margin'",
    ),
    ({"measure": "Entropy"}, ValueError, "did you mean 'entropy'"),
    ({"measure": "xyzzy"}, ValueError, "measure 'xyzzy' is unknown; known are"),
    ({"measure": 3}, TypeError, "measure is a int; accepted are a name"),
    ({"measure": np.max}, ValueError, "measure is a callable, so order is needed"),
    ({"measure": np.max, "order": "up"}, ValueError, "order is 'up'; accepted are"),
    ({"measure": np.max, "order": "lowest", "from_logits": True}, ValueError, "measure is a callable"),
    (
        {"measure": lambda b: b, "order": "lowest"},
        ValueError,
        r"returned shape \(50, 4\) .*accepted is one score for each row",
    ),
    ({"measure": lambda b: ["a"] * 50, "order": "lowest"}, TypeError, "returned dtype"),
    ({"measure": lambda b: np.full(50, np.nan), "order": "lowest"}, ValueError, "row 0"),
    ({"order": "lowest", "measure": "entropy"}, ValueError, "entropy picks highest"),
    ({"order": "sideways"}, ValueError, "order is 'sideways'"),
    ({"measure": "energy"}, ValueError, "logits"),
    ({"temperature": 0, "from_logits": True}, ValueError, "temperature is 0"),
    ({"temperature": -1.0, "from_logits": True}, ValueError, "temperature is -1"),
    ({"temperature": np.nan, "from_logits": True}, ValueError, "temperature is NaN"),
    ({"normalize": "maybe"}, ValueError, "normalize is .maybe.*check"),
    ({"invalid": "ignore"}, ValueError, "invalid is .ignore.*raise"),
    ({"ties": "last"}, ValueError, "ties is .last.*first"),
    ({"perturb": "noise"}, ValueError, "perturb is .noise"),
    ({"perturb": "power", "coldness": 0}, ValueError, "coldness is 0"),
    ({"measure": "random", "perturb": "power"}, ValueError, "random. has no scores"),
    ({"measure": "random", "perturb": "softrank"}, ValueError, "random. has no scores"),
    ({"measure": "random", "from_logits": True}, ValueError, "random. does not look at the rows"),
    ({"random_state": -1, "ties": "random"}, ValueError, "random_state is -1"),
    ({"random_state": "x", "ties": "random"}, TypeError, "random_state is 'x'"),
    ({"random_state": 2**64, "ties": "random"}, ValueError, r"below 2\*\*64"),
    ({"dtype": "float32"}, ValueError, 'dtype is .float32.; accepted are None .* "bfloat16"'),
    ({"dtype": "bfloat16"}, TypeError, "x has dtype float64; with dtype="),
    ({"n_threads": 0}, ValueError, "n_threads is 0; accepted is a whole number, 1 or more"),
    ({"n_threads": 1.5}, TypeError, "n_threads is 1.5"),
    ({"progress": 3}, TypeError, "progress is a int; accepted is a callable"),
    ({"exclude": np.zeros(49, bool)}, ValueError, "exclude is a mask of 49 rows, and the pool has 50"),
    ({"exclude": [50]}, ValueError, "exclude has id 50; accepted are 0 to 49"),
    ({"exclude": [-1]}, ValueError, "exclude has id -1"),
    ({"exclude": [3, 4, 3]}, ValueError, "exclude has id 3 twice"),
    ({"exclude": [0.5]}, TypeError, "exclude has dtype float64; accepted are whole numbers"),
    ({"exclude": [[1]]}, ValueError, r"exclude has shape \(1, 1\)"),
    ({"groups": [0] * 49, "per_group": 1}, ValueError, "groups has 49 labels, and the pool has 50 rows"),
    ({"groups": [[0]] * 50, "per_group": 1}, ValueError, "groups has shape"),
    ({"groups": [np.nan] * 50, "per_group": 1}, ValueError, "groups has NaN at row 0"),
    ({"groups": [0] * 50}, ValueError, "groups were given without per_group or quotas"),
    ({"per_group": 1}, ValueError, "groups are needed"),
    ({"quotas": "equal"}, ValueError, "groups"),
    ({"groups": [0] * 50, "per_group": 0}, ValueError, "per_group is 0; accepted is a whole number, 1 or more"),
    ({"groups": [0] * 50, "quotas": "fair"}, ValueError, "quotas is 'fair'; accepted are"),
    ({"groups": [0] * 50, "quotas": {1: 1}}, ValueError, "quotas has the label 1, which is not in groups"),
    ({"groups": [0] * 50, "quotas": {0: -1}}, ValueError, r"quotas\[0\] is -1"),
    ({"groups": [0] * 50, "quotas": {0: 9}}, ValueError, "quotas add up to 9; .* k, which is 1"),
    ({"groups": [0] * 50, "quotas": {}}, ValueError, "quotas is empty"),
    ({"groups": [0] * 50, "quotas": 3}, TypeError, "quotas is a int"),
    ({"groups": [0] * 50, "quotas": {0: 1}, "per_group": 1}, ValueError, "per_group and quotas were both given"),
]


@pytest.mark.parametrize(("options", "error", "message"), OPTIONS)
def test_options(options, error, message):
    with pytest.raises(error, match=message):
        sl.select(P, **{"measure": "margin", "k": 1, **options})


def test_masks_and_labels_of_streams_are_checked_at_the_end():
    for options in ({"exclude": np.zeros(40, bool)}, {"exclude": np.zeros(60, bool)}):
        with pytest.raises(ValueError, match="exclude is a mask of"):
            sl.select(iter([P[:30], P[30:]]), "margin", 1, **options)
    with pytest.raises(ValueError, match="groups"):
        sl.select(iter([P[:30], P[30:]]), "margin", 1, groups=[0] * 60, per_group=1)
    with pytest.raises(ValueError, match="k is 51, and 50 of the 50 rows"):
        sl.select(iter([P]), "margin", 51)


OUTS = [
    ([0.0] * 50, TypeError, "out is a list; accepted is a NumPy array"),
    (np.zeros(49), ValueError, r"out has shape \(49,\); accepted is \(50,\)"),
    (np.zeros((50, 1)), ValueError, r"out has shape \(50, 1\)"),
    (np.zeros(50, np.float32), TypeError, "out has dtype float32; accepted is float64"),
    (np.zeros(50, int), TypeError, "out has dtype int64; accepted is float64"),
    (np.zeros(100)[::2], ValueError, "out is not contiguous"),
    (np.frombuffer(bytes(400)), ValueError, "out is read-only"),
    (P.reshape(-1)[:50], ValueError, "out shares memory with x"),
]


@pytest.mark.parametrize(("out", "error", "message"), OUTS)
def test_outs(out, error, message):
    with pytest.raises(error, match=message):
        sl.score(P, "margin", out=out)
    with pytest.raises(ValueError, match="does not say how many rows"):
        sl.score(iter([P]), "margin", out=np.zeros(50))


def test_random_has_no_scores():
    with pytest.raises(ValueError, match="accepted by select"):
        sl.score(P, "random")


@pytest.mark.parametrize(
    ("pool", "k", "error", "message"),
    [
        (10, 11, ValueError, "k is 11, and 10 of the 10 rows"),
        (0, 0, ValueError, "pool is empty"),
        (-1, 1, ValueError, "pool is -1"),
        (2.5, 1, TypeError, "pool is 2.5"),
        ([], 0, ValueError, "pool is empty"),
        ([[1.0]], 1, TypeError, r"shape \(1, 1\)"),
        ([1.0, -1.0], 1, ValueError, "row 1"),
        ([1.0, np.nan], 1, ValueError, "row 1"),
        ([1.0, 0.0], 2, ValueError, "k is 2, and 1 of the 2 rows"),
    ],
)
def test_sample(pool, k, error, message):
    with pytest.raises(error, match=message):
        sl.sample(pool, k)
