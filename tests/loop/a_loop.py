"""A loop for tests: a spec that has what the store reads of one, and stores made with it."""

import dataclasses
import tomllib
from pathlib import Path

import pytest

from shortlist.loop.store import Pick, Round, Store, versions


@dataclasses.dataclass(frozen=True)
class Labels:
    resolve: str = "majority"


@dataclasses.dataclass(frozen=True)
class Pool:
    id: str = "ticket"
    text: str = "body"


@dataclasses.dataclass(frozen=True)
class Spec:
    name: str
    classes: tuple
    text: str = ""
    version: str = "v1"
    folder: Path = Path("specs")
    labels: Labels = Labels()
    pool: Pool = Pool()
    journal: str = "wal"


class Rows:
    """A pool of rows by id, with a text each."""

    def __init__(self, texts):
        self.texts = texts
        self.ids = list(texts)

    def index_of(self, ids):
        return [self.ids.index(one) if one in self.texts else -1 for one in ids]

    def show(self, indices):
        return [{"body": self.texts[self.ids[index]]} for index in indices]


def read_specs(text, folder, version):
    """Stands for the reader of specs."""
    values = tomllib.loads(text)
    return spec_of(*values["classes"], resolve=values["resolve"], version=version)


@pytest.fixture(autouse=True, scope="module")
def specs():
    """Have stores of a file of tests, which imports this, read specs such as these."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(versions, "spec_from", read_specs)
        yield


def spec_of(*classes, resolve="majority", version="v1", journal="wal"):
    text = f'classes = {list(classes)}\nresolve = "{resolve}"\n'
    return Spec("tickets", classes, text, version, labels=Labels(resolve), journal=journal)


SPEC = spec_of("billing", "bug", "How-to")


def round_of(number, *rows, state="planned", **more):
    picks = [Pick(number, rank, row, rank, "strategy") for rank, row in enumerate(rows)]
    return Round(number, state, "v1", "pool", 0, None, 0, **more), picks


def store_with(folder, *rounds, spec=SPEC):
    """Return a new store in which each of the rounds has picked these rows."""
    store = Store.create(folder, spec)
    for number, rows in enumerate(rounds, 1):
        store.add_round(*round_of(number, *rows))
    return store
