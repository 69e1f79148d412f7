"""What states must have in common to be merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from shortlist.groups import Labels

SCORERS = ("from_logits", "temperature", "normalize", "invalid")
"""Options of a scorer that are compared."""


class Likeness(NamedTuple):
    """The options of a state, the labels of its quotas, and the form of the rows it has seen."""

    options: Mapping[str, Any]
    labels: list[Any] | None
    form: tuple[int, int, np.dtype[Any], bool] | None

    @classmethod
    def of(cls, measure: str, scorer: object, labels: Labels | None, form: Any) -> Likeness:
        """Return that of a state with such parts."""
        options = {"measure": measure, **{option: getattr(scorer, option, None) for option in SCORERS}}
        return cls(options, None if labels is None else labels.labels.tolist(), form)


def refuse_unlike(mine: Likeness, other: Likeness) -> None:
    """Refuse states that differ, naming the first thing they differ in."""
    cannot = "these Selectors cannot be merged"
    for option, value in mine.options.items():
        if value != other.options[option]:
            one, two = (shown if option == "measure" else repr(shown) for shown in (value, other.options[option]))
            raise ValueError(f"{cannot}: {option} is {one} in one and {two} in the other")
    if mine.labels != other.labels:
        raise ValueError(f"{cannot}: quotas are for different groups")
    if mine.form is not None and other.form is not None and mine.form != other.form:
        raise ValueError(
            f"{cannot}: one has seen {mine.form[1]} classes of {mine.form[2]}, "
            f"the other {other.form[1]} of {other.form[2]}"
        )
