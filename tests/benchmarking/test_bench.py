"""bench(): what it measures, how rivals are judged and left out, and what it shows. Not how fast anything is."""

import copy
import importlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

import shortlist as sl
from shortlist.benchmarking.agreement import agreement
from shortlist.benchmarking.timing import interleave

P = np.random.default_rng(3).dirichlet(np.ones(5), 20_000).astype(np.float32)
E = np.random.default_rng(4).normal(size=(20_000, 6)).astype(np.float32)
CALL = {"k": 20, "rounds": 3, "threads": [1], "peaks": False}


@pytest.fixture(scope="module")
def found():
    return sl.bench(P, "margin,entropy,random", rivals=["numpy", "modal"], **CALL)


def test_every_strategy_and_rival_is_timed_on_every_size(found):
    assert found.strategies == ["margin", "entropy", "random"]
    assert found.rivals == ["NumPy chunked", "NumPy chunked, threads", "NumPy fused top-k, threads", "modAL's formulas"]
    assert sorted({t.rows for t in found.timings}) == [2000, 20_000]
    ours = found.find("Shortlist", "margin", 1)
    assert (len(ours.seconds), ours.bytes, ours.picks) == (3, P.nbytes, None)
    assert found.share("margin", 1) == pytest.approx(ours.gb_per_s / found.read_gb_per_s(1))
    assert found.find("modAL's formulas", "random", 1) is None
    assert found.skipped == {}


def test_rivals_pick_the_same(found):
    assert {t.picks for t in found.timings if t.who != "Shortlist"} == {"the same"}


def test_agreement_tells_ties_from_mistakes():
    p = np.full((6, 2), 0.5)
    p[3:] = [0.9, 0.1]
    assert agreement([0, 1], [1, 0], "margin", p) == "the same"
    assert agreement([0, 1], [1, 2], "margin", p) == "1 differ: ties at the cut"
    assert agreement([0, 1], [1, 3], "margin", p).endswith("NOT explained by rounding")
    assert agreement([0, 1], [1], "margin", p) == "1 picks, not 2"
    close = np.array([[0.5 + 1e-9, 0.5 - 1e-9], [0.5, 0.5]], np.float64)
    assert agreement([0], [1], "least_confident", close).endswith("NOT explained by rounding")
    assert "rounding at the cut" in agreement(
        [0], [1], "entropy", np.array([[0.5 + 1e-7, 0.5], [0.5, 0.5]], np.float32)
    )


def test_interleaving_runs_all_tasks_in_turn():
    ran = []
    times = interleave({name: lambda name=name: ran.append(name) for name in "abc"}, 3)
    assert ran == [*"abc", *"abc", *"bca", *"cab"]
    assert {len(t.seconds) for t in times.values()} == {3}


def test_logits_files_and_pools_that_are_made(tmp_path):
    np.save(tmp_path / "logits.npy", np.log(P))
    logits = sl.bench(tmp_path / "logits.npy", from_logits=True, **CALL)
    assert "energy" in logits.strategies
    assert logits.skipped["rivals of measures"] == "they take probabilities, and the pool holds logits"
    made = sl.bench(rows=3000, classes=3, dtype="float64", strategies="gini", rivals="none", **CALL)
    assert (made.shape, made.dtype) == ((3000, 3), "float64")


def test_peak_memory_is_measured_in_processes_of_their_own():
    if not os.path.exists("/proc/self/status"):
        pytest.skip("peak memory is read from /proc")
    # Of 40 MB, so that what a process takes and gives back meanwhile is small beside it.
    large = np.tile(P, (100, 1))
    found = sl.bench(large, "margin", rivals=["modal"], **{**CALL, "peaks": True})
    assert found.find("Shortlist", "margin", 1).peak < large.nbytes / 4
    assert found.find("modAL's formulas", "margin", 1).peak > large.nbytes / 2


def test_it_keeps_and_shows_itself(found, tmp_path):
    pytest.importorskip("matplotlib")
    found.to_json(tmp_path / "b.json")
    again = sl.Benchmark.from_dict(json.loads((tmp_path / "b.json").read_text()))
    assert repr(again) == repr(found)
    assert set(again.machine) >= {"cpu", "cores", "python", "numpy", "shortlist", "date", "packages"}
    assert "top 20 of 20,000 x 5 float32; medians of 3 interleaved runs" in repr(found)
    margin, entropy, bars = found.plot().axes
    assert (margin.get_xscale(), margin.get_yscale(), margin.get_xlabel()) == ("log", "log", "rows")
    assert {line.get_label() for line in entropy.lines} >= {"Shortlist", "modAL's formulas"}
    assert [text.get_text() for text in bars.get_yticklabels()] == ["entropy", "margin"]
    found.to_png(tmp_path / "b.png")
    assert (tmp_path / "b.png").stat().st_size > 20_000


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"rivals": "nothing"},
            r"rivals has 'nothing'; accepted are auto, none, and numpy, modal.*; others are in .*`python -m b",
        ),
        ({"rivals": ["numpy", "tourch"]}, "rivals has 'tourch'"),
        ({"k": 30_000}, "k is 30,000; accepted are at most the 20,000 rows"),
        ({"rounds": 2}, "rounds is 2; accepted is a whole number, 3 or more"),
        ({"x": P[0]}, r"x has shape \(5,\)"),
        ({"x": P.T}, "x is not contiguous in C order"),
        ({"x": None, "dtype": "int8"}, "dtype is 'int8'"),
        ({"strategies": "k_center"}, "needs embeddings="),
        ({"strategies": "margin, magin"}, "strategies has 'magin'; known are .*; did you mean 'margin'"),
        ({"embeddings": E[:9]}, r"embeddings has shape \(9, 6\); accepted is \(20000, features\)"),
        ({"embeddings": E[:, 0]}, r"embeddings has shape \(20000,\)"),
    ],
)
def test_mistakes(changes, message):
    with pytest.raises(ValueError, match=message):
        sl.bench(**{"x": P, "rivals": "none", **CALL, **changes})


def test_the_command(tmp_path, command):
    np.save(tmp_path / "p.npy", P)
    words = ["p.npy", "-s", "margin", "-k", "10", "--rivals", "modal", "--rounds", "3", "--threads", "1", "--no-peaks"]
    done = command("bench", *words, "--json", "b.json")
    assert done.stderr == ""
    assert "modAL's formulas" in done.stdout
    assert json.loads((tmp_path / "b.json").read_text())["shape"] == [20_000, 5]


def test_a_probe_that_is_slower_than_numpy_is_an_error_and_no_figure(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2])
    probe = importlib.import_module("benches.probe")
    monkeypatch.setattr(probe, "read_all", lambda x, n_threads: [x.sum() for _ in range(20)])
    with pytest.raises(RuntimeError, match=r"^the bandwidth probe reads .* so none are given$"):
        probe.check(8_000_000, rounds=3)


def test_a_share_that_cannot_be_true_is_left_out(found):
    reads = {at: [100 * second for second in seconds] for at, seconds in found.reads.items()}
    wrong = copy.copy(found)
    wrong.reads = reads
    assert wrong.share("margin", 1) is None
    assert "of read bandwidth" in repr(wrong)
