"""Where a loop lives: a copy of it is told from the loop itself,
and a network file system from a disk.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

NETWORK = (
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ncpfs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs"),
    *("virtiofs", "davfs", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "fuse.davfs2"),
    *("fuse.juicefs", "fuse.ceph", "fuse.blobfuse", "fuse.blobfuse2", "fuse.smbnetfs", "fuse.curlftpfs"),
)
"""File systems whose files another machine may write,
which SQLite's shared memory doesn't reach.
"""
MOUNTS = Path("/proc/self/mounts")


def network_kind(folder: Path) -> str | None:
    """Return the kind of the network file system that holds a folder;
    None for a disk, and where nobody can say.
    """
    try:
        lines = MOUNTS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return None
    real = Path(os.path.realpath(folder))
    best, kind = -1, ""
    for line in lines:
        _, place, name, *_ = line.split(" ")
        # Blanks and the like are written as \040.
        point = Path(place.encode("utf-8", "surrogateescape").decode("unicode_escape") if "\\" in place else place)
        # Of two mounts in one place, the later hides the earlier.
        if (real == point or point in real.parents) and len(point.parts) >= best:
            best, kind = len(point.parts), name
    return kind if kind in NETWORK else None


def home_of(database: Path) -> str:
    """Return what tells this file from a copy of it, as JSON:
    its inode, which a move within a disk leaves, and its path.
    """
    return json.dumps({"inode": database.stat().st_ino, "path": os.path.realpath(database)})


def copied_from(home: str, database: Path) -> str | None:
    """Return the path that a copied file was copied from;
    None for one that is where it was made, or was moved.
    """
    was, now = json.loads(home), json.loads(home_of(database))
    if was["inode"] == now["inode"]:
        # A snapshot of a file system keeps inodes: there, the first one is still in its place.
        first = Path(was["path"])
        return was["path"] if was["path"] != now["path"] and first.exists() and not first.samefile(database) else None
    # The inodes of a network file system may change whenever it is mounted.
    if was["path"] == now["path"] and network_kind(database.parent):
        return None
    return str(was["path"])
