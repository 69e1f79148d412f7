"""Labels from before the loop, of rows of the pool and of others."""

import numpy as np
import pytest
from loop_specs import tickets

from shortlist.loop.errors import LoopError
from shortlist.loop.pool import open_pool
from shortlist.loop.pool.features import Features
from shortlist.loop.training import read_labels, train


def test_rows_that_are_not_in_the_pool_bring_their_own_text(tmp_path):
    spec, truth = tickets(tmp_path)
    pool = open_pool(spec)
    old = "".join(
        f"old-{row},{'pay bill' if row % 2 else 'crash bug'} x{row},{'a' if row % 2 else 'b'}\n" for row in range(40)
    )
    (tmp_path / "old.csv").write_text("id,body,label\nT-5,whatever,a\n" + old)
    found = read_labels(spec, pool, "old.csv")
    assert (found.known, found.lost, len(found.extra.ids)) == ({"T-5": "a"}, [], 40)
    assert found.extra.raw[1] == "pay bill x1"
    features = Features.fit(pool, None, 0)
    rows, labels = np.array([5, 3]), ["a", "b"]
    trained = train(spec, pool, features, rows, labels, np.array([2.0, 1.0]), 0, tmp_path / "out", extra=found.extra)
    said = np.array(spec.classes)[np.load(trained.probabilities).argmax(axis=1)]
    assert np.mean(said == list(truth.values())) > 0.75
    assert trained.out_of_fold.shape == (2, 2)
    assert "42 labels" in trained.log


def test_labels_alone_are_of_use_for_rows_of_the_pool(tmp_path):
    spec, _ = tickets(tmp_path)
    (tmp_path / "old.jsonl").write_text('{"id": "T-1", "label": "b"}\n{"id": "gone", "label": "a"}\n')
    found = read_labels(spec, open_pool(spec), "old.jsonl")
    assert (found.known, found.extra, found.lost) == ({"T-1": "b"}, None, ["gone"])


def test_labels_are_read_as_people_write_them(tmp_path):
    spec, _ = tickets(tmp_path)
    lines = ["old-1;x;b", "T-3; A ;", "T-4;;", "T-5;none of these;", "T-6;B;"]
    (tmp_path / "old.csv").write_bytes(
        "\ufeffid;label;body\r\n{}\r\n".format("\r\n".join([lines[1], *lines[2:]])).encode()
    )
    found = read_labels(spec, open_pool(spec), "old.csv")
    assert (found.known, found.lost) == ({"T-3": "a", "T-6": "b"}, [])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("id,label\nT-1,c\n", r"line 2 of .*old.csv: label 'c' is no class of this loop \(its classes are a, b\)"),
        ("id,label\nT-1,a\nT-1,b\n", "has the id 'T-1' twice"),
        ("id,klass\nT-1,a\n", "old.csv has no column 'label'"),
        ("ticket,label\nT-1,a\n", "old.csv has no column 'id'"),
    ],
)
def test_what_is_wrong_with_them(tmp_path, lines, message):
    spec, _ = tickets(tmp_path)
    (tmp_path / "old.csv").write_text(lines)
    with pytest.raises(LoopError, match=message):
        read_labels(spec, open_pool(spec), "old.csv")
