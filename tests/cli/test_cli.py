"""The command: what it prints where, its exit codes, and one line for every mistake."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import oracles
import pytest

import shortlist as sl

pytest.importorskip("click")
pytest.importorskip("rich")

P = oracles.probabilities(np.random.default_rng(2), 2000, 5, np.float32)
COMMAND = [sys.executable, "-m", "shortlist"]


@pytest.fixture
def run(tmp_path, command):
    np.save(tmp_path / "probs.npy", P)
    return command


def csv_of(picks):
    rows = enumerate(zip(picks.indices, picks.scores, strict=True), 1)
    return "rank,index,score\n" + "".join(f"{rank},{index},{score!s}\n" for rank, (index, score) in rows)


def test_piped_output_is_csv_and_nothing_else(run):
    done = run("select", "probs.npy", "-k", 7)
    assert done.stdout == csv_of(sl.select(P, "margin", 7))
    assert done.stderr == ""


def test_options_reach_select(run, tmp_path):
    z = (np.random.default_rng(0).normal(size=(500, 4)) * 3).astype(np.float32)
    np.save(tmp_path / "logits.npy", z)
    words = [
        "select",
        "logits.npy",
        "--strategy",
        "entropy",
        "-k",
        9,
        "--from-logits",
        "--temperature",
        1.5,
        "--threads",
        1,
    ]
    assert run(*words).stdout == csv_of(sl.select(z, "entropy", 9, from_logits=True, temperature=1.5))
    drawn = ["--perturb", "softmax", "--coldness", 2, "--seed", 5]
    wanted = sl.select(
        z, "entropy", 9, from_logits=True, temperature=1.5, perturb="softmax", coldness=2, random_state=5
    )
    assert run(*words, *drawn).stdout == csv_of(wanted)
    ties = run("select", "probs.npy", "-s", "margin", "-k", 5, "--ties", "random", "--seed", 3).stdout
    assert ties == csv_of(sl.select(P, "margin", 5, ties="random", random_state=3))
    lot = run("select", "probs.npy", "-s", "random", "-k", 5, "--seed", 3).stdout
    assert lot == csv_of(sl.select(P, "random", 5, random_state=3))


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "npy"])
def test_out_writes_a_file_that_exclude_reads(run, tmp_path, suffix):
    best = sl.select(P, "margin", 20).indices
    assert run("select", "probs.npy", "-k", 10, "--out", f"picks.{suffix}").stdout == ""
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"picks.{suffix}", "probs.npy"]
    again = run("select", "probs.npy", "-k", 10, "--exclude", f"picks.{suffix}", "--out", "next.npy")
    assert again.stdout == ""
    assert np.load(tmp_path / "next.npy").tolist() == best[10:].tolist()
    if suffix == "jsonl":
        lines = [json.loads(line) for line in (tmp_path / "picks.jsonl").read_text().splitlines()]
        assert [line["index"] for line in lines] == best[:10].tolist()


def test_exclude_reads_lines_and_masks(run, tmp_path):
    best = sl.select(P, "margin", 12).indices
    (tmp_path / "ids.txt").write_text("\n".join(map(str, best[:2])) + "\n")
    mask = np.zeros(len(P), bool)
    mask[best[:2]] = True
    np.save(tmp_path / "mask.npy", mask)
    for name in ("ids.txt", "mask.npy"):
        assert run("select", "probs.npy", "-k", 10, "--exclude", name).stdout == csv_of(
            sl.select(P, "margin", 10, exclude=mask)
        )


def test_several_files_are_one_pool(run, tmp_path):
    np.save(tmp_path / "a.npy", P[:700])
    np.save(tmp_path / "b.npy", P[700:])
    wanted = csv_of(sl.select(P, "margin", 7))
    for words in (["a.npy", "b.npy"], ["[ab].npy"]):
        assert run("select", *words, "-k", 7).stdout == wanted
    assert "2,000 rows x 5 classes" in run("inspect", "a.npy", "b.npy").stdout


def test_raw_binary_and_members(run, tmp_path):
    wanted = csv_of(sl.select(P, "margin", 7))
    P.tofile(tmp_path / "x.bin")
    assert run("select", "x.bin", "--shape", "-1,5", "--dtype", "float32", "-k", 7).stdout == wanted
    np.savez(tmp_path / "x.npz", a=P, b=P)
    assert run("select", "x.npz", "--key", "b", "-k", 7).stdout == wanted
    assert "2,000 rows x 5 classes" in run("inspect", "x.npz", "--key", "b").stdout


def test_tables_with_ids(run, tmp_path):
    pa = pytest.importorskip("pyarrow", reason="pip install 'shortlist[arrow]'")
    pq = pytest.importorskip("pyarrow.parquet")
    proba = pa.FixedSizeListArray.from_arrays(pa.array(P.reshape(-1)), 5)
    ids = [f"r{row}" for row in range(2000)]
    table = pa.table({"id": ids, "proba": proba, **{f"p{i}": P[:, i] for i in range(5)}})
    (tmp_path / "parts").mkdir()
    pq.write_table(table[:900], tmp_path / "parts" / "0.parquet")
    pq.write_table(table[900:], tmp_path / "parts" / "1.parquet")
    best = sl.select(P, "margin", 7)
    done = run("select", "parts", "--column", "proba", "--id-column", "id", "-k", 7)
    rows = enumerate(zip(best.indices, best.scores, strict=True), 1)
    assert done.stdout == "rank,index,score,id\n" + "".join(f"{r},{i},{s!s},r{i}\n" for r, (i, s) in rows)
    wide = [word for i in range(5) for word in ("--column", f"p{i}")]
    assert run("select", "parts", *wide, "-k", 7).stdout == csv_of(best)
    assert run("select", "parts", "--column", "proba", "--id-column", "id", "-k", 7, "--out", "x.csv").stdout == ""
    again = run("select", "parts", "-k", 3, "--exclude", "x.csv", "--out", "y.npy")
    assert again.stdout == ""
    assert np.load(tmp_path / "y.npy").tolist() == sl.select(P, "margin", 10).indices[7:].tolist()
    assert "2,000 rows x 5 classes" in run("inspect", "parts", "--column", "proba").stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_full_disk_leaves_the_old_picks(run, tmp_path):
    script = """
