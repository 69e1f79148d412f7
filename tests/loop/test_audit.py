"""The audit of a played loop: every number is computed again, plainly, from the pool and from what was said."""

import json
import math
from collections import Counter

import numpy as np
import pytest
from played_loop import CLASSES, Played

import shortlist as sl
from shortlist.loop.facts.drawn import Drawn, drawn_estimate

pytest.importorskip("sklearn")
stats = pytest.importorskip("scipy.stats")


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    found = Played(tmp_path_factory.mktemp("audit"))
    for _ in range(5):
        found.round()
    # Two more rounds that the last model has picked.
    models = len(found.loop._store.models())
    for _ in range(2):
        found.round(train=False)
    assert len(found.loop._store.models()) == models >= 3
    yield found
    found.loop.close()


@pytest.fixture(scope="module")
def audit(played):
    return played.loop.audit(show_text=True)


def wilson(k, n, z=1.959963984540054):
    middle, half = (k + z * z / 2) / (n + z * z), z * math.sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    return middle - half, middle + half


def check_share(share, k, n):
    assert share.rows == n
    if n:
        assert (share.value, share.low, share.high) == pytest.approx((k / n, *wilson(k, n)))


def groups_of(played):
    return {
        (column, name): {row for row, line in played.rows.items() if line[column] == name}
        for column in ("language", "channel")
        for name in {line[column] for line in played.rows.values()}
    }


def test_groups_have_the_shares_that_they_have(played, audit):
    picked = {pick.row for pick in played.picks("strategy", "floor", "rare")}
    asked = {pick.row for pick in played.picks()}
    labels, current = played.labels(), played.current()
    skipped = {row for row, _ in current} - set(played.table())
    assert len(picked) > 50
    assert skipped
    groups = groups_of(played)
    assert {(line.column, line.name) for line in audit.groups} == set(groups)
    for line in audit.groups:
        mine = groups[line.column, line.name]
        check_share(line.pool, len(mine), len(played.rows))
        check_share(line.picked, len(mine & picked), len(picked))
        check_share(line.labelled, len(mine & set(labels)), len(labels))
        check_share(line.skipped, len(mine & skipped), len(mine & asked))
        by_round = []
        for each in played.loop._store.rounds():
            rows = {p.row for p in played.loop._store.picks(each.number) if p.share in ("strategy", "floor", "rare")}
            by_round.append(len(rows & mine) / len(rows) if rows else math.nan)
        assert line.trend == pytest.approx(by_round, nan_ok=True)


def test_groups_are_tested_against_picking_in_proportion(played, audit):
    picked = {pick.row for pick in played.picks("strategy", "floor", "rare")}
    plain = {}
    for key, mine in groups_of(played).items():
        if len(mine) >= 20:
            law = stats.hypergeom(len(played.rows), len(mine), len(picked))
            k = len(mine & picked)
            plain[key] = min(1.0, 2 * min(law.cdf(k), law.sf(k - 1)))
    ordered = sorted(plain, key=plain.__getitem__)
    holm, worst = {}, 0.0
    for rank, key in enumerate(ordered):
        worst = holm[key] = max(worst, min(1.0, plain[key] * (len(ordered) - rank)))
    for line in audit.groups:
        assert line.p == pytest.approx(plain.get((line.column, line.name)))
        assert line.p_holm == pytest.approx(holm.get((line.column, line.name)))
    one = next(line for line in audit.groups if line.name == "fax")
    assert "too few to say" in one.said


def test_uncertainty_agreement_and_accuracy_of_groups(played, audit):
    said = played.probabilities()
    rows, places = played.validated()
    labels, table = played.labels(), played.table()
    right = {row: CLASSES[said[place].argmax()] == labels[row] for row, place in zip(rows, places, strict=True)}
    for line in audit.groups:
        mine = groups_of(played)[line.column, line.name]
        numbers = [int(row[2:]) for row in mine]
        assert line.uncertainty == pytest.approx(float((1 - said[numbers].max(axis=1)).mean()), abs=1e-6)
        own = [right[row] for row in rows if row in mine]
        if own:
            check_share(line.accuracy, sum(own), len(own))
            value = sum(own) / len(own) if len(own) >= 20 else 0.5
            n = line.rows_needed
            wide = [high - low for low, high in (wilson(value * size, size) for size in (n - 1, n))]
            assert wide[1] <= 0.1 < wide[0]
        twice = {row: given for row, given in table.items() if row in mine and len(given) > 1}
        assert line.agreement == (pytest.approx(alpha(twice)) if len(twice) >= 20 else None)


