"""Measure the diversity functions against their rivals: `python -m benches.diversity`."""
