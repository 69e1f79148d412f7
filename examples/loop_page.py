"""Label titles of diagnoses on a page in the browser.

`make loop-page` runs this file. It begins the project of `loops/diagnoses.toml` in a folder, or goes
on with it, and serves the page until Ctrl-C: training and the next rounds come by themselves.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import diagnoses

import shortlist as sl
from shortlist.loop.page.serving import serve
from shortlist.loop.spec import read_spec

SPEC = Path(__file__).parent / "loops" / "diagnoses.toml"


def begin(folder: Path) -> None:
    """Begin the project, unless it was begun before."""
    if (folder / "loop.db").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    spec = folder / "spec.toml"
    shutil.copyfile(SPEC, spec)
    diagnoses.write_titles(folder / "titles.csv", read_spec(spec).classes)
    with sl.Loop.init(spec, folder) as loop:
        loop.next()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path, nargs="?", default=Path("diagnoses-page"))
    options.add_argument("--open", action="store_true", help="show the page in a browser")
    given = options.parse_args()
    begin(given.folder)
    serve(given.folder, open_browser=given.open, say=lambda address: print(f"the page is at {address}"))
