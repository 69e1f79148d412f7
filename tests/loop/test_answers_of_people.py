"""What the log says by now: the current answer of each person, and what a row's label is."""

import itertools
import random

import pytest
from a_loop import (
    SPEC,
    spec_of,
    specs,  # noqa: F401
    store_with,
)

from shortlist.loop.errors import LoopError
from shortlist.loop.store import Event, Store
from shortlist.loop.store.answers import fold
from shortlist.loop.store.retract import retract
from shortlist.loop.store.summary import summary

MINUTE = "2026-01-01T00:{:02}:00.000000Z"


def log(*said):
    """Return events as the log has them, from (kind or class, row, annotator, minute or None for a time of our own)."""
    events = []
    for seq, (what, row, annotator, minute, *more) in enumerate(said, 1):
        kind, label = (what, None) if what in ("reject", "skip", "retract", "review", "flag") else ("label", what)
        kept = MINUTE.format(30 + seq)
        time = kept if minute is None else MINUTE.format(minute)
        events.append(Event(kind, row, annotator, time, label, seq=seq, kept=kept, **(more[0] if more else {})))
    return events


def test_the_last_answer_of_each_person_counts():
    said = log(("bug", "a", "amy", 3), ("billing", "a", "amy", 5), ("bug", "a", "raj", 9), ("bug", "a", "amy", 4))
    answers = fold(said, SPEC)
    assert {pair: event.label for pair, event in answers.current.items()} == {
        ("a", "amy"): "billing",
        ("a", "raj"): "bug",
    }
    assert {who: event.label for who, event in answers.of_row("a").items()} == {"amy": "billing", "raj": "bug"}
    assert answers.of_row("b") == {}
    assert answers.by_annotator == {"amy": {"a": said[1]}, "raj": {"a": said[2]}}
    assert answers.disputed == ["a"]


def test_of_equal_times_the_later_in_the_log_counts():
    assert fold(log(("bug", "a", "amy", 3), ("billing", "a", "amy", 3)), SPEC).labels == {"a": "billing"}


def test_the_order_of_answers_with_times_does_not_matter():
    said = log(
        ("bug", "a", "amy", 1), ("billing", "a", "amy", 2), ("bug", "a", "raj", 3), ("bug", "a", "eve", 4),
        ("skip", "b", "amy", 5), ("How-to", "b", "raj", 6), ("reject", "c", "amy", 7), ("retract", "d", "amy", 9),
    )  # fmt: skip
    expected = fold(said, SPEC)
    assert expected.labels == {"a": "bug", "b": "How-to"}
    for n in range(20):
        mixed = random.Random(n).sample(said, len(said))
        found = fold([event._replace(seq=seq) for seq, event in enumerate(mixed, 1)], SPEC)
        assert list(found.labels.items()) == list(expected.labels.items())
        assert (found.rejected, found.skipped, found.disputed, found.given) == (["c"], [], [], 5)


@pytest.mark.parametrize(
    ("resolve", "votes", "label", "disputed"),
    [
        ("majority", ["bug", "billing", "bug"], "bug", False),
        ("majority", ["bug", "billing"], None, True),
        ("majority", ["bug", "reject", "reject"], None, False),
        ("majority", ["bug", "billing", "reject"], None, True),
        ("majority", ["skip", "bug", "skip"], "bug", False),
        ("latest", ["bug", "bug", "billing"], "billing", False),
        ("reviewer", ["bug", "bug"], "bug", False),
        ("reviewer", ["bug", "bug", "billing"], None, True),
    ],
)
def test_several_answers_are_resolved(resolve, votes, label, disputed):
    said = log(*((vote, "a", f"p{n}", n) for n, vote in enumerate(votes)))
    answers = fold(said, spec_of("bug", "billing", resolve=resolve))
    assert answers.labels.get("a") == label
    assert answers.disputed == ["a"] * disputed
    assert answers.rejected == ["a"] * (label is None and not disputed)
    assert len(answers.labels) + len(answers.disputed) + len(answers.rejected) == 1
    assert answers.given == len(votes) - votes.count("skip")


