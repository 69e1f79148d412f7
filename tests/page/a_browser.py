"""A headless Chromium for tests: a file of tests that imports `chromium` has one, or is skipped with how to get it."""

import shutil

import pytest

for name in ("click", "starlette", "uvicorn", "sklearn"):
    pytest.importorskip(name)
HOW = "run: apt-get install chromium, and: pip install playwright axe-playwright-python"
playwright = pytest.importorskip("playwright.sync_api", reason=f"no browser to test the page in; {HOW}")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None:
    pytest.skip(f"no browser to test the page in; {HOW}", allow_module_level=True)
expect = playwright.expect
expect.set_options(timeout=60_000)


@pytest.fixture(scope="module")
def chromium():
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def check_axe(page, what="the page"):
    """Check a page by the rules of axe: what people who see, hear or move otherwise need of it."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page).response["violations"]
    wrong = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
    assert not wrong, f"{what}: {wrong}"
