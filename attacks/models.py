"""What threads share under schedules that a model chooses: ``python -m attacks.models``.

`rust/models` compiles files of the core and one of the border as they are, with threads and locks
whose order shuttle chooses: any that may come, at random and by a few changes of priority. Each
call ends, no helper touches one that is gone, panics are handed on, whoever is asked for comes;
blocks are worked on once; a threshold says no more than is true; a label has one code; one thread
has a turn. Then a file is made wrong in one place after the other, and each time a model must find
it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from pathlib import Path

from attacks.report import ended, table

ROOT = Path(__file__).parents[1]
CORE, BORDER = Path("rust") / "core" / "src", Path("rust") / "python" / "src"
HELPERS, BLOCKS = CORE / "helpers.rs", CORE / "blocks.rs"
CUT, LABELS, INSIDE = CORE / "select" / "shared.rs", CORE / "select" / "labels.rs", BORDER / "inside.rs"
FILES = (HELPERS, BLOCKS, CORE / "room.rs", CUT, LABELS, INSIDE)
TAKES = "self.0.compare_exchange(0, own, Ordering::Acquire, Ordering::Relaxed)"
FAULTS = {
    "a call does not wait for its helpers": (
        HELPERS,
        "while unsafe { (*call.progress.get()).busy } > 0 {",
        "while false {",
    ),
    "requests are not taken back": (HELPERS, "state.calls.retain(|asking| *asking != self.asking);", ""),
    "a panic is lost": (HELPERS, "progress.panic.take().or(ended.err())", "progress.panic.take()"),
    "nobody is woken": (HELPERS, "self.asked.notify_one();", ""),
    "a call is not told that its last helper is done": (HELPERS, "call.done.notify_one();", ""),
    "a thread that was refused counts as one": (HELPERS, "self.lock().idle -= 1;", ""),
    "a helper gives up with requests in the queue": (
        HELPERS,
        "waited.timed_out() && state.calls.is_empty()",
        "waited.timed_out()",
    ),
    "a forked child takes its parent's crew": (HELPERS, "&& crew.process == std::process::id()", ""),
    "helpers wake nobody": (
        HELPERS,
        "} else {\n                    self.rouse(state)",
        "} else {\n                    drop(state)",
    ),
    "what is large takes no heed of threads that begin": (HELPERS, "while *starts > 0 {", "while false {"),
    "a thread that was refused is waited for": (HELPERS, "if !started {", "if false {"),
    "nobody is told that a thread has begun": (HELPERS, "self.begun.notify_all();", ""),
    "the last error comes back": (BLOCKS, "first.as_ref().is_none_or(|(known, _)| row < *known)", "true"),
    "the state of a thread is lost": (BLOCKS, "if let Some(first) = take() {", "if let (Some(first), 0) = (take(), 1) {"),
    "an interruption is lost": (BLOCKS, "failure.note(0, error);", "drop(error);"),
    "a threshold is lowered": (
        CUT,
        "self.key.fetch_max(ordered(key), Ordering::Relaxed);",
        "self.key.store(ordered(key), Ordering::Relaxed);",
    ),
    "one thread's share counts for all": (CUT, ".min() {", ".max() {"),
    "shares are too small": (CUT, "k.div_ceil(self.shares.len().max(1))", "(k / self.shares.len().max(1))"),
    "a label that came meanwhile has another code": (LABELS, "Ok(code) => Ok(code),", "Ok(_) => Ok(self.len() as u32),"),
    "two find nobody inside": (
        INSIDE,
        TAKES,
        "match self.0.load(Ordering::Acquire) { 0 => Ok(self.0.store(own, Ordering::Release)), other => Err(other) }",
    ),
    "who leaves stays inside": (INSIDE, "self.0.store(0, Ordering::Release);", ""),
    "threads have one number": (INSIDE, " | THREAD.with(|&thread| u64::from(thread))", " | THREAD.with(|_| 0)"),
    "processes have one number": (INSIDE, "u64::from(std::process::id()) << 32", "1 << 32"),
}  # fmt: skip
"""THE list of faults: what is made wrong, and how: the file, and the text that another takes the place of."""


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
    print(table(["model", "schedules", "found"], [[name, given.schedules, said] for name, said in models]))
    wrong = [f"{name}: {said}" for name, said in models if said]
    rows: list[list[str | int]] = []
    copy = ROOT / "target" / "models-of-faults"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(ROOT / "rust" / "models", copy / "rust" / "models")
    for file in FILES:
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, copy / file)
    for fault, (file, text, other) in FAULTS.items() if given.faults else ():
        source = (ROOT / file).read_text()
        if text not in source:
            raise ValueError(f"{file} has no {text!r}, which a fault is made of")
        (copy / file).write_text(source.replace(text, other))
        found = [(name, said) for name, said in _ran(copy, given.faults, given.seed) if said]
        (copy / file).write_text(source)
        rows.append([fault, len(found), found[0][1] if found else ""])
        wrong += [] if found else [f"no model finds that {fault}"]
    print(table(["made wrong", "models that find it", "the first says"], rows))
    return ended("models of what threads share", wrong, inputs=given.schedules * len(models), faults=len(rows))


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
