"""Rows that people are asked about again: suspects, with their labels held back or not, skips, and second labels."""

import pytest
from a_project import answer, begin, truth

from shortlist.loop.held import unconfirmed
from shortlist.loop.spec import SpecError

pytest.importorskip("sklearn")


def wrong(row):
    return "b" if truth(row) == "a" else "a"


def with_mistakes(loop, count=3):
    """Label the first rounds, some rows of them wrongly; return those that train."""
    picks = [pick for pick in loop._store.picks(loop.next().round) if pick.share != "validation"]
    bad = {pick.row for pick in picks[:count]}
    answer(loop, loop.next().ids, label=lambda row: wrong(row) if row in bad else truth(row))
    for _ in range(2):
        loop.run_once()
        answer(loop, loop.next().ids)
    return bad


HOLD = {"mix": ", relabel = 0.2", "more": '[check]\nissues = "builtin"\naction = "hold"\n'}


def relabelled(loop, number):
    return {pick.row for pick in loop._store.picks(number) if pick.share == "relabel"}


@pytest.mark.parametrize("hold", [False, True])
def test_suspects_come_back_and_are_confirmed_or_corrected(tmp_path, hold):
    more = HOLD["more"] if hold else HOLD["more"].replace("hold", "relabel")
    loop = begin(tmp_path, mix=HOLD["mix"], more=more)
    bad = with_mistakes(loop)
    loop.train(force=True)
    number = loop.next().round
    while not relabelled(loop, number):
        answer(loop, loop.next().ids)
        loop.run_once()
        number = loop.next().round
    back = relabelled(loop, number)
    found = set(unconfirmed(loop._store))
    assert bad & back
    held = loop.due().why
    assert ("suspect labels are held until confirmed" in held or "suspect label is held" in held) == hold
    rows = set(loop._ground.pool.id_of(loop._ground.training(loop._said().labels).rows))
    before = loop.train(force=True).labels
    assert before == len(rows) - (len(found & rows) if hold else 0)
    asked = loop.next()
    assert back <= set(asked.ids)
    # They never hold the round open, and an answer to them is one more.
    given = loop.status()["answers"]
    answer(loop, [row for row in asked.ids if row not in back])
    assert loop.status()["out"]["open"] == len(back)
    # As the round's file says it; without a round it would be what was said before.
    loop.ingest([{"id": row, "label": truth(row), "annotator": "amy", "round": number} for row in back])
    assert loop.status()["answers"] == given + len(asked)
    assert {row: loop.labels()[row] for row in back} == {row: truth(row) for row in back}
    assert not set(unconfirmed(loop._store)) & back
    assert all(loop.replay_all())


def test_a_row_that_is_suspected_again_is_held_again(tmp_path):
    loop = begin(tmp_path, **HOLD)
    answer(loop, loop.next().ids)
    store, model = loop._store, loop.train()
    row = next(pick.row for pick in store.picks(1) if pick.share != "validation")

    def another(*suspects):
        import dataclasses

        last = store.models()[-1]
        about = {**model.estimate, "suspects": list(suspects)}
        store.add_model(dataclasses.replace(model, number=last.number + 1, position=store.position, estimate=about))

    another(row)
    assert unconfirmed(store) == [row]
    assert loop.due().why.endswith("1 suspect label is held until confirmed")
    another()
    assert unconfirmed(store) == [row]  # the last model did not see it, and so can't clear it
    loop.ingest([{"id": row, "skip": True, "annotator": "bob"}])
    assert unconfirmed(store) == [row]
    at = store.position
    answer(loop, [row], annotator="bob")
    assert unconfirmed(store) == []
    assert unconfirmed(store, at) == [row]
    another(row)
    assert unconfirmed(store) == [row]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"more": '[check]\naction = "hold"\n', "mix": ", relabel = 0.1"}, "nothing looks for suspects"),
        ({"more": '[check]\nissues = "builtin"\naction = "hold"\n'}, "no row is sent back to be confirmed"),
    ],
)
def test_a_hold_that_nobody_could_end(tmp_path, parts, message):
    with pytest.raises(SpecError, match=rf"\[check\] action is .hold., and {message}"):
        begin(tmp_path, **parts)


@pytest.mark.parametrize("skips", ["again", "never again"])
def test_rows_that_were_skipped(tmp_path, skips):
    loop = begin(tmp_path, rows=30, more=f'[labels]\nskips = "{skips}"\n')
    first = loop.next()
    skipped = set(first.ids[:5])
    loop.ingest([{"id": row, "skip": True, "annotator": "amy"} for row in skipped])
    answer(loop, first.ids[5:])
    asked = []
    for _ in range(4):
        batch = loop.next()
        if batch is None:
            break
        asked += batch.ids
        out = loop.status()["out"]
        # What was skipped before is open again.
        assert (out["answered"], out["skipped"], out["open"]) == (0, 0, len(batch))
        answer(loop, batch.ids)
        loop.run_once()
    assert skipped & set(asked) == (skipped if skips == "again" else set())
    assert len(loop.labels()) == (30 if skips == "again" else 25)


def test_second_labels_of_a_round(tmp_path):
    loop = begin(tmp_path, more='[labels]\noverlap = 0.5\nresolve = "majority"\n', when="growth:0.25")
    batch = loop.next()
    answer(loop, batch.ids)
    again = loop.next(annotator="bob")
    assert len(again) == 10
    answer(loop, again.ids, annotator="bob", label=lambda row: wrong(row) if row == again.ids[0] else truth(row))
    assert loop._said().disputed == [again.ids[0]]
    assert loop.next(annotator="bob") is None
    # A dispute comes back to whoever labels the next rounds, where a share is for that.
    assert loop.labels().keys() == set(batch.ids) - {again.ids[0]}
