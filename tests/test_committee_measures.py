"""Committee measures from their definitions: in long double, as modAL writes them, and close to agreement, where they cancel."""

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy as scipy_entropy

import shortlist as sl
from shortlist import _core

rng = np.random.default_rng(11)
FLOATS = (np.float16, np.float32, np.float64)
COMPARE = ("max_disagreement", "bald", "mean_std", "vote_entropy", "variation_ratio")
"""What is 0 where the members agree."""

seeds = st.integers(0, 2**32 - 1)
shapes = st.tuples(st.integers(1, 7), st.integers(1, 40), st.integers(1, 40))


def committee(generator, shape, dtype=np.float64, apart=None):
    """Members of independent rows, or so far `apart` from common ones."""
    members, rows, classes = shape
    if apart is None:
        p = np.stack([oracles.probabilities(generator, rows, classes) for _ in range(members)])
    else:
        p = oracles.probabilities(generator, rows, classes) * np.exp(apart * generator.normal(size=shape))
    return (p / p.sum(axis=2, keepdims=True)).astype(dtype)


def normalised_scores(name, p):
    """By definition, of rows that sum to 1 to the last bit of a long double."""
    p = np.asarray(p, np.longdouble)
    whole = name in ("vote_entropy", "variation_ratio", "mean_std")
    return oracles.committee_scores(name, p if whole else oracles.normalised(p)).astype(np.float64)


# What modAL computes, from its definitions.


def modal_vote_entropy(p):
    votes = np.argmax(p, axis=2).T  # (rows, members)
    shares = np.zeros((p.shape[1], p.shape[2]))
    for row, ballot in enumerate(votes):
        for label in range(p.shape[2]):
            shares[row, label] = np.sum(ballot == label) / p.shape[0]
    return scipy_entropy(shares, axis=1)


def modal_consensus_entropy(p):
    return scipy_entropy(np.mean(p, axis=0), axis=1)


def modal_max_disagreement(p):
    consensus = np.mean(p, axis=0)
    divergences = np.array(
        [[scipy_entropy(member[row], qk=consensus[row]) for member in p] for row in range(p.shape[1])]
    )
    return np.max(divergences, axis=1)


@settings(deadline=None, max_examples=25)
@given(seeds, shapes)
def test_agrees_with_modal(seed, shape):
    p = committee(np.random.default_rng(seed), shape)
    close = {"rtol": 1e-12, "atol": 1e-14}
    np.testing.assert_allclose(sl.score(p, "vote_entropy"), modal_vote_entropy(p), **close)
    np.testing.assert_allclose(sl.score(p, "consensus_entropy"), modal_consensus_entropy(p), **close)
    np.testing.assert_allclose(sl.score(p, "max_disagreement"), modal_max_disagreement(p), **close)


@settings(deadline=None, max_examples=100)
@given(seeds, shapes, st.sampled_from(FLOATS), st.sampled_from(oracles.COMMITTEE), st.sampled_from([None, 1.0, 0.05]))
def test_each_measure_is_its_definition_to_the_last_bits(seed, shape, dtype, name, apart):
    p = committee(np.random.default_rng(seed), shape, dtype, apart)
    epsilon = np.finfo(dtype if dtype == np.float64 else np.float32).eps
    # An oracle that takes differences of entropies is exact to about 1e-18.
    np.testing.assert_allclose(sl.score(p, name), normalised_scores(name, p), rtol=16 * epsilon, atol=2e-17)


@settings(deadline=None, max_examples=50)
@given(seeds, shapes, st.sampled_from([0.5, 1.0, 1.7]), st.sampled_from(FLOATS), st.sampled_from(oracles.COMMITTEE))
def test_logits_are_the_probabilities_they_stand_for(seed, shape, temperature, dtype, name):
    z = (np.random.default_rng(seed).normal(size=shape) * 3).astype(dtype)
    found = sl.score(z, name, from_logits=True, temperature=temperature)
    wanted = normalised_scores(name, oracles.softmax(z, temperature))
    epsilon = np.finfo(dtype if dtype == np.float64 else np.float32).eps
    # Quotients z / T are rounded, and so exponentials known to epsilon times the exponent.
    np.testing.assert_allclose(found, wanted, rtol=100 * epsilon, atol=30 * epsilon)


@pytest.mark.parametrize("apart", [1e-2, 1e-4, 1e-6])
def test_members_who_nearly_agree_keep_their_digits(apart):
    p = committee(rng, (5, 300, 10), np.float64, apart)
    for name in ("bald", "max_disagreement"):
        found = sl.score(p, name)
        assert (found > 0).all()
        np.testing.assert_allclose(found, normalised_scores(name, p), rtol=1e-12, atol=3e-18)


