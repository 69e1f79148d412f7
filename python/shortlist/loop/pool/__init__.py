"""The pool of a loop: any table or file, its rows known by their ids,
read in blocks and never held whole.
"""

from shortlist.loop.pool.fingerprint import BESIDE, appended, changed, changed_beside, fingerprint_hash
from shortlist.loop.pool.rows import LoopPool, open_pool, remove_other_pools
from shortlist.loop.pool.stratum import Stratum, stratum

__all__ = [
    "BESIDE",
    "LoopPool",
    "Stratum",
    "appended",
    "changed",
    "changed_beside",
    "fingerprint_hash",
    "open_pool",
    "remove_other_pools",
    "stratum",
]
