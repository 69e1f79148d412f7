"""Pools: anything array-like, frame, tensor, file or stream of blocks, seen as blocks of rows.

What the core can read is passed on untouched: any strides, read-only, memory-mapped. Where a copy cannot be avoided it
is made block by block if possible, and a sentence in `copies` says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.npy import NpyFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

Block = Any
"""A 2-D array, or for a committee a list of 2-D arrays, one per member."""

ACCEPTED = 'float16, float32, float64, and uint16 with dtype="bfloat16"'
CONVERTED_BLOCK = 4 << 20


class Pool:
    """Rows in blocks, from one array (or one per member of a committee).

    Attributes
    ----------
    rows : int or None
        Number of rows; None where only reading to the end tells.
    classes : int
        Number of columns.
    members : int
        Members of the committee; 0 where a row has one model's output.
    bfloat16 : bool
        The blocks are uint16 and hold bfloat16.
    copies : list of str
        One sentence per kind of copy that was made.
    bytes_read : int
        Bytes of the blocks yielded so far.
    """

    rows: int | None

    def __init__(self, members: list[NDArray[Any]], committee: bool, bfloat16: bool, name: str) -> None:
        first = members[0]
        self._arrays = members
        self._committee = committee
        self.name = name
        self.rows, self.classes = first.shape
        self.members = len(members) if committee else 0
        self.bfloat16 = bfloat16
        self.dtype = first.dtype.newbyteorder("=")
        self.copies: list[str] = []
        self.bytes_read = 0
        self._unready = [a for a in members if not (a.dtype.isnative and a.flags.aligned)]

    @property
    def score_dtype(self) -> np.dtype[Any]:
        """Dtype of the scores: float64 for float64 input, float32 for everything narrower."""
        return np.dtype(np.float64 if self.dtype == np.float64 else np.float32)

    @property
    def form(self) -> tuple[int, int, np.dtype[Any], bool]:
        """What every block of one pool has in common."""
        return self.members, self.classes, self.dtype, self.bfloat16

    def overlaps(self, out: NDArray[Any]) -> bool:
        """Whether writing to `out` might change the pool."""
        return any(np.may_share_memory(out, a) for a in self._arrays)

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        rows = self._arrays[0].shape[0]
        step = rows if limit is None else min(rows, limit)
        if self._unready:
            odd = self._unready[0]
            why = "misaligned" if odd.dtype.isnative else "big-endian" if odd.dtype.str[0] == ">" else "little-endian"
            self.copies.append(f"{self.name} was converted from {why} {odd.dtype.name} block by block")
            row_bytes = max(1, sum(a.itemsize for a in self._arrays) * self.classes)
            step = max(1, min(step, CONVERTED_BLOCK // row_bytes))
        if step == rows:
            yield self._block(0, rows)
            return
        for start in range(0, rows, step):
            yield self._block(start, min(start + step, rows))

    def _block(self, start: int, stop: int) -> Block:
        parts = [a[start:stop] for a in self._arrays]
        self.bytes_read += sum(a.nbytes for a in parts)
        if self._unready:
            parts = [np.array(a, dtype=self.dtype) for a in parts]
        return parts if self._committee else parts[0]


class FilePool(Pool):
    """Rows of one `.npy` file, walked segment by segment in flat memory."""

    def __init__(self, file: NpyFile, members: list[NDArray[Any]], committee: bool, bfloat16: bool, name: str) -> None:
        super().__init__(members, committee, bfloat16, name)
        self._file = file

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        if self._unready:
            yield from super().blocks(limit)
            return
        for start, stop in self._file.segments(limit):
            yield self._block(start, stop)


class ChainPool(Pool):
    """Pools one after the other, each opened only when it is reached."""

    def __init__(self, items: Iterable[Any], rows: int | None, committee: bool, dtype: str | None, name: str) -> None:
        self._items = iter(items)
        self._committee = committee
        self._dtype = dtype
        self.name = name
        self.copies = []
        self.bytes_read = 0
        self._count = 0
        try:
            self._first = self._open(next(self._items))
        except StopIteration:
            raise ValueError(f"{name} is empty: it has no blocks; at least one row is needed") from None
        self.rows = rows
        self.members, self.classes, self.dtype, self.bfloat16 = self._first.form

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        for pool in self._pools():
            same_form(self.form, pool)
            yield from pool.blocks(limit)
            self.bytes_read += pool.bytes_read
            self.copies += [copy for copy in pool.copies if copy not in self.copies]

    def overlaps(self, out: NDArray[Any]) -> bool:
        """Whether writing to `out` might change the pool; looks at the first block."""
        return self._first.overlaps(out)

    def _pools(self) -> Iterator[Pool]:
        yield self._first
        yield from map(self._open, self._items)

    def _open(self, item: Any) -> Pool:
        pool = open_pool(item, committee=self._committee, dtype=self._dtype, name=f"{self.name}[{self._count}]")
        pool.copies = [copy.replace(pool.name, f"each block of {self.name}", 1) for copy in pool.copies]
        self._count += 1
        return pool


def open_pool(x: Any, *, committee: bool = False, dtype: str | None = None, name: str = "x") -> Pool:
    """See anything accepted as a pool.

    Parameters
    ----------
    x : array-like, path, list or iterator of blocks
        (rows, classes); for a committee (members, rows, classes) or a list of (rows, classes), one per member.
    committee : bool
        Whether rows have the output of several models.
    dtype : {None, "bfloat16"}
        How to read uint16.
    name : str
        The argument's name in error messages.

    Raises
    ------
    TypeError
        A kind or dtype that is not accepted.
    ValueError
        A wrong number of dimensions, no columns, members of different shapes.
    OSError
        A file that cannot be opened.
    """
    if dtype not in (None, "bfloat16"):
        raise ValueError(f'dtype is {dtype!r}; accepted are None (as x says) and "bfloat16" (read uint16 as bfloat16)')
    if isinstance(x, str | os.PathLike):
        file = NpyFile(x)
        array, bfloat16 = _read_dtype(file.array, dtype, str(file.path))
        members = _members(array, committee, str(file.path))
        return FilePool(file, members, committee, bfloat16, str(file.path))
    if isinstance(x, Iterator):
        return ChainPool(x, None, committee, dtype, name)
    if isinstance(x, list | tuple):
        if not x:
            raise ValueError(f"{name} is empty: it has no rows")
        depth = _ndim(x[0])
        if depth == (3 if committee else 2):
            return ChainPool(x, _total_rows(x), committee, dtype, name)
        if committee and depth == 2:
            return _committee_pool(x, dtype, name)
    array, bfloat16, copy = one_array(x, dtype, name)
    pool = Pool(_members(array, committee, name), committee, bfloat16, name)
    if copy:
        pool.copies.append(copy)
    return pool


def same_form(form: tuple[int, int, np.dtype[Any], bool], pool: Pool) -> None:
    """Refuse a block that has another number of classes or members or another dtype than the rows before it."""
    what = ("members", "classes", "dtype")
    for label, before, now in zip(what, form, pool.form, strict=False):
        if before != now:
            raise ValueError(
                f"{pool.name} has {label} {now}, and the rows before it {before}; all blocks must have the same"
            )
    if form[3] != pool.bfloat16:
        raise ValueError(
            f"{pool.name} and the rows before it are not both bfloat16; all blocks must have the same dtype"
        )


def array_of(block: Block, bfloat16: bool) -> NDArray[Any]:
    """One array that any NumPy code reads: bfloat16 widened to float32, a committee stacked."""
    if isinstance(block, list):
        return np.stack([array_of(member, bfloat16) for member in block])
    array: NDArray[Any] = block
    return (array.astype(np.uint32) << 16).view(np.float32) if bfloat16 else array


def rows_of(block: Block) -> int:
    """Rows of a block."""
    return int((block[0] if isinstance(block, list) else block).shape[0])


def _committee_pool(x: list[Any] | tuple[Any, ...], dtype: str | None, name: str) -> Pool:
    members: list[NDArray[Any]] = []
    copies: list[str] = []
    flags: list[bool] = []
    for index, member in enumerate(x):
        array, bfloat16, copy = one_array(member, dtype, f"{name}[{index}]")
        _members(array, False, f"{name}[{index}]")
        if members and (array.shape != members[0].shape or array.dtype != members[0].dtype or bfloat16 != flags[0]):
            raise ValueError(
                f"{name}[{index}] has shape {array.shape} and dtype {array.dtype}, {name}[0] has {members[0].shape} and "
                f"{members[0].dtype}; all members of a committee must have the same"
            )
        members.append(array)
        flags.append(bfloat16)
        copies += [copy] if copy else []
    pool = Pool(members, True, flags[0], name)
    pool.copies = copies
    return pool


def _members(array: NDArray[Any], committee: bool, name: str) -> list[NDArray[Any]]:
    """Split an array into one (rows, classes) array per member, after a look at its shape."""
    wanted = "(members, rows, classes), or a list of (rows, classes) arrays" if committee else "(rows, classes)"
    if array.ndim != (3 if committee else 2):
        raise ValueError(f"{name} has {array.ndim} dimensions, shape {array.shape}; accepted is {wanted}")
    if array.shape[-1] == 0:
        raise ValueError(f"{name} has no classes, shape {array.shape}; at least one column is needed")
    if committee and array.shape[0] == 0:
        raise ValueError(f"{name} has no members, shape {array.shape}; at least one is needed")
    return list(array) if committee else [array]


def one_array(x: Any, dtype: str | None, name: str) -> tuple[NDArray[Any], bool, str | None]:
    """Return (array, whether it holds bfloat16, a sentence if a copy was made)."""
    kind = f"{type(x).__module__}.{type(x).__qualname__}".removeprefix("builtins.")
    copy = None
    if isinstance(x, np.ndarray):
        if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
            raise ValueError(
                f"{name} is a masked array with masked values; fill them, or leave those rows out with exclude="
            )
        array = np.asarray(x)
    elif kind.startswith("torch."):
        array, bfloat16, copy = _from_torch(x, name)
        if bfloat16:
            return array, True, copy
    elif hasattr(x, "toarray") or hasattr(x, "todense"):
        raise TypeError(
            f"{name} is a sparse {kind}; accepted is a dense array: pass {name}.toarray(), block by block if it is large"
        )
    elif isinstance(x, set | frozenset | dict | bytes) or x is None:
        raise TypeError(
            f"{name} is a {type(x).__name__}; accepted are arrays, frames, tensors, .npy paths, and lists or iterators of blocks"
        )
    else:
        try:
            array = np.asarray(x)
        except ValueError as error:
            raise ValueError(
                f"{name} is a {type(x).__name__} that makes no matrix ({error}); accepted are rows of equal length"
            ) from None
        if array.ndim and not _is_view(array, x):
            copy = f"{name} was copied from {kind} to an array ({array.nbytes:,} bytes)"
    array, bfloat16 = _read_dtype(array, dtype, name)
    return array, bfloat16, copy


def _read_dtype(array: NDArray[Any], dtype: str | None, name: str) -> tuple[NDArray[Any], bool]:
    """Return the array as the core reads it, and whether it holds bfloat16; refuse every other dtype."""
    found = array.dtype
    if found.kind == "V" and found.itemsize == 2 and (found.name == "bfloat16" or (dtype and found.names is None)):
        return array.view(np.uint16), True
    if dtype == "bfloat16":
        if found.kind == "u" and found.itemsize == 2:
            return array, True
        raise TypeError(f'{name} has dtype {found}; with dtype="bfloat16" uint16 is accepted')
    if found.kind == "f" and found.itemsize in (2, 4, 8):
        return array, False
    hint = ""
    if found.kind in "iub":
        hint = "; if these are probabilities or logits, convert them with .astype(np.float32)"
    raise TypeError(f"{name} has dtype {found}; accepted are {ACCEPTED}{hint}")


def _from_torch(x: Any, name: str) -> tuple[NDArray[Any], bool, str | None]:
    """See a tensor's memory as an array; bfloat16, which NumPy lacks, as uint16."""
    torch = __import__("torch")
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"{name} is a {type(x).__module__}.{type(x).__qualname__}; accepted is a torch.Tensor")
    if x.layout is not torch.strided:
        raise TypeError(f"{name} is a sparse tensor; accepted is a dense one: pass {name}.to_dense()")
    tensor = x.detach()
    copy = None
    if tensor.device.type != "cpu":
        copy = f"{name} was copied from {tensor.device} to memory ({tensor.numel() * tensor.element_size():,} bytes)"
        tensor = tensor.cpu()
    if tensor.dtype is torch.bfloat16:
        return tensor.view(torch.int16).numpy().view(np.uint16), True, copy
    return tensor.resolve_conj().resolve_neg().numpy(), False, copy


