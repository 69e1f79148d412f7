"""`shortlist compare`: which strategies actually differ on a pool."""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from shortlist.cli.app import File, FromLogits, Normalize, Temperature, Threads, one_line_errors
from shortlist.cli.tables import table_of
from shortlist.selection import beside, write_text


def compare_command(
    file: File,
    strategies: Annotated[
        str | None, typer.Option("--strategies", "-s", help="Names with commas; by default all that fit.")
    ] = None,
    k: Annotated[int, typer.Option("-k", min=2, help="Rows that each picks.")] = 100,
    embeddings: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A .npy of one row of features a row: adds diverse batches.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A .npy of one class a row; by default the most likely one.")
    ] = None,
    near: Annotated[float | None, typer.Option(min=0, help="How far apart near-duplicates may be.")] = None,
    from_logits: FromLogits = False,
    temperature: Temperature = 1.0,
    normalize: Normalize = "check",
    seed: Annotated[int, typer.Option(min=0, help="For random.")] = 0,
    threads: Threads = None,
    as_json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write picks and figures.")] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw overlaps and rank correlations.")] = None,
) -> None:
    """Compare what strategies pick from FILE: overlap, ranks, class mix, near-duplicates, ties at the cut."""
    from shortlist.comparing import compare

    with one_line_errors():
        found = compare(
            file,
            strategies,
            k,
            embeddings=None if embeddings is None else np.load(embeddings, mmap_mode="r"),
            labels=None if labels is None else np.load(labels),
            near=near,
            from_logits=from_logits,
            temperature=temperature,
            normalize=normalize,
            random_state=seed,
            n_threads=threads,
        )
        console = Console(highlight=False)
        console.print(table_of(found.rows(), right=True))
        console.print(f"near-duplicates: {found.duplicates_by}", style="dim", markup=False)
        console.print("\noverlap of the picks (Jaccard)", style="bold")
        console.print(table_of(found.matrix(found.jaccard), right=True))
        console.print("\nrank correlation over the pool (Spearman)", style="bold")
        console.print(table_of(found.matrix(found.rank_correlation), right=True))
        console.print("\n" + "\n".join(found.findings()), markup=False)
        if as_json is not None:
            write_text(as_json, iter([json.dumps(found.to_dict()), "\n"]))
        if png is not None:
            with beside(png) as partial:
                found.plot().savefig(partial, format="png", dpi=150, metadata={"Software": None})