def alpha(table):
    """Krippendorff's alpha from its matrix of coincidences."""
    pairs = Counter()
    for given in table.values():
        values = list(given.values())
        for i, one in enumerate(values):
            for j, other in enumerate(values):
                if i != j:
                    pairs[one, other] += 1 / (len(values) - 1)
    totals = Counter()
    for (one, _), count in pairs.items():
        totals[one] += count
    n = sum(totals.values())
    seen = sum(count for (one, other), count in pairs.items() if one != other)
    chance = sum(totals[a] * totals[b] for a in totals for b in totals if a != b) / (n - 1)
    return 1 - seen / chance


def test_people(played, audit):
    table, labels, current = played.table(), played.labels(), played.current()
    twice = {row: given for row, given in table.items() if len(given) > 1}
    assert audit.people.twice == len(twice) > 40
    assert audit.people.alpha == pytest.approx(alpha(twice))
    agree = [
        np.mean([a == b for i, a in enumerate(given) for b in given[:i]])
        for given in (list(each.values()) for each in twice.values())
    ]
    check_share(audit.people.agreement, sum(agree), len(agree))
    assert {who.name for who in audit.people.annotators} == {"amy", "raj", "zoe", "bot"}
    for who in audit.people.annotators:
        mine = {row: given[who.name] for row, given in table.items() if who.name in given}
        assert who.labels == len(mine)
        assert who.skips == sum(label == "skip" for (_, name), label in current.items() if name == who.name)
        others = [
            np.mean([label == mine[row] for name, label in table[row].items() if name != who.name])
            for row in mine
            if len(table[row]) > 1
        ]
        check_share(who.agrees, sum(others), len(others))
        resolved = [labels[row] == mine[row] for row in mine if len(table[row]) > 1 and row in labels]
        check_share(who.resolved, sum(resolved), len(resolved))
        counts = Counter(mine.values())
        assert counts[who.most] == max(counts.values())
        assert who.most_share == pytest.approx(counts[who.most] / len(mine))
    bot = next(who for who in audit.people.annotators if who.name == "bot")
    assert audit.people.odd
    assert f"bot answered all {bot.labels} rows billing" in audit.people.odd
    assert any("bot answered all" in each.said for each in audit.look_at)


def test_disputed_rows_are_a_queue_of_their_own(played, audit):
    table, labels = played.table(), played.labels()
    disputed = sorted(set(table) - set(labels))
    assert len(disputed) > 3
    assert [row.id for row in audit.people.disputes] == disputed
    assert {row.id: row.answers for row in audit.people.disputes} == {row: table[row] for row in disputed}
    assert audit.people.disputes[0].shown == {"body": played.rows[disputed[0]]["body"]}
    assert [row.id for row in played.loop.disputes()] == disputed
    assert played.loop.disputes()[0].shown == {}


def test_how_common_each_class_is(played, audit):
    labels = played.labels()
    rows, _ = played.validated()
    given = Counter(label for label in played.current().values() if label != "skip")
    for line in audit.classes:
        k, n = sum(labels[row] == line.name for row in rows), len(rows)
        assert (line.found, line.rows, line.share) == (k, n, pytest.approx(k / n))
        assert line.labelled == list(labels.values()).count(line.name)
        assert line.given == given[line.name]
        if k:
            ends = stats.beta.ppf(0.025, k, n - k + 1), stats.beta.ppf(0.975, k + 1, n - k)
            assert (line.low, line.high) == pytest.approx(ends)
        else:
            assert (line.low, line.high) == (0.0, pytest.approx(3 / n))
            assert line.said == f"below {3 / n:.1%}"
    assert audit.never_given == ["spam"]
    assert any("'spam'" in each.said for each in audit.look_at)


def test_whether_the_score_finds_errors(played, audit):
    rows, places = played.validated()
    labels, said = played.labels(), played.probabilities()[places].astype(np.float64)
    wrong = np.array([CLASSES[code] != labels[row] for row, code in zip(rows, said.argmax(axis=1), strict=True)])
    two = np.sort(said, axis=1)[:, -2:]
    score = two[:, 0] - two[:, 1]  # the smaller the margin, the sooner a row is picked
    above = [(a > b) + (a == b) / 2 for a in score[wrong] for b in score[~wrong]]
    assert audit.score.auroc == pytest.approx(np.mean(above), abs=1e-3)
    assert (audit.score.rows, audit.score.errors) == (len(rows), wrong.sum())


def test_suspects_are_those_that_nobody_looked_at_again(played, audit):
    store = played.loop._store
    model = store.models()[-1]
    later = {event.row for event in store.events(model.position)}
    expected = [row for row in model.estimate["suspects"] if row not in later]
    assert [row.id for row in audit.suspects] == expected
    assert all(row.label == played.labels().get(row.id) for row in audit.suspects)
    assert expected
    assert set(audit.texts) >= set(expected)


