"""Shortlist against the memory it reads and against its rivals: ``python -m benches``."""

import os

# NumPy's rivals manage their own threads: a product of small matrices must not start more of them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
