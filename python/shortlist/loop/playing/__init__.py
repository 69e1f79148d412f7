"""A loop that is played with known labels before anybody is asked:
what it would cost, and where it would end.
"""

from shortlist.loop.playing.result import LoopSimulation
from shortlist.loop.playing.running import simulate_loop

__all__ = ["simulate_loop", "LoopSimulation"]
