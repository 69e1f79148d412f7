"""Measure pools that lie in files: `python -m benches.files`."""
