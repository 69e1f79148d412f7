"""A `.npy` file as an array over a memory map, never unpickled, and its header checked against its size.

The pages of a map count as resident memory while they are mapped in, so a file is walked in segments and each
segment is handed back after use: the walk takes the same memory for any size of file.
"""

from __future__ import annotations

import math
import mmap
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy_format

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SEGMENT = 64 << 20
"""Bytes of a file that are mapped in at once."""


class NpyFile:
    """One `.npy` file: `.array` is a read-only view of its memory map.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        Where there is no file.
    ValueError
        Not a `.npy` file, pickled objects, or a size that is not the one its header promises.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if self.path.is_dir():
            raise IsADirectoryError(f"{self.path} is a directory; accepted is the path of one .npy file")
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            raise FileNotFoundError(f"there is no file {self.path} (looked from {Path.cwd()})") from None
        with file:
            self.shape, self.fortran, dtype = _header(file, self.path)
            self.offset = file.tell()
            size = os.fstat(file.fileno()).st_size
            promised = math.prod(self.shape) * dtype.itemsize
            missing = self.offset + promised - size
            if missing:
                what = f"{missing:,} bytes are missing" if missing > 0 else f"it holds {-missing:,} bytes more"
                raise ValueError(
                    f"{self.path} does not hold what its header promises, {dtype} of shape {self.shape}, "
                    f"which is {promised:,} bytes: {what}; write the file again with np.save"
                )
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.array: NDArray[Any] = np.ndarray(
            self.shape, dtype, buffer=self._map, offset=self.offset, order="F" if self.fortran else "C"
        )
        self._size = size
        if not self.fortran:
            self._advise("MADV_SEQUENTIAL", 0, size)

    def segments(self, limit: int | None = None) -> Iterator[tuple[int, int]]:
        """Yield (first, last + 1) row ranges of at most `SEGMENT` bytes, reading one ahead and handing back the one behind."""
        rows = self.shape[-2]
        row_bytes = max(1, self.array.nbytes // max(1, rows))
        step = max(1, SEGMENT // row_bytes)
        if limit is not None:
            step = min(step, limit)
        self._rows("MADV_WILLNEED", 0, min(step, rows))
        for first in range(0, rows, step):
            last = min(first + step, rows)
            self._rows("MADV_WILLNEED", last, min(last + step, rows))
            yield first, last
            # All of it, for the kernel maps more than was asked for around every column of a Fortran-ordered file.
            self._advise("MADV_DONTNEED", 0, self._size)

    def _rows(self, advice: str, first: int, last: int) -> None:
        """Advise the kernel about the pages of a range of rows."""
        if first >= last:
            return
        array = self.array
        row = array.strides[-2]
        # In C order a range of rows is one run per member; in Fortran order, one per class.
        outer = -1 if self.fortran else 0
        runs = array.shape[outer] if self.fortran or array.ndim == 3 else 1
        for run in range(runs):
            self._advise(advice, self.offset + run * array.strides[outer] + first * row, (last - first) * row)

    def _advise(self, advice: str, start: int, length: int) -> None:
        option = getattr(mmap, advice, None)
        if option is not None:
            page = start - start % mmap.PAGESIZE
            self._map.madvise(option, page, length + start - page)


def _header(file: Any, path: Path) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read shape, Fortran order and dtype of an opened `.npy` file, and leave it at the first byte of data."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            version = npy_format.read_magic(file)
            if version not in ((1, 0), (2, 0)):
                raise ValueError(f"format version {version[0]}.{version[1]} is for records")
            read = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
            shape, fortran, dtype = read(file)
    except OSError:
        raise
    except Exception as error:  # a header can break NumPy's parser in many ways
        reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(". ")
        raise ValueError(f"{path} is not a readable .npy file ({reason}); accepted is what np.save writes") from None
    if dtype.hasobject:
        raise ValueError(
            f"{path} holds pickled Python objects, which are never unpickled; accepted are floating-point arrays"
        )
    if any(length < 0 for length in shape):
        raise ValueError(f"{path} has a header with a negative shape, {shape}")
    return shape, fortran, dtype
