"""Answers of regressors: means and standard deviations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.rows import count
from shortlist.strategies.answers.arrays import column, floats
from shortlist.strategies.answers.asked import Asked
from shortlist.strategies.answers.models import final_model
from shortlist.strategies.answers.validity import check_values

if TYPE_CHECKING:
    from shortlist.strategies.answers.arrays import Array
    from shortlist.strategies.answers.asked import Invalid

_MODELS = "a GaussianProcessRegressor, a BayesianRidge, or several models in a CommitteeRegressor"


def means_and_stds(
    model: Any, X: Any, first: int = 0, invalid: Invalid = "raise", **kwargs: Any
) -> tuple[Array, Array]:
    """Ask a regressor for means and standard deviations, both ``(rows,)`` or ``(rows, targets)``.

    Raises
    ------
    TypeError
        If ``predict`` of the model does not take ``return_std=True``.
    """
    asked = Asked(model, "predict(return_std=True)", count(X), first)
    try:
        answer = model.predict(X, return_std=True, **kwargs)
    except TypeError as error:
        if "return_std" not in str(error):
            raise
        name = type(final_model(model)).__name__
        raise TypeError(f"predict of {name} does not take return_std=True; use {_MODELS}") from error
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        gave = f"shape {answer.shape}" if hasattr(answer, "shape") else f"a {type(answer).__name__}"
        raise asked.wrong(gave, f"a pair of means and standard deviations: use {_MODELS}")
    mean, std = (floats(column(part, asked), asked) for part in answer)
    if mean.ndim not in (1, 2) or mean.shape != std.shape:
        gave = f"means of shape {mean.shape} and standard deviations of shape {std.shape}"
        raise asked.wrong(gave, "(rows,) or (rows, targets) for both")
    asked.check_rows(len(mean))
    if invalid == "raise":
        check_values(mean, asked)
        check_values(std, asked)
    return mean, std
