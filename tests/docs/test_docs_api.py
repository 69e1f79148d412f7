"""docs/api.md lists the public names in their groups, each with what its docstring begins with.

``python tests/docs/test_docs_api.py > docs/api.md`` writes it again.
"""

import inspect
from pathlib import Path

import shortlist as sl
from shortlist.names import GROUPS

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
HEAD = """# The public names

Every name below is in `shortlist` itself, as `sl.select` after `import shortlist as sl`. What needs
more than NumPy is loaded when it is first used, and type checkers and editors know the type of each.
`help(sl.select)` has the whole story: parameters, results, errors and examples. `sl.labels`,
`sl.learners`, `sl.stopping` and `sl.strategies` are modules.
"""


def line(name):
    said = inspect.getdoc(getattr(sl, name)).split("\n\n")[0].replace("\n", " ")
    return f"| `{name}` | {said.replace('``', '`')} |"


def page():
    groups = [
        "\n".join(
            [f"\n## {group}\n", "| name | what it is |", "|---|---|", *map(line, " ".join(names.values()).split())]
        )
        for group, names in GROUPS.items()
    ]
    return "\n".join([HEAD.rstrip(), *groups]) + "\n"


def test_the_page_is_what_the_names_and_their_docstrings_make():
    assert PAGE.read_text(encoding="utf-8").splitlines() == page().splitlines()


if __name__ == "__main__":
    print(page(), end="")
