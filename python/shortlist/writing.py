"""Every file that the package writes: whole, or not at all.

A regular file is written under another name, or none, in the folder of its target, and takes the
target's place once it is on disk. So whoever reads the target finds the old content or the new one,
whatever fails or is killed meanwhile, and of several writers the last wins. Links are followed, and
the mode of a file that was there is kept.

A FIFO, a character device and a descriptor such as ``/dev/stdout`` are written in place.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import math
import os
import stat
import sys
import time
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from shortlist.tables import text_of, visible

try:
    import fcntl
except ImportError:  # where no file is without a name either
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.figure import Figure

Target: TypeAlias = "str | os.PathLike[str]"

PATIENCE = 10.0
"""Seconds that a FIFO may take to find a reader."""


def write_text(target: Target | IO[str], lines: Iterable[str], *, private: bool = False) -> None:
    """Write lines to an open text file, or to a path in UTF-8; see `write_bytes`."""
    try:
        if isinstance(target, str | os.PathLike):
            write_bytes(target, (line.encode() for line in lines), private=private)
            return
        _try_text(target)
        for line in lines:
            target.write(line)
    except UnicodeEncodeError as error:
        wrong = ascii(error.object[error.start : error.end])
        raise ValueError(f"{wrong} cannot be written in {error.encoding} ({error.reason})") from None


def write_bytes(target: Target, parts: Iterable[bytes], *, private: bool = False, alike: bool = False) -> None:
    """Write parts to a path, one after the other;
    a new file that is `private` is its owner's alone. Where whoever writes this path writes
    `alike`, a file that another has written meanwhile stays.
    """
    place = place_of(target)
    try:
        if place.is_file:
            _replace(place.path, parts, 0o600 if private else 0o666, alike=alike)
            _bring_to_disk(place)
        else:
            with place.open() as file:
                file.writelines(parts)
    except OSError as error:
        raise told(error, target, "; nothing was changed" if place.is_file else "") from None


def write_json(target: Target, value: Any, indent: int | None = None) -> None:
    """Write a value to a path as one JSON document."""
    write_text(target, [json_text(value, indent), "\n"])


def write_png(target: Target, figure: Figure) -> None:
    """Write a figure to a path, the same bytes for the same figure."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=150, metadata={"Software": None})
    write_bytes(target, [drawn.getvalue()])


