"""Files that are damaged, lie, shrink or are no files: one sentence that names the file, and no crash, forged row or lost one."""

import io
import os
import random
import struct
import threading
import zipfile

import numpy as np
import oracles
import pytest

import shortlist as sl
from shortlist import disk, npy
from shortlist.pools import arrow_files, flat, ipc_messages

rng = np.random.default_rng(8)
P = oracles.probabilities(rng, 60, 4, np.float32)
BEST = sl.select(P, "margin", 9)


def saved(save, *arrays, **named):
    content = io.BytesIO()
    save(content, *arrays, **named)
    return content.getvalue()


def npy_of(x, version=None):
    return saved(lambda file, x: np.lib.format.write_array(file, x, version), x)


def lists(kind="list"):
    pa = pytest.importorskip("pyarrow", reason="pip install 'shortlist[arrow]'")
    values = pa.array(P.tolist(), pa.list_(pa.float32()) if kind == "list" else pa.list_(pa.float32(), 4))
    return pa.table({"p": values, "id": pa.array([f"r{i % 7}" for i in range(60)]).dictionary_encode()})


def columns():
    pa = pytest.importorskip("pyarrow", reason="pip install 'shortlist[arrow]'")
    return pa.table({f"c{i}": P[:, i] for i in range(4)})


def ipc(table, form="new_file", compression=None):
    pa = pytest.importorskip("pyarrow", reason="pip install 'shortlist[arrow]'")
    content = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with getattr(pa.ipc, form)(content, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=25)
    return content.getvalue()


def parquet(table):
    pq = pytest.importorskip("pyarrow.parquet", reason="pip install 'shortlist[arrow]'")
    return saved(lambda file: pq.write_table(table, file, row_group_size=30))


def hdf5(tmp_path):
    h5py = pytest.importorskip("h5py", reason="pip install 'shortlist[hdf5]'")
    with h5py.File(tmp_path / "good.h5", "w") as file:
        file["x"] = P
    return (tmp_path / "good.h5").read_bytes()


KINDS = {
    "x.npy": lambda _: npy_of(P),
    "fortran.npy": lambda _: npy_of(np.asfortranarray(P), (2, 0)),
    "stored.npz": lambda _: saved(np.savez, x=P),
    "packed.npz": lambda _: saved(np.savez_compressed, x=P, y=np.arange(3)),
    "lists.parquet": lambda _: parquet(lists()),
    "columns.parquet": lambda _: parquet(columns()),
    "lists.arrow": lambda _: ipc(lists()),
    "fixed.arrow": lambda _: ipc(lists("fixed")),
    "columns.arrow": lambda _: ipc(columns()),
    "lz4.arrow": lambda _: ipc(lists(), compression="lz4"),
    "zstd.arrows": lambda _: ipc(columns(), "new_stream", "zstd"),
    "stream.arrows": lambda _: ipc(lists("fixed"), "new_stream"),
    "x.h5": hdf5,
}


def mutated(draw, content):
    """Flip bits, cut, insert, delete or overwrite."""
    content = bytearray(content)
    at = draw.randrange(len(content))
    how = draw.randrange(6)
    if how < 3:
        for _ in range(draw.choice([1, 1, 4])):
            content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    elif how == 3:
        del content[at : draw.choice([at + draw.randrange(1, 64), len(content)])]
    elif how == 4:
        content[at:at] = draw.randbytes(draw.randrange(1, 32))
    else:
        content[at : at + 8] = draw.choice([b"\xff", b"\0", b"\x7f"]) * draw.choice([1, 4, 8])
    return bytes(content)


