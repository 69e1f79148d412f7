"""Rows and labels as people have them: categories, dates, arrays of other libraries, single rows, files, gaps."""

import datetime

import numpy as np
import pandas as pd
import polars_or_skip as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import shortlist as sl
from shortlist import rows
from shortlist.learners import ActiveLearner, BayesianOptimizer
from shortlist.strategies import expected_error_reduction

X = np.random.default_rng(0).normal(size=(60, 2))
y = (X[:, 0] > 0).astype(int)
NAMES = np.array(["no", "yes"])[y]
DATES = pd.date_range("2024-01-01", periods=3)


def learner(**kwargs):
    return ActiveLearner(LogisticRegression(), **{"X_training": X[:20], "y_training": y[:20], **kwargs})


def frame(column, number=0.0):
    return pd.DataFrame({"x": number, "c": column})


def category(labels, order=None, ordered=False):
    return pd.Categorical(list(labels), categories=None if order is None else list(order), ordered=ordered)


@pytest.mark.parametrize(
    ("known", "new", "categories", "ordered"),
    [
        (category("aab"), category("bd"), "abd", False),
        (category("ab", "ba"), category("ab"), "ba", False),
        (category("ab"), ["b", "z"], "abz", False),
        (category("ab"), frame(category("bd")).iloc[1], "abd", False),
        (category("ab", "ba", True), category("ab", "ba", True), "ba", True),
        (category("ab", "bac", True), category("ab", "ba", True), "bac", True),
        (category("ab", "ba", True), category("ab", "bca", True), "bca", True),
        (category("ab", "ba", True), ["a"], "ba", True),
        (category(""), category("a"), "a", False),
    ],
)
def test_categories_are_united(known, new, categories, ordered):
    new = new if isinstance(new, pd.Series) else frame(new)
    whole = rows.vstack([frame(known), new])
    assert whole["c"].dtype == pd.CategoricalDtype(list(categories), ordered=ordered)
    assert whole["c"].tolist() == [*known, *(new["c"] if isinstance(new, pd.DataFrame) else [new["c"]])]
    labels = rows.vstack([pd.Series(known), new["c"] if isinstance(new, pd.DataFrame) else [new["c"]]])
    assert labels.dtype == whole["c"].dtype


@pytest.mark.parametrize("new", [category("ab", "ab", True), ["z"]])
def test_orders_that_contradict(new):
    with pytest.raises(ValueError, match=r"ordered categories.*column 'c'|column 'c'.*ordered categories"):
        rows.vstack([frame(category("ab", "ba", True)), frame(new)])


def test_a_model_that_takes_categories():
    city = np.array(list("abcd") * 15)
    model = HistGradientBoostingClassifier(max_iter=2, categorical_features="from_dtype")
    seed = frame(category(np.where(city == "d", "a", city)[:40]), X[:40, 0])
    active = ActiveLearner(model, X_training=seed, y_training=pd.Series(category(NAMES[:40])))
    pool = frame(category(city), X[:, 0])
    indices, picked = active.query(pool, n_instances=3)
    active.teach(picked, pd.Series(category(NAMES[indices])))
    active.teach(pool.iloc[3], NAMES[3])
    assert active.X_training["c"].cat.categories.tolist() == list("abcd")
    assert isinstance(active.y_training.dtype, pd.CategoricalDtype)
    assert len(expected_error_reduction(active, pool[40:43])[0]) == 1


@pytest.mark.parametrize(
    ("known", "new", "dtype"),
    [
        (DATES.tz_localize("UTC"), DATES.tz_localize("Europe/Paris"), DATES.tz_localize("UTC").dtype),
        (DATES, [datetime.date(2024, 1, 1)], DATES.dtype),
        (DATES - DATES[0], frame(DATES - DATES[0]).iloc[0], (DATES - DATES[0]).dtype),
        (pd.period_range("2024", periods=2, freq="M"), pd.period_range("2025", periods=2, freq="M"), "period[M]"),
        ([True, False], [1, 0], bool),
        ([1.5, 2.5], [True], float),
        ([1, 2], [3.0], int),
        ([1, 2], [3.5], float),
        (pd.array([1, None], dtype="Int64"), [3], "Int64"),
        ([np.nan, np.nan], DATES, DATES.dtype),
        (DATES, [np.nan], DATES.dtype),
        (["a"], category("ab"), pd.Series(["a"]).dtype),
    ],
)
def test_columns_keep_their_kind(known, new, dtype):
    new = new if isinstance(new, pd.Series) else frame(new)
    whole = rows.vstack([frame(known), new])
    assert whole["c"].dtype == dtype
    came = new["c"] if isinstance(new, pd.DataFrame) else pd.Series([new["c"]])
    for one, other in zip(whole["c"][len(known) :], came, strict=True):
        assert pd.isna(other) or one == (pd.Timestamp(other) if isinstance(other, datetime.date) else other)


