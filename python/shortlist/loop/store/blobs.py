"""What is too large for a database: files named by their SHA-256,
each there whole or not at all.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from shortlist.disk import open_file
from shortlist.loop.errors import LoopError
from shortlist.tables import visible
from shortlist.writing import make_folder, sync_folder, write_bytes

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

CHUNK = 1 << 20
NAME = "blobs"


class BlobMissingError(LoopError):
    """A blob that the loop refers to is not there any more."""


class Blobs:
    """The part of a store that holds blobs."""

    folder: Path

    def put_blob(self, content: bytes | str | os.PathLike[str]) -> str:
        """Keep bytes, or a copy of a file; return the hash by which they are found.

        It is on disk before this returns. What is there already is not written again.
        """
        digest = hashlib.sha256()
        for chunk in chunks_of(content):
            digest.update(chunk)
        name = digest.hexdigest()
        folder = make_folder(self.folder / NAME, "folder")
        if (folder / name).exists():
            sync_folder(folder)  # whoever wrote it may have been killed before this
        else:
            write_bytes(folder / name, _same(content, name), alike=True)
        return name

    def blob(self, name: str) -> Path:
        """Return the file whose bytes have this hash."""
        path = self.folder / NAME / name
        if not path.is_file():
            raise BlobMissingError(
                f"{visible(str(path))} is missing, which the loop refers to; bring it back from a backup"
            )
        return path

    def blob_files(self) -> list[Path]:
        """Return the files of all blobs."""
        folder = self.folder / NAME
        return sorted(path for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []

    def damaged_blobs(self) -> list[str]:
        """Return the hashes of blobs whose bytes are no longer those that were kept."""
        return [path.name for path in self.blob_files() if hash_of(path) != path.name]


def hash_of(path: Path) -> str:
    """Return the hash of a file's bytes."""
    digest = hashlib.sha256()
    for chunk in chunks_of(path):
        digest.update(chunk)
    return digest.hexdigest()


def chunks_of(content: bytes | str | os.PathLike[str]) -> Iterator[bytes]:
    """Yield bytes, or those of a file, part by part."""
    if isinstance(content, bytes):
        yield content
        return
    with open_file(Path(content)) as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _same(content: bytes | str | os.PathLike[str], name: str) -> Iterator[bytes]:
    """Yield the content a second time, and fail where it has changed since its hash was taken."""
    digest = hashlib.sha256()
    for chunk in chunks_of(content):
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != name:
        raise LoopError(f"{content!r} was changed while it was read; keep it once it is complete")
