"""Rows by position, in every kind of holder, and out as they went in."""

import numpy as np
import pandas as pd
import polars_or_skip as pl
import pytest
from scipy import sparse

from shortlist import rows

X = np.arange(12.0).reshape(4, 3)
FORMATS = ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"]


def frame():
    return pd.DataFrame(X, columns=[2, 0, 1], index=[9, 8, 7, 6])


HOLDERS = {
    "array": lambda: X,
    "list": X.tolist,
    "pandas": frame,
    "polars": lambda: pl.DataFrame(X, schema=["a", "b", "c"], orient="row"),
    **{f"sparse {name}": lambda name=name: sparse.coo_matrix(X).asformat(name) for name in FORMATS},
    "sparse array": lambda: sparse.csr_array(X),
}


def dense(part):
    if sparse.issparse(part):
        return part.toarray()
    return part.to_numpy() if hasattr(part, "to_numpy") else np.asarray(part)


@pytest.mark.parametrize("holder", HOLDERS)
def test_take_drop_span_and_stack(holder):
    whole = HOLDERS[holder]()
    assert rows.count(whole) == 4
    assert rows.shape(whole) == (4, 3)
    for index in ([2, 0], np.array([2, 0]), np.array([True, False, True, False])):
        picked = rows.take(whole, index)
        np.testing.assert_array_equal(dense(picked), X[index])
        assert type(picked) is type(whole)
        if sparse.issparse(whole):
            assert picked.format == whole.format
    np.testing.assert_array_equal(np.ravel(dense(rows.take(whole, 1))), X[1])
    np.testing.assert_array_equal(np.ravel(dense(rows.take(whole, np.int64(-1)))), X[-1])
    assert rows.count(rows.take(whole, [])) == 0 or sparse.issparse(whole)
    np.testing.assert_array_equal(dense(rows.drop(whole, 1)), X[[0, 2, 3]])
    np.testing.assert_array_equal(dense(rows.drop(whole, [0, 3])), X[[1, 2]])
    np.testing.assert_array_equal(dense(rows.vstack([whole, whole])), np.vstack([X, X]))
    assert type(rows.vstack([whole, whole])) is type(whole)
    np.testing.assert_array_equal(dense(rows.append(whole, rows.take(whole, 0))), np.vstack([X, X[:1]]))
    assert [position for position, _ in rows.enumerate_rows(whole)] == [0, 1, 2, 3]
    for _, row in rows.enumerate_rows(whole):
        assert np.size(dense(row)) == 3


@pytest.mark.parametrize("holder", [name for name in HOLDERS if name != "polars"])
def test_hstack(holder):
    whole = HOLDERS[holder]()
    np.testing.assert_array_equal(dense(rows.hstack([whole, whole])), np.hstack([X, X]))


def test_hstack_of_mixed_and_of_polars():
    mixed = rows.hstack([sparse.csr_matrix(X), X])
    np.testing.assert_array_equal(mixed.toarray(), np.hstack([X, X]))
    left, right = HOLDERS["polars"](), pl.DataFrame({"d": [1.0] * 4})
    np.testing.assert_array_equal(rows.hstack([left, right]).to_numpy(), np.hstack([X, np.ones((4, 1))]))


def test_dict_of_arrays():
    whole = {"image": np.zeros((4, 2, 2)), "length": [1, 2, 3, 4]}
    picked = rows.take(whole, [3, 1])
    assert picked["image"].shape == (2, 2, 2)
    assert picked["length"] == [4, 2]
    assert rows.count(rows.vstack([whole, picked])) == 6
    with pytest.raises(ValueError, match="differ in their number of rows"):
        rows.count({"a": [1], "b": [1, 2]})


def test_torch_tensor():
    torch = pytest.importorskip("torch")
    whole = torch.as_tensor(X)
    assert torch.equal(rows.take(whole, np.array([2, 0])), whole[[2, 0]])
    assert torch.equal(rows.vstack([whole, whole]), torch.cat([whole, whole]))
    assert torch.equal(rows.hstack([whole, whole]), torch.cat([whole, whole], dim=1))
    assert torch.equal(rows.append(whole, whole[0]), torch.cat([whole, whole[:1]]))


