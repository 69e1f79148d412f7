"""Text and CSV as people have them: in `--exclude` and in `simulate`, read right or refused with the file and the line."""

import csv

import numpy as np
import pytest

import shortlist as sl
from shortlist.cli.files import read_ids, read_places
from shortlist.csv_file import CHUNK, CsvFile
from shortlist.simulation.datasets import load

pytest.importorskip("click")

LABELLED = [("1.5", "yes", "café, tea"), ("2", "no", 'café "quoted" tea'), ("-3e1", "yes", "tea\ncafé")]


def quoted(cell, separator=","):
    return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in '"\n' + separator) else cell


def csv_text(separator=",", end="\n", last=True):
    rows = [("number", "label", "said"), *LABELLED]
    text = end.join(separator.join(quoted(cell, separator) for cell in row) for row in rows)
    return text + (end if last else "")


AS_PEOPLE_HAVE_IT = {
    "plain": csv_text().encode(),
    "with a mark": csv_text().encode("utf-8-sig"),
    "UTF-16": csv_text().encode("utf-16"),
    "UTF-16 big-endian": b"\xfe\xff" + csv_text().encode("utf-16-be"),
    "UTF-32": csv_text().encode("utf-32"),
    "semicolons": csv_text(";").encode(),
    "tabs": csv_text("\t").encode(),
    "semicolons with a mark": csv_text(";").encode("utf-8-sig"),
    "CRLF": csv_text(end="\r\n").encode(),
    "old Mac": csv_text(end="\r").encode(),
    "no last line end": csv_text(last=False).encode(),
    "blank lines": b"\r\n\n" + csv_text().encode() + b"\n\n,,\n",
    "spaces in the heading": csv_text().replace("number,label,said", " number , Label ,said").encode(),
}


@pytest.mark.parametrize("kind", AS_PEOPLE_HAVE_IT)
def test_rows_and_labels(tmp_path, kind):
    path = tmp_path / "x.csv"
    path.write_bytes(AS_PEOPLE_HAVE_IT[kind])
    file = CsvFile(path, ["label"])
    assert [cell.lower() for cell in file.head] == ["number", "label", "said"]
    assert [tuple(row) for _, row in file.rows()] == LABELLED
    X, y = load(str(path), text="said")
    assert y.tolist() == ["yes", "no", "yes"]
    assert X.shape[0] == 3


@pytest.mark.parametrize("name", ["latin-1", "cp1252", "utf-16-le"])
def test_other_encodings_by_name(tmp_path, name):
    path = tmp_path / "x.csv"
    path.write_bytes(csv_text().encode(name))
    with pytest.raises(
        ValueError, match=r"x.csv (is not UTF-8: byte 0xe9 in line 2|has a NUL byte in line 1)[,;:].*encoding="
    ):
        load(str(path), text="said")
    assert load(str(path), text="said", encoding=name)[1].tolist() == ["yes", "no", "yes"]


