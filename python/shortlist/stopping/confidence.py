"""Rules about how sure the model is of the rows that are left (Zhu, Wang and Hovy 2008;
Zhu et al. 2010).
"""

from __future__ import annotations

from shortlist.stopping.limits import inside
from shortlist.stopping.rule import Round, Rule


class _Confidence(Rule):
    needs = "uncertainty"

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.threshold = inside(threshold, "threshold", least=0, unit=", in nats")


class MaxConfidence(_Confidence):
    """Stop once the model is sure of every row that has no label:
    the largest entropy is below a threshold.

    Parameters
    ----------
    threshold : float, default=0.001
        Entropy in nats. Models that are never that sure (forests, strong regularisation, noisy
        labels) never stop; watch the trace.

    Raises
    ------
    ValueError, TypeError
        `threshold` is not a number of at least 0.

    Notes
    -----
    Zhu, Wang and Hovy (2008), "Multi-criteria-based strategy to stop active learning for data
    annotation".

    Examples
    --------
    >>> from shortlist import stopping
    >>> rule = stopping.MaxConfidence(0.01)
    >>> rule.update(labels=100, uncertainty=[0.001, 0.6])
    False
    >>> rule.update(labels=200, uncertainty=[0.001, 0.002])
    True
    """

    def __init__(self, threshold: float = 0.001) -> None:
        super().__init__(threshold)

    def judge(self, seen: Round) -> tuple[float, bool]:
        """Look at the largest entropy."""
        value = float(self.given(seen).max())
        return value, value < self.threshold

    def describe(self) -> str:
        """Name the threshold."""
        return f"largest entropy below {self.threshold:g}"


class OverallUncertainty(_Confidence):
    """Stop once the mean entropy of the rows that have no label is below a threshold.

    Parameters
    ----------
    threshold : float, default=0.01
        Entropy in nats.

    Raises
    ------
    ValueError, TypeError
        `threshold` is not a number of at least 0.

    Notes
    -----
    Zhu, Wang and Hovy (2008), "Learning a stopping criterion for active learning for word sense
    disambiguation and text classification".

    Examples
    --------
    >>> from shortlist import stopping
    >>> rule = stopping.OverallUncertainty(0.1)
    >>> rule.update(labels=100, uncertainty=[0.05, 0.6])
    False
    >>> rule.update(labels=200, uncertainty=[0.05, 0.1])
    True
    """

    def __init__(self, threshold: float = 0.01) -> None:
        super().__init__(threshold)

    def judge(self, seen: Round) -> tuple[float, bool]:
        """Look at the mean entropy."""
        value = float(self.given(seen).mean())
        return value, value < self.threshold

    def describe(self) -> str:
        """Name the threshold."""
        return f"mean entropy below {self.threshold:g}"
