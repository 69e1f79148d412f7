"""Members of `.npz` files: stored ones are read in place,
compressed ones by blocks while they are unpacked.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.disk import fill, one_line, open_file, readable
from shortlist.memory import check_room
from shortlist.npy import check_size, read_header
from shortlist.pools.ahead import ahead
from shortlist.pools.arrays import form_of, key_of_rows, members_of
from shortlist.pools.flat import READ, Flat, FlatPool
from shortlist.pools.pool import Block, Part, Pool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.pools.source import Reading

LOCAL_HEADER = struct.Struct("<4s22xHH")
DEFLATE_MOST = 1032
"""Bytes that one byte of deflated data can stand for."""
NO_NPZ = "is not a readable .npz file, such as np.savez writes"


def npz_pool(path: Path, reading: Reading) -> Pool:
    """See one member of a `.npz` file as a pool."""
    reading.only(("key",), "a .npz file")
    with readable(str(path), NO_NPZ):
        with zipfile.ZipFile(path) as archive:
            found = {
                one.filename.removesuffix(".npy"): one for one in archive.infolist() if one.filename.endswith(".npy")
            }

            def inside(key: str) -> Flat:
                with archive.open(found[key]) as file:
                    shape, fortran, dtype = read_header(file, f"{path}[{key!r}]")
                    return Flat(path, file.tell(), shape, dtype, fortran)

            key = key_of_rows(list(found), inside, reading, str(path))
            info, name, array = found[key], f"{path}[{key!r}]", inside(key)
        _check_claims(info, path, name)
        check_size(name, array.shape, array.dtype, info.file_size - array.offset)
        return (StoredPool if info.compress_type == zipfile.ZIP_STORED else PackedPool)(info, array, reading, name)


def _check_claims(info: zipfile.ZipInfo, path: Path, name: str) -> None:
    """Refuse a member that claims to be larger than what is there can be."""
    there = path.stat().st_size - info.header_offset
    most = {zipfile.ZIP_STORED: 1, zipfile.ZIP_DEFLATED: DEFLATE_MOST}.get(info.compress_type)
    if info.compress_size > there or (most is not None and info.file_size > most * info.compress_size):
        raise ValueError(
            f"{name} claims {info.file_size:,} bytes, packed into {info.compress_size:,}, which {there:,} bytes can't hold; "
            "write the file again with np.savez"
        )


class StoredPool(FlatPool):
    """Rows of a stored member, whose checksum is looked at before they are."""

    def __init__(self, info: zipfile.ZipInfo, array: Flat, reading: Reading, name: str) -> None:
        with open_file(array.path) as file:
            local = bytearray(LOCAL_HEADER.size)
            fill(file, memoryview(local), info.header_offset, f"{name} ended while it was read")
        _, name_length, extra_length = LOCAL_HEADER.unpack(local)
        self._info, self._start = info, info.header_offset + LOCAL_HEADER.size + name_length + extra_length
        super().__init__(replace(array, offset=self._start + array.offset), reading, name)
        self._sound = False

    def parts(self, threads: int) -> Iterator[Part]:
        """Return all rows in parts, in order, for so many threads to read."""
        self._check_sum()
        yield from super().parts(threads)

    def _check_sum(self) -> None:
        """Read the member once through for its checksum:
        zipfile and np.load do so while they read it in order.
        """
        if self._sound:
            return
        found, size = 0, self._info.file_size
        buffer = memoryview(bytearray(min(size, READ)))
        with open_file(self.flat.path) as file:
            for start in range(0, size, READ):
                part = buffer[: size - start]
                fill(file, part, self._start + start, f"{self.name} ended while its checksum was read")
                found = zlib.crc32(part, found)
        if found != self._info.CRC:
            raise ValueError(
                f"{self.name} is damaged: its checksum (CRC-32) is {found:08x}, and {self._info.CRC:08x} when it was written; "
                "write the file again with np.savez"
            )
        self._sound = True


class PackedPool(Pool):
    """Rows of a compressed member, unpacked in the background."""

    def __init__(self, info: zipfile.ZipInfo, array: Flat, reading: Reading, name: str) -> None:
        self._stored, form = form_of(array.shape, array.dtype, reading, name)
        super().__init__(name, array.shape[-2], form)
        self._info, self._array = info, array

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        self.note(f"{self.name} was unpacked block by block")
        for block in ahead(self._read()):
            yield from self._pieces(block, limit)

    def _read(self) -> Iterator[Block]:
        flat = self._array
        whole, rows = flat.fortran or self.members, flat.shape[-2]
        if whole:
            self.note(f"{self.name} was unpacked whole, as its rows do not lie together")
            order = "stored .npz (np.savez), or C order and (rows, classes), which are read block by block"
            check_room(rows * self.row_bytes, f"{self.name}, which is unpacked whole,", order)
        step = rows if whole else max(1, READ // self.row_bytes)
        start = 0
        try:
            with zipfile.ZipFile(flat.path) as archive, archive.open(self._info) as file:
                file.read(flat.offset)
                for start in range(0, rows, max(1, step)):
                    shape = (*flat.shape[:-2], min(step, rows - start), flat.shape[-1])
                    array: NDArray[Any] = np.empty(shape, self._stored, order="F" if flat.fortran else "C")
                    _unpack(file, memoryview(array.reshape(-1, order="A").view(np.uint8)))  # type: ignore[arg-type]
                    array = array.astype(self.dtype, copy=False)
                    yield members_of(array, True, self.name) if self.members else array
                # The checksum is compared once the end is seen.
                file.read(1)
        except Exception as error:  # damaged archives can break zipfile in many ways
            raise ValueError(f"{self.name} cannot be unpacked from row {start:,} on ({one_line(error)})") from None


def _unpack(file: Any, into: memoryview) -> None:
    while len(into):
        got = file.readinto(into)
        if not got:
            raise EOFError("it ends early")
        into = into[got:]
