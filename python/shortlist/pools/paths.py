"""Paths: which kind of file each is, what a folder or a glob stands for,
and several files as one pool.
"""

from __future__ import annotations

import glob
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from shortlist.disk import check_regular
from shortlist.npy import NpyFile
from shortlist.pools.chain import ChainPool
from shortlist.pools.pool import Pool, same_columns, same_form

if TYPE_CHECKING:
    import os

    from shortlist.pools.source import Reading


KINDS = {
    ".npy": "flat:npy_pool",
    ".npz": "npz:npz_pool",
    **dict.fromkeys((".parquet", ".pq"), "parquet:parquet_pool"),
    **dict.fromkeys((".arrow", ".feather", ".ipc", ".arrows"), "arrow_files:arrow_file_pool"),
    **dict.fromkeys((".h5", ".hdf5"), "chunked:hdf5_pool"),
    ".zarr": "chunked:zarr_pool",
}
"""THE list of file kinds by suffix, each with what sees it as a pool, imported when needed."""
RAW = "flat:raw_pool"
"""What has none of these suffixes is raw binary."""


def path_pool(x: str | os.PathLike[str], reading: Reading) -> Pool:
    """See a file, a folder or a glob as a pool."""
    return files_pool(expand(x), reading, str(x))


def expand(x: str | os.PathLike[str]) -> list[Path]:
    """Return the files a path, a folder or a glob stands for, by name."""
    path = Path(x)
    if path.is_dir() and not _is_zarr(path):
        return _of_folder(path)
    if not path.exists() and glob.has_magic(str(x)):
        # Not Path.glob, which takes no absolute pattern.
        found = sorted(Path(name) for name in glob.glob(_pattern(path), recursive=True))  # noqa: PTH207
        if not found:
            raise FileNotFoundError(f"{x} matches no file (looked from {Path.cwd()})")
        return found
    return [path]


def _pattern(path: Path) -> str:
    """Return a pattern in which the folders that are there under just this
    name stand for themselves.
    """
    there = next(folder for folder in path.parents if folder.exists())
    return str(Path(glob.escape(str(there))) / path.relative_to(there))


def file_pool(path: Path, reading: Reading) -> Pool:
    """See one file as a pool, by its suffix."""
    zarr = _is_zarr(path)
    if not zarr:
        check_regular(path)
    module, _, function = KINDS.get(".zarr" if zarr else path.suffix.lower(), RAW).partition(":")
    pool: Pool = getattr(importlib.import_module(f"shortlist.pools.{module}"), function)(path, reading)
    return pool


def files_pool(files: list[Path], reading: Reading, name: str) -> Pool:
    """See several files as one pool; all are opened once before anything is read,
    so what does not fit shows at once.
    """
    if len(files) == 1:
        return file_pool(files[0], reading)
    arrays = reading.committee and all(file.suffix.lower() == ".npy" for file in files)
    if arrays and all(len(NpyFile(file).shape) == 2 for file in files):
        from shortlist.pools.members import members_pool

        return members_pool(files, reading, name)
    pools = [file_pool(file, reading) for file in files]
    settled = next((pool for pool in pools if not pool.unsettled), pools[0])
    for pool in pools:
        pool.settle(settled)
    for pool in pools[1:]:
        same_form(pools[0].form, pool)
        same_columns(pools[0], pool)
    known = [pool.rows for pool in pools if pool.rows is not None]
    return ChainPool(pools, sum(known) if len(known) == len(pools) else None, name)


def _of_folder(folder: Path) -> list[Path]:
    """Return the files of one kind under a folder; what starts with .
    or _ is none, as writers of Parquet have it.
    """
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in KINDS
        and path.is_file()
        and not any(part[0] in "._" for part in path.relative_to(folder).parts)
    ]
    kinds = sorted({path.suffix.lower() for path in found})
    if not found:
        raise IsADirectoryError(f"{folder} is a directory with no files to read in it; accepted are {', '.join(KINDS)}")
    if len(kinds) > 1:
        raise IsADirectoryError(
            f"{folder} is a directory of {' and '.join(kinds)} files; accepted are files of one kind"
        )
    return found


def _is_zarr(path: Path) -> bool:
    return path.is_dir() and (
        path.suffix == ".zarr" or any((path / name).exists() for name in ("zarr.json", ".zarray", ".zgroup"))
    )
