"""Plans of rounds: the shares add up, nothing leaks, and the same inputs give the same picks."""

import json
from collections import Counter

import numpy as np
import pytest
from loop_specs import tickets

from shortlist.loop.errors import LoopError
from shortlist.loop.planning import plan
from shortlist.loop.pool import open_pool, stratum
from shortlist.loop.pool.features import Features

CLASSES = 3


class Project:
    """A pool of tickets with its stratum, features and the answers of a model that was never there."""

    def __init__(self, folder, **parts):
        self.spec, self.truth = tickets(folder, **parts)
        self.pool = open_pool(self.spec)
        self.held = stratum(self.pool, 0, 0.15, 2000)
        self.features = Features.fit(self.pool, self.held.mask, 0)
        rng = np.random.default_rng(1)
        self.members = rng.dirichlet(np.ones(CLASSES), (3, self.pool.rows)).astype(np.float32)
        self.said = self.members[0]

    def plan(self, *, cold=False, **options):
        given = {"answers": {}, "taken": set(), "features": self.features, "round_number": 1 if cold else 2}
        if not cold:
            given.update(probabilities=self.said, members=self.members)
        return plan(self.spec, self.pool, self.held, **{**given, **options})


def shares_of(made):
    return Counter(pick.share for pick in made.picks)


MIX = {"rows": 40, "explore": 0.1, "validation": 0.15}


@pytest.mark.parametrize("how", ["random", "k_center", "typiclust", "stratified:language"])
def test_the_first_round(tmp_path, how):
    project = Project(tmp_path, seed={"rows": 30, "how": how}, round=MIX)
    made = project.plan(cold=True)
    assert shares_of(made) == {"seed": 26, "validation": 4}
    assert [pick.rank for pick in made.picks] == list(range(1, 31))
    rows = [pick.index for pick in made.picks]
    assert len(set(rows)) == 30
    assert project.pool.id_of(rows) == [pick.row for pick in made.picks]
    assert [project.held.mask[pick.index] for pick in made.picks] == [pick.share == "validation" for pick in made.picks]
    if how.startswith("stratified"):
        pt = sum(pick.index % 10 == 0 for pick in made.picks if pick.share == "seed")
        assert pt in (2, 3)
    assert project.plan(cold=True) == made


def test_a_search_finds_the_first_examples(tmp_path):
    project = Project(tmp_path, seed={"rows": 10, "search": {"a": ("NUMBER77",), "b": ("number9",)}})
    found = [pick for pick in project.plan(cold=True).picks if "searched" in pick.why]
    texts = [project.pool.raw([pick.index])[0] for pick in found]
    assert 1 <= len(found) <= 5
    assert all("number77" in text or "number9" in text for text in texts)
    assert any("searched for 'b'" in pick.why for pick in found)


NAMES = ["margin", "entropy", "least_confident", "bald", "vote_entropy", "random", "k_center", "kmeans_plus_plus"]
NAMES += ["typiclust", "herding", "ranked_batch", "diverse_uncertain", "badge", "cluster_margin"]


@pytest.mark.parametrize("strategy", NAMES)
def test_every_strategy_by_name(tmp_path, strategy):
    project = Project(tmp_path, round={**MIX, "strategy": strategy})
    answers = {f"T-{row}": project.truth[f"T-{row}"] for row in range(0, 60, 2)}
    made = project.plan(answers=answers, taken={"T-1"})
    assert shares_of(made) == {"strategy": 30, "explore": 4, "validation": 6}
    rows = {pick.index for pick in made.picks}
    assert len(rows) == 40
    assert not rows & {*range(0, 60, 2), 1}
    assert not project.held.mask[[pick.index for pick in made.picks if pick.share != "validation"]].any()
    assert project.plan(answers=answers, taken={"T-1"}, n_threads=1) == made
    json.dumps(made.decided, allow_nan=False)


