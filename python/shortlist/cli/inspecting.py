"""`shortlist inspect`: what files hold, found in one walk, before anything is picked."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from shortlist import _core
from shortlist.cli import options, screen
from shortlist.cli.errors import one_line_errors
from shortlist.cli.files import print_json
from shortlist.memory import room
from shortlist.pools import Source, array_of, open_pool, rows_of
from shortlist.pools.flat import FlatPool
from shortlist.pools.paths import expand
from shortlist.registry import RANDOM, find_measure
from shortlist.threads import thread_count

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from rich.console import Console

    from shortlist.arguments import Progress

REASONS = {
    "nan": "with NaN",
    "infinite": "with an infinite value",
    "negative": "with a negative probability",
    "sum": "that do not sum to 1",
}
BINS = 16
SHOWN = 5
PROBE = 4096


@click.command("inspect", short_help="Show shape, dtype, bad rows, scores, and ties at the cut.")
@options.files
@options.strategy
@click.option("-k", type=click.IntRange(1), default=100, help="Where the cut lies for so many rows.")
@options.from_logits
@options.temperature
@options.normalize
@options.dtype
@options.column
@options.key
@options.shape
@options.threads
@options.form
@options.quiet
def inspect_command(
    files: tuple[Path, ...],
    strategy: str,
    k: int,
    *,
    form: str,
    quiet: bool,
    column: tuple[str, ...],
    key: str | None,
    shape: Any,
    dtype: str | None,
    **how: Any,
) -> None:
    """Show shape, dtype, bad rows, the scores of a strategy, and ties at the cut."""
    if strategy == RANDOM:
        raise click.BadParameter("random has no scores to show", param_hint="--strategy")
    with one_line_errors():
        source = options.source_of(files, column=column, key=key, shape=shape, dtype=dtype)
        with screen.bar(", ".join(file.name for file in files[:3]), "rows", quiet) as progress:
            found = inspect_files(source, strategy, k, progress=progress, **how)
        if form == "json":
            print_json({**asdict(found), "advice": found.advice})
        else:
            _show(found)


@dataclass
class Inspection:
    """Files, their rows, and the scores of one measure over them."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str
    layout: str
    size: int
    measure: str
    from_logits: bool
    k: int
    rows: int = 0
    invalid: int = 0
    by_reason: dict[str, int] = field(default_factory=dict)
    first: list[tuple[int, str]] = field(default_factory=list)
    probe: str = ""
    edges: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    cut: float | None = None
    picked: int = 0
    ties_picked: int = 0
    ties_left: int = 0

    @property
    def advice(self) -> str | None:
        """What to try where the rows do not look like what they were taken for."""
        if self.probe == "logits" and not self.from_logits:
            return "the first rows look like logits, not probabilities: try --from-logits"
        if self.probe == "probabilities" and self.from_logits:
            return "the first rows look like probabilities, not logits: leave out --from-logits"
        if self.by_reason.get("sum") and not self.from_logits:
            return "for rows that do not sum to 1 there are --normalize renormalize and --normalize as_is"
        return None


def inspect_files(
    source: Source,
    measure: str,
    k: int,
    *,
    from_logits: bool,
    temperature: float,
    normalize: str,
    n_threads: int | None,
    progress: Progress | None,
) -> Inspection:
    """Walk over files once: diagnose its rows, score them, and see where the k-th best lies."""
    committee = find_measure(measure).kind == "committee"
    pool = open_pool(source, committee=committee)
    if pool.rows == 0:
        raise ValueError(f"{pool.name} is empty: it has no rows")
    scorer = _core.Scorer(
        measure, from_logits=from_logits, temperature=temperature, normalize=normalize, invalid="skip"
    )
    selector = _core.Selector(k, order=scorer.order, invalid="skip")
    threads = thread_count(n_threads)
    layout = f", {'Fortran' if pool.flat.fortran else 'C'} order" if isinstance(pool, FlatPool) else ""
    shape = (*([pool.members] if pool.members else []), pool.rows, pool.classes)
    found = Inspection(
        pool.name, shape, "bfloat16" if pool.bfloat16 else str(pool.dtype), layout, size_of(source.x),
        measure, from_logits, k,
    )  # fmt: skip
    for block in pool.blocks():
        rows = rows_of(block)
        if not found.rows:
            found.probe = _looks_like(array_of(block, pool.bfloat16))
        diagnosis = scorer.diagnose(block, bfloat16=pool.bfloat16, first_row=found.rows, limit=SHOWN)
        found.invalid += diagnosis["invalid"]
        found.first += diagnosis["first"][: SHOWN - len(found.first)]
        for reason, number in diagnosis["by_reason"].items():
            found.by_reason[reason] = found.by_reason.get(reason, 0) + number
        scores = np.empty(rows, pool.score_dtype)
        scorer.score(block, scores, bfloat16=pool.bfloat16, first_row=found.rows, n_threads=threads)
        selector.update_scores(scores, first_id=found.rows, n_threads=threads)
        _histogram(found, scores[np.isfinite(scores)])
        found.rows += rows
        if progress is not None:
            progress(found.rows, pool.rows)
    indices, best, stats = selector.finish()
    found.shape = (*shape[:-2], found.rows, shape[-1])
    found.picked = len(indices)
    found.cut = float(best[-1]) if len(best) else None
    found.ties_picked, found.ties_left = stats["ties_at_cut"]["picked"], stats["ties_at_cut"]["left"]
    return found