def test_the_model_on_rows_that_it_picked(played, audit):
    store, labels, said = played.loop._store, played.labels(), played.probabilities()
    model = store.models()[-1]
    rounds = [each for each in store.rounds() if each.model == model.number and each.state == "closed"]
    assert len(rounds) >= 2
    estimates, known = [], []
    for each in rounds:
        picks = [p for p in store.picks(each.number) if p.share in ("explore", "strategy") and p.row in labels]
        wrong = {p.row: CLASSES[said[p.index].argmax()] != labels[p.row] for p in picks}
        explored = []
        for place, pick in enumerate(p for p in picks if p.share == "explore"):
            left = each.decided["candidates"] - place
            total = left * wrong[pick.row] + sum(known) + sum(explored)
            estimates.append(total / (left + len(known) + len(explored)))
            explored.append(wrong[pick.row])
        known += wrong.values()
    assert audit.picked.model == model.number
    assert (audit.picked.rows, audit.picked.random) == (len(known), len(estimates))
    assert audit.picked.value == pytest.approx(1 - np.mean(estimates))
    assert (audit.picked.low, audit.picked.high) == pytest.approx(
        wilson(audit.picked.value * len(estimates), len(estimates))
    )


def test_the_estimate_on_picked_rows_is_true_on_average():
    """Rows that the strategy takes are mostly wrong, and the naive mean is far off."""
    rng = np.random.default_rng(0)
    score = rng.random(800)
    wrong = rng.random(800) < 0.05 + 0.6 * score**2
    found, naive = [], []
    for _ in range(600):
        closed, rounds, seen = np.zeros(800, bool), [], []
        for _ in range(2):
            candidates = int((~closed).sum())
            explored = rng.choice(np.flatnonzero(~closed), 12, replace=False)
            closed[explored] = True
            order = np.argsort(-score)
            picked = order[~closed[order]][:48]
            closed[picked] = True
            rows = np.concatenate([explored, picked])
            rounds.append((~wrong[rows], np.arange(60) < 12, candidates))
            seen += rows.tolist()
        found.append(drawn_estimate(1, rounds).value)
        naive.append(1 - wrong[seen].mean())
    truth = 1 - wrong.mean()
    assert abs(np.mean(found) - truth) < 4 * np.std(found) / math.sqrt(len(found))
    assert abs(np.mean(naive) - truth) > 0.2


def test_too_few_random_rows_are_no_estimate():
    said = drawn_estimate(3, [([True] * 30, [True] * 19 + [False] * 11, 500)])
    assert said.startswith("too few to say: 19 of the 30")
    assert isinstance(drawn_estimate(3, [([True] * 30, [True] * 20 + [False] * 10, 500)]), Drawn)
    assert drawn_estimate(3, []) == "no closed round was picked by model 3 yet"


def test_the_audit_as_text_and_as_json(played, audit):
    text = str(audit)
    for part in (
        "language=pt",
        "bot answered all",
        "Krippendorff's alpha",
        "below",
        "AUROC",
        "rows of the pool were read",
    ):
        assert part in text
    plain = json.loads(dumps(audit))
    assert plain["disputes"] == [row.as_dict() for row in audit.people.disputes]
    assert plain["groups"][0]["p_holm"] == audit.groups[0].p_holm
    assert plain["estimate"]["rows"] == len(played.validated()[0])
    assert plain["picked"]["said"] == audit.picked.said


def dumps(audit):
    from shortlist.writing import json_text

    return json_text(audit.as_dict())


def test_an_audit_of_a_loop_before_its_first_answer(tmp_path):
    loop = Played(tmp_path, rows=100).loop
    for _ in range(2):
        found = loop.audit()
        assert (found.model, found.accuracy, found.regions, found.people.annotators) == (None, None, [], [])
        assert [line.said for line in found.classes] == ["not known: no validation rows yet"] * 4
        assert found.look_at == []
        assert "nothing stands out" in str(found)
        json.loads(dumps(found))
        loop.next()


def test_a_strategy_without_a_score_says_so(tmp_path):
    played = Played(tmp_path, strategy="random", rows=200)
    played.round()
    found = played.loop.audit()
    assert found.score == "random gives a row no score of its own"


@pytest.fixture
def far(tmp_path):
    """Play a pool of two heaps, of which people skip the far one."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3))
    X[450:] += 60
    lines = [f"{row},{x[0]},{x[1]},{x[2]}" for row, x in enumerate(X)]
    (tmp_path / "pool.csv").write_text("\n".join(["id,x,y,z", *lines]) + "\n")
    (tmp_path / "x.toml").write_text("""
