"""A selection as a picture, and as a notebook shows it."""

import numpy as np
import pytest

import shortlist as sl

pytest.importorskip("matplotlib").use("agg")

RNG = np.random.default_rng(0)
PROBS = RNG.dirichlet(np.ones(4), 500)
X = RNG.normal(size=(500, 6))
PICKS = sl.select(PROBS, "margin", k=30)


def test_the_map_shows_each_pick_once():
    scores, places = PICKS.plot(sl.score(PROBS, "margin"), embeddings=X).axes
    assert [len(dots.get_offsets()) for dots in places.collections] == [500, 30]
    assert sum(bar.get_height() for bar in scores.containers[0]) == 500
    assert sum(bar.get_height() for bar in scores.containers[1]) == 30


def test_a_map_of_distances_is_a_turn_of_two_features():
    flat = X[:, :2]
    dots = np.asarray(PICKS.plot(embeddings=flat).axes[1].collections[0].get_offsets())
    assert np.allclose(np.linalg.norm(dots[0] - dots[1:], axis=1), np.linalg.norm(flat[0] - flat[1:], axis=1))


def test_by_rank_where_only_the_picks_are_known():
    (line,) = PICKS.plot().axes[0].lines
    assert np.array_equal(line.get_ydata(), PICKS.scores)


@pytest.mark.parametrize(
    "more",
    [
        {"embeddings": X[:, :1]},
        {"scores": [0.5] * 500},
        {"scores": np.full(500, np.nan)},
        {"embeddings": X.astype(np.float16)},
        {"embeddings": np.zeros((500, 3), int)},
    ],
)
def test_odd_pools_are_drawn(more):
    assert PICKS.plot(**more)._repr_png_().startswith(b"\x89PNG")


def test_picks_of_nothing_are_drawn_and_shown():
    none = sl.select(PROBS, "margin", k=5, exclude=np.arange(500), strict=False)
    assert none.plot(sl.score(PROBS, "margin"), embeddings=X)._repr_png_()
    assert "Selection of 0" in none._repr_html_()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"scores": X}, r"scores has shape \(500, 6\) and dtype float64; accepted are numbers of shape \(rows,\)"),
        ({"embeddings": X[:3]}, "embeddings has 3 rows, and row .* was picked; accepted is one for each row"),
        ({"embeddings": X.astype(str)}, "embeddings has shape .* and dtype <U"),
    ],
)
def test_what_is_no_pool_is_refused(more, words):
    with pytest.raises(ValueError, match=words):
        PICKS.plot(**more)


def test_the_card_shows_own_ids_harmlessly():
    pool = pytest.importorskip("polars").DataFrame({"id": ["<b>a", "b"], "p": [0.5, 0.9], "q": [0.5, 0.1]})
    named = sl.select(sl.Source(pool, column=["p", "q"], id_column="id"), "margin", k=2)
    html = named._repr_html_()
    assert "&lt;b&gt;a" in html
    assert "<b>a" not in html
