"""The report of a loop: whole, true, harmless whatever people wrote, and readable in light and dark."""

import csv
import itertools
import re
from html.parser import HTMLParser

import pytest
from played_loop import CLASSES, Played

import shortlist as sl
from shortlist.loop.facts.compare import Comparison
from shortlist.loop.reporting.drawing import NARROW, WIDE, curve
from shortlist.loop.reporting.history import cost_of
from shortlist.loop.reporting.style import STYLE

pytest.importorskip("sklearn")
VOID = {"meta", "br", "hr", "img", "link", "input"}
SHAPES = {"line", "rect", "circle", "polyline", "polygon"}


class Page(HTMLParser):
    """A page as a browser would take it apart."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.texts, self.wrong = [], [], [], []
        self.feed(text)
        self.close()
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    def all(self, *names):
        return [attrs for tag, attrs in self.tags if tag in names]


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    found = Played(tmp_path_factory.mktemp("report"))
    for _ in range(5):
        found.round()
    yield found
    found.loop.close()


@pytest.fixture(scope="module")
def text(played, tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / "report.html"
    played.loop.report(path)
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def check_whole(page):
    assert (page.open, page.wrong) == ([], [])
    names = {tag for tag, _ in page.tags}
    # Nothing that runs, and nothing that is fetched.
    assert not names & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "image",
        "use",
        "foreignobject",
    }
    for tag, attrs in page.tags:
        assert not [
            name for name in attrs if name.startswith("on") or name in ("src", "srcset", "xlink:href", "action")
        ]
        assert tag != "a" or attrs["href"].startswith("#")
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [attrs["href"][1:] for attrs in page.all("a")] + [a["aria-labelledby"] for a in page.all("section")]
    assert set(targets) <= set(ids)


def test_the_page_is_whole_and_needs_nothing(page, text):
    check_whole(page)
    assert text.startswith("<!doctype html>")
    assert page.all("html") == [{"lang": "en"}]
    assert "http://" not in text.replace("http-equiv", "")
    assert "https://" not in text
    assert "url(" not in STYLE
    assert "@import" not in STYLE


def test_those_who_do_not_see_it_can_read_it(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    for attrs in page.all("svg"):
        assert attrs.get("aria-label") if attrs.get("role") == "img" else attrs.get("aria-hidden") == "true"
    assert len(page.all("caption")) == len(page.all("table")) > 4
    assert {attrs.get("scope") for attrs in page.all("th")} == {"row", "col"}
    assert len([attrs for attrs in page.all("div") if attrs.get("tabindex") == "0"]) == len(page.all("table"))
    assert {tag for tag, _ in page.tags} >= {"main", "nav", "header", "footer"}


def test_the_page_says_what_is_true(played, page):
    loop = played.loop
    status, audit = loop.status(), loop.audit()
    found = audit.accuracy
    assert f"{found.value:.1%}" in page.text
    assert f"{found.low:.1%} to {found.high:.1%}, on {found.rows} validation rows" in page.text
    assert f"on {status['labelled']} rows with a label" in page.text
    for rule in (status["retrain"]["why"], status["stop"]["why"]):
        assert all(way in page.text for way in rule.split(" | "))
    assert all(each.text in page.text for each in audit.look_at)
    assert all(row.id in page.text for row in audit.people.disputes)
    assert all(name in page.text for name in CLASSES)
    for model in loop._store.models():
        assert model.why in page.text
    assert played.loop.spec.text.split("\n")[1] in page.text


def test_the_curve_has_a_point_for_each_model(played, page):
    models = len(played.loop._store.models())
    dots = [attrs for attrs in page.all("circle") if attrs["class"] == "dot" and attrs["r"] == "4"]
    assert len(dots) == 2 * models  # for a wide screen and for a phone
    said = [attrs["aria-label"] for attrs in page.all("svg") if attrs.get("aria-label", "").startswith("Accuracy")]
    values = [float(value) for value in re.findall(r"([\d.]+) \([\d.]+ to [\d.]+\) with", said[0])]
    heights = [float(attrs["cy"]) for attrs in dots[:models]]
    assert len(values) == models
    # The higher the accuracy, the higher the point, in proportion.
    spread = (heights[0] - heights[-1]) / (values[-1] - values[0])
    assert spread > 100
    assert heights == pytest.approx([heights[0] - spread * (value - values[0]) for value in values], abs=0.5)


def test_words_of_the_curve_lie_within_it(text):
    curves = re.findall(r'<svg viewBox="0 0 (\d+) \d+"[^>]*aria-label="Accuracy.*?</svg>', text, re.DOTALL)
    drawn = re.findall(r"<svg viewBox=.*?</svg>", text, re.DOTALL)
    assert curves == ["1008", "360"]
    for width, picture in zip(map(int, curves), (each for each in drawn if "Accuracy" in each), strict=True):
        words = re.findall(r'<text x="([\d.]+)"[^>]*text-anchor="start">([^<]*)</text>', picture)
        assert "end 0.95" in [word for _, word in words]
        # A figure of 13 pixels is at most 8.3 wide in the fonts that the page asks for.
        assert all(float(x) + 8.3 * len(word) <= width for x, word in words)


@pytest.mark.parametrize(("value", "target"), [(0.956, 0.96), (0.97, 0.96), (0.96, 0.96), (0.995, 0.99), (0.5, 0.96)])
@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_the_last_accuracy_and_the_end_are_both_read(value, target, size):
    drawn = str(curve([(10, 0.4, 0.3, 0.5), (90, value, 0.45, 1.0)], target, size, ""))
    last = float(re.search(rf'y="([\d.]+)"[^>]*>{value:.3f}<', drawn)[1])
    end = float(re.search(rf'y="([\d.]+)"[^>]*>end {target:g}<', drawn)[1])
    assert abs(last - end) > 15  # a line of words
    assert 12 < last < size[1]


def test_texts_are_on_the_page_only_when_asked_for(played, text, tmp_path):
    bodies = [line["body"] for line in played.rows.values()]
    assert not any(body in text for body in bodies)
    played.loop.report(tmp_path / "report.html", show_text=True)
    shown = (tmp_path / "report.html").read_text(encoding="utf-8")
    disputed = [row.id for row in played.loop.disputes()]
    assert disputed
    assert all(played.rows[row]["body"] in shown for row in disputed)


def test_the_same_loop_gives_the_same_page(played, tmp_path):
    for name in ("one", "other"):
        played.loop.report(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_a_page_that_cannot_be_written_changes_nothing(played, tmp_path):
    (tmp_path / "report.html").mkdir()
    with pytest.raises(OSError, match="is a folder"):
        played.loop.report(tmp_path / "report.html")
    assert list((tmp_path / "report.html").iterdir()) == []
    with pytest.raises(OSError, match="there is no folder"):
        played.loop.report(tmp_path / "nowhere" / "report.html")


def test_a_loop_before_its_first_answer_has_a_page(tmp_path):
    loop = Played(tmp_path, rows=100).loop
    for _ in range(2):
        loop.report(tmp_path / "report.html")
        page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
        check_whole(page)
        assert "There is no estimate yet" in page.text
        loop.next()


HOSTILE = '</td><script>alert(1)</script><img src=x onerror="alert(2)">\'"&amp;\u202e'


@pytest.fixture
def hostile(tmp_path):
    """Begin a loop in which ids, texts, groups, annotators and the specification mean ill."""
    with (tmp_path / "pool.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["id", "body", "lang"])
        for row in range(200):
            out.writerow(
                [f"{HOSTILE}\n{row}", f"{HOSTILE} {'pay' if row % 2 else 'crash'} {row}", HOSTILE if row % 3 else "en"]
            )
    (tmp_path / "x.toml").write_text(
        """# </pre><script>alert(3)</script>
