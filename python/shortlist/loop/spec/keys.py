"""THE table of the format: every key with its default, its check and what it means.

What is read, what is refused, and what ``loop init`` writes all come from here.
"""

from __future__ import annotations

import re
import string
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shortlist.loop.spec import checks, names
from shortlist.loop.spec.checks import Wrong, refuse, text, texts
from shortlist.loop.spec.toml import shown, written

if TYPE_CHECKING:
    from shortlist.loop.spec.checks import Check

FORMAT = 1
NONE_OF_THESE = "none of these"
"""The answer that is there in every loop, beside its classes."""
LONGEST_NAME = 100
FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
"""What some file system takes in no name of a folder."""
OPERATOR = re.compile(r"\s*([|&])\s*")
INNER = re.compile(r"\s*(:)\s*|(\()\s+|\s+(\))")
"""Spaces that a rule may have and does not need."""


@dataclass(frozen=True)
class Key:
    """One key of a table.

    Attributes
    ----------
    name : str
        The key.
    check : callable
        Takes a value and returns it as a spec keeps it, or raises `Wrong`.
    about : str
        What it means, for a comment.
    default : object
        Taken where the key is left out; None for nothing.
    needed : bool
        It has no default.
    example : object
        Shown in place of a default that is nothing.
    """

    name: str
    check: Check
    about: str
    default: Any = None
    needed: bool = False
    example: Any = None


def _format(value: Any) -> int:
    if isinstance(value, bool) or value != FORMAT:
        raise Wrong(f"accepted is {FORMAT}, the version of the format that this version of Shortlist reads")
    return FORMAT


def _name(value: Any) -> str:
    accepted = f"accepted is text that can name a folder, of at most {LONGEST_NAME} characters"
    name = text(value)
    bad = FORBIDDEN.search(name)
    if bad:
        raise Wrong(accepted, f"is {shown(name)}, which has {shown(bad[0])}")
    if len(name) > LONGEST_NAME or name != name.strip() or name.endswith(".") or name.startswith("."):
        raise Wrong(f"{accepted}, without spaces around it and dots at its ends")
    return name


def alike(name: str) -> str:
    """Return what two names have in common that people take for one."""
    return unicodedata.normalize("NFC", name.casefold())


def _classes(value: Any) -> tuple[str, ...]:
    if isinstance(value, dict):
        raise Wrong('accepted is a list, as classes = ["bug", "other"]; what helps people goes to [help]')
    if not isinstance(value, list | tuple):
        raise Wrong("accepted is a list of names, 2 or more")
    wrongs, first = list[Wrong](), dict[str, str]()
    for part in value:
        if not isinstance(part, str):
            wrongs.append(Wrong(f"accepted are names in quotes, as {written(shown(part))}", f"has {shown(part)}"))
        elif part != part.strip() or not part or not part.isprintable():
            wrongs.append(Wrong("accepted are names without line ends and spaces around them", f"has {shown(part)}"))
        elif part.casefold() == NONE_OF_THESE:
            wrongs.append(Wrong("accepted is to leave that out: every loop has this answer", f"has {shown(part)}"))
        elif (other := first.setdefault(alike(part), part)) != part:
            came = f"has {shown(other)} and {shown(part)}"
            wrongs.append(Wrong("accepted are names that people can tell apart", came))
    wrongs += [
        Wrong("accepted are names, each once", f"has {shown(part)} twice")
        for part in first.values()
        if value.count(part) > 1
    ]
    refuse(wrongs)
    if len(value) < 2:
        raise Wrong("accepted is a list of names, 2 or more")
    return tuple(value)


def _features(value: Any) -> tuple[str, ...] | dict[str, tuple[str, ...]]:
    columns = texts(1, what="columns")
    if not isinstance(value, dict):
        return tuple(columns(value))
    if list(value) != ["except"]:
        raise Wrong('accepted are a list of columns, and { except = ["column"] }')
    return {"except": columns(value["except"])}


