"""Every rule over embeddings, on 20,000 rows of 64 features."""

import numpy as np
import pytest

import shortlist as sl

K = 100


def model(X):
    """Answers of a model over the embeddings, and the least confidence of each row."""
    logits = X @ np.random.default_rng(1).standard_normal((X.shape[1], 10), dtype=np.float32)
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    return probs, 1 - probs.max(axis=1)


VERBS = {
    "k_center": lambda X, p, u: sl.k_center(X, K, labelled=X[:100]),
    "k_center, cosine": lambda X, p, u: sl.k_center(X, K, labelled=X[:100], metric="cosine"),
    "ranked_batch": lambda X, p, u: sl.ranked_batch(X, u, K, labelled=X[:100]),
    "diverse_uncertain": lambda X, p, u: sl.diverse_uncertain(X, u, K, labelled=X[:100]),
    "badge": lambda X, p, u: sl.badge(p, X, K, random_state=0),
    "kmeans_plus_plus": lambda X, p, u: sl.kmeans_plus_plus(X, K, random_state=0),
    "cluster_margin": lambda X, p, u: sl.cluster_margin(p, K, clusters=np.arange(len(X)) % 100),
    "typiclust": lambda X, p, u: sl.typiclust(X, 20, random_state=0),
    "herding": lambda X, p, u: sl.herding(X, K, references=500, random_state=0),
    "density": lambda X, p, u: sl.density(X[:5000]),
    "density, sampled": lambda X, p, u: sl.density(X, sample=500, random_state=0),
    "min_distances": lambda X, p, u: sl.min_distances(X, X[:1000]),
}


@pytest.mark.parametrize("verb", VERBS)
def test_verbs(benchmark, embeddings, verb):
    benchmark.group = f"diversity: {verb.partition(',')[0]}"
    probs, uncertainty = model(embeddings)
    benchmark(VERBS[verb], embeddings, probs, uncertainty)
