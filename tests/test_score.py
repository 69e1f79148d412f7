"""score(): inputs of every kind, one result to the bit; out=; callables; progress."""

import numpy as np
import oracles
import pytest

import shortlist as sl
from shortlist import _core

rng = np.random.default_rng(7)
P = oracles.probabilities(rng, 1000, 9)


def misaligned(x):
    raw = np.empty(x.nbytes + 1, np.uint8)
    shifted = raw[1:].view(x.dtype).reshape(x.shape)
    shifted[...] = x
    assert not shifted.flags.aligned
    return shifted


LAYOUTS = {
    "fortran": np.asfortranarray,
    "columns of a wider array": lambda x: np.concatenate([x, x, x], axis=1)[:, x.shape[1] : 2 * x.shape[1]],
    "every second column": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "every second row": lambda x: np.repeat(x, 2, axis=0)[::2],
    "backwards": lambda x: np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1],
    "read-only": lambda x: np.frombuffer(x.tobytes(), x.dtype).reshape(x.shape),
    "big-endian": lambda x: x.astype(x.dtype.newbyteorder(">")),
    "misaligned": misaligned,
    "blocks": lambda x: [x[:1], x[1:400], x[400:]],
    "iterator": lambda x: (x[start : start + 64] for start in range(0, len(x), 64)),
    "list of rows": lambda x: [[float(v) for v in row] for row in x],
}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", oracles.ROW)
def test_layout_makes_no_difference(name, layout, dtype):
    if layout == "list of rows" and dtype != np.float64:
        pytest.skip("Python floats are float64")
    x = P.astype(dtype)
    assert np.array_equal(sl.score(LAYOUTS[layout](x), name), sl.score(x, name))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("classes", [1, 2, 3, 4, 5, 8, 13, 16, 17, 31, 33, 64, 70, 300])
def test_threads_and_cpu_levels_make_no_difference(classes, dtype):
    x = oracles.probabilities(rng, 3001, classes, dtype)
    for name in oracles.ROW:
        wanted = sl.score(x, name, n_threads=1)
        for threads in range(2, 9):
            assert np.array_equal(sl.score(x, name, n_threads=threads), wanted)
        for level in _core.build_info()["cpu_levels"]:
            out = np.empty_like(wanted)
            _core.Scorer(name, cpu_level=level).score(x, out)
            assert np.array_equal(out, wanted), (name, level)


@pytest.mark.parametrize("name", oracles.COMMITTEE)
def test_committee_inputs_make_no_difference(name):
    p = np.stack([oracles.probabilities(rng, 500, 6, np.float32) for _ in range(5)])
    wanted = sl.score(p, name, n_threads=1)
    for x in (list(p), tuple(p), np.asfortranarray(p), [p[:, :77], p[:, 77:]], iter([p[:, :77], list(p[:, 77:])])):
        assert np.array_equal(sl.score(x, name), wanted)
    assert np.array_equal(sl.score(p, name, n_threads=4), wanted)


@pytest.mark.parametrize("fields", [["p", "label"], ["label", "p"]], ids="-".join)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("rows", [1, 2, 700])
def test_packed_records_are_read(rows, dtype, fields):
    x = P[:rows].astype(dtype)
    types = {"p": ("p", dtype, x.shape[1]), "label": ("label", "u1")}
    records = np.zeros(rows, [types[field] for field in fields])
    records["p"] = x
    for packed, plain in ((records["p"], x), (records["p"][:, 2:], x[:, 2:]), (records["p"][:, :1], x[:, :1])):
        options = {"normalize": "renormalize"}
        assert np.array_equal(sl.score(packed, "margin", **options), sl.score(plain, "margin", **options))
        assert sl.select(packed, "entropy", 1, **options) == sl.select(plain, "entropy", 1, **options)
        members = sl.score([packed, plain], "bald", **options)
        assert np.array_equal(members, sl.score([plain, plain], "bald", **options))
        assert sl.Selector("margin", 1, **options).update(packed).finish() == sl.select(plain, "margin", 1, **options)
        assert sl.k_center(packed, 1) == sl.k_center(plain, 1)
        np.testing.assert_array_equal(sl.min_distances(packed, packed[:1]), sl.min_distances(plain, plain[:1]))


def test_result_dtype_follows_the_input():
    for dtype, wanted in ((np.float16, np.float32), (np.float32, np.float32), (np.float64, np.float64)):
        assert sl.score(P.astype(dtype), "entropy").dtype == wanted


def test_out_is_filled_and_returned():
    out = np.empty(len(P))
    assert sl.score(P, "margin", out=out) is out
    assert np.array_equal(out, sl.score(P, "margin"))
    part = np.empty(2 * len(P))[: len(P)]
    assert np.array_equal(sl.score([P[:10], P[10:]], "margin", out=part), out)


def test_invalid_rows_get_nan():
    x = P.copy()
    x[3, 2], x[8, 0], x[9] = np.nan, -0.5, 0.7
    scores = sl.score(x, "entropy", invalid="skip")
    assert np.flatnonzero(np.isnan(scores)).tolist() == [3, 8, 9]


def test_as_is_takes_any_sum_and_renormalize_divides():
    x = np.array([[0.2, 0.1], [2.0, 2.0]])
    np.testing.assert_allclose(sl.score(x, "margin", normalize="as_is"), [0.1, 0.0])
    np.testing.assert_allclose(sl.score(x, "margin", normalize="renormalize"), [1 / 3, 0.0])


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-4), (np.float32, 1e-3), (np.float16, 1e-2)])
def test_sums_are_checked_within_the_tolerance_of_the_dtype(dtype, tolerance):
    within, beyond = (np.array([[0.5, 0.5 + f * tolerance]], dtype) for f in (0.8, 1.5))
    sl.score(within, "margin")
    with pytest.raises(ValueError, match="sum"):
        sl.score(beyond, "margin")


def test_a_callable_gets_blocks_of_rows():
    sizes = []

    def spread(block):
        sizes.append(len(block))
        return block.std(axis=1)

    many = np.tile(P, (200, 1))
    assert np.array_equal(sl.score(many, spread), many.std(axis=1))
    assert len(sizes) > 1


def test_a_callable_gets_bfloat16_as_float32():
    bits = oracles.bfloat16(P)
    assert np.array_equal(
        sl.score(bits, lambda block: block.max(axis=1), dtype="bfloat16"), oracles.widen(bits).max(axis=1)
    )


def test_progress_ends_with_all_rows():
    for x, total in ((P, 1000), ([P, P], 2000), (iter([P, P]), None)):
        calls = []
        sl.score(x, "margin", progress=lambda done, rows: calls.append((done, rows)))
        assert calls[-1] == (2000 if total is None else total, total)


def test_measures_show_as_a_table():
    table = sl.measures()
    assert repr(table).splitlines()[0].split()[:2] == ["name", "picks"]
    assert len(repr(table).splitlines()) == len(table) + 1
    assert table._repr_html_().count("<tr>") == len(table) + 1
