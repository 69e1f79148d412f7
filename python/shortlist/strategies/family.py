"""Functions of one family: what they do and what they say is written once, in a template.

A template takes what its members differ in as its first argument, and its docstring has gaps.
`member` binds the one and fills the others: what comes out has a name, a signature and a docstring
of its own, and is called, pickled and looked up as a function that is written out.
"""

from __future__ import annotations

import inspect
from string import Template
from types import FunctionType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from shortlist.registry import find_measure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Bound = TypeVar("Bound")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

SHARED = {
    "X": """: rows
    The pool: an array, memory map, sparse matrix, frame, list, tensor or dict of arrays.""",
    "n_instances": """n_instances : int, default=1
    How many rows to pick, from 0 to those of the pool.""",
    "random_tie_break": """random_tie_break : bool, default=False
    Whether equal scores are drawn among at random; otherwise the lowest position comes first.""",
    "random_state": """random_state : int, RandomState, Generator or None, default=None
    Rules what is drawn; None is the learner's own, or without one NumPy's global state.""",
    "blocks": """chunk_size : int, "auto" or None, default="auto"
    Rows the model is asked about at once; "auto" keeps to a fixed budget of memory, None asks
    about all at once.
progress : callable, bool or None, default=None
    Called with (rows done, rows in all) after each block; True shows a bar.""",
    "screen": """screen : bool, default=True
    Whether a model whose scores can be bounded (docs/learners.md) is asked only about rows that may be picked.""",
    "invalid": """invalid : {"raise", "skip"}, default="raise"
    Whether a row that the model answers with NaN is an error, or is never picked.""",
    "invalid_values": """invalid : {"raise", "skip"}, default="raise"
    Whether a row that the model answers with NaN is an error, or has the value NaN.""",
    "approximate": """approximate : bool or float, default=False
    How far a score may be off, True being 0.001: then a model whose scores can be bounded
    (docs/learners.md) is asked only about rows whose bounds are further apart, and others get the
    middle of theirs.""",
    "indices": """indices : ndarray of int64, shape (n_instances,)
    Positions in the pool, the most informative first.""",
    "count_error": """ArgumentError
    `n_instances` or `invalid` is not what is accepted.
PoolTooSmallError
    There are fewer rows to pick from.""",
    "answer_error": """AttributeError
    The model lacks the method; the message says how to come by one.
ValueError
    An answer of the model cannot be read; the message names the first bad row.""",
}
"""Entries of docstrings, by the words that stand for them."""


def member(
    template: Callable[Concatenate[Bound, Arguments], Result],
    bound: Bound,
    name: str,
    words: Mapping[str, str] | None = None,
    *,
    defaults: tuple[Any, ...] | None = None,
) -> Callable[Arguments, Result]:
    """Return a function that calls a template with its first argument bound.

    Parameters
    ----------
    template : function
        ``template(bound, *args, **kwargs)`` does the work. In its docstring ``$word`` stands for an
        entry of `words` or `SHARED`, ``$name`` for `name`. Lines of examples begin with ``$>>>``,
        as they run for members alone.
    bound : object
        What this member differs in. By the docstring of a function ``$what`` is what it returns,
        and ``$how`` what follows that line.
    name : str
        What the member is called in the module of the template.
    words : dict of str: str, optional
        What only its docstring says; by default `bound`'s own ``words``, where it has some.
    defaults : tuple, optional
        Defaults of its positional parameters, where they are not those of the template.

    Returns
    -------
    function
        With the signature of the template but for the first parameter.
    """
    # A copy under the member's name, so that Python names the member where arguments are missing.
    plain = cast("FunctionType", template)
    defaults = plain.__defaults__ if defaults is None else defaults
    call = FunctionType(plain.__code__, plain.__globals__, name, defaults, plain.__closure__)
    call.__annotations__ = plain.__annotations__
    call.__kwdefaults__, call.__qualname__ = plain.__kwdefaults__, name

    def function(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        result: Result = call(bound, *args, **kwargs)
        return result

    made = cast("Any", function)
    signature = inspect.signature(call)
    made.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])
    made.__module__, made.__name__, made.__qualname__ = plain.__module__, name, name
    text = inspect.cleandoc(plain.__doc__ or "").replace("$>>>", ">>>")
    what, _, how = (inspect.getdoc(bound) or "").partition(".\n\n")
    about = {"what": what.removeprefix("Return ").removesuffix("."), "how": how, "name": name}
    words = getattr(bound, "words", {}) if words is None else words
    made.__doc__ = Template(text).substitute(SHARED | about | dict(words))
    return function


def measure_words(name: str) -> dict[str, str]:
    """Return what the list of measures says of one: formula, range, source and order."""
    measure = find_measure(name)
    return {"formula": measure.formula, "range": measure.range, "source": measure.source, "order": measure.order}
