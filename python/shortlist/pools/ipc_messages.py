"""The messages of an Arrow file or stream: where they lie and what they claim,
checked before anything is made of it.

Arrow's own reader believes the lengths it finds. They are read here by hand from the FlatBuffers
that hold them, and compared with the size of the file.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from shortlist.disk import fill
from shortlist.memory import check_room

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"ARROW1"
CONTINUATION = b"\xff\xff\xff\xff"
DICTIONARY, BATCH = 2, 3
"""Types of messages that have rows."""
NULLS = 1 << 24
"""Most rows of a batch that takes no bytes, as one of columns of nothing but nulls."""
UNPACKED_MOST = 1 << 16
"""Bytes that one byte of packed data can stand for:
more than LZ4 (255) and Zstandard (43,691) reach.
"""


@dataclass(frozen=True)
class Message:
    """A record batch, or the values of a dictionary.

    Attributes
    ----------
    rows : int
        What it claims.
    nodes : list of (length, nulls)
        One for each column, and each column within columns.
    buffers : list of (offset in the file, length)
        Of all columns, in order.
    packed : bool
        Whether buffers are compressed.
    whole : int
        Bytes that it takes in memory, unpacked.
    """

    rows: int
    nodes: list[tuple[int, int]]
    buffers: list[tuple[int, int]]
    packed: bool
    whole: int


class _Table:
    """A table of a FlatBuffer: its fields by number. What points outside the buffer is an error."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at
        self._fields = at - self.number("<i", at)
        self._size = self.number("<H", self._fields)

    def number(self, form: str, at: int) -> int:
        if at < 0:
            raise ValueError("an offset in its metadata is negative")
        return int(struct.unpack_from(form, self.data, at)[0])

    def place(self, field: int) -> int | None:
        """Return where a field lies; None where it has its default."""
        slot = 4 + 2 * field
        offset = self.number("<H", self._fields + slot) if slot + 2 <= self._size else 0
        return self.at + offset if offset else None

    def scalar(self, field: int, form: str) -> int:
        place = self.place(field)
        return 0 if place is None else self.number(form, place)

    def table(self, field: int) -> _Table | None:
        place = self.place(field)
        return None if place is None else _Table(self.data, place + self.number("<I", place))

    def structs(self, field: int, form: str) -> list[tuple[int, ...]]:
        place = self.place(field)
        if place is None:
            return []
        start = place + self.number("<I", place)
        size, count = struct.calcsize(form), self.number("<I", start)
        if start + 4 + count * size > len(self.data):
            raise ValueError("a list in its metadata is longer than these")
        return [struct.unpack_from(form, self.data, start + 4 + i * size) for i in range(count)]


class Messages:
    """The messages with rows of one file or stream.

    Attributes
    ----------
    stream : bool
        Whether it is a stream: messages one after the other, without an index at the end.
    batches : list of Message
        Record batches, in order.
    rows : int
        Of all batches.

    Raises
    ------
    ValueError
        A claim that the file's size does not bear out.
    MemoryError
        A batch that is larger than memory.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name = file, name
        self._size = os.fstat(file.fileno()).st_size
        try:
            self.stream = self._bytes(0, min(6, self._size)) != MAGIC
            places = self._of_stream() if self.stream else self._of_file()
            found = [self._message(*place) for place in places]
        except (struct.error, OverflowError):
            raise ValueError("its metadata point outside of it") from None
        self.batches = [message for kind, message in found if kind == BATCH and message is not None]
        self.rows = sum(batch.rows for batch in self.batches)

    def _bytes(self, offset: int, length: int) -> bytes:
        """Read a range that must lie in the file."""
        if offset < 0 or length < 0 or offset + length > self._size:
            raise ValueError(f"it claims {length:,} bytes from {offset:,} on, and ends at {self._size:,}")
        found = bytearray(length)
        fill(self._file, memoryview(found), offset, f"{self._name} ended while it was read")
        return bytes(found)

    def _of_file(self) -> Iterator[tuple[int, int, int | None]]:
        """Yield (offset, bytes of metadata, bytes of body) by the index at the end."""
        (length,) = struct.unpack("<i", self._bytes(self._size - 10, 4))
        if self._bytes(self._size - 6, 6) != MAGIC:
            raise ValueError("it does not end as such a file does")
        data = self._bytes(self._size - 10 - length, length)
        footer = _Table(data, struct.unpack_from("<I", data)[0])
        for field in (2, 3):
            yield from footer.structs(field, "<qi4xq")  # type: ignore[misc]

    def _of_stream(self) -> Iterator[tuple[int, int, int | None]]:
        at = 0
        while at < self._size:
            length = struct.unpack("<i", self._bytes(at, 4))[0]
            prefix = 4
            if length == -1:
                length, prefix = struct.unpack("<i", self._bytes(at + 4, 4))[0], 8
            if not length:
                return
            data = self._bytes(at + prefix, length)
            body = _Table(data, struct.unpack_from("<I", data)[0]).scalar(3, "<q")
            yield at, prefix + length, None
            if body < 0:
                raise ValueError("a message has a body of negative length")
            at += prefix + length + body

    def _message(self, offset: int, metadata: int, body: int | None) -> tuple[int, Message | None]:
        data = self._bytes(offset, metadata)
        data = data[8 if data[:4] == CONTINUATION else 4 :]
        message = _Table(data, struct.unpack_from("<I", data)[0])
        kind, said = message.scalar(1, "<B"), message.scalar(3, "<q")
        if body is not None and body != said:
            raise ValueError(f"its index says that a batch has {body:,} bytes, and the batch says {said:,}")
        if said < 0 or offset + metadata + said > self._size:
            raise ValueError(
                f"a batch claims {said:,} bytes from {offset + metadata:,} on, and it ends at {self._size:,}"
            )
        header = message.table(2)
        if kind == DICTIONARY and header is not None:
            header = header.table(1)
        if kind not in (DICTIONARY, BATCH) or header is None:
            return kind, None
        return kind, self._batch(header, offset + metadata, said)

    def _batch(self, header: _Table, start: int, body: int) -> Message:
        rows, packed = header.scalar(0, "<q"), header.place(3) is not None
        nodes = [(length, nulls) for length, nulls in header.structs(1, "<qq")]
        buffers, whole = [], 0
        for offset, length in header.structs(2, "<qq"):
            if offset < 0 or length < 0 or offset + length > body:
                raise ValueError(f"a column claims {length:,} bytes from {offset:,} on of a batch of {body:,}")
            buffers.append((start + offset, length))
            whole += self._unpacked(start + offset, length) if packed else length
        if rows < 0 or rows > max(8 * whole, NULLS):
            raise ValueError(f"a batch claims {rows:,} rows, and holds {whole:,} bytes")
        check_room(whole if packed else 0, f"{self._name}, of which one batch is unpacked whole,", "smaller batches")
        return Message(rows, nodes, buffers, packed, whole)

    def _unpacked(self, offset: int, length: int) -> int:
        """Return the bytes that a packed buffer claims, which stand before it."""
        if length < 8:
            return 0
        (claimed,) = struct.unpack("<q", self._bytes(offset, 8))
        if claimed == -1:
            return length - 8
        if claimed < 0 or claimed > UNPACKED_MOST * length:
            raise ValueError(f"a column of {length:,} bytes claims to be {claimed:,} unpacked")
        return int(claimed)
