"""Agreement of people: published examples, the definition pair by pair, the table of annotators."""

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortlist.loop.facts.agreement import annotator_table, krippendorff_alpha, labelled_twice, raw_agreement
from shortlist.loop.facts.intervals import wilson

FOUR = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def table(*observers):
    """One text for each observer; a dot is a label that is missing."""
    names = "ABCDEFGH"
    return {
        str(row): {names[i]: label for i, label in enumerate(labels) if label != "."}
        for row, labels in enumerate(zip(*observers, strict=True))
    }


@pytest.mark.parametrize(
    ("observers", "alpha"),
    [
        # Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", examples A, B and C (nominal).
        (("0100000010", "1110010000"), 0.095),
        (("aabbdcccedda", "babbbccceddd"), 0.692),
        (FOUR, 0.743),
    ],
)
def test_published_examples(observers, alpha):
    assert krippendorff_alpha(table(*observers)) == pytest.approx(alpha, abs=5e-4)


def by_pairs(labels):
    """The definition: disagreement of pairs within rows over that of pairs of all values."""
    rows = [list(row.values()) for row in labels.values() if len(row) > 1]
    values = list(itertools.chain(*rows))
    if len(values) < 2:
        return None
    within = sum(sum(a != b for a, b in itertools.permutations(row, 2)) / (len(row) - 1) for row in rows) / len(values)
    across = sum(a != b for a, b in itertools.permutations(values, 2)) / (len(values) * (len(values) - 1))
    return 1 - within / across if across else None


TABLES = st.dictionaries(
    st.text("0123456789", min_size=1, max_size=3),
    st.dictionaries(st.sampled_from(["amy", "raj", "zoe"]), st.sampled_from(["x", "y", None]), max_size=3),
    max_size=12,
)


@settings(deadline=None)
@given(TABLES)
def test_alpha_by_its_definition(labels):
    found, expected = krippendorff_alpha(labels), by_pairs(labels)
    assert (found is None) == (expected is None)
    if expected is not None:
        assert found == pytest.approx(expected, abs=1e-12)
    assert labelled_twice(labels) == sum(len(row) > 1 for row in labels.values())


def test_alpha_is_that_of_the_krippendorff_package():
    krippendorff = pytest.importorskip("krippendorff")
    data = [[float("nan") if c == "." else int(c) for c in observer] for observer in FOUR]
    theirs = krippendorff.alpha(reliability_data=data, level_of_measurement="nominal")
    assert krippendorff_alpha(table(*FOUR)) == pytest.approx(theirs)


def test_without_pairs_or_variety_there_is_no_alpha():
    assert krippendorff_alpha({}) is None
    assert krippendorff_alpha({"1": {"amy": "x"}, "2": {}}) is None
    assert krippendorff_alpha({"1": {"amy": "x", "raj": "x"}}) is None
    assert krippendorff_alpha({"1": {"amy": None, "raj": None}, "2": {"amy": "x", "raj": "x"}}) == 1


def test_raw_agreement_counts_each_row_once():
    labels = {"1": {"a": "x", "b": "x", "c": "y"}, "2": {"a": "x", "b": "x"}, "3": {"a": "x"}}
    found = raw_agreement(labels)
    assert (found.value, found.rows) == (pytest.approx((1 / 3 + 1) / 2), 2)
    assert (found.low, found.high) == pytest.approx(wilson(4 / 3, 2))
    assert raw_agreement({"3": {"a": "x"}}) is None


def test_a_line_for_each_person():
    labels = {str(i): {"amy": "xy"[i % 2]} for i in range(30)}
    for i in range(10):
        labels[str(i)]["raj"] = "x"
    labels["0"]["zoe"] = None
    resolved = {str(i): "xy"[i % 2] for i in range(1, 30)}
    amy, raj, zoe = annotator_table(labels, resolved, {"raj": 3, "zoe": 1})
    assert [(a.name, a.labels, a.skips) for a in (amy, raj, zoe)] == [("amy", 30, 0), ("raj", 10, 3), ("zoe", 1, 1)]
    # Row 0: amy x, raj x, zoe none of these; rows 1 to 9: y and x in turn.
    assert (amy.agrees.value, amy.agrees.rows) == (pytest.approx((0.5 + 4) / 10), 10)
    assert (zoe.agrees.value, zoe.agrees.rows) == (0, 1)
    assert (amy.resolved.value, amy.resolved.rows) == (1, 9)
    assert (raj.resolved.value, raj.resolved.rows) == (pytest.approx(4 / 9), 9)
    assert (raj.most, raj.most_share, amy.most, amy.most_share) == ("x", 1, "x", 0.5)
    assert [a.alike for a in (amy, raj, zoe)] == [False, False, False]
    assert annotator_table({}, skips={"raj": 2})[0].said == ""


def test_somebody_who_answers_everything_alike_is_named():
    labels = {str(i): {"raj": "x"} for i in range(20)}
    assert annotator_table(labels)[0].said == ""  # there may be nothing else
    labels["99"] = {"amy": "y"}
    assert [a.said for a in annotator_table(labels)] == ["raj answered all 20 rows x", ""]
    del labels["0"]
    assert annotator_table(labels)[0].said == ""


def test_somebody_who_disagrees_with_all_is_named():
    labels = {str(i): {"amy": "xy"[i % 2], "raj": "yx"[i % 2], "zoe": "xy"[i % 2]} for i in range(30)}
    said = {a.name: a.said for a in annotator_table(labels)}
    assert said["raj"] == "raj disagrees with others on most of 30 rows"
    counts = Counter(bool(text) for text in said.values())
    assert counts[True] == 1
