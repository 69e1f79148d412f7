"""Training: in this process, or elsewhere by a command; what comes back is checked in one place."""

from shortlist.loop.training.command import run_job, tail_of
from shortlist.loop.training.imports import Extra, Imported, read_labels
from shortlist.loop.training.local import train
from shortlist.loop.training.trained import Trained

__all__ = ["Extra", "Imported", "Trained", "read_labels", "run_job", "tail_of", "train"]
