"""The page in a real Chromium: what people press, see and lose the connection over."""

import collections
import signal

import pytest
from a_browser import check_axe, chromium, expect  # noqa: F401
from page_server import Server, events_of, truth, write_loop

KEYS = {"billing": "1", "bug": "2"}


@pytest.fixture
def opened(chromium):  # noqa: F811
    """Open a page of a server as somebody, in a browser of their own; errors of its script fail the test."""
    contexts, errors = [], []

    def call(server, annotator, path="/", context=None, **options):
        if context is None:
            context = chromium.new_context(**options)
            context.set_default_timeout(60_000)
            contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(server.root + path)
        if annotator is not None:
            page.fill("#annotator", annotator)
            page.press("#annotator", "Enter")
            expect(page.locator("#work")).to_be_visible()
        return page

    yield call
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Server(write_loop(tmp_path_factory.mktemp("browser"), rows=100)) as server:
        server.next("nobody")
        yield server


def row_of(page):
    return page.evaluate("history.state.id")


def shown(page):
    return page.locator("#row").inner_text()


def label(page, times):
    """Label rows by keys, as somebody who reads them."""
    rows = []
    for _ in range(times):
        row, text = row_of(page), shown(page)
        rows.append(row)
        page.keyboard.press(KEYS[truth(row)])
        expect(page.locator("#row")).not_to_have_text(text)
    return rows


def said_by(folder, *annotators):
    kinds = ("label", "reject", "skip")
    return [(e.row, e.label) for e in events_of(folder) if e.annotator in annotators and e.kind in kinds]


def test_a_round_by_keys_and_the_next_one_by_itself(tmp_path, opened):
    folder = write_loop(tmp_path, rows=6, budget=12)
    with Server(folder) as server:
        page = opened(server, "amy")
        first = label(page, 6)
        expect(page.locator("#work")).to_be_visible()
        expect(page.locator("#count")).to_have_text("Round 2: 0 of 6")
        second = label(page, 5)
        row = row_of(page)
        page.keyboard.press(KEYS[truth(row)])
        expect(page.locator("#wait-title")).to_have_text("Done")
        expect(page.locator("#wait-why")).to_contain_text("budget:12")
        assert len({*first, *second, row}) == 12
    assert said_by(folder, "amy") == [(one, truth(one)) for one in [*first, *second, row]]


def test_undo_back_reload_and_a_second_tab(served, opened):
    page = opened(served, "back amy")
    first, second = label(page, 2)
    third = row_of(page)
    page.keyboard.press("u")
    expect(page.locator("#last")).to_contain_text("Taken back")
    assert row_of(page) == second
    page.keyboard.press("3")
    expect(page.locator("#last")).to_have_text("Last: <b>how-to</b>, saved")
    expect(page.locator("#said")).to_be_hidden()
    assert row_of(page) == third
    page.reload()
    expect(page.locator("#work")).to_be_visible()
    assert row_of(page) == third
    # Another tab of the same person has the same row, and goes on with them.
    other = opened(served, None, context=page.context)
    expect(other.locator("#work")).to_be_visible()
    assert row_of(other) == third
    before = shown(other)
    page.keyboard.press("s")
    expect(other.locator("#row")).not_to_have_text(before)
    expect(page.locator("#row")).to_have_text(other.locator("#row").inner_text())
    # The back button shows what was said, and another answer takes its place.
    page.go_back()
    expect(page.locator("#said")).to_contain_text("You skipped this row.")
    page.keyboard.press("1")
    expect(page.locator("#said")).to_be_hidden()
    fourth = row_of(page)
    assert fourth not in (first, second, third)
    kinds = [(event.kind, event.row) for event in events_of(served.folder) if event.annotator == "back amy"]
    assert kinds == [
        ("label", first), ("label", second), ("retract", second), ("label", second), ("skip", third), ("label", third),
    ]  # fmt: skip


def test_two_people_at_once_have_rows_of_their_own(served, opened):
    amy, bob = opened(served, "two amy"), opened(served, "two bob")
    rows = []
    for _ in range(4):
        rows += label(amy, 1) + label(bob, 1)
    assert len(set(rows)) == 8
    found = said_by(served.folder, "two amy", "two bob")
    assert collections.Counter(found) == collections.Counter((row, truth(row)) for row in rows)


def test_without_a_connection_answers_wait_and_are_sent_in_order(served, opened):
    page = opened(served, "off amy")
    label(page, 1)
    page.wait_for_timeout(500)  # rows are kept ready meanwhile
    page.context.set_offline(True)
    rows = label(page, 3)
    expect(page.locator("#notice")).to_have_text("Offline: 3 answers wait here and will be sent.")
    assert len(said_by(served.folder, "off amy")) == 1
    page.context.set_offline(False)
    expect(page.locator("#notice")).to_be_hidden()
    expect(page.locator("#work")).to_be_visible()
    assert [row for row, _ in said_by(served.folder, "off amy")][1:] == rows
    label(page, 1)


def test_a_server_that_is_killed_and_started_again(tmp_path, opened):
    folder = write_loop(tmp_path, rows=12)
    with Server(folder) as first:
        page = opened(first, "amy")
        rows = label(page, 2)
        page.wait_for_timeout(500)
        first.end(signal.SIGKILL)
        rows += label(page, 2)
        expect(page.locator("#notice")).to_contain_text("2 answers wait here")
        on_screen = row_of(page)
        with Server(folder) as second:
            assert second.root == first.root
            expect(page.locator("#notice")).to_be_hidden(timeout=60_000)
            assert row_of(page) == on_screen
            rows += label(page, 2)
    assert said_by(folder, "amy") == [(row, truth(row)) for row in rows]


