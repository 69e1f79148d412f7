"""What strategies cost on this machine: against the memory they read,
and against what else is installed.

`bench` is for users; its parts (the clock, the rivals, the pools) also serve the project's own
benchmarks in ``benches/``.
"""

from shortlist.benchmarking.result import Benchmark, Timing
from shortlist.benchmarking.running import bench

__all__ = ["bench", "Benchmark", "Timing"]
