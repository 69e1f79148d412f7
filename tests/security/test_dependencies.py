"""What Shortlist is made of may be used and passed on; `make audit` looks at crates too."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
found = importlib.util.spec_from_file_location("audit", ROOT / "release" / "audit.py")
audit = importlib.util.module_from_spec(found)
found.loader.exec_module(audit)


@pytest.mark.parametrize(
    ("expression", "is_fine"),
    [
        ("MIT", True),
        ("MIT/Apache-2.0", True),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", True),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only", False),
        ("MIT AND AGPL-3.0-or-later", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("none", False),
    ],
)
def test_licences_are_told_apart(expression, is_fine):
    assert audit.fine(expression) is is_fine


def test_each_package_that_is_needed_has_a_licence_that_is_fine():
    said = audit.packages()
    assert {name.partition(" ")[0] for name in said} >= {"numpy", "scikit-learn"}
    assert {name: licence for name, licence in said.items() if not audit.fine(licence or "none")} == {}