def test_a_measure_picks_what_select_picks(tmp_path):
    import shortlist as sl

    project = Project(tmp_path, round={"rows": 25})
    path = tmp_path / "probs.npy"
    np.save(path, project.said)
    made = project.plan(probabilities=path)
    expected = sl.select(project.said, "margin", 25, exclude=project.held.mask)
    assert [pick.index for pick in made.picks] == expected.indices.tolist()
    assert [pick.score for pick in made.picks] == expected.scores.tolist()
    assert made.decided["reach"][0] == [made.picks[0].row, made.picks[0].score]
    assert len(made.decided["reach"]) > 25


def test_of_equal_scores_the_first_are_not_preferred(tmp_path):
    project = Project(tmp_path, round={"rows": 60})
    project.said[:] = 1 / CLASSES
    rows = [pick.index for pick in project.plan().picks]
    assert min(rows) < 100
    assert max(rows) > 300
    assert rows != [pick.index for pick in project.plan(round_number=3).picks]


def test_a_function_of_the_users(tmp_path):
    (tmp_path / "my_measures.py").write_text("def second(block):\n    return block[:, 1]\n")
    project = Project(tmp_path, round={"rows": 5, "strategy": "my_measures:second"})
    open_rows = np.where(project.held.mask, -1, project.said[:, 1])
    assert [pick.index for pick in project.plan().picks] == np.argsort(-open_rows, kind="stable")[:5].tolist()
    project = Project(tmp_path, round={"rows": 5, "strategy": "my_measures:third"})
    with pytest.raises(LoopError, match=r"strategy is 'my_measures:third', and my_measures has no 'third'"):
        project.plan()


def test_fractions_are_carried_over(tmp_path):
    project = Project(tmp_path, round={"rows": 10, "explore": 0.25, "validation": 0.0})
    counts, carry = [], {}
    for number in range(2, 6):
        made = project.plan(carry=carry, round_number=number)
        counts.append(shares_of(made)["explore"])
        carry = made.decided["carry"]
    assert counts == [2, 3, 2, 3]


def test_chance_is_written_down(tmp_path):
    project = Project(tmp_path, round={"rows": 10, "explore": 0.2})
    made = project.plan()
    n = made.decided["candidates"]
    explored = [pick.propensity for pick in made.picks if pick.share == "explore"]
    assert explored == pytest.approx([0.2 / n, 0.2 / (n - 1)])
    best = next(pick.propensity for pick in made.picks if pick.share == "strategy")
    assert best == pytest.approx(0.8 + 0.2 / (n - 2))
    project = Project(tmp_path, round={"rows": 10})
    assert {pick.propensity for pick in project.plan().picks} == {None}
    project = Project(tmp_path, round={"rows": 10, "explore": 0.2, "strategy": "random"})
    chance = next(pick.propensity for pick in project.plan().picks if pick.share == "strategy")
    assert chance == pytest.approx(1 / (n - 2))


@pytest.mark.parametrize("diverse", [None, {"rule": "k_center", "among": 60}])
@pytest.mark.parametrize("strategy", ["margin", "random"])
def test_each_group_gets_its_least_share(tmp_path, strategy, diverse):
    project = Project(tmp_path, round={"rows": 40, "floor": 1.0, "strategy": strategy, "diverse": diverse})
    project.said[::10] = [0.98, 0.01, 0.01]
    made = project.plan()
    assert sum(pick.index % 10 == 0 for pick in made.picks) >= 4
    assert len(made.picks) == 40
    if strategy == "margin" and not diverse:
        floor = [pick for pick in made.picks if pick.share == "floor"]
        assert [pick.index % 10 for pick in floor] == [0, 0, 0, 0]
        assert {pick.why for pick in floor} == {"the least share of language=pt"}


def test_diverse_rows_are_among_the_best(tmp_path):
    project = Project(tmp_path, round={"rows": 10, "diverse": {"rule": "k_center", "among": 50}})
    made = project.plan()
    margins = np.sort(project.said, axis=1)
    order = np.argsort(np.where(project.held.mask, 9, margins[:, -1] - margins[:, -2]), kind="stable")
    rows = [pick.index for pick in made.picks]
    assert set(rows) <= set(order[:50].tolist())
    assert set(rows) != set(order[:10].tolist())


