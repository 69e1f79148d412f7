"""`--format json`: one document on standard output and nothing else, by every command."""

import json

import click
import numpy as np
import oracles
import pytest

import shortlist as sl

pytest.importorskip("click")
pytest.importorskip("rich")

SPEC = """
loop = 1
name = "tickets"
classes = ["a", "b"]
[pool]
path = "tickets.csv"
id = "id"
text = "body"
[seed]
rows = 20
[validation]
share = 0.4
[retrain]
when = "growth:0.25"
[stop]
when = "budget:100"
"""
P = oracles.probabilities(np.random.default_rng(2), 300, 4, np.float32)


@pytest.fixture
def said(tmp_path, command):
    """Return what a command prints, as a program reads it."""
    np.save(tmp_path / "probs.npy", P)

    def call(*words):
        done = command(*words, "--format", "json")
        assert done.stderr == ""
        assert done.stdout.count("\n") == 1
        return json.loads(done.stdout, parse_constant=pytest.fail)

    return call


def every(group, words=()):
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from every(found, (*words, name))
        else:
            yield (*words, name), found


def test_every_command_has_it():
    from shortlist.cli.app import app

    forms = {
        words: option.type.choices
        for words, found in every(app)
        for option in found.params
        if option.name == "form" and "--format" in option.opts
    }
    assert [words for words, _ in every(app) if "json" not in forms.get(words, ())] == []


def test_picks(said, command, tmp_path):
    found = said("select", "probs.npy", "-s", "entropy", "-k", 3)
    picks = sl.select(P, "entropy", 3)
    assert found["indices"] == picks.indices.tolist()
    assert found["scores"] == picks.scores.tolist()
    assert (found["measure"], found["report"]["rows"]) == ("entropy", 300)
    command("select", "probs.npy", "-s", "entropy", "-k", 3, "--format", "json", "--out", "picks.json")
    assert json.loads((tmp_path / "picks.json").read_text())["indices"] == found["indices"]


def test_what_files_hold(said, tmp_path):
    broken = P.copy()
    broken[7, 0] = np.nan
    np.save(tmp_path / "broken.npy", broken)
    found = said("inspect", "broken.npy", "-k", 5)
    assert (found["shape"], found["dtype"], found["invalid"]) == ([300, 4], "float32", 1)
    assert found["by_reason"]["nan"] == 1
    assert found["first"][0][0] == 7
    assert sum(found["counts"]) == 299


def test_strategies(said):
    found = said("compare", "probs.npy", "-s", "margin,entropy", "-k", 20)
    assert found["names"] == ["margin", "entropy"]
    found = said("bench", "probs.npy", "-s", "margin", "--rivals", "none", "--rounds", 3, "--no-peaks", "--threads", 1)
    assert found["timings"][0]["rows"] == 300


def test_a_simulation(said):
    found = said("simulate", "iris", "-s", "margin", "--repeats", 2, "--batch", 5, "--budget", 15, "--jobs", 1)
    assert (found["repeats"], set(found["curves"])) == (2, {"margin", "random"})


def test_a_loop(command, tmp_path):
    (tmp_path / "tickets.csv").write_text("id,body\n" + "".join(f"{row},text {row % 7}\n" for row in range(200)))
    guessed = json.loads(command("loop", "init", "tickets.csv", "--format", "json").stdout)
    assert guessed["spec"] == "loop.toml"
    assert guessed["guessed"]
    (tmp_path / "loop.toml").write_text(SPEC)
    begun = json.loads(command("loop", "init", "loop.toml", "--dir", "here", "--format", "json").stdout)
    assert begun["folder"] == "here"
    long, short = (
        json.loads(command("loop", "next", "--dir", "here", *words).stdout)
        for words in (["--format", "json"], ["--json"])
    )
    assert long == short
    assert long["rows"] == len(long["ids"])
    (tmp_path / "answers.csv").write_text(f"id,label\n{long['ids'][0]},a\n{long['ids'][1]},c\n")
    words = ["answers.csv", "--dir", "here", "--file-format", "csv", "--format", "json"]
    taken = json.loads(command("loop", "ingest", *words).stdout)
    assert (taken["new"], [each["kind"] for each in taken["refused"]]) == (1, ["class"])


def test_errors_are_no_documents(command):
    done = command("inspect", "nope.npy", "--format", "json", code=1)
    assert done.stdout == ""
    assert done.stderr.startswith("shortlist: error: there is no file nope.npy")
    done = command("select", "p.npy", "--format", "json", "--data", "d.csv", code=1)
    assert "--format json has ids, scores and the report" in done.stderr
