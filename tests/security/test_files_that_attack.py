"""Files made to harm: bombs, and tables that a spreadsheet or a terminal would obey."""

import csv
import json
import struct
import subprocess
import sys
import zipfile

import pytest

import shortlist as sl
from shortlist.labels.formats import write_rows
from shortlist.labels.handed import HandedRow, Sent
from shortlist.labels.label_config import check_config

ESCAPE = "\x1b]0;owned\x07\x1b[2J"
BIDI = "\u202egpj.exe"


def header(shape, descr="<f4"):
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text + b"\n"


def run_with_little_memory(script, *words, most=700 << 20):
    """Run a script with so many bytes of memory beside what it has at its start."""
    # What that is: a Python without a GIL has set a gigabyte aside by then.
    limited = (
        "import re, resource, sys, zipfile, numpy, shortlist\n"
        "own = 1024 * int(re.search(r'VmData:\\s+(\\d+)', open('/proc/self/status').read())[1])\n"
        f"resource.setrlimit(resource.RLIMIT_DATA, (own + {most},) * 2)\n{script}"
    )
    return subprocess.run(
        [sys.executable, "-c", limited, *words], capture_output=True, text=True, check=False, timeout=60
    )


def test_a_zip_bomb_is_unpacked_block_by_block(tmp_path):
    # Two megabytes that stand for two gigabytes.
    rows, path = 1 << 26, tmp_path / "bomb.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("p.npy", "w") as file,
    ):
        file.write(header((rows // 64, 8)))
        zeros = bytes(1 << 20)
        for _ in range(rows // 64 * 32 >> 20):
            file.write(zeros)
    assert path.stat().st_size < 1 << 20
    script = "try: shortlist.select(sys.argv[1], 'margin', 5)\nexcept ValueError as error: print(error)"
    done = run_with_little_memory(script, str(path), most=512 << 20)
    assert "row 0" in done.stdout, done.stderr[-500:]
    assert done.returncode == 0


def test_an_archive_that_claims_more_than_it_can_hold(tmp_path):
    path = tmp_path / "claims.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p.npy", header((1 << 40, 8)) + bytes(64))
    raw = bytearray(path.read_bytes())
    place = raw.rindex(b"PK\x01\x02")
    raw[place + 24 : place + 28] = struct.pack("<I", 0xFFFFFFF0)
    path.write_bytes(raw)
    with pytest.raises(ValueError, match=r"claims 4,294,967,280 bytes, packed into .* can't hold"):
        sl.select(str(path), "margin", 5)


@pytest.mark.parametrize("length", [1 << 20, 0xFFFFFFFF])
def test_a_header_bomb_is_not_read(tmp_path, length):
    path = tmp_path / "header.npy"
    path.write_bytes(b"\x93NUMPY\x02\x00" + struct.pack("<I", length) + b"{" * 64)
    with pytest.raises(ValueError, match=r"its header (would be [\d,]+ bytes long|ends after 64)"):
        sl.select(str(path), "margin", 5)


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '[{"id": ' + "9" * 100_000 + ', "label": "a"}]',
        '{"id": "1", "label": "a"}\n' + "[" * 100_000,
    ],
    ids=["arrays", "objects", "digits", "a line"],
)
def test_json_that_is_deep_or_long_is_one_sentence(tmp_path, content):
    for name in ("export.json", "export.jsonl"):
        (tmp_path / name).write_text(content)
        with pytest.raises((ValueError, TypeError)) as raised:
            sl.labels.read(tmp_path / name)
        assert "\n" not in str(raised.value)
        assert len(str(raised.value)) < 1000


def test_entities_of_an_interface_are_not_expanded():
    lines = [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)]
    bomb = f'<!DOCTYPE x [<!ENTITY a0 "ha">{"".join(lines)}]><View>&a11;</View>'
    with pytest.raises(ValueError, match="has a document type of its own; accepted is an interface without <!DOCTYPE"):
        check_config(bomb, None, ["a"], "x.xml")


def test_what_a_spreadsheet_would_run_gets_an_apostrophe(tmp_path):
    rows = [{"id": str(n), "body": f"{mark}cmd|' /C calc'!A0"} for n, mark in enumerate("=+-@\t\r\n＝＋－＠")]
    handed = [HandedRow(row["id"], row, None, "", 1, None) for row in rows]
    write_rows(tmp_path / "rows.csv", "csv", handed, Sent(spreadsheet=True))
    with (tmp_path / "rows.csv").open(newline="", encoding="utf-8") as file:
        cells = [row["body"] for row in csv.DictReader(file)]
    assert len(cells) == len(rows)
    assert all(cell.startswith("'") for cell in cells)


def loop_of(folder, texts, classes=("a", "b")):
    rows = [{"id": f"r{n}", "body": text} for n, text in enumerate(texts)]
    (folder / "pool.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "x.toml").write_text(
        f'loop = 1\nname = "x"\nclasses = {json.dumps(list(classes))}\n[pool]\npath = "pool.jsonl"\nid = "id"\ntext = "body"\n'
        '[seed]\nhow = "random"\nrows = 4\n[round]\nrows = 4\n[handoff]\ntool = "csv"\n[retrain]\nwhen = "growth:0.25"\n'
        '[stop]\nwhen = "budget:100"\n'
    )


def test_no_command_prints_what_a_terminal_obeys(tmp_path, command):
    loop_of(tmp_path, [f"{ESCAPE}{BIDI} text {n}" for n in range(40)])
    printed = [command("loop", "init", "x.toml", "--dir", "loop"), command("loop", "next", "--dir", "loop")]
    ids = [
        line.partition(",")[0]
        for line in (tmp_path / "loop/handoff/round-0001.csv").read_text().split("\n")
        if line.startswith("r")
    ]
    lines = [f"{row},{'ab'[n % 2]},{ESCAPE}amy" for n, row in enumerate(dict.fromkeys(ids))]
    (tmp_path / f"in{ESCAPE}.csv").write_text(
        "\n".join(["id,label,annotator", *lines, f"{ESCAPE},a,eve", f"r1,{ESCAPE},eve"])
    )
    printed.append(command("loop", "ingest", f"in{ESCAPE}.csv", "--dir", "loop"))
    for words in (["status"], ["audit"], ["check"], ["report", "--out", f"{ESCAPE}.html"], ["run", "--once"]):
        try:
            printed.append(command("loop", *words, "--dir", "loop"))
        except AssertionError:
            printed.append(command("loop", *words, "--dir", "loop", code=3))
    printed.append(command("loop", "retract", "--annotator", f"{ESCAPE}amy", "--dir", "loop"))
    printed.append(command("loop", "status", "--dir", f"no{ESCAPE}{BIDI}", code=1))
    assert len(printed) > 8
    for done in printed:
        for text in (done.stdout, done.stderr):
            assert not any(mark in text for mark in ("\x1b", "\x07", "\u202e")), text
    assert ESCAPE not in (tmp_path / f"{ESCAPE}.html").read_text()


def test_names_in_a_specification_reach_no_terminal_either(tmp_path, command):
    loop_of(tmp_path, ["a", "b"], classes=("a", f"b{ESCAPE}"))
    done = command("loop", "init", "x.toml", "--dir", "loop", code=1)
    assert "\x1b" not in done.stderr
