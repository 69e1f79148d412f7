"""badge(): picks of the gradients themselves, the law of the draw, bad input, threads, subsets."""

import diversity_oracles as oracles
import numpy as np
import pytest

import shortlist as sl

rng = np.random.default_rng(5)
LOGITS = rng.normal(size=(600, 7)) * 2
PROBS = oracles.softmax(LOGITS)
X = rng.normal(size=(600, 13)).astype(np.float32)


def gradients(probs, X):
    error = probs.astype(float) - np.eye(probs.shape[1])[probs.argmax(axis=1)]
    return (error[:, :, None] * X[:, None, :].astype(float)).reshape(len(X), -1)


def test_scores_are_squared_distances_of_the_gradients():
    picks = sl.badge(PROBS, X, 80, random_state=3)
    g = gradients(PROBS, X)
    assert picks.indices[0] == (g**2).sum(axis=1).argmax()
    assert len(set(picks.indices.tolist())) == 80
    np.testing.assert_allclose(picks.scores, oracles.squared_distances_at_pick(g, picks.indices), rtol=1e-11)
    np.testing.assert_allclose(picks.scores[0], (g[picks.indices[0]] ** 2).sum(), rtol=1e-12)


def test_a_race_over_the_gradients_gives_the_same_picks():
    g = gradients(PROBS, X)
    among = np.arange(600)
    first = int((g**2).sum(axis=1).argmax())
    for seed in range(5):
        assert sl.badge(PROBS, X, 50, random_state=seed).indices.tolist() == oracles.race(g, among, first, 50, seed)


def test_logits_give_the_picks_of_their_probabilities():
    for dtype in (np.float64, np.float32):
        logits = LOGITS.astype(dtype)
        picks = sl.badge(logits, X, 40, from_logits=True, random_state=1)
        assert np.array_equal(picks.indices, sl.badge(oracles.softmax(logits), X, 40, random_state=1).indices)


def test_the_second_pick_follows_its_law():
    probs, features = PROBS[:6], X[:6]
    g = gradients(probs, features)
    first = (g**2).sum(axis=1).argmax()
    law = ((g - g[first]) ** 2).sum(axis=1)
    counts = np.zeros(6)
    for seed in range(20_000):
        counts[sl.badge(probs, features, 2, random_state=seed, n_threads=1).indices[1]] += 1
    assert counts[first] == 0
    assert oracles.chi_square(counts, law / law.sum()) < 35  # 4 degrees of freedom, once in a million


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_layouts_and_dtypes_do_not_change_the_picks(threads):
    logits, features = LOGITS.astype(np.float16), X.astype(np.float16)
    wanted = sl.badge(logits.astype(float), features.astype(float), 60, from_logits=True, random_state=2, n_threads=1)
    forms = [
        (logits, features),
        (np.asfortranarray(logits), np.asfortranarray(features)),
        (logits, features[::-1][::-1]),
    ]
    forms += [(np.repeat(logits, 2, axis=1)[:, ::2], features.astype(np.float32))]
    for a, b in forms:
        assert sl.badge(a, b, 60, from_logits=True, random_state=2, n_threads=threads) == wanted


