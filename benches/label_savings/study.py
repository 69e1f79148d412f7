"""What is simulated: one study a set, the same strategies in all, by the names that `shortlist simulate` knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sklearn.linear_model import LogisticRegression

import shortlist as sl

from . import sets

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


STRATEGIES = ("margin", "entropy", "least_confident", "ranked_batch", "badge", "k_center")
STOP = ("kappa", "overall_uncertainty:0.3", "change:0.005")


@dataclass(frozen=True)
class Study:
    """One set: its batch and budget, and how strongly the model is regularised."""

    name: str
    title: str
    batch: int
    budget: int
    C: float

    def run(
        self,
        folder: Path,
        repeats: int,
        jobs: int | None,
        strategies: list[str],
        progress: Callable[..., object] | bool,
    ) -> sl.Simulation:
        """Go on with the runs in a folder, or begin."""
        X, y = sets.load(self.name)
        large = len(y) > 10_000
        return sl.simulate(
            X,
            y,
            LogisticRegression(C=self.C, max_iter=500),
            strategies,
            batch=self.batch,
            budget=self.budget,
            initial=max(self.batch, 20),
            repeats=repeats,
            pool=3000 if large else 1200,
            test=2000 if large else 500,
            stop=STOP,
            n_jobs=jobs,
            out=folder / self.name,
            progress=progress,
        )


STUDIES = (
    Study("digits", "Digits: 8 x 8 pixels, 10 classes", 20, 300, 10.0),
    Study("fashion-mnist", "Fashion-MNIST: 50 principal components, 10 classes", 25, 500, 0.1),
    Study("wordnet", "WordNet glosses: 100 components of TF-IDF, 45 lexicographer files", 50, 1000, 10.0),
    Study("icd", "ICD-10-CM titles: 100 components of TF-IDF, 21 chapters, one of them 55% of the rows", 25, 500, 10.0),
)