@pytest.mark.parametrize("name", KINDS)
def test_a_damaged_file_is_read_or_named(tmp_path, name):
    good, path = KINDS[name](tmp_path), tmp_path / name
    path.write_bytes(good)
    assert sl.select(path, "margin", 9) == BEST
    draw, errors = random.Random(name), []
    for _ in range(80):
        path.write_bytes(mutated(draw, good))
        try:
            sl.select(path, "margin", 9, normalize="as_is", invalid="skip", strict=False, n_threads=draw.choice([1, 2]))
        except (ValueError, OSError, TypeError) as error:
            errors.append(error)
    assert errors
    for error in errors:
        assert type(error).__module__ == "builtins"
        assert str(path) in str(error)
        assert "\n" not in str(error)


@pytest.mark.parametrize("table", [columns, lists, lambda: lists("fixed")])
@pytest.mark.parametrize("form", ["new_file", "new_stream"])
@pytest.mark.parametrize("claimed", [40, 100, 4000, 4_000_000, 2**40])
@pytest.mark.parametrize("pieces", [False, True])
def test_a_batch_that_claims_more_rows_than_it_holds(tmp_path, monkeypatch, table, form, claimed, pieces):
    if pieces:
        monkeypatch.setattr(arrow_files, "WHOLE", 0)
    content = bytearray(ipc(table(), form))
    for at in range(0, len(content) - 8, 8):
        (value,) = struct.unpack_from("<q", content, at)
        if value in (25, 100):
            struct.pack_into("<q", content, at, value // 25 * claimed)
    path = tmp_path / "x.arrow"
    path.write_bytes(content)
    for call in (
        lambda: sl.select(path, "margin", 9, strict=False, normalize="as_is", invalid="skip"),
        lambda: sl.score(path, "margin", normalize="as_is", invalid="skip"),
    ):
        with pytest.raises(ValueError, match=r"x\.arrow"):
            call()


def test_tables_in_memory_are_checked_too(tmp_path):
    pa = pytest.importorskip("pyarrow", reason="pip install 'shortlist[arrow]'")
    content = ipc(columns()).replace(struct.pack("<q", 25), struct.pack("<q", 4000))
    lying = pa.ipc.open_file(io.BytesIO(content)).read_all()
    for x in (lying, lying.to_batches()[0], pa.RecordBatchReader.from_batches(lying.schema, iter(lying.to_batches()))):
        with pytest.raises(ValueError, match=r"x holds other than it claims.*Buffer #1 too small"):
            sl.select(x, "margin", 9)


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_what_a_packed_batch_claims_is_bounded_before_it_is_unpacked(tmp_path, monkeypatch, compression):
    pa = pytest.importorskip("pyarrow", reason="pip install 'shortlist[arrow]'")
    good = ipc(pa.table({name: np.full(60, 0.5, np.float32) for name in "ab"}), compression=compression)
    content = bytearray(good)
    path = tmp_path / "x.arrow"
    at = content.index(struct.pack("<q", 104))  # bytes of a column of a batch, padded to eights
    struct.pack_into("<q", content, at, 1 << 40)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.arrow is not .*claims to be 1,099,511,627,776 unpacked"):
        sl.select(path, "margin", 9)
    path.write_bytes(good)
    monkeypatch.setattr("shortlist.memory.room", lambda: 100)
    with pytest.raises(
        MemoryError, match=r"x\.arrow, of which one batch is unpacked whole, takes .* 100 are available"
    ):
        sl.select(path, "margin", 9)


@pytest.mark.parametrize("nulls", [False, True])
@pytest.mark.parametrize("kind", ["fixed", "columns"])
def test_large_batches_are_read_in_pieces(tmp_path, monkeypatch, kind, nulls):
    pa = pytest.importorskip("pyarrow", reason="pip install 'shortlist[arrow]'")
    values = P.tolist()
    if nulls:
        values[3] = values[40] = None
    table = pa.table({"text": ["x"] * 60, "p": pa.array(values, pa.list_(pa.float32(), 4)), "id": range(60)})
    source = {"column": "p", "id_column": "id"}
    if kind == "columns":
        wide = {f"c{i}": [row and row[i] for row in values] for i in range(4)}
        table = pa.table(
            {"text": ["x"] * 60, **{name: pa.array(x, pa.float32()) for name, x in wide.items()}, "id": range(60)}
        )
        source["column"] = list(wide)
    with pa.ipc.new_file(tmp_path / "x.arrow", table.schema) as writer:
        writer.write_table(table)
    wanted = sl.select(sl.Source(table, **source), "margin", 9, invalid="skip")
    monkeypatch.setattr(arrow_files, "WHOLE", 0)
    monkeypatch.setattr(arrow_files, "READ", 300)
    seen = []
    whole = arrow_files.ArrowFilePool._whole
    monkeypatch.setattr(arrow_files.ArrowFilePool, "_whole", lambda *given: seen.append(1) or whole(*given))
    pool = sl.Source(tmp_path / "x.arrow", column=source["column"])
    assert sl.select(pool, "margin", 9, invalid="skip").indices.tolist() == wanted.indices.tolist()
    assert not seen
    found = sl.select(sl.Source(tmp_path / "x.arrow", **source), "margin", 9, invalid="skip")
    assert found.ids.tolist() == wanted.ids.tolist()


def test_the_checksum_of_a_stored_member_is_looked_at(tmp_path):
    path = tmp_path / "x.npz"
    content = saved(np.savez, x=np.tile(P, (300, 1)))
    path.write_bytes(content.replace(P[30].tobytes(), np.full(4, 0.25, np.float32).tobytes()))
    for threads in (1, 2):
        with pytest.raises(ValueError, match=r"x\.npz\['x'\] is damaged: its checksum .CRC-32. is"):
            sl.select(path, "margin", 9, n_threads=threads)
    # Of packed members too, whose last bytes alone bring it up.
    packed = saved(np.savez_compressed, x=np.tile(P, (3000, 1)))
    crc = struct.pack("<I", zipfile.ZipFile(io.BytesIO(packed)).infolist()[0].CRC)
    path.write_bytes(packed.replace(crc, b"abcd"))
    with pytest.raises(ValueError, match=r"x\.npz\['x'\] cannot be unpacked.*CRC"):
        sl.select(path, "margin", 9)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [(8, 1, "encrypted"), (10, 98, "compression method"), (24, 1 << 30, "claims 1,073,741,824 bytes")],
)
def test_archives_that_cannot_be_read(tmp_path, field, value, message):
    content = bytearray(saved(np.savez_compressed, x=P))
    at = content.rindex(b"PK\x01\x02")
    struct.pack_into("<I" if field == 24 else "<H", content, at + field, value)
    if field < 24:
        struct.pack_into("<H", content, field - 2, value)
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(ValueError, match=rf"x\.npz.*{message}"):
        sl.select(tmp_path / "x.npz", "margin", 9)


