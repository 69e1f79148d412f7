"""Long work says how far it is: reading the pool, fitting each member, scoring the pool, going through its scores."""

import pytest
from a_project import answer, begin, play

import shortlist as sl

pytest.importorskip("sklearn")


def test_every_kind_of_long_work_is_told(tmp_path):
    begin(tmp_path, more="[model]\nmembers = 3\n", rounds='strategy = "vote_entropy"')
    told = []
    (tmp_path / "other").mkdir()
    loop = sl.Loop.init(tmp_path / "x.toml", tmp_path / "other" / "loop", progress=lambda *far: told.append(far))
    assert told == [(200, 200)]
    answer(loop, loop.next().ids)
    assert told[1:] == [(int((~loop._ground.held.mask).sum()),) * 2]  # texts whose words are counted
    told.clear()
    assert loop.train().labels == 16
    # Three members and five folds of 16 labels, and the pool.
    assert {total for _, total in told} == {8 * 16 + 200}
    assert [done for done, _ in told] == [*range(16, 8 * 16 + 1, 16), 8 * 16 + 200]
    told.clear()
    loop.next()
    assert told[-1] == (200, 200)


@pytest.mark.parametrize("model", ["members = 3", 'committee = ["logistic", "forest", "tfidf-logistic"]'])
@pytest.mark.parametrize("strategy", ["vote_entropy", "consensus_entropy", "max_disagreement"])
def test_a_committee_from_the_first_round_to_the_end(tmp_path, model, strategy):
    loop = begin(tmp_path, more=f"[model]\n{model}\n", rounds=f'strategy = "{strategy}"\nfloor = 0.5', stop="budget:80")
    play(loop, 4)
    assert loop.stop()
    models, rounds = loop._store.models(), loop._store.rounds()
    assert len(models) == 4
    assert all(each.estimate["members"] for each in models)
    assert [each.decided["strategy"] for each in rounds[1:]] == [strategy] * 3
    assert any(pick.share == "strategy" for pick in loop._store.picks(4))
