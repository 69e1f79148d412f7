"""A spec is read whole: what it says, the defaults of what it leaves out, and files that are no spec."""

import pickle
from pathlib import Path

import pytest
import spec_values
from spec_values import NUMBERS, VECTORS, read

from shortlist.loop.errors import LoopError
from shortlist.loop.spec import SpecError, full_text, read_spec

TEXT = full_text(read())


def test_what_is_left_out_has_its_default():
    spec = read()
    assert (spec.name, spec.classes) == ("tickets", ("billing", "bug", "abuse"))
    assert (spec.seed_number, spec.journal, spec.help) == (0, "wal", {})
    assert (spec.model.estimator, spec.model.retries, spec.model.calibrate) == ("tfidf-logistic", 2, True)
    assert (spec.seed.rows, spec.seed.how) == (60, "typiclust")
    assert (spec.round.rows, spec.round.strategy, spec.round.close, spec.round.floor) == (100, "margin", 1.0, 0.0)
    assert (spec.round.explore, spec.round.validation, spec.round.relabel) == (0.10, 0.15, 0.0)
    assert (spec.round.rare_classes, spec.round.rare_share, spec.round.diverse) == ((), 0.0, None)
    assert (spec.validation.share, spec.validation.rows) == (0.15, 2000)
    assert (spec.labels.overlap, spec.labels.resolve, spec.labels.skips) == (0.0, "majority", "never again")
    assert (spec.retrain.where, spec.retrain.require) == ("local", None)
    assert (spec.check.issues, spec.check.action, spec.handoff.tool) == (None, "relabel", "page")


@pytest.mark.parametrize(
    ("pool", "kind", "estimator"),
    [({}, "text", "tfidf-logistic"), (NUMBERS, "features", "logistic"), (VECTORS, "embeddings", "logistic"),
     ({"embeddings": "x.npy"}, "embeddings", "logistic")],
)  # fmt: skip
def test_the_default_model_goes_by_the_kind_of_pool(pool, kind, estimator):
    pool = pool if "path" not in pool else dict.fromkeys(spec_values.SHORTEST["pool"]) | pool
    spec = read(pool=pool)
    assert (spec.pool.kind, spec.model.estimator) == (kind, estimator)


def test_a_command_takes_the_place_of_an_estimator():
    spec = read(model={"command": ["python", "train.py", "{job}"]})
    assert (spec.model.estimator, spec.retrain.where) == (None, "command")
    assert read(model={"command": ["x"]}, retrain={"where": "ray"}).retrain.where == "ray"


@pytest.mark.parametrize(
    ("show", "found"),
    [("title", {"title": "title"}), (["a", "b"], {"a": "a", "b": "b"}), ({"image": "https://x/{id}.jpg"},) * 2],
)
def test_what_people_see(show, found):
    assert read(pool={"show": show}).pool.show == found


def test_features_may_be_all_but_some():
    numbers = dict.fromkeys(spec_values.SHORTEST["pool"]) | NUMBERS
    assert read(pool=numbers).pool.features == ("age", "amount")
    pool = read(pool=numbers | {"features": {"except": ["paid"]}}).pool
    assert (pool.features, pool.features_except, pool.kind) == (None, ("paid",), "features")


def test_shares_of_a_round_come_out_of_their_tables():
    tables = {"mix": {"explore": 0}, "rare": {"classes": ["abuse"], "share": 0.3}}
    diverse = {"rule": "k_center", "among": 500}
    found = read(round=tables | {"diverse": diverse}).round
    assert (found.explore, found.validation, found.rare_classes, found.rare_share) == (0.0, 0.15, ("abuse",), 0.3)
    assert found.diverse == diverse


def test_a_tool_of_ones_own_is_told_what_it_wants():
    handoff = read(handoff={"tool": "our.tools:Page", "project": 7}).handoff
    assert (handoff.tool, handoff.rest) == ("our.tools:Page", {"project": 7})


def test_the_file_is_kept_and_paths_mean_its_folder(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "loop.toml").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    spec = read_spec("here/loop.toml")
    assert spec.text == TEXT
    assert spec.folder == tmp_path / "here"
    assert spec.at("tickets.csv") == tmp_path / "here" / "tickets.csv"
    assert spec.at("/data/x.csv") == Path("/data/x.csv")


