"""How much of the Rust is unsafe: a number for each file, which may only fall. That each says why it is sound is clippy's."""

import re
from pathlib import Path

import pytest
from test_layers_rust import without_tests

RUST = Path(__file__).resolve().parent.parent / "rust"

pytestmark = pytest.mark.skipif(not RUST.exists(), reason="needs the checkout, where the Rust source is")

AT_MOST = {
    "core/src/committee/scan.rs": 6,
    "core/src/committee/table.rs": 2,
    "core/src/distance/tiles.rs": 9,
    "core/src/float.rs": 20,
    "core/src/helpers.rs": 10,
    "core/src/matrix.rs": 8,
    "core/src/model/dense.rs": 3,
    "core/src/model/sparse.rs": 2,
    "core/src/model/trees.rs": 1,
    "core/src/scan/columns.rs": 8,
    "core/src/scan/mod.rs": 10,
    "core/src/scan/narrow.rs": 12,
    "core/src/scan/room.rs": 1,
    "core/src/scan/score_rows.rs": 1,
    "core/src/scan/stream.rs": 1,
    "core/src/scan/wide.rs": 12,
    "core/src/simd/avx2.rs": 22,
    "core/src/simd/avx512.rs": 30,
    "core/src/simd/lane_wise.rs": 4,
    "core/src/simd/mod.rs": 4,
    "core/src/simd/mul_add/mod.rs": 20,
    "core/src/simd/neon/loads.rs": 8,
    "core/src/simd/neon/mod.rs": 16,
    "core/src/simd/operand.rs": 7,
    "core/src/simd/portable.rs": 6,
    "core/src/simd/vector.rs": 18,
    "python/src/array.rs": 1,
}
"""THE list: `unsafe` blocks, functions and impls of each file, tests apart. Fewer than listed: write the new number."""


def counts():
    """How often each file says `unsafe` in its code."""
    found = {}
    for path in sorted([*(RUST / "core" / "src").rglob("*.rs"), *(RUST / "python" / "src").rglob("*.rs")]):
        if "tests" not in (path.stem, *path.relative_to(RUST).parts):
            number = len(re.findall(r"\bunsafe\b", without_tests(path.read_text(encoding="utf-8"))))
            if number:
                found[path.relative_to(RUST).as_posix()] = number
    return found


def test_no_file_has_more_unsafe_code_than_it_had():
    assert counts() == AT_MOST


def test_unsafe_code_without_a_reason_is_refused():
    lints = (RUST.parent / "Cargo.toml").read_text(encoding="utf-8")
    for lint in ("unsafe_code", "unsafe_op_in_unsafe_fn", "undocumented_unsafe_blocks"):
        assert f'{lint} = "deny"' in lints