@pytest.mark.parametrize("resolve", ["majority", "latest", "reviewer"])
def test_a_review_decides(resolve):
    said = log(("bug", "a", "amy", 1), ("billing", "a", "raj", 2), ("bug", "b", "amy", 1), ("review", "b", "eve", 3))
    said.append(Event("review", "a", "eve", MINUTE.format(0), "How-to", seq=9))
    answers = fold(said, spec_of("bug", "billing", "How-to", resolve=resolve))
    assert (answers.labels, answers.rejected, answers.disputed) == ({"a": "How-to"}, ["b"], [])
    assert sorted(answers.reviews) == ["a", "b"]
    assert answers.given == 3


def test_a_review_can_be_taken_back():
    said = [Event("review", "a", "eve", MINUTE.format(0), "bug", seq=1), *log(("bug", "b", "amy", 1))]
    taken = [*said, Event("retract", "a", "eve", MINUTE.format(50), seq=3, kept=MINUTE.format(50))]
    assert fold(said, SPEC).labels == {"a": "bug", "b": "bug"}
    assert fold(taken, SPEC).labels == {"b": "bug"}


def test_an_unknown_way_to_resolve_is_said():
    with pytest.raises(
        LoopError, match=r"\[labels\] resolve is 'loudest'; accepted here are majority, latest, reviewer"
    ):
        fold([], spec_of("a", resolve="loudest"))


def test_skips_imports_and_what_was_taken_back_are_no_answers_given():
    imported = {"source": "import"}
    said = log(
        ("bug", "a", "old", 0, imported), ("bug", "b", "old", 0, imported), ("billing", "b", "amy", 1),
        ("skip", "c", "amy", 2), ("bug", "d", "amy", 3), ("retract", "d", "amy", None),
    )  # fmt: skip
    answers = fold(said, SPEC)
    assert answers.given == 1
    # What people say outweighs an import.
    assert answers.labels == {"a": "bug", "b": "billing"}
    assert answers.skipped == ["c"]
    assert ("d", "amy") not in answers.current


def test_a_label_is_given_once_a_round():
    rounds = [{"payload": {"round": number}} for number in (1, 1, 5)]
    said = log(
        *(
            (name, "a", "amy", n, more)
            for n, (name, more) in enumerate(zip(["bug", "billing", "bug"], rounds, strict=True))
        )
    )
    assert fold(said, SPEC).given == 2
    skipped = log(("bug", "a", "amy", 1, rounds[0]), ("skip", "a", "amy", 2, rounds[1]))
    assert fold(skipped, SPEC).given == 0


def test_a_class_that_was_appended_later_counts_from_then_on():
    said = log(("abuse", "a", "amy", 1))
    assert (fold(said, SPEC).labels, fold(said, SPEC).outside) == ({}, ["a"])
    assert fold(said, spec_of("billing", "bug", "How-to", "abuse")).labels == {"a": "abuse"}


def test_flags_are_remarks_and_no_answers():
    answers = fold(log(("flag", "a", "amy", 1), ("flag", "a", "raj", 2), ("bug", "a", "amy", 3)), SPEC)
    assert answers.flagged["a"].annotator == "raj"
    assert (answers.labels, answers.given) == ({"a": "bug"}, 1)


def test_rows_are_in_the_order_asked_for_or_that_of_their_ids():
    said = log(("bug", "c", "amy", 1), ("bug", "a", "amy", 2), ("bug", "b", "amy", 3))
    assert list(fold(said, SPEC).labels) == ["a", "b", "c"]
    assert list(fold(said, SPEC, order=["b", "z", "b"]).labels) == ["b", "a", "c"]


