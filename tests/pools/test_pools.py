"""Pools: files, frames, tensors and streams are read as they are, and files that lie are refused."""

import os
import pickle
from pathlib import Path

import numpy as np
import oracles
import pytest

import shortlist as sl
from shortlist.pools import flat, open_pool

rng = np.random.default_rng(5)
P = oracles.probabilities(rng, 3000, 7, np.float32)
BEST = sl.select(P, "margin", 9)


@pytest.fixture
def save(tmp_path):
    def write(array, name="probs.npy"):
        np.save(tmp_path / name, array)
        return tmp_path / name

    return write


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("segment", [flat.READ, 1000])
def test_files_give_what_arrays_give(save, monkeypatch, dtype, order, segment):
    monkeypatch.setattr(flat, "READ", segment)
    x = np.array(P, dtype=dtype, order=order)
    path = save(x)
    for measure in ("margin", "entropy"):
        assert sl.select(path, measure, 9) == sl.select(x, measure, 9)
    assert np.array_equal(sl.score(str(path), "margin"), sl.score(x, "margin"))
    assert np.array_equal(
        sl.select(path, lambda b: b[:, 0], 9, order="lowest").indices, np.argsort(x[:, 0], kind="stable")[:9]
    )


@pytest.mark.parametrize("order", "CF")
def test_committee_files_give_what_arrays_give(save, monkeypatch, order):
    monkeypatch.setattr(flat, "READ", 1000)
    p = np.array(np.stack([P, P[::-1], P[rng.permutation(3000)]]), order=order)
    assert sl.select(save(p), "bald", 9) == sl.select(p, "bald", 9)


def test_files_of_a_pool_in_parts(save):
    parts = [save(P[:1000], "a.npy"), save(P[1000:], "b.npy")]
    assert sl.select(parts, "margin", 9) == BEST
    assert sl.select(iter(parts), "margin", 9) == BEST


def test_bfloat16_files(save):
    bits = oracles.bfloat16(P)
    wanted = sl.select(oracles.widen(bits), "margin", 9, normalize="as_is")
    for stored in (bits, bits.view("V2")):
        assert np.array_equal(
            sl.select(save(stored), "margin", 9, dtype="bfloat16", normalize="as_is").indices, wanted.indices
        )


def test_a_memory_map_is_read_in_place(save):
    mapped = np.load(save(P), mmap_mode="r")
    picks = sl.select(mapped, "margin", 9)
    assert picks == BEST
    assert picks.report.copies == ()


def test_a_truncated_file_says_what_is_missing(save):
    path = save(P)
    os.truncate(path, path.stat().st_size - 12)
    with pytest.raises(ValueError, match=r"float32 of shape \(3000, 7\), which is 84,000 bytes: 12 bytes are missing"):
        sl.select(path, "margin", 9)


def test_a_file_longer_than_its_header_is_refused(save):
    path = save(P)
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(ValueError, match="it holds 4 bytes more"):
        sl.select(path, "margin", 9)


def test_a_header_that_promises_the_world_is_refused(tmp_path):
    path = tmp_path / "lie.npy"
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (2**62, 2**62)})
    with pytest.raises(ValueError, match="bytes are missing"):
        sl.select(path, "margin", 9)


class Bomb:
    def __reduce__(self):
        return (os.mkdir, ("exploded",))


def test_pickled_files_are_never_unpickled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("bomb.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    Path("plain.npy").write_bytes(pickle.dumps(Bomb()))
    for name, message in (("bomb.npy", "never unpickled"), ("plain.npy", "is not a readable .npy file")):
        with pytest.raises(ValueError, match=message):
            sl.select(name, "margin", 9)
    assert not Path("exploded").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"\x93NUM", b"\x93NUMPY\x01\x00", b"\x93NUMPY\x01\x00\x10\x00{'descr': broken}", b"PK\3\4 an archive"],
)
def test_what_is_no_npy_file_is_refused(tmp_path, content):
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(ValueError, match="is not a readable .npy file"):
        sl.select(tmp_path / "x.npy", "margin", 9)


def test_missing_files_and_directories(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file .*nope.npy"):
        sl.select(tmp_path / "nope.npy", "margin", 9)
    with pytest.raises(IsADirectoryError, match="is a directory with no files to read in it"):
        sl.select(tmp_path, "margin", 9)


def test_files_of_wrong_shape_or_dtype(save):
    for array, error, message in (
        (np.zeros((3, 2), int), TypeError, "dtype int64; accepted are float16"),
        (P[0], ValueError, "1 dimensions"),
        (P[:0], ValueError, "is empty"),
        (P[:, :0], ValueError, "no classes"),
    ):
        with pytest.raises(error, match=message):
            sl.select(save(array), "margin", 1)


def test_pandas_frames():
    pandas = pytest.importorskip("pandas")
    assert sl.select(pandas.DataFrame(P, index=rng.permutation(3000), columns=list("abcdefg")), "margin", 9) == BEST
    mixed = pandas.DataFrame({"a": P[:, 0], "b": P[:, 1:].sum(axis=1).astype(float)})
    assert "pandas" in sl.select(mixed, "margin", 9).report.copies[0]
    with pytest.raises(TypeError, match="column .c. of x has dtype"):
        sl.select(mixed.assign(c="x"), "margin", 9)


def test_polars_frames():
    polars = pytest.importorskip("polars")
    assert sl.select(polars.DataFrame(P), "margin", 9) == BEST


def test_arrays_of_jax_are_read_as_they_lie():
    jnp = pytest.importorskip("jax.numpy")
    picks = sl.select(jnp.asarray(P), "margin", 9)
    assert picks == BEST
    assert picks.report.copies == ()
    bits = jnp.asarray(P, dtype=jnp.bfloat16)
    same = np.asarray(bits).view(np.uint16)
    assert sl.select(bits, "margin", 9, normalize="as_is") == sl.select(
        same, "margin", 9, dtype="bfloat16", normalize="as_is"
    )


def test_torch_tensors():
    torch = pytest.importorskip("torch")
    tensor = torch.from_numpy(P.copy())
    assert sl.select(tensor, "margin", 9) == BEST
    assert sl.select(tensor.clone().requires_grad_(), "margin", 9) == BEST
    assert sl.select(tensor.T.contiguous().T, "margin", 9).report.copies == ()
    half = tensor.to(torch.bfloat16)
    bits = half.view(torch.int16).numpy().view(np.uint16)
    assert sl.select(half, "margin", 9, normalize="as_is") == sl.select(
        bits, "margin", 9, dtype="bfloat16", normalize="as_is"
    )


def test_anything_with_an_array():
    class Wrapped:
        def __array__(self, dtype=None, copy=None):
            return P

    assert sl.select(Wrapped(), "margin", 9) == BEST


def test_subclasses_of_arrays():
    assert sl.select(np.ma.masked_array(P), "margin", 9) == BEST
    with pytest.raises(ValueError, match="masked values"):
        sl.select(np.ma.masked_array(P, mask=P > 0.3), "margin", 9)


def test_a_stream_is_read_once_and_block_by_block():
    alive = []

    def blocks():
        for start in range(0, 3000, 500):
            alive.append(start)
            yield P[start : start + 500]

    assert sl.select(blocks(), "margin", 9) == BEST
    assert alive == list(range(0, 3000, 500))


def test_conversion_keeps_memory_flat():
    wide = np.tile(P, (60, 1)).astype(">f4")
    sizes = [len(block) for block in open_pool(wide).blocks()]
    assert len(sizes) > 1
    assert sum(sizes) == len(wide)
