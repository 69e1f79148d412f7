"""The gate: each answer of a model is read as what it plainly means, or refused with a remedy.

`probabilities` and `logits` read one label a row, `votes` and `members` committees,
`label_probabilities`, `labels` and `distances` several labels a row, `means_and_stds` regressors.
What comes out is an array of floats with one row for each row of the pool that was asked about.
"""

from shortlist.strategies.answers.arrays import column
from shortlist.strategies.answers.asked import Asked, Invalid
from shortlist.strategies.answers.methods import predict_proba_of
from shortlist.strategies.answers.one_label import logits, members, one_label, probabilities, votes
from shortlist.strategies.answers.several_labels import distances, label_probabilities, labels
from shortlist.strategies.answers.validity import check_valid, mended, warn_sums
from shortlist.strategies.answers.values import means_and_stds

__all__ = [
    "Asked", "Invalid", "check_valid", "column", "distances", "label_probabilities", "labels", "logits",
    "means_and_stds", "members", "mended", "one_label", "predict_proba_of", "probabilities", "votes", "warn_sums",
]  # fmt: skip
