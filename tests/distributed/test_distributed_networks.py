"""A worker on a network of its own, which is cut: one of the cases of `attacks.clusters`, where the system gives networks."""

import pytest

pytest.importorskip("attacks", reason="needs the checkout")
pytest.importorskip("distributed", reason="pip install 'shortlist[dask]'")
pytest.importorskip("sklearn")
from attacks.clusters import apart
from attacks.clusters.__main__ import CASES, is_right, run
from attacks.clusters.network import left_out


def test_a_worker_that_is_cut_off_for_a_while_changes_nothing():
    why = left_out()
    if why:
        pytest.skip(why)
    number = next(
        number
        for number, case in enumerate(CASES)
        if (case.cluster, case.call, case.attack) == (apart.Dask, "select", apart.worker_cut_off_and_back)
    )
    found = run(number)
    assert is_right(CASES[number], *found[:2]), found