HOSTILE = {
    "script": "<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">",
    "bidi": "before \u202eevil\u202c \u2066\u2067 after\nשלום עולם\nمرحبا بالعالم\u200f",
    "controls": "\x01\x1b[31m \u2028 \ufeff \u0300 end",
    "long": "word " * 200_000 + "\nEND",
    "lines": "\n".join(f"line {number}" for number in range(60_000)),
    "blank": "  \n ",
}


def test_hostile_texts_are_texts(tmp_path, opened):
    texts = {
        f"T-{number}": list(HOSTILE.values())[number % len(HOSTILE)] + str(number) * (number % 6 != 5)
        for number in range(14)
    }
    folder = write_loop(tmp_path, pool=14, rows=11, texts=texts)
    seen = set()
    with Server(folder) as server:
        page = opened(server, "<img src=x onerror=document.title='taken'>", viewport={"width": 390, "height": 844})
        for _ in range(9):
            row = row_of(page)
            kind = list(HOSTILE)[int(row.removeprefix("T-")) % len(HOSTILE)]
            seen.add(kind)
            wanted = texts[row]
            found = page.evaluate("[...document.querySelectorAll('.text div')].map(part => part.textContent).join('')")
            if kind != "blank":
                assert found == wanted.replace("\r", "\n")
            assert page.locator("#row script, #row img, #row b").count() == 0
            # Nothing is pushed out of the screen, however long the text: the answers are where they were.
            box = page.locator("#skip").bounding_box()
            assert box["y"] + box["height"] <= 844
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            took = page.evaluate(
                "async () => { const row = document.getElementById('row'); const start = performance.now();"
                " row.scrollTop = row.scrollHeight; await new Promise(requestAnimationFrame); return performance.now() - start }"
            )
            assert took < 10_000
            page.keyboard.press("s")
            expect(page.locator("#spoken")).to_contain_text("New row")
            while row_of(page) == row:
                page.wait_for_timeout(20)
        assert page.title() == "tickets: labelling"
        assert page.locator("#who").inner_text().startswith("<img")
        assert page.locator("#classes b, #classes i").count() == 0
        assert "<b>how-to</b>" in page.locator("#classes").inner_text()
    assert seen >= {"script", "bidi", "long", "lines"}


def test_flags_notes_and_decisions(served, opened):
    amy, bob = opened(served, "case amy"), opened(served, "case bob", viewport={"width": 390, "height": 844})
    row = row_of(amy)
    amy.keyboard.press("n")
    amy.keyboard.type("is 1 of 2?")
    assert row_of(amy) == row  # keys in a note answer nothing
    amy.keyboard.press("Escape")
    amy.keyboard.press("f")
    expect(amy.locator("#flag")).to_have_attribute("aria-pressed", "true")
    amy.keyboard.press("1")
    expect(amy.locator("#last")).to_contain_text("saved")
    expect(amy.locator("#note")).to_have_value("")
    bob.reload()
    bob.get_by_role("button", name="Decide (1)").click()
    case = bob.locator(".case")
    expect(case).to_contain_text("case amy flagged it: is 1 of 2?")
    check_axe(bob)
    case.get_by_role("button", name="bug").click()
    expect(case).to_contain_text(f"Row {row}: bug")
    bob.get_by_role("button", name="Back to labelling").click()
    expect(bob.locator("#work")).to_be_visible()
    expect(bob.locator("#decide-open")).to_be_hidden()
    assert [(e.row, e.label) for e in events_of(served.folder) if e.kind == "review"] == [(row, "bug")]


def test_by_touch_and_by_tab(served, opened):
    page = opened(served, "touch amy", viewport={"width": 390, "height": 844}, has_touch=True)
    row, text = row_of(page), shown(page)
    page.locator("#classes button").nth(1).tap()
    expect(page.locator("#row")).not_to_have_text(text)
    second, text = row_of(page), shown(page)
    page.locator("#skip").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#row")).not_to_have_text(text)
    assert said_by(served.folder, "touch amy") == [(row, "bug"), (second, None)]
    sizes = page.evaluate(
        "[...document.querySelectorAll('#answers button')].map(b => b.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 40


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_everybody_can_read_and_reach_it(served, opened, scheme, width):
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, "reduced_motion": "reduce"}
    page = opened(served, None, **options)
    expect(page.locator("#start")).to_be_visible()
    check_axe(page)
    page.fill("#annotator", f"axe {scheme} {width}")
    page.press("#annotator", "Enter")
    expect(page.locator("#work")).to_be_visible()
    expect(page.locator("#facts")).to_be_visible()
    expect(page.locator("#spoken")).to_contain_text(shown(page))
    check_axe(page)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    check_axe(page)
    page.keyboard.press("Escape")
    label(page, 1)
    page.go_back()
    expect(page.locator("#said")).to_be_visible()
    check_axe(page)


def test_a_link_with_an_old_token(tmp_path, opened):
    folder = write_loop(tmp_path, rows=12)
    with Server(folder, "--token", "first-token") as first:
        page = opened(first, "amy", "/?token=first-token")
        assert page.url == f"{first.root}/"  # not where it can be read over a shoulder
        rows = label(page, 1)
        page.wait_for_timeout(500)
        first.end()
    with Server(folder, "--token", "second-token") as second:
        rows += label(page, 1)
        expect(page.locator("#notice")).to_contain_text("This page's link is no longer valid")
        page.goto(f"{second.root}/?token=first-token")
        expect(page.locator("h1")).to_have_text("This link doesn't open the page")
        page.goto(f"{second.root}/?token=second-token")
        expect(page.locator("#work")).to_be_visible()
        expect(page.locator("#notice")).to_be_hidden()
        assert said_by(folder, "amy") == [(row, truth(row)) for row in rows]
