"""Files of every kind give the picks that their array gives, and files that lie are refused by name."""

import os
import signal
import subprocess
import sys
import threading
import zipfile

import numpy as np
import oracles
import pytest

import shortlist as sl
from shortlist.pools import flat, open_pool
from shortlist.pools.ahead import ahead, in_order

rng = np.random.default_rng(5)
P = oracles.probabilities(rng, 3000, 7, np.float32)
BEST = sl.select(P, "margin", 9)


@pytest.fixture(autouse=True)
def small_reads(monkeypatch):
    """Read few rows at a time, so that every file takes many reads."""
    monkeypatch.setattr(flat, "READ", 1000)


def test_stored_and_compressed_members_of_npz(tmp_path):
    for save, copies in ((np.savez, 0), (np.savez_compressed, 1)):
        save(tmp_path / "x.npz", probs=P, labels=np.arange(3000))
        picks = sl.select(tmp_path / "x.npz", "margin", 9)
        assert picks == BEST
        assert len(picks.report.copies) == copies
        save(tmp_path / "x.npz", a=P, b=P[::-1])
        assert sl.select(sl.Source(tmp_path / "x.npz", key="a"), "margin", 9) == BEST
        with pytest.raises(
            ValueError, match="has several of its arrays .a, b. that could be the rows; name one with key="
        ):
            sl.select(tmp_path / "x.npz", "margin", 9)
        with pytest.raises(ValueError, match="key is 'c', and .*x.npz has no such array; accepted are a, b"):
            sl.select(sl.Source(tmp_path / "x.npz", key="c"), "margin", 9)
    np.savez_compressed(tmp_path / "f.npz", probs=np.asfortranarray(P), half=np.stack([P, P]).astype(">f2"))
    assert sl.select(tmp_path / "f.npz", "margin", 9) == BEST
    assert sl.select(tmp_path / "f.npz", "bald", 9, normalize="as_is") == sl.select(
        np.stack([P, P]).astype(np.float16), "bald", 9, normalize="as_is"
    )


def test_npz_files_that_are_broken(tmp_path):
    path = tmp_path / "x.npz"
    path.write_bytes(b"no archive")
    with pytest.raises(ValueError, match="is not a readable .npz file"):
        sl.select(path, "margin", 9)
    np.savez_compressed(path, probs=P)
    with zipfile.ZipFile(path) as archive:
        place = archive.infolist()[0].header_offset
    content = bytearray(path.read_bytes())
    content[place + 20_000 : place + 20_100] = bytes(100)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"x.npz\['probs'\] cannot be unpacked from row"):
        sl.select(path, "margin", 9, invalid="skip")


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("dtype", ["float32", "float64", ">f4", "float16"])
def test_raw_binary(tmp_path, order, dtype):
    x = P.astype(dtype)
    (tmp_path / "x.bin").write_bytes(b"head" + x.tobytes(order=order))
    for rows in (3000, -1):
        source = sl.Source(tmp_path / "x.bin", shape=(rows, 7), dtype=dtype, order=order, offset=4)
        assert sl.select(source, "margin", 9, normalize="as_is") == sl.select(x, "margin", 9, normalize="as_is")


def test_raw_bfloat16(tmp_path):
    bits = oracles.bfloat16(P)
    bits.tofile(tmp_path / "x.bf16")
    source = sl.Source(tmp_path / "x.bf16", shape=(-1, 7), dtype="bfloat16")
    assert sl.select(source, "margin", 9, normalize="as_is") == sl.select(
        bits, "margin", 9, dtype="bfloat16", normalize="as_is"
    )


