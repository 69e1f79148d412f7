"""What unsafe code rests on: a line that is made wrong, which a test finds, or a reason.

A block's SAFETY comment says which. In brackets it names what is made wrong, by its name in
`attacks/overreads.toml` or among the faults of `attacks/models.py`; or it holds the words of a
reason below, why none can be. Clippy demands a comment of each block.
"""

import re
from collections import Counter
from pathlib import Path

import pytest
from attacks import models, overreads
from test_layers_rust import without_tests

RUST = Path(__file__).resolve().parent.parent / "rust"

pytestmark = pytest.mark.skipif(not RUST.exists(), reason="needs the checkout, where the Rust source is")

REASONS = {
    "the caller's promise": "who calls an unsafe function answers for it in a block of its own",
    "the caller promises": "the same",
    "promised to `Scoring::over`": "the same: what is made there is made nowhere else",
    "proves the level": "only detection makes a token, and vectors are made of tokens; no CPU that runs a test lacks its level",
    "each level includes the ones below it": "the same",
    "the CPU has the instruction": "the same: it is asked for in the line above",
    "is part of every x86-64": "no CPU that runs a test is without it",
    "every x86-64 has SSE": "the same",
    "every AArch64 CPU has these": "the same",
    "no effect but on speed": "a prefetch reads nothing",
    "nothing is done": "no instruction: the compiler forgets what it knows of a value",
    "the smaller of both sizes": "the line takes it",
    "no vector has more": "the sizes of arrays and the lanes of vectors are constants of their types",
    "a shared borrow": "a type says so, and the compiler checks it wherever one is used",
    "used only in the call that sets them": "pointers that are looked at nowhere else in a file of one page",
    "under the lock": "its guard is a variable of the same lines; a race is nothing that a test fails by for certain",
    "lives longer": "it is made a few lines before, in the same function",
    "just made": "nobody else has it",
    "no crew that was shared is freed": "the only line that frees one frees what nobody else has",
    "NumPy vouches": "what an array says of its memory is believed, but alignment: tests/diversity/test_k_center.py",
}
"""THE list of reasons, by words of a SAFETY comment: why no line made wrong fails a test."""

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
    "core/src/reserve.rs": 14,
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
"""THE list: how often each file says `unsafe`, tests apart. Fewer than listed: write the new number."""


def files():
    """Each file of Rust with unsafe code, by name, without what only tests see at its end."""
    for path in sorted([*(RUST / "core" / "src").rglob("*.rs"), *(RUST / "python" / "src").rglob("*.rs")]):
        if "tests" not in (path.stem, *path.relative_to(RUST).parts):
            text = path.read_text(encoding="utf-8")
            if count(text):
                yield path.relative_to(RUST).as_posix(), re.split(r"#\[cfg\(test\)\]\n(?:pub )?mod \w+ \{", text)[0]


def count(text):
    """How often a file says `unsafe` in its code."""
    return len(re.findall(r"\bunsafe\b", without_tests(text)))


def comments(text):
    """Each SAFETY comment, as one line, and how many blocks and impls it is above of."""
    found, goes_on = [["", 0]], False
    for line in text.splitlines():
        code, _, said = (part.strip() for part in line.partition("//"))
        if said.startswith("SAFETY:"):
            found.append([said, 0])
        elif goes_on and not code:
            found[-1][0] += f" {said}"
        goes_on = not code and (goes_on or said.startswith("SAFETY:"))
        found[-1][1] += len(re.findall(r"\bunsafe (?:\{|impl\b)", code))
    return found


def rests_on(said, before):
    """The faults and reasons that a comment names, or those of the one before."""
    faults = re.findall(r"\[([^]]+)\]", said)
    reasons = [words for words in REASONS if words in said]
    return faults + reasons or (before if re.search(r"\bas (above|in `)", said) else [])


def found():
    """Of each block the file, its comment, and what it rests on."""
    for file, text in files():
        before = []
        for said, blocks in comments(text):
            before = rests_on(said, before)
            for _ in range(blocks):
                yield file, said, before


def cited():
    """What all SAFETY comments have in brackets."""
    return {name for _, text in files() for said, _ in comments(text) for name in re.findall(r"\[([^]]+)\]", said)}


FAULTS = [fault.what for fault in overreads.FAULTS]


def test_each_block_rests_on_a_fault_that_is_found_or_on_a_reason():
    assert [(file, said) for file, said, on in found() if not on] == []


def test_each_fault_is_there_and_some_unsafe_code_rests_on_it():
    assert cited() - set(models.FAULTS) == set(FAULTS)
    assert cited() & set(models.FAULTS)
    assert len({*FAULTS, *models.FAULTS}) == len(FAULTS) + len(models.FAULTS)
    assert set(REASONS) <= {name for *_, on in found() for name in on}


def test_each_fault_can_be_made():
    overreads.planted()
    for fault, (file, text, _) in models.FAULTS.items():
        assert text in (overreads.ROOT / file).read_text(encoding="utf-8"), fault


def test_no_file_has_more_unsafe_code_than_it_had():
    assert {file: count(text) for file, text in files()} == AT_MOST


def test_unsafe_code_without_a_reason_is_refused():
    lints = (RUST.parent / "Cargo.toml").read_text(encoding="utf-8")
    for lint in ("unsafe_code", "unsafe_op_in_unsafe_fn", "undocumented_unsafe_blocks"):
        assert f'{lint} = "deny"' in lints


if __name__ == "__main__":
    for name, blocks in Counter(name for *_, on in found() for name in on).most_common():
        print(f"{blocks:4} {name}")
