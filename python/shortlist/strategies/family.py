"""Functions of one family: what they do is written once, in a template, and so is what their docstrings share.

A template takes what its members differ in as its first argument. `member` binds that, and makes
a function with a name, a signature and a docstring of its own, which is called, pickled and looked
up as one that is written out.
"""

from __future__ import annotations

import functools
import inspect
from string import Template
from types import FunctionType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from shortlist.registry import find_measure

if TYPE_CHECKING:
    from collections.abc import Callable

Bound = TypeVar("Bound")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

SHARED = {
    "X": """
: rows
    The pool: an array, memory map, sparse matrix, frame, list, tensor or dict of arrays.""",
    "n_instances": """
n_instances : int, default=1
    How many rows to pick, from 0 to those of the pool.""",
    "random_tie_break": """
random_tie_break : bool, default=False
    Whether equal scores are drawn among at random; otherwise the lowest position comes first.""",
    "random_state": """
random_state : int, RandomState, Generator or None, default=None
    Rules what is drawn; None is the learner's own, or without one NumPy's global state.""",
    "blocks": """
chunk_size : int, "auto" or None, default="auto"
    Rows the model is asked about at once; "auto" keeps to a fixed budget of memory, None asks
    about all at once.
progress : callable, bool or None, default=None
    Called with (rows done, rows in all) after each block; True shows a bar.""",
    "invalid": """
invalid : {"raise", "skip"}, default="raise"
    Whether a row that the model answers with NaN is an error, or is never picked.""",
    "invalid_values": """
invalid : {"raise", "skip"}, default="raise"
    Whether a row that the model answers with NaN is an error, or has the value NaN.""",
    "indices": """
indices : ndarray of int64, shape (n_instances,)
    Positions in the pool, the most informative first.""",
    "count_error": """
ArgumentError
    `n_instances` or `invalid` is not what is accepted.
PoolTooSmallError
    There are fewer rows to pick from.""",
    "answer_error": """
AttributeError
    The model lacks the method; the message says how to come by one.
ValueError
    An answer of the model cannot be read; the message names the first bad row.""",
}
"""Entries of docstrings, by the names that stand for them."""


def member(
    template: Callable[Concatenate[Bound, Arguments], Result], bound: Bound, name: str, doc: str, **words: str
) -> Callable[Arguments, Result]:
    """Return a function that calls a template with its first argument bound.

    Parameters
    ----------
    template : function
        ``template(bound, *args, **kwargs)`` does the work.
    bound : object
        What this member differs in.
    name : str
        What the member is called in the module of the template.
    doc : str
        Its docstring; ``$word`` stands for an entry of `words` or `SHARED`.
    **words : str
        What only its docstring says.

    Returns
    -------
    function
        With the signature of the template but for the first parameter.
    """
    # A copy under the member's name, so that Python names the member where arguments are missing.
    plain = cast("FunctionType", template)
    call = FunctionType(plain.__code__, plain.__globals__, name, plain.__defaults__, plain.__closure__)
    call.__kwdefaults__, call.__qualname__ = plain.__kwdefaults__, name

    @functools.wraps(template)
    def function(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        result: Result = call(bound, *args, **kwargs)
        return result

    signature = inspect.signature(template)
    made = cast("Any", function)
    made.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])
    made.__name__ = made.__qualname__ = name
    made.__doc__ = documented(doc, name=name, **words)
    del made.__wrapped__
    return function


def documented(doc: str, **words: str) -> str:
    """Return a docstring with each ``$word`` replaced."""
    shared = {key: text.removeprefix("\n") for key, text in SHARED.items()}
    return Template(doc).substitute(shared, **words)


def measure_words(name: str) -> dict[str, str]:
    """Return what the list of measures says of one: formula, range, source, and its informative end."""
    measure = find_measure(name)
    return {"formula": measure.formula, "range": measure.range, "source": measure.source, "order": measure.order}
