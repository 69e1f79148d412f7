"""The strategy for small-text inside its own loop: `make test-adapters`."""

import numpy as np
import pytest

small_text = pytest.importorskip("small_text")

from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from small_text.data.datasets import SklearnDataset  # noqa: E402

from shortlist.adapters.small_text import ShortlistSampling  # noqa: E402

WORDS = (["pay", "bill", "money"], ["crash", "error", "screen"], ["parcel", "box", "late"])
DRAW = np.random.default_rng(0)
Y = np.arange(120) % 3
TEXTS = [" ".join(DRAW.choice([*WORDS[label], "the", "my", "please"], 5)) for label in Y]


def learner(strategy):
    data = SklearnDataset(TfidfVectorizer().fit_transform(TEXTS), Y, target_labels=np.arange(3))
    factory = small_text.SklearnClassifierFactory(LogisticRegression(), 3)
    made = small_text.PoolBasedActiveLearner(factory, strategy, data)
    made.initialize_data(np.arange(12), Y[:12])
    return made


@pytest.mark.parametrize(
    ("measure", "theirs"),
    [
        ("margin", small_text.BreakingTies),
        ("least_confident", small_text.LeastConfidence),
        ("entropy", small_text.PredictionEntropy),
    ],
)
def test_picks_are_those_of_small_text(measure, theirs):
    other = theirs()
    ours, known = learner(ShortlistSampling(measure)), learner(other)
    picked, wanted = ours.query(num_samples=7), known.query(num_samples=7)
    assert not set(picked) & set(ours.indices_labeled)
    # Theirs takes any of equal texts, in any order; ours the most informative first.
    assert np.allclose(other.scores_[picked], np.sort(other.scores_[wanted])[:: -1 if measure == "entropy" else 1])
    ours.update(Y[picked])
    assert len(set(ours.query(num_samples=7)) - set(picked)) == 7


def test_options_and_mistakes():
    first, again = (learner(ShortlistSampling("random", random_state=3)).query(num_samples=5) for _ in range(2))
    assert np.array_equal(first, again)
    assert str(ShortlistSampling("entropy")) == "ShortlistSampling('entropy')"
    with pytest.raises(small_text.PoolExhaustedException):
        learner(ShortlistSampling()).query(num_samples=500)
    with pytest.raises(ValueError, match="measure 'marginn' is unknown"):
        learner(ShortlistSampling("marginn")).query(num_samples=5)
