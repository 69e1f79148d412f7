"""density against the definition in extended precision, and modAL's formula."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from sklearn.metrics import pairwise_distances

import shortlist as sl
from shortlist import _core
from shortlist.modal.density import information_density

METRICS = ("euclidean", "sqeuclidean", "cosine", "manhattan")


def rows(count, features, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal((count, features)).astype(dtype)


def truth(x, metric):
    """The definition, by direct differences in extended precision."""
    x = x.astype(np.longdouble)
    values = np.empty(len(x))
    lengths = np.sqrt((x**2).sum(1))
    with np.errstate(invalid="ignore"):
        unit = np.nan_to_num(x / lengths[:, None])
    for i in range(len(x)):
        if metric == "cosine":
            d = np.where((lengths == 0) | (lengths[i] == 0), 1, ((unit - unit[i]) ** 2).sum(1) / 2)
            d[i] = 0
        elif metric == "manhattan":
            d = np.abs(x - x[i]).sum(1)
        else:
            d = ((x - x[i]) ** 2).sum(1)
            d = np.sqrt(d) if metric == "euclidean" else d
        values[i] = (1 / (1 + d)).mean()
    return values


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("features", [1, 3, 8, 64, 67, 300])
def test_accuracy(metric, features):
    x = rows(410 if features < 300 else 150, features, 1)
    np.testing.assert_allclose(sl.density(x, metric=metric), truth(x, metric), rtol=1e-13 * 50)
    narrow = x.astype(np.float32)
    np.testing.assert_allclose(sl.density(narrow, metric=metric), truth(narrow, metric), rtol=2e-6)
    half = x.astype(np.float16)
    np.testing.assert_allclose(sl.density(half, metric=metric), truth(half, metric), rtol=2e-6)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_accuracy_where_the_expanded_form_fails(metric, dtype):
    base = rows(1, 40, 2)
    base /= np.linalg.norm(base)
    near = np.vstack([base + 1e-6 * rows(150, 40, 3), 1e3 + rows(150, 40, 4), np.zeros((3, 40))]).astype(dtype)
    tolerance = 1e-10 if dtype == np.float64 else 1e-5
    np.testing.assert_allclose(sl.density(near, metric=metric), truth(near, metric), rtol=tolerance)
    np.testing.assert_array_equal(sl.density(np.full((50, 4), 7.5, dtype), metric=metric), np.ones(50))


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan", "l1", "l2", "cityblock", "sqeuclidean"])
def test_the_modal_names_give_modals_values(metric):
    x = rows(300, 9, 5)
    x[7] = 0
    distances = pairwise_distances(x, x, metric=metric)
    np.testing.assert_allclose(information_density(x, metric), (1 / (1 + distances)).mean(axis=1), rtol=1e-7)
    np.testing.assert_allclose(
        information_density((x * 9).astype(int), metric), information_density((x * 9).astype(int) * 1.0, metric)
    )


def test_other_metrics_of_the_modal_names():
    x = rows(60, 5, 6)
    for metric in ("chebyshev", lambda a, b: np.abs(a - b).max()):
        wanted = (1 / (1 + pairwise_distances(x, x, metric=metric))).mean(axis=1)
        np.testing.assert_allclose(information_density(x, metric), wanted)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_threads_levels_order_and_strides_change_no_bit(metric, dtype):
    x = rows(1000, 21, 1, dtype)
    wanted = sl.density(x, metric=metric, n_threads=1).tobytes()
    for other in (x, np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2]):
        assert sl.density(other, metric=metric, n_threads=3).tobytes() == wanted
    for level in _core.build_info()["cpu_levels"]:
        assert _core.density(x, metric=metric, cpu_level=level)[0].tobytes() == wanted


def test_a_file_bfloat16_and_progress(tmp_path):
    x = rows(3000, 6, 1, np.float32)
    np.save(tmp_path / "x.npy", x)
    calls = []
    found = sl.density(tmp_path / "x.npy", progress=lambda *step: calls.append(step))
    assert found.tobytes() == sl.density(x).tobytes()
    assert calls[-1] == (3000, 3000)
    assert all(0 <= done <= all_ == 3000 for done, all_ in calls)
    bits = (x.view(np.uint32) >> 16).astype(np.uint16)
    rounded = (bits.astype(np.uint32) << 16).view(np.float32)
    assert sl.density(bits, dtype="bfloat16").tobytes() == sl.density(rounded).tobytes()


@pytest.mark.parametrize("metric", METRICS)
def test_an_estimate_and_its_error(metric):
    x = rows(2000, 4, 7)
    wanted = sl.density(x, metric=metric)
    off = []
    for seed in range(40):
        values, errors = sl.density(x, metric=metric, sample=200, random_state=seed)
        off.append((values - wanted) / errors)
    # For one row the draws are independent: 40 squares of mean 1 and variance about 2, averaged over rows that go together.
    assert 0.6 < np.mean(np.square(off)) < 1.6
    assert abs(np.mean(off)) < 0.8
    again = sl.density(x, metric=metric, sample=200, random_state=39, n_threads=3)
    assert again[0].tobytes() == values.tobytes()
    assert again[1].tobytes() == errors.tobytes()
    values, errors = sl.density(x, metric=metric, sample=2000)
    np.testing.assert_allclose(values, wanted, rtol=1e-12)
    assert errors.max() == 0


def test_a_callable_metric():
    x = rows(300, 4, 1)

    def chebyshev(a, b):
        return np.abs(a[:, None] - b[None]).max(-1)

    wanted = (1 / (1 + chebyshev(x, x))).mean(axis=1)
    np.testing.assert_allclose(sl.density(x, metric=chebyshev), wanted, rtol=1e-14)
    with pytest.raises(ValueError, match="sample was given with a callable metric"):
        sl.density(x, metric=chebyshev, sample=9)


def test_bad_input():
    x = rows(20, 3)
    bad = x.copy()
    bad[[7, 12], 1] = np.nan, np.inf
    with pytest.raises(ValueError, match=r"^row 7 has NaN in column 1; accepted are finite numbers$"):
        sl.density(bad)
    with pytest.raises(ValueError, match=r"^row 7 has NaN in column 1"):
        sl.density(bad, sample=5)
    with pytest.raises(ValueError, match="X is empty"):
        sl.density(x[:0])
    with pytest.raises(ValueError, match=r"sample is 21, and X has 20 rows"):
        sl.density(x, sample=21)
    with pytest.raises(ValueError, match=r"sample is 2; accepted is a whole number, 3 or more"):
        sl.density(x, sample=2)
    with pytest.raises(ValueError, match=r"metric is 'chebyshev'; accepted are"):
        sl.density(x, metric="chebyshev")
    assert sl.density(x[:1]).tolist() == [1.0]


def test_an_interrupt_stops_it():
    script = """
