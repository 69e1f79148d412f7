"""Selector: blocks, shards and merges in any order give what select() gives; pickles; misuse."""

import pickle
from itertools import pairwise

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shortlist as sl

rng = np.random.default_rng(3)
P = oracles.probabilities(rng, 6000, 5, np.float32)
COARSE = np.round(P.astype(float) * 10) / 10
COARSE = (COARSE / COARSE.sum(axis=1, keepdims=True)).astype(np.float32)
OPTIONS = [
    {},
    {"ties": "random", "random_state": 4},
    {"perturb": "softmax", "random_state": 4},
    {"perturb": "power", "random_state": 4, "coldness": 2.0},
    {"exclude": [3, 5, 2999, 5999]},
]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32), st.sampled_from(OPTIONS), st.sampled_from(["margin", "entropy"]), st.integers(1, 700))
def test_any_shards_merged_in_any_order_give_the_same(seed, options, name, k):
    dice = np.random.default_rng(seed)
    cuts = [0, *np.sort(dice.integers(0, len(COARSE), dice.integers(0, 12))), len(COARSE)]
    blocks = [(int(a), COARSE[a:b]) for a, b in pairwise(cuts)]
    shards = [sl.Selector(name, k, **options) for _ in range(3)]
    for place in dice.permutation(len(blocks)):
        start, block = blocks[place]
        shards[dice.integers(3)].update(block, first_id=start)
    order = dice.permutation(3)
    merged = shards[order[0]]
    for other in order[1:]:
        merged.merge(pickle.loads(pickle.dumps(shards[other])))
    wanted = sl.select(COARSE, name, k, **options)
    found = merged.finish()
    assert found == wanted
    assert found.report.rows == len(COARSE)
    assert found.report.excluded == wanted.report.excluded


def test_blocks_follow_each_other_by_default():
    selector = sl.Selector("margin", 10)
    for start in range(0, len(P), 999):
        selector.update(P[start : start + 999])
    assert selector.finish() == sl.select(P, "margin", 10)


def test_ids_of_rows_may_be_anything():
    ids = rng.permutation(10**12 + np.arange(len(P)) * 7)
    found = sl.Selector("margin", 10).update(P, ids=ids).finish()
    assert np.array_equal(found.indices, oracles.best(sl.score(P, "margin"), 10, "lowest", ids))


def test_ids_may_lie_anywhere_in_memory():
    ids = np.arange(len(P)) * 3
    shifted = np.empty(ids.nbytes + 1, np.uint8)[1:].view(np.int64)
    shifted[:] = ids
    for laid in (shifted, np.repeat(ids, 2)[::2], ids[::-1][::-1], ids.astype(">i8"), ids.astype(np.uint16)):
        assert (
            sl.Selector("margin", 10).update(P, ids=laid).finish()
            == sl.Selector("margin", 10).update(P, ids=ids).finish()
        )


def test_finish_can_be_asked_at_any_time():
    selector = sl.Selector("margin", 10).update(P[:100])
    assert selector.finish() == sl.select(P[:100], "margin", 10)
    assert selector.update(P[100:]).finish() == sl.select(P, "margin", 10)


def test_an_empty_block_is_no_block():
    assert sl.Selector("margin", 3).update(P[:0]).update(P).finish() == sl.select(P, "margin", 3)


def test_groups_and_masks_come_with_the_block():
    groups = rng.integers(0, 4, len(P))
    mask = rng.random(len(P)) < 0.3
    selector = sl.Selector("margin", None, per_group=5)
    quotas = sl.Selector("margin", 12, quotas={"a": 4, "b": 8})
    names = np.array(["a", "b", "c", "d"])[groups]
    for start in range(0, len(P), 1000):
        part = slice(start, start + 1000)
        selector.update(P[part], exclude=mask[part], groups=groups[part])
        quotas.update(P[part], exclude=mask[part], groups=names[part])
    assert selector.finish() == sl.select(P, "margin", groups=groups, per_group=5, exclude=mask)
    assert quotas.finish() == sl.select(P, "margin", groups=names, quotas={"a": 4, "b": 8}, exclude=mask)


def test_groups_have_labels_of_any_kind_once_they_are_named():
    groups = np.array(["ant", "bee", "cat"])[P.argmax(axis=1) % 3]
    parts = [sl.Selector("margin", None, per_group=4).name_groups(["cat", "ant", "bee"]) for _ in range(2)]
    for part, rows in zip(parts, (slice(0, 2500), slice(2500, 6000)), strict=True):
        part.update(P[rows], first_id=rows.start, groups=groups[rows])
    assert parts[0].merge(parts[1]).finish() == sl.select(P, "margin", groups=groups, per_group=4)
    with pytest.raises(ValueError, match="groups has labels of dtype"):
        sl.Selector("margin", None, per_group=4).update(P, groups=groups)


