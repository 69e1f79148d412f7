"""Files on disk: opened where they are regular, and read by positions.

Nothing is read through a memory map: another process that cuts a mapped file short kills every
process that looks at it.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from shortlist.tables import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISSOCK, "a socket"),
)
READ = 16 << 20
"""Bytes that are asked for at once where a file is read whole,
so that Ctrl-C is answered between.
"""


def no_file(path: Path) -> FileNotFoundError:
    """Return the error for a path where there is nothing."""
    return FileNotFoundError(f"there is no file {path} (looked from {Path.cwd()})")


def check_regular(path: Path) -> None:
    """Refuse what is no regular file: a pipe has no size and is read once, and a device never ends.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, OSError
        Nothing there, a directory, or anything else that is no file.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise no_file(path) from None
    except ValueError as error:  # a NUL in the name
        raise ValueError(f"{str(path)!r} is no path ({error})") from None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"{path} is a directory; accepted is the path of one file")
    if not stat.S_ISREG(mode):
        kind = next((name for test, name in KINDS if test(mode)), "no regular file")
        raise OSError(f"{path} is {kind}; accepted are regular files: write what it gives to one first")


def open_file(path: Path) -> BinaryIO:
    """Open a regular file to read it, unbuffered."""
    check_regular(path)
    return path.open("rb", buffering=0)


def read_at(file: BinaryIO, into: memoryview, offset: int) -> int:
    """Read from a place in a file; return how many bytes were there."""
    if hasattr(os, "preadv"):
        return os.preadv(file.fileno(), [into], offset)
    file.seek(offset)
    return int(file.readinto(into))  # type: ignore[attr-defined]


def fill(file: BinaryIO, into: memoryview, offset: int, what: str) -> None:
    """Read all bytes of a range; `what` begins the error where the file ends before.

    Raises
    ------
    ValueError
        The file is shorter than it was.
    """
    missing = len(into)
    while missing:
        part = into[len(into) - missing :][:READ]
        try:
            got = read_at(file, part, offset + len(into) - missing)
        except OSError as error:
            error.filename = error.filename or file.name
            raise
        if not got:
            raise _cut_short(what, missing)
        missing -= got
    # Of a file that is cut while it is read the system may give zeros, and has its new size then.
    gone = offset + len(into) - os.fstat(file.fileno()).st_size
    if gone > 0 and len(into):
        raise _cut_short(what, min(gone, len(into)))


def _cut_short(what: str, missing: int) -> ValueError:
    return ValueError(
        f"{what}: it became shorter since it was opened, and {missing:,} bytes are missing; accepted is a file that "
        "stays as it is"
    )


@contextmanager
def readable(name: str, what: str) -> Iterator[None]:
    """Turn whatever a package raises over a damaged file into one sentence that names the file;
    ours pass.

    Raises
    ------
    ValueError
        `name` is `what`, for the reason that the package gave.
    """
    try:
        yield
    except Exception as error:  # a damaged file can break a reader in many ways
        ours = isinstance(error, ValueError | TypeError | OSError | MemoryError | ImportError)
        if ours and type(error).__module__ == "builtins" and name in str(error):
            raise
        raise ValueError(f"{name} {what} ({one_line(error)})") from None


def one_line(error: BaseException) -> str:
    """Return the first line of a foreign error, without its full stop;
    of one of the system, which file it is about and what is wrong.
    """
    if isinstance(error, OSError) and error.strerror and str(error).startswith("[Errno "):
        what = "a file" if error.filename is None else visible(str(error.filename))
        return f"{what} can't be opened, read or written ({error.strerror})"
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(". ")


def whole(file: BinaryIO, array: Any, offset: int, name: str) -> None:
    """Fill an array, whatever its order, with bytes that lie in a file as they do in memory."""
    if array.nbytes:
        fill(file, memoryview(array.reshape(-1, order="A").view("u1")), offset, f"{name} ended while it was read")