@pytest.mark.parametrize(
    ("known", "new"),
    [
        (DATES, DATES.tz_localize("UTC")),
        (DATES, ["2024-01-01"]),
        ([1.0], ["oops"]),
        ([1.0], np.array(["oops", 1], dtype=object)),
        ([True], [2]),
        (pd.period_range("2024", periods=2, freq="M"), pd.period_range("2024", periods=2, freq="D")),
    ],
)
def test_columns_of_another_kind_are_named(known, new):
    with pytest.raises(ValueError, match=r"column 'c' came as .*, and is .* in the known rows; give it the same dtype"):
        rows.vstack([frame(known), frame(new)])


@pytest.mark.parametrize("known", [lambda: y, lambda: NAMES, lambda: pd.Series(y), lambda: pl.Series(y)])
def test_labels_of_another_kind_do_not_become_text(known):
    active = learner(y_training=known()[:20])
    with pytest.raises(ValueError, match=r"the new y of shape \(2,\) does not agree with the known y.*came as"):
        active.teach(X[:2], [0, 1] if isinstance(known()[0], str) else ["0", "1"])
    assert len(active.y_training) == 20


def polars(column, dtype=None):
    return pl.DataFrame({"c": pl.Series(column, dtype=dtype)})


def test_polars_columns_keep_their_kind():
    categorical, one, other = pl.Categorical, pl.Enum(["a", "b"]), pl.Enum(["c", "a"])
    zoned = pl.Datetime("us", "UTC")
    for known, new, dtype in (
        (polars(["a"], categorical), polars(["b"], categorical), categorical),
        (polars(["a"], categorical), polars(["b"]), categorical),
        (polars(["a"], one), polars(["c"], other), pl.Enum(["a", "b", "c"])),
        (polars(["a"], one), polars(["z"]), pl.Enum(["a", "b", "z"])),
        (polars([1]), polars([1.5]), pl.Float64),
        (polars([None]), polars([1.5]), pl.Float64),
        (polars([DATES[0]], zoned), polars([DATES[0]], pl.Datetime("us", "Europe/Paris")), zoned),
        (polars(["a"]), pd.DataFrame({"c": ["b"]}), pl.String),
    ):
        whole = rows.vstack([known, new])
        assert whole.schema["c"] == dtype
        assert whole["c"].to_list() == [*known["c"], *new["c"]]
        if isinstance(new, pl.DataFrame):
            assert rows.vstack([known["c"], new["c"]]).equals(whole["c"])
    with pytest.raises(ValueError, match="column 'c' came as String, and is Float64"):
        rows.vstack([polars([1.0]), polars(["a"])])


@pytest.mark.parametrize("finite", [True, False])
@pytest.mark.parametrize(
    ("column", "number"),
    [
        (pd.date_range("2024-01-01", periods=60, freq="h"), lambda column: column.dt.hour),
        (pd.date_range("2024-01-01", periods=60, freq="h", tz="Asia/Tokyo"), lambda column: column.dt.hour),
        (pd.to_timedelta(np.arange(60), unit="h"), lambda column: column.dt.total_seconds() / 1e5),
        (pd.period_range("2024-01-01", periods=60, freq="h"), lambda column: column.dt.hour),
    ],
    ids=["datetime", "zoned", "timedelta", "period"],
)
def test_dates_that_the_pipeline_makes_numbers_of(column, number, finite):
    pool = frame(column, X[:, 0])
    model = make_pipeline(FunctionTransformer(lambda part: part.assign(c=number(part["c"]))), LogisticRegression())
    active = ActiveLearner(model, X_training=pool[:20], y_training=y[:20], force_all_finite=finite)
    indices, picked = active.query(pool[20:], n_instances=3, chunk_size=7)
    active.teach(picked, y[20:][indices])
    active.teach(pool.iloc[1], y[1])
    assert active.X_training["c"].dtype == column.dtype
    active.fit(pool, y)
    with pytest.raises(TypeError, match="on_transformed=True"):
        sl.k_center_sampling(active, pool)


