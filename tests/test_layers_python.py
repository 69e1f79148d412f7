"""Files know only what lies below them; an import inside a function counts as well."""

import ast
import functools
from pathlib import Path

import pytest

import shortlist

PACKAGE = Path(shortlist.__file__).parent

BASE = "base"
"""Files of the package itself that know no pool."""
CORE = "core"
"""Files of the package itself that score and select."""
BESIDE = "beside"
"""Files of the package itself above these."""
FILES = {
    **dict.fromkeys(
        (
            "arguments",
            "csv_cells",
            "csv_file",
            "disk",
            "figures",
            "groups",
            "likeness",
            "memory",
            "names",
            "npy",
            "options",
            "own_ids",
            "quotas",
            "registry",
            "tables",
            "threads",
            "writing",
        ),
        BASE,
    ),
    **dict.fromkeys(
        (
            "__init__",
            "picks_text",
            "sampling",
            "scoring",
            "selecting",
            "selection",
            "selection_html",
            "selection_plot",
            "selection_report",
            "selection_tables",
            "selector",
            "sweep",
        ),
        CORE,
    ),
    **dict.fromkeys(("by_name", "comparing", "comparison", "polars"), BESIDE),
    "__main__": "cli",
}
"""THE list of files in the package itself, and their rooms. A folder is a room of its own."""

MAY = {
    BASE: set(),
    "pools": {BASE},
    "rows": {BASE},
    "labels": {BASE, "pools", "rows"},
    CORE: {BASE, "pools", "labels"},
    BESIDE: {BASE, CORE, "pools"},
    "diversity": {BASE, CORE, "pools"},
    "screening": {BASE, "rows"},
    "strategies": {BASE, CORE, "rows", "diversity", "screening"},
    "learners": {"rows", "strategies"},
    "modal": {"rows", "strategies", "learners"},
    "adapters": {BASE, CORE, "strategies", "learners"},
    "stopping": {BASE},
    "distributed": {BASE, CORE, "pools", "diversity", "strategies"},
    "benchmarking": {BASE, CORE, BESIDE},
    "loop": {BASE, CORE, BESIDE, "pools", "labels", "diversity", "distributed", "screening", "stopping", "simulation"},
    "simulation": {BASE, CORE, "rows", "strategies", "learners", "stopping", "loop"},
    "cli": {BASE, CORE, BESIDE, "pools", "labels", "benchmarking", "simulation", "loop"},
}
"""Which room may import which, from the lowest up.

`simulation` takes an interval from a loop's facts, and a loop is played and drawn as simulations are.
"""


KNOWN = {
    frozenset(f"shortlist.loop.{name}" for name in ("loop", "playing", "playing.play", "playing.running")),
}
"""Circles there are: `Loop.simulate` plays loops, each of which is a `Loop`. To be empty."""


def name_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room_of(module):
    path = MODULES[module].relative_to(PACKAGE)
    return FILES[path.stem] if len(path.parts) == 1 else path.parts[0]


def imports_of(module):
    """The modules of the package that a module imports, anywhere but for type checkers alone."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found = set()

    def look(node):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                continue
            if isinstance(child, ast.Import):
                found.update(alias.name for alias in child.names)
            if isinstance(child, ast.ImportFrom):
                above = package.split(".")[: len(package.split(".")) + 1 - child.level] if child.level else []
                base = ".".join([*above, *([child.module] if child.module else [])])
                for alias in child.names:
                    # A module, the extension, or a name in the package.
                    whole = f"{base}.{alias.name}"
                    found.add(whole if whole in MODULES or alias.name == "_core" else base)
            look(child)

    look(ast.parse(path.read_text(encoding="utf-8")))
    return (found & MODULES.keys()) - {module}


@functools.cache
def graph():
    return {module: imports_of(module) for module in MODULES}


def circles(graph):
    """Sets of modules of which each imports all others, by some way."""
    reach = {}
    for start in graph:
        seen, left = set(), [start]
        while left:
            for other in graph[left.pop()] - seen:
                seen.add(other)
                left.append(other)
        reach[start] = seen
    return {frozenset({a} | {b for b in reach[a] if a in reach[b]}) for a in graph if a in reach[a]}


def test_circles_are_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == {frozenset("bc")}


def test_no_files_import_each_other():
    assert circles(graph()) <= KNOWN


def test_every_file_and_folder_has_its_place():
    assert {path.stem for path in PACKAGE.glob("*.py")} == FILES.keys()
    assert {room_of(module) for module in MODULES} == MAY.keys()


@pytest.mark.parametrize("room", MAY)
def test_a_room_imports_what_it_may_and_no_more(room):
    found = {}
    for module in MODULES:
        if room_of(module) == room:
            for other in graph()[module]:
                found.setdefault(room_of(other), set()).add(f"{module} imports {other}")
    found.pop(room, None)
    wrong = {other: lines for other, lines in found.items() if other not in MAY[room]}
    assert not wrong
