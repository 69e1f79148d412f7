"""Members of `.npz` files: stored ones are read in place, compressed ones by blocks while they are unpacked."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.npy import check_size, no_file, read_header
from shortlist.pools.ahead import ahead
from shortlist.pools.arrays import check_shape, members_of
from shortlist.pools.convert import accepted_dtype
from shortlist.pools.flat import READ, Flat, FlatPool
from shortlist.pools.pool import Block, Pool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from shortlist.pools.source import Reading

LOCAL_HEADER = struct.Struct("<4s22xHH")


def npz_pool(path: Path, reading: Reading) -> Pool:
    """See one member of a `.npz` file as a pool."""
    reading.only(("key",), "a .npz file")
    try:
        with zipfile.ZipFile(path) as archive:
            info = _member(archive, path, reading)
            name = f"{path}[{info.filename.removesuffix('.npy')!r}]"
            with archive.open(info) as file:
                shape, fortran, dtype = read_header(file, name)
                header = file.tell()
    except FileNotFoundError:
        raise no_file(path) from None
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path} is not a readable .npz file ({error}); accepted is what np.savez writes") from None
    check_size(name, shape, dtype, info.file_size - header)
    if info.compress_type == zipfile.ZIP_STORED:
        with path.open("rb") as plain:
            plain.seek(info.header_offset)
            magic, name_length, extra_length = LOCAL_HEADER.unpack(plain.read(LOCAL_HEADER.size))
        if magic != b"PK\x03\x04":
            raise ValueError(f"{path} is not a readable .npz file (no member where its index says)")
        start = info.header_offset + LOCAL_HEADER.size + name_length + extra_length
        return FlatPool(Flat(path, start + header, shape, dtype, fortran), reading, name)
    return PackedPool(path, info, header, (shape, fortran, dtype), reading, name)


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
        with zipfile.ZipFile(self._path) as archive, archive.open(self._info) as file:
            file.read(self._header)
            whole = self._fortran or self.members
            if whole:
                self.note(f"{self.name} was unpacked whole, as its rows do not lie together")
            rows = self._shape[-2]
            step = rows if whole else max(1, READ // self.row_bytes)
            for start in range(0, rows, max(1, step)):
                shape = (*self._shape[:-2], min(step, rows - start), self._shape[-1])
                array: NDArray[Any] = np.empty(shape, self._stored, order="F" if self._fortran else "C")
                view = memoryview(array.reshape(-1, order="A")).cast("B")  # type: ignore[arg-type]
                try:
                    while len(view):
                        got = file.readinto(view)  # type: ignore[attr-defined]
                        if not got:
                            raise EOFError("it ends early")
                        view = view[got:]
                except (zipfile.BadZipFile, zlib.error, EOFError) as error:
                    raise ValueError(f"{self.name} cannot be unpacked from row {start:,} on ({error})") from None
                array = array.astype(self.dtype, copy=False)
                yield members_of(array, True, self.name) if self.members else array


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
