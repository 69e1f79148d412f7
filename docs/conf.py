"""The documentation site: `make docs` builds it into target/site.

Pages are the Markdown files beside this one. The reference is made from `shortlist.names`, the list
of public names, and from docstrings: a page for each group, so that a new name needs no edit here.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx

import shortlist
from shortlist.names import GROUPS

HERE = Path(__file__).parent
REFERENCE = HERE / "reference"
PROJECT = ("ARCHITECTURE", "CONTRIBUTING", "CHANGELOG")

project = "Shortlist"
author = "The Shortlist maintainers"
version = release = shortlist.__version__
html_title = "Shortlist"
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "cache"  # notebooks lie in the checkout without what they show, so that it is never out of date
nb_execution_cache_path = str(HERE.parent / "target" / "notebooks")
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings give them, with shapes and units
napoleon_numpy_docstring = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["shortlist.css"]
html_favicon = "_static/mark.svg"
html_logo = "_static/mark.svg"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "Shortlist", "alt_text": "Shortlist, start here"},
    "show_prev_next": True,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": []}
copyright = "The Shortlist maintainers, MIT licence"  # noqa: A001


def _file_of(group: str) -> str:
    return group.lower().replace(" ", "-")


def _entry(name: str) -> str:
    """Return the directive that documents a public name."""
    kind = getattr(shortlist, name)
    if isinstance(kind, type):
        members = (
            "" if issubclass(kind, BaseException) else "\n   :members:\n   :inherited-members: BaseEstimator, list"
        )
        return f".. autoclass:: shortlist.{name}{members}\n"
    if callable(kind):
        return f".. autofunction:: shortlist.{name}\n"
    return f".. automodule:: shortlist.{name}\n   :members:\n   :no-index:\n"


def _of_the_checkout(name: str) -> str:
    """Return a page of the checkout's first folder, its links turned to those of the site."""
    text = (HERE.parent / f"{name}.md").read_text(encoding="utf-8")
    text = re.sub(r"\]\(docs/", "](../", text)
    return re.sub(rf"\]\(({'|'.join(PROJECT)})\.md", lambda link: f"]({link[1].lower()}.md", text)


def write_reference(_app: Sphinx) -> None:
    """Write a page of reference for each group of public names, and those about the project."""
    REFERENCE.mkdir(exist_ok=True)
    pages = {name.lower(): _of_the_checkout(name) for name in PROJECT}
    for group, modules in GROUPS.items():
        entries = "\n".join(_entry(name) for name in " ".join(modules.values()).split())
        pages[_file_of(group)] = f"# {group}\n\n```{{eval-rst}}\n{entries}```\n"
    for name, page in pages.items():
        file = REFERENCE / f"{name}.md"
        if not file.exists() or file.read_text(encoding="utf-8") != page:
            file.write_text(page, encoding="utf-8")


def _in_both(picture: re.Match[str]) -> str:
    """Return a picture of the screen as that of the reader's scheme, light or dark."""
    return "\n".join(
        f"```{{image}} {picture[2]}-{scheme}{picture[3]}\n:alt: {picture[1]}\n:class: screen only-{scheme}\n```"
        for scheme in ("light", "dark")
    )


def prepare(_app: Sphinx, docname: str, source: list[str]) -> None:
    """Show links that leave the site as their words, and pictures light or dark; lead from names to the reference."""
    outside = r"\.\./" if "/" not in docname else r"(?:\.\./)?(?:benches|examples)/"
    source[0] = re.sub(rf"\[([^\]]+)\]\({outside}[^)]*\)", r"\1", source[0])
    source[0] = re.sub(r"^!\[([^\]]+)\]\((screens/[\w-]+)-light(\.webp)\)$", _in_both, source[0], flags=re.MULTILINE)
    if docname != "api":
        return
    text = re.sub(r"^\| `(\w+)` \|", r"| {py:obj}`\1 <shortlist.\1>` |", source[0], flags=re.MULTILINE)
    pages = "\n".join(f"reference/{_file_of(group)}" for group in GROUPS)
    source[0] = f"{text}\n```{{toctree}}\n:hidden:\n\n{pages}\n```\n"


def skip(_app: Sphinx, _what: str, name: str, member: object, skipped: bool, _options: object) -> bool:
    """Leave out what learners have from scikit-learn and of itself explains: its own docs have it."""
    module = getattr(member, "__module__", None) or ""
    return skipped or module.startswith("sklearn.") or re.fullmatch(r"set_\w+_request", name) is not None


def setup(app: Sphinx) -> None:
    """Connect what is above."""
    app.connect("builder-inited", write_reference)
    app.connect("source-read", prepare)
    app.connect("autodoc-skip-member", skip)