class Bounded(io.BytesIO):
    """A file that no one may ask for more than a header."""

    def read(self, size=-1):
        assert 0 <= size <= npy.HEADER
        return super().read(size)


def test_no_header_is_read_for_what_it_claims(tmp_path):
    content = b"\x93NUMPY\x02\x00" + struct.pack("<I", 1_500_000_000)
    with pytest.raises(ValueError, match=r"its header would be 1,500,000,000 bytes long, and 10,000 are the most"):
        npy.read_header(Bounded(content), "x.npy")
    for name, data in (("x.npy", content), ("x.npz", saved(zipped, content))):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match=rf"{name}.* is not a readable .npy file"):
            sl.select(tmp_path / name, "margin", 9)


def zipped(file, content):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", content)


@pytest.mark.parametrize("text", ["(np.int64(60), np.int64(4))", "(np.int32(60), 4)", "(60, np.uint8(4))"])
def test_headers_with_lengths_of_numpys_own(tmp_path, text):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {text}, }}\n".encode()
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + P.tobytes()
    (tmp_path / "x.npy").write_bytes(content)
    (tmp_path / "x.npz").write_bytes(saved(zipped, content))
    assert sl.select(tmp_path / "x.npy", "margin", 9) == BEST
    assert sl.select(tmp_path / "x.npz", "margin", 9) == BEST
    assert sl.k_center(tmp_path / "x.npy", 3) == sl.k_center(P, 3)


