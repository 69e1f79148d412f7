"""Whatever comes as an argument: a sentence that names it, or an answer; never a foreign error, a hang or a crowd of threads."""

import os
import warnings

import numpy as np
import oracles
import pytest

import shortlist as sl
from shortlist.options import flag, number, what
from shortlist.threads import thread_count

RNG = np.random.default_rng(0)
P = oracles.probabilities(RNG, 60, 4)
X = RNG.normal(size=(60, 3))
Y = np.arange(60) % 3
HUGE = 10**30

NUMBERS = [
    HUGE,
    -HUGE,
    2**64,
    -1,
    1.5,
    float("nan"),
    float("inf"),
    -0.0,
    1e-320,
    True,
    np.True_,
    np.float32(0.5),
    1 + 2j,
]
TEXTS = ["", "2", "\x1b[31m", b"x"]
OTHERS = [None, [], {}, (), set(), [1], object(), np.array([1, 2]), np.array(3), np.datetime64("2026-01-01"), len]
EVERYTHING = [*NUMBERS, *TEXTS, *OTHERS]

CALLS = {
    "select": (sl.select, {"x": P, "measure": "margin", "k": 2}),
    "select from logits": (sl.select, {"x": P, "measure": "energy", "k": 2, "from_logits": True}),
    "select with ties": (sl.select, {"x": P, "measure": "margin", "k": 2, "ties": "random"}),
    "select by power": (sl.select, {"x": P, "measure": "margin", "k": 2, "perturb": "power"}),
    "select by softrank": (sl.select, {"x": P, "measure": "margin", "k": 2, "perturb": "softrank"}),
    "select by group": (sl.select, {"x": P, "measure": "margin", "k": 2, "groups": Y, "per_group": 1}),
    "select by callable": (sl.select, {"x": P, "measure": lambda b: b[:, 0], "k": 2, "order": "lowest"}),
    "select at random": (sl.select, {"x": P, "measure": "random", "k": 2}),
    "score": (sl.score, {"x": P, "measure": "margin"}),
    "sample": (sl.sample, {"pool": 60, "k": 2}),
    "sample by weight": (sl.sample, {"pool": P[:, 0], "k": 2}),
    "Selector": (sl.Selector, {"measure": "margin", "k": 2}),
    "Selector.update": (lambda **how: sl.Selector("margin", 2).update(P, **how), {}),
    "k_center": (sl.k_center, {"X": X, "k": 2}),
    "badge": (sl.badge, {"probs": P, "X": X, "k": 2}),
    "kmeans_plus_plus": (sl.kmeans_plus_plus, {"X": X, "k": 2}),
    "herding": (sl.herding, {"X": X, "k": 2}),
    "typiclust": (sl.typiclust, {"X": X, "k": 2}),
    "ranked_batch": (sl.ranked_batch, {"X": X, "uncertainty": P[:, 0], "k": 2}),
    "density": (sl.density, {"X": X}),
    "min_distances": (sl.min_distances, {"X": X, "Y": X[:3]}),
    "compare": (sl.compare, {"x": P, "strategies": "margin,entropy", "k": 5}),
    "simulate": (
        sl.simulate,
        {"X": X, "y": Y, "strategies": "margin", "batch": 5, "budget": 15, "repeats": 1, "n_jobs": 1},
    ),
}
SELECTING = ["k", "temperature", "from_logits", "normalize", "invalid", "ties", "perturb", "coldness", "random_state"]
ASKED = {
    **{call: [*SELECTING, "strict", "n_threads", "order"] for call in CALLS if call.startswith("select")},
    "select at random": ["k", "temperature", "from_logits", "invalid", "ties", "coldness", "random_state", "strict"],
    "select by group": [*SELECTING, "per_group", "n_threads"],
    "score": ["temperature", "from_logits", "normalize", "invalid", "n_threads"],
    "sample": ["k", "random_state", "strict"],
    "sample by weight": ["k", "random_state", "strict"],
    "Selector": [*SELECTING, "per_group", "strict", "n_threads"],
    "Selector.update": ["first_id", "progress"],
    "k_center": ["k", "init", "n_threads"],
    "badge": ["k", "from_logits", "random_state", "n_threads", "progress"],
    "kmeans_plus_plus": ["k", "random_state", "n_threads", "progress"],
    "herding": ["k", "kernel", "scale", "n_threads", "progress"],
    "typiclust": ["k", "neighbours", "random_state", "n_threads", "progress"],
    "ranked_batch": ["k", "n_threads"],
    "density": ["sample", "n_threads", "progress"],
    "min_distances": ["n_threads", "progress"],
    "compare": ["strategies", "k", "near", "temperature", "from_logits", "n_threads"],
    "simulate": [
        "strategies",
        "batch",
        "budget",
        "initial",
        "repeats",
        "pool",
        "random_state",
        "stop",
        "target",
        "seed_set",
    ],
}


@pytest.mark.parametrize(("call", "name"), [(call, name) for call, names in ASKED.items() for name in names])
def test_what_is_not_accepted_is_told_by_name(call, name):
    function, given = CALLS[call]
    refused = 0
    for value in EVERYTHING:
        if name == "progress" and value is len:
            continue  # it can be called, and what it says then is its own
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                function(**{**given, name: value})
        except (TypeError, ValueError) as error:
            said = str(error)
            # Of two that do not go together either may be named: a seed set as large as a batch is above the budget.
            names = {"batch": ("batch", "budget"), "strategies": ("strategies", "strategy")}.get(name, (name,))
            assert any(n in said for n in names), (value, said)
            assert "\n" not in said
            assert said.isprintable(), (value, said)
            refused += 1
    assert refused


