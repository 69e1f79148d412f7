"""What goes wrong, in one line for a person."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from shortlist.disk import one_line
from shortlist.tables import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

# How the command writes what the library's sentences advise.
OPTIONS = {
    "needs embeddings=": "needs --embeddings",
    "named by text=": "named by --text",
    "labels= names": "--labels names",
    "strict=False": "--no-strict",
    "from_logits=True": "--from-logits",
    'encoding="cp1252"': "--encoding cp1252",
    'encoding="utf-16-le"': "--encoding utf-16-le",
    "need id_column=": "need --id-column",
    "Source(..., id_column=)": "--id-column",
    'normalize="renormalize"': "--normalize renormalize",
    'dtype="bfloat16"': "--dtype bfloat16",
}


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn errors that a person can mend into one line and exit code 1, and Ctrl-C into 130."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("shortlist: interrupted", err=True)
        raise SystemExit(130) from None
    except BrokenPipeError:
        # Whoever read standard output has had enough; what Python still wants to flush goes
        # nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except (ValueError, TypeError, OSError, MemoryError, ImportError, ArithmeticError, RuntimeError, EOFError) as error:
        said = one_line(error) if isinstance(error, OSError) else str(error)
        message = " ".join(said.split()) or type(error).__name__
        for name, option in OPTIONS.items():
            message = message.replace(name, option)
        click.echo(f"shortlist: error: {visible(message)}", err=True)
        raise SystemExit(1) from None
