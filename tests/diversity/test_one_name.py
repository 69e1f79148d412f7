"""A rule has one name: of its file here, at the border and in the core, and of the function between them."""

from pathlib import Path

import pytest

from shortlist import _core

ROOT = Path(__file__).resolve().parents[2]
RULES = ("badge", "density", "herding", "k_center", "kmeans_plus_plus", "min_distances", "typiclust")
BY_UNCERTAINTY = ("ranked_batch", "diverse_uncertain")
"""Rules that the border's `uncertain` serves, as `uncertain` does here and in the core."""


@pytest.mark.parametrize("rule", RULES)
def test_the_function_of_the_extension_has_the_name_of_the_rule(rule):
    assert callable(getattr(_core, rule))


@pytest.mark.skipif(not (ROOT / "rust").exists(), reason="needs the sources of the extension")
@pytest.mark.parametrize("rule", [*RULES, *BY_UNCERTAINTY])
def test_the_files_of_a_rule_have_its_name(rule):
    core = ROOT / "rust/core/src"
    places = [core / "diverse/rules" / f"{rule}.rs", core / "distance" / rule / "mod.rs", core / rule / "mod.rs"]
    assert any(place.exists() for place in places)
    assert (ROOT / f"python/shortlist/diversity/{rule}.py").exists()
    border = "uncertain" if rule in BY_UNCERTAINTY else rule
    assert (ROOT / f"rust/python/src/{border}.rs").exists()
