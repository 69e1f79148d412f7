"""Selection on a cluster: `shortlist.distributed.dask` and `shortlist.distributed.ray`,
each needing its own extra.
"""
