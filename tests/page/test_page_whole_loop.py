"""A loop like that of `make loop-page`, labelled by keys in a browser from its first row to its end."""

import csv
import re
from pathlib import Path

import numpy as np
from a_browser import chromium, expect  # noqa: F401
from page_server import Server

import shortlist as sl
from shortlist.loop.spec import read_spec

SPEC = Path(__file__).parents[2] / "examples" / "loops" / "diagnoses.toml"
SMALLER = {
    "rows = 150": "rows = 100",
    "rows = 200": "rows = 50",
    "overlap = 0.05": "overlap = 0.0",
    "target_lower:0.90 | budget:3000": "target_lower:0.90 | budget:200",
}


def begin(folder):
    """Begin the loop on 800 titles, of which every fifth says nothing of its class; return the class of each."""
    text = SPEC.read_text()
    for old, new in SMALLER.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / "diagnoses.toml").write_text(text)
    classes = read_spec(folder / "diagnoses.toml").classes
    rng = np.random.default_rng(0)
    truth = {}
    with (folder / "titles.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["code", "title", "encounter"])
        for number, place in enumerate(rng.integers(len(classes), size=800)):
            words = "unspecified" if number % 5 == 0 else f"{classes[place]} {rng.choice(['acute', 'chronic'])}"
            out.writerow([f"A{number:03}", f"Disorder {words}, site {number}", "none"])
            truth[number] = classes[place]
    sl.Loop.init(folder / "diagnoses.toml", folder / "loop").close()
    return truth


def test_two_hundred_rows_by_keys_to_the_end_by_the_rule(tmp_path, chromium):  # noqa: F811
    truth = begin(tmp_path)
    said = {}
    with Server(tmp_path / "loop") as server:
        page = chromium.new_page(viewport={"width": 390, "height": 600}, reduced_motion="reduce")
        page.set_default_timeout(60_000)
        page.goto(server.root)
        page.fill("#annotator", "amy")
        page.press("#annotator", "Enter")
        row = page.locator("#row")
        expect(row).to_contain_text("site", timeout=60_000)
        buttons = page.locator("#classes button")
        keys = dict(
            zip(buttons.locator(".label").all_inner_texts(), buttons.locator("kbd").all_inner_texts(), strict=True)
        )
        for number in range(200):
            shown = row.inner_text()
            place = int(re.search(r"site (\d+)", shown)[1])
            said[f"A{place:03}"] = truth[place]
            page.keyboard.press(keys[truth[place]].lower())
            if number < 199:
                # After the last row of a round the next one comes by itself, with a model where one is due.
                expect(row).not_to_contain_text(re.compile(rf"site {place}\b"), timeout=60_000)
        expect(page.locator("#wait-title")).to_have_text("Done", timeout=60_000)
        expect(page.locator("#wait-why")).to_contain_text("budget:200")
        page.close()
    with sl.Loop(tmp_path / "loop") as loop:
        assert loop.labels() == said
        assert len(said) == 200
        found = loop.status()
        assert (found["answers"], found["round"], found["stop"]["met"]) == (200, 3, True)
        # Trained when the seed was labelled, and again by the trigger.
        assert found["model"]["number"] >= 2
        assert loop.stop().by == ("budget:200",)