loop = 1
name = "heaps"
classes = ["a", "b"]
[pool]
path = "pool.csv"
id = "id"
features = ["x", "y", "z"]
[seed]
rows = 200
[retrain]
when = "growth:0.25"
[stop]
when = "budget:1000"
""")
    loop = sl.Loop.init(tmp_path / "x.toml", tmp_path / "loop")
    rows = loop.next().ids
    loop.ingest(
        [
            {"id": row, "skip": "yes"} if int(row) >= 450 else {"id": row, "label": "ab"[int(X[int(row), 0] > 0)]}
            for row in rows
        ]
    )
    return loop


def test_regions_without_a_label(far):
    found = far.audit()
    outside = ~far._ground.held.mask
    regions = [region for region in found.regions if int(region.examples[0]) >= 450]
    assert all(int(row) >= 450 for region in regions for row in region.examples)
    assert sum(region.rows for region in regions) == outside[450:].sum()
    assert sum(region.share for region in regions) == pytest.approx(outside[450:].sum() / outside.sum())
    assert min(region.distance for region in regions) > 20
    assert found.looked_at == outside.sum()
    assert far.audit().regions == found.regions


# Through the command.


@pytest.fixture
def run(played, monkeypatch):
    testing = pytest.importorskip("click.testing")
    from shortlist.cli.loop import loop_command

    monkeypatch.chdir(played.loop.folder)
    monkeypatch.setenv("COLUMNS", "250")

    def call(*words):
        done = testing.CliRunner().invoke(loop_command, list(words))
        assert done.exit_code == 0, done.output
        return done.output

    return call


def test_the_command(run, played, audit):
    text = run("audit")
    for section in (
        "Groups",
        "Classes",
        "People",
        "Disputed rows",
        "Suspect labels",
        "The last model",
        "What was read",
    ):
        assert section in text
    body = played.rows[audit.suspects[0].id]["body"]
    assert body not in text
    assert body in run("audit", "--show-text")
    assert json.loads(run("audit", "--json"))["people"]["twice"] == audit.people.twice


def test_the_command_lists_all_disputes(run, played):
    disputed = played.loop.disputes()
    text = run("audit", "--disputes")
    assert all(row.id in text for row in disputed)
    assert [row["id"] for row in json.loads(run("audit", "--disputes", "--json"))] == [row.id for row in disputed]


def test_equal_rows_count_as_often_as_there_are_of_them(tmp_path):
    """Every third row has a twin or two; people are asked about one of each."""
    rng = np.random.default_rng(0)
    bodies, copies = [], []
    for number in range(300):
        label = "ab"[number % 2]
        copies.append(1 + number % 3)
        bodies += [" ".join([*rng.choice(["pay", "crash"], 2), label * 3, f"n{number}"])] * copies[-1]
    order = rng.permutation(len(bodies))
    (tmp_path / "pool.csv").write_text("id,body\n" + "".join(f"{at},{bodies[row]}\n" for at, row in enumerate(order)))
    (tmp_path / "x.toml").write_text("""
loop = 1
name = "twins"
classes = ["a", "b", "c"]
[pool]
path = "pool.csv"
id = "id"
text = "body"
[seed]
rows = 150
[round]
mix = { explore = 0.2, validation = 0.6 }
[validation]
share = 0.3
[retrain]
when = "growth:0.25"
[stop]
when = "budget:1000"
""")
    loop = sl.Loop.init(tmp_path / "x.toml", tmp_path / "loop")
    body = {str(at): bodies[row] for at, row in enumerate(order)}
    loop.ingest({row: "a" if "aaa" in body[row] else "b" for row in loop.next().ids}, annotator="amy")
    rows = [pick.row for pick in loop._store.picks(1) if pick.share == "validation"]
    weights = np.array([list(body.values()).count(body[row]) for row in rows], dtype=float)
    mine = np.array(["aaa" in body[row] for row in rows])
    assert set(weights) == {1.0, 2.0, 3.0}
    line, _, none = loop.audit().classes
    share = weights[mine].sum() / weights.sum()
    n = weights.sum() ** 2 / (weights**2).sum()  # as many rows of weight 1 tell as much
    k = share * n
    assert (line.found, line.rows) == (mine.sum(), len(rows))
    assert line.share == pytest.approx(share)
    assert (line.low, line.high) == pytest.approx(
        (stats.beta.ppf(0.025, k, n - k + 1), stats.beta.ppf(0.975, k + 1, n - k))
    )
    assert none.said == f"below {3 / n:.1%}"
