"""What status says beside the keys that scripts rely on: who answered, the model before, and what to look at."""

import json
import re
import subprocess
import sys

import pytest
from played_loop import CLASSES, Played

import shortlist as sl

pytest.importorskip("sklearn")


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    found = Played(tmp_path_factory.mktemp("status"))
    for _ in range(5):
        found.round()
    yield found
    found.loop.close()


def lines(loop):
    return {line.split()[0]: line for line in loop.status_lines() if not line.startswith(" ")}


def test_the_last_model_over_the_one_before(played):
    rows, places = played.validated()
    labels = played.labels()
    last, before = (
        [CLASSES[code] == labels[row] for row, code in zip(rows, said[places].argmax(axis=1), strict=True)]
        for said in (played.probabilities(-1), played.probabilities(-2))
    )
    status = played.loop.status()
    over = status["over"]
    assert over["model"] == status["model"]["number"] - 1
    assert over["difference"] == pytest.approx((sum(last) - sum(before)) / len(rows))
    assert over["low"] < over["difference"] < over["high"]
    assert 0 < over["p"] <= 1
    size = f"{abs(over['difference']):.3f}"
    way = "over" if over["difference"] >= 0 else "under"
    assert re.search(
        rf"on {len(rows)} validation rows; {way} model {over['model']} by {size} \(", lines(played.loop)["accuracy"]
    )


@pytest.mark.parametrize(
    ("difference", "said"),
    [(0.018, "over model 5 by 0.018 (-0.004 to 0.040)"), (-0.018, "under model 5 by 0.018 (-0.004 to 0.040)")],
)
def test_a_model_may_be_worse(difference, said):
    from shortlist.loop.status import _over

    low, high = (-0.004, 0.040) if difference > 0 else (-0.040, 0.004)
    assert said in _over({"model": 5, "difference": difference, "low": low, "high": high})


def test_what_to_look_at_costs_no_audit(played):
    """It is kept when a model is trained; disputes and suspects are as they are now."""
    audit = played.loop.audit()
    bot = next(who for who in audit.people.annotators if who.name == "bot")
    found = sl.Loop(played.loop.folder).status()["look_at"]
    assert any("bot answered all" in line for line in found)
    assert bot.said in found
    assert f"{len(audit.people.disputes)} rows are disputed: shortlist loop audit --disputes" in found
    assert set(found) <= {each.said for each in audit.look_at}
    assert lines(played.loop)["look"].startswith("look at    ")
    assert re.search(r"\(and \d more: shortlist loop audit\)$", lines(played.loop)["look"])


def test_what_was_kept_of_another_state_is_not_shown(tmp_path):
    played = Played(tmp_path, rows=300)
    for _ in range(3):
        played.round()
    kept = played.loop.folder / "cache" / "look.json"
    old = json.loads(kept.read_text())
    assert any("bot answered all" in line for line in old["odd"])
    for spoiled in ("", "{", "[]", json.dumps(old | {"models": 99}), json.dumps(old | {"loop": "another"})):
        kept.write_text(spoiled)
        assert not any("bot answered all" in line for line in played.loop.status()["look_at"])
    kept.unlink()
    assert "look_at" in played.loop.status()
    played.loop.audit()
    assert json.loads(kept.read_text()) == old
    kept.unlink()
    assert played.loop.train() is None  # whoever trained the last model was killed before it was kept
    assert json.loads(kept.read_text()) == old


def test_who_has_answered_how_many_of_the_round(tmp_path):
    played = Played(tmp_path, rows=200)
    loop = played.loop
    assert loop.status()["people"] == {}
    rows = loop.next().ids
    assert lines(loop)["out"].endswith(": 0 answered, 0 skipped, 60 open")
    loop.ingest(dict.fromkeys(rows[:3], "bug"), annotator="raj")
    loop.ingest(dict.fromkeys(rows[3:8], "bug"), annotator="amy")
    loop.ingest([{"id": rows[9], "skip": "yes", "annotator": "amy"}])
    status = loop.status()
    assert status["people"] == {"amy": 5, "raj": 3}
    assert list(status["people"]) == ["amy", "raj"]
    said = lines(loop)["out"]
    assert re.fullmatch(
        r"out        60 rows in csv since \w+day \d+ \w+: 8 answered \(amy 5, raj 3\), 1 skipped, 51 open", said
    )
    for who in "bcde":
        loop.ingest({rows[20 + ord(who) - ord("a")]: "bug"}, annotator=who)
    assert "(amy 5, raj 3, b 1, c 1, 2 others)" in lines(loop)["out"]


def test_nobody_is_named_where_nobody_said_who(tmp_path):
    loop = Played(tmp_path, rows=200).loop
    loop.ingest(dict.fromkeys(loop.next().ids[:3], "bug"))
    assert loop.status()["people"] == {"": 3}
    assert ": 3 answered, 0 skipped" in lines(loop)["out"]


def test_the_second_estimate_is_shown_where_it_can_be_said(played):
    assert played.loop.status()["picked"] is None
    for _ in range(2):
        played.round(train=False)
    status = played.loop.status()
    found = played.loop.audit().picked
    assert status["picked"] == {
        "model": found.model, "value": found.value, "low": found.low, "high": found.high, "rows": found.rows,
        "random": found.random,
    }  # fmt: skip
    second = next(line for line in played.loop.status_lines() if line.startswith("           "))
    assert second.endswith(f"on what it picked: {found.random} rows drawn at random")


def test_a_group_that_is_served_worse_than_all_is_named():
    from shortlist.loop.auditing.tables import served_worse
    from shortlist.loop.facts.estimate import estimate

    truth = ["a"] * 200
    predicted = ["a"] * 150 + ["b"] * 10 + ["a"] * 10 + ["b"] * 20 + ["b"] * 10
    groups = ["en"] * 160 + ["pt"] * 30 + ["sv"] * 10  # of sv there are too few
    found = estimate(truth, predicted, groups={"language": groups}, classes=["a", "b"])
    said = served_worse(found)
    assert [each.text.split(" (")[0] for each in said] == ["language=pt: accuracy 0.333"]
    assert said[0].text.endswith("on 30, below that of all, 0.800")
    assert served_worse(None) == []


def test_a_look_at_a_loop_imports_no_more_than_it_needs():
    code = (
        "import sys, shortlist.loop.loop\n"
        "print(*(name for name in sys.modules if name.startswith(('shortlist.loop.', 'sklearn', 'scipy', 'xml'))))"
    )
    found = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())
    assert "shortlist.loop.status" in found
    for name in ("planning", "replay", "reporting", "finish", "learning", "playing"):
        assert f"shortlist.loop.{name}" not in found
    assert not found & {"sklearn", "scipy", "xml"}
