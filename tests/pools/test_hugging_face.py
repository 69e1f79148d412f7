"""Datasets of Hugging Face: a column is a pool, and picks are rows of them."""

import numpy as np
import oracles
import pytest

import shortlist as sl

datasets = pytest.importorskip("datasets")

P = oracles.probabilities(np.random.default_rng(6), 500, 4, np.float32)
BEST = sl.select(P, "margin", 9)


@pytest.fixture(scope="module")
def dataset():
    lists = datasets.Sequence(datasets.Value("float32"), length=4)
    features = {"url": datasets.Value("string"), "proba": lists, "text": datasets.Value("string")}
    columns = {"url": [f"u{row}" for row in range(500)], "proba": P.tolist(), "text": ["a", "b"] * 250}
    return datasets.Dataset.from_dict(columns, features=datasets.Features(features))


def test_a_dataset_and_a_column_of_one_are_read_in_place(dataset):
    for pool in (dataset, dataset["proba"], dataset.with_format("numpy"), sl.Source(dataset, column="proba")):
        picks = sl.select(pool, "margin", 9)
        assert np.array_equal(picks.indices, BEST.indices)
        assert np.array_equal(picks.scores, BEST.scores)
        assert picks.report.copies == ()


def test_picks_select_rows_of_the_dataset(dataset):
    picks = sl.select(sl.Source(dataset, column="proba", id_column="url"), "margin", 9, exclude=["u3"])
    chosen = dataset.select(picks.indices)
    assert chosen["url"][:] == picks.ids.tolist()
    assert chosen.add_column("score", picks.scores)["score"][0] == picks.scores[0]


def test_rows_of_a_shuffled_dataset_are_in_its_order(dataset):
    order = np.random.default_rng(0).permutation(500)[:300]
    picks = sl.select(sl.Source(dataset.select(order), column="proba", id_column="url"), "margin", 9)
    assert np.array_equal(picks.indices, sl.select(P[order], "margin", 9).indices)
    assert picks.ids.tolist() == [f"u{row}" for row in order[picks.indices]]
    assert picks.report.copies[0].startswith("x was copied in the order of its rows")


def test_mistakes(dataset):
    with pytest.raises(
        ValueError, match="column is 'probs', and x has no such column; there are 'url', 'proba', 'text'"
    ):
        sl.select(sl.Source(dataset, column="probs"), "margin", 9)
    with pytest.raises(ValueError, match="column is 'text', which means nothing for a column of a Dataset"):
        sl.select(sl.Source(dataset["proba"], column="text"), "margin", 9)
    with pytest.raises(TypeError, match=r"x is a DatasetDict; accepted is one of its splits, as x\['test'\]"):
        sl.select(datasets.DatasetDict(test=dataset), "margin", 9)
    with pytest.raises(TypeError, match="x is an IterableDataset; accepted is a Dataset"):
        sl.select(dataset.to_iterable_dataset(), "margin", 9)