LABELS = {
    "list": list,
    "Series": pd.Series,
    "Index": pd.Index,
    "array of pandas": lambda labels: pd.array(labels, dtype="string"),
    "Categorical": pd.Categorical,
    "CategoricalIndex": pd.CategoricalIndex,
    "Int64": lambda labels: pd.array((labels == "yes").astype(int), dtype="Int64"),
    "boolean": lambda labels: pd.array(labels == "yes", dtype="boolean"),
    "Polars": pl.Series,
    "Polars Categorical": lambda labels: pl.Series(labels, dtype=pl.Categorical),
    "pyarrow": pa.array,
    "pyarrow dictionary": lambda labels: pa.array(labels).dictionary_encode(),
    "pyarrow chunks": lambda labels: pa.chunked_array([labels[:7], labels[7:]]),
    "frame": lambda labels: pd.DataFrame({"label": labels}),
    "Polars frame": lambda labels: pl.DataFrame({"label": labels}),
}


@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
@pytest.mark.parametrize("holder", LABELS)
def test_labels_in_every_holder(holder):
    labels = LABELS[holder](NAMES)
    plain = np.asarray(labels).reshape(-1)
    for new in (lambda i: rows.take(labels, i), lambda i: plain[i], lambda i: plain[i].tolist()):
        active = learner(y_training=labels[:20])
        indices, picked = active.query(X, n_instances=3)
        active.teach(picked, new(indices))
        active.teach(X[5], plain[5])
        active.teach(X[:20], labels[:20], bootstrap=True)
        assert type(active.y_training) is (np.ndarray if "pyarrow" in holder else type(labels))
        expected = [*plain[:20], *plain[indices], plain[5], *plain[:20]]
        assert np.asarray(active.y_training).reshape(-1).tolist() == expected
        assert len(expected_error_reduction(active, X[:2])[0]) == 1


TEXTS = [f"{'good' if label else 'bad'} t{number}" for number, label in enumerate(y)]


@pytest.mark.parametrize(
    "make",
    [list, tuple, np.array, pd.Series, pd.Index, pd.array, pl.Series, pa.array, lambda t: pa.chunked_array([t])],
)
def test_texts_in_every_holder(make):
    pool = make(TEXTS)
    active = ActiveLearner(
        make_pipeline(CountVectorizer(), LogisticRegression()), X_training=pool[:20], y_training=y[:20]
    )
    indices, picked = active.query(pool, n_instances=3, chunk_size=7)
    assert np.asarray(picked).tolist() == [TEXTS[i] for i in indices]
    active.teach(picked, y[indices])
    active.teach(TEXTS[5], 1)
    assert np.asarray(active.X_training).tolist() == [*TEXTS[:20], *(TEXTS[i] for i in indices), TEXTS[5]]


RULES = ["uncertainty_batch", "k_center", "mix", "typiclust", "herding", "badge", "cluster_margin"]


@pytest.mark.parametrize("rule", RULES)
def test_rules_over_features_say_what_texts_need(rule):
    strategy = getattr(sl, f"{rule}_sampling")
    model = make_pipeline(CountVectorizer(), LogisticRegression())
    for pool in (TEXTS, np.array(TEXTS, dtype=object), pd.DataFrame({"t": TEXTS})["t"]):
        active = ActiveLearner(model, strategy, X_training=pool[:20], y_training=y[:20])
        with pytest.raises(TypeError, match=r"compares rows as numbers.*on_transformed=True"):
            active.query(pool[20:], n_instances=2)
    active = ActiveLearner(model, strategy, X_training=TEXTS[:20], y_training=y[:20], on_transformed=True)
    assert len(active.query(TEXTS[20:], n_instances=2)[0]) == 2