def memory_verdict(size: int) -> str:
    """Say how a file of this size compares with the memory at hand."""
    available = room()
    walk = "it is read block by block"
    if available is None:
        return walk
    relation = "fits in" if size < available else "is larger than"
    return f"{relation} the {available / 1e9:.1f} GB of memory available; {walk}"


def size_of(paths: list[Path]) -> int:
    """Return the bytes of all files that paths, folders and globs stand for."""
    files = [file for path in paths for file in expand(path)]
    inner = [part for file in files for part in (file.rglob("*") if file.is_dir() else [file])]
    return sum(part.stat().st_size for part in inner if part.is_file())


def _looks_like(block: NDArray[Any]) -> str:
    """Tell probabilities from logits by the first rows; "" where neither is clear."""
    rows = np.asarray(block[..., :PROBE, :], dtype=np.float64)
    rows = rows[np.isfinite(rows).all(axis=-1)]
    if not len(rows):
        return ""
    sums = np.abs(rows.sum(axis=-1) - 1) < 0.03
    if (rows >= 0).all() and sums.mean() > 0.9:
        return "probabilities"
    return "logits" if sums.mean() < 0.1 and ((rows < 0).any() or (rows > 1).any()) else ""


def _histogram(found: Inspection, scores: NDArray[Any]) -> None:
    """Count scores in bins over the first block's range; the outer bins take what lies beyond."""
    if not len(scores):
        return
    if not len(found.edges):
        low, high = float(scores.min()), float(scores.max())
        found.edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
        found.counts = np.zeros(BINS, np.int64)
    clipped = np.clip(scores.astype(np.float64), found.edges[0], found.edges[-1])
    found.counts += np.histogram(clipped, found.edges)[0]


def _show(found: Inspection) -> None:
    console = screen.console()
    table = screen.plain_table()
    table.add_column(style="bold")
    table.add_column()
    names = ("members", "rows", "classes")[-len(found.shape) :]
    table.add_row("file", screen.as_text(found.name))
    table.add_row("shape", " x ".join(f"{n:,} {name}" for n, name in zip(found.shape, names, strict=True)))
    table.add_row("dtype", f"{found.dtype}{found.layout}")
    table.add_row("size", f"{_bytes(found.size)}; {memory_verdict(found.size)}")
    table.add_row("rows", f"{found.rows - found.invalid:,} valid, {found.invalid:,} invalid")
    for reason, number in found.by_reason.items():
        if number:
            table.add_row("", f"{number:,} {REASONS.get(reason, reason)}")
    for row, reason in found.first:
        table.add_row("", screen.as_text(f"row {row} {reason.partition(';')[0]}"))
    if found.advice:
        table.add_row("advice", screen.as_text(found.advice))
    console.print(table, soft_wrap=True)
    if not len(found.counts):
        return
    console.print(f"\n{found.measure} of the valid rows")
    _show_histogram(console, found)
    line = f"k = {found.k:,}: cut at {found.cut:.6g}" if found.cut is not None else f"k = {found.k:,}"
    if found.picked < found.k:
        line += f", only {found.picked:,} rows can be picked"
    if found.ties_left:
        line += f"; {found.ties_picked:,} picked and {found.ties_left:,} left with that same score"
    else:
        line += "; no ties at the cut"
    console.print(f"\n{line}", markup=False)


def _show_histogram(console: Console, found: Inspection) -> None:
    from rich.bar import Bar

    bars = screen.plain_table()
    bars.add_column(justify="right")
    bars.add_column(width=40)
    bars.add_column(justify="right")
    top = int(found.counts.max())
    for low, high, number in zip(found.edges[:-1], found.edges[1:], found.counts, strict=True):
        bar: Any = Bar(top, 0, int(number)) if number else ""
        bars.add_row(f"{low:.4g} to {high:.4g}", bar, f"{number:,}")
    console.print(bars)


def _bytes(size: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.1f} GB"
