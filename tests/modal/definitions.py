"""Every strategy again, from its definition, in plain NumPy and SciPy: what the parity tests compare with."""

import numpy as np
from scipy.stats import entropy, norm
from sklearn.metrics import pairwise_distances


def uncertainty(proba):
    return 1 - proba.max(axis=1)


def margin(proba):
    ordered = np.sort(proba, axis=1)
    return ordered[:, -1] - ordered[:, -2] if proba.shape[1] > 1 else np.zeros(len(proba))


def row_entropy(proba):
    return entropy(proba, axis=1)


def vote_entropy(votes, classes):
    shares = np.stack([(votes == label).mean(axis=1) for label in classes], axis=1)
    return entropy(shares, axis=1)


def consensus_entropy(vote_proba):
    return entropy(vote_proba.mean(axis=1), axis=1)


def max_disagreement(vote_proba):
    consensus = vote_proba.mean(axis=1)
    return np.max([entropy(member, consensus, axis=1) for member in vote_proba.transpose(1, 0, 2)], axis=0)


def probability_of_improvement(mean, std, highest, tradeoff):
    return norm.cdf((mean - highest - tradeoff) / std)


def expected_improvement(mean, std, highest, tradeoff):
    z = (mean - highest - tradeoff) / std
    return (mean - highest - tradeoff) * norm.cdf(z) + std * norm.pdf(z)


def density(X, metric="euclidean"):
    return (1 / (1 + pairwise_distances(X, metric=metric))).mean(axis=1)


def ranked_batch(pool, labelled, uncertainties, n_instances, metric="euclidean"):
    """All distances again at each step; the first pick of a cold start is masked."""
    left, picks = list(range(len(pool))), []
    labelled = [] if labelled is None else list(labelled)
    if not labelled:
        picks.append(int(pairwise_distances(pool, metric=metric).mean(axis=1).argmin()))
        labelled.append(pool[picks[0]])
        left.remove(picks[0])
    while len(picks) < n_instances:
        distance = pairwise_distances(pool[left], np.array(labelled), metric=metric).min(axis=1)
        alpha = len(left) / (len(left) + len(labelled))
        value = alpha * (1 - 1 / (1 + distance)) + (1 - alpha) * uncertainties[left]
        pick = left[int(value.argmax())]
        picks.append(pick)
        labelled.append(pool[pick])
        left.remove(pick)
    return picks


def svm_mean_loss(predicted):
    signs = 2 * predicted - 1
    labels = predicted.shape[1]
    each = [np.maximum(1 - signs @ (2 * np.eye(labels)[label] - 1), 0) for label in range(labels)]
    return np.mean(each, axis=0)


def svm_max_loss(predicted, most_certain):
    signs = 2 * predicted - 1
    target = -np.ones_like(signs)
    target[np.arange(len(signs)), most_certain] = 1
    return np.maximum(1 - target * signs, 0).sum(axis=1)


def expected_error(model, X_known, y_known, pool, loss):
    from sklearn.base import clone

    proba = model.predict_proba(pool)
    errors = np.zeros(len(pool))
    for row in range(len(pool)):
        rest = np.delete(pool, row, axis=0)
        for column, label in enumerate(np.unique(y_known)):
            again = clone(model).fit(np.vstack([X_known, pool[row]]), np.append(y_known, label))
            errors[row] += loss(again.predict_proba(rest)).sum() * proba[row, column]
    return errors