class Sums(ClassifierMixin, BaseEstimator):
    """Takes rows of any length."""

    def fit(self, X, y):
        self.model_ = LogisticRegression().fit([[sum(row)] for row in X], y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba([[sum(row)] for row in X])


RAGGED = [X[i, :1].tolist() * (1 + i % 3) for i in range(60)]


@pytest.mark.parametrize(
    "make", [list, pd.Series, pl.Series, lambda ragged: np.array([*ragged, None], dtype=object)[:-1]]
)
def test_rows_of_different_lengths(make):
    pool = make(RAGGED)
    active = ActiveLearner(Sums(), X_training=pool[:20], y_training=y[:20])
    indices, picked = active.query(pool[20:], n_instances=3, chunk_size=7)
    active.teach(picked, y[20:][indices])
    assert len(active.X_training) == 23
    assert active.fit(pool, y) is active
    with pytest.raises(ValueError, match="X has NaN in row 1, column 2"):
        active.fit([[1.0], [2.0, 3.0, np.nan]], [0, 1])
    with pytest.raises(ValueError, match=r"does not agree with the known X of shape \(60,\)"):
        active.teach(sparse.csr_matrix(X[:2]), y[:2])


def test_rows_that_are_dicts():
    pool = [{"w": value, "k": "ab"[label]} for value, label in zip(X[:, 0], y, strict=True)]
    active = ActiveLearner(
        make_pipeline(DictVectorizer(), LogisticRegression()), X_training=pool[:20], y_training=y[:20]
    )
    indices, picked = active.query(pool, n_instances=3)
    active.teach(picked, y[indices])
    active.teach(pool[3], y[3])
    assert active.X_training == [*pool[:20], *picked, pool[3]]


FRAME = pd.DataFrame(X, columns=["a", "b"])
LISTS = X.tolist()


@pytest.mark.parametrize(
    ("known", "row"),
    [
        (FRAME, FRAME.iloc[30]),
        (FRAME, FRAME.iloc[[30]]),
        (FRAME, FRAME.iloc[30].to_frame().T),
        (FRAME.astype({"a": object}), FRAME.astype({"a": object}).iloc[30]),
        (FRAME, X[30]),
        (FRAME, LISTS[30]),
        (FRAME, next(FRAME[30:].itertuples(index=False))),
        (X, X[30]),
        (X, X[[30]]),
        (X, FRAME.iloc[[30]]),
        (LISTS, LISTS[30]),
        (LISTS, X[[30]]),
        (LISTS, FRAME.iloc[[30]]),
        (LISTS, lambda: pl.DataFrame(X[[30]], orient="row")),
        (lambda: pl.DataFrame(X, orient="row"), lambda: pl.DataFrame(X, orient="row")[30]),
        (pa.table({"a": X[:, 0], "b": X[:, 1]}), pa.table({"b": X[30:31, 1], "a": X[30:31, 0]})),
        (sparse.csr_matrix(X), sparse.csr_matrix(X)[30]),
    ],
)
@pytest.mark.parametrize("label", [y[30], int(y[30]), [y[30]], y[[30]], pd.Series(y)[30:31]])
def test_one_row_as_it_was_cut(known, row, label):
    known, row = (made() if callable(made) else made for made in (known, row))
    active = learner(X_training=known[:20])
    active.teach(row, label)
    whole = active.X_training
    assert type(whole) is type(known)
    dense = whole.toarray() if sparse.issparse(whole) else np.asarray(whole, dtype=float)
    np.testing.assert_array_equal(dense, X[[*range(20), 30]])
    assert np.asarray(active.y_training).tolist() == [*y[:20], y[30]]
    if isinstance(known, pd.DataFrame):
        assert whole.dtypes.tolist() == known.dtypes.tolist()


@pytest.mark.parametrize(
    "make", [lambda v: pd.DataFrame({"y": v}), lambda v: pl.DataFrame({"y": v}), pd.Series, np.array]
)
def test_the_highest_value_in_a_frame_of_one_column(make):
    model = GaussianProcessRegressor(optimizer=None)
    optimizer = BayesianOptimizer(model, X_training=X[:4], y_training=make([1.0, 3.0, 2.0, 0.0]))
    assert optimizer.y_max == 3.0
    np.testing.assert_array_equal(optimizer.X_max, X[1])
    optimizer.teach(X[4:6], make([4.0, 3.5]))
    optimizer.teach(X[6:7], [1.0])
    optimizer.teach(X[7:8], pd.Series([0.0]))
    assert isinstance(optimizer.y_max, float)
    assert optimizer.y_max == 4.0
    assert len(optimizer.query(X, n_instances=2)[0]) == 2
    with pytest.raises(ValueError, match=r"y has shape \(4, 2\); accepted is one value for each row"):
        BayesianOptimizer(model, X_training=X[:4], y_training=X[:4])


HOLES = np.array([[1.0, 2.0], [3.0, np.nan], [np.inf, 4.0]])
FIRST = r"row 1, column 1; accepted are finite numbers.*force_all_finite=False"


@pytest.mark.parametrize(
    ("holes", "sentence"),
    [
        (HOLES, f"X has NaN in {FIRST}"),
        (HOLES.tolist(), f"X has NaN in {FIRST}"),
        (HOLES.astype(object), f"X has NaN in {FIRST}"),
        (sparse.csc_matrix(HOLES), f"X has NaN in {FIRST}"),
        (HOLES[::2], "X has infinity in row 1, column 0"),
        (-HOLES[::2], "X has -infinity in row 1, column 0"),
        (np.ma.array(HOLES[:1], mask=[[0, 1]]), "X has NaN in row 0, column 1"),
        (pd.DataFrame(HOLES, columns=["a", "b"]), "X has NaN in row 1, column 'b'"),
        (lambda: pl.DataFrame(HOLES, schema=["a", "b"], orient="row"), "X has NaN in row 1, column 'b'"),
        (lambda: pl.DataFrame({"a": [1, None]}), "X has NaN in row 1, column 'a'"),
        (pa.table({"a": [1, None]}), "X has NaN in row 1, column 'a'"),
        (pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}), "X has a missing value .NaN. in row 1, column 'a'"),
        (pd.DataFrame({"a": pd.array([1.0, np.inf], dtype="Float64")}), "X has infinity in row 1, column 'a'"),
        (pd.DataFrame({"a": [DATES[0], None]}), "X has a missing value .NaN. in row 1, column 'a'"),
        (pd.DataFrame({"a": category(["u", None])}), "X has NaN in row 1, column 'a'"),
        ({"left": HOLES[:2, 0], "right": HOLES[:2, 1]}, "X has NaN in row 1, column 'right'"),
    ],
)
def test_the_first_gap_is_named(holes, sentence):
    holes = holes() if callable(holes) else holes
    labels = list(range(rows.count(holes)))
    with pytest.raises(ValueError, match=sentence):
        ActiveLearner(Sums()).fit(holes, labels)
    with pytest.raises(ValueError, match="y has NaN in row 1"):
        ActiveLearner(Sums()).fit(X[:2], pd.Series([0.0, np.nan]))


