"""The specs in examples/loops are played, as they are, for some rounds, with a script in place of the people."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")
pq = pytest.importorskip("pyarrow.parquet")
pa = pytest.importorskip("pyarrow")

from shortlist.loop.loop import Loop  # noqa: E402 - after what it needs

EXAMPLES = Path(__file__).parents[2] / "examples" / "loops"
ROWS = 900
WORDS = {
    "billing": ["invoice", "paid", "refund", "card"],
    "bug": ["crash", "error", "freeze", "broken"],
    "how-to": ["where", "setting", "change", "export"],
    "abuse": ["threat", "idiot", "hate", "worthless"],
}


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(EXAMPLES, tmp_path / "specs", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def play(loop, truth, rounds, people=("amy",)):
    """Label, and train where due; everybody gives the second labels that they are asked for."""
    for _ in range(rounds):
        batch = loop.next()
        if batch is None:
            break
        loop.ingest({row: truth[row] for row in batch.ids}, annotator=people[0])
        for person in people[1:]:
            again = loop.next(annotator=person)
            if again is not None:
                loop.ingest({row: truth[row] for row in again.ids}, annotator=person)
        loop.train()
    assert all(loop.replay_all(n_threads=3))
    return loop.status()


def test_tickets(folder):
    rng = np.random.default_rng(0)
    names = list(WORDS)
    truth = {f"T-{row}": names[rng.choice(4, p=[0.4, 0.3, 0.25, 0.05])] for row in range(ROWS)}
    texts = [" ".join([*rng.choice(WORDS[label], 4), str(row)]) for row, label in enumerate(truth.values())]
    table = {
        "ticket_id": list(truth),
        "body": texts,
        "language": rng.choice(["en", "pt"], ROWS, p=[0.9, 0.1]).tolist(),
        "channel": rng.choice(["web", "phone"], ROWS).tolist(),
    }
    (folder / "specs" / "tickets").mkdir()
    for part in range(3):
        piece = {name: values[part * 300 : part * 300 + 300] for name, values in table.items()}
        pq.write_table(pa.table(piece), folder / "specs" / "tickets" / f"{part}.parquet")
    with Loop.init(folder / "specs" / "tickets.toml", folder / "loop") as loop:
        status = play(loop, truth, 4, ("amy", "raj"))
        assert status["model"]["number"] >= 2
        assert status["round"] == 4
        assert set(loop.labels().values()) == set(WORDS)
        shares = {pick.share for number in range(2, 5) for pick in loop._store.picks(number)}
        assert shares >= {"strategy", "explore", "validation", "rare", "overlap"}


def test_claims(folder):
    rng = np.random.default_rng(1)
    amount = rng.random(ROWS).round(4)
    truth = {f"C-{row}": "fraud" if amount[row] > 0.93 else "genuine" for row in range(ROWS)}
    with (folder / "specs" / "claims.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["claim", "amount", "kind", "adjuster", "paid", "region"])
        regions = rng.choice(["north", "south"], ROWS)
        out.writerows([row, amount[n], rng.choice(["car", "home"]), "x", 1, regions[n]] for n, row in enumerate(truth))
    with (folder / "specs" / "last_year.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["claim", "label"])
        out.writerows(list(truth.items())[:60])
    with Loop.init(folder / "specs" / "claims.toml", folder / "loop") as loop:
        status = play(loop, truth, 4)
        assert status["model"]["number"] >= 2
        found = sum(label == "fraud" for label in loop.labels().values())
        assert found > 0.5 * sum(label == "fraud" for label in truth.values())
        assert "recall:0.95:0.05 is" in status["stop"]["why"]