import numpy as np
import shortlist as sl
x = np.random.default_rng(0).standard_normal((1_000_000, 32), dtype=np.float32)
print("ready", flush=True)
sl.density(x)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert b"KeyboardInterrupt" in process.communicate(timeout=60)[1]


def test_no_matrix_of_rows_by_rows():
    script = """
import numpy as np
import shortlist as sl

def memory(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(field))

x = np.random.default_rng(0).standard_normal((20_000, 16))
sl.density(x[:2000])
with open("/proc/self/clear_refs", "w") as refs:
    refs.write("5")
before = memory("VmRSS")
sl.density(x, n_threads=4)
print(memory("VmHWM") - before)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 8 << 20, f"{int(done.stdout) / 2**20:.1f} MiB"


def test_among_reads_some_rows_only():
    draw = np.random.default_rng(8)
    x = draw.normal(size=(300, 5)).astype(np.float32)
    x[7] = np.nan
    ids = np.array([250, 3, 90, 11])
    wanted = sl.density(x[np.sort(ids)])
    assert sl.density(x, among=ids).tolist() == wanted.tolist()
    picks = sl.Selection(ids, np.zeros(4), "margin", "lowest")
    assert sl.density(x, among=picks).tolist() == wanted.tolist()
    with pytest.raises(ValueError, match="row 7 has NaN in column 0; accepted are finite numbers"):
        sl.density(x, among=[3, 7])
    with pytest.raises(ValueError, match="among has id 300; accepted are 0 to 299"):
        sl.density(x, among=[300])
