"""The site as it is built: pages with their anchors, links, and what they load."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

REPOSITORY = Path(__file__).parents[2]
LOADED = {"script": "src", "img": "src", "source": "src", "iframe": "src", "object": "data"}
"""What a browser loads for a page, but for style sheets."""
FETCHING = {"mermaid", "glightbox", "pyodide"}
"""Classes for which the theme's own program loads another one from elsewhere."""
ELSEWHERE = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""")


class _Reader(HTMLParser):
    """Collects the anchors of a page, its links, and what it loads."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in LOADED and given.get(LOADED[tag]):
            self.loads.append(given[LOADED[tag]])
        self.loads += [f"//{each}" for each in given.get("class", "").split() if each in FETCHING]
        if tag == "link" and given.get("rel") in {"stylesheet", "icon", "preload"}:
            self.loads.append(given["href"])


@dataclass
class Site:
    """A built site, in a folder."""

    folder: Path
    told: str = ""
    """What the builder said."""
    pages: dict[Path, _Reader] = field(default_factory=dict)

    def page(self, path: Path) -> _Reader:
        """A page, read once."""
        if path not in self.pages:
            self.pages[path] = _Reader()
            self.pages[path].feed(path.read_text(encoding="utf-8"))
        return self.pages[path]

    @cached_property
    def every(self) -> list[Path]:
        """All pages that a reader can come to by a link."""
        return sorted(path for path in self.folder.rglob("*.html") if path.name != "404.html")

    def broken(self) -> list[str]:
        """Links and loads inside the site that lead nowhere, or to a missing anchor."""
        return [
            f"{path.relative_to(self.folder)}: {link}"
            for path in self.every
            for link in [*self.page(path).links, *self.page(path).loads]
            if not self._leads(path, link)
        ]

    def from_elsewhere(self) -> list[str]:
        """What pages and their styles would load from other places."""
        loads = [(path, load) for path in self.every for load in self.page(path).loads]
        for path in [*self.every, *sorted(self.folder.rglob("*.css"))]:
            loads += [(path, url) for url in ELSEWHERE.findall(path.read_text(encoding="utf-8"))]
        return [
            f"{path.relative_to(self.folder)}: {load}"
            for path, load in loads
            if urlsplit(load).netloc
        ]

    def _leads(self, path: Path, link: str) -> bool:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            return True
        target = path
        if parts.path:
            root = self.folder if parts.path.startswith("/") else path.parent
            target = (root / unquote(parts.path).lstrip("/")).resolve()
        if target.is_dir():
            target /= "index.html"
        if not target.is_file():
            return False
        fragment = unquote(parts.fragment)
        return not fragment or target.suffix != ".html" or fragment in self.page(target).anchors


def project(folder: Path) -> Path:
    """A copy of all that the site is made of, to be built elsewhere."""
    shutil.copytree(REPOSITORY / "docs", folder / "docs")
    shutil.copy(REPOSITORY / "mkdocs.yml", folder)
    (folder / "src").symlink_to(REPOSITORY / "src")
    return folder


def build(folder: Path) -> Site | str:
    """The site of a project, or what the builder found wrong with it."""
    done = subprocess.run(
        [Path(sys.executable).parent / "zensical", "build", "--strict", "--clean"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    told = done.stdout + done.stderr
    return told if done.returncode else Site(folder / "site", told)