@pytest.fixture
def shrinking(tmp_path, monkeypatch):
    """Files `x.npy` and `y.npy`, and raw, stored and Arrow ones, which another process cuts while they are read."""
    for name in ("x.npy", "y.npy"):
        np.save(tmp_path / name, P)
    (tmp_path / "stored.npz").write_bytes(saved(np.savez, x=P))
    (tmp_path / "raw.f4").write_bytes(P.tobytes())
    read = disk.read_at

    def cut(file, into, offset):
        os.truncate(file.name, 300)
        return read(file, into, offset)

    monkeypatch.setattr(disk, "read_at", cut)
    return tmp_path


U = np.linspace(0.1, 1, 60)


@pytest.mark.parametrize(
    "call",
    [
        lambda d: sl.select(d / "x.npy", "margin", 9),
        lambda d: sl.select(d / "stored.npz", "margin", 9),
        lambda d: sl.select(sl.Source(d / "raw.f4", shape=(-1, 4), dtype="float32"), "margin", 9),
        lambda d: sl.select([d / "x.npy", d / "y.npy"], "bald", 9),
        lambda d: sl.select([d / "x.npy", d / "y.npy"], "bald", 9, n_threads=1),
        lambda d: sl.select(d / "?.npy", "bald", 9),
        lambda d: sl.k_center(d / "x.npy", 9),
        lambda d: sl.k_center(P, 9, labelled=d / "x.npy"),
        lambda d: sl.min_distances(d / "x.npy", P),
        lambda d: sl.min_distances(P, d / "x.npy"),
        lambda d: sl.density(d / "x.npy"),
        lambda d: sl.badge(d / "x.npy", P, 9),
        lambda d: sl.badge(P, d / "x.npy", 9),
        lambda d: sl.kmeans_plus_plus(d / "x.npy", 9),
        lambda d: sl.ranked_batch(d / "x.npy", U, 9),
        lambda d: sl.diverse_uncertain(d / "x.npy", U, 9),
        lambda d: sl.herding(d / "x.npy", 9),
        lambda d: sl.typiclust(d / "x.npy", 9),
        lambda d: sl.cluster_margin(d / "x.npy", 9, clusters=np.arange(60)),
    ],
)
def test_a_file_that_shrinks_while_it_is_read_is_an_error(shrinking, call):
    with pytest.raises(
        ValueError, match=r"(x\.npy|stored\.npz|raw\.f4).*it became shorter since it was opened.*are missing"
    ):
        call(shrinking)


def test_zeros_in_place_of_what_was_cut_off_are_no_rows(tmp_path, monkeypatch):
    path = tmp_path / "x.npy"
    path.write_bytes(npy_of(P))
    read_at = disk.read_at

    def cut_while_it_is_read(file, part, offset):
        # The size changes first, and then the pages are cleared: a reader between the two gets zeros.
        got = read_at(file, part, offset)
        part[500:got] = bytes(got - 500)
        os.truncate(path, offset + 500)
        return got

    monkeypatch.setattr(disk, "read_at", cut_while_it_is_read)
    with pytest.raises(ValueError, match=r"x\.npy.*it became shorter since it was opened, and 460 bytes are missing"):
        sl.select(path, "margin", 9, normalize="as_is")


def test_an_arrow_file_that_shrinks_is_an_error(tmp_path, monkeypatch):
    path = tmp_path / "x.arrow"
    path.write_bytes(ipc(columns()))
    messages = ipc_messages.Messages.__init__

    def then_cut(self, file, name):
        messages(self, file, name)
        os.truncate(path, 1500)

    monkeypatch.setattr(ipc_messages.Messages, "__init__", then_cut)
    with pytest.raises(ValueError, match=r"x\.arrow"):
        sl.select(path, "margin", 9)


