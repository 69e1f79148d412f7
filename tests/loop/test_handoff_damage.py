"""Exports in which any one value is another than it should be: a sentence, or answers, and nothing else."""

import copy
import json
from pathlib import Path

import pytest
from a_loop import (
    spec_of,
    specs,  # noqa: F401
    store_with,
)

import shortlist as sl
from shortlist.loop.store.ingest import ingest

FILES = Path(__file__).parent / "handoff_files"
OTHERS = [None, True, 7.5, "", [], [[]], {"x": {}}, "\ud800"]
NAMES = [
    "label-studio.json",
    "prodigy.jsonl",
    "prodigy-binary.jsonl",
    "argilla.json",
    "argilla-flat.json",
    "doccano.jsonl",
]


def records_of(name):
    text = (FILES / name).read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else [json.loads(line) for line in text.splitlines()]


def places(value, before=()):
    """Yield the way to each value within another."""
    yield before
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*before, key))


def changed(records, way, other):
    """Return records with one value in place of another."""
    if not way:
        return other
    made = copy.deepcopy(records)
    inner = made
    for key in way[:-1]:
        inner = inner[key]
    inner[way[-1]] = other
    return made


@pytest.mark.parametrize("name", NAMES)
def test_a_value_of_another_kind_breaks_nothing(tmp_path, name):
    records = records_of(name)[:2]
    tool = name.partition(".")[0].removesuffix("-binary").removesuffix("-flat")
    path = tmp_path / "x.json"
    with store_with(tmp_path / "loop", ["007"], spec=spec_of("bug", "how-to")) as store:
        for way in places(records):
            for other in OTHERS:
                damaged = changed(records, way, other)
                path.write_text(json.dumps(damaged))
                said = [failure(sl.labels.read, path), failure(sl.labels.read, path, tool)]
                if isinstance(damaged, list):
                    said.append(failure(ingest, store, path, format=tool))
                assert all("x.json" in sentence for sentence in said if sentence is not None), (way, other, said)


def failure(call, *arguments, **options):
    """Return what a call raises for a person to read; None where it goes well. Anything else is a fault."""
    try:
        call(*arguments, **options)
    except ValueError as error:
        return str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
    return None