def _show(value: Any) -> dict[str, str]:
    if isinstance(value, str | list):
        columns = texts(1, what="columns")([value] if isinstance(value, str) else value)
        return {name: name for name in columns}
    found = checks.texts_by_name(value)
    for name, template in found.items():
        try:
            fields = [part[1:] for part in string.Formatter().parse(template) if part[1] is not None]
        except ValueError as error:
            raise Wrong(
                "accepted is as https://.../{id}.jpg", f"has {shown(template)} for {name!r} ({error})"
            ) from None
        if any(not field or not re.fullmatch(r"[^.\[\]{}]+", field) or form or how for field, form, how in fields):
            raise Wrong("accepted are names of columns in braces, as {id}", f"has {shown(template)} for {name!r}")
    return found


def _search(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise Wrong('accepted is a table of words for classes, as { abuse = ["threat"] }')
    words = texts(1, what="words")
    found, wrongs = dict[str, tuple[str, ...]](), list[Wrong]()
    for name, part in value.items():
        try:
            found[name] = words([part] if isinstance(part, str) else part)
        except Wrong as wrong:
            wrongs.append(Wrong(wrong.accepted, f"has {shown(part)} for {name!r}"))
    refuse(wrongs)
    return found


def rule(value: Any) -> str:
    """Return a rule with one space around its operators."""
    return OPERATOR.sub(r" \1 ", INNER.sub(r"\1\2\3", " ".join(text(value).split())))


_positive = checks.number("above 0", lambda value: value > 0)
_part = checks.number("above 0, to 1", lambda value: 0 < value <= 1)
_below_one = checks.number("from 0 to below 1", lambda value: 0 <= value < 1)
_estimator = checks.one_of(names.ESTIMATORS, path="function")
_rows = checks.whole(1)
_returns = checks.one_of(("probabilities", "logits"))
_command = texts(1, what="words", repeats=True)
_poll = texts(what="words", repeats=True)
_resolve = checks.one_of(("majority", "latest", "reviewer", "crowdlab"))
_skips = checks.one_of(("never again", "again"))
_issues = checks.one_of(("builtin", "cleanlab"))
_tool = checks.one_of(names.TOOLS, path="Class")
COMMAND = ["python", "train.py", "{job}"]


def _project(value: Any) -> str | int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= checks.LARGEST:
        return value
    if not isinstance(value, str) or not value.strip():
        raise Wrong("accepted is the name or the number of a project")
    return value.strip()


def _committee(value: Any) -> tuple[str, ...]:
    least = 2 if value else 0
    return tuple(_estimator(part) for part in texts(least, what="estimators", repeats=True)(value))


TABLES: dict[str, tuple[Key, ...]] = {
    "": (
        Key("loop", _format, "version of this format", needed=True, example=FORMAT),
        Key("name", _name, "what the loop is called; also its folder", needed=True, example="tickets"),
        Key("classes", _classes, "fixed order; more may be appended later", needed=True, example=["bug", "other"]),
        Key("random_state", checks.whole(0), "what every draw is made of", 0),
        Key("journal", checks.one_of(("wal", "delete")), '"delete" on a network file system', "wal"),
    ),
    "help": (),
    "pool": (
        Key("path", text, 'a file, a folder or a glob; "frame" for rows from Python', needed=True, example="tickets.csv"),
        Key("id", text, "the column that names a row: labels come home by it", example="id"),
        Key("ids", text, "for arrays: a file with one id a line", example="ids.txt"),
        Key("text", text, "the column of text", example="text"),
        Key("features", _features, 'columns for the model, or { except = ["column"] }', example=["column"]),
        Key("embeddings", text, "an array with a row of numbers for each row", example="embeddings.npy"),
        Key("groups", texts(what="columns"), "audited; never shown to the model or to people", ()),
        Key("show", _show, "what people see; by default the text or the features", {}),
    ),
    "model": (
        Key("estimator", _estimator, f"{', '.join(names.ESTIMATORS)}, or package.module:function", example="logistic"),
        Key("command", _command, "trains elsewhere; {job} is its folder", example=COMMAND),
        Key("poll", _poll, "command only submits; this says: 0 done, 3 not yet", example=["./done", "{job}"]),
        Key("returns", _returns, "probabilities or logits", "probabilities"),
        Key("timeout", _positive, "seconds until a training is given up", example=3600),
        Key("retries", checks.whole(0), "how often a failed training is tried again", 2),
        Key("calibrate", checks.flag, "one temperature, on rows the model has not seen", True),
        Key("members", checks.whole(1), "more than 1: a committee of bootstrapped models", 1),
        Key("committee", _committee, "or a committee of these estimators", ()),
        Key("screen", checks.flag, "ask a model only about rows that rounds may reach, where that can be told", True),
    ),
    "seed": (
        Key("rows", checks.whole(0), "rows before there is a model", 60),
        Key("how", names.seed_how, "typiclust, k_center, random, or stratified:COLUMN", "typiclust"),
        Key("search", _search, "words that find first examples of a class", {}),
        Key("labels", text, "a file of labels that exist already, or a tool's export", example="labels.csv"),
    ),
    "round": (
        Key("rows", _rows, "rows a round", 100),
        Key("strategy", names.strategy, "what the rest of a round is picked by", "margin"),
        Key("floor", checks.share, "each group gets at least this part of its share of the pool", 0.0),
        Key("close", _part, "a round closes when this share of it is answered or skipped", 1.0),
        Key("weight", text, "a column of numbers that scores are multiplied by", example="column"),
    ),
    "round.mix": (
        Key("explore", checks.share, "uniform random rows", 0.10),
        Key("validation", checks.share, "rows for the estimate", 0.15),
        Key("relabel", checks.share, "suspect and disputed rows, once more", 0.0),
    ),
    "round.rare": (
        Key("classes", texts(1, what="classes"), "classes that are hard to find", needed=True, example=["abuse"]),
        Key("share", _part, "the share of a round that looks for them", needed=True, example=0.1),
    ),
    "round.diverse": (
        Key("rule", checks.one_of(names.rules()), "picks rows that differ from each other", needed=True, example="k_center"),
        Key("among", _rows, "out of so many that the strategy puts first", needed=True, example=1000),
    ),
    "validation": (
        Key("share", _below_one, "of the pool, by a hash of the id, fixed before round 1", 0.15),
        Key("rows", _rows, "most rows that are kept apart", 2000),
    ),
    "labels": (
        Key("overlap", checks.share, "share of rows that two people label", 0.0),
        Key("resolve", _resolve, "majority, latest, reviewer or crowdlab", "majority"),
        Key("skips", _skips, '"again": a skipped row may come back', "never again"),
    ),
    "retrain": (
        Key("when", rule, "a new model once this holds", needed=True, example="growth:0.25"),
        Key("require", rule, "and only while this holds as well", example="every_class:2"),
        Key("where", checks.one_of(("local", "command", "dask", "ray")), "local, command, dask or ray", "local"),
        Key("address", text, "of the Dask or Ray cluster", example="tcp://host:8786"),
    ),
    "check": (
        Key("issues", _issues, "what looks for suspect labels: builtin or cleanlab", example="builtin"),
        Key("action", checks.one_of(("relabel", "hold")), '"hold": suspects do not train until confirmed', "relabel"),
    ),
    "stop": (Key("when", rule, "the end, named before it starts", needed=True, example="budget:3000"),),
    "handoff": (
        Key("tool", _tool, "where people label", "page"),
        Key("label_config", text, "of Label Studio: your own labelling interface", example="interface.xml"),
        Key("url", text, "of Label Studio: hand rounds over by HTTP, not as files", example="http://localhost:8080"),
        Key("project", _project, "of Label Studio: its name or number; by default the loop's name", example="tickets"),
        Key("show_model", checks.flag, "of Label Studio: show people what the model says", example=True),
    ),
}  # fmt: skip
"""Tables by their names; ``round.mix`` is ``mix = { ... }`` of ``[round]``,
or a table of its own.
"""

OPTIONAL = ("round.rare", "round.diverse")
"""Tables without which there is no such thing, so that none of their keys has a default."""


def place(table: str, key: str = "") -> str:
    """Return how messages call a key: ``[round] mix.explore``."""
    head, _, inner = table.partition(".")
    dotted = ".".join(part for part in (inner, key) if part)
    return f"[{head}] {dotted}".strip() if head else dotted


def fields(table: str) -> list[str]:
    """Return the keys of a table, those that are tables themselves too."""
    inner = [name.partition(".")[2] for name in TABLES if name.startswith(f"{table}.")]
    return (
        [key.name for key in TABLES[table]]
        + inner
        + ([name for name in TABLES if name and "." not in name] if not table else [])
    )
