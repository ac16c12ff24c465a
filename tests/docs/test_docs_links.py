"""Links between the pages for readers, and the map of the site."""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
OUTSIDE_THE_SITE = [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!`)\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.MULTILINE)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:")


@cache
def prose(page: Path) -> str:
    """A page without its code blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


@cache
def anchors(page: Path) -> set[str]:
    """The fragments that a page's headings can be reached by."""
    texts = (re.sub(r"[`*]|\]\([^)]*\)|\[", "", text) for text in HEADING.findall(prose(page)))
    slugs = (re.sub(r"[^\w\s-]", "", text).strip().lower() for text in texts)
    return {re.sub(r"[\s-]+", "-", slug) for slug in slugs}


def broken(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    found = []
    for link in LINK.findall(prose(page)):
        path, _, fragment = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if ELSEWHERE.match(link):
            continue
        if not target.exists() or (fragment and fragment not in anchors(target)):
            found.append(link)
    return found


def name(page: Path) -> str:
    """A page as it is known in the repository."""
    return page.relative_to(REPOSITORY).as_posix()


@pytest.mark.parametrize("page", [*PAGES, *OUTSIDE_THE_SITE], ids=name)
def test_links_lead_somewhere(page):
    """Every link of a page leads to a file of the repository, and to a heading in it."""
    assert broken(page) == []


def test_a_broken_link_is_found(tmp_path):
    """A link to a missing page, or to a missing heading, counts as broken."""
    page = tmp_path / "page.md"
    page.write_text("# Here\n\n[a](#here) [b](#there) [c](none.md)\n```\n[d](code.md)\n```\n")
    assert broken(page) == ["#there", "none.md"]


def in_map(part: object) -> list[str]:
    """The pages that a part of the site's map names."""
    if isinstance(part, str):
        return [part]
    children = part.values() if isinstance(part, dict) else part
    return [page for child in children for page in in_map(child)]


def test_the_map_of_the_site_names_every_page():
    """The navigation of the site names each page of docs/ exactly once."""
    site = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8"))
    assert sorted(in_map(site["nav"])) == [page.relative_to(DOCS).as_posix() for page in PAGES]


def test_the_front_page_leads_to_every_page():
    """Each page is one click from the front page, decisions by way of their list."""
    front = DOCS / "index.md"
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in LINK.findall(prose(front))}
    decisions = set((DOCS / "adr").glob("[0-9]*.md"))
    assert [name(page) for page in PAGES if page not in linked | decisions | {front}] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_one_sentence_a_line(page):
    """Prose has one sentence a line, so that a change shows what it changes."""
    lines = [line for line in prose(page).splitlines() if not line.startswith("|")]
    assert [line for line in lines if re.search(r"[a-z)`][.!?] +[A-Z]", line)] == []
