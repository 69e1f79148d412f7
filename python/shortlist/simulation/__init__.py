"""Does a strategy save labels on this data? Learning curves on a labelled set,
always beside random sampling.

`simulate` hides the labels of a pool, lets every strategy ask for them batch by batch, and scores
the model on held-out rows after each. One repeat is one split, one seed set and one seed of the
model, shared by all strategies: comparisons are between pairs.
"""

from shortlist.simulation.result import Simulation
from shortlist.simulation.running import simulate
from shortlist.simulation.summary import Summary

__all__ = ["simulate", "Simulation", "Summary"]
