"""The files of the Rust core know only what lies below them.

A path in code counts as well as a `use` line; tests inside the files do not count, and neither does a parent that
declares modules and passes their names on.
"""

import re
from pathlib import Path

import pytest

CORE = Path(__file__).resolve().parent.parent / "rust" / "core" / "src"

pytestmark = pytest.mark.skipif(not CORE.exists(), reason="needs the checkout, where the core's source is")

NUMBERS = {"float", "matrix", "simd"}
MAY = {
    "named": set(),
    "order": {"named"},
    "random": set(),
    "helpers": set(),
    "fault": {"below_zero", "float", "matrix"},
    "error": {"fault"},
    "room": {"error", "helpers"},
    "reserve": {"room"},
    "coefficients": set(),
    "simd": {"coefficients"},
    "math": {"coefficients", "simd"},
    "float": {"simd"},
    "matrix": {"error"},
    "below_zero": {"simd"},
    "second_look": {"below_zero", "error", "fault"} | NUMBERS,
    "blocks": {"error", "helpers"} | NUMBERS,
    "probe": {"blocks", "error", "simd"},
    # A row to a score, from the bottom up.
    "rules": {"error", "named"} | NUMBERS,
    "fold": {"coefficients", "math", "rules", "simd"},
    "formula": {"fold", "order", "simd"},
    "measure": {"coefficients", "fold", "formula", "math", "order", "simd"},
    "bound": {"fold", "formula", "math", "simd"},
    "scan": {"below_zero", "fold", "formula", "order", "rules", "room"} | NUMBERS,
    "scorer": {"blocks", "error", "fault", "measure", "rules", "scan", "second_look", "room"} | NUMBERS,
    "screen": {"bound", "measure", "rules", "scan", "simd"},
    "select": {"blocks", "error", "fault", "named", "order", "random", "simd", "room"},
    "fused": {"blocks", "bound", "error", "order", "room", "rules", "scan", "scorer", "screen", "select"} | NUMBERS,
    "compiled": {"blocks", "error", "fault", "fused", "scorer", "select"} | NUMBERS,
    "committee": {"blocks", "coefficients", "error", "fault", "fused", "math", "measure", "order", "rules", "room"}
    | {"scan", "scorer", "second_look", "select"}
    | NUMBERS,
    # A fitted model's features to what it may say of a row.
    "model": {"blocks", "committee", "error", "math", "measure", "order", "random", "rules", "scan", "scorer", "room"}
    | NUMBERS,
    # Two rows to a distance, and what is picked by it.
    "distance": {"blocks", "error", "fault", "named", "random", "room"} | NUMBERS,
    "density": {"blocks", "distance", "error", "random", "room"} | NUMBERS,
    "diverse": {"below_zero", "blocks", "distance", "error", "fault", "math", "named", "order", "random", "room"}
    | {"second_look"}
    | NUMBERS,
}
"""THE table: which file or folder of the core may use which. `scan` knows no measure and no bound, `measure` no walk."""

SAME = {
    "F32": "a vector of f32 of each level",
    "F64": "a vector of f64 of each level",
    "OfLogits": "the formula of each measure, of logits",
    "OfProbabilities": "the formula of each measure, of probabilities",
}
"""Types that several files define under one name, and why. All others have a name of their own."""

TYPE = re.compile(r"\b(?:struct|enum|trait)\s+([A-Z]\w*)")
USE = re.compile(r"^[ \t]*(pub(?:\([^)]*\))?\s+)?use\s+([^;]+);", re.MULTILINE)
PATH = re.compile(r"(?<![:\w])(crate|super|self|[a-z]\w*)((?:::\w+)+)")


def without_tests(text):
    """Code without comments, strings, and items that only tests see."""
    text = re.sub(r"//[^\n]*", "", text)
    text = re.sub(r'"(?:\\.|[^"\\])*"', '""', text)
    kept, rest = [], text
    while (at := rest.find("#[cfg(test)]")) >= 0:
        kept.append(rest[:at])
        rest = rest[at + len("#[cfg(test)]") :]
        end, depth = 0, 0
        for end, letter in enumerate(rest):  # noqa: B007
            depth += (letter == "{") - (letter == "}")
            if depth == 0 and letter in ";}":
                break
        rest = rest[end + 1 :]
    return "".join([*kept, rest])


def expanded(words):
    """The paths of a `use`: `a::{b, c::{d, e}}` is `a::b`, `a::c::d`, `a::c::e`."""
    head, brace, body = words.strip().partition("{")
    if not brace:
        return [re.sub(r"\s+as\s+\w+$", "", head.strip())]
    parts, depth, part = [], 0, ""
    for letter in body[: body.rindex("}")]:
        depth += (letter == "{") - (letter == "}")
        parts, part = ([*parts, part], "") if letter == "," and depth == 0 else (parts, part + letter)
    return [head.strip() + path for part in [*parts, part] if part.strip() for path in expanded(part)]