def test_bfloat16_files_and_tensors_are_read(tmp_path):
    logits = (LOGITS.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
    features = (X.view(np.uint32) >> 16).astype(np.uint16)
    wide = [(a.astype(np.uint32) << 16).view(np.float32) for a in (logits, features)]
    wanted = sl.badge(*wide, 20, from_logits=True, random_state=2)
    assert sl.badge(logits, features, 20, from_logits=True, dtype="bfloat16", random_state=2) == wanted
    assert sl.badge(wide[0], features, 20, from_logits=True, dtype="bfloat16", random_state=2) == wanted
    np.save(tmp_path / "x.npy", wide[1])
    assert sl.badge(wide[0], tmp_path / "x.npy", 20, from_logits=True, random_state=2) == wanted


def test_among_reads_only_its_rows_and_keeps_their_ids():
    ids = np.sort(rng.choice(600, 200, replace=False))
    probs, features = PROBS.copy(), X.copy()
    others = np.setdiff1d(np.arange(600), ids)
    probs[others], features[others] = np.nan, np.inf
    picks = sl.badge(probs, features, 200, random_state=4, among=ids)
    assert np.array_equal(np.sort(picks.indices), ids)
    shuffled = sl.badge(probs, features, 30, random_state=4, among=rng.permutation(ids))
    assert np.array_equal(shuffled.indices, picks.indices[:30])
    uncertain = sl.select(PROBS, "margin", 100)
    assert set(sl.badge(PROBS, X, 10, among=uncertain).indices) <= set(uncertain.indices)
    assert sl.badge(PROBS, X, 10, among=uncertain).report.rows == 100


def test_a_prefix_of_more_picks_is_fewer_picks():
    assert np.array_equal(
        sl.badge(PROBS, X, 25, random_state=6).indices, sl.badge(PROBS, X, 99, random_state=6).indices[:25]
    )


def test_duplicates_come_last_by_id_and_are_counted():
    probs, features = np.tile(PROBS[:5], (4, 1)), np.tile(X[:5], (4, 1))
    picks = sl.badge(probs, features, 20, random_state=0)
    assert set(picks.indices[:5] % 5) == set(range(5))
    assert np.array_equal(picks.indices[5:], np.sort(picks.indices[5:]))
    assert np.all(picks.scores[5:] == 0)
    assert picks.report.filled == 15
    assert "15 picks add nothing" in repr(picks)


def test_all_equal_rows_zero_rows_one_row_and_no_picks():
    same = sl.badge(np.tile([[0.25, 0.75]], (9, 1)), np.ones((9, 3)), 9, random_state=0)
    assert same.indices.tolist() == list(range(9))
    assert same.report.filled == 8
    sure = sl.badge(np.eye(4), X[:4], 3, random_state=0)
    assert sure.indices.tolist() == [0, 1, 2]
    assert sl.badge(PROBS, np.zeros((600, 2)), 4, random_state=0).indices.tolist() == [0, 1, 2, 3]
    assert sl.badge(PROBS[:1], X[:1], 1).indices.tolist() == [0]
    assert len(sl.badge(PROBS, X, 0)) == 0
    assert len(sl.badge(PROBS[:3], X[:3], 9, strict=False)) == 3


def test_one_seed_one_result():
    generator = np.random.default_rng(1)
    once = sl.badge(PROBS, X, 30, random_state=generator)
    assert sl.badge(PROBS, X, 30, random_state=once.report.seed) == once
    assert sl.badge(PROBS, X, 30, random_state=generator) != once
    assert "squared distance" in repr(once)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda p, x: (p, x, 601), "k is 601, and there are 600 rows to pick from"),
        (lambda p, x: (p[:5], x, 1), "probs has 5 rows, and X has 600; they must be equal"),
        (lambda p, x: (oracles.spoilt(p, (7, 2), np.nan), x, 1), "probs row 7 has NaN in column 2"),
        (lambda p, x: (oracles.spoilt(p, (7, 2), 2.0), x, 1), "probs row 7 sums to "),
        (lambda p, x: (p * 0.5, x, 1), "probs row 0 sums to "),
        (lambda p, x: (p, oracles.spoilt(x, (9, 1), np.inf), 1), "X row 9 has inf in column 1"),
        (lambda p, x: (p, oracles.spoilt(x, (9, 1), np.nan), 0), "X row 9 has NaN in column 1"),
        (lambda p, x: (p, x[:, :0], 1), "X has no features"),
    ],
)
def test_bad_input_is_named(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        sl.badge(*change(PROBS, X))


def test_bad_arguments():
    with pytest.raises(ValueError, match="among has id 600; accepted are 0 to 599"):
        sl.badge(PROBS, X, 1, among=[600])
    with pytest.raises(TypeError, match="probs has dtype complex"):
        sl.badge(PROBS.astype(complex), X, 1)
    with pytest.raises(ValueError, match="n_threads is 0"):
        sl.badge(PROBS, X, 1, n_threads=0)
    with pytest.raises(ValueError, match="probs row 1 has inf in column 0"):
        sl.badge([[0.0, 1.0], [np.inf, 0.0]], X[:2], 1, from_logits=True)


def test_progress_ends_at_k_and_its_error_comes_through():
    told = []
    sl.badge(PROBS, X, 30, progress=lambda done, all_: told.append((done, all_)))
    assert told[-1] == (30, 30)
    big = np.zeros((400_000, 2), np.float32)

    def stop(done, all_):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        sl.badge(big, big, 1, from_logits=True, progress=stop)