def test_frames_are_read_by_position_whatever_their_labels():
    assert rows.take(frame(), [0]).index.tolist() == [9]
    assert rows.take(frame(), 0).tolist() == X[0].tolist()
    shuffled = frame()[[0, 1, 2]]
    np.testing.assert_array_equal(rows.vstack([frame(), shuffled]).to_numpy(), np.vstack([X, X]))
    with pytest.raises(ValueError, match="do not agree"):
        rows.vstack([frame(), frame().rename(columns={2: "other"})])
    with pytest.raises(ValueError, match="do not agree"):
        rows.vstack([HOLDERS["polars"](), pl.DataFrame({"z": [1.0]})])


def test_the_first_kind_wins():
    assert isinstance(rows.vstack([frame(), X]), pd.DataFrame)
    assert isinstance(rows.vstack([pd.Series([1, 2]), np.array([3])]), pd.Series)
    assert rows.vstack([[1, 2], np.array([3])]) == [1, 2, 3]
    assert isinstance(rows.vstack([HOLDERS["polars"](), X]), pl.DataFrame)
    assert isinstance(rows.vstack([pl.Series([1, 2]), np.array([3])]), pl.Series)


def test_what_holds_no_rows():
    for thing in (1, "text", None):
        with pytest.raises(TypeError, match="accepted are an array"):
            rows.kind(thing)


@pytest.mark.parametrize("holder", HOLDERS)
def test_blocks(holder):
    whole, seen = HOLDERS[holder](), []
    parts = list(rows.blocks(whole, 3, progress=lambda done, of: seen.append((done, of))))
    assert [first for first, _ in parts] == [0, 3]
    np.testing.assert_array_equal(np.vstack([dense(part) for _, part in parts]), X)
    assert seen[-1] == (4, 4)


def test_one_block_is_passed_on_as_it_is():
    whole = sparse.coo_matrix(X)
    for chunk_size in ("auto", None, 4, 99):
        ((first, part),) = rows.blocks(whole, chunk_size)
        assert first == 0
        assert part is whole


@pytest.mark.parametrize("chunk_size", [0, -1, 2.5, "all", True])
def test_chunk_size_that_is_not_accepted(chunk_size):
    with pytest.raises(ValueError, match="chunk_size came as"):
        rows.blocks(X, chunk_size)


def test_auto_aims_at_a_budget():
    wide, narrow = np.broadcast_to(0.0, (10**6, 10**4)), np.broadcast_to(0.0, (10**6, 4))
    assert 1 <= rows.blocks(wide).size < 100
    assert 10_000 < rows.blocks(narrow).size < 10**6
    assert rows.blocks(narrow, outputs=1000).size < rows.blocks(narrow).size
    assert rows.blocks(["word"] * 10**5).size < 10**5


def test_progress_on_standard_error(capsys):
    list(rows.blocks(X, 2, progress=True))
    assert capsys.readouterr().err.endswith("4 of 4 rows\n")


def test_a_memory_map_gives_its_pages_back(tmp_path):
    path = tmp_path / "pool.npy"
    np.save(path, X)
    mapped = np.load(path, mmap_mode="r")
    assert sum(part.sum() for _, part in rows.blocks(mapped, 1)) == X.sum()
    many = np.arange(1000) % 4
    picked = rows.take(mapped, many)
    np.testing.assert_array_equal(picked, X[many])
    assert type(picked) is np.ndarray
    np.testing.assert_array_equal(rows.take(mapped, 2), X[2])
    changed = np.load(path, mmap_mode="c")
    changed[0, 0] = 99
    assert [part[0, 0] for _, part in rows.blocks(changed, 1)] == [99, 3, 6, 9]
    assert changed[0, 0] == 99
