"""Play a labelling project from its first row to its end, with a script in place of the people.

`make loop` runs this file. The pool are 74,727 titles of diagnoses, to be sorted into 21 chapters;
`loops/diagnoses.toml` says how. Two people label, each wrong once in a hundred rows, and every
twentieth row is labelled by both. At the end the loop's estimate stands beside the truth.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import diagnoses

import shortlist as sl
from shortlist.loop.spec import read_spec

if TYPE_CHECKING:
    from shortlist.loop.rounds import Batch

PEOPLE = ("amy", "raj")
WRONG = 0.01
SPEC = Path(__file__).parent / "loops" / "diagnoses.toml"


def draw(*what: str) -> float:
    """Return a number from 0 to 1 that is the same in every run."""
    return int.from_bytes(hashlib.sha256("\n".join(what).encode()).digest()[:7], "big") / 2**56


def answer(person: str, row: str, truth: dict[str, str], classes: tuple[str, ...]) -> str:
    """Return what a person says of a row: now and then a wrong chapter."""
    if draw(person, row, "wrong") >= WRONG:
        return truth[row]
    others = [name for name in classes if name != truth[row]]
    return others[int(draw(person, row, "which") * len(others))]


def label(loop: sl.Loop, batch: Batch, truth: dict[str, str]) -> None:
    """Let each row be labelled by one person, and some of them by the other one too."""
    classes = loop.spec.classes
    for person in PEOPLE:
        mine = [row for row in batch.ids if PEOPLE[draw(row, "whose") >= 0.5] == person]
        loop.ingest({row: answer(person, row, truth, classes) for row in mine}, annotator=person)
    for person in PEOPLE:
        again = loop.next(annotator=person)
        if again is not None:
            loop.ingest({row: answer(person, row, truth, classes) for row in again.ids}, annotator=person)


def main() -> None:
    """Play the loop, and say at each round where it stands."""
    started = time.monotonic()
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path, nargs="?", default=Path("diagnoses"), help="is made anew")
    options.add_argument("--every", type=int, default=1, help="10: play with every tenth title only")
    given = options.parse_args()
    folder = given.folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    spec = folder / "spec.toml"
    shutil.copyfile(SPEC, spec)
    truth = diagnoses.write_titles(folder / "titles.csv", read_spec(spec).classes, given.every)
    with sl.Loop.init(spec, folder) as loop:
        while (batch := loop.next()) is not None:
            label(loop, batch, truth)
            loop.train()
            print(*loop.status_lines(), "", sep="\n", flush=True)
        labels, estimate = loop.labels(folder / "labels.csv"), loop.estimate()
        rest = [row for row in truth if row not in labels]
        predicted = loop.predict(rest)
        right = sum(said == truth[row] for row, said in zip(rest, predicted, strict=True)) / len(rest)
        report = loop.report(folder / "report.html")
        replays = loop.replay_all(n_threads=1)
    print(f"the estimate          {estimate.said}")
    print(
        f"the truth             {right:.3f} on the {len(rest):,} titles that nobody labelled: hard ones were, and 1% wrongly"
    )
    print(f"labels                {folder / 'labels.csv'}")
    print(f"report                {report}")
    print(
        f"replayed              {sum(map(bool, replays))} of {len(replays)} rounds are the same bit for bit, on one thread"
    )
    print(f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
