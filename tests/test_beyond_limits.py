"""docs/limits.md: what happens just beyond each limit, without the memory that it would take."""

import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest

import shortlist as sl
from shortlist.loop.errors import LoopError
from shortlist.loop.page.posts import PostError, read_post
from shortlist.loop.pool import open_pool
from shortlist.loop.spec.reading import read_spec

P = np.random.default_rng(0).dirichlet(np.ones(3), 10)
ROW = np.full(2, 0.5, np.float32)
PAGE = (Path(__file__).parents[1] / "docs/limits.md").read_text(encoding="utf-8")


def wide(*shape):
    """An array of any shape that takes four bytes."""
    return np.broadcast_to(np.float32(0.5), shape)


BEYOND = {
    "classes": (
        lambda: sl.select(wide(4, (1 << 24) + 1), "margin", 1),
        "x has 16,777,217 classes; accepted are up to 16,777,216",
    ),
    "classes of score": (
        lambda: sl.score(wide(4, 1 << 40), "margin"),
        "x has 1,099,511,627,776 classes; accepted are up to",
    ),
    "members": (
        lambda: sl.select(wide((1 << 20) + 1, 4, 2), "vote_entropy", 1),
        "x has 1,048,577 members; accepted are up to 1,048,576",
    ),
    "k": (lambda: sl.select(P, "margin", 2**63), "k is 9223372036854775808; accepted is a whole number below 2"),
    "k of the pool": (lambda: sl.select(P, "margin", 11), "k is 11, and the pool has 10 rows; accepted is up to that"),
    "per_group": (
        lambda: sl.select(P, "margin", groups=np.arange(10), per_group=2**63),
        "per_group is 9223372036854775808; accepted is a whole number below 2",
    ),
    "ids in exclude": (lambda: sl.select(P, "margin", 1, exclude=[2**63]), r"accepted are 0 to 2\*\*63 - 1"),
    "rows of a rule": (
        lambda: sl.k_center(wide((1 << 32) - 1, 4), 1),
        "X has 4,294,967,295 rows; accepted are up to 4,294,967,294",
    ),
    "rows of density": (lambda: sl.density(wide(1 << 40, 4)), "X has 1,099,511,627,776 rows; accepted are up to"),
    "features": (
        lambda: sl.k_center(wide(4, (1 << 24) + 1), 1),
        "X has 16,777,217 features; accepted are up to 16,777,216",
    ),
    "features of density": (
        lambda: sl.density(wide(4, 1 << 40)),
        "X has 1,099,511,627,776 features; accepted are up to",
    ),
    "scores": (lambda: sl.score(wide(1 << 46, 2), "margin"), "Unable to allocate 256. TiB"),
}


@pytest.mark.parametrize(("call", "sentence"), BEYOND.values(), ids=BEYOND)
def test_just_beyond_is_one_sentence(call, sentence):
    with pytest.raises((ValueError, MemoryError), match=sentence) as raised:
        call()
    assert "\n" not in str(raised.value)


def test_rules_ask_for_room_before_they_take_it(monkeypatch):
    monkeypatch.setattr("shortlist.memory.room", lambda: 1 << 30)
    with pytest.raises(
        MemoryError, match=r"what is kept of each row of X takes 2,400,000,000 bytes .* accepted is fewer rows"
    ):
        sl.k_center(wide(100_000_000, 4), 1)


def sparse(path, shape, size=None):
    """A .npy file that has its size and takes no disk."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
    with path.open("wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text + b"\n")
        begin = file.tell()
        file.truncate(begin + (np.prod([int(n) for n in shape], dtype=object) * 4 if size is None else size))
    return str(path)


def test_a_file_of_a_terabyte_is_read_from_its_first_row(tmp_path):
    try:
        path = sparse(tmp_path / "p.npy", (1 << 36, 4))
    except OSError:
        pytest.skip("no files of that size here")
    with pytest.raises(ValueError, match="^row 0 sums to 0; accepted are probabilities"):
        sl.select(path, "margin", 1)


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ((2**62, 4), "does not hold what its header promises"),
        ((2**63, 4), "has a header with a shape that no array has"),
    ],
)
def test_a_header_of_more_than_an_address(tmp_path, shape, sentence):
    with pytest.raises(ValueError, match=sentence):
        sl.select(sparse(tmp_path / "p.npy", shape, 64), "margin", 1)


def loop_with(folder, rows, more=""):
    (folder / "pool.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "x.toml").write_text(
        f'loop = 1\nname = "x"\nclasses = ["a", "b"]\n[pool]\npath = "pool.jsonl"\nid = "id"\ntext = "body"\n{more}'
        '[round]\nrows = 4\n[retrain]\nwhen = "growth:0.25"\n[stop]\nwhen = "budget:9"\n'
    )
    return open_pool(read_spec(folder / "x.toml")).rows


def test_ids_of_a_loop(tmp_path):
    assert loop_with(tmp_path, [{"id": "é" * 5_000, "body": "x"}, {"id": "b", "body": "y"}]) == 2
    with pytest.raises(LoopError, match=r"has an id of 5,001 characters; accepted are up to 5,000"):
        loop_with(tmp_path, [{"id": "a" * 5_001, "body": "x"}])


def test_groups_of_a_loop(tmp_path):
    rows = [{"id": n, "body": "x", "g": f"g{n}"} for n in range(10_001)]
    with pytest.raises(
        LoopError, match="column 'g' has more than 10,000 different values; accepted as groups are columns with"
    ):
        loop_with(tmp_path, rows, 'groups = ["g"]\n')


def test_a_specification(tmp_path):
    (tmp_path / "x.toml").write_text("#" * ((4 << 20) + 1))
    with pytest.raises(LoopError, match=r"has 4,194,305 bytes; accepted is a spec, a short file of TOML"):
        read_spec(tmp_path / "x.toml")


@pytest.mark.parametrize(
    ("part", "value", "sentence"),
    [
        ("id", "a" * 5_001, "id is missing; accepted is that of a row"),
        ("annotator", "a" * 101, "accepted is a name of 1 to 100 characters"),
        ("note", "a" * 4_001, "accepted is text of at most 4,000 characters"),
        ("key", "a" * 101, "accepted is text of at most 100 characters"),
    ],
)
def test_what_the_page_takes(part, value, sentence):
    with pytest.raises(PostError, match=sentence):
        read_post("answer", json.dumps({"id": "1", "label": "a", "annotator": "amy", part: value}).encode())


def test_the_page_names_every_limit():
    """Each number is in the sentence, and in the page that lists them."""
    numbers = (
        "16,777,216",
        "1,048,576",
        "2^63",
        "4,294,967,294",
        "4,000",
        "10,000",
        "4 MiB",
        "64 KiB",
        "256 MiB",
        "2,147,483,647",
    )
    assert [number for number in numbers if number not in PAGE] == []
    assert re.search(r"`tests/test_beyond_limits.py`", PAGE)
