"""Members of `.npz` files: stored ones are read in place, compressed ones by blocks while they are unpacked."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.disk import fill, one_line, open_file, readable
from shortlist.memory import check_room
from shortlist.npy import check_size, read_header
from shortlist.pools.ahead import ahead
from shortlist.pools.arrays import check_shape, members_of
from shortlist.pools.convert import accepted_dtype
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
            info = _member(archive, path, reading)
            name = f"{path}[{info.filename.removesuffix('.npy')!r}]"
            with archive.open(info) as file:
                shape, fortran, dtype = read_header(file, name)
                header = file.tell()
        _check_claims(info, path, name)
        check_size(name, shape, dtype, info.file_size - header)
        if info.compress_type == zipfile.ZIP_STORED:
            return StoredPool(path, info, header, (shape, fortran, dtype), reading, name)
        return PackedPool(path, info, header, (shape, fortran, dtype), reading, name)


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

    def __init__(
        self,
        path: Path,
        info: zipfile.ZipInfo,
        header: int,
        array: tuple[tuple[int, ...], bool, np.dtype[Any]],
        reading: Reading,
        name: str,
    ) -> None:
        shape, fortran, dtype = array
        with open_file(path) as file:
            local = bytearray(LOCAL_HEADER.size)
            fill(file, memoryview(local), info.header_offset, f"{name} ended while it was read")
        _, name_length, extra_length = LOCAL_HEADER.unpack(local)
        self._info, self._start = info, info.header_offset + LOCAL_HEADER.size + name_length + extra_length
        super().__init__(Flat(path, self._start + header, shape, dtype, fortran), reading, name)
        self._sound = False

    def parts(self, threads: int) -> Iterator[Part]:
        """Return all rows in parts, in order, for so many threads to read."""
        self._check_sum()
        yield from super().parts(threads)

    def _check_sum(self) -> None:
        """Read the member once through for its checksum: zipfile and np.load do so while they read it in order."""
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

    def __init__(
        self,
        path: Path,
        info: zipfile.ZipInfo,
        header: int,
        array: tuple[tuple[int, ...], bool, np.dtype[Any]],
        reading: Reading,
        name: str,
    ) -> None:
        shape, self._fortran, stored = array
        check_shape(shape, reading.committee, name)
        self._stored, bfloat16 = accepted_dtype(stored, reading.bfloat16, name)
        members = shape[0] if reading.committee else 0
        super().__init__(name, shape[-2], (members, shape[-1], self._stored.newbyteorder("="), bfloat16))
        self._path, self._info, self._header, self._shape, self._reading = path, info, header, shape, reading

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        self.note(f"{self.name} was unpacked block by block")
        for block in ahead(self._read()):
            yield from self._pieces(block, limit)

    def _read(self) -> Iterator[Block]:
        whole = self._fortran or self.members
        rows = self._shape[-2]
        if whole:
            self.note(f"{self.name} was unpacked whole, as its rows do not lie together")
            order = "stored .npz (np.savez), or C order and (rows, classes), which are read block by block"
            check_room(rows * self.row_bytes, f"{self.name}, which is unpacked whole,", order)
        step = rows if whole else max(1, READ // self.row_bytes)
        start = 0
        try:
            with zipfile.ZipFile(self._path) as archive, archive.open(self._info) as file:
                file.read(self._header)
                for start in range(0, rows, max(1, step)):
                    shape = (*self._shape[:-2], min(step, rows - start), self._shape[-1])
                    array: NDArray[Any] = np.empty(shape, self._stored, order="F" if self._fortran else "C")
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


def _member(archive: zipfile.ZipFile, path: Path, reading: Reading) -> zipfile.ZipInfo:
    """Return the member asked for, or the one that can be a pool."""
    infos = {info.filename.removesuffix(".npy"): info for info in archive.infolist() if info.filename.endswith(".npy")}
    listed = ", ".join(infos) or "none"
    if reading.key is not None:
        if reading.key not in infos:
            raise ValueError(f"key is {reading.key!r}, and {path} has no such array; accepted are {listed}")
        return infos[reading.key]
    fitting = []
    for key, info in infos.items():
        with archive.open(info) as file:
            shape, _, dtype = read_header(file, f"{path}[{key!r}]")
        if len(shape) == (3 if reading.committee else 2) and (
            dtype.kind == "f" or (dtype.itemsize == 2 and reading.bfloat16)
        ):
            fitting.append(info)
    if len(fitting) != 1:
        found = "several" if fitting else "none"
        raise ValueError(f"{path} has {found} of its arrays ({listed}) that could be the rows; name one with key=")
    return fitting[0]
