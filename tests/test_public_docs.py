"""Every public name explains itself: each parameter, what comes back, what is raised, and an example that runs."""

import doctest
import inspect
import re

import pytest

import shortlist as sl

PLACES = {"sl": sl, "stopping": sl.stopping, "labels": sl.labels, "learners": sl.learners, "strategies": sl.strategies}
OBJECTS = {
    id(thing): (f"{place}.{name}", thing)
    for place, module in PLACES.items()
    for name in module.__all__
    if callable(thing := getattr(module, name))
}
FUNCTIONS = {name: thing for name, thing in OBJECTS.values() if not inspect.isclass(thing)}
CLASSES = {name: thing for name, thing in OBJECTS.values() if inspect.isclass(thing)}


def is_introduced_by(thing, method):
    """Whether a class is the public one that brings a method: what overrides one of a base is documented there."""
    *_, first = (base for base in thing.__mro__ if method in vars(base))
    return first is thing or (first.__module__.startswith("shortlist.loop.calls.") and id(first) not in OBJECTS)


METHODS = {
    f"{name}.{method}": found
    for name, thing in CLASSES.items()
    for method, found in inspect.getmembers(thing, lambda found: inspect.isfunction(found) or inspect.ismethod(found))
    if not method.startswith("_") and is_introduced_by(thing, method)
}


def sections(thing):
    """Return the sections of a NumPy docstring by their titles, and what comes before the first under ''."""
    parts = re.split(r"^([A-Z][A-Za-z ]+)\n-{3,}\n", inspect.getdoc(thing) or "", flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def documented(section):
    """Return the names that the entries of a section are about."""
    heads = re.findall(r"^\S.*$", section, re.MULTILINE)
    return {name.strip().strip("*") for head in heads for name in head.partition(" : ")[0].split(",")}


def parameters(thing):
    return [name for name in inspect.signature(thing).parameters if name not in ("self", "cls")]


def returns(thing):
    return inspect.signature(thing).return_annotation not in (None, "None")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    found = sections(thing := FUNCTIONS[name])
    assert found[""].strip(), "no summary"
    assert not {*parameters(thing)} - documented(found.get("Parameters", "")), "parameters without a word"
    needed = {"Returns", "Examples"} | ({"Raises"} if parameters(thing) else set())
    assert not needed - found.keys()


@pytest.mark.parametrize("name", CLASSES)
def test_classes(name):
    found = sections(thing := CLASSES[name])
    assert found[""].strip(), "no summary"
    if not issubclass(thing, Exception):
        said = documented(found.get("Parameters", "")) | documented(found.get("Attributes", ""))
        assert not {*parameters(thing)} - said, "parameters without a word"
    assert "Examples" in found


@pytest.mark.parametrize("name", METHODS)
def test_methods(name):
    found = sections(thing := METHODS[name])
    assert found[""].strip(), "no summary"
    assert not {*parameters(thing)} - documented(found.get("Parameters", "")), "parameters without a word"
    assert "Returns" in found or not returns(thing) or found[""].startswith("Return")


def test_there_is_much_to_look_at():
    assert len(FUNCTIONS) > 70
    assert len(CLASSES) > 20
    assert len(METHODS) > 60


MADE = [name for name, thing in FUNCTIONS.items() if thing.__globals__.get("__name__") != thing.__module__]


@pytest.mark.parametrize("name", MADE)
def test_examples_of_functions_that_are_made(name):
    """`test_docs` runs the others, which it finds in their modules."""
    thing = FUNCTIONS[name]
    [example] = doctest.DocTestFinder().find(thing, name, module=False, globs={})
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example).failed == 0
