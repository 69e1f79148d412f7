"""Follow every link of the built site that stays within it: to its page, its picture and its place (`make docs`)."""

import functools
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """What a page links to and the places that it has."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.places: set[str] = {"", "top"}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag links to, and its name."""
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.add(value)
            if name == "id" or (name == "name" and tag == "a"):
                self.places.add(value or "")


def main(site: Path) -> None:
    """Print links that lead nowhere, and fail where there is one."""
    page = functools.cache(Page)
    lost = []
    files = sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)
    for path in files:
        for link in sorted(page(path).links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            place = unquote(parts.fragment)
            if not target.is_file() or (target in files and place not in page(target).places):
                lost.append(f"{path.relative_to(site)}: {link}")
    print("\n".join(lost) or f"every link within {len(files)} pages leads somewhere")
    sys.exit(bool(lost))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
