"""Scores against plain definitions in long double, SciPy and modAL's formulas; properties every measure has."""

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy as scipy_entropy

import shortlist as sl

settings.register_profile("shortlist", deadline=None, max_examples=60)
settings.load_profile("shortlist")

FLOATS = (np.float16, np.float32, np.float64)
# Relative, and absolute for values near zero: one rounding of the input's sum and of the result.
BOUND = {np.dtype(np.float16): (2e-6, 2e-7), np.dtype(np.float32): (2e-6, 2e-7), np.dtype(np.float64): (2e-14, 2e-15)}

seeds = st.integers(0, 2**32 - 1)
shapes = st.tuples(st.integers(1, 40), st.integers(1, 70))
peaks = st.sampled_from([0.02, 0.3, 1.0, 30.0])


def close(found, wanted, dtype, classes, loosen=1.0):
    rtol, atol = BOUND[np.dtype(dtype)]
    np.testing.assert_allclose(
        found.astype(np.float64),
        wanted.astype(np.float64),
        rtol=loosen * rtol,
        atol=loosen * atol * max(1, classes) ** 0.5,
    )


@given(seeds, shapes, peaks, st.sampled_from(FLOATS), st.sampled_from("CF"), st.sampled_from(oracles.ROW))
def test_row_measures_match_their_definitions(seed, shape, peak, dtype, order, name):
    p = np.array(oracles.probabilities(np.random.default_rng(seed), *shape, dtype, peak), order=order)
    close(sl.score(p, name, normalize="as_is"), oracles.row_scores(name, p), dtype, shape[1])


@given(seeds, shapes, st.sampled_from([0.1, 1.0, 8.0, 60.0]), st.sampled_from([0.5, 1.0, 1.7]), st.sampled_from(FLOATS))
@pytest.mark.parametrize("name", oracles.ROW)
def test_row_measures_of_logits_match_softmax(name, seed, shape, spread, temperature, dtype):
    z = (np.random.default_rng(seed).normal(size=shape) * spread).astype(dtype)
    found = sl.score(z, name, from_logits=True, temperature=temperature)
    wanted = oracles.row_scores(name, oracles.softmax(z, temperature))
    close(found, wanted, dtype, shape[1], loosen=8 * max(1.0, spread / temperature))


@given(seeds, shapes, st.sampled_from([0.5, 1.0, 1.7]), st.sampled_from(FLOATS))
def test_energy_is_minus_the_scaled_log_sum(seed, shape, temperature, dtype):
    z = (np.random.default_rng(seed).normal(size=shape) * 5).astype(dtype)
    found = sl.score(z, "energy", from_logits=True, temperature=temperature)
    rtol, _ = BOUND[np.dtype(dtype)]
    np.testing.assert_allclose(found, oracles.energy(z, temperature).astype(float), rtol=4 * rtol, atol=30 * rtol)


@given(seeds, st.integers(1, 7), shapes, st.sampled_from(FLOATS), st.sampled_from(oracles.COMMITTEE))
def test_committee_measures_match_their_definitions(seed, members, shape, dtype, name):
    rng = np.random.default_rng(seed)
    p = np.stack([oracles.probabilities(rng, *shape, dtype) for _ in range(members)])
    found = sl.score(p, name)
    if name in ("bald", "max_disagreement", "consensus_entropy"):
        # Members of float32 sum to 1 only within their rounding, which a difference of entropies sees.
        tolerance = {2: 3e-3, 4: 2e-6, 8: 1e-13}[p.itemsize]
        np.testing.assert_allclose(
            found, oracles.committee_scores(name, p).astype(float), rtol=tolerance, atol=tolerance
        )
    else:
        close(found, oracles.committee_scores(name, p), dtype, shape[1], loosen=8)
    assert np.array_equal(sl.score(list(p), name), found)


