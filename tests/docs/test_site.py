"""The site for readers: whole, linked, and nothing undocumented.

`make docs` names the site that it has built in `RUNTHROUGH_TEST_SITE`; else it is built here.
"""

import inspect
import os
import re
from functools import cached_property
from pathlib import Path
from types import FunctionType

import pytest
from tests.support.site import Site, build, project

import runthrough

API = re.compile(r'<h\d id="(runthrough\.[\w.]+)"(.*?)(?=<h\d id="|</article>)', re.DOTALL)
TAG = re.compile(r"<[^>]+>")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site of this checkout."""
    if os.environ.get("RUNTHROUGH_TEST_SITE"):
        return Site(Path(os.environ["RUNTHROUGH_TEST_SITE"]).resolve(strict=True))
    pytest.importorskip("zensical", reason="the group `docs` is not installed")
    built = build(project(tmp_path_factory.mktemp("site")))
    assert isinstance(built, Site), built
    return built


MEMBER = property | cached_property | classmethod | staticmethod | FunctionType


def members(name):
    """The public methods and properties of a class, its own and those that it inherits from us."""
    kind = getattr(runthrough, name)
    return [
        f"{name}.{member}"
        for owner in (kind.__mro__ if inspect.isclass(kind) else ())
        if owner.__module__.startswith("runthrough.")
        for member, value in vars(owner).items()
        if not member.startswith("_")
        and isinstance(value, MEMBER)
        and not issubclass(kind, BaseException)
    ]


PUBLIC = [name for name in runthrough.__all__ if name != "__version__"]
MEMBERS = [member for name in PUBLIC for member in members(name)]


@pytest.mark.parametrize("name", [*PUBLIC, *MEMBERS])
def test_every_public_name_says_what_it_is_for(name):
    """Each public class, function, method and property has a docstring of its own."""
    owner, _, member = name.partition(".")
    told = getattr(runthrough, owner)
    if member:
        told = inspect.getattr_static(told, member)
        told = getattr(told, "__func__", told)
    words = (told.__doc__ or "").strip()
    assert words
    assert not words.startswith(f"{owner}("), "a dataclass wrote its signature here"


def test_members_that_are_inherited_count():
    """The factory's methods are found wherever they are written."""
    assert len(MEMBERS) > 80
    assert "InteractiveRuntimeTestingFactory.undo" in MEMBERS


@pytest.mark.slow
def test_every_public_name_is_on_the_site(site):
    """The page of the Python API has each name as a heading, with a sentence below it."""
    text = (site.folder / "reference" / "api" / "index.html").read_text(encoding="utf-8")
    told = {
        name.removeprefix("runthrough."): len(TAG.sub(" ", rest).split())
        for name, rest in API.findall(text)
    }
    assert set(PUBLIC) | set(MEMBERS) <= set(told)
    signatures_alone = 3
    assert [name for name, words in told.items() if words <= signatures_alone] == []


@pytest.mark.slow
def test_every_link_and_anchor_of_the_site_leads_somewhere(site):
    """Whatever a reader can click on inside the site is there, generated parts included."""
    assert len(site.every) > 60
    assert site.broken() == []


@pytest.mark.slow
def test_the_site_loads_nothing_from_elsewhere(site):
    """Programs, styles, fonts and pictures are the site's own."""
    assert site.from_elsewhere() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "planted",
    [
        "[a page that is not there](nowhere.md)",
        "[a heading that is not there](glossary.md#nothing)",
        "::: runthrough.NothingOfThatName",
    ],
    ids=["page", "heading", "name"],
)
def test_a_broken_reference_fails_the_build(planted, tmp_path):
    """A link to a missing page or heading, or to a name that the code does not have."""
    folder = project(tmp_path)
    with (folder / "docs" / "index.md").open("a", encoding="utf-8") as page:
        page.write(f"\n{planted}\n")
    assert isinstance(build(folder), str)


def test_a_broken_link_of_a_built_page_is_found(tmp_path):
    """The look at the built pages finds missing pages, anchors and pictures, and no others."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "index.html").write_text('<h1 id="here">x</h1>')
    (tmp_path / "index.html").write_text(
        '<a href="there/">1</a><a href="there/#here">2</a><a href="there/#gone">3</a>'
        '<a href="gone/">4</a><img src="gone.svg"><a href="https://elsewhere.example/">5</a>'
        '<script src="https://elsewhere.example/x.js"></script><pre class="mermaid">a</pre>'
    )
    (tmp_path / "own.css").write_text(
        "@import '//elsewhere.example/y.css'; a { background: url(own.svg) }"
    )
    site = Site(tmp_path)
    assert site.broken() == [f"index.html: {e}" for e in ("there/#gone", "gone/", "gone.svg")]
    assert site.from_elsewhere() == [
        "index.html: https://elsewhere.example/x.js",
        "index.html: //mermaid",
        "own.css: //elsewhere.example/y.css",
    ]
