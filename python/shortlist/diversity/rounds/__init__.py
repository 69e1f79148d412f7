"""The rounds of a greedy selection over rows in parts: of a file in blocks, or of a cluster.

In a round each part brings the distances of its rows up to date and offers the best of them, with what bounds all the others;
from what is offered, a coordinator picks for as long as its pick beats every bound in the total order (value, then lowest id).
So the picks are those of one machine that holds all rows, for any parts. A round is a pass over the rows, and makes at least
one pick; usually hundreds.
"""