def _is_view(array: NDArray[Any], x: Any) -> bool:
    """Whether an array made from `x` shares memory with it, as far as can be told cheaply."""
    try:
        if hasattr(x, "__array_interface__") or hasattr(x, "__dlpack__"):
            return np.may_share_memory(array, np.asarray(x[:1]))
        if hasattr(x, "iloc"):
            return np.may_share_memory(array, np.asarray(x.iloc[:, 0]))
    except Exception:  # whatever a foreign type does with one row: then it counts as a copy
        return False
    return False


def _ndim(item: Any) -> int:
    """Dimensions of one item of a list; a path counts as the array it holds."""
    if isinstance(item, str | os.PathLike):
        return len(NpyFile(item).shape)
    found = getattr(item, "ndim", None)
    if found is None and isinstance(item, list | tuple) and item:
        return 1 + _ndim(item[0])
    return int(found or 0) if not callable(found) else int(found())


def _total_rows(items: list[Any] | tuple[Any, ...]) -> int | None:
    """Rows of all blocks of a list, or None if one of them does not say."""
    total = 0
    for item in items:
        shape = NpyFile(item).shape if isinstance(item, str | os.PathLike) else getattr(item, "shape", None)
        if shape is None or len(shape) < 2:
            return None
        total += int(shape[-2])
    return total
