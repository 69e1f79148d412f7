"""Find the rows that a model may be least sure of, without asking it about the others.

```text
bounds_of(estimator)     what the core needs of a model whose arithmetic is known, or None
candidates(bounds, X)    rows that may be among the k best, each with an interval for its score
strategies/screened.py   the model's own scores must lie in these intervals: else all are asked for
```

The picks are those of ``predict_proba`` on the whole pool: the model is asked about what is left,
and its answers decide. scikit-learn's own last bits depend on how many rows it is asked about at
once, so rows whose scores lie closer together than that may change places, as they do whenever a
pool is asked about in other blocks.
"""

from shortlist.screening.at_temperature import at_temperature, moved
from shortlist.screening.bounds import Bounds
from shortlist.screening.candidates import COMMITTEE_MEASURES, MEASURES, Candidates, candidates
from shortlist.screening.known import bounds_of, bounds_of_committee, least_rows
from shortlist.screening.of_decision import DECISION_MARGIN, bounds_of_decision

__all__ = [
    "COMMITTEE_MEASURES",
    "DECISION_MARGIN",
    "MEASURES",
    "Bounds",
    "Candidates",
    "at_temperature",
    "bounds_of",
    "bounds_of_committee",
    "bounds_of_decision",
    "candidates",
    "least_rows",
    "moved",
]