def test_bald_in_float32_is_right_where_the_difference_of_entropies_is_noise():
    p = committee(rng, (5, 2000, 10), np.float32, 1e-3)
    wanted = normalised_scores("bald", p)
    textbook = (oracles.plogp(p).sum(axis=2).mean(axis=0) - oracles.plogp(p.mean(axis=0)).sum(axis=1)).astype(
        np.float64
    )
    assert np.median(abs(textbook / wanted - 1)) > 0.01
    np.testing.assert_allclose(sl.score(p, "bald"), wanted, rtol=1e-5)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("members", range(1, 8))
def test_equal_members_disagree_by_nothing_at_all(members, dtype):
    p = np.stack([committee(rng, (1, 200, 7), dtype)[0]] * members)
    for name in COMPARE:
        assert not sl.score(p, name).any(), name
    if dtype != np.float16:
        np.testing.assert_allclose(sl.score(p, "consensus_entropy"), sl.score(p[0], "entropy"), rtol=1e-5)


def test_a_class_without_probability_counts_for_nothing():
    p = committee(rng, (4, 100, 6))
    padded = np.concatenate([p, np.zeros((4, 100, 3))], axis=2)
    for name in oracles.COMMITTEE:
        share = 6 / 9 if name == "mean_std" else 1
        np.testing.assert_allclose(sl.score(padded, name), share * sl.score(p, name), rtol=1e-13, atol=1e-16)
    z = np.concatenate([np.log(p), np.full((4, 100, 1), -np.inf)], axis=2)
    np.testing.assert_allclose(sl.score(z, "bald", from_logits=True), sl.score(p, "bald"), rtol=1e-10)


def test_votes_are_for_the_first_of_the_largest():
    p = np.array([[[0.4, 0.4, 0.2]], [[0.4, 0.4, 0.2]], [[0.2, 0.4, 0.4]]])
    np.testing.assert_allclose(sl.score(p, "variation_ratio"), [1 / 3])
    np.testing.assert_allclose(sl.score(p, "vote_entropy"), [np.log(3) - 2 / 3 * np.log(2)])


@pytest.mark.parametrize("name", oracles.COMMITTEE)
def test_threads_levels_and_layouts_give_the_same_bits(name):
    for dtype in FLOATS:
        p = committee(rng, (3, 30_011, 5), dtype)
        wanted = sl.score(p, name, n_threads=1)
        for threads in (2, 3, 8):
            assert np.array_equal(sl.score(p, name, n_threads=threads), wanted)
        for level in _core.build_info()["cpu_levels"]:
            out = np.empty_like(wanted)
            _core.Scorer(name, cpu_level=level).score(list(p), out)
            assert np.array_equal(out, wanted)
        last = np.ascontiguousarray(np.moveaxis(p, 0, 2))  # members innermost: neither rows nor classes are adjacent
        mixed = [p[0], np.asfortranarray(p[1]), np.repeat(p[2], 2, axis=1)[:, ::2]]
        for x in (np.moveaxis(last, 2, 0), mixed, [member[::-1][::-1] for member in p], [p[:, :7], p[:, 7:]]):
            assert np.array_equal(sl.score(x, name), wanted)
        assert np.array_equal(sl.score(p[:, ::-1], name), wanted[::-1])


@pytest.mark.parametrize("name", oracles.COMMITTEE)
def test_bfloat16_members(name):
    bits = oracles.bfloat16(committee(rng, (3, 100, 9), np.float32))
    found = sl.score(bits, name, dtype="bfloat16")
    assert np.array_equal(found, sl.score(oracles.widen(bits), name, normalize="as_is"))


def test_sums_are_checked_taken_or_divided_out():
    p = committee(rng, (3, 50, 4))
    scaled = p * np.array([0.5, 2.0, 3.0])[:, None, None]
    with pytest.raises(ValueError, match=r"row 0 of member 0 sums to 0\.5"):
        sl.score(scaled, "bald")
    for name in oracles.COMMITTEE:
        close = {"rtol": 1e-13, "atol": 1e-16}
        np.testing.assert_allclose(sl.score(scaled, name, normalize="renormalize"), sl.score(p, name), **close)
        as_is = sl.score(scaled, name, normalize="as_is")
        np.testing.assert_allclose(as_is, normalised_scores(name, scaled), **close)


