"""Which tool a loop hands its rounds to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shortlist.labels.formats import FORMATS
from shortlist.labels.handed import Sent
from shortlist.loop.errors import LoopError
from shortlist.loop.handoff.files import CONFIG, FileHandoff, ending_of
from shortlist.loop.handoff.own import KEY, own_tool
from shortlist.loop.handoff.protocol import About
from shortlist.loop.spec.checks import is_path
from shortlist.loop.training.by_path import function_of

if TYPE_CHECKING:
    from pathlib import Path

    from shortlist.loop.handoff.protocol import Handoff
    from shortlist.loop.spec import Spec
    from shortlist.loop.store import Store

PAGE = "page"
"""Where the loop serves its rounds itself."""
PLAIN = {FORMATS[name].ending: name for name in ("csv", "jsonl", "parquet")}
"""What is written to a file that somebody names, by its ending, whatever the tool."""


def handoff_of(spec: Spec, store: Store, *, out: Path | None = None, spreadsheet: bool = False) -> Handoff:
    """Return the tool that a specification names, or a file where one is named instead.

    Raises
    ------
    LoopError
        A tool of the user's own can't be made.
    """
    tool = spec.handoff.tool
    if is_path(tool) and out is None:
        about = About(spec.name, store.id, store.folder, spec.classes, spec.help)
        return own_tool(tool, spec.folder, about, spec.handoff.rest)
    name = re.sub(r"[^\w.-]+", "-", spec.name).strip("-")
    sent = Sent(spec.classes, spec.pool.text, {"loop": store.id}, name)
    config = spec.handoff.label_config
    if spec.handoff.live is not None and out is None:
        # With HTTP, which few loops need.
        from shortlist.loop.handoff.label_studio import LabelStudio, Wanted

        own = None if config is None else spec.at(config)
        return LabelStudio(store, sent, Wanted(spec.handoff.live, _project(spec), own, spec.handoff.show_model))
    return FileHandoff(
        store.folder,
        _kind(tool, out),
        out=out,
        sent=sent,
        spreadsheet=spreadsheet,
        label_config=None if config is None else spec.at(config),
    )


def check_tool(spec: Spec) -> None:
    """Check what can be checked of a tool before there is a loop.

    Raises
    ------
    LoopError
        A class of the user's own isn't there, or a labelling interface doesn't fit the classes.
    """
    config = spec.handoff.label_config
    if spec.handoff.live is not None:
        from shortlist.loop.handoff.label_studio import check_name, checked_url

        checked_url(spec.handoff.live)
        check_name(_project(spec))
    if is_path(spec.handoff.tool):
        function_of(spec.handoff.tool, KEY, spec.folder)
    elif config is not None and spec.handoff.tool != "label-studio":
        raise LoopError(
            f'{CONFIG} is {config!r}, and tool is {spec.handoff.tool!r}; accepted is one with tool = "label-studio"'
        )
    elif config is not None and not spec.at(config).is_file():
        raise LoopError(f"{CONFIG} is {config!r}, and there is no file {spec.at(config)}")
    elif config is not None:
        from shortlist.labels.label_config import check_config, config_text  # with what reads XML

        try:
            check_config(config_text(spec.at(config)), None, spec.classes, CONFIG)
        except (ValueError, OSError) as error:
            raise LoopError(str(error)) from None


def is_file(spec: Spec) -> bool:
    """Return whether rounds go out as files or on the page,
    so that answers come without being asked for.
    """
    return not is_path(spec.handoff.tool) and spec.handoff.live is None


def ending(spec: Spec) -> str:
    """Return how the name of a file of rows ends; that of CSV where the tool takes no files."""
    return ending_of(_kind(spec.handoff.tool, None))


def _project(spec: Spec) -> str | int:
    """Return the project of Label Studio, by its number or name."""
    wanted: str | int = spec.handoff.rest.get("project", spec.name)
    return wanted


def _kind(tool: str, out: Path | None) -> str:
    """Return what is written: for the tool, unless the file's name is that of another kind."""
    kind = "csv" if tool == PAGE or is_path(tool) else tool
    suffix = "" if out is None else out.suffix.lower()
    return kind if suffix and ending_of(kind).endswith(suffix) else PLAIN.get(suffix, kind)
