"""compare(): overlaps, ranks, mixes, near-duplicates and ties against definitions written out."""

import json

import numpy as np
import oracles
import pytest
from scipy import stats

import shortlist as sl
from shortlist.by_name import DIVERSE

P = oracles.probabilities(np.random.default_rng(5), 3000, 6, np.float32)


@pytest.fixture(scope="module")
def found():
    return sl.compare(P, ["margin", "entropy", "least_confident", "random"], k=80)


def test_overlap_is_jaccard(found):
    margin, entropy = (set(sl.select(P, name, 80).indices.tolist()) for name in ("margin", "entropy"))
    assert set(found.picks["margin"].tolist()) == margin
    assert found.jaccard[0, 1] == len(margin & entropy) / len(margin | entropy)
    assert np.array_equal(found.jaccard, found.jaccard.T)
    assert (found.jaccard.diagonal() == 1).all()


def test_rank_correlation_is_spearmans(found):
    truth = stats.spearmanr(-sl.score(P, "margin"), sl.score(P, "entropy")).statistic
    assert found.rank_correlation[0, 1] == pytest.approx(truth, abs=1e-9)
    assert np.isnan(found.rank_correlation[3]).all()


def test_class_mix_and_ties(found):
    likely = P.argmax(axis=1)
    assert found.mix["pool"] == pytest.approx(np.bincount(likely, minlength=6) / 3000)
    assert found.mix["entropy"] == pytest.approx(np.bincount(likely[found.picks["entropy"]], minlength=6) / 80)
    assert found.ties_left == dict.fromkeys(("margin", "entropy", "least_confident"), 0)
    tied = sl.compare(np.full((50, 2), 0.5), ["margin", "entropy"], k=10)
    assert tied.ties_left == {"margin": 40, "entropy": 40}
    given = sl.compare(P, ["margin"], k=80, labels=np.arange(3000) % 2)
    assert given.classes == 2
    assert given.mix["margin"][1] == pytest.approx((given.picks["margin"] % 2).mean())


def test_near_duplicates_by_embedding_and_by_answer():
    points = np.random.default_rng(0).normal(size=(3000, 8))
    picks = {"twins": [0, 1, 2, 3], "apart": [4, 5, 6, 7]}
    points[[2, 3]] = 2 * points[0]
    found = sl.compare(P, picks, k=4, embeddings=points)
    assert found.near_duplicates == {"twins": 0.5, "apart": 0.0}
    assert found.duplicates_by == "cosine distance of at most 0.02 to a better pick"
    p = P.copy()
    p[1] = p[0]
    by_answer = sl.compare(p, picks, k=4)
    assert by_answer.near_duplicates == {"twins": 0.25, "apart": 0.0}
    logits = sl.compare(np.log(p), picks, k=4, from_logits=True)
    assert logits.near_duplicates == by_answer.near_duplicates
    assert sl.compare(np.log(p), k=4, from_logits=True).names[-2:] == ("energy", "random")


def test_measures_of_two_classes_agree_and_it_says_so():
    two = sl.compare(oracles.probabilities(np.random.default_rng(0), 500, 2, np.float64), k=40)
    assert two.findings()[0].endswith("pick nearly the same rows (overlap 1.00 or more)")
    assert "random" in two.names


def test_all_strategies_by_default_and_files(tmp_path, found):
    np.save(tmp_path / "p.npy", P)
    everything = sl.compare(tmp_path / "p.npy", k=80)
    assert [*everything.names] == [m.name for m in sl.measures() if m.kind == "row" and "probabilities" in m.inputs] + [
        "random"
    ]
    assert np.array_equal(everything.picks["margin"], found.picks["margin"])
    assert json.dumps(everything.to_dict())
    assert "overlap of the picks" in repr(everything)


def test_diverse_batches_are_compared_where_there_are_embeddings():
    points = np.random.default_rng(0).normal(size=(3000, 8)).astype(np.float32)
    found = sl.compare(P, ["margin", *DIVERSE], k=20, embeddings=points)
    assert {len(ids) for ids in found.picks.values()} == {20}
    assert found.picks["k_center"].tolist() == sl.k_center(points, 20).indices.tolist()
    assert found.picks["badge"].tolist() == sl.badge(P, points, 20, random_state=0).indices.tolist()
    assert np.isnan(found.rank_correlation[1]).all()


def test_matrices_are_numbered_and_leave_out_what_has_no_value(found):
    assert found.matrix(found.rank_correlation)[0] == ["", "1", "2", "3"]
    assert [row[0] for row in found.matrix(found.jaccard)[1:]] == [
        "1 margin",
        "2 entropy",
        "3 least_confident",
        "4 random",
    ]
    assert sl.compare(P, ["random"], k=5).matrix(np.full((1, 1), np.nan)) == [[""]]


def test_the_plot_is_labelled(found):
    pytest.importorskip("matplotlib")
    left, right = found.plot().axes
    assert [text.get_text() for text in left.get_yticklabels()] == list(found.names)
    assert right.get_title().startswith("Rank correlation")
    assert [text.get_text() for text in right.get_yticklabels()] == ["margin", "entropy", "least_confident"]
    assert len(sl.compare(P, ["random"], k=5).plot().axes) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sl.compare(P, ["margn"]), "strategies has 'margn'; known are .*; did you mean 'margin'"),
        (lambda: sl.compare(P, []), "strategies is empty"),
        (lambda: sl.compare(P, ["k_center"]), "strategies has 'k_center', which needs embeddings="),
        (lambda: sl.compare(P, ["bald"]), "strategies has 'bald'; known are least_confident"),
        (lambda: sl.compare(P, embeddings=P[:7]), r"embeddings has shape \(7, 6\); accepted is \(3000, features\)"),
        (lambda: sl.compare(P, {"mine": [5000]}), "strategies has id 5000; accepted are 0 to 2999"),
        (lambda: sl.compare(P, ["margin"], labels=[1]), r"labels has shape \(1,\); accepted is \(3000,\)"),
        (lambda: sl.compare(P, ["margin"], k=3001), "k is 3,001; accepted are at most the 3,000 rows of x"),
        (lambda: sl.compare(P, ["margin"], embeddings="nowhere.npy"), "there is no file nowhere.npy"),
        (lambda: sl.compare(P, ["margin"], k=1), "k is 1; accepted is a whole number, 2 or more"),
        (lambda: sl.compare(iter([P])), "x is a stream"),
    ],
)
def test_mistakes(call, message):
    with pytest.raises((ValueError, TypeError, FileNotFoundError), match=message):
        call()


def test_the_command(tmp_path, command):
    pytest.importorskip("matplotlib")
    np.save(tmp_path / "p.npy", P)
    words = ["compare", "p.npy", "-s", "margin,entropy,random", "-k", "50"]
    done = command(*words, "--json", "c.json", "--png", "c.png")
    assert done.stderr == ""
    assert "no two of these strategies pick nearly the same rows" in done.stdout
    assert json.loads((tmp_path / "c.json").read_text())["names"] == ["margin", "entropy", "random"]
    assert (tmp_path / "c.png").stat().st_size > 10_000
    assert "there is no folder nowhere to write c.png to" in command(*words, "--png", "nowhere/c.png", code=2).stderr