loop = 1
name = "R&D; it's"
classes = ["<b>a</b>", "</table><svg onload=alert(5)>"]
[pool]
path = "pool.csv"
id = "id"
text = "body"
groups = ["lang"]
[seed]
rows = 80
[labels]
overlap = 0.2
[round]
rows = 60
mix = { explore = 0.2, validation = 0.4, relabel = 0.1 }
[validation]
share = 0.4
[check]
issues = "builtin"
[retrain]
when = "growth:0.1"
[stop]
when = "budget:5000"
""",
        encoding="utf-8",
    )
    return sl.Loop.init(tmp_path / "x.toml", tmp_path / "loop")


def test_nothing_that_people_write_becomes_part_of_the_page(hostile, tmp_path):
    classes = hostile.spec.classes
    for turn in range(3):
        batch = hostile.next()
        labels = {row: classes[int(row.split("\n")[1]) % 2] for row in batch.ids}
        hostile.ingest(labels, annotator=HOSTILE)
        again = hostile.next(annotator="<i>raj</i>")
        if again is not None:
            hostile.ingest(dict.fromkeys(again.ids, classes[turn % 2]), annotator="<i>raj</i>")
        hostile.run_once()
    assert hostile.disputes()
    hostile.report(tmp_path / "report.html", show_text=True)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    check_whole(page)
    assert len(page.all("svg")) > 3
    assert not page.all("b", "i", "svg onload")
    assert "\u202e" not in text
    for part in ("alert(1)", "alert(3)", "R&D; it's", "<b>a</b>", "</table><svg onload=alert(5)>", "<i>raj</i>"):
        assert part in page.text
    # The audit, too, is harmless on a terminal.
    assert "\u202e" not in str(hostile.audit(show_text=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_words_can_be_read(scheme):
    """Contrast of at least 4.5 to 1, as WCAG's level AA asks for."""
    light, dark = STYLE.split("@media (prefers-color-scheme: dark)")[:2]
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", light))
    if scheme == "dark":
        colours |= dict(re.findall(r"--([\w-]+): (#\w{6})", dark.split("}")[0]))
    pairs = [(ink, paper) for ink in ("ink", "soft", "accent", "warm", "good") for paper in ("paper",)]
    pairs += [("ink", "raised"), ("soft", "raised"), ("ink", "faint"), ("warm", "warm-paper"), ("ink", "warm-paper")]
    for ink, paper in pairs:
        one, other = sorted((luminance(colours[ink]), luminance(colours[paper])))
        assert (other + 0.05) / (one + 0.05) >= 4.5, (ink, paper)
    # The darkest cell of the matrix.
    mixed = [round(0.42 * a + 0.58 * b) for a, b in zip(rgb(colours["accent"]), rgb(colours["faint"]), strict=True)]
    one, other = sorted((luminance("#" + bytes(mixed).hex()), luminance(colours["ink"])))
    assert (other + 0.05) / (one + 0.05) >= 4.5


def rgb(colour):
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def luminance(colour):
    parts = [part / 255 for part in rgb(colour)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        ((0.05, 0.02, 0.10), "20 (10 to 50)"),
        ((0.01, -0.02, 0.04), "at least 25"),
        ((-0.05, -0.08, -0.02), "nothing gained"),
    ],
)
def test_what_a_point_of_accuracy_cost(gain, said):
    assert cost_of(100, Comparison(*gain, p=0.5, rows=100)) == said
    assert cost_of(0, Comparison(*gain, p=0.5, rows=100)) == ""


def test_the_command_writes_the_page(played, tmp_path, monkeypatch):
    testing = pytest.importorskip("click.testing")
    from shortlist.cli.loop import loop_command

    monkeypatch.chdir(tmp_path)
    run = testing.CliRunner().invoke
    done = run(loop_command, ["report", "--dir", str(played.loop.folder)])
    assert (done.exit_code, done.output) == (0, "wrote report.html\n")
    check_whole(Page((tmp_path / "report.html").read_text(encoding="utf-8")))
    done = run(loop_command, ["report", "--out", "nowhere/r.html", "--dir", str(played.loop.folder)])
    assert done.exit_code == 1
    assert "nowhere" in done.output
