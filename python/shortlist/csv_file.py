"""Text files line by line, and CSV as people have it:
what is wrong is said with the file and the line.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from shortlist.disk import no_file

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import Self

CHUNK = 1 << 20
"""Bytes read at a time."""
LONGEST = 2**31 - 1
"""Characters of a cell: what the csv module takes at most on every system."""
SEPARATORS = (",", ";", "\t")
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)")
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte order marks; the longer of two that begin alike comes first."""


class CsvFile:
    """One CSV file: its first row, and the rest of the rows as they are read;
    closed at the end of the rows, or of a ``with``.

    Parameters
    ----------
    path : Path
        The file. It is read once, from beginning to end.
    names : iterable of str
        Columns that are looked for: the separator is that of comma, semicolon and tab under which
        the first line has one of them, or else the comma.
    encoding : str, optional
        By default what a byte order mark says, or else UTF-8.

    Attributes
    ----------
    head : list of str
        Cells of the first row that is not blank, without spaces around them; empty where there is
        none.
    line : int
        The line of the first row.
    """

    def __init__(self, path: Path, names: Iterable[str], encoding: str | None = None) -> None:
        self.path = path
        # The limit is one for the whole process. It is raised for good: another reader may be in
        # the middle of a file.
        csv.field_size_limit(max(LONGEST, csv.field_size_limit()))
        with ExitStack() as stack:
            # Line ends within a cell are a part of it, of whatever kind.
            lines = stack.enter_context(closing(text_lines(path, encoding, translate=False)))
            skipped, first = 0, ""
            for first in lines:
                if first.strip():
                    break
                skipped += 1
            self._rows = self._read(first, lines, _separator(first, set(names)), skipped)
            self.line, head = next(self._rows, (0, []))
            self.head = [cell.strip() for cell in head]
            self._open = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def column(self, *names: str) -> int | None:
        """Return the place of the first of some columns that the heading has, in any case;
        None where it has none.

        Raises
        ------
        ValueError
            The heading has two columns of that name.
        """
        lower = [cell.lower() for cell in self.head]
        for name in names:
            for cells, wanted in ((self.head, name), (lower, name.lower())):
                if cells.count(wanted) > 1:
                    raise ValueError(f"{self.path} has two columns {name!r}; accepted are distinct names")
                if wanted in cells:
                    return cells.index(wanted)
        return None

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows below the first with the lines that they begin in;
        blank ones are left out.
        """
        for line, row in self._rows:
            if len(row) != len(self.head):
                raise ValueError(
                    f"{self.path} has {len(row)} cell{'' if len(row) == 1 else 's'} in line {line}, and {len(self.head)} in its "
                    f"first; accepted is the same number in all (cells that hold a separator are quoted)"
                )
            yield line, row

    def _read(self, first: str, lines: Iterator[str], separator: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(_chained(first, lines), delimiter=separator, strict=True)
        while True:
            line = skipped + reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if "unexpected end" in str(error):
                    raise ValueError(f"{self.path} has a quote in line {line} that is never closed") from None
                if "expected after" in str(error):
                    raise ValueError(
                        f"{self.path} has more behind a closing quote in line {skipped + reader.line_num}, in the row that "
                        f"begins in line {line}; accepted are quotes around whole cells, and doubled ones within"
                    ) from None
                raise ValueError(f"{self.path} cannot be read in line {line} ({error})") from None
            if any(map(str.strip, row)):
                yield line, row


def text_lines(path: Path, encoding: str | None = None, *, translate: bool = True) -> Generator[str, None, None]:
    """Yield the lines of a text file with their ends, whatever these are:
    as newlines, or as they are.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, ValueError
        No such file, or not text in this encoding.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a directory; accepted is a file of text")
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise no_file(path) from None
    with file:
        chunk = file.read(CHUNK)
        name = encoding or next((name for mark, name in MARKS.items() if chunk.startswith(mark)), "utf-8")
        decoder = io.IncrementalNewlineDecoder(_decoder(name), translate=translate)
        number, held, ended = 1, list[str](), False
        while not ended:
            ended = not chunk
            try:
                text = decoder.decode(chunk, final=ended)
            except UnicodeDecodeError as error:
                number += _breaks(error.object[: error.start].decode(error.encoding, "replace"))
                raise _undecodable(path, name, f"byte 0x{error.object[error.start]:02x} in line {number:,}") from None
            except UnicodeError as error:
                raise _undecodable(path, name, str(error)) from None
            if "\0" in text:
                number += _breaks(text.partition("\0")[0])
                raise ValueError(
                    f"{path} has a NUL byte in line {number:,}, which no text has; accepted is UTF-8, or UTF-16 without its byte "
                    'order mark by name, as encoding="utf-16-le"'
                )
            lines, rest = _cut(text)
            if lines:
                lines[0] = "".join(held) + lines[0]
                yield from lines
                held.clear()
            held.append(rest)
            number += len(lines)
            chunk = b"" if ended else file.read(CHUNK)
        if any(held):
            yield "".join(held)


def _cut(text: str) -> tuple[list[str], str]:
    """Return the lines of a text with their ends, and what follows the last of them."""
    end = max(text.rfind("\n"), text.rfind("\r")) + 1
    if "\r" in text:
        return LINE.findall(text[:end]), text[end:]
    return [line + "\n" for line in text[:end].split("\n")[:-1]], text[end:]


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _separator(line: str, names: set[str]) -> str:
    """Return what separates the cells of a heading."""
    wanted = {name.lower() for name in names}
    for separator in SEPARATORS:
        cells = next(csv.reader([line], delimiter=separator), [])
        if wanted & {cell.strip().lower() for cell in cells}:
            return separator
    return SEPARATORS[0]


def _decoder(name: str) -> codecs.IncrementalDecoder:
    try:
        found = codecs.lookup(name)
        "".encode(name)
        if not isinstance(found.incrementaldecoder("strict").decode(b"", True), str):
            raise LookupError
    except (LookupError, ValueError, TypeError):
        raise ValueError(f"encoding is {name!r}, which is unknown; accepted are as utf-8, utf-16 and cp1252") from None
    # A mark is no part of the text, whether or not the encoding was named.
    return codecs.getincrementaldecoder("utf-8-sig" if found.name == "utf-8" else name)("strict")


def _breaks(text: str) -> int:
    return text.replace("\r\n", "\n").replace("\r", "\n").count("\n")


def _undecodable(path: Path, name: str, where: str) -> ValueError:
    return ValueError(
        f"{path} is not {name.upper().replace('-SIG', '')}: {where}; accepted are UTF-8, UTF-16 with its byte order mark, and "
        'others by name, as encoding="cp1252"'
    )