@given(seeds, st.integers(2, 5), shapes, st.sampled_from(oracles.COMMITTEE))
def test_committees_of_logits_match_softmax(seed, members, shape, name):
    z = np.random.default_rng(seed).normal(size=(members, *shape)) * 4
    wanted = oracles.committee_scores(name, oracles.softmax(z)).astype(float)
    np.testing.assert_allclose(sl.score(z, name, from_logits=True), wanted, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", oracles.ROW)
def test_bfloat16_is_scored_as_the_float32_it_stands_for(name):
    bits = oracles.bfloat16(oracles.probabilities(np.random.default_rng(0), 300, 12, np.float32))
    found = sl.score(bits, name, dtype="bfloat16", normalize="as_is")
    assert found.dtype == np.float32
    assert np.array_equal(found, sl.score(oracles.widen(bits), name, normalize="as_is"))


@given(seeds, st.tuples(st.integers(1, 50), st.integers(2, 40)))
def test_agrees_with_modal_and_scipy(seed, shape):
    p = oracles.probabilities(np.random.default_rng(seed), *shape)
    exact = {"rtol": 0, "atol": 1e-15}
    np.testing.assert_allclose(sl.score(p, "least_confident"), oracles.modal_uncertainty(p), **exact)
    np.testing.assert_allclose(sl.score(p, "margin"), oracles.modal_margin(p), **exact)
    np.testing.assert_allclose(sl.score(p, "entropy"), scipy_entropy(p.T), rtol=1e-12, atol=1e-14)


def test_committee_agrees_with_modal_and_scipy():
    rng = np.random.default_rng(1)
    p = np.stack([oracles.probabilities(rng, 200, 6) for _ in range(4)])
    close = {"rtol": 1e-12, "atol": 1e-14}
    np.testing.assert_allclose(sl.score(p, "vote_entropy"), oracles.modal_vote_entropy(p), **close)
    np.testing.assert_allclose(sl.score(p, "consensus_entropy"), scipy_entropy(p.mean(axis=0), axis=1), **close)
    np.testing.assert_allclose(sl.score(p, "max_disagreement"), oracles.modal_max_disagreement(p), **close)


@given(seeds, shapes, st.sampled_from(oracles.ROW), st.sampled_from([np.float32, np.float64]))
def test_a_row_scores_the_same_wherever_it_stands(seed, shape, name, dtype):
    rng = np.random.default_rng(seed)
    p = oracles.probabilities(rng, *shape, dtype)
    scores = sl.score(p, name)
    shuffled = rng.permutation(len(p))
    assert np.array_equal(sl.score(p[shuffled], name), scores[shuffled])
    assert np.array_equal(sl.score(np.concatenate([p, p]), name), np.concatenate([scores, scores]))


@given(seeds, shapes, st.sampled_from(oracles.ROW))
def test_classes_have_no_order(seed, shape, name):
    rng = np.random.default_rng(seed)
    p = oracles.probabilities(rng, *shape)
    np.testing.assert_allclose(
        sl.score(p[:, rng.permutation(shape[1])], name), sl.score(p, name), rtol=1e-12, atol=1e-14
    )


@given(seeds, shapes, st.sampled_from(oracles.ROW), st.integers(-200, 200))
def test_a_constant_added_to_logits_changes_nothing(seed, shape, name, constant):
    z = np.random.default_rng(seed).integers(-64, 64, shape) / 8.0  # sums with whole numbers are exact
    assert np.array_equal(sl.score(z + constant, name, from_logits=True), sl.score(z, name, from_logits=True))


@given(seeds, shapes, st.sampled_from(oracles.ROW), st.sampled_from([0.25, 0.5, 2.0, 8.0]))
def test_temperature_divides_logits(seed, shape, name, temperature):
    z = np.random.default_rng(seed).normal(size=shape) * 3
    warm = sl.score(z, name, from_logits=True, temperature=temperature)
    np.testing.assert_allclose(warm, sl.score(z / temperature, name, from_logits=True), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("classes", [*range(2, 71), 100, 257, 1000])
def test_extremes(classes, dtype):
    uniform = np.full((3, classes), 1 / classes, dtype)
    rtol, _ = BOUND[np.dtype(dtype)]
    np.testing.assert_allclose(sl.score(uniform, "entropy"), np.log(classes), rtol=rtol)
    np.testing.assert_allclose(sl.score(uniform, "normalised_entropy"), 1, rtol=rtol)
    assert not sl.score(uniform, "margin").any()
    assert (sl.score(uniform, "ratio") == 1).all()
    sure = np.eye(classes, dtype=dtype)
    for name in ("least_confident", "entropy", "normalised_entropy", "gini", "ratio"):
        assert not sl.score(sure, name).any(), name
    assert (sl.score(sure, "margin") == 1).all()


def below_zero(rows, classes, dtype):
    """Rows with some values a little below 0, and what they count as."""
    rng = np.random.default_rng(classes)
    p = oracles.probabilities(rng, rows, classes, dtype)
    p[rng.random(p.shape) < 0.2] = 0
    p[:, 0] += 1 - p.sum(axis=1)
    tiny = np.array([1e-3, 1e-7, 0.9]) * {2: 1e-2, 4: 1e-3, 8: 1e-4}[np.dtype(dtype).itemsize]
    zeros = p == 0
    p[zeros] = -rng.choice(tiny, zeros.sum())
    return p, oracles.settled(p)


@pytest.mark.parametrize("normalize", ["check", "as_is", "renormalize"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("classes", [2, 3, 5, 48, 49, 200])
def test_what_is_below_0_by_rounding_counts_as_0(classes, dtype, normalize):
    x, zeroed = below_zero(200, classes, dtype)
    assert (x < 0).any()
    assert (zeroed >= 0).all()
    options = {"normalize": normalize}
    for layout in (np.ascontiguousarray, np.asfortranarray, lambda a: np.repeat(a, 2, axis=1)[:, ::2]):
        for name in oracles.ROW:
            wanted = sl.score(zeroed, name, **options)
            assert np.array_equal(sl.score(layout(x), name, **options), wanted)
            assert sl.select(layout(x), name, 20, **options) == sl.select(zeroed, name, 20, **options)
        for name in oracles.COMMITTEE:
            members, wanted = [layout(x), zeroed[::-1]], sl.score([zeroed, zeroed[::-1]], name, **options)
            assert np.array_equal(sl.score(members, name, **options), wanted)
            assert np.array_equal(sl.select(members, name, 5, **options).scores, np.sort(wanted)[::-1][:5])
    np.testing.assert_allclose(
        sl.score(x, "entropy", **options),
        oracles.row_scores("entropy", zeroed),
        atol=1e-2 if dtype == np.float16 else 1e-5,
    )
    if normalize == "check":
        features = np.random.default_rng(0).normal(size=(200, 3))
        picks = [sl.badge(probs, features, 9, random_state=0).indices.tolist() for probs in (x, zeroed)]
        assert picks[0] == picks[1]


def test_what_is_further_below_0_is_no_probability():
    for dtype, tolerance in ((np.float16, 1e-2), (np.float32, 1e-3), (np.float64, 1e-4)):
        x = np.array([[0.5, 0.5, 0.0], [0.75, 0.25, -1.5 * tolerance]], dtype)
        for normalize in ("check", "as_is", "renormalize"):
            for call in (lambda x, **o: sl.score(x, "margin", **o), lambda x, **o: sl.score([x, x], "bald", **o)):
                with pytest.raises(ValueError, match="row 1 .*has -.* in column 2; accepted are probabilities"):
                    call(x, normalize=normalize)
    # Of a row that sums to something else, its own share.
    weights = np.array([[30.0, 10.0, -3e-3]])
    assert sl.score(weights, "margin", normalize="renormalize")[0] == 0.5
    with pytest.raises(ValueError, match="has -0.003 in column 2"):
        sl.score(weights / [[1000.0, 1000.0, 1.0]], "margin", normalize="renormalize")


def test_one_class_holds_no_question():
    for name in oracles.ROW:
        assert not sl.score(np.ones((4, 1)), name).any(), name


def test_logits_of_minus_infinity_are_impossible_classes():
    z = np.array([[0.0, 0.0, -np.inf], [1.0, -np.inf, -np.inf]])
    np.testing.assert_allclose(sl.score(z, "entropy", from_logits=True), [np.log(2), 0], rtol=1e-15)
    np.testing.assert_allclose(sl.score(z, "margin", from_logits=True), [0, 1])


def test_tails_keep_their_precision_in_float32():
    z = np.array([[16.0, 0.0], [30.0, 0.0], [60.0, 0.0]], np.float32)
    np.testing.assert_allclose(
        sl.score(z, "least_confident", from_logits=True), 1 / (1 + np.exp(z[:, 0].astype(float))), rtol=1e-6
    )


def test_bald_is_never_negative_and_keeps_its_precision():
    rng = np.random.default_rng(0)
    base = rng.dirichlet(np.ones(10), 500)
    p = np.stack([base * (1 + 1e-3 * rng.normal(size=base.shape)) for _ in range(5)])
    p /= p.sum(axis=2, keepdims=True)
    found = sl.score(p, "bald")
    assert (found >= 0).all()
    np.testing.assert_allclose(found, oracles.committee_scores("bald", p).astype(float), rtol=1e-9)
    assert (sl.score(p.astype(np.float32), "bald") >= 0).all()


def test_renormalize_divides_by_the_sum():
    p = oracles.probabilities(np.random.default_rng(0), 50, 7)
    scaled = p * np.linspace(0.5, 3, 50)[:, None]
    for name in oracles.ROW:
        np.testing.assert_allclose(
            sl.score(scaled, name, normalize="renormalize"), sl.score(p, name), rtol=1e-12, atol=1e-14
        )
