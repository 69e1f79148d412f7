"""Orders in which three people come to the page: a few of those that ``python -m attacks.leases`` goes through."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))
from attacks.leases import FAULTS, tried


def test_whatever_order_people_come_in_no_row_is_two_people_s_and_no_answer_is_lost():
    steps, wrong = tried(2, 15, 30, 1)
    assert wrong == []
    assert steps > 500


@pytest.mark.parametrize("fault", ["two get the same row", "an undo takes nothing back", "who leaves keeps rows"])
def test_a_fault_is_found(fault):
    assert tried(2, 20, 30, 1, FAULTS[fault])[1]
