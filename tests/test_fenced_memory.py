"""No kernel reads behind the end of an array, nor before its start: there lie pages that nobody may read.

What does so ends the process; the rows of measures are fenced in the core's own tests, at every CPU level.
"""

import ctypes
import mmap
import os
import sys

import numpy as np
import pytest

import shortlist as sl
from shortlist import _core

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pages are closed by mprotect, which only Unix has")

FEATURES = [*range(1, 21), 31, 32, 33, 48, 63, 64, 65, 70, 127, 384]
LEVELS = _core.build_info()["cpu_levels"]


def fenced(array, end=True):
    """A copy of an array whose last element (or first one) lies beside a page that may not be read."""
    array = np.ascontiguousarray(array)
    page = mmap.PAGESIZE
    inside = max(page, -(-array.nbytes // page) * page)
    memory = mmap.mmap(-1, inside + 2 * page)
    view = np.frombuffer(memory, np.uint8)
    mprotect = ctypes.CDLL(None, use_errno=True).mprotect
    mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for outside in (0, page + inside):
        if mprotect(view.ctypes.data + outside, page, 0) != 0:
            raise OSError(ctypes.get_errno(), "mprotect")
    start = page + inside - array.nbytes if end else page
    copy = view[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def rows_of_features(rows, features, dtype=np.float32):
    """Rows without structure."""
    return np.random.default_rng(features).standard_normal((rows, features)).astype(dtype)


def probabilities(rows, classes, dtype=np.float32):
    """Rows that sum to one."""
    pool = np.random.default_rng(classes).random((rows, classes)) + 0.01
    return (pool / pool.sum(axis=1, keepdims=True)).astype(dtype)


def test_the_fence_is_there():
    array = fenced(np.zeros(3, np.float32))
    reader, writer = os.pipe()
    try:
        os.write(writer, (ctypes.c_char * 12).from_address(array.ctypes.data))
        # The system reads for us, and says so where it may not.
        with pytest.raises(OSError, match="Bad address"):
            os.write(writer, (ctypes.c_char * 4).from_address(array.ctypes.data + 12))
    finally:
        os.close(reader)
        os.close(writer)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("end", [True, False])
def test_rules_over_embeddings(dtype, end):
    for features in FEATURES:
        x = fenced(rows_of_features(37, features, dtype), end)
        metric = ("euclidean", "cosine", "manhattan")[features % 3]
        labelled = fenced(rows_of_features(3, features, dtype), end)
        uncertainty = fenced(np.random.default_rng(0).random(37), end)
        probs = fenced(probabilities(37, 1 + features % 20, dtype), end)
        assert len(sl.k_center(x, 5, metric=metric, labelled=labelled).indices) == 5
        assert len(sl.ranked_batch(x, uncertainty, 5, metric=metric, labelled=labelled).indices) == 5
        assert len(sl.diverse_uncertain(x, uncertainty, 5, metric=metric).indices) == 5
        assert len(sl.kmeans_plus_plus(x, 5, random_state=features).indices) == 5
        assert len(sl.badge(probs, x, 5, random_state=features).indices) == 5
        assert len(sl.typiclust(x, 5, random_state=features).indices) == 5
        assert len(sl.herding(x, 5).indices) == 5


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_distances_at_every_level(dtype, level):
    for features in FEATURES:
        x, y = (fenced(rows_of_features(rows, features, dtype)) for rows in (37, 19))
        metric = ("euclidean", "cosine", "manhattan")[features % 3]
        distances, nearest = _core.min_distances(x, y, metric=metric, cpu_level=level)
        assert distances.shape == nearest.shape == (37,)
        assert _core.density(x, cpu_level=level)[0].shape == (37,)
        assert _core.k_center(x, 5, metric=metric, cpu_level=level)


def test_committees_ids_and_groups():
    for classes in range(1, 71):
        members = [fenced(probabilities(37, classes)) for _ in range(3)]
        exclude = fenced(np.array([3, 5]))
        groups = fenced(np.arange(37) % 4)
        assert len(sl.select(members, "vote_entropy", 5, exclude=exclude).indices) == 5
        assert len(sl.select(members[0], "margin", 5, groups=groups, per_group=2).indices) == 5
        if classes > 1:
            assert len(sl.select(members[0], "entropy", 5, perturb="power", random_state=1).indices) == 5


@pytest.mark.parametrize("classes", [2, 3, 17])
def test_models_over_dense_and_sparse_rows(classes):
    from scipy import sparse
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import MultinomialNB

    rng = np.random.default_rng(classes)
    for features in (1, 3, 8, 17, 64, 70):
        train, labels = rng.random((300, features)), np.arange(300) % classes
        for dtype in (np.float32, np.float64):
            x = fenced(rng.random((5_000, features)).astype(dtype))
            for model in (
                LogisticRegression(tol=1e-2, max_iter=500),
                MultinomialNB(),
                RandomForestClassifier(5, max_depth=4, random_state=0),
                HistGradientBoostingClassifier(max_iter=3),
            ):
                model.fit(train.astype(dtype), labels)
                assert len(sl.query(model, x, "margin", 5).indices) == 5
            rows = sparse.random(5_000, features, 0.3, "csr", dtype, random_state=1)
            rows.data, rows.indices, rows.indptr = (fenced(part) for part in (rows.data, rows.indices, rows.indptr))
            assert len(sl.query(MultinomialNB().fit(train.astype(dtype), labels), rows, "entropy", 5).indices) == 5
