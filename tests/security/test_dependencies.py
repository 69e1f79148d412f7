"""What Shortlist is made of may be used and passed on, and has no known weakness."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "release"))
import advisories
import audit

KNOWN = json.loads(advisories.SNAPSHOT.read_text(encoding="utf-8"))


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


def test_no_version_that_is_locked_or_installed_has_a_known_weakness():
    crates = advisories.locked()
    installed = {tuple(name.split(" ")) for name in audit.packages()}
    assert advisories.affected(crates, installed, KNOWN)[0] == []


@pytest.mark.parametrize(
    ("name", "version", "found"),
    [
        ("smallvec", "1.6.0", ["RUSTSEC-2021-0003"]),
        ("smallvec", "1.6.1", []),
        ("smallvec", "0.6.14", []),
        ("pyo3", "0.24.0", ["RUSTSEC-2025-0020"]),
    ],
)
def test_a_crate_with_a_weakness_is_found(name, version, found):
    weak, _ = advisories.affected({(name, version)}, set(), KNOWN)
    assert {line.rpartition(" ")[2] for line in weak} >= set(found)
    assert bool(weak) is bool(found)


@pytest.mark.parametrize(("version", "count"), [("1.18.5", 1), ("2.2.0", 0)])
def test_a_package_with_a_weakness_is_found(version, count):
    weak, _ = advisories.affected(set(), {("numpy", version)}, KNOWN)
    assert (len(weak) >= 1) is bool(count)


@pytest.mark.parametrize(
    ("version", "line", "is_in"),
    [
        ("1.2.3", ">= 1.0.0, < 1.2.4", True),
        ("1.2.3", "1.2", True),
        ("2.0.0", "^1.2", False),
        ("0.2.9", "^0.2.3", True),
        ("0.3.0", "^0.2.3", False),
        ("1.3.0", "~1.2.3", False),
        ("1.2.3-beta.1", ">= 1.2.3", False),
        ("1.2.3", "= 1.2.3", True),
        ("1.2.3+build", "> 1.2.2", True),
    ],
)
def test_versions_are_compared_as_cargo_does(version, line, is_in):
    assert advisories._meets(version, line) is is_in


def test_a_crate_that_nobody_has_looked_up_is_told():
    assert advisories.not_looked_up({("made-up", "1.0.0")}, KNOWN) == ["made-up"]
