"""Every measure from its definition, in long double and without a thought for speed; modAL's formulas; pools to try."""

import numpy as np

ROW = ("least_confident", "margin", "ratio", "entropy", "normalised_entropy", "gini")
COMMITTEE = ("vote_entropy", "consensus_entropy", "max_disagreement", "bald", "variation_ratio", "mean_std")
LOWEST = ("margin",)


def order_of(name):
    return "lowest" if name in LOWEST else "highest"


def plogp(p):
    return np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0)


def normalised(p):
    return p / p.sum(axis=-1, keepdims=True)


def softmax(z, temperature=1.0):
    z = np.asarray(z, np.longdouble) / np.longdouble(temperature)
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def settled(p):
    """Probabilities with 0 for what is below 0 by no more than the tolerance of sums, times the sum of what is above."""
    tolerance = {2: 1e-2, 4: 1e-3, 8: 1e-4}[p.dtype.itemsize]
    above = np.where(p > 0, p, 0).sum(axis=-1, dtype=np.float64, keepdims=True)
    return np.where((p < 0) & (p >= -tolerance * above), 0, p)


def row_scores(name, p):
    """Scores of (N, C) probabilities as they are: entropies of the normalised row, the others of the raw one."""
    p = np.asarray(p, np.longdouble)
    classes = p.shape[1]
    high = np.sort(p, axis=1)[:, ::-1]
    entropy = -plogp(normalised(p)).sum(axis=1)
    match name:
        case "least_confident":
            return 1 - high[:, 0]
        case "margin":
            return high[:, 0] - high[:, 1] if classes > 1 else np.zeros(len(p))
        case "ratio":
            return high[:, 1] / high[:, 0] if classes > 1 else np.zeros(len(p))
        case "entropy":
            return entropy
        case "normalised_entropy":
            return entropy / np.log(np.longdouble(classes)) if classes > 1 else np.zeros(len(p))
        case "gini":
            return 1 - (p * p).sum(axis=1)
    raise KeyError(name)


def energy(z, temperature=1.0):
    z = np.asarray(z, np.longdouble)
    top = z.max(axis=1)
    t = np.longdouble(temperature)
    return -top - t * np.log(np.exp((z - top[:, None]) / t).sum(axis=1))


def committee_scores(name, p):
    """Scores of (M, N, C) probabilities; votes are the lowest of the most probable classes."""
    p = np.asarray(p, np.longdouble)
    members, _, classes = p.shape
    mean = p.mean(axis=0)
    votes = np.stack([(p.argmax(axis=2) == c).sum(axis=0) for c in range(classes)], axis=1) / np.longdouble(members)
    match name:
        case "vote_entropy":
            return -plogp(votes).sum(axis=1)
        case "consensus_entropy":
            return -plogp(normalised(mean)).sum(axis=1)
        case "max_disagreement":
            ratio = np.where(p > 0, p / np.where(mean > 0, mean, 1), 1)
            return (p * np.log(ratio)).sum(axis=2).max(axis=0)
        case "bald":
            return plogp(p).sum(axis=2).mean(axis=0) - plogp(mean).sum(axis=1)
        case "variation_ratio":
            return 1 - votes.max(axis=1)
        case "mean_std":
            return p.std(axis=0).mean(axis=1)
    raise KeyError(name)


def best(scores, k, order, ids=None):
    """The k most informative ids: by score, then by lowest id."""
    ids = np.arange(len(scores)) if ids is None else np.asarray(ids)
    key = scores if order == "lowest" else -scores
    return ids[np.lexsort((ids, key))[:k]]


def probabilities(rng, rows, classes, dtype=np.float64, peak=1.0):
    """Rows that sum to 1 within the tolerance of `dtype`."""
    p = rng.dirichlet(np.full(classes, peak), rows) if classes > 1 else np.ones((rows, 1))
    p = np.nan_to_num(p, nan=1.0 / classes)
    return (p / p.sum(axis=1, keepdims=True)).astype(dtype)


def bfloat16(x):
    """Float32 values truncated to bfloat16, as uint16."""
    return (np.ascontiguousarray(x, np.float32).view(np.uint32) >> 16).astype(np.uint16)


def widen(x):
    """Bfloat16 as uint16 back to float32."""
    return (x.astype(np.uint32) << 16).view(np.float32)


# modAL's formulas, as NumPy and SciPy users write them: what a switch must reproduce.


def modal_uncertainty(p):
    return 1 - np.max(p, axis=1)


def modal_margin(p):
    part = np.partition(-p, 1, axis=1)
    return -part[:, 0] + part[:, 1]


def modal_vote_entropy(p):
    votes = p.argmax(axis=2)
    shares = np.stack([(votes == c).mean(axis=0) for c in range(p.shape[2])], axis=1)
    return -plogp(shares).sum(axis=1)


def modal_max_disagreement(p):
    from scipy.stats import entropy

    consensus = p.mean(axis=0)
    return np.max([entropy(member, qk=consensus, axis=1) for member in p], axis=0)
