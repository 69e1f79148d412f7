"""What a spec names outside itself: files, and modules of the user's own."""

from __future__ import annotations

import glob
import importlib.util
from typing import TYPE_CHECKING

from shortlist.loop.pool.tables.frames import FRAME
from shortlist.loop.spec.checks import is_path
from shortlist.loop.spec.toml import shown

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.loop.spec.model import Spec


def missing_files(spec: Spec) -> list[str]:
    """Return a sentence for each file and module that a spec names and that is not there."""
    files = (
        ("[pool] path", spec.pool.path),
        ("[pool] ids", spec.pool.ids),
        ("[pool] embeddings", spec.pool.embeddings),
        ("[seed] labels", spec.seed.labels),
        ("[handoff] label_config", spec.handoff.label_config),
    )
    found = [
        f"{place} is {shown(path)}, and there is no such file in {spec.folder}"
        for place, path in files
        if path is not None and (place, path) != ("[pool] path", FRAME) and not _there(spec.folder, path)
    ]
    model = spec.model
    modules = [("[model] estimator", model.estimator), ("[round] strategy", spec.round.strategy)]
    modules += [("[model] committee", one) for one in model.committee] + [("[handoff] tool", spec.handoff.tool)]
    for place, name in modules:
        if name is not None and is_path(name) and not _importable(spec.folder, name.partition(":")[0]):
            found.append(f"{place} is {shown(name)}, and there is no such module in {spec.folder} or installed")
    return found


def _there(folder: Path, path: str) -> bool:
    if (folder / path).exists():
        return True
    # Not Path.glob, which takes no absolute pattern.
    return glob.has_magic(path) and any(glob.iglob(path, root_dir=folder, recursive=True))  # noqa: PTH207


def _importable(folder: Path, module: str) -> bool:
    """Whether a module's outermost package is there, which tells without running any code."""
    package = module.partition(".")[0]
    if (folder / f"{package}.py").is_file() or (folder / package).is_dir():
        return True
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False
