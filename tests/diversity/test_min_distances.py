"""min_distances against the dense loop, and what its filter may not change."""

import subprocess
import sys

import numpy as np
import pytest
from diversity_oracles import distances as dense

import shortlist as sl
from shortlist import _core

METRICS = ("euclidean", "sqeuclidean", "cosine", "manhattan")


def rows(count, features, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal((count, features)).astype(dtype)


def truth(x, y, metric="euclidean"):
    """Distances by direct difference in extended precision, and the first nearest."""
    x, y = x.astype(np.longdouble), y.astype(np.longdouble)
    if metric == "cosine":
        with np.errstate(invalid="ignore"):
            x, y = (np.nan_to_num(a / np.sqrt((a**2).sum(1, keepdims=True))) for a in (x, y))
        zero = (x == 0).all(1)[:, None] | (y == 0).all(1)[None]
        all_ = np.where(zero, 1, ((x[:, None] - y[None]) ** 2).sum(-1) / 2)
    elif metric == "manhattan":
        all_ = np.abs(x[:, None] - y[None]).sum(-1)
    else:
        all_ = ((x[:, None] - y[None]) ** 2).sum(-1)
        all_ = np.sqrt(all_) if metric == "euclidean" else all_
    return all_


def check(x, y, metric):
    """The distance is the least there is, to rounding, and is that of the row named."""
    found, index = sl.min_distances(x, y, metric=metric)
    all_ = truth(np.asarray(x), np.asarray(y), metric)
    least = all_.min(axis=1)
    assert found.dtype == np.float64
    assert index.dtype == np.int64
    # The square root of an underflowed sum of squares is all that is absolute here.
    np.testing.assert_allclose(found, least.astype(np.float64), rtol=1e-13, atol=1e-154)
    np.testing.assert_allclose(all_[np.arange(len(x)), index].astype(float), found, rtol=1e-13, atol=1e-154)
    return found, index


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("features", [1, 2, 7, 8, 31, 64, 67, 400])
def test_against_the_dense_loop(metric, dtype, features):
    x, y = rows(53, features, 1, dtype), rows(70, features, 2, dtype)
    found, index = check(x, y, metric)
    all_ = dense(x, y, metric)
    np.testing.assert_allclose(found, all_.min(1), rtol=1e-9, atol=1e-12)
    if features > 1 and dtype != np.float16:
        assert index.tolist() == all_.argmin(1).tolist()


@pytest.mark.parametrize("metric", METRICS)
def test_threads_levels_order_and_strides_change_no_bit(metric):
    x, y = rows(501, 45, 1, np.float32), rows(333, 45, 2, np.float32)
    wanted = sl.min_distances(x, y, metric=metric, n_threads=1)
    wide = np.zeros((1002, 90), np.float32)
    wide[::2, ::2] = x
    for other in (np.asfortranarray(x), wide[::2, ::2], x[::-1][::-1]):
        for threads in (1, 2, 5):
            found = sl.min_distances(other, np.asfortranarray(y), metric=metric, n_threads=threads)
            assert [a.tobytes() for a in found] == [a.tobytes() for a in wanted]
    for level in _core.build_info()["cpu_levels"]:
        found = _core.min_distances(x, y, metric=metric, cpu_level=level)
        assert [a.tobytes() for a in found] == [a.tobytes() for a in wanted]
    for first in (0, 1, 250):
        found = sl.min_distances(x[first:], y, metric=metric)
        assert [a.tobytes() for a in found] == [a[first:].tobytes() for a in wanted]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_near_duplicates_of_unit_length(dtype):
    base = rows(1, 64, 3)
    base /= np.linalg.norm(base)
    near = base + 1e-6 * rows(200, 64, 4) / 8
    x, y = near[:100].astype(dtype), near[100:].astype(dtype)
    check(x, y, "euclidean")
    expanded = (x**2).sum(1)[:, None] + (y**2).sum(1)[None] - 2 * x @ y.T
    if dtype == np.float32:
        # What the filter alone would have said.
        assert (expanded.argmin(1) != truth(x, y).argmin(1)).any()


def test_ties_go_to_the_lowest_row():
    y = np.repeat(rows(40, 5, 1, np.float32), 3, axis=0)
    found, index = sl.min_distances(y, y)
    assert found.tolist() == [0.0] * 120
    assert index.tolist() == [i // 3 * 3 for i in range(120)]
    grid = np.random.default_rng(0).integers(0, 2, (300, 6)).astype(np.float32)
    for metric in ("euclidean", "sqeuclidean", "manhattan"):
        assert (
            sl.min_distances(grid[:100], grid, metric=metric)[1].tolist()
            == dense(grid[:100], grid, metric).argmin(1).tolist()
        )


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
@pytest.mark.parametrize("shift", [1e3, 1e8, 1e15])
def test_far_from_the_origin(metric, shift):
    check(rows(40, 20, 1) + shift, rows(90, 20, 2) + shift, metric)
    check(rows(40, 20, 1), rows(90, 20, 2) + shift, metric)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("scale", [5e-324, 1e-310, 1e-160, 1e-40, 1e18, 1e120])
def test_tiny_and_huge_numbers(metric, scale):
    x, y = np.round(rows(20, 9, 1) * 8) * scale, np.round(rows(40, 9, 2) * 8) * scale
    found, index = sl.min_distances(x, y, metric=metric)
    with np.errstate(under="ignore"):
        wanted = truth(x / scale, y / scale, metric)
    if metric in ("cosine", "manhattan") or scale > 1e-150:
        np.testing.assert_array_less(wanted[np.arange(20), index].astype(float) - wanted.min(1).astype(float), 1e-12)
    if metric == "manhattan":
        np.testing.assert_allclose(found, wanted.min(1).astype(float) * scale, rtol=1e-13)


def test_rows_of_zeros():
    x, y = rows(30, 6, 1, np.float32), rows(50, 6, 2, np.float32)
    x[3] = y[7] = y[9] = 0
    for metric in METRICS:
        check(x, y, metric)
    found, index = sl.min_distances(x, y, metric="cosine")
    assert (found[3], index[3]) == (1.0, 0)
    found, index = sl.min_distances(-np.abs(x), np.vstack([np.abs(y[:7]), y[7:8]]), metric="cosine")
    assert set(index.tolist()) == {0, 7}
    assert found.max() == 1.0


def test_bfloat16_and_other_dtypes_on_either_side():
    x, y = rows(60, 10, 1, np.float32), rows(80, 10, 2, np.float32)
    bits = (x.view(np.uint32) >> 16).astype(np.uint16)
    rounded = (bits.astype(np.uint32) << 16).view(np.float32)
    wanted = sl.min_distances(rounded, y)
    found = sl.min_distances(bits, y, dtype="bfloat16")
    assert [a.tobytes() for a in found] == [a.tobytes() for a in wanted]
    for other in (y.astype(np.float64), y.astype(">f4")):
        found = sl.min_distances(rounded, other)
        assert [a.tobytes() for a in found] == [a.tobytes() for a in wanted]
    check(x, y.astype(np.float16), "euclidean")
    check(x.astype(np.float16), y.astype(np.float64) + 1e-9, "euclidean")


def test_a_file_among_and_progress(tmp_path):
    x, y = rows(5000, 12, 1, np.float32), rows(64, 12, 2, np.float32)
    np.save(tmp_path / "x.npy", x)
    wanted = sl.min_distances(x, y)
    calls = []
    found = sl.min_distances(tmp_path / "x.npy", y, progress=lambda *step: calls.append(step))
    assert [a.tobytes() for a in found] == [a.tobytes() for a in wanted]
    assert calls[-1] == (5000, 5000)
    ids = np.array([3, 70, 4999])
    x[4] = np.nan
    found = sl.min_distances(x, y, among=ids)
    assert [a.tobytes() for a in found] == [a[ids].tobytes() for a in wanted]


def test_a_callable_metric():
    x, y = rows(300, 4, 1), rows(20, 4, 2)

    def chebyshev(a, b):
        return np.abs(a[:, None] - b[None]).max(-1)

    found, index = sl.min_distances(x, y, metric=chebyshev)
    np.testing.assert_array_equal(found, chebyshev(x, y).min(1))
    np.testing.assert_array_equal(index, chebyshev(x, y).argmin(1))
    some = sl.min_distances(x, y, metric=chebyshev, among=[5, 9])
    np.testing.assert_array_equal(some, (found[[5, 9]], index[[5, 9]]))
    with pytest.raises(ValueError, match=r"metric <lambda> gave shape \(300,\) for blocks of 300 and 20 rows"):
        sl.min_distances(x, y, metric=lambda a, b: a[:, 0])
    with pytest.raises(ValueError, match=r"metric <lambda> gave NaN for row 0"):
        sl.min_distances(x, y, metric=lambda a, b: np.full((len(a), len(b)), np.nan))


def test_bad_input():
    x, y = rows(20, 3), rows(30, 3)
    bad = x.copy()
    bad[[7, 12], 1] = np.nan, np.inf
    with pytest.raises(ValueError, match=r"^row 7 has NaN in column 1; accepted are finite numbers$"):
        sl.min_distances(bad, y)
    with pytest.raises(ValueError, match=r"^Y row 7 has NaN in column 1"):
        sl.min_distances(y, bad)
    with pytest.raises(ValueError, match=r"1e160 in column 2; accepted are numbers below 2\^500"):
        sl.min_distances(np.where(np.arange(3) == 2, 1e160, x), y)
    with pytest.raises(ValueError, match=r"Y has 4 features, and X has 3; they must be equal"):
        sl.min_distances(x, rows(5, 4))
    with pytest.raises(ValueError, match=r"X is empty: it has no rows"):
        sl.min_distances(x[:0], y)
    with pytest.raises(ValueError, match=r"Y is empty: it has no rows"):
        sl.min_distances(x, y[:0])
    with pytest.raises(ValueError, match=r"metric is 'hamming'; accepted are 'euclidean'"):
        sl.min_distances(x, y, metric="hamming")
    with pytest.raises(ValueError, match=r"n_threads is 0"):
        sl.min_distances(x, y, n_threads=0)


def test_memory_is_that_of_a_few_rows_beside_the_input():
    script = """
import numpy as np
import shortlist as sl

def memory(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(field))

x = np.ones((300_000, 64), np.float32)
x += np.arange(300_000, dtype=np.float32)[:, None] % 997
y = x[:1000] + np.float32(0.25)
sl.min_distances(x[:10_000], y)
with open("/proc/self/clear_refs", "w") as refs:
    refs.write("5")
before = memory("VmRSS")
sl.min_distances(x, y, n_threads=4)
print(memory("VmHWM") - before)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    # 16 bytes a row are the result.
    assert int(done.stdout) < 300_000 * 16 + (8 << 20), f"{int(done.stdout) / 2**20:.1f} MiB"