def test_the_first_bad_row_is_named_with_its_member():
    p = committee(rng, (3, 40_000, 4), np.float32)
    p[2, 31_000, 3] = np.nan
    p[1, 35_000, 0] = -0.5
    p[0, 39_999] = 0.4
    message = "row 31000 of member 2 has NaN in column 3; accepted are finite numbers"
    for threads in (1, 2, 5):
        for call in (sl.score, lambda *args, **options: sl.select(*args, 3, **options)):
            with pytest.raises(ValueError, match=message):
                call(p, "bald", n_threads=threads)
    scores = sl.score(p, "bald", invalid="skip")
    assert np.flatnonzero(np.isnan(scores)).tolist() == [31_000, 35_000, 39_999]
    assert sl.select(p, "bald", 5, invalid="skip").report.skipped == 3
    found = _core.Scorer("mean_std").diagnose(list(p), limit=2)
    assert (found["rows"], found["invalid"]) == (40_000, 3)
    assert found["by_reason"] == {"nan": 1, "infinite": 0, "negative": 1, "sum": 1}
    assert found["first"][1][0] == 35_000
    assert found["first"][1][1].startswith("of member 1 has -0.5 in column 0; accepted are probabilities")


def test_bad_logits():
    z = rng.normal(size=(2, 9, 3))
    z[1, 4] = -np.inf
    with pytest.raises(ValueError, match="row 4 of member 1 has -inf in every column"):
        sl.score(z, "vote_entropy", from_logits=True)
    z[1, 4, 0] = np.inf
    with pytest.raises(ValueError, match="row 4 of member 1 has inf in column 0"):
        sl.score(z, "mean_std", from_logits=True)


def test_the_core_says_what_it_accepts():
    p = committee(rng, (2, 6, 3))
    scorer, out = _core.Scorer("bald"), np.empty(6)
    for x, error, message in [
        (p[0], TypeError, "x is a ndarray; accepted for a committee measure is a list"),
        ([], ValueError, "x has no members"),
        ([p[0], p[1][:5]], ValueError, r"x\[1\] has shape \(5, 3\); accepted is \(6, 3\)"),
        ([p[0], p[1].astype(np.float32)], TypeError, r"x\[1\] has dtype float32; accepted is float64"),
        ([p[0], p[1].astype(complex)], TypeError, r"x\[1\] has dtype complex128"),
        ([p[0], 3], TypeError, r"x\[1\] is a int"),
        ([p[0], p], ValueError, r"x\[1\] has 3 dimensions"),
        ([p[0][:, :0], p[1][:, :0]], ValueError, "at least one class"),
    ]:
        with pytest.raises(error, match=message):
            scorer.score(x, out)
        with pytest.raises(error, match=message):
            _core.Selector(2, scorer=scorer).update(x)
    with pytest.raises(TypeError, match="x is a list; accepted is a NumPy array"):
        _core.Scorer("margin").score(list(p), out)
    with pytest.raises(TypeError, match="out is not a one-dimensional float64 array"):
        scorer.score(list(p), out.astype(np.float32))
    with pytest.raises(ValueError, match="out has 6 elements for 5 rows"):
        scorer.score(list(p[:, :5]), out)


@pytest.mark.parametrize("name", oracles.COMMITTEE)
def test_picks_are_the_best_scores_however_the_pool_comes(name):
    p = committee(rng, (4, 20_000, 5), np.float32)
    scores = sl.score(p, name)
    wanted = oracles.best(scores, 40, "highest")
    for threads in (1, 2, 7):
        picks = sl.select(p, name, 40, n_threads=threads)
        assert np.array_equal(picks.indices, wanted)
        assert np.array_equal(picks.scores, scores[wanted])
    one, other = sl.Selector(name, 40).update(p[:, :9000]), sl.Selector(name, 40).update(p[:, 9000:], first_id=9000)
    assert np.array_equal(other.merge(one).finish().indices, wanted)
    mask = np.zeros(20_000, bool)
    mask[wanted[:10]] = True
    assert np.array_equal(sl.select(p, name, 30, exclude=mask).indices, wanted[10:])


def test_one_member_is_a_committee():
    p = committee(rng, (1, 500, 8))
    np.testing.assert_allclose(sl.score(p, "consensus_entropy"), sl.score(p[0], "entropy"), rtol=1e-13)
    assert np.array_equal(sl.select([p[0]], "consensus_entropy", 9).indices, sl.select(p[0], "entropy", 9).indices)
    assert not sl.score(p, "bald").any()