def test_files_larger_than_memory_are_refused_where_they_are_read_whole(tmp_path, monkeypatch):
    np.save(tmp_path / "x.npy", P)
    monkeypatch.setattr("shortlist.memory.room", lambda: 100)
    with pytest.raises(
        MemoryError, match=r"x\.npy, which is read whole, takes 960 bytes of memory, and 100 are available"
    ):
        sl.density(tmp_path / "x.npy")
    assert sl.select(tmp_path / "x.npy", "margin", 9) == BEST


@pytest.mark.parametrize("name", [*KINDS, "x.zarr", "x.raw"])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (os.mkfifo, "x.* is a FIFO; accepted are regular files"),
        (lambda path: path.symlink_to("/dev/zero"), "x.* is a character device; accepted are regular files"),
        (lambda path: path.symlink_to(path.with_name("nothing")), "there is no file .*x"),
    ],
)
def test_what_is_no_file_is_refused_at_once(tmp_path, name, make, message):
    path = tmp_path / f"x{name}"
    make(path)
    source = sl.Source(path, shape=(-1, 4), dtype="float32") if name == "x.raw" else path
    with pytest.raises(OSError, match=message):
        sl.select(source, "margin", 9)
    if name.endswith(".npy"):
        with pytest.raises(OSError, match=message):
            sl.k_center(path, 9)


@pytest.mark.parametrize("name", [name for name in KINDS if name != "x.h5"])
def test_an_empty_file_is_named(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(ValueError, match=rf"{name} is not a readable"):
        sl.select(tmp_path / name, "margin", 9)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("allowed", [0, 1])
def test_where_no_more_threads_start_those_there_are_read_all(tmp_path, monkeypatch, name, allowed):
    monkeypatch.setattr(flat, "READ", 100)
    monkeypatch.setattr(flat, "LEAST", 100)
    path = tmp_path / name
    path.write_bytes(KINDS[name](tmp_path))
    start, begun = threading.Thread.start, []

    def starts(thread):
        if len(begun) == allowed:
            raise RuntimeError("can't start new thread")
        begun.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", starts)
    assert sl.select(path, "margin", 9, n_threads=4) == BEST
    begun.clear()
    np.testing.assert_array_equal(sl.score(path, "margin", n_threads=4), sl.score(P, "margin"))


class Panic(BaseException):
    """What is no Exception, as a panic in Rust is."""


@pytest.mark.parametrize(
    "call", [lambda path: sl.select(path, "margin", 9, n_threads=2), lambda path: sl.score(path, "margin", n_threads=2)]
)
def test_a_reader_that_dies_loses_no_rows_in_silence(tmp_path, monkeypatch, call):
    monkeypatch.setattr(flat, "READ", 100)
    monkeypatch.setattr(flat, "LEAST", 100)
    np.save(tmp_path / "x.npy", P)
    read, died = disk.read_at, threading.Event()

    def dies(file, into, offset):
        if threading.current_thread() is not threading.main_thread():
            died.set()
            raise Panic("here")
        assert died.wait(20)
        return read(file, into, offset)

    monkeypatch.setattr(disk, "read_at", dies)
    with pytest.raises(Panic, match="here"):
        call(tmp_path / "x.npy")


def test_an_error_of_the_disk_names_the_file(tmp_path, monkeypatch):
    np.save(tmp_path / "x.npy", P)

    def fails(file, into, offset):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(disk, "read_at", fails)
    for call in (lambda: sl.select(tmp_path / "x.npy", "margin", 9), lambda: sl.density(tmp_path / "x.npy")):
        with pytest.raises(OSError, match=r"Input/output error: .*x\.npy"):
            call()
