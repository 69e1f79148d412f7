"""A spec out of TOML: read whole, with every mistake at once."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.disk import check_regular
from shortlist.loop.spec import model
from shortlist.loop.spec.mistakes import Mistakes, SpecError
from shortlist.loop.spec.places import missing_files
from shortlist.loop.spec.tables import read_tables
from shortlist.loop.spec.together import check_together

if TYPE_CHECKING:
    import os

MOST = 4 << 20
"""Bytes of a file that is a spec: above that somebody named another file."""
LINE = re.compile(r"^(.*?)\.? \(at (?:line (\d+), column (\d+)|end of document)\)$", re.DOTALL)
HELP_OF_CLASSES = re.compile(r"^\s*\[\s*classes\s*\.", re.MULTILINE)


def read_spec(path: str | os.PathLike[str], *, files: bool = False, folder: Path | None = None) -> model.Spec:
    """Read a spec and check it whole.

    Parameters
    ----------
    path : path
        A TOML file. Relative paths in it mean its folder.
    files : bool, default=False
        Whether the files and modules that it names must be there too.
    folder : Path, optional
        What relative paths mean, where that is another folder.

    Returns
    -------
    Spec
        What it says, with every default.

    Raises
    ------
    SpecError
        All that is wrong with it, a line each.
    """
    path = Path(path)
    text = _text_of(path)
    spec = spec_of(_values_of(text, path), text=text, folder=folder or path.absolute().parent)
    missing = missing_files(spec) if files else []
    if missing:
        raise SpecError(missing)
    return spec


def spec_of(values: Mapping[str, Any], *, text: str, folder: Path) -> model.Spec:
    """Return a spec of the values that a file holds, checked whole.

    Parameters
    ----------
    values : mapping
        As ``tomllib`` returns them.
    text : str
        The file they are of.
    folder : Path
        What relative paths mean.

    Raises
    ------
    SpecError
        All that is wrong with it, a line each.
    """
    if not isinstance(values, Mapping):
        raise SpecError([f"the spec is a {type(values).__name__}; accepted is a table of keys and values"])
    mistakes = Mistakes()
    found = read_tables(values, mistakes)
    check_together(found, values, mistakes, Path(folder))
    if mistakes.lines:
        raise SpecError(mistakes.lines)
    return _built(found, text, Path(folder))


def _text_of(path: Path) -> str:
    try:
        check_regular(path)
        if path.stat().st_size > MOST:
            raise SpecError([f"{path} has {path.stat().st_size:,} bytes; accepted is a spec, a short file of TOML"])
        data = path.read_bytes()
    except SpecError:
        raise
    except (OSError, ValueError) as error:
        said = error.strerror or error if isinstance(error, OSError) and error.filename else error
        raise SpecError([str(said) if str(path) in str(said) else f"{path} cannot be read ({said})"]) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SpecError(
            [f"{path} is not UTF-8: byte 0x{data[error.start]:02x} in line {line}; accepted is UTF-8"]
        ) from None


def _values_of(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        found = LINE.match(str(error))
        said = found[1] if found else "nested too deep" if isinstance(error, RecursionError) else str(error)
        line = found[2] if found and found[2] else str(text.count("\n") + 1) if found else None
        where = f" in line {line}" if line else ""
        column = f", column {found[3]}" if found and found[3] else ""
        if line and HELP_OF_CLASSES.match(text.split("\n")[int(line) - 1]):
            said = 'TOML has no table beside the list "classes"; write [help]'
        raise SpecError([f"{path} is no TOML{where}{column}: {said}"]) from None


def _built(found: dict[str, dict[str, Any]], text: str, folder: Path) -> model.Spec:
    top, pool, rounds = found[""], dict(found["pool"]), dict(found["round"])
    columns = pool.pop("features")
    excepted = columns["except"] if isinstance(columns, dict) else None
    rare, diverse = found.get("round.rare"), found.get("round.diverse")
    spec = model.Spec(
        loop=top["loop"],
        name=top["name"],
        classes=top["classes"],
        help=found["help"],
        seed_number=top["random_state"],
        journal=top["journal"],
        pool=model.PoolSpec(**pool, features=None if excepted else columns, features_except=excepted),
        model=model.ModelSpec(**found["model"]),
        seed=model.SeedSpec(**found["seed"]),
        round=model.RoundSpec(
            **rounds,
            **found["round.mix"],
            diverse=diverse,
            rare_classes=rare["classes"] if rare else (),
            rare_share=rare["share"] if rare else 0.0,
        ),
        validation=model.ValidationSpec(**found["validation"]),
        labels=model.LabelsSpec(**found["labels"]),
        retrain=model.RetrainSpec(**found["retrain"]),
        check=model.CheckSpec(**found["check"]),
        stop=model.StopSpec(**found["stop"]),
        handoff=model.HandoffSpec(
            found["handoff"]["tool"], {k: v for k, v in found["handoff"].items() if k != "tool" and v is not None}
        ),
        text=text,
        folder=folder,
        version="",
    )
    return dataclasses.replace(spec, version=version_of(spec))


def version_of(spec: model.Spec) -> str:
    """Return the hash of all that a spec says: sha256 in hex, of JSON with its keys in order."""
    values = dataclasses.asdict(spec)
    for name in ("text", "folder", "version"):
        del values[name]
    if values["model"]["screen"]:
        del values["model"]["screen"]  # loops that know no such key keep their version
    plain = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(plain.encode()).hexdigest()