def test_committees_and_callables():
    p = np.stack([P, P[::-1]])
    found = sl.Selector("bald", 5).update(p[:, :700]).update(list(p[:, 700:])).finish()
    assert found == sl.select(p, "bald", 5)
    found = sl.Selector(np.ptp, 5, order="lowest")
    with pytest.raises(ValueError, match="returned shape"):
        found.update(P)


def test_a_pickle_of_another_version_is_refused():
    selector = sl.Selector("margin", 3).update(P)
    state = selector.__getstate__()
    state["version"] = 999
    with pytest.raises(ValueError, match="version 999; accepted is"):
        sl.Selector.__new__(sl.Selector).__setstate__(state)
    raw = pickle.dumps(selector._state)
    assert pickle.loads(raw) is not selector._state


def test_a_pickle_goes_on_where_it_was():
    selector = pickle.loads(pickle.dumps(sl.Selector("margin", 10).update(P[:50])))
    assert selector.update(P[50:]).finish() == sl.select(P, "margin", 10)


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (lambda: sl.Selector("entropy", 5), "measure"),
        (lambda: sl.Selector("margin", 6), "k"),
        (lambda: sl.Selector("margin", 5, ties="random", random_state=1), "ties"),
        (lambda: sl.Selector("margin", 5, exclude=[1]), "exclude"),
        (lambda: sl.Selector("margin", 5, normalize="as_is"), "normalize"),
        (lambda: sl.Selector("margin", 5, from_logits=True), "from_logits"),
        (lambda: sl.Selector("margin", 5, invalid="skip"), "invalid"),
        (
            lambda: sl.Selector("margin", 5).update(oracles.probabilities(rng, 9, 2, np.float32), first_id=9**9),
            "classes",
        ),
    ],
)
def test_states_of_other_configuration_are_not_merged(other, difference):
    mine = sl.Selector("margin", 5).update(P)
    with pytest.raises(ValueError, match=f"cannot be merged.*{difference}"):
        mine.merge(other())
    assert mine.finish() == sl.select(P, "margin", 5)


def test_states_that_saw_the_same_rows_are_not_merged():
    one, two = (sl.Selector("margin", 5).update(P[:100], first_id=start) for start in (0, 99))
    with pytest.raises(ValueError, match="cannot be merged: id 99 was seen by both"):
        one.merge(two)
    with pytest.raises(ValueError, match="seen"):
        one.update(P[:5], first_id=3)
    with pytest.raises(TypeError, match="accepted is a Selector"):
        one.merge("two")


def test_a_block_of_other_form_is_refused():
    selector = sl.Selector("margin", 5).update(P)
    with pytest.raises(ValueError, match="classes 4, and the rows before it 5"):
        selector.update(oracles.probabilities(rng, 9, 4, np.float32))
    with pytest.raises(ValueError, match="dtype float64, and the rows before it float32"):
        selector.update(P.astype(np.float64))
    with pytest.raises(ValueError, match="classes"):
        sl.select([P, P[:, :3]], "margin", 5, normalize="as_is")
    assert selector.finish() == sl.select(P, "margin", 5)


def test_an_array_that_raises_leaves_nothing():
    selector = sl.Selector("margin", 5).update(P[:3000])
    bad = P[3000:].copy()
    bad[2000] = np.nan
    with pytest.raises(ValueError, match="row 5000"):
        selector.update(bad)
    assert selector.update(P[3000:]).finish() == sl.select(P, "margin", 5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ids": [1, 2]}, "ids has 2 entries, and the block has 6,000 rows"),
        ({"ids": np.zeros(6000, int)}, "an id can be given to one row only"),
        ({"ids": np.arange(6000) - 1}, "ids has id -1; accepted are 0 to"),
        ({"ids": np.arange(6000), "first_id": 0}, "first_id and ids were both given"),
        ({"first_id": -1}, "first_id is -1"),
        ({"exclude": np.zeros(5, bool)}, "mask of 5 rows, and the pool has 6,000"),
        ({"exclude": [1, 2]}, "update accepts a mask"),
        ({"groups": np.zeros(6000, int)}, "groups were given without per_group or quotas"),
    ],
)
def test_update_names_what_does_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        sl.Selector("margin", 5).update(P, **arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"perturb": "softrank"}, "select\\(\\) only"),
        ({"quotas": "equal"}, "a Selector accepts a dict"),
        ({"exclude": np.zeros(6, bool)}, "exclude is a mask"),
    ],
)
def test_what_needs_all_rows_is_for_select(options, message):
    with pytest.raises(ValueError, match=message):
        sl.Selector("margin", 5, **options)
    with pytest.raises(ValueError, match="k is None"):
        sl.Selector("margin", None)
