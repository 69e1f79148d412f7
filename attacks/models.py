"""The core's helpers under schedules that a model chooses: ``python -m attacks.models``.

`rust/models` compiles `rust/core/src/helpers.rs` as it is, with threads and locks whose order shuttle chooses: any that may
come, at random and by a few changes of priority. Each call ends, no helper touches one that is gone, panics are handed on, and
whoever is asked for comes. Then the file is made wrong in one place after the other, and each time a model must find it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from pathlib import Path

from attacks.report import ended, table

ROOT = Path(__file__).parents[1]
HELPERS = Path("rust") / "core" / "src" / "helpers.rs"
FAULTS = {
    "a call does not wait for its helpers": ("while unsafe { (*call.progress.get()).busy } > 0 {", "while false {"),
    "requests are not taken back": ("state.calls.retain(|asking| *asking != self.asking);", ""),
    "a panic is lost": ("progress.panic.take().or(ended.err())", "progress.panic.take()"),
    "nobody is woken": ("self.asked.notify_one();", ""),
    "a call is not told that its last helper is done": ("call.done.notify_one();", ""),
    "a thread that was refused counts as one": ("self.lock().idle -= 1;", ""),
    "a helper gives up with requests in the queue": (
        "waited.timed_out() && state.calls.is_empty()",
        "waited.timed_out()",
    ),
    "a forked child takes its parent's crew": ("&& crew.process == std::process::id()", ""),
    "helpers wake nobody": (
        "} else {\n                    self.rouse(state)",
        "} else {\n                    drop(state)",
    ),
}
"""THE list of faults: what is made wrong, and how: the text that another takes the place of."""


def main() -> int:
    """Run the models, then those of each fault; return 1 where a model fails, or a fault is not found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=100_000, help="of each model")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--faults", type=int, default=2000, help="schedules of each model of a fault; 0 leaves them out"
    )
    given = parser.parse_args()
    models = _ran(ROOT, given.schedules, given.seed)
    print(
        table(["model of the helpers", "schedules", "found"], [[name, given.schedules, said] for name, said in models])
    )
    wrong = [f"{name}: {said}" for name, said in models if said]
    rows: list[list[str | int]] = []
    copy = ROOT / "target" / "models-of-faults"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(ROOT / "rust" / "models", copy / "rust" / "models")
    (copy / HELPERS).parent.mkdir(parents=True)
    source = (ROOT / HELPERS).read_text()
    for fault, (text, other) in FAULTS.items() if given.faults else ():
        if text not in source:
            raise ValueError(f"{HELPERS} has no {text!r}, which a fault is made of")
        (copy / HELPERS).write_text(source.replace(text, other))
        found = [(name, said) for name, said in _ran(copy, given.faults, given.seed) if said]
        rows.append([fault, len(found), found[0][1] if found else ""])
        wrong += [] if found else [f"no model finds that {fault}"]
    print(table(["made wrong", "models that find it", "the first says"], rows))
    return ended("models of the helpers", wrong, inputs=given.schedules * len(models), faults=len(rows))


def _ran(root: Path, schedules: int, seed: int) -> list[tuple[str, str]]:
    """Return each model's name and what it found, or nothing."""
    built = ROOT / "target" / ("models" if root == ROOT else "models-wrong")
    words = ["cargo", "build", "--release", "--quiet"]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(built), "RUSTFLAGS": "-Awarnings"}
    subprocess.run(words, cwd=root / "rust" / "models", env=environment, check=True)
    program = [built / "release" / "shortlist-models", str(schedules), str(seed)]
    done = subprocess.run(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    found = [(name, said) for name, _, said in (line.split("\t") for line in done.stdout.splitlines())]
    if done.returncode:
        found[-1] = (found[-1][0], f"the program ended with {done.returncode}")
    return found


if __name__ == "__main__":
    raise SystemExit(main())
