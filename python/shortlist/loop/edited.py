"""What ``loop.toml`` says now, where somebody has edited it since it was last taken up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shortlist.loop.errors import LoopError
from shortlist.loop.spec import SpecError, forbidden_changes, read_spec
from shortlist.loop.unready import check_ready

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.loop.spec import Spec
    from shortlist.loop.store import Store


def edited_spec(store: Store, path: Path, *, files: bool = False) -> Spec | None:
    """Return the specification of a file where it is another than the one in force;
    None where it is the same or not there.

    Parameters
    ----------
    store : Store
        The loop's.
    path : Path
        Its ``loop.toml``. Relative paths in it mean the folder of the specification that the loop
        began with.
    files : bool
        Whether the files and modules that it names must be there too.

    Raises
    ------
    LoopError
        All that is wrong with it, a line each; what may not change after round 1 is wrong too.
    """
    old = store.spec
    if not path.is_file() or path.read_bytes() == old.text.encode():
        return None
    try:
        new = read_spec(path, files=files, folder=old.folder)
    except SpecError as error:
        raise SpecError([line if str(path) in line else f"{path}: {line}" for line in error.mistakes]) from None
    if new.version == old.version:
        return None
    wrong = forbidden_changes(store.specs()[0], new) + forbidden_changes(old, new) if store.rounds() else []
    if wrong:
        raise LoopError("\n".join(dict.fromkeys(wrong)))
    check_ready(new)
    return new