import os
import sys
import shortlist.cli.app as app
from shortlist import writing
writing._create = lambda *_: (os.open("/dev/full", os.O_WRONLY), True)
app.app(sys.argv[1:])
"""
    for name in ("picks.csv", "picks.jsonl", "picks.npy"):
        (tmp_path / name).write_text("old")
        words = ["select", "probs.npy", "--out", name]
        done = subprocess.run(
            [sys.executable, "-c", script, *words], capture_output=True, text=True, timeout=60, cwd=tmp_path
        )
        assert done.returncode == 1
        assert f"{name} cannot be written (No space left on device); nothing was changed" in done.stderr
        assert (tmp_path / name).read_text() == "old"
        assert not list(tmp_path.glob(".*"))
    with open("/dev/full", "w") as full:
        words = [*COMMAND, "select", "probs.npy"]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, cwd=tmp_path)
    wanted = "shortlist: error: standard output cannot be written (No space left on device)\n"
    assert (done.returncode, done.stderr) == (1, wanted)


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="no such file here")
def test_out_takes_what_is_no_regular_file(run, tmp_path):
    wanted = csv_of(sl.select(P, "margin", 7))
    words = [*COMMAND, "select", "probs.npy", "-k", "7", "--out", "/dev/stdout"]
    assert subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout == wanted
    for name in ("pipe", "pipe.csv"):
        os.mkfifo(tmp_path / name)
        reader = subprocess.Popen(["cat", name], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
        run("select", "probs.npy", "-k", 7, "--out", name)
        assert reader.communicate()[0] == wanted
    (tmp_path / "link.csv").symlink_to("real.csv")
    run("select", "probs.npy", "-k", 7, "--out", "link.csv")
    assert (tmp_path / "real.csv").read_text() == wanted
    assert (tmp_path / "link.csv").is_symlink()


def test_ids_for_a_spreadsheet(run, tmp_path):
    pa = pytest.importorskip("pyarrow", reason="pip install 'shortlist[arrow]'")
    pq = pytest.importorskip("pyarrow.parquet")
    table = pa.table({"id": ["=1+1", "-2", "b"], "p": [[0.5, 0.5], [0.6, 0.4], [0.9, 0.1]]})
    pq.write_table(table, tmp_path / "x.parquet")
    words = ["select", "x.parquet", "--column", "p", "--id-column", "id", "-k", 3]
    for more, wanted in (([], ["=1+1", "-2", "b"]), (["--spreadsheet"], ["'=1+1", "'-2", "b"])):
        lines = run(*words, *more).stdout.splitlines()[1:]
        assert [line.rsplit(",", 1)[1] for line in lines] == wanted


def test_messages_have_no_control_characters(run, tmp_path):
    for words in (["nope\x1b[31m.npy"], ["probs.npy", "--out", "nope\x1b[31m/x.csv"]):
        assert "nope\\x1b[31m" in run("select", *words, code=1).stderr
    np.save(tmp_path / "odd[bold]\x1b[31m.npy", P)
    shown = run("inspect", "odd[bold]\x1b[31m.npy").stdout
    assert "odd[bold]\\x1b[31m.npy" in shown
    assert "\x1b[31m" not in shown


MISTAKES = [
    (["select", "nope.npy"], 1, "shortlist: error: there is no file nope.npy"),
    (["select", "empty"], 1, "shortlist: error: empty is a directory with no files to read in it"),
    (
        ["select", "probs.npy", "-k", "9999"],
        1,
        "k is 9,999, and the pool has 2,000 rows; accepted is up to that, or --no-strict",
    ),
    (["select", "bad.npy"], 1, "shortlist: error: .*row 4 "),
    (["select", "words.npy"], 1, "shortlist: error: words.npy has dtype"),
    (["select", "probs.npy", "--exclude", "nope.txt"], 1, "there is no file nope.txt"),
    (
        ["select", "probs.npy", "--exclude", "words.txt"],
        1,
        "words.txt has 'one' in line 1; accepted are whole numbers.*--id-column",
    ),
    (
        ["select", "probs.npy", "--exclude", "words.jsonl"],
        1,
        r"words.jsonl has \[1\] in line 1; accepted are whole numbers and text",
    ),
    (
        ["select", "probs.npy", "--exclude", "short.csv"],
        1,
        "short.csv has 1 cell in line 3, and 2 in its first; accepted is the same number",
    ),
    (
        ["select", "probs.npy", "--exclude", "probs.npy"],
        1,
        "exclude has shape .2000, 5.; accepted is one dimension",
    ),
    (
        ["select", "nope.npy", "--out", "no/such/place.csv"],
        1,
        "error: there is no folder no/such to write place.csv to",
    ),
    (
        ["select", "nope.npy", "--out", "empty"],
        1,
        "shortlist: error: empty is a folder; accepted is the path of a file",
    ),
    (["compare", "nope.npy", "--json", "empty"], 2, "empty is a folder; accepted is the path of a file"),
    (["bench", "nope.npy", "--json", "no/x.json"], 2, "there is no folder no to write x.json to"),
    (["select", "probs.npy", "--from-logits", "--temperature", "0"], 1, "temperature is 0"),
    (["select", "probs.npy", "--strategy", "mragin"], 2, "did you mean"),
    (["select", "probs.npy", "-k", "-1"], 2, "-k"),
    (["select", "probs.npy", "-k", "many"], 2, "-k"),
    (["select", "probs.npy", "--out", "picks.xls"], 2, "accepted are"),
    (["select", "probs.npy", "--id-column", "id"], 1, "id_column is 'id', which means nothing for a .npy file"),
    (["select", "words.txt"], 1, "words.txt has no known suffix, so it would be raw binary"),
    (["select", "*.parquet"], 1, r"shortlist: error: \*.parquet matches no file"),
    (["select", "probs.npy", "--shape", "many"], 2, "'many' is no shape"),
    (["select"], 2, "FILE"),
    (["shuffle"], 2, "shuffle"),
    (["inspect", "nope.npy"], 1, "shortlist: error: there is no file"),
]


@pytest.mark.parametrize(("words", "code", "message"), MISTAKES)
def test_mistakes_get_a_sentence_and_a_code(tmp_path, command, words, code, message):
    np.save(tmp_path / "probs.npy", P)
    bad = P.copy()
    bad[4] = np.nan
    np.save(tmp_path / "bad.npy", bad)
    np.save(tmp_path / "words.npy", np.array([["a"]]))
    (tmp_path / "words.txt").write_text("one\ntwo\n")
    (tmp_path / "words.jsonl").write_text('[1]\n{"indx": 1}\nwords\n')
    (tmp_path / "short.csv").write_text("rank,index\n1,2\n1\n")
    (tmp_path / "empty").mkdir()
    done = command(*words, code=code)
    assert done.stdout == ""
    if code == 1:
        assert len(done.stderr.splitlines()) == 1
    import re

    assert re.search(message, done.stderr), done.stderr


def test_no_strict_and_skip(run, tmp_path):
    bad = P[:30].copy()
    bad[4] = np.nan
    np.save(tmp_path / "bad.npy", bad)
    lines = run("select", "bad.npy", "--invalid", "skip", "--no-strict", "-k", 99).stdout.splitlines()
    assert len(lines) == 1 + 29


def test_version_says_how_it_was_built(run):
    text = run("--version").stdout
    assert text.startswith(f"shortlist {sl.__version__}\n")
    assert "CPU level" in text
    assert "threads" in text


def test_help_names_the_commands(run):
    text = run("--help").stdout
    assert "select" in text
    assert "inspect" in text


def test_inspect_shows_what_is_wrong(run, tmp_path):
    x = np.asfortranarray(P.copy())
    x[3, 1] = np.nan
    x[8] = 0.875
    x[9, 0] = -1
    np.save(tmp_path / "x.npy", x)
    text = run("inspect", "x.npy", "-s", "entropy", "-k", 10).stdout
    for part in (
        "2,000 rows x 5 classes",
        "float32, Fortran order",
        "available",
        "1,997 valid, 3 invalid",
        "row 3 has NaN in column 1",
        "row 8 sums to 4.375",
        "row 9 has -1 in column 0",
        "entropy of the valid rows",
        "k = 10: cut at",
    ):
        assert part in text, text


def test_inspect_counts_ties_at_the_cut(run, tmp_path):
    np.save(tmp_path / "x.npy", np.tile([[0.5, 0.5], [0.9, 0.1]], (50, 1)))
    assert "30 picked and 20 left with that same score" in run("inspect", "x.npy", "-k", 30).stdout


def test_inspect_tells_logits_from_probabilities(run, tmp_path):
    np.save(tmp_path / "z.npy", np.random.default_rng(0).normal(size=(300, 4)) * 5)
    assert "try --from-logits" in run("inspect", "z.npy").stdout
    assert "leave out --from-logits" in run("inspect", "probs.npy", "--from-logits").stdout
    assert "advice" not in run("inspect", "probs.npy").stdout


def test_inspect_reads_committees(run, tmp_path):
    np.save(tmp_path / "c.npy", np.stack([P, P[::-1]]))
    assert "2 members x 2,000 rows x 5 classes" in run("inspect", "c.npy", "-s", "bald").stdout


def terminal(words, cwd):
    """Run the command with a terminal for all three streams, and return what it shows."""
    import pty

    shown = bytearray()
    pid, screen = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.environ.update(TERM="xterm", COLUMNS="100")
        os.execv(COMMAND[0], [*COMMAND, *words])
    while True:
        try:
            part = os.read(screen, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(screen)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminal here")
def test_a_terminal_gets_a_table_and_a_bar(run, tmp_path):
    code, shown = terminal(["select", "probs.npy", "-k", "30"], tmp_path)
    assert code == 0
    assert "rank" in shown
    assert "and 10 more" in shown
    assert "2,000 rows in" in shown
    assert "rows" in shown
    code, shown = terminal(["select", "probs.npy", "-k", "30", "--quiet"], tmp_path)
    assert "2,000 rows in" not in shown
    assert "probs.npy" not in shown


def test_a_reader_that_stops_early_is_no_error(run, tmp_path):
    command = subprocess.Popen(
        [*COMMAND, "select", "probs.npy", "-k", "2000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path
    )
    command.stdout.close()
    assert command.stderr.read() == b""
    command.stderr.close()
    assert command.wait(60) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for another process")
def test_ctrl_c_ends_with_130(tmp_path):
    script = """
import sys, time
import numpy as np
import shortlist.cli.app as app
import shortlist.cli.picking as picking
def select(*args, **options):
    print("working", flush=True)
    time.sleep(60)
picking.select = select
app.app(["select", "probs.npy"])
"""
    np.save(tmp_path / "probs.npy", P)
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert child.stdout.readline() == "working\n"
    time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 130
    assert errors == "shortlist: interrupted\n"


def test_without_the_extra_one_sentence(tmp_path):
    script = "import sys; sys.modules['click'] = None\nfrom shortlist.cli import main\nmain()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == "shortlist: error: the command needs click; run: pip install 'shortlist[cli]'\n"