def test_long_cells_and_many_chunks(tmp_path):
    path = tmp_path / "x.csv"
    long = "w é\n" * (CHUNK // 2)
    path.write_text(f'label,said\na,"{long}"\nb,short\n', encoding="utf-8")
    assert [row for _, row in CsvFile(path, ["label"]).rows()] == [["a", long], ["b", "short"]]
    bad = b"label\n" + b"a\n" * CHUNK + b"\xff\n"
    path.write_bytes(bad)
    with pytest.raises(ValueError, match=f"byte 0xff in line {CHUNK + 2:,};"):
        list(CsvFile(path, ["label"]).rows())
    path.write_bytes(b"a\xc3")
    with pytest.raises(ValueError, match="x.csv is not UTF-8: byte 0xc3 in line 1"):
        list(CsvFile(path, ["label"]).rows())


def test_rows_without_a_label_are_left_out_and_said(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,label\n1,yes\n2,\n3,no\n4,  \n")
    with pytest.warns(UserWarning, match=r"x.csv has no label in 2 of 4 rows, the first in line 3; they were left out"):
        X, y = load(str(path))
    assert X.tolist() == [[1.0], [3.0]]
    assert y.tolist() == ["yes", "no"]


BROKEN = [
    (b"", "x.csv has no rows below a heading"),
    (b"\n\n", "x.csv has no rows below a heading"),
    (b"a,label\n", "x.csv has no rows below a heading"),
    (b"\xef\xbb\xbf", "x.csv has no rows below a heading"),
    (b"a,label\n1,x\n2\n", "x.csv has 1 cell in line 3, and 2 in its first"),
    (b"a,label\n1,x,\n", "x.csv has 3 cells in line 2, and 2 in its first"),
    (b'a,label\n1,"x\n2,y\n', "x.csv has a quote in line 2 that is never closed"),
    (b'a,label\n"1"2,x\n', "x.csv has more behind a closing quote in line 2"),
    (b"a,label\n1,\x00x\n", "x.csv has a NUL byte in line 2"),
    (b"a,label,a\n1,x,2\n", "x.csv has two columns 'a'"),
    (b"a,Label,label\n1,x,2\n", "x.csv has 'x' in column 'Label' of line 2"),
    (b"label,label\n1,x\n", "x.csv has two columns 'label'"),
    (b"a,kind\n1,x\n", "x.csv has no column 'label'; its columns are a, kind"),
    (b"a;label\n0,5;x\n", "x.csv has '0,5' in column 'a' of line 2; accepted are numbers with a decimal point"),
    (b"label\nx\n", "x.csv has the column 'label' alone"),
]


@pytest.mark.parametrize(("content", "message"), BROKEN)
def test_what_is_broken_is_named_with_its_line(tmp_path, content, message):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load(str(path))


def test_an_encoding_that_is_none(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,label\n1,x\n")
    for name in ("latin-99", "base64", "", "rot13"):
        with pytest.raises(ValueError, match="encoding is .*, which is unknown; accepted are as utf-8"):
            load(str(path), encoding=name or " ")


IDS = [
    ("x.csv", b"id,sentiment\n7,pos\n8,neg\n", [7, 8]),
    ("x.csv", b"rank,index,score,id\n1,0,0.5,7\n2,3,0.5,8\n", [7, 8]),
    ("x.csv", b"index,id,url\n0,5,u7\n3,6,u8\n", ["u7", "u8"]),
    ("x.csv", b"index,done\nu7,1\n8,1\n", [8, "u7"]),
    ("x.csv", b"URL\nu7\nu8\n", ["u7", "u8"]),
    ("x.csv", b"7\n8\n", [7, 8]),
    ("x.csv", b"7,pos\n8,neg\n", [7, 8]),
    ("x.csv", b"\xef\xbb\xbfid;text\n7;a,b\n8;c\n", [7, 8]),
    ("x.csv", "id\ttext\n7\tà\n8\tb\n".encode("utf-16"), [7, 8]),
    ("x.csv", b'id,text\n"u,7","a\nb"\n"8",c\n', [8, "u,7"]),
    ("x.tsv", b"url\tlabel\nu7\tx\nu8\ty\n", ["u7", "u8"]),
    ("x.csv", b"id\n7.0\n8\n", [8, "7.0"]),
    ("x.csv", b"", []),
    ("x.csv", b"id\n", []),
    ("x.txt", b"http://a/?b=1,2;3\n\n  u8  \n", ["http://a/?b=1,2;3", "u8"]),
    ("x.txt", b"id\n7\n8\n", [7, 8]),
    ("x.txt", b"7\r\n8", [7, 8]),
    ("x", b'"u7\nu8\n', ['"u7', "u8"]),
    ("x.jsonl", b'{"rank": 1, "index": 0, "score": 0.5, "id": "u7"}\n\n{"id": 8}\n', [8, "u7"]),
    ("x.jsonl", b'{"url": 7.0, "id": 1}\n{"url": "8", "id": 2}\n', [7, 8]),
    ("x.jsonl", b'"u7"\n8\n', [8, "u7"]),
]


@pytest.mark.parametrize(("name", "content", "wanted"), IDS)
def test_own_ids_of_files(tmp_path, name, content, wanted):
    path = tmp_path / name
    path.write_bytes(content)
    assert list(read_ids(path, "url")) == wanted


WITHOUT = [
    ("x.csv", b'"820\n1\n2', "x.csv has a quote in line 1 that is never closed"),
    ("x.csv", b'id,text\n1,"a\n2,b\n', "x.csv has a quote in line 2 that is never closed"),
    (
        "x.csv",
        b'id,text\n1,"a\n2,"b"\n',
        "x.csv has more behind a closing quote in line 3, in the row that begins in line 2",
    ),
    ("x.csv", b"id,text\n1,a\n,b\n", "x.csv has no id in line 3"),
    ("x.csv", b"id,text\n1,a,b\n", "x.csv has 3 cells in line 2"),
    ("x.csv", b"id,ID\n1,2\n", None),
    ("x.csv", b"id,id\n1,2\n", "x.csv has two columns 'id'"),
    ("x.csv", b"link,label\na,b\n", "x.csv has no column 'url', 'id' or 'index'; its columns are 'link', 'label'"),
    ("x.csv", b"rank,index,score\n1,2,0.5\n", "x.csv has places in the pool .* accepted by --exclude-positions"),
    ("x.csv", b"id\n\xff\n", "x.csv is not UTF-8: byte 0xff in line 2"),
    ("x.txt", b"a\n\x00\n", "x.txt has a NUL byte in line 2"),
    ("x.jsonl", b'{"rank": 1, "index": 2, "score": 0.5}\n', "x.jsonl has places in the pool"),
    ("x.jsonl", b"1\n" + b"[" * 100_000 + b"\n", r"x.jsonl has no JSON in line 2 \(nested too deep\)"),
    ("x.jsonl", b'{"id": 1}\n{"id": 2\n', "x.jsonl has no JSON in line 2"),
    ("x.jsonl", b'{"id": 1}\n{"key": 2}\n', "x.jsonl has no 'id' in line 2; its keys are 'key'"),
    ("x.jsonl", b"1\n1e400\n", "x.jsonl has inf in line 2"),
    ("x.jsonl", b"true\n", "x.jsonl has True in line 1"),
    ("x.jsonl", b'{"id": null}\n', "x.jsonl has None in line 1"),
    ("x.jsonl", b'{"id": NaN}\n', "x.jsonl has nan in line 1"),
    ("x.jsonl", b"9" * 5000 + b"\n", "x.jsonl has no JSON in line 1"),
]


@pytest.mark.parametrize(("name", "content", "message"), WITHOUT)
def test_files_without_ids(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    if message is None:
        assert list(read_ids(path, "url")) == [1]
        return
    with pytest.raises(ValueError, match=message):
        read_ids(path, "url")


@pytest.mark.parametrize("cell", ["one", "1.5", "-1", "٣", "²", "9" * 5000, str(2**63), "x" * 200_000, "1 2"])
@pytest.mark.parametrize("suffix", ["csv", "txt"])
def test_places_are_whole_numbers(tmp_path, cell, suffix):
    path = tmp_path / f"x.{suffix}"
    path.write_text(f"4\n{cell}\n", encoding="utf-8")
    with pytest.raises(
        ValueError, match=rf"x.{suffix} has .* in line 2; accepted are whole numbers, 0 or more"
    ) as found:
        read_ids(path)
    assert len(str(found.value)) < 400
    path.write_text("4\n007\n")
    assert read_ids(path).tolist() == read_places(path).values.tolist() == [4, 7]


def test_the_command_excludes_by_the_id_column(tmp_path, command):
    pa = pytest.importorskip("pyarrow", reason="pip install 'shortlist[arrow]'")
    pq = pytest.importorskip("pyarrow.parquet")
    P = np.random.default_rng(0).dirichlet(np.ones(3), 80)
    best = sl.select(P, "margin", 40).indices
    pq.write_table(
        pa.table({**dict(zip("abc", P.T, strict=True)), "key": [f"=u{i}, {i}" for i in range(80)]}),
        tmp_path / "x.parquet",
    )
    words = [
        "select",
        "x.parquet",
        "--column",
        "a",
        "--column",
        "b",
        "--column",
        "c",
        "--id-column",
        "key",
        "-k",
        5,
        "-q",
    ]
    first = command(*words, "--out", "picks.csv")
    assert first.stderr == ""
    for suffix in ("csv", "jsonl"):
        command(*words, "--out", f"picks.{suffix}")
        done = command(*words, "--exclude", f"picks.{suffix}", "--out", "next.npy")
        assert done.stderr == ""
        assert np.load(tmp_path / "next.npy").tolist() == best[5:10].tolist()
    (tmp_path / "done.txt").write_text(f"=u{best[0]}, {best[0]}\nlost\n")
    done = command(*words, "--exclude", "done.txt", "--out", "next.npy")
    assert done.stderr == "shortlist: 1 id that was given is not in the pool\n"
    assert np.load(tmp_path / "next.npy").tolist() == best[1:6].tolist()
    (tmp_path / "places.txt").write_text("\n".join(map(str, best[:3])))
    command(*words, "--exclude-positions", "places.txt", "--out", "next.npy")
    assert np.load(tmp_path / "next.npy").tolist() == best[3:8].tolist()
    done = command(*words, "--exclude-positions", "places.txt", "--exclude", "done.txt", code=1)
    assert (
        done.stderr == "shortlist: error: --exclude and --exclude-positions were both given; accepted is one of them\n"
    )


def test_the_command_says_what_is_wrong_in_one_line(tmp_path, command):
    np.save(tmp_path / "p.npy", np.full((4, 2), 0.5))
    (tmp_path / "deep.jsonl").write_text("[" * 100_000)
    csv.field_size_limit(1 << 17)  # which a process starts with
    (tmp_path / "wide.csv").write_text("x" * 200_000)
    (tmp_path / "latin.csv").write_bytes(csv_text().encode("latin-1"))
    for words, message in (
        (
            ["select", "p.npy", "-k", "9" * 20, "--no-strict"],
            "k is 99999999999999999999; accepted is a whole number below 2**63",
        ),
        (["select", "p.npy", "-k", 1, "--exclude", "deep.jsonl"], "deep.jsonl has no JSON in line 1 (nested too deep)"),
        (["select", "p.npy", "-k", 1, "--exclude", "latin.csv"], "latin.csv is not UTF-8: byte 0xe9 in line 2"),
        (["select", "p.npy", "-k", 1, "--exclude", "wide.csv"], "wide.csv has 'xxx"),
        (["simulate", "latin.csv", "--text", "said"], "others by name, as --encoding cp1252"),
    ):
        done = command(*words, code=1)
        assert done.stdout == ""
        assert message in done.stderr
        assert done.stderr.count("\n") == 1
    with open(tmp_path / "un.csv", "w") as out:
        out.write("a,label\n" + "".join(f"{i % 7},{['', 'x', 'y'][i % 3]}\n" for i in range(90)))
    words = ["simulate", "un.csv", "--budget", 10, "--batch", 5, "--repeats", 1, "--jobs", 1, "-s", "margin"]
    done = command(*words)
    assert "un.csv has no label in 30 of 90 rows, the first in line 2; they were left out" in done.stderr
    assert "of 42 + 18 rows" in done.stdout
