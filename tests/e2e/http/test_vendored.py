"""What the page takes from others, and how a browser gets its files."""

import hashlib
import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from tests.support.service import service

from runthrough.entrypoints.http.pages.assets import assets, static_url

HTTP = Path(str(files("runthrough.entrypoints.http")))
VENDOR = HTTP / "static/vendor"
TOLD = tomllib.loads((VENDOR / "VENDORED.toml").read_text())["package"]
FILES = {file["path"]: file for package in TOLD for file in package["file"]}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A browser that nobody is signed in with."""
    with service(tmp_path_factory.mktemp("static")) as begun:
        yield begun.client


@pytest.mark.parametrize("path", FILES)
def test_every_vendored_file_is_the_one_that_was_taken(path):
    """Its digest is what VENDORED.toml says."""
    assert hashlib.sha256((VENDOR / path).read_bytes()).hexdigest() == FILES[path]["sha256"]


def test_nothing_else_is_vendored():
    """Every file but the list itself is on the list."""
    there = {str(p.relative_to(VENDOR)) for p in VENDOR.rglob("*") if p.is_file()}
    assert there == {*FILES, "VENDORED.toml"}


@pytest.mark.parametrize("package", TOLD, ids=lambda package: package["name"])
def test_every_package_tells_its_version_and_brings_its_licence(package):
    """And the versions are exact."""
    assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", package["version"])
    assert package["licence"]
    assert any("LICENSE" in file["path"] for file in package["file"])


def test_what_is_vendored_is_used():
    """Each style sheet and script is loaded by the frame of all screens."""
    frame = (HTTP / "templates/base.html").read_text()
    loaded = set(re.findall(r"static_url\('vendor/([^']+)'\)", frame))
    assert loaded == {path for path in FILES if path.endswith((".js", ".css"))}


def test_nothing_is_loaded_from_elsewhere():
    """No template and no file of our own names another host."""
    own = [*HTTP.glob("templates/**/*.html"), *HTTP.glob("static/*.*")]
    named = [
        (path.name, address)
        for path in own
        for address in re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", path.read_text())
        if address != "http://www.w3.org"
    ]
    assert named == []


@pytest.mark.parametrize("path", sorted(assets()))
def test_a_file_is_kept_long_by_what_it_holds(client, path):
    """Its address names its content, so that a browser asks once; nobody need be signed in."""
    answer = client.get(static_url(path))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith(assets()[path].media_type)
    assert assets()[path].digest in static_url(path)


@pytest.mark.parametrize(
    "path",
    [
        f"/static/{'0' * 16}/page.css",
        static_url("page.css").replace("page.css", "nowhere.css"),
        static_url("page.css").replace("page.css", "../app.py"),
        static_url("page.css").replace("page.css", "vendor/VENDORED.toml"),
        static_url("page.css").replace("page.css", "vendor/htmx/LICENSE"),
    ],
)
def test_other_files_are_not_there(client, path):
    """An old address, another file, and what is no file of the page."""
    assert client.get(path).status_code == 404


def test_htmx_and_its_extension_are_loaded_before_the_page_is_there():
    """Deferred ones may come one after the other, and htmx would begin without its extension."""
    frame = (HTTP / "templates/base.html").read_text()
    loaded = re.findall(r"<script src=\"{{ static_url\('([^']+)'\) }}\"( defer)?></script>", frame)
    assert loaded[:2] == [("vendor/htmx/htmx.min.js", ""), ("vendor/htmx/hx-sse.min.js", "")]
    assert all(defer for _, defer in loaded[2:])