def json_text(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON that every parser accepts."""
    return json.dumps(plain(value), indent=indent, allow_nan=False)


def plain(value: Any) -> Any:
    """Return a value for JSON: None for infinity and NaN, which JSON has no word for,
    and text for what is no number.
    """
    if isinstance(value, dict):
        return {name if isinstance(name, str) else str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return plain(value.tolist()) if hasattr(value, "tolist") else text_of(value)


def make_folder(folder: Target, name: str) -> Path:
    """Return a folder, made where it was not there."""
    path = Path(_path_text(folder, name))
    new: list[Path] = []
    try:
        new = [each for each in (path, *path.parents) if not each.exists()]
        path.mkdir(parents=True, exist_ok=True)
        for each in new:
            sync_folder(each.parent)
    except OSError as error:
        with contextlib.suppress(OSError):  # as what another process has put there meanwhile
            for each in new:
                each.rmdir()
        raise type(error)(f"{name} is {visible(str(path))!r}, and no folder can be there ({_reason(error)})") from None
    return path


def sync_folder(folder: Path) -> None:
    """Bring the entries of a folder to disk, where the system can:
    until then a power cut may take a new name, whatever was done for its file.
    """
    if os.name != "posix":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # one that may be written and not read
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not every file system can
            raise
    finally:
        _close(descriptor)


def told(error: OSError, target: Target, more: str = "") -> OSError:
    """Return an error of the same kind that says in one sentence which file could not be written,
    and why.
    """
    if error.errno is None:
        return error  # a sentence of ours
    sentence = type(error)(f"{visible(str(target))} cannot be written ({_reason(error)}){more}")
    sentence.errno = error.errno
    return sentence


def place_of(target: Target) -> Place:
    """Return where a path leads, or say in one sentence why nothing can be written there."""
    try:
        return Place(target)
    except OSError as error:
        raise told(error, target) from None


class Place:
    """Where a path leads, and whether something can be written there.

    Parameters
    ----------
    target : path
        A link is followed to where it points, be that there or not.

    Raises
    ------
    OSError
        A folder, a disk or a socket is there, the folder is missing, or the user may not write.
    """

    def __init__(self, target: Target) -> None:
        self._text = text = _path_text(target, "target")
        self.name = visible(text)
        if text.endswith(("/", os.sep)) or os.path.isdir(text):  # noqa: PTH112 - False for what has no path
            raise IsADirectoryError(f"{self.name} is a folder; accepted is the path of a file")
        self.path, self._descriptor = self._follow(text)
        mode = None
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            mode = self.path.stat().st_mode
        if mode is not None and (stat.S_ISBLK(mode) or stat.S_ISSOCK(mode)):
            kind = "disk" if stat.S_ISBLK(mode) else "socket"
            raise OSError(f"{self.name} is a {kind}; accepted are files, FIFOs and character devices")
        self._fifo = mode is not None and stat.S_ISFIFO(mode)
        self.is_file = self._descriptor is None and (mode is None or stat.S_ISREG(mode))
        if self.is_file:
            self._may_be_written(mode)

    def open(self) -> IO[bytes]:
        """Open what is no regular file, as it is."""
        if self._descriptor is not None and self._descriptor >= 0:
            # By the descriptor itself: opened anew, a file that it stands for would be written from
            # its beginning.
            sys.stdout.flush()
            return open(os.dup(self._descriptor), "wb")  # noqa: PTH123
        if not self._fifo or not hasattr(os, "mkfifo"):
            return self.path.open("wb")
        until = time.monotonic() + PATIENCE
        while True:
            try:
                opened = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
                if time.monotonic() > until:
                    raise TimeoutError(
                        f"{self.name} is a FIFO, and nobody began to read it within {PATIENCE:g} seconds"
                    ) from None
                time.sleep(0.02)
            else:
                os.set_blocking(opened, True)
                return open(opened, "wb")  # noqa: PTH123

    def _follow(self, text: str) -> tuple[Path, int | None]:
        """Return where links lead, and the descriptor where that is one:
        -1 for another process's.
        """
        for _ in range(40):
            folder = Path(os.path.realpath(os.path.dirname(text)))  # noqa: PTH120 - "" is where we are
            path = folder / Path(text).name
            if folder.parts[1:2] in (("proc",), ("dev",)) and folder.name == "fd":
                mine = folder.parts[1] == "dev" or folder.parts[2] == str(os.getpid())
                return path, int(path.name) if mine and path.name.isdecimal() else -1
            if not path.is_symlink():
                return path, None
            text = str(folder / path.readlink())
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))

    def _may_be_written(self, mode: int | None) -> None:
        folder = self.path.parent
        if not folder.is_dir():
            linked = os.path.islink(self._text)  # noqa: PTH114 - False for what has no path
            named, led = (
                (folder, f" ({self.name} is a link that leads there)") if linked else (Path(self._text).parent, "")
            )
            raise FileNotFoundError(
                f"there is no folder {visible(str(named))} to write {visible(self.path.name)} to{led}"
            )
        if mode is not None and not os.access(self.path, os.W_OK):
            raise PermissionError(f"{self.name} cannot be written (its mode is {stat.S_IMODE(mode):04o})")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(f"{self.name} cannot be written (no permission to change its folder)")


def _bring_to_disk(place: Place) -> None:
    try:
        sync_folder(place.path.parent)
    except OSError as error:
        raise OSError(
            f"{place.name} was written, and its folder can't be brought to disk ({_reason(error)}); write it again"
        ) from None


def _replace(path: Path, parts: Iterable[bytes], mode: int, *, alike: bool) -> None:
    """Write a new file and put it in the place of an old one."""
    name = path.with_name(f".{os.urandom(8).hex()}.partial")
    old = path.stat() if path.exists() and not alike else None
    # Others may not look into it while its mode is not yet that of the old file.
    descriptor, named = _create(name, mode if old is None else 0o600)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.writelines(parts)
            file.flush()
        if old is not None:
            _make_alike(descriptor, old)
        os.fsync(descriptor)
        if not named:
            if old is None:
                # At once under its own name: whoever is killed leaves nothing behind.
                try:
                    _give_name(descriptor, path)
                    return
                except FileExistsError:
                    if alike:
                        return
            name = _named_for_a_moment(descriptor, path, name)
        name.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            name.unlink(missing_ok=True)
        raise
    finally:
        _close(descriptor)


def _named_for_a_moment(descriptor: int, path: Path, other: Path) -> Path:
    """Give a file the name from which it is moved to a path. For each path that is the same one, so
    that what a killed process has left goes with the next write; or `other`, where it is in use.
    """
    name = path.with_name(f".{zlib.crc32(os.fsencode(path.name)):08x}.partial")
    with contextlib.suppress(OSError):
        # Held until it is closed: who finds the name sees that it is in use.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove_left(name)
        _give_name(descriptor, name)
        return name
    _give_name(descriptor, other)
    return other


def _remove_left(name: Path) -> None:
    """Remove a file that nobody holds any more."""
    try:
        left = os.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return
    try:
        fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Another may have removed it, and given the name to its own, before this one was locked.
        if os.path.samestat(os.fstat(left), name.lstat()):
            name.unlink()
    finally:
        _close(left)


def _close(descriptor: int) -> None:
    """Close what has nothing to lose by then: all of it is on disk, or the call has failed."""
    with contextlib.suppress(OSError):
        os.close(descriptor)


def _create(name: Path, mode: int) -> tuple[int, bool]:
    """Return a new file and whether it has its name yet:
    one without a name is gone with a process that is killed.
    """
    if hasattr(os, "O_TMPFILE"):
        with contextlib.suppress(OSError):  # not every file system has it
            descriptor = os.open(name.parent, os.O_TMPFILE | os.O_WRONLY, mode)
            if os.path.exists(f"/proc/self/fd/{descriptor}"):  # noqa: PTH110
                return descriptor, False
            os.close(descriptor)
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode), True


def _give_name(descriptor: int, name: Path) -> None:
    """Enter a file without a name into its folder."""
    # A folder's descriptor, which an absolute path has no use for, makes Python follow the link to
    # the file.
    folder = os.open(name.parent, os.O_RDONLY)
    try:
        os.link(f"/proc/self/fd/{descriptor}", name, src_dir_fd=folder, follow_symlinks=True)
    finally:
        _close(folder)


def _make_alike(descriptor: int, old: os.stat_result) -> None:
    """Give a file the mode of another and, where that is allowed, its owner."""
    if hasattr(os, "fchown"):
        with contextlib.suppress(OSError):
            os.fchown(descriptor, old.st_uid, old.st_gid)
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, old.st_mode & 0o777)


def _try_text(target: Any) -> None:
    """Refuse what is no text file open for writing."""
    if not hasattr(target, "write"):
        raise TypeError(f"target is a {type(target).__name__}; accepted are a path and an open text file")
    try:
        target.write("")
    except (TypeError, ValueError) as error:
        raise type(error)(f"target takes no text ({error}); accepted are a path and an open text file") from None


def _path_text(target: Any, name: str) -> str:
    """Return a path as text, or say why it is none."""
    try:
        text = os.fspath(target)
    except TypeError:
        text = None
    if not isinstance(text, str):
        raise TypeError(f"{name} is a {type(target).__name__}; accepted is a path as str or pathlib.Path")
    if not text or "\0" in text:
        raise ValueError(f"{name} is {text!r}; accepted is the path of a file")
    return text


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
