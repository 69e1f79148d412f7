"""A loop that was played: groups, several people, skips, disputes, a bot, and all that was said kept on the side."""

import csv
from collections import defaultdict

import numpy as np

import shortlist as sl

CLASSES = ("billing", "bug", "how-to", "spam")
WORDS = {
    "billing": ["pay", "bill", "money", "invoice"],
    "bug": ["crash", "error", "screen", "freeze"],
    "how-to": ["where", "find", "setting", "export"],
}
SPEC = """
loop = 1
name = "tickets"
classes = ["billing", "bug", "how-to", "spam"]
[pool]
path = "pool.csv"
id = "id"
text = "body"
groups = ["language", "channel"]
[seed]
rows = 60
[round]
rows = 60
strategy = "{strategy}"
mix = {{ explore = 0.2, validation = 0.3, relabel = 0.05 }}
[validation]
share = 0.3
[labels]
overlap = 0.3
[check]
issues = "builtin"
[retrain]
when = "growth:0.2"
[handoff]
tool = "csv"
[stop]
when = "target_lower:0.95 | budget:5000"
"""


class Played:
    """A loop in a folder, and what people told it.

    `said` is a list of (row, who, label), where "skip" stands for a skip; `rows` the lines of the pool by id.
    """

    def __init__(self, folder, strategy="margin", rows=600):
        self.rng = np.random.default_rng(7)
        every = [word for words in WORDS.values() for word in words]
        self.rows, self.said = {}, []
        with (folder / "pool.csv").open("w", newline="", encoding="utf-8") as file:
            out = csv.DictWriter(file, ["id", "body", "language", "channel", "truth"])
            out.writeheader()
            for number in range(rows):
                label = self.rng.choice(list(WORDS), p=[0.5, 0.3, 0.2])
                words = [*self.rng.choice(every, 3), *self.rng.choice(WORDS[label], 2)]
                self.rows[f"T-{number}"] = {
                    "id": f"T-{number}",
                    "body": " ".join([*words, f"n{number}"]),
                    "language": self.rng.choice(["en", "de", "pt"], p=[0.7, 0.2, 0.1]),
                    # One group has a single row.
                    "channel": "fax" if number == 5 else self.rng.choice(["mail", "chat"]),
                    "truth": label,
                }
            out.writerows(self.rows.values())
        spec = SPEC.format(strategy=strategy).replace('text = "body"', 'text = "body"\nshow = { body = "body" }')
        (folder / "tickets.toml").write_text(spec)
        self.loop = sl.Loop.init(folder / "tickets.toml", folder / "loop")

    def say(self, rows, who, label):
        """Have somebody answer rows."""
        given = {row: str(label(row)) for row in rows}
        self.said += [(row, who, name) for row, name in given.items()]
        self.loop.ingest({row: name for row, name in given.items() if name != "skip"}, annotator=who)
        self.loop.ingest([{"id": row, "skip": "yes", "annotator": who} for row in given if given[row] == "skip"])

    def honest(self, row):
        """Answer as most people do: rarely wrong, and lost with one language."""
        if self.rows[row]["language"] == "pt" and self.rng.random() < 0.4:
            return "skip"
        return self.rng.choice(list(WORDS)) if self.rng.random() < 0.05 else self.rows[row]["truth"]

    def careless(self, row):
        """Answer as somebody who is often wrong."""
        return self.rng.choice(list(WORDS)) if self.rng.random() < 0.5 else self.rows[row]["truth"]

    def round(self, train=True):
        """Label a whole round, with its second labels, and open the next one."""
        batch = self.loop.next()
        self.say(batch.ids[::2], "amy", self.honest)
        self.say(batch.ids[1::2], "raj", self.honest)
        for who, label, step in (("zoe", self.careless, 2), ("bot", lambda _: "billing", 1)):
            again = self.loop.next(annotator=who)
            if again is not None:
                self.say(again.ids[::step], who, label)
        if train:
            self.loop.run_once()
        else:
            self.loop.next()

    # What follows is computed from what was said alone.

    def current(self):
        """Return the last answer of each person to each row."""
        return {(row, who): label for row, who, label in self.said}

    def table(self):
        """Return for each row what each person gave it."""
        found = defaultdict(dict)
        for (row, who), label in self.current().items():
            if label != "skip":
                found[row][who] = label
        return dict(found)

    def labels(self):
        """Return the label of each row by majority."""
        found = {}
        for row, given in self.table().items():
            counts = sorted(((list(given.values()).count(label), label) for label in set(given.values())), reverse=True)
            if len(counts) == 1 or counts[0][0] > counts[1][0]:
                found[row] = counts[0][1]
        return found

    def picks(self, *shares):
        """Return the picks of some shares in all rounds."""
        store = self.loop._store
        return [
            pick for each in store.rounds() for pick in store.picks(each.number) if not shares or pick.share in shares
        ]

    def probabilities(self, model=-1):
        """Return what a model says of the whole pool."""
        store = self.loop._store
        return np.load(store.blob(store.models()[model].probabilities))

    def validated(self):
        """Return validation rows with a label, and where they are in the pool."""
        labels = self.labels()
        rows = [pick.row for pick in self.picks("validation") if pick.row in labels]
        return rows, [int(row[2:]) for row in rows]
