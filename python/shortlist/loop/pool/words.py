"""TF-IDF as a state of plain values: fitted once, kept as JSON,
the same numbers wherever it is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shortlist.loop.pool.hashing import mixed, number_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from shortlist.arguments import Progress

MOST_TERMS = 50_000
FEW_TEXTS = 1_000
"""Up to so many texts a term counts though only one text has it."""
LONG_WORD = 12
"""Words that are longer than this on average are runs of a script without blanks:
pairs of characters serve better.
"""
WIDTH = 256
TOLD = 1_000
"""Texts after which progress is told."""


def fit_words(texts: list[str], progress: Progress | None = None) -> dict[str, Any]:
    """Fit TF-IDF to texts, and return its vocabulary and weights."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    lengths = [len(word) for text in texts[:1000] for word in text.split()]
    analyzer = "char" if lengths and sum(lengths) / len(lengths) > LONG_WORD else "word"
    options: dict[str, Any] = {
        "analyzer": analyzer,
        "ngram_range": [1, 1] if analyzer == "word" else [1, 2],
        "sublinear_tf": True,
        "token_pattern": r"(?u)\b\w+\b",
    }
    fitted = TfidfVectorizer(**_arguments(options), min_df=1 if len(texts) <= FEW_TEXTS else 2, max_features=MOST_TERMS)
    try:
        fitted.fit(_told(texts, progress))
        terms = sorted(fitted.vocabulary_, key=fitted.vocabulary_.__getitem__)
        idf = fitted.idf_.tolist()
    except ValueError:  # no text has a word
        terms, idf = ["\0"], [1.0]
    return {"kind": "text", "options": options, "terms": terms, "idf": idf}


def _told(texts: list[str], progress: Progress | None) -> Iterator[str]:
    """Yield texts, and tell how many were taken."""
    for done, text in enumerate(texts, 1):
        yield text
        if progress is not None and (done % TOLD == 0 or done == len(texts)):
            progress(done, len(texts))


def words_of(state: Mapping[str, Any]) -> Any:
    """Return a vectorizer as it was fitted."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vocabulary = {term: place for place, term in enumerate(state["terms"])}
    made = TfidfVectorizer(**_arguments(state["options"]), vocabulary=vocabulary)
    made.idf_ = np.array(state["idf"])
    return made


def projection(terms: int, seed: int) -> NDArray[np.float32]:
    """Return signs of 256 columns for each term, by which distances between texts are
    kept within a few percent.
    """
    words = np.arange(terms * (WIDTH // 64), dtype=np.uint64) ^ np.uint64(number_of(seed, "projection"))
    bits = np.unpackbits(mixed(words).astype("<u8").view(np.uint8)).reshape(terms, WIDTH)
    return (bits.astype(np.float32) * 2 - 1) / np.float32(np.sqrt(WIDTH))


def _arguments(options: Mapping[str, Any]) -> dict[str, Any]:
    pattern = {} if options["analyzer"] == "char" else {"token_pattern": options["token_pattern"]}
    return {
        "analyzer": options["analyzer"],
        "ngram_range": tuple(options["ngram_range"]),
        "sublinear_tf": options["sublinear_tf"],
        **pattern,
    }
