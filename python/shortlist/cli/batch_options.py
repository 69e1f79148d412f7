"""Options of `shortlist select` for batches that differ, and for what an annotator opens."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from shortlist.cli import options
from shortlist.cli.errors import one_line_errors
from shortlist.writing import write_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shortlist.selection import Selection

RULES = (
    "k_center", "kmeans_plus_plus", "typiclust", "herding", "ranked_batch", "diverse_uncertain", "badge", "cluster_margin"
)  # fmt: skip
FORMATS = ("csv", "jsonl", "parquet", "label-studio", "prodigy", "argilla", "doccano")
"""Rows for people, by their names in `shortlist.labels.formats`."""
DOCUMENT = "json"
"""Picks and their report for a program, as one document."""
TABLES = (".parquet", ".pq", ".arrow", ".feather", ".ipc", ".arrows")


class Batch(NamedTuple):
    """What was asked for of a diverse batch.

    Attributes
    ----------
    rule : str or None
        The rule that picks; None for the measure alone.
    embeddings : Path or None
        A row of features for each row of the pool.
    among : int or None
        Out of so many rows that the measure puts first; None for all.
    """

    rule: str | None
    embeddings: Path | None
    among: int | None

    def check(self) -> None:
        """Refuse options that don't go together, before any work."""
        if self.rule is None:
            for name, value in (("--embeddings", self.embeddings), ("--among", self.among)):
                if value is not None:
                    raise ValueError(f"{name} is given without --rule; accepted with it are {', '.join(RULES)}")
        elif self.embeddings is None:
            raise ValueError(f"--rule {self.rule} needs --embeddings: a .npy of one row of features a row")


class Sending(NamedTuple):
    """What picks are written as, and what people are shown of each."""

    form: str | None
    data: Path | None
    classes: str | None
    text: str | None
    label_config: Path | None

    def check(self, out: str | None) -> None:
        """Refuse options that don't go together, before any work."""
        if self.form is None and self.data is not None and out is not None and out.lower().endswith(".npy"):
            raise ValueError(
                f"--out is {out}, which takes ids alone; accepted with --data are .csv, .jsonl and any --format"
            )
        if self.form == DOCUMENT and self.data is not None:
            raise ValueError("--format json has ids, scores and the report; accepted with --data are the other formats")
        if self.label_config is not None and self.form != "label-studio":
            raise ValueError("--label-config is given without --format label-studio, which alone has one")
        if self.form == "parquet" and out in (None, "-"):
            raise ValueError("--format parquet needs --out: a file")
        if self.form in ("label-studio", "prodigy", "argilla", "doccano") and self.data is None:
            raise ValueError(
                f"--format {self.form} needs --data: what people are shown, a row for each row of the pool"
            )

    def read(self, id_column: str | None, encoding: str | None) -> Any:
        """Return what people are shown; None where no file is named."""
        if self.data is None:
            return None
        from shortlist.labels.data_file import data_in

        return data_in(self.data, [name for name in (id_column, self.text) if name], encoding)

    def names(self, data: Any, id_column: str | None) -> list[Any] | None:
        """Return what the data calls the rows of the pool; None where nothing is named."""
        if data is None or id_column is None:
            return None
        from shortlist.labels.picked import names_in

        return names_in(data, id_column)

    def write(self, picks: Selection, out: str | None, data: Any, id_column: str | None, spreadsheet: bool) -> None:
        """Write picks in the format that was named, or that of the file."""
        from shortlist.cli.files import print_json, standard_output
        from shortlist.labels.sending import write_picks

        if self.form == DOCUMENT:
            print_json(picks.to_dict()) if out in (None, "-") else write_json(out, picks.to_dict())
            return
        form = self.form or _form_of(out)
        classes = None if self.classes is None else [name.strip() for name in self.classes.split(",")]
        how: dict[str, Any] = {
            "id_column": id_column,
            "classes": classes,
            "text": self.text,
            "spreadsheet": spreadsheet,
        }
        how["label_config"] = self.label_config
        target: Any = standard_output() if out in (None, "-") else nullcontext(out)
        with target as opened:
            write_picks(picks, opened, form, data, **how)


def batch_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets ``batch``, ``labelled`` and ``sending``."""

    def called(
        *,
        rule: str | None,
        embeddings: Path | None,
        among: int | None,
        form: str | None,
        data: Path | None,
        classes: str | None,
        text: str | None,
        label_config: Path | None,
        **others: Any,
    ) -> Any:
        batch, sending = Batch(rule, embeddings, among), Sending(form, data, classes, text, label_config)
        with one_line_errors():
            batch.check()
            sending.check(others.get("out"))
        return command(batch=batch, sending=sending, **others)

    called.__doc__ = command.__doc__
    called.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for option in reversed(OPTIONS):
        option(called)
    return called


def is_table(path: Path) -> bool:
    """Return whether a pool's file has columns, and so perhaps one that names the rows."""
    return path.suffix.lower() in TABLES or path.is_dir()


def _form_of(out: str | None) -> str:
    from pathlib import Path

    suffix = "" if out is None else Path(out).suffix.lower()
    return "jsonl" if suffix == ".jsonl" else "csv"


OPTIONS = (
    click.option("--rule", type=click.Choice(RULES), help="Pick rows that differ, by this rule."),
    click.option(
        "--embeddings", type=options.PATH, metavar="FILE", help="Of --rule: a .npy of one row of features a row."
    ),
    click.option("--among", type=click.IntRange(1), help="Of --rule: out of so many that the measure puts first."),
    click.option(
        "--labelled",
        type=options.PATH,
        metavar="FILE",
        help="Ids of labelled rows, as for --exclude: never picked, and --rule keeps away from them.",
    ),
    click.option(
        "--format",
        "form",
        type=click.Choice((*FORMATS, DOCUMENT)),
        is_eager=True,
        help="What to write: for an annotation tool, or as one JSON document with the report.",
    ),
    click.option("--data", type=options.PATH, metavar="FILE", help="What people are shown: .csv, .jsonl or .parquet."),
    click.option("--classes", metavar="A,B", help="What people may answer, with commas."),
    click.option(
        "--text", metavar="COLUMN", help="The column of --data that people read, for tools that show one text."
    ),
    click.option(
        "--label-config",
        type=options.PATH,
        metavar="FILE",
        help="Of Label Studio: the interface, to check it beforehand.",
    ),
)
