"""Look at the built site as people do who can't see it well, or have a phone (`make docs`).

Every page: a language, a title, one first heading and no level of headings left out, words for each picture, and nothing
loaded from elsewhere. Some pages, a kind each, in a headless Chromium where there is one, and Playwright: axe's rules, light and
dark, on a phone, and none wider than that.
"""

import functools
import http.server
import shutil
import sys
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

KINDS = ("index.html", "measures.html", "reference/pools.html", "notebooks/first-loop.html", "label-savings.html")
PHONE = {"width": 390, "height": 844}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


class Page(HTMLParser):
    """What is wrong with a page by its tags alone."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.tags: set[str] = set()
        self.wrong: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.wrong += [f"no <{tag}>" for tag in ("title", "main") if tag not in self.tags]
        if self.levels.count(1) != 1:
            self.wrong.append(f"{self.levels.count(1)} first headings")
        for above, below in zip([0, *self.levels], self.levels, strict=False):
            if below > above + 1:
                self.wrong.append(f"a heading of level {below} below one of level {above}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at a tag."""
        given = dict(attrs)
        self.tags.add(tag)
        if tag == "html" and not given.get("lang"):
            self.wrong.append("no language")
        if tag == "img" and not given.get("alt"):
            self.wrong.append(f"no words for the picture {given.get('src')}")
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.levels.append(int(tag[1]))
        loaded = given.get("src") or (given.get("href") if tag == "link" and given.get("rel") != "canonical" else None)
        if loaded and loaded.startswith(("http:", "https:", "//")):
            self.wrong.append(f"loads {loaded}")


def seen(site: Path, program: str) -> Iterator[str]:
    """Yield what is wrong with some pages as a browser shows them."""
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site))) as server,
        sync_playwright() as playwright,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://127.0.0.1:{server.server_port}/"
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            page = browser.new_context(viewport=PHONE, color_scheme=scheme).new_page()
            asked: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            for name in KINDS:
                page.goto(root + name)
                place = f"{name}, {scheme}: "
                if (width := page.evaluate("document.documentElement.scrollWidth")) > PHONE["width"]:
                    yield f"{place}{width} pixels wide on a phone of {PHONE['width']}"
                for broken in Axe().run(page).response["violations"]:
                    at = broken["nodes"][0]
                    yield f"{place}{broken['id']}, {len(broken['nodes'])} times, as {at['html'][:150]} {at['failureSummary']}"
            yield from (f"{scheme}: asks for {url}" for url in asked if not url.startswith((root, "data:")))
        browser.close()
        server.shutdown()


def main(site: Path) -> None:
    """Print what is wrong, and fail where anything is."""
    files = sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)
    wrong = [f"{path.relative_to(site)}: {line}" for path in files for line in Page(path).wrong]
    program = find_spec("playwright") and next(filter(None, map(shutil.which, CHROMIUM)), None)
    wrong += seen(site, program) if program else ()
    print(
        "\n".join(wrong) or f"{len(files)} pages can be read, {len(KINDS) if program else 'and none'} of them looked at"
    )
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
