"""The names of the measures: the core's list, the type for editors and the table in the documentation are one."""

import typing
from pathlib import Path

import numpy as np
import oracles
import pytest

import shortlist as sl
from shortlist import _core
from shortlist.registry import MeasureName

TABLE = Path(__file__).parents[1] / "docs" / "measures.md"


def test_python_knows_the_names_of_the_core():
    assert list(typing.get_args(MeasureName)) == [m["name"] for m in _core.measures()]


def test_the_documentation_has_a_line_for_each():
    lines = [line.split("|") for line in TABLE.read_text().splitlines() if line.startswith("| `")]
    documented = [(cells[1].strip(" `"), cells[2].strip(), cells[3].strip()) for cells in lines]
    assert documented == [(m.name, m.order, m.kind) for m in sl.measures()]


def test_the_oracles_cover_all():
    assert {*oracles.ROW, *oracles.COMMITTEE, "energy"} == {m.name for m in sl.measures()}


@pytest.mark.parametrize("measure", sl.measures(), ids=lambda m: m.name)
def test_each_measure_works_on_what_it_says(measure):
    p = oracles.probabilities(np.random.default_rng(0), 20, 3)
    for given_as in measure.inputs:
        x = np.log(p) if given_as == "logits" else p
        x = np.stack([x, x[::-1]]) if measure.kind == "committee" else x
        picks = sl.select(x, measure.name, 5, from_logits=given_as == "logits")
        assert (len(picks), picks.order) == (5, measure.order)
    assert measure.formula
    assert measure.range
    assert measure.source
