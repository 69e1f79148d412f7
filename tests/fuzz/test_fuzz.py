"""Every input that was kept, and a few made of each: `make fuzz` in short. What it found lies in fuzz/corpus."""

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))
for package in ("pyarrow", "h5py", "starlette", "uvicorn"):
    pytest.importorskip(package)

from fuzz.__main__ import HERE, seeds  # noqa: E402
from fuzz.mutate import mutated  # noqa: E402
from fuzz.targets import TARGETS, complaint  # noqa: E402

MORE = 12


def test_each_target_has_inputs():
    assert {path.name for path in (HERE / "corpus").iterdir()} == TARGETS.keys()
    assert all(0 < len(seed) < 20_000 or name == "hdf5" for name in TARGETS for seed in seeds(name))


@pytest.mark.parametrize("name", TARGETS)
def test_inputs_are_read_or_refused_in_a_sentence(name):
    corpus, chance = seeds(name), random.Random(name)
    for seed in corpus:
        for data in (seed, *(mutated(seed, corpus, chance) for _ in range(MORE))):
            assert complaint(TARGETS[name], data)[1] is None, data


def test_what_is_no_sentence_is_found():
    def raises(error):
        def target(_):
            raise error

        return complaint(target, b"")[1]

    assert raises(ValueError("x is 1; accepted is 2")) is None
    for error in (
        KeyError("x"),
        UnicodeDecodeError("utf-8", b"x", 0, 1, "y"),
        ValueError(""),
        OSError(5, "x"),
        AssertionError("x"),
    ):
        assert raises(error) is not None