def test_a_clock_that_goes_back_does_no_harm(tmp_path, monkeypatch):
    clock = itertools.chain(["2026-01-02T00:00:00.000000Z"] * 3, itertools.repeat("2026-01-01T00:00:00.000000Z"))
    with store_with(tmp_path, ["a"]) as store:
        monkeypatch.setattr("shortlist.loop.store.events.now", lambda: next(clock))
        for name in ("bug", "billing", "bug", "How-to"):
            store.append([Event("label", "a", "amy", "", name)])
        assert fold(store.events(), SPEC).labels == {"a": "How-to"}
        assert [event.time[:10] for event in store.events()] == ["2026-01-02"] * 3 + ["2026-01-01"]
        # What was said at a time that the clock has not reached yet is taken back all the same.
        assert retract(store, "amy") == 1
        assert fold(store.events(), SPEC).labels == {}


def test_answers_are_taken_back_by_person_and_since_a_time(tmp_path):
    with store_with(tmp_path, ["a", "b", "c"]) as store:
        times = ("2026-01-01", "2026-01-02", "2030-01-01")
        export = [Event("label", row, "raj", time, "bug") for row, time in zip("abc", times, strict=True)]
        store.append([*export, Event("label", "c", "amy", "2026-01-05", "billing")])
        assert retract(store, "raj", since="2026-01-02T00:00:00+00:00") == 2
        assert retract(store, "raj", since="2026-01-02") == 0
        assert fold(store.events(), SPEC).labels == {"a": "bug", "c": "billing"}
        # An export of what was taken back brings nothing back.
        assert store.append(export) == (0, 3)
        assert retract(store, "raj", rows=["a", "z"]) == 1
        with pytest.raises(LoopError, match="since can't be read: its time is 'Monday'"):
            retract(store, "raj", since="Monday")
        assert sorted(fold(store.events(), SPEC).labels) == ["c"]


def same_as_the_fold(store, spec):
    found, answers = summary(store, spec), fold(store.events(), spec)
    assert list(found.labels.items()) == list(answers.labels.items())
    assert (found.given, found.position) == (answers.given, store.position)
    for name in ("rejected", "disputed", "skipped"):
        assert getattr(found, name) == getattr(answers, name), name
    return found


def test_a_summary_is_the_fold_whatever_of_it_was_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("shortlist.loop.store.summary.BEHIND", 7)
    mixed = random.Random(5)
    rows = [f"r{n}" for n in range(40)]
    with store_with(tmp_path / "loop", rows) as store:
        file = store.folder / "summary.json"
        for step in range(60):
            kind = mixed.choice(["label"] * 6 + ["reject", "skip", "retract", "review", "flag"])
            label = mixed.choice(SPEC.classes) if kind in ("label", "review") else None
            times = ["", f"2026-01-01T00:00:{mixed.randrange(60):02}Z"]
            said = (mixed.choice(rows), mixed.choice(["amy", "raj"]), mixed.choice(times), label)
            store.append([Event(kind, *said, payload={"round": mixed.choice([1, 2])})])
            same_as_the_fold(store, SPEC)
            if step == 30:
                assert file.exists()
                file.write_text("{}")
        # Another spec, and a log that has gone another way since.
        same_as_the_fold(store, spec_of(*SPEC.classes, resolve="latest", version="v2"))
        same_as_the_fold(store, SPEC)
        kept = store.backup(tmp_path / "kept")
        store.append(Event("label", row, "eve", "", "bug") for row in rows[:9])
        same_as_the_fold(store, SPEC)
        (kept / "summary.json").write_bytes(file.read_bytes())
        with Store.open(kept, copied=True) as other:
            other.append(Event("label", row, "eve", "", "billing") for row in rows[:20])
            same_as_the_fold(other, SPEC)


def test_a_summary_reads_only_what_is_new(tmp_path, monkeypatch):
    monkeypatch.setattr("shortlist.loop.store.summary.BEHIND", 1)
    with store_with(tmp_path, ["a", "b"]) as store:
        store.append(Event("label", f"r{n}", "amy", "", "bug") for n in range(50))
        summary(store, SPEC)
        store.append([Event("label", "r7", "amy", "", "billing")])
        read = []
        monkeypatch.setattr(
            "shortlist.loop.store.summary.fold", lambda events, spec: read.append(list(events)) or fold(read[-1], spec)
        )
        assert summary(store, SPEC).labels["r7"] == "billing"
        assert [len(events) for events in read] == [1, 2]