def test_weights_of_rows(tmp_path):
    project = Project(tmp_path, round={"rows": 10, "weight": "value"})
    ordered = np.sort(project.said, axis=1)
    scores = (1 - (ordered[:, -1] - ordered[:, -2])) * (np.arange(400) % 7)
    scores[project.held.mask] = -1
    assert {pick.index for pick in project.plan().picks} == set(np.argsort(-scores)[:10].tolist())


def test_rare_classes(tmp_path):
    parts = {"rows": 20, "rare_classes": ("b",), "rare_share": 0.5}
    project = Project(tmp_path, round=parts)
    made = project.plan(answers={"T-1": "b"})
    rare = [pick for pick in made.picks if pick.share == "rare"]
    open_rows = np.where(project.held.mask | (np.arange(400) == 1), -1, project.said[:, 1])
    assert {pick.index for pick in rare if "likely" in pick.why} == set(np.argsort(-open_rows)[:5].tolist())
    assert Counter(pick.why for pick in rare) == {"likely 'b'": 5, "on the border of 'b'": 5}
    # A class that was added since the model.
    project.spec.classes = ("a", "b", "c", "d")
    project.spec.round.rare_classes = ("d",)
    assert shares_of(project.plan(answers={"T-1": "d"})) == {"strategy": 20}
    project.spec.round.rare_classes = ("b",)
    # Before any example, and with nothing to search for, the strategy has these rows.
    assert shares_of(project.plan()) == {"strategy": 20}
    project = Project(tmp_path, round=parts, seed={"search": {"b": ("number333", "number222", "number111")}})
    whys = Counter(pick.why for pick in project.plan().picks if pick.share == "rare")
    assert set(whys) == {"a word that is searched for 'b'", "like those with a word of 'b'"}
    assert whys.total() == 10


def test_suspects_come_back_and_some_rows_twice(tmp_path):
    project = Project(tmp_path, round={"rows": 20, "relabel": 0.1}, labels={"overlap": 0.25})
    held = project.pool.id_of(project.held.order[:1])
    outside = project.pool.id_of(np.flatnonzero(~project.held.mask)[:4])
    answers = dict.fromkeys([*held, *outside], "a")
    made = project.plan(answers=answers, suspects=[*held, *outside])
    assert [pick.row for pick in made.picks if pick.share == "relabel"] == outside[:2]
    again = [pick for pick in made.picks if pick.share == "overlap"]
    assert [pick.rank for pick in again] == [21, 22, 23, 24, 25]
    assert {pick.row for pick in again} <= {pick.row for pick in made.picks if pick.share == "strategy"}


def test_a_pool_that_runs_out_gives_what_is_left(tmp_path):
    project = Project(tmp_path, round={"rows": 40, "explore": 0.1, "validation": 0.5})
    taken = {f"T-{row}" for row in range(395)}
    made = project.plan(taken=taken)
    assert {pick.row for pick in made.picks} == {f"T-{row}" for row in range(395, 400)}
    assert project.plan(taken=set(project.truth)).picks == []
    assert project.plan(taken=set(project.truth), cold=True).picks == []


def test_rows_that_were_appended_wait_for_the_next_model(tmp_path):
    project = Project(tmp_path, round={"rows": 10})
    made = project.plan(probabilities=project.said[:300], members=None)
    assert all(pick.index < 300 for pick in made.picks)


@pytest.mark.parametrize(("strategy", "message"), [("bald", "compares several models"), ("badge", None)])
def test_a_committee_is_needed_for_its_measures(tmp_path, strategy, message):
    project = Project(tmp_path, round={"rows": 10, "strategy": strategy})
    if message is None:
        assert len(project.plan(members=None).picks) == 10
        return
    with pytest.raises(LoopError, match=message):
        project.plan(members=None)
