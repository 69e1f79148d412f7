"""Pack wheels again, as small as who installs them can read: ``python release/pack.py dist/*.whl``.

A wheel is a zip file, and pip reads no compression but deflate. zopfli looks longer than zlib for what to write,
and saves three parts in a hundred. Files, their order, dates and rights stay.
"""

import sys
import zipfile
from pathlib import Path

import zopfli


def pack(wheel: Path) -> None:
    """Put a smaller wheel of the same files in its place."""
    smaller = wheel.with_name(wheel.name + ".packed")
    with zipfile.ZipFile(wheel) as old, zopfli.ZipFile(smaller, "w", zipfile.ZIP_DEFLATED) as new:
        for file in old.infolist():
            new.writestr(file, old.read(file))
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(smaller) as new:
        if [(f.filename, f.CRC, f.external_attr) for f in old.infolist()] != [
            (f.filename, f.CRC, f.external_attr) for f in new.infolist()
        ] or new.testzip():
            raise SystemExit(f"pack: {wheel.name} came out with other files")
    print(f"{wheel.name}: {wheel.stat().st_size:,} bytes, packed {smaller.stat().st_size:,}")
    smaller.replace(wheel)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        pack(Path(name))
