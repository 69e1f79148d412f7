"""A `.npy` file: its header, checked against its size, and its array. Nothing is ever unpickled."""

from __future__ import annotations

import io
import math
import os
import re
import struct
import warnings
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.lib import format as npy_format

from shortlist.disk import check_regular, one_line, open_file, whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEADER = 10_000
"""Longest header in bytes: NumPy reads no longer ones either."""
NUMPY_INT = re.compile(rb"np\.u?int\d*\((\d+)\)")
"""A length as NumPy 2 writes it where the shape was made of its own whole numbers."""


class NpyFile:
    """One `.npy` file: where its array lies, and `.array`,
    which is read when it is first asked for.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, OSError
        Where there is no file.
    ValueError
        Not a `.npy` file, pickled objects, or a size that is not the one its header promises.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        check_regular(self.path)
        with self.path.open("rb") as file:
            self.shape, self.fortran, self.dtype = read_header(file, str(self.path))
            self.offset = file.tell()
            size = os.fstat(file.fileno()).st_size
        check_size(str(self.path), self.shape, self.dtype, size - self.offset)

    @property
    def nbytes(self) -> int:
        """Bytes of the array."""
        return math.prod(self.shape) * self.dtype.itemsize

    @cached_property
    def array(self) -> NDArray[Any]:
        """The array, read into memory.

        Raises
        ------
        MemoryError
            It is larger than what memory is available.
        ValueError
            The file became shorter.
        """
        map_ = f'a memory map, np.load("{self.path.name}", mmap_mode="r"), of a file that nobody changes'
        from shortlist.memory import check_room

        check_room(self.nbytes, f"{self.path}, which is read whole,", map_)
        order: Literal["C", "F"] = "F" if self.fortran else "C"
        array: NDArray[Any] = np.empty(self.shape, self.dtype, order=order)
        with open_file(self.path) as file:
            whole(file, array, self.offset, str(self.path))
        array.flags.writeable = False
        return array


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
    """Read shape, Fortran order and dtype at the start of a `.npy` stream,
    and leave it at the first byte of data.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            version = npy_format.read_magic(file)
            if version not in ((1, 0), (2, 0)):
                raise ValueError(f"format version {version[0]}.{version[1]} is for records")
            length = (
                struct.unpack("<H", _exactly(file, 2)) if version == (1, 0) else struct.unpack("<I", _exactly(file, 4))
            )
            # Looked at before anything of that length is read.
            if length[0] > HEADER:
                raise ValueError(f"its header would be {length[0]:,} bytes long, and {HEADER:,} are the most")
            text = NUMPY_INT.sub(rb"\1", _exactly(file, length[0]))
            header = io.BytesIO(struct.pack("<I", len(text)) + text)
            shape, fortran, dtype = npy_format.read_array_header_2_0(header, max_header_size=HEADER)
    except OSError:
        raise
    except Exception as error:  # a header can break NumPy's parser in many ways
        raise ValueError(
            f"{name} is not a readable .npy file ({one_line(error)}); accepted is what np.save writes"
        ) from None
    if dtype.hasobject:
        raise ValueError(
            f"{name} holds pickled Python objects, which are never unpickled; accepted are floating-point arrays"
        )
    if any(length < 0 for length in shape):
        raise ValueError(f"{name} has a header with a negative shape, {shape}")
    if any(length >= 2**63 for length in shape):
        raise ValueError(f"{name} has a header with a shape that no array has, {shape}")
    return shape, fortran, dtype


def _exactly(file: Any, length: int) -> bytes:
    """Read so many bytes of a header."""
    found: bytes = file.read(length)
    if len(found) < length:
        raise ValueError(f"its header ends after {len(found):,} of {length:,} bytes")
    return found
