"""Answers out of files of all formats: the one door through which they come."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.disk import no_file
from shortlist.labels.formats import FORMATS, format_named, format_of
from shortlist.labels.records import NOT_SENT
from shortlist.labels.table import Label, Labels
from shortlist.labels.values import is_absent, is_yes, label_text, plain_text, utc
from shortlist.tables import visible

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Sequence

OF_TOOLS = tuple(name for name, found in FORMATS.items() if found.answers_of is not None)
ROUND = re.compile(r"round-(\d+)")


def read(
    path: str | os.PathLike[str],
    format: str | None = None,  # noqa: A002 - what people call it
    *,
    id_column: str | None = None,
    classes: Iterable[str] | None = None,
    encoding: str | None = None,
) -> Labels:
    r"""Read labels that people gave, from a file of theirs or the export of an annotation tool.

    Parameters
    ----------
    path : path
        The file, or a folder of Parquet files.
    format : {"label-studio", "prodigy", "argilla", "doccano", "csv", "jsonl", "parquet"}, optional
        By default told from the ending of the name, and of JSON from what the first record has.
    id_column : str, optional
        The column or field that has the ids of rows, where it isn't ``row_id``, which
        `Selection.to_prodigy` and its like write, or ``id``.
    classes : iterable of str, optional
        What could be answered. Where there are two, "not this one" says the other.
    encoding : str, optional
        Of a file of text; by default what a byte order mark says, or else UTF-8.

    Returns
    -------
    Labels
        A row an answer: id, label, annotator, time, skipped. Rows that nobody has answered are left
        out.

    Raises
    ------
    ValueError, OSError
        One sentence that names the file and the place in it: no such format, an export cut in half,
        one of other rows, two classes in one answer.

    Examples
    --------
    >>> import pathlib, tempfile, shortlist as sl
    >>> file = pathlib.Path(tempfile.mkdtemp(), "answers.csv")
    >>> _ = file.write_text("id,label,annotator\n007,bug,amy\n008,,\n009,how-to,raj\n")
    >>> for id, label, *_ in sl.labels.read(file):
    ...     print(id, label)
    007 bug
    009 how-to
    """
    names = [id_column] if id_column is not None else ["id"]
    known = None if classes is None else list(classes)
    found = (label_of(record, known) for record in answers_in(path, names, encoding, format))
    return Labels(label for label in found if label is not None)


def answers_in(
    path: str | os.PathLike[str],
    id_names: Sequence[str] = ("id",),
    encoding: str | None = None,
    format: str | None = None,  # noqa: A002
) -> Iterator[dict[str, Any]]:
    """Yield the answers of a file, each with the place where it stands;
    see `shortlist.labels.records` for what they have.

    Parameters
    ----------
    path : path
        A file of any format. A name like that of a round's file, as ``round-0007.csv``, tells the
        round.
    id_names : sequence of str
        What the id may be called; the first that is there counts.
    encoding : str, optional
        Of a file of text.
    format : str, optional
        Its format by name; by default told from the file.

    Raises
    ------
    ValueError, OSError
        It can't be read; the message names the place.
    """
    file = Path(path)
    named = None if format is None else format_named(format)
    if not file.exists():
        raise no_file(file)
    chosen = named or format_of(file, id_names, encoding)
    if chosen is None:
        return
    found = ROUND.match(file.stem)
    common = {"source": file.name} | ({"round": int(found[1])} if found else {})
    for where, record in chosen.read(file, id_names, encoding):
        yield {**common, **record, "where": f"{where} of {file.name}"}


def answers_of(
    records: Iterable[Mapping[str, Any]],
    format: str,  # noqa: A002
    id_names: Sequence[str] = ("id",),
) -> Iterator[dict[str, Any]]:
    """Yield the answers of records as a tool's own API gives them.

    Raises
    ------
    ValueError
        There is no such format, or it is one of tables.
    """
    read_one = format_named(format).answers_of
    if read_one is None:
        raise ValueError(
            f"format is {format!r}, and answers are no file; accepted with records are {', '.join(OF_TOOLS)}"
        )
    for number, record in enumerate(records, 1):
        if not isinstance(record, Mapping):
            raise ValueError(
                f"record {number:,} is a {type(record).__name__}; accepted are mappings, as {format} has them"
            )
        for answer in read_one(record, id_names):
            wrong = {"wrong": NOT_SENT} if answer["id"] is None else {}
            yield {"source": format, **answer, **wrong, "where": f"record {number:,}"}


def label_of(record: Mapping[str, Any], classes: Sequence[str] | None = None) -> Label | None:
    """Return an answer of `answers_in`; None where nobody has given one.

    Raises
    ------
    ValueError
        It can't be one; the message names the place.
    """
    where = visible(str(record["where"]))
    if record.get("wrong"):
        raise ValueError(f"{where}: {record['wrong']}")
    own = plain_text(record["id"])
    if own is None or isinstance(record["id"], bool):
        raise ValueError(f"{where}: its id is {record['id']!r}; accepted are text and whole numbers")
    skipped, none_of = is_yes(record.get("skip")), record.get("none_of")
    try:
        label = None if skipped else label_text(record.get("label"))
        time = None if is_absent(record.get("time")) else utc(record["time"])
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    if label is None and not skipped and none_of is None:
        return None
    if none_of is not None and classes is not None:
        label = the_other(none_of, classes)
    who = record.get("annotator")
    annotator = None if is_absent(who) else (plain_text(who) or "").strip() or None
    return Label(own, label, annotator, time, skipped)


def the_other(none_of: Any, classes: Sequence[str]) -> str | None:
    """Return the one class that is left where somebody said which one it is not;
    None where more are left.

    Examples
    --------
    >>> the_other("spam", ["spam", "ham"])
    'ham'
    """
    left = [name for name in classes if name != none_of]
    return left[0] if len(classes) == 2 and len(left) == 1 else None
