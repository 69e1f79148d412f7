"""What an installation brings along is what the page on it says."""

import re
import tomllib
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]


def names(requirements):
    return {re.match(r"[\w.-]+", requirement)[0] for requirement in requirements}


def test_nothing_but_numpy_and_scikit_learn_comes_along():
    assert names(PROJECT["dependencies"]) == {"numpy", "scikit-learn"}


def test_the_table_has_every_extra_and_what_it_brings():
    page = (CHECKOUT / "docs" / "install.md").read_text()
    lines = re.findall(r"^\| (`.*?) \| (.*?) \| .* \|$", page, re.MULTILINE)
    table = {extra: brings for extras, brings in lines for extra in re.findall(r"`([\w-]+)`", extras)}
    assert table.keys() == PROJECT["optional-dependencies"].keys()
    for extra, needed in PROJECT["optional-dependencies"].items():
        words = set(re.findall(r"[\w-]+", table[extra])) | {extra}
        assert names(needed) <= words, extra
