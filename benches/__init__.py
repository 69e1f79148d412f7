"""Shortlist against the memory it reads and against its rivals: ``python -m benches``."""
