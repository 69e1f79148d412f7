"""Arrow files and streams on disk: a batch at a time by positioned reads, large ones in pieces."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.disk import fill, one_line, open_file, readable
from shortlist.pools.ahead import ahead
from shortlist.pools.arrow import (
    TablePool,
    block_of,
    columns_of,
    id_blocks_of,
    is_list,
    measured,
    pyarrow,
    taken,
    taken_by_part,
)
from shortlist.pools.columns import choose
from shortlist.pools.flat import READ
from shortlist.pools.ipc_messages import Messages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

    from shortlist.pools.ipc_messages import Message
    from shortlist.pools.pool import Block, Pool
    from shortlist.pools.source import Reading

WHOLE = 64 << 20
"""Batches up to so many bytes are read whole."""
NO_ARROW = "is not a readable Arrow file"


class ArrowFilePool(TablePool):
    """Rows of one file or stream."""

    def __init__(self, path: Path, reading: Reading) -> None:
        self._pa = pyarrow(str(path))
        self.path = path
        with readable(str(path), NO_ARROW):
            with open_file(path) as file:
                self._messages = Messages(file, str(path))
            self._starts = np.cumsum([0, *(batch.rows for batch in self._messages.batches)])
            with self._opened(None) as reader:
                self._schema = reader.schema
            choice = choose(columns_of(self._schema), reading, str(path))
            choice = measured(choice, self._batches(choice.names), str(path))
        super().__init__(str(path), self._messages.rows, choice, reading.id_column)

    def blocks(self, limit: int | None = None) -> Iterator[Block]:
        """Yield blocks in row order, of at most `limit` rows each."""
        # A stream is read in order, so its ids are remembered.
        keeps = self._messages.stream and self._id_column is not None
        names = (*self.choice.names, *([str(self._id_column)] if keeps else []))
        self._ids, done = [], 0
        step = max(1, READ // self.row_bytes)
        for whole in ahead(self._batches(tuple(dict.fromkeys(names)))):
            if keeps:
                self._ids.append(whole.column(self._id_column))
            for start in range(0, whole.num_rows, step):
                batch = whole.slice(start, step)
                yield from self._pieces(block_of(batch, self.choice, done, self.name, self.note), limit)
                done += batch.num_rows

    @contextmanager
    def _opened(self, names: tuple[str, ...] | None) -> Iterator[Any]:
        """Open the file for some columns; None for all."""
        ipc = self._pa.ipc
        fields = None if names is None else [self._schema.get_field_index(name) for name in names]
        options = ipc.IpcReadOptions(included_fields=fields)
        with self._pa.OSFile(str(self.path)) as source:
            yield (ipc.open_stream if self._messages.stream else ipc.open_file)(source, options=options)

    def _batches(self, names: tuple[str, ...]) -> Iterator[Any]:
        """Yield all rows of some columns: batches, or pieces of large ones."""
        places = {} if self._messages.stream else layout(self._schema)
        sliced = all(name in places for name in names)
        number = 0
        try:
            with self._opened(names) as reader, open_file(self.path) as file:
                for number, message in enumerate(self._messages.batches):
                    if sliced and message.whole > WHOLE and not message.packed:
                        yield from self._pieces_of(file, message, [(name, *places[name]) for name in names])
                    else:
                        yield self._whole(reader, number)
        except Exception as error:  # damaged files can break the reader in many ways
            raise ValueError(
                f"{self.path} cannot be read in batch {number}, from row {self._starts[number]:,} on ({one_line(error)})"
            ) from None

    def _whole(self, reader: Any, number: int) -> Any:
        """Read a batch; a stream's is the next one."""
        batch = reader.read_next_batch() if self._messages.stream else reader.get_batch(number)
        if batch.num_rows != self._messages.batches[number].rows:
            raise ValueError("it has another number of rows than when it was opened")
        return batch

    def _pieces_of(self, file: BinaryIO, message: Message, columns: list[tuple[str, int, int]]) -> Iterator[Any]:
        """Read a batch in pieces, so that a large one takes no more memory than a small one."""
        kinds = [storage(self._schema.field(name).type) for name, _, _ in columns]
        row = sum(bytes_of(kind) for kind in kinds)
        # Bits that say which rows are null lie in bytes of eight.
        step = max(8, READ // row // 8 * 8)
        for first in range(0, message.rows, step):
            rows = min(step, message.rows - first)
            piece = Piece(self._pa, file, message, str(self.path))
            arrays = [
                piece.array(kind, node, buffer, first, rows)
                for kind, (_, node, buffer) in zip(kinds, columns, strict=True)
            ]
            yield self._pa.RecordBatch.from_arrays(arrays, [name for name, _, _ in columns])

    def _ids_at(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        if self._messages.stream:
            return taken(self._pa.chunked_array(self._ids, self._schema.field(self._id_column).type), rows, self.name)
        with readable(self.name, NO_ARROW), self._opened((str(self._id_column),)) as reader:
            return taken_by_part(rows, self._starts, lambda number: self._whole(reader, number).column(0), self.name)

    def _id_blocks(self) -> Iterator[NDArray[Any]]:
        name = str(self._id_column)
        for batch in self._batches((name,)):
            yield from id_blocks_of([batch.column(name)], self.name)


@dataclass(frozen=True)
class Piece:
    """Some rows of a batch that lies unpacked in a file."""

    pa: Any
    file: BinaryIO
    message: Message
    name: str

    def array(self, kind: Any, node: int, buffer: int, first: int, rows: int) -> Any:
        """Read rows of a column of numbers, or of lists of one length."""
        bits = None
        if self.message.nodes[node][1] and self.message.buffers[buffer][1]:
            bits = self._read(buffer, first // 8, (rows + 7) // 8)
        if self.pa.types.is_fixed_size_list(kind):
            width = kind.list_size
            values = self.array(kind.value_type, node + 1, buffer + 1, first * width, rows * width)
            return self.pa.Array.from_buffers(kind, rows, [bits], children=[values])
        size = kind.byte_width
        return self.pa.Array.from_buffers(kind, rows, [bits, self._read(buffer + 1, first * size, rows * size)])

    def _read(self, buffer: int, start: int, length: int) -> Any:
        offset, held = self.message.buffers[buffer]
        if start + length > held:
            raise ValueError(f"a column claims {start + length:,} bytes, and holds {held:,}")
        found = np.empty(length, np.uint8)
        fill(self.file, memoryview(found), offset + start, f"{self.name} ended while it was read")  # type: ignore[arg-type]
        return self.pa.py_buffer(found)


def storage(kind: Any) -> Any:
    """Return the type that an extension type is stored as."""
    return getattr(kind, "storage_type", kind)


def layout(schema: Any) -> dict[str, tuple[int, int]]:
    """Return the first node and the first buffer of each column that can be read in pieces:
    of numbers, or of lists of them.
    """
    node = buffer = 0
    found = {}
    for field in schema:
        kind = storage(field.type)
        if is_number(kind) or (is_fixed_size_list(kind) and is_number(kind.value_type)):
            found[field.name] = node, buffer
        size = extent(kind)
        if size is None:
            break
        node, buffer = node + size[0], buffer + size[1]
    return found


def extent(kind: Any) -> tuple[int, int] | None:
    """Return the nodes and buffers of a column of a type; None where its type does not tell."""
    kind = storage(kind)
    types = pyarrow("an Arrow file").types
    if types.is_null(kind):
        return 1, 0
    if types.is_dictionary(kind) or types.is_primitive(kind) or types.is_decimal(kind):
        return 1, 2
    if types.is_fixed_size_binary(kind):
        return 1, 2
    if any(test(kind) for test in (types.is_string, types.is_binary, types.is_large_string, types.is_large_binary)):
        return 1, 3
    own = 1 if is_fixed_size_list(kind) or types.is_struct(kind) else 2 if is_list(kind) or types.is_map(kind) else None
    inner = [extent(kind.field(i).type) for i in range(kind.num_fields)] if own is not None else []
    if own is None or None in inner:
        return None
    known = [size for size in inner if size is not None]
    return 1 + sum(nodes for nodes, _ in known), own + sum(buffers for _, buffers in known)


def is_number(kind: Any) -> bool:
    """Whether a type is that of numbers of whole bytes."""
    types = pyarrow("an Arrow file").types
    return bool(types.is_floating(kind) or types.is_integer(kind))


def bytes_of(kind: Any) -> int:
    """Return the bytes of a row of numbers, or of lists of one length."""
    if is_fixed_size_list(kind):
        return int(kind.list_size * kind.value_type.byte_width)
    return int(kind.byte_width)


def is_fixed_size_list(kind: Any) -> bool:
    """Whether a type is that of lists of one length."""
    return bool(pyarrow("an Arrow file").types.is_fixed_size_list(kind))


def arrow_file_pool(path: Path, reading: Reading) -> Pool:
    """See a file in Arrow's own format, a file or a stream, as a pool."""
    reading.only(("column", "id_column"), "an Arrow file")
    return ArrowFilePool(path, reading)
