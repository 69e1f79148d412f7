"""Every command of a loop that prints says the same as one JSON object."""

import csv
import json

import pytest
from a_project import begin, truth

pytest.importorskip("sklearn")
testing = pytest.importorskip("click.testing")


def test_each_command_that_prints(tmp_path):
    from shortlist.cli.loop import loop_command

    begin(tmp_path).close()
    place = str(tmp_path / "loop")

    def run(*words, code=0):
        done = testing.CliRunner().invoke(loop_command, [*words, "--dir", place, "--json"])
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    asked = run("next")
    assert (asked["round"], asked["rows"], len(asked["ids"]), asked["due"]) == (1, 20, 20, False)
    answers = tmp_path / "answers.csv"
    with answers.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "label", "annotator"])
        out.writerows([row, truth(row), "amy"] for row in asked["ids"])
        out.writerow(["nobody", "a", "amy"])
    taken = run("ingest", str(answers))
    assert (taken["file"], taken["new"], taken["known"]) == ("answers.csv", 20, 0)
    assert [each["id"] for each in taken["refused"]] == ["nobody"]
    assert run("ingest", str(answers), code=1)["known"] == 20
    model = run("train")
    assert (model["model"], model["labels"]) == (1, 20 - 4)
    assert run("train", code=3)["why"].startswith("growth:0.25 is")
    assert run("labels", "--out", str(tmp_path / "labels.csv"))["labels"] == 20
    assert run("report", "--out", str(tmp_path / "report.html"))["file"].endswith("report.html")
    assert run("status")["model"]["number"] == 1
    assert run("audit")
    assert run("check")["ok"]
    assert run("replay", "--all")["same"]
    assert run("backup", str(tmp_path / "copy"))["folder"].endswith("copy")
    assert run("adopt", code=3) == {"adopted": False}
    assert run("retract", "--annotator", "amy")["retracted"] == 20