class Crate:
    """The files of a crate, and which use which."""

    def __init__(self, source):
        self.code, self.passed_on, self.graph = {}, {}, {}
        for path in sorted(source.rglob("*.rs")):
            parts = path.relative_to(source).with_suffix("").parts
            module = parts[:-1] if parts[-1] in ("mod", "lib") else parts
            if "tests" not in module:
                self.code[module] = without_tests(path.read_text(encoding="utf-8"))
        for module, code in self.code.items():
            for public, words in USE.findall(code):
                if public:
                    names = filter(None, (self.absolute(module, path) for path in expanded(words)))
                    self.passed_on.setdefault(module, {}).update({name[-1]: name for name in names})
        self.graph = {module: self.used_by(module) for module in self.code}

    def absolute(self, module, path):
        """A path from the crate's root, or nothing for what is not the crate's."""
        first, *rest = path.removesuffix("::self").split("::")
        if first == "crate":
            return tuple(rest)
        while first == "super":
            module, (first, *rest) = module[:-1], rest
        if first == "self":
            return (*module, *rest)
        is_own = path.startswith("super::") or (*module, first) in self.code
        return (*module, first, *rest) if is_own else None

    def file_of(self, path):
        """The file that defines a name, which its parents may pass on."""
        at = next(at for at in range(len(path), -1, -1) if path[:at] in self.code)
        further = self.passed_on.get(path[:at], {}).get(path[at]) if at < len(path) else None
        return self.file_of(further + path[at + 1 :]) if further else path[:at]

    def used_by(self, module):
        code = self.code[module]
        paths = [path for public, words in USE.findall(code) if not public for path in expanded(words)]
        paths += ["".join(parts) for parts in PATH.findall(USE.sub("", re.sub(r"\bpub\([^)]*\)", "", code)))]
        found = (self.absolute(module, path) for path in paths)
        return {self.file_of(path) for path in found if path is not None} - {module}

    def circles(self):
        """Sets of files of which each uses the others, by some way."""
        reach = {}
        for start in self.graph:
            seen, left = set(), [start]
            while left:
                new = self.graph[left.pop()] - seen
                seen |= new
                left += new
            reach[start] = seen
        return {
            frozenset(other for other in reach[file] if file in reach[other]) for file in reach if file in reach[file]
        }


@pytest.fixture(scope="module")
def core():
    return Crate(CORE)


def test_no_files_of_the_core_use_each_other_in_a_circle(core):
    assert core.circles() == set()


def test_every_room_of_the_core_uses_only_rooms_below_it(core):
    rooms = {file[0] for file in core.graph if file}
    assert rooms <= MAY.keys(), "each has a line in the table"
    for file, used in core.graph.items():
        if file:
            others = {other[0] for other in used if other} - {file[0]}
            assert others <= MAY[file[0]], f"{'/'.join(file)} uses {sorted(others - MAY[file[0]])}"


def test_types_of_the_core_have_names_of_their_own(core):
    files = {}
    for file, code in core.code.items():
        for name in set(TYPE.findall(code)):
            files.setdefault(name, []).append("/".join(file))
    assert {name: files[name] for name in files if len(files[name]) > 1 and name not in SAME} == {}
    assert {name for name in SAME if len(files[name]) < 2} == set()


def test_a_circle_is_found_whatever_way_it_is_written(tmp_path):
    files = {
        "lib.rs": "mod a;\nmod b;\nmod c;\nmod list;\n",
        "a.rs": "use crate::b::{One, two::{Three}};\n",
        "b.rs": "fn f() { super::c::g() }\n",
        "c.rs": "pub use crate::a::Name;\n#[cfg(test)]\nmod tests {\n    use crate::list::{A};\n}\n",
        "list/mod.rs": "mod x;\nmod y;\npub use x::X;\nfn all() { y::Y }\n",
        "list/x.rs": "// crate::a::f\nuse crate::list::y::Y;\n",
        "list/y.rs": "use super::all;\n",
    }
    (tmp_path / "list").mkdir()
    for name, code in files.items():
        (tmp_path / name).write_text(code)
    assert Crate(tmp_path).circles() == {frozenset({("list",), ("list", "y")})}
    (tmp_path / "c.rs").write_text("fn g() { crate::a::f(); }\n")
    assert frozenset({("a",), ("b",), ("c",)}) in Crate(tmp_path).circles()