def test_raw_binary_that_does_not_fit(tmp_path):
    P.tofile(tmp_path / "x.bin")
    for options, message in (
        ({}, "needs a shape and a dtype"),
        (
            {"shape": (3000, 8), "dtype": "float32"},
            r"holds 84,000 bytes .*, and shape \(3000, 8\) of float32 is 96,000",
        ),
        ({"shape": (-1, 9), "dtype": "float32"}, "they must be equal"),
        ({"shape": (-1, 7), "dtype": "float33"}, "dtype is 'float33'; accepted are"),
        ({"shape": (7,), "dtype": "float32"}, r"shape is \(7,\); accepted is"),
        ({"shape": (-1, 7), "dtype": "float32", "order": "X"}, "order is 'X'"),
        ({"shape": (-1, 7), "dtype": "float32", "column": "a"}, "column is 'a', which means nothing for raw binary"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            sl.select(sl.Source(tmp_path / "x.bin", **options), "margin", 9)


def test_options_that_mean_nothing_are_refused(tmp_path):
    np.save(tmp_path / "x.npy", P)
    for x in (P, tmp_path / "x.npy", P.tolist()):
        with pytest.raises(ValueError, match="id_column is 'id', which means nothing for a"):
            sl.select(sl.Source(x, id_column="id"), "margin", 9)


def test_folders_and_globs_are_one_pool(tmp_path):
    for number, start in enumerate(range(0, 3000, 700)):
        np.save(tmp_path / f"part-{number}.npy", P[start : start + 700])
    (tmp_path / "_done").touch()
    (tmp_path / ".hidden.npy").write_bytes(b"")
    for x in (tmp_path, str(tmp_path / "*.npy"), sorted(tmp_path.glob("part*"))):
        assert sl.select(x, "margin", 9) == BEST
    assert np.array_equal(sl.score(tmp_path, "margin"), sl.score(P, "margin"))
    with pytest.raises(FileNotFoundError, match="matches no file"):
        sl.select(str(tmp_path / "*.parquet"), "margin", 9)
    np.save(tmp_path / "part-9.npy", P[:, :5])
    with pytest.raises(ValueError, match="part-9.npy has classes 5, and the rows before it 7"):
        sl.select(tmp_path, "margin", 9)
    np.savez(tmp_path / "x.npz", P)
    with pytest.raises(IsADirectoryError, match="a directory of .npy and .npz files; accepted are files of one kind"):
        sl.select(tmp_path, "margin", 9)


def test_a_committee_of_files(tmp_path):
    members = [P, P[::-1], P[rng.permutation(3000)]]
    for number, member in enumerate(members):
        np.save(tmp_path / f"m{number}.npy", member)
    assert sl.select(sorted(tmp_path.glob("*")), "bald", 9) == sl.select(members, "bald", 9)


def test_a_file_that_shrinks_while_it_is_read_is_an_error(tmp_path):
    np.save(tmp_path / "x.npy", P)
    blocks = open_pool(tmp_path / "x.npy").blocks()
    next(blocks)
    os.truncate(tmp_path / "x.npy", 5000)
    with pytest.raises(ValueError, match="x.npy ended while rows .* it became shorter since it was opened"):
        list(blocks)


def test_a_callable_may_keep_the_blocks_of_a_file(tmp_path):
    np.save(tmp_path / "x.npy", P)
    kept = []
    sl.select(tmp_path / "x.npy", lambda block: kept.append(block) or block[:, 0], 9, order="lowest")
    assert np.array_equal(np.concatenate(kept), P)


def test_zarr(tmp_path):
    zarr = pytest.importorskip("zarr", reason="pip install 'shortlist[zarr]'")
    array = zarr.create_array(str(tmp_path / "x.zarr"), shape=P.shape, chunks=(100, 3), dtype="f4")
    array[:] = P
    assert sl.select(array, "margin", 9) == BEST
    assert sl.select(tmp_path / "x.zarr", "margin", 9) == BEST
    group = zarr.open_group(str(tmp_path / "g.zarr"), mode="w")
    for name in ("a/b", "c"):
        group.create_array(name, shape=P.shape, chunks=(100, 7), dtype="f4")[:] = P
    assert sl.select(sl.Source(tmp_path / "g.zarr", key="a/b"), "margin", 9) == BEST
    with pytest.raises(ValueError, match="has several of its arrays .a/b, c. that could be the rows"):
        sl.select(tmp_path / "g.zarr", "margin", 9)


def test_hdf5(tmp_path):
    h5py = pytest.importorskip("h5py", reason="pip install 'shortlist[hdf5]'")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("deep/probs", data=P, chunks=(100, 7), compression="gzip")
        file.create_dataset("labels", data=np.arange(3000))
        assert sl.select(file["deep/probs"], "margin", 9) == BEST
    assert sl.select(tmp_path / "x.h5", "margin", 9) == BEST
    assert sl.select(sl.Source(tmp_path / "x.h5", key="deep/probs"), "entropy", 9) == sl.select(P, "entropy", 9)
    (tmp_path / "y.h5").write_bytes(b"no HDF5")
    with pytest.raises(ValueError, match="y.h5 is not a readable HDF5 file"):
        sl.select(tmp_path / "y.h5", "margin", 9)
    content = bytearray((tmp_path / "x.h5").read_bytes())
    content[8000:60000] = bytes(52000)
    (tmp_path / "x.h5").write_bytes(content)
    with pytest.raises(ValueError, match="x.h5"):
        sl.select(tmp_path / "x.h5", "margin", 9)


def test_a_missing_package_names_the_extra(tmp_path):
    script = """
import sys
sys.modules[sys.argv[1]] = None
import shortlist as sl
sl.select(sys.argv[2], "margin", 9)
"""
    for package, extra, path in (
        ("pyarrow", "arrow", "x.parquet"),
        ("h5py", "hdf5", "x.h5"),
        ("zarr", "zarr", "x.zarr"),
    ):
        (tmp_path / path).mkdir() if path == "x.zarr" else (tmp_path / path).touch()
        done = subprocess.run(
            [sys.executable, "-c", script, package, tmp_path / path], capture_output=True, text=True, timeout=60
        )
        assert f"needs {package}" in done.stderr
        assert f"run: pip install 'shortlist[{extra}]'" in done.stderr


def test_dlpack():
    class Exported:
        def __dlpack__(self, **options):
            return P.__dlpack__(**options)

        def __dlpack_device__(self):
            return P.__dlpack_device__()

    picks = sl.select(Exported(), "margin", 9)
    assert picks == BEST
    assert picks.report.copies == ()

    class Elsewhere(Exported):
        def __dlpack_device__(self):
            return (2, 0)

    with pytest.raises(TypeError, match="on DLPack device 2; accepted is memory of the CPU"):
        sl.select(Elsewhere(), "margin", 9)


def readers():
    return [thread for thread in threading.enumerate() if thread.name == "shortlist-reader"]


@pytest.mark.parametrize(
    "run", [lambda items: ahead(items, 2), lambda items: in_order([lambda i=i: i for i in items], 2)]
)
def test_reading_ahead_keeps_order_and_leaves_no_thread(run):
    assert list(run(list(range(50)))) == list(range(50))
    some = run(list(range(50)))
    assert next(some) == 0
    some.close()
    assert readers() == []


def test_reading_ahead_passes_errors_on_in_their_place():
    def items():
        yield 1
        yield 2
        raise OSError("broken")

    def broken():
        raise OSError("broken")

    for run in (ahead(items()), in_order([lambda: 1, lambda: 2, broken, lambda: 4], 3)):
        seen = []
        with pytest.raises(OSError, match="broken"):
            seen.extend(run) if False else [seen.append(item) for item in run]
        assert seen == [1, 2]
        assert readers() == []


def test_reading_ahead_goes_no_further_than_asked():
    started = []

    def items():
        for number in range(20):
            started.append(number)
            yield number

    run = ahead(items(), 2)
    for expected in range(20):
        assert next(run) == expected
        assert len(started) <= expected + 3
    run.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no signals to oneself")
def test_ctrl_c_does_not_wait_for_a_slow_read():
    go_on = threading.Event()
    waited = []

    def slow():
        yield 1
        os.kill(os.getpid(), signal.SIGINT)
        waited.append(go_on.wait(60))
        yield 2

    with pytest.raises(KeyboardInterrupt):
        list(ahead(slow()))
    assert waited == []
    go_on.set()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_forked_while_a_file_is_read_reads_files_of_its_own(tmp_path):
    np.save(tmp_path / "x.npy", P)
    blocks = open_pool(tmp_path / "x.npy").blocks()
    next(blocks)
    child = os.fork()
    if child == 0:
        os._exit(0 if sl.select(tmp_path / "x.npy", "margin", 9) == BEST else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert sum(len(block) for block in blocks) > 2900


@pytest.mark.parametrize("folder", ["run[1]", "run[ab]/fold[0]", "what?", "star*"])
def test_names_of_folders_and_files_that_look_like_patterns(tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    # What the names would match, were they patterns.
    for decoy in ("run1", "runa/fold0", "whats", "stars"):
        (tmp_path / decoy).mkdir(parents=True)
        np.save(tmp_path / decoy / "x[2].npy", P[::-1])
    (tmp_path / folder).mkdir(parents=True)
    np.save(tmp_path / folder / "x[2].npy", P)
    for base in ("", f"{tmp_path}/"):
        for name in (folder, f"{folder}/x[2].npy", f"{folder}/*.npy", f"{folder}/**/*.npy", f"{folder}/x?2?.npy"):
            assert sl.select(base + name, "margin", 9) == BEST, name
    with pytest.raises(FileNotFoundError, match="matches no file"):
        sl.select(f"{folder}/*.npz", "margin", 9)