def test_gaps_that_the_model_takes():
    holes = pd.DataFrame({"a": [1.0, np.nan, 2.0, 3.0] * 5})
    model = HistGradientBoostingClassifier(max_iter=2)
    active = ActiveLearner(model, X_training=holes, y_training=y[:20], force_all_finite=False)
    active.teach(holes[:4], y[:4])
    assert active.fit(holes, y[:20]).X_training is holes
    for fine in (np.array(["a", None], dtype=object), ["a", None], [], np.empty((0, 3)), pd.DataFrame({"a": []})):
        rows.check_finite(fine, "X")


def test_rows_of_files_out_of_order(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "pool.h5", "w") as file:
        pool = file.create_dataset("x", data=X)
        for index in ([5, 1, 3], [2, 2, 0], [-1, 0, -1], np.arange(60) % 7 == 0, []):
            np.testing.assert_array_equal(rows.take(pool, index), X[index])
        active = ActiveLearner(LogisticRegression(), X_training=pool, y_training=y, bootstrap_init=True, random_state=0)
        indices, picked = active.query(pool, n_instances=6, chunk_size=7)
        np.testing.assert_array_equal(picked, X[indices])
        assert indices.tolist() != sorted(indices)
        active.teach(picked, y[indices])
        assert len(active.X_training) == 66


def test_what_only_has_an_array():
    class Wrapped:
        def __init__(self, array):
            self.array = array

        def __array__(self, dtype=None, copy=None):
            return self.array

    active = learner(X_training=Wrapped(X[:20]), y_training=Wrapped(y[:20]))
    indices, picked = active.query(Wrapped(X), n_instances=3)
    np.testing.assert_array_equal(picked, X[indices])
    active.teach(Wrapped(X[:2]), Wrapped(y[:2]))
    assert active.X_training.shape == (22, 2)
    assert learner(X_training=pa.table({"a": X[:20, 0]})).n_features_in_ == 1


def test_what_gives_no_rows_by_position():
    active = learner()
    with pytest.raises(TypeError, match=r"X_pool came as polars.*LazyFrame, which gives no rows.*: x.collect\(\)"):
        active.query(pl.LazyFrame({"a": [1.0]}))
    frames = pytest.importorskip("dask.dataframe")
    lazy = frames.from_pandas(FRAME, npartitions=2)
    for call in (active.query, lambda pool: active.teach(pool, y), lambda pool: active.fit(pool, y)):
        with pytest.raises(TypeError, match=r"came as dask.*, which gives no rows by position.*: x.compute\(\)"):
            call(lazy)
    with pytest.raises(TypeError, match="unknown length; call x.compute_chunk_sizes"):
        active.query(lazy.to_dask_array())
    assert len(active.query(lazy.to_dask_array(lengths=True), n_instances=2)[0]) == 2
    for nothing in ({1, 2}, "text", (row for row in X)):
        with pytest.raises(TypeError, match="X_pool came as .*; accepted are an array"):
            active.query(nothing)
    with pytest.raises(ValueError, match="the target y is None; accepted is one label for each row"):
        active.teach(X[:2], None)
