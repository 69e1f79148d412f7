"""A list of sentences, a pipeline with sparse features: rows go in and come out as text."""

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import shortlist as sl

goods, ways = ["soup", "bread", "coffee", "cake", "salad"], ["was", "tasted", "looked"]
words = {"good": ["lovely", "fresh", "superb", "warm"], "bad": ["stale", "cold", "bland", "burnt"]}
pool = [f"the {food} {way} {word}" for food in goods for way in ways for kind in words.values() for word in kind]
truth = [kind for _ in goods for _ in ways for kind in words for _ in words[kind]]

seed = [0, 4]
learner = sl.ActiveLearner(
    make_pipeline(TfidfVectorizer(), LogisticRegression(C=100)),
    sl.margin_sampling,
    X_training=[pool[i] for i in seed],
    y_training=[truth[i] for i in seed],
)
for _ in range(4):
    picks, rows = learner.query(pool, n_instances=3)
    learner.teach(rows, [truth[i] for i in picks])
    print(f"{rows[0]!r} and {len(rows) - 1} more: {learner.score(pool, truth):.0%} right")
