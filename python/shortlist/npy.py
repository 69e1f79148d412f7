"""A `.npy` file: its header, checked against its size, and its array as a memory map. Nothing is ever unpickled."""

from __future__ import annotations

import math
import mmap
import os
import warnings
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.lib import format as npy_format

if TYPE_CHECKING:
    from numpy.typing import NDArray


class NpyFile:
    """One `.npy` file: where its array lies, and `.array`, a read-only view of its memory map.

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
            raise no_file(self.path) from None
        with file:
            self.shape, self.fortran, self.dtype = read_header(file, str(self.path))
            self.offset = file.tell()
            size = os.fstat(file.fileno()).st_size
        check_size(str(self.path), self.shape, self.dtype, size - self.offset)

    @cached_property
    def array(self) -> NDArray[Any]:
        """The array, over a memory map of the file."""
        with self.path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        order: Literal["C", "F"] = "F" if self.fortran else "C"
        return np.ndarray(self.shape, self.dtype, buffer=mapped, offset=self.offset, order=order)


def no_file(path: Path) -> FileNotFoundError:
    """Return the error for a path where there is nothing."""
    return FileNotFoundError(f"there is no file {path} (looked from {Path.cwd()})")


def check_size(name: str, shape: tuple[int, ...], dtype: np.dtype[Any], held: int) -> None:
    """Refuse an array of which there are fewer or more bytes than its header promises."""
    promised = math.prod(shape) * dtype.itemsize
    missing = promised - held
    if missing:
        what = f"{missing:,} bytes are missing" if missing > 0 else f"it holds {-missing:,} bytes more"
        raise ValueError(
            f"{name} does not hold what its header promises, {dtype} of shape {shape}, "
            f"which is {promised:,} bytes: {what}; write the file again with np.save"
        )


def read_header(file: Any, name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read shape, Fortran order and dtype at the start of a `.npy` stream, and leave it at the first byte of data."""
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
        raise ValueError(f"{name} is not a readable .npy file ({reason}); accepted is what np.save writes") from None
    if dtype.hasobject:
        raise ValueError(
            f"{name} holds pickled Python objects, which are never unpickled; accepted are floating-point arrays"
        )
    if any(length < 0 for length in shape):
        raise ValueError(f"{name} has a header with a negative shape, {shape}")
    return shape, fortran, dtype
