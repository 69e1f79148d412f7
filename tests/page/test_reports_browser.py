"""Every page of HTML that the package writes, by axe's rules: light and dark, on a phone and on a desk."""

import numpy as np
import pytest
from a_browser import check_axe, chromium  # noqa: F401

import shortlist as sl

SPEC = """
loop = 1
name = "tickets"
classes = ["billing", "bug", "<i>how-to</i>"]
[pool]
path = "pool.csv"
id = "id"
text = "body"
groups = ["kind"]
[seed]
rows = 40
[round]
rows = 40
mix = { explore = 0.1, validation = 0.3, relabel = 0.1 }
[validation]
share = 0.3
[labels]
overlap = 0.2
[check]
issues = "builtin"
[retrain]
when = "growth:0.25"
[handoff]
tool = "csv"
[stop]
when = "target_lower:0.99 | budget:120"
"""
WORDS = {"billing": "pay bill money", "bug": "crash error screen", "<i>how-to</i>": "where find setting"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write a pool, its labels, and a specification."""
    found = tmp_path_factory.mktemp("reports")
    rng = np.random.default_rng(0)
    truth = [list(WORDS)[row % 3] for row in range(300)]
    texts = [
        f"{rng.choice(WORDS[name].split())} {rng.choice(WORDS[name].split())} {row}" for row, name in enumerate(truth)
    ]
    kinds = ["mail", "<chat>"]
    lines = [f"T-{row},{text},{kinds[row % 2]}\n" for row, text in enumerate(texts)]
    (found / "pool.csv").write_text("id,body,kind\n" + "".join(lines))
    (found / "labels.csv").write_text("id,label\n" + "".join(f"T-{row},{name}\n" for row, name in enumerate(truth)))
    (found / "loop.toml").write_text(SPEC)
    return found


def truth(row):
    return list(WORDS)[int(row.removeprefix("T-")) % 3]


@pytest.fixture(scope="module")
def of_a_loop(folder):
    """Write the report of a loop with two people, who disagree at times, with and without texts, and before any answer."""
    with sl.Loop.init(folder / "loop.toml", folder / "loop") as loop:
        before = loop.report(folder / "before.html")
        for _ in range(2):
            loop.ingest({row: truth(row) for row in loop.next().ids}, annotator="amy")
            again = loop.next(annotator="<raj>")
            if again is not None:
                loop.ingest(dict.fromkeys(again.ids, "bug"), annotator="<raj>")
            loop.run_once()
        return {
            "a loop before its first answer": before,
            "a loop": loop.report(folder / "report.html"),
            "a loop, with texts": loop.report(folder / "texts.html", show_text=True),
        }


@pytest.fixture(scope="module")
def played(folder):
    """Write the report of a loop that was played."""
    found = sl.Loop.simulate(folder / "loop.toml", folder / "labels.csv", repeats=1, n_jobs=1)
    return {"a loop that was played": found.save(folder / "played")[-1]}


@pytest.fixture(scope="module")
def simulated(folder):
    """Write the report of a simulation, and in a page of their own what notebooks show."""
    from sklearn.naive_bayes import GaussianNB

    X = np.random.default_rng(0).normal(size=(200, 3))
    y = (X[:, 0] > 0).astype(int)
    found = sl.simulate(X, y, GaussianNB(), "margin", repeats=2, batch=10, budget=40, stop="budget:30")
    picks = sl.select(np.random.default_rng(0).dirichlet(np.ones(3), 50), "margin", 20)
    shown = "".join(f"<h2>{n}</h2>{one._repr_html_()}" for n, one in enumerate((picks, sl.measures(), found)))
    notebook = folder / "notebook.html"
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Notebook</title>'
    notebook.write_text(f"{head}<main><h1>Notebook</h1>{shown}</main></html>", encoding="utf-8")
    return {"a simulation": found.save(folder / "simulated")[-1], "a notebook": notebook}


@pytest.fixture(scope="module")
def reports(of_a_loop, played, simulated):
    return {**of_a_loop, **played, **simulated}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_everybody_can_read_the_reports(chromium, reports, scheme, width):  # noqa: F811
    page = chromium.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme, reduced_motion="reduce")
    for name, path in reports.items():
        page.goto(path.as_uri())
        check_axe(page, name)
    page.close()