@pytest.mark.parametrize(
    ("call", "name", "value", "error", "message"),
    [
        ("select", "temperature", "2", TypeError, "temperature is '2', a str; accepted is a number"),
        ("select", "temperature", None, TypeError, "temperature is None; accepted is a number"),
        ("select", "temperature", True, TypeError, "temperature is True; accepted is a number"),
        (
            "select",
            "temperature",
            10**400,
            ValueError,
            "temperature is a number of more than 300 digits; accepted is what",
        ),
        ("select by power", "coldness", [1], TypeError, "coldness is a list; accepted is a number"),
        ("select", "from_logits", 1, TypeError, "from_logits is 1, a int; accepted are True and False"),
        ("select", "strict", "no", TypeError, "strict is 'no', a str; accepted are True and False"),
        ("select", "normalize", 3, ValueError, 'normalize is "3, a int"; accepted are "check"'),
        ("select", "invalid", None, ValueError, 'invalid is "None"; accepted are "raise", "skip"'),
        ("select", "ties", len, ValueError, 'ties is "a builtin_function_or_method"; accepted are "first", "random"'),
        ("select", "order", object(), ValueError, "order is a object; accepted are"),
        (
            "select",
            "k",
            HUGE,
            ValueError,
            r"k is a number of more than 30 digits; accepted is a whole number below 2\*\*63",
        ),
        ("select by group", "per_group", 2**65, ValueError, r"per_group is 36893488147419103232; .* below 2\*\*63"),
        ("select", "n_threads", 2**70, ValueError, r"n_threads is 1180591620717411303424; .* below 2\*\*63"),
        (
            "select with ties",
            "random_state",
            2**64,
            ValueError,
            r"random_state is 18446744073709551616; .* below 2\*\*64",
        ),
        ("Selector.update", "first_id", 2**64, ValueError, r"first_id is 18446744073709551616; .* below 2\*\*63"),
        ("Selector.update", "first_id", 2**63 - 59, ValueError, r"first_id is \d+ for 60 rows; ids must stay below"),
        ("badge", "progress", 3, TypeError, "progress is 3, a int; accepted is a callable"),
        ("herding", "scale", "wide", TypeError, "scale is 'wide', a str; accepted is a number"),
        ("herding", "scale", -0.0, ValueError, "scale is -0.0; accepted is a finite number above 0"),
        ("compare", "strategies", 3, TypeError, "strategies is 3, a int; accepted are names"),
        ("compare", "strategies", [1], TypeError, "strategies has 1, a int; accepted are names"),
        ("simulate", "strategies", 3, TypeError, "strategies is 3, a int; accepted are names"),
        ("simulate", "stop", 3, TypeError, "stop is 3, a int; accepted are a rule"),
        ("simulate", "n_jobs", 0, ValueError, "n_jobs is 0; accepted is a whole number, 1 or more"),
        ("simulate", "repeats", 2**31, ValueError, r"repeats is 2147483648; accepted is a whole number below 2\*\*20"),
        ("simulate", "target", "high", TypeError, "target is 'high', a str; accepted is a number"),
    ],
)
def test_messages(call, name, value, error, message):
    function, given = CALLS[call]
    with pytest.raises(error, match=message):
        function(**{**given, name: value})


def test_numpy_scalars_are_numbers():
    wanted = sl.select(P, "entropy", 3, from_logits=True, temperature=2.0)
    for k, temperature, logits, threads in (
        (np.int64(3), np.float32(2), np.True_, np.int8(1)),
        (np.array(3), np.array(2.0), np.bool(1), np.uint64(2)),
        (np.uint8(3), np.int16(2), True, np.array(1)),
    ):
        found = sl.select(P, "entropy", k, from_logits=logits, temperature=temperature, n_threads=threads)
        assert found == wanted
    seeds = [7, np.int64(7), np.uint64(7), np.array(7)]
    assert len({tuple(sl.sample(60, 5, random_state=seed).indices) for seed in seeds}) == 1
    drawn = sl.select(P, "margin", 3, perturb="power", coldness=np.float64(2), random_state=np.uint8(1))
    assert drawn == sl.select(P, "margin", 3, perturb="power", coldness=2, random_state=1)


def test_a_largest_k_picks_all_there_are():
    assert len(sl.select(P, "margin", 2**63 - 1, strict=False)) == 60
    assert len(sl.k_center(X, 2**63 - 1, strict=False)) == 60


def test_zero_has_no_sign():
    x = np.array([[0.5, 0.5, -0.0], [1.0, -0.0, 0.0]])
    assert sl.score(x, "margin").tolist() == sl.score(np.abs(x), "margin").tolist()
    with pytest.raises(ValueError, match="temperature is -?0"):
        sl.score(x, "margin", from_logits=True, temperature=-0.0)


@pytest.mark.parametrize("call", ["select", "score", "k_center", "badge", "density", "min_distances", "herding"])
def test_no_call_starts_a_crowd_of_threads(call):
    function, given = CALLS[call]
    threads = thread_count(10**6)
    assert threads == max(64, 4 * os.cpu_count())
    rows = {"x": np.tile(P, (2000, 1))} if "x" in given else {}
    before = len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 0
    found = function(**{**given, **rows, "n_threads": 10**6})
    if before:
        assert len(os.listdir("/proc/self/task")) <= before + threads
    if isinstance(found, sl.Selection):
        assert found.report.n_threads == threads
        assert found == function(**{**given, **rows, "n_threads": 1}) or "random_state" not in given


def test_what_came_is_told_in_few_words():
    assert what(3) == "3, a int"
    assert what(None) == "None"
    assert what("x" * 99) == "a str"
    assert what("\x1b[31m") == "'\\x1b[31m', a str"
    assert what(10**400) == "a int"
    assert what(np.zeros(3)) == "a ndarray"
    assert flag(np.True_, "x") is True
    assert number(np.array(2), "x") == 2.0
