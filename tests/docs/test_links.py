"""Every link inside the pages leads to a file that is there, and to a heading of it."""

import re

import pytest

from tests.support.pages import ROOT, page

PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("extensions/*/README.md"))
)


def links(name):
    found = re.findall(r"\]\(([^)\s]+)\)", page(name))
    return [link for link in found if not link.startswith(("http:", "https:", "mailto:"))]


def anchors(path):
    # As the usual viewers make them: lower case, words joined by hyphens, other signs gone.
    heads = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    for link in links(name):
        target, _, anchor = link.partition("#")
        path = (ROOT / name).parent / target
        assert path.exists(), link
        assert not anchor or anchor in anchors(path), link


def test_every_page_can_be_reached_from_the_readme():
    told = {link.partition("#")[0] for link in links("README.md")}
    assert {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} <= told
