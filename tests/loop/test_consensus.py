"""A consensus that was made of several people's answers when a model was trained: a fold of the log says how long it holds."""

import numpy as np
import pytest
from a_loop import spec_of, specs, store_with  # noqa: F401

from shortlist.loop.cleanlab.crowd import labels_of, votes_of
from shortlist.loop.store import Event
from shortlist.loop.store.answers import fold
from shortlist.loop.store.summary import summary


def said(*rows):
    """Return a log of (kind, row, annotator, label, payload)."""
    time = "2026-01-01T00:00:{:02}.000000Z"
    return [
        Event(kind, row, who, time.format(seq), label, payload=more, seq=seq, kept=time.format(seq))
        for seq, (kind, row, who, label, more) in enumerate(rows, 1)
    ]


TWO = [("label", "7", "amy", "bug", {}), ("label", "7", "raj", "billing", {})]
AGREED = ("consensus", "7", "", "bug", {"model": 1, "position": 2})


@pytest.mark.parametrize(
    ("resolve", "more", "label"),
    [
        ("crowdlab", [], None),  # until a model is trained most decide, and here two differ
        ("crowdlab", [AGREED], "bug"),
        ("majority", [AGREED], None),
        ("latest", [AGREED], "billing"),
        # Somebody has answered since: most decide until the next model.
        ("crowdlab", [AGREED, ("label", "7", "eve", "billing", {})], "billing"),
        ("crowdlab", [("label", "7", "eve", "billing", {}), AGREED], "billing"),  # answered while the model was trained
        ("crowdlab", [AGREED, ("retract", "7", "amy", None, {})], "billing"),
        ("crowdlab", [AGREED, ("flag", "7", "amy", None, {})], "bug"),  # a remark is no answer
        ("crowdlab", [("consensus", "7", "", "how-to", {"model": 1, "position": 2})], None),  # nobody said that
        ("crowdlab", [AGREED, ("consensus", "7", "", "billing", {"model": 2, "position": 2})], "billing"),
        ("crowdlab", [AGREED, ("review", "7", "eve", "how-to", {})], "how-to"),
    ],
)
def test_a_consensus_holds_until_somebody_answers(resolve, more, label):
    answers = fold(said(*TWO, *more), spec_of("bug", "billing", "how-to", resolve=resolve))
    assert answers.labels.get("7") == label
    assert answers.given == 2 + sum(each[2] == "eve" and each[0] == "label" for each in more) - any(
        each[0] == "retract" for each in more
    )
    assert "" not in answers.by_annotator
    if label in ("bug", "billing"):
        assert answers.decided["7"].annotator  # the label is somebody's


def test_a_summary_is_the_fold_of_the_log(tmp_path):
    spec = spec_of("bug", "billing", resolve="crowdlab")
    store = store_with(tmp_path / "x", [str(row) for row in range(2000)], spec=spec)
    for who, label in (("amy", "bug"), ("raj", "billing")):
        store.append(Event("label", str(row), who, "", label) for row in range(2000))
    assert len(summary(store, spec).disputed) == 2000  # and is written to its file
    position = store.position
    store.append(Event("consensus", str(row), "", "", "bug", payload={"position": position}) for row in range(10))
    assert summary(store, spec).labels == fold(store.events(), spec).labels == dict.fromkeys(map(str, range(10)), "bug")
    assert not summary(store, spec, position).labels


def test_votes_that_are_weighed():
    rows = [*TWO, ("label", "8", "amy", "bug", {}), ("reject", "8", "raj", None, {}), ("label", "9", "amy", "bug", {})]
    rows += [("label", "5", "amy", "bug", {}), ("review", "5", "eve", "bug", {}), ("label", "6", "raj", "gone", {})]
    answers = fold(said(*rows), spec_of("bug", "billing", resolve="crowdlab"))
    votes = votes_of(answers, {"bug": 0, "billing": 1}, {"9"})
    assert votes == {"7": {"amy": 0, "raj": 1}}
    assert labels_of({"7": {"amy": 0, "raj": 1}, "8": {"raj": 0}}).tolist()[0] == [0, 1]
    assert np.isnan(labels_of({"7": {"amy": 0}, "8": {"raj": 0}})).tolist() == [[False, True], [True, False]]