AS_EDITORS_WRITE_IT = {
    "plain": TEXT.encode(),
    "with a mark": TEXT.encode("utf-8-sig"),
    "CRLF": TEXT.replace("\n", "\r\n").encode(),
    "no last line end": TEXT.rstrip("\n").encode(),
}


@pytest.mark.parametrize("kind", AS_EDITORS_WRITE_IT)
def test_a_file_as_editors_write_it(tmp_path, kind):
    path = tmp_path / "loop.toml"
    path.write_bytes(AS_EDITORS_WRITE_IT[kind])
    assert read_spec(path).version == read().version


NO_SPEC = {
    "a text that isn't closed": (b"loop = 1\nname = 'x\n", r"loop.toml is no TOML in line \d: "),
    "no end": (b'loop = 1\nname = """x\n', r"loop.toml is no TOML in line \d: "),
    "no TOML": (b'loop = 1\nname "x"\n', r"loop.toml is no TOML in line 2, column \d+: "),
    "ends too soon": (b'loop = 1\nname = "x\n', r"is no TOML in line \d, column \d+: "),
    "a key twice": (b"loop = 1\nloop = 1\n", r"is no TOML in line 2"),
    "help of a list": (b'classes = ["a"]\n\n[classes.help]\na = "b"\n', r"in line 3.*write \[help\]"),
    "latin-1": ('loop = 1\n\nname = "café"'.encode("latin-1"), r"is not UTF-8: byte 0xe9 in line 3; accepted is UTF-8"),
    "UTF-16": ("loop = 1".encode("utf-16"), r"is not UTF-8: byte 0xff in line 1"),
    "nested without end": (b"x = " + b"[" * 5000, r"is no TOML"),
    "another file": (b"a" * (5 << 20), r"has 5,242,880 bytes; accepted is a spec, a short file of TOML"),
}


@pytest.mark.parametrize("kind", NO_SPEC)
def test_a_file_that_is_no_spec(tmp_path, kind):
    data, message = NO_SPEC[kind]
    path = tmp_path / "loop.toml"
    path.write_bytes(data)
    with pytest.raises(SpecError, match=message) as caught:
        read_spec(path)
    assert len(caught.value.mistakes) == 1
    assert str(caught.value).startswith(str(path))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(LoopError, match=r"there is no file .*nowhere\.toml"):
        read_spec(tmp_path / "nowhere.toml")
    with pytest.raises(LoopError, match="is a directory; accepted is the path of one file"):
        read_spec(tmp_path)


def test_values_that_are_no_table():
    with pytest.raises(SpecError, match="the spec is a list; accepted is a table"):
        spec_values.spec_of([1], text="", folder=Path())


def test_files_and_modules_must_be_there_where_that_is_asked(tmp_path):
    (tmp_path / "loop.toml").write_text(
        TEXT.replace('"tfidf-logistic"', '"pipelins:claims"').replace('"margin"', '"json.tool:main"')
    )
    assert read_spec(tmp_path / "loop.toml").model.estimator == "pipelins:claims"
    with pytest.raises(SpecError) as caught:
        read_spec(tmp_path / "loop.toml", files=True)
    assert caught.value.mistakes == [
        f'[pool] path is "tickets.csv", and there is no such file in {tmp_path}',
        f'[model] estimator is "pipelins:claims", and there is no such module in {tmp_path} or installed',
    ]
    (tmp_path / "tickets.csv").touch()
    (tmp_path / "pipelins.py").touch()
    assert read_spec(tmp_path / "loop.toml", files=True).name == "tickets"


def test_a_glob_stands_for_files(tmp_path):
    (tmp_path / "loop.toml").write_text(TEXT.replace("tickets.csv", "parts/*.csv"))
    with pytest.raises(SpecError, match=r'path is "parts/\*\.csv", and there is no such file'):
        read_spec(tmp_path / "loop.toml", files=True)
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "a.csv").touch()
    assert read_spec(tmp_path / "loop.toml", files=True).pool.path == "parts/*.csv"


def test_the_error_survives_a_pickle():
    error = SpecError(["one", "two"])
    again = pickle.loads(pickle.dumps(error))
    assert (again.mistakes, str(again)) == (["one", "two"], "one\ntwo")
