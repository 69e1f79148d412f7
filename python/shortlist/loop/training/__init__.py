"""Training: in this process, or elsewhere by a command; what comes back is checked in one place."""

from shortlist.loop.training.local import train
from shortlist.loop.training.trained import Trained

__all__ = ["Trained", "train"]
