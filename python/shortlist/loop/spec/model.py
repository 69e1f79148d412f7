"""What a spec says, once it is read: one frozen record a table of the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Kind = Literal["text", "features", "embeddings"]
"""What a model is given of a row."""


@dataclass(frozen=True)
class PoolSpec:
    """Where the rows are, and what is what in them.

    Attributes
    ----------
    path : str
        A file, a folder or a glob; "frame" for rows that come from Python.
    id, ids : str or None
        The column that names the rows, or a file with one id a line, for arrays.
    text : str or None
        The column of text.
    features, features_except : tuple of str or None
        The columns that a model is given, or those that it is not.
    embeddings : str or None
        An array with a row of numbers for each row of the pool.
    groups : tuple of str
        Columns that are audited; neither models nor annotators see them.
    show : mapping of str to str
        What people see: a name, and the column or the URL template (``"https://.../{id}.jpg"``) it
        stands for. Empty for the text, or else the columns of features.
    """

    path: str
    id: str | None = None
    ids: str | None = None
    text: str | None = None
    features: tuple[str, ...] | None = None
    features_except: tuple[str, ...] | None = None
    embeddings: str | None = None
    groups: tuple[str, ...] = ()
    show: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """What the model is given: embeddings where there are any, else text, else columns."""
        columns = self.features is not None or self.features_except is not None
        if self.embeddings is not None or (self.text is None and not columns):
            return "embeddings"
        return "features" if columns else "text"


@dataclass(frozen=True)
class ModelSpec:
    """How a model is made: an estimator by name or path, or a command that trains elsewhere.

    With `poll` the command only submits: that is a command too, which says how far the job is;
    empty where ``out/done.json`` alone says so.
    """

    estimator: str | None = None
    command: tuple[str, ...] | None = None
    poll: tuple[str, ...] | None = None
    returns: str = "probabilities"
    timeout: float | None = None
    retries: int = 2
    calibrate: bool = True
    members: int = 1
    committee: tuple[str, ...] = ()
    screen: bool = True


@dataclass(frozen=True)
class SeedSpec:
    """The rows that are labelled before there is a model."""

    rows: int = 60
    how: str = "typiclust"
    search: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: str | None = None


@dataclass(frozen=True)
class RoundSpec:
    """What a round is made of; `explore`, `validation`,
    `relabel` and `rare_share` are shares of its rows.
    """

    rows: int = 100
    strategy: str = "margin"
    diverse: Mapping[str, Any] | None = None
    explore: float = 0.10
    validation: float = 0.15
    relabel: float = 0.0
    rare_classes: tuple[str, ...] = ()
    rare_share: float = 0.0
    floor: float = 0.0
    close: float = 1.0
    weight: str | None = None


@dataclass(frozen=True)
class ValidationSpec:
    """The part of the pool that is kept apart for the estimate: its share, and its most rows."""

    share: float = 0.15
    rows: int = 2000


@dataclass(frozen=True)
class LabelsSpec:
    """What is done with several labels of a row, and with skips."""

    overlap: float = 0.0
    resolve: str = "majority"
    skips: str = "never again"


@dataclass(frozen=True)
class RetrainSpec:
    """When a new model is trained, what must hold as well, and where it is trained."""

    when: str
    require: str | None = None
    where: str = "local"
    address: str | None = None


@dataclass(frozen=True)
class CheckSpec:
    """How suspect labels are found, and what is done with them."""

    issues: str | None = None
    action: str = "relabel"


@dataclass(frozen=True)
class StopSpec:
    """When the loop ends."""

    when: str


@dataclass(frozen=True)
class HandoffSpec:
    """Where people label, and what else that tool is told."""

    tool: str = "page"
    rest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label_config(self) -> str | None:
        """A labelling interface of Label Studio, of the user's own."""
        path = None if ":" in self.tool else self.rest.get("label_config")
        return None if path is None else str(path)

    @property
    def live(self) -> str | None:
        """The address of the Label Studio that rounds go to by HTTP;
        None for files, and for tools of the user's own.
        """
        url = self.rest.get("url") if self.tool == "label-studio" else None
        return None if url is None else str(url)

    @property
    def show_model(self) -> bool:
        """Whether people see what the model says."""
        return self.live is not None and bool(self.rest.get("show_model"))


@dataclass(frozen=True)
class Spec:
    """A labelling project, as its spec says.

    Attributes
    ----------
    loop : int
        Version of the format.
    name : str
        What the loop is called; also a name for its folder.
    classes : tuple of str
        In the order of a model's columns.
    help : mapping of str to str
        A line or an example for a class.
    seed_number : int
        What every draw is made of (``random_state``).
    journal : {"wal", "delete"}
        How the database keeps its journal.
    text : str
        The file as it was read.
    folder : Path
        What relative paths mean.
    version : str
        A hash of all values; comments, order and defaults that are written out do not change it.
    """

    loop: int
    name: str
    classes: tuple[str, ...]
    help: Mapping[str, str]
    seed_number: int
    journal: str
    pool: PoolSpec
    model: ModelSpec
    seed: SeedSpec
    round: RoundSpec
    validation: ValidationSpec
    labels: LabelsSpec
    retrain: RetrainSpec
    check: CheckSpec
    stop: StopSpec
    handoff: HandoffSpec
    text: str
    folder: Path
    version: str

    def at(self, path: str) -> Path:
        """Return a path of the spec as one that does not depend on where the program runs."""
        return self.folder / path
