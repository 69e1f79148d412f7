"""Other inputs of those that are there: bits, numbers, cuts, copies, splices and words."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

NUMBERS = (0, 1, 2, 7, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1)
WORDS = (
    b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b'"', b"'", b",", b";", b"\t", b"\r\n", b"\n", b"{", b"}", b"[", b"]", b":",
    b"null", b"true", b"NaN", b"-1", b"1e999", b"1" * 30, b"\\ud800", b"\\u0000", b"\xe2\x80\xae", b"=cmd()", b"../", b"%00",
    b"(", b")", b"|", b"&", b"-0.0", b"0x10", b"[[", b"]]", b"=", b"'''", b"#",
)  # fmt: skip
LONGEST = 1 << 16


def mutated(data: bytes, corpus: list[bytes], chance: random.Random) -> bytes:
    """Return an input that differs from another in a few places."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        _change(made, corpus, chance)
    return bytes(made[:LONGEST])


def _change(made: bytearray, corpus: list[bytes], chance: random.Random) -> None:
    at = chance.randrange(len(made) + 1)
    size = min(chance.choice((1, 2, 4, 8, 16, 64, 1024)), len(made) - at)
    how = chance.randrange(9)
    if how == 0 and size:
        made[at] ^= 1 << chance.randrange(8)
    elif how == 1 and size:
        made[at] = chance.randrange(256)
    elif how == 2:
        number = chance.choice(NUMBERS)
        form = chance.choice("BHIQ")
        packed = struct.pack(chance.choice("<>") + form, number % (1 << 8 * struct.calcsize(form)))
        made[at : at + len(packed)] = packed
    elif how == 3:
        del made[at : at + size]
    elif how == 4:
        to = chance.randrange(len(made) + 1)
        made[to:to] = made[at : at + size] * chance.choice((1, 1, 2, 50))
    elif how == 5:
        made[at:at] = chance.choice(WORDS)
    elif how == 6:
        made[at : at + size] = chance.choice(WORDS)
    elif how == 7:
        other = chance.choice(corpus)
        cut = chance.randrange(len(other) + 1)
        made[at:] = other[cut:]
    else:
        del made[at:]
