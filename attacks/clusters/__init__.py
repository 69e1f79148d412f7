"""Dask and Ray whose workers, schedulers and networks misbehave."""
