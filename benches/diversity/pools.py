"""Pools of features: what is easy for a lazy engine, what is hard, and real embeddings."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

CLUSTERS = 100


def iid(rows: int, features: int) -> np.ndarray:
    """Standard normal numbers."""
    return np.random.default_rng(0).standard_normal((rows, features), dtype=np.float32)


def clusters(rows: int, features: int) -> np.ndarray:
    """100 isotropic normal clusters, of half the spread of their centres."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, features), dtype=np.float32)
    centres = rng.standard_normal((CLUSTERS, features), dtype=np.float32)
    which = rng.integers(CLUSTERS, size=rows)
    for start in range(0, rows, 10_000):
        part = x[start : start + 10_000]
        part *= np.float32(0.5)
        part += centres[which[start : start + 10_000]]
    return x


def decaying(rows: int, features: int) -> np.ndarray:
    """Normal numbers whose variance falls as 1/j over the features."""
    x = iid(rows, features)
    x /= np.sqrt(np.arange(1, features + 1, dtype=np.float32))
    return x


SYNTHETIC: dict[str, Callable[[int, int], np.ndarray]] = {"iid": iid, "clusters": clusters, "decaying": decaying}


def embeddings(name: str) -> np.ndarray | None:
    """Static embeddings (wordllama, 256 features) of WordNet glosses or ICD-10-CM titles; None where a package is missing."""
    folder = Path(os.environ.get("SHORTLIST_DATA") or Path.home() / ".cache" / "shortlist") / "embeddings-1"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.npy"
    if not path.exists():
        try:
            import wordllama

            texts = TEXTS[name]()
        except ImportError:
            return None
        with tempfile.TemporaryDirectory() as scratch:
            tokenizers = Path(scratch) / "tokenizers"
            tokenizers.mkdir()
            for file in Path(wordllama.__file__).parent.rglob("*tokenizer*.json"):
                shutil.copy(file, tokenizers / file.name)
            model = wordllama.WordLlama.load(cache_dir=Path(scratch), disable_download=True)
            part = path.with_suffix(".part.npy")
            np.save(part, np.asarray(model.embed(texts), dtype=np.float32))
            part.replace(path)
    return np.load(path)


def wordnet() -> list[str]:
    """117,659 glosses: Debian's wordnet-base."""
    from ..label_savings.sets import debian

    folder = debian("wordnet-base", "usr/share/wordnet")
    lines = [
        line for part in ("adj", "adv", "noun", "verb") for line in (folder / f"data.{part}").open(encoding="utf-8")
    ]
    return [line.partition("| ")[2].strip() for line in lines if not line.startswith(" ")]


def icd() -> list[str]:
    """Titles of all leaf codes: simple-icd-10-cm."""
    import simple_icd_10_cm as codes

    return [codes.get_description(code) for code in codes.get_all_codes(True) if codes.is_leaf(code)]


TEXTS: dict[str, Callable[[], list[str]]] = {"wordnet": wordnet, "icd": icd}
