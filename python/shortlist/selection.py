"""The result of a selection: ids and scores, most informative first."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from shortlist.own_ids import Picked
from shortlist.selection_report import Report

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Selection(Picked):
    """Picked rows, most informative first.

    Iterating yields (id, score) pairs. Two selections are equal when they hold the same ids and
    scores of the same measure; the report does not count.

    Attributes
    ----------
    indices : ndarray of int64, shape (k,)
        Ids of the picked rows: use them to index the pool.
    scores : ndarray of float32 or float64, shape (k,)
        Their scores, in the measure's own sense (a margin is a margin).
    measure : str
        Name of the measure, or of the rule that picked, with its metric: "k_center (euclidean)".
    order : {"highest", "lowest"}
        Which end of the measure is informative.
    report : Report
        What was looked at, left out, copied and how fast.
    ids : ndarray, shape (k,), or None
        What the pool's id column holds for the picked rows; None where no ``id_column`` was named.

    Examples
    --------
    >>> import numpy as np, shortlist as sl
    >>> probs = np.array([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7]])
    >>> picks = sl.select(probs, "margin", k=2)
    >>> picks.indices
    array([1, 2])
    >>> [id for id, score in picks]
    [1, 2]
    """

    indices: NDArray[np.int64]
    scores: NDArray[np.floating[Any]]
    measure: str
    order: str
    report: Report = field(default_factory=lambda: Report(rows=0))
    ids: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        self.indices.flags.writeable = False
        self.scores.flags.writeable = False

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[tuple[int, float]]:
        return zip(self.indices.tolist(), self.scores.tolist(), strict=True)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Selection):
            return NotImplemented
        return (
            (self.measure, self.order, self.scores.dtype) == (other.measure, other.order, other.scores.dtype)
            and np.array_equal(self.indices, other.indices)
            and np.array_equal(self.scores, other.scores)
        )

    __hash__ = None  # type: ignore[assignment]  # it holds arrays

    @property
    def rule(self) -> str:
        """What picked the rows, without its metric: "k_center" where `measure`
        is "k_center (euclidean)".
        """
        return self.measure.partition(" (")[0] if self.measure.endswith(")") else self.measure

    @property
    def cut(self) -> float | None:
        """Score of the last picked row; None where nothing was picked."""
        return float(self.scores[-1]) if len(self) else None

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, ready for json.dumps.

        Infinite scores are None, and ids that are no numbers are text.

        Examples
        --------
        >>> import numpy as np, shortlist as sl
        >>> sl.select(np.array([[0.9, 0.1], [0.5, 0.5]]), "margin", k=1).to_dict()["indices"]
        [1]
        """
        from shortlist.writing import plain

        report = {**asdict(self.report), "gb_per_s": self.report.gb_per_s}
        kept: dict[str, Any] = plain(
            {
                "measure": self.measure,
                "order": self.order,
                "indices": self.indices,
                "scores": self.scores,
                **({} if self.ids is None else {"ids": self.ids}),
                "report": report,
            }
        )
        return kept

    def to_csv(self, target: str | os.PathLike[str] | IO[str], *, spreadsheet: bool = False) -> None:
        """Write ``rank,index,score`` lines, and ``id`` where there are ids, most informative first.

        Parameters
        ----------
        target : path or text file
            A path gets the whole result or keeps what it had: it is written under another name and
            renamed. Links are followed, and the mode of a file that was there is kept. FIFOs,
            character devices and ``/dev/stdout`` are written in place.
        spreadsheet : bool
            Whether ids that a spreadsheet would take for a formula (text that begins with ``=``,
            ``+``, ``-``, ``@``, a tab or a line end) get an apostrophe in front. By default every
            id is written as it is, so that it can be looked up again; open such a file in a
            spreadsheet only where you trust the ids.

        Examples
        --------
        >>> import sys, numpy as np, shortlist as sl
        >>> sl.select(np.array([[0.9, 0.1], [0.5, 0.5]]), "margin", k=1).to_csv(sys.stdout)
        rank,index,score
        1,1,0.0
        """
        from shortlist.picks_text import csv_lines
        from shortlist.writing import write_text

        write_text(target, csv_lines(self, spreadsheet))

    def to_jsonl(
        self, target: str | os.PathLike[str] | IO[str], data: Any = None, *, id_column: str | None = None
    ) -> None:
        """Write ``{"rank": 1, "index": 17, "score": 0.25}`` for each row, as `to_csv` does.

        JSON has no word for infinity and NaN: such scores and ids are null. Ids that are neither
        numbers nor text, as dates, are written as text.

        Parameters
        ----------
        target : path or text file
            As for `to_csv`.
        data, id_column
            As for `to_label_studio`: each line then has an ``id``, the columns of the row, and an
            empty ``label`` and ``annotator``, which `shortlist.labels.read` reads once they are
            filled in.
        """
        if data is None:
            from shortlist.picks_text import json_lines
            from shortlist.writing import write_text

            write_text(target, json_lines(self))
            return
        from shortlist.labels.sending import write_picks

        write_picks(self, target, "jsonl", data, id_column=id_column)

    def to_label_studio(
        self,
        data: Any,
        label_config: str | os.PathLike[str] | None = None,
        *,
        classes: Sequence[str] | None = None,
        id_column: str | None = None,
        out: str | os.PathLike[str] | IO[str] | None = None,
    ) -> list[dict[str, Any]]:
        """Return tasks for Label Studio, best first: import them, and sample sequentially.

        Parameters
        ----------
        data : frame, list of dict, list of str, or dict of columns
            What people are shown: a row for each row of the pool, in the same order.
        label_config : str or path, optional
            The labelling interface, as XML or in a file: checked against the columns, and against
            `classes`.
        classes : sequence of str, optional
            What people may answer.
        id_column : str, optional
            The column of `data` that names its rows; where the picks have ids too, rows are found
            by these, in any order. By default rows are called by the ids of the picks, or by their
            places in the pool.
        out : path or text file, optional
            Where to write the tasks as well: a file that Label Studio imports.

        Returns
        -------
        list of dict
            The columns of each row under ``data``, with ``row_id``, ``rank`` and ``score``, which
            come back in an export.

        Examples
        --------
        >>> import numpy as np, shortlist as sl
        >>> picks = sl.select(np.array([[0.9, 0.1], [0.5, 0.5]]), "margin", k=1)
        >>> data = [{"id": "007", "text": "one"}, {"id": "008", "text": "two"}]
        >>> picks.to_label_studio(data, id_column="id")
        [{'data': {'text': 'two', 'row_id': '008', 'rank': 1, 'score': 0.0}}]
        """
        from shortlist.labels.sending import label_studio_tasks

        return label_studio_tasks(self, data, label_config, classes, id_column, out)

    def to_prodigy(
        self,
        data: Any,
        *,
        classes: Sequence[str] | None = None,
        text: str | None = None,
        dataset: str = "",
        id_column: str | None = None,
        out: str | os.PathLike[str] | IO[str] | None = None,
    ) -> list[dict[str, Any]]:
        """Return tasks for Prodigy, best first, with ``row_id``, ``rank`` and ``score``.

        These come back from ``db-out``.

        Parameters
        ----------
        data, id_column
            As for `to_label_studio`.
        classes : sequence of str, optional
            What people choose from, as options for the view ``choice``.
        text : str, optional
            The column that becomes ``text``, or ``image`` where it holds addresses of pictures; by
            default the only one, or all with their names.
        dataset : str, optional
            The dataset that answers go to, so that its name isn't taken for a part of an
            annotator's.
        out : path or text file, optional
            Where to write the tasks as well, as JSON lines.

        Examples
        --------
        >>> import numpy as np, shortlist as sl
        >>> picks = sl.select(np.array([[0.9, 0.1], [0.5, 0.5]]), "margin", k=1)
        >>> picks.to_prodigy(["one", "two"])
        [{'text': 'two', 'row_id': '1', 'rank': 1, 'score': 0.0, 'meta': {'rank': 1, 'score': 0.0}}]
        """
        from shortlist.labels.sending import prodigy_tasks

        return prodigy_tasks(self, data, classes, text, dataset, id_column, out)

    def to_argilla(
        self,
        data: Any,
        *,
        id_column: str | None = None,
        out: str | os.PathLike[str] | IO[str] | None = None,
    ) -> list[dict[str, Any]]:
        """Return records for Argilla, best first, with ``rank`` and ``score`` as metadata.

        Parameters
        ----------
        data, id_column
            As for `to_label_studio`.
        out : path or text file, optional
            Where to write the records as well, as JSON.

        Examples
        --------
        >>> import numpy as np, shortlist as sl
        >>> picks = sl.select(np.array([[0.9, 0.1], [0.5, 0.5]]), "margin", k=1)
        >>> record, = picks.to_argilla({"text": ["one", "two"]})
        >>> record["id"], record["fields"], record["metadata"]
        ('1', {'text': 'two'}, {'rank': 1, 'score': 0.0})
        """
        from shortlist.labels.sending import argilla_records

        return argilla_records(self, data, id_column, out)

    def to_doccano(
        self,
        data: Any,
        *,
        text: str | None = None,
        id_column: str | None = None,
        out: str | os.PathLike[str] | IO[str] | None = None,
    ) -> list[dict[str, Any]]:
        """Return examples for doccano, best first, with ``row_id``, ``rank`` and ``score``.

        These come back in an export.

        Parameters
        ----------
        data, id_column
            As for `to_label_studio`.
        text : str, optional
            The column that becomes ``text``; by default the only one, or all with their names.
        out : path or text file, optional
            Where to write the examples as well, as JSON lines.

        Examples
        --------
        >>> import numpy as np, shortlist as sl
        >>> picks = sl.select(np.array([[0.9, 0.1], [0.5, 0.5]]), "margin", k=1)
        >>> picks.to_doccano(["one", "two"])
        [{'text': 'two', 'label': [], 'row_id': '1', 'rank': 1, 'score': 0.0}]
        """
        from shortlist.labels.sending import doccano_examples

        return doccano_examples(self, data, text, id_column, out)

    def to_pandas(self) -> Any:
        """Return the picks as a pandas frame.

        Returns
        -------
        pandas.DataFrame of shape (k, 3 or 4)
            rank (from 1), index, score, and id where the pool names its rows.

        Raises
        ------
        ModuleNotFoundError
            There is no pandas.

        Examples
        --------
        >>> import numpy as np, shortlist as sl
        >>> sl.select(np.array([[0.9, 0.1], [0.5, 0.5]]), "margin", k=1).to_pandas()
           rank  index  score
        0     1      1    0.0
        """
        from shortlist.selection_tables import to_pandas

        return to_pandas(self)

    def to_polars(self) -> Any:
        """Return the picks as a Polars frame.

        Returns
        -------
        polars.DataFrame of shape (k, 3 or 4)
            rank (from 1), index, score, and id where the pool names its rows.

        Raises
        ------
        ModuleNotFoundError
            There is no Polars: the extra `polars`.

        Examples
        --------
        >>> import numpy as np, shortlist as sl
        >>> sl.select(np.array([[0.9, 0.1], [0.5, 0.5]]), "margin", k=1).to_polars().rows()
        [(1, 1, 0.0)]
        """
        from shortlist.selection_tables import to_polars

        return to_polars(self)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Give the columns of `to_pandas` to what reads Arrow's C interface, as DuckDB does."""
        from shortlist.selection_tables import to_arrow

        return to_arrow(self).__arrow_c_stream__(requested_schema)

    def plot(self, scores: ArrayLike | None = None, *, embeddings: ArrayLike | None = None) -> Figure:
        """Draw where the scores of the picks lie, and with embeddings where their rows do.

        Parameters
        ----------
        scores : array-like of shape (rows,), optional
            The score of each row of the pool, as `score` gives them: then a histogram of all, with
            the picks and the cut. By default the scores of the picks by rank.
        embeddings : array-like of shape (rows, features), optional
            Adds a map: the rows (20,000 of them at most) and the picks by two principal components.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ValueError
            `scores` or `embeddings` has another shape, or fewer rows than the pool.
        ModuleNotFoundError
            There is no matplotlib: the extra `plot`.

        Examples
        --------
        >>> import numpy as np, shortlist as sl
        >>> probs = np.random.default_rng(0).dirichlet(np.ones(3), 1000)
        >>> picks = sl.select(probs, "margin", k=20)
        >>> figure = picks.plot(sl.score(probs, "margin"))
        >>> figure.axes[0].get_xlabel()
        'margin'
        """
        from shortlist.selection_plot import draw

        return draw(self, scores, embeddings)

    def __repr__(self) -> str:
        from shortlist.picks_text import shown

        return shown(self)

    def _repr_html_(self) -> str:
        from shortlist.picks_text import headline
        from shortlist.selection_html import shown_in_html

        return shown_in_html(self, headline(self))


def selection_of(
    indices: NDArray[np.int64], scores: NDArray[np.floating[Any]], measure: str, order: str, report: dict[str, Any]
) -> Selection:
    """Make a selection of what the core found, and a report of what it says of it.

    Their own constructors set field by field what nobody may change, and for a small pool that
    takes as long as the search.
    """
    about, picks = object.__new__(Report), object.__new__(Selection)
    object.__setattr__(about, "__dict__", report)
    indices.setflags(write=False)
    scores.setflags(write=False)
    fields = {"indices": indices, "scores": scores, "measure": measure, "order": order, "report": about, "ids": None}
    object.__setattr__(picks, "__dict__", fields)
    return picks
