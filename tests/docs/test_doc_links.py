"""Links between the pages of the checkout lead somewhere."""

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for place in ("*.md", "docs/**/*.md", "benches/*.md")
    for page in CHECKOUT.glob(place)
    if page.parent.name != "reference"  # made by `make docs`
)


def slug(heading):
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def without_code(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(CHECKOUT)) for page in PAGES])
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", without_code(there.read_text()), re.MULTILINE)
            assert anchor in map(slug, headings), f"{page.name} links to {target}"


def test_every_page_is_reached_from_the_readme():
    seen, ahead = set(), [CHECKOUT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in seen or page.suffix != ".md" or not page.exists():
            continue
        seen.add(page)
        text = page.read_text()
        links = re.findall(r"\]\(([^)#\s]+)", text)
        for entries in re.findall(r"^```\{toctree\}\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            links += [f"{entry}.md" for entry in re.findall(r"^(?:.* <)?([\w/.-]+)>?$", entries, re.MULTILINE)]
        ahead.extend((page.parent / link).resolve() for link in links if not re.match(r"[a-z]+:", link))
    assert not {str(page.relative_to(CHECKOUT)) for page in set(PAGES) - seen}
