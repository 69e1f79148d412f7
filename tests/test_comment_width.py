"""Comments and docstrings are at most 100 columns wide."""

import ast
import io
import re
import tokenize
from pathlib import Path

import shortlist

PACKAGE = Path(shortlist.__file__).parent
RUST = PACKAGE.parents[1] / "rust"
WIDEST = 100
DOCSTRINGS_TOO = True
RUST_TOO = True
"""Whether docstrings and Rust are looked at as well."""
LATER: set[str] = set()
"""Files that still have such comments. To be empty."""
MARK = re.compile(r"(# fmt: skip|# noqa.*|# type: .*)$")
"""What tools read is no text."""
RUST_COMMENT = re.compile(r"\s*//")


def long_in_python(text, docstrings):
    """The numbers of lines that are too long and hold a comment, or a part of a docstring."""
    lines = text.splitlines()
    wide = {number for number, line in enumerate(lines, 1) if len(line) > WIDEST}
    if not wide:
        return []
    words = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and not MARK.match(token.string):
            words.add(token.start[0])
    for node in ast.walk(ast.parse(text)) if docstrings else ():
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            words.update(range(node.lineno, node.end_lineno + 1))
    return sorted(wide & words)


def long_in_rust(text):
    """The numbers of lines that are too long and nothing but a comment."""
    return [n for n, line in enumerate(text.splitlines(), 1) if len(line) > WIDEST and RUST_COMMENT.match(line)]


def test_what_is_too_long_is_found():
    long = "x" * WIDEST
    text = f'"""{long}"""\nx = 1  # {long}\ny = "{long}"\nz = "{long}"  # noqa: E501\n'
    assert long_in_python(text, docstrings=True) == [1, 2]
    assert long_in_python(text, docstrings=False) == [2]
    assert long_in_python(f'def f():\n    """Short.\n\n    {long}\n    """\n', docstrings=True) == [4]
    assert long_in_rust(f'/// {long}\nlet x = "{long}";\n    // {long}\n') == [1, 3]


def test_comments_and_docstrings_are_short():
    found = [
        f"{path}:{number}"
        for path in sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.pyi")])
        if path.relative_to(PACKAGE).as_posix() not in LATER
        for number in long_in_python(path.read_text(encoding="utf-8"), DOCSTRINGS_TOO)
    ]
    if RUST_TOO:
        found += [
            f"{path}:{number}"
            for path in sorted(RUST.rglob("*.rs"))
            for number in long_in_rust(path.read_text(encoding="utf-8"))
        ]
    assert not found, "\n".join(found)
