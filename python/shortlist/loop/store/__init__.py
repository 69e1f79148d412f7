"""What happened to a loop, on disk: a log that is only appended to,
and everything else as folds of it.
"""

from shortlist.loop.store.events import Appended, Event
from shortlist.loop.store.jobs import Job
from shortlist.loop.store.models import Model
from shortlist.loop.store.rounds import Pick, Round
from shortlist.loop.store.store import CopiedLoopError, Store
from shortlist.loop.store.versions import PoolVersion

__all__ = ["Appended", "CopiedLoopError", "Event", "Job", "Model", "Pick", "PoolVersion", "Round", "Store"]
