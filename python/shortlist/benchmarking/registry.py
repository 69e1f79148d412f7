"""Rivals by name: where they are, which of them work here, and why the others do not."""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Entry(NamedTuple):
    """A module of rivals, its classes, and the package whose version is told with their figures."""

    module: str
    classes: tuple[str, ...]
    package: str

    @property
    def name(self) -> str:
        """What people call the rivals of this module: `numpy` for `numpy_best`."""
        return self.module.rpartition(".")[2].partition("_")[0]


@dataclass
class Registry:
    """Rivals of one kind of work, in the order of the tables; none is imported before it is wanted.

    Attributes
    ----------
    complaint : callable
        Tries a rival on a small pool and says what is wrong with its answer, or None.
    entries : list of Entry
    """

    complaint: Callable[[Any], str | None]
    entries: list[Entry] = field(default_factory=list)
    tried: dict[Entry, tuple[list[Any], dict[str, str]]] = field(default_factory=dict)

    def register(self, module: str, *classes: str, package: str) -> None:
        """Add the rivals of a module, to be called by the first word of its name."""
        entry = Entry(module, classes, package)
        if entry not in self.entries:
            self.entries.append(entry)

    @property
    def names(self) -> list[str]:
        """What people call them."""
        return [entry.name for entry in self.entries]

    def load(self, names: Iterable[str] | None = None) -> tuple[list[Any], dict[str, str]]:
        """Return the rivals of these names (or all) that work here, and why the others do not."""
        wanted = set(self.names if names is None else names)
        working: list[Any] = []
        skipped: dict[str, str] = {}
        for entry in self.entries:
            if entry.name in wanted:
                if entry not in self.tried:
                    self.tried[entry] = self._try(entry)
                working += self.tried[entry][0]
                skipped |= self.tried[entry][1]
        return working, skipped

    def _try(self, entry: Entry) -> tuple[list[Any], dict[str, str]]:
        working: list[Any] = []
        skipped: dict[str, str] = {}
        with warnings.catch_warnings():  # what a rival warns of is its own affair
            warnings.simplefilter("ignore")
            try:
                module = importlib.import_module(entry.module)
            except ModuleNotFoundError as error:
                return [], {entry.name: f"{error.name} is not installed"}
            except Exception as error:  # a broken install may raise anything
                return [], {entry.name: _in_words(error)}
            for name in entry.classes:
                rival = getattr(module, name)()
                try:
                    wrong = self.complaint(rival)
                except Exception as error:
                    wrong = _in_words(error)
                if wrong:
                    skipped[rival.name] = wrong
                else:
                    working.append(rival)
        return working, skipped


def origin(rival: Any) -> str:
    """Return where a rival's class is, as `made` takes it in another process."""
    return f"{type(rival).__module__}:{type(rival).__qualname__}"


def made(where: str) -> Any:
    """Make a rival of the class that `origin` named."""
    module, _, name = where.partition(":")
    return getattr(importlib.import_module(module), name)()


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:120]
