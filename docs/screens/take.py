"""Take the pictures of the docs: the labelling page and a loop's report, light and dark (`make screens`).

A made-up project of support tickets is labelled for some rounds by two people who differ at times;
then a headless Chromium opens its page and its report.
"""

import io
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

import shortlist as sl

HERE = Path(__file__).parent
SCHEMES = ("light", "dark")
ROUNDS = 9
SPEC = """
loop = 1
name = "support tickets"
classes = ["billing", "bug", "delivery", "account"]
[help]
billing = "invoices, prices, refunds"
bug = "something does not work"
delivery = "where a parcel is, or what was in it"
account = "signing in, names"
[pool]
path = "tickets.csv"
id = "ticket"
text = "body"
groups = ["channel"]
[seed]
rows = 30
[round]
rows = 40
mix = { explore = 0.1, validation = 0.4 }
[validation]
share = 0.25
[labels]
overlap = 0.15
[retrain]
when = "growth:0.15"
[stop]
when = "target_lower:0.96 | budget:800"
"""
OPENINGS = (
    "Hello, {}.", "{}. Can somebody help?", "Good morning. {}, since Monday.", "{}!!", "I wrote last week already: {}.",
    "Hi team, {}. Thank you.", "{}, and nobody answers the phone.", "My colleague says that {}. Is that so?",
)  # fmt: skip
CAUSES = {
    "billing": (
        "the invoice of {} has the wrong amount", "I was charged twice in {}", "the refund for {} has not arrived",
        "the discount for {} is missing", "you took the money for {}, which I cancelled", "why does {} cost more now",
        "my card was refused for {}", "I need a receipt with my company's name for {}", "the voucher did not count for {}",
        "the tax on {} can't be right",
    ),
    "bug": (
        "the app crashes when I open {}", "the search shows an error for {}", "the page of {} stays white",
        "the button below {} does nothing", "I see the picture of {} upside down", "the total of {} shows NaN",
        "scrolling through {} freezes my phone", "the filter loses {}", "the form for {} forgets what I typed",
        "since the update {} looks broken",
    ),
    "delivery": (
        "my parcel with {} was to come yesterday", "the box of {} arrived empty", "the courier left {} in the rain",
        "the tracking of {} shows an error", "half of {} is not in the box", "a neighbour got {} in place of me",
        "{} came broken", "can {} come on Saturday", "nobody rang for {}", "customs want a paper for {}",
    ),
    "account": (
        "I can't sign in to see {}", "please change the address for {}", "the password mail about {} never comes",
        "my name is misspelled on {}", "I have two accounts, one with {} and one without", "please delete what you know of {}",
        "somebody else ordered {} with my login", "stop sending me mail about {}", "my wife should see {} too",
        "the code on my phone for {} is refused",
    ),
}  # fmt: skip
THINGS = (
    "my order", "the spring sale", "the blue lamp", "March", "the subscription", "two chairs", "the gift card",
    "the family plan", "order 4417", "the garden table", "the last delivery", "the new catalogue",
)  # fmt: skip


def write_pool(folder: Path, rows: int = 1200) -> dict[str, str]:
    """Write the tickets and return what each is truly about."""
    draw = random.Random(7)
    truth, lines = {}, ["ticket,channel,body\n"]
    for number in range(1, rows + 1):
        kind = draw.choice(list(CAUSES))
        cause = draw.choice(CAUSES[kind]).format(draw.choice(THINGS))
        text = draw.choice(OPENINGS).format(cause)
        truth[f"T-{number:04}"] = kind
        lines.append(f'T-{number:04},{draw.choice(("mail", "chat", "shop"))},"{text[0].upper()}{text[1:]}"\n')
    (folder / "tickets.csv").write_text("".join(lines), encoding="utf-8")
    (folder / "tickets.toml").write_text(SPEC, encoding="utf-8")
    return truth


def play(folder: Path) -> Path:
    """Begin the project and label some rounds of it; return its folder."""
    truth, draw = write_pool(folder), random.Random(3)
    kinds = list(CAUSES)

    def answers(ids: list[str]) -> dict[str, str]:
        return {row: truth[row] if draw.random() > 0.03 else draw.choice(kinds) for row in ids}

    with sl.Loop.init(folder / "tickets.toml", folder / "loop") as loop:
        for _ in range(ROUNDS):
            loop.ingest(answers(loop.next().ids), annotator="Amy")
            again = loop.next(annotator="Raj")
            if again is not None:
                loop.ingest(answers(again.ids), annotator="Raj")
            loop.run_once()
        loop.report(folder / "report.html")
        loop.ingest(answers(loop.next().ids[:17]), annotator="Amy")
    return folder / "loop"


@contextmanager
def served(loop: Path) -> Iterator[str]:
    """Serve the page in a process of its own, and give its address."""
    words = [sys.executable, "-m", "shortlist", "loop", "serve", "--dir", str(loop), "--no-open"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield re.search(r"http://\S+", process.stdout.readline())[0]
        finally:
            process.terminate()


def keep(page: Page, name: str, width: int, height: int) -> None:
    """Write what the window shows as a small file; `width` x `height` are those of the window."""
    content = page.screenshot(clip={"x": 0, "y": 0, "width": width, "height": height})
    with Image.open(io.BytesIO(content)) as picture:
        picture.convert("RGB").save(HERE / f"{name}.webp", quality=80, method=6)
    print(f"{name}.webp: {(HERE / f'{name}.webp').stat().st_size:,} bytes")


def take(browser: Browser, name: str, address: str, width: int, height: int) -> None:
    """Open an address light and dark, and keep what it shows."""
    for scheme in SCHEMES:
        size = {"width": width, "height": height}
        page = browser.new_page(viewport=size, color_scheme=scheme, device_scale_factor=2, reduced_motion="reduce")
        page.goto(address)
        if page.locator("#annotator").count():
            page.fill("#annotator", "Amy")
            page.press("#annotator", "Enter")
            page.locator("#row").wait_for()
            page.wait_for_function("document.querySelector('#row').innerText.trim() !== ''")
        keep(page, f"{name}-{scheme}", width, height)
        page.close()


def main() -> None:
    """Take all pictures."""
    found = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    chromium = next(found, None)
    if chromium is None:
        raise SystemExit("screens: no Chromium was found on PATH; install one: .ci/browser")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        loop = play(Path(folder))
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        take(browser, "report", (Path(folder) / "report.html").as_uri(), 900, 1120)
        with served(loop) as address:
            take(browser, "page", address, 900, 560)
            take(browser, "page-phone", address, 390, 700)
        browser.close()


if __name__ == "__main__":
    main()
