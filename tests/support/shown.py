"""What a notebook shows, read back: well-formed, and nothing in it that loads or runs."""

import re
from html.parser import HTMLParser

VOID = {"br", "col", "hr", "img", "input", "link", "meta"}
OUTSIDE = re.compile(r"https?://(?!www\.w3\.org/2000/svg)|url\(|@import|javascript:")


class Shown(HTMLParser):
    """A display: its tags, its words, and that it is whole."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self._open: list[str] = []
        self._style = ""
        self.feed(html)
        self.close()
        assert self._open == []
        assert not OUTSIDE.search(self._style)

    def handle_starttag(self, tag, attrs):
        assert tag not in {"script", "iframe", "object", "embed", "link", "img"}
        for name, value in attrs:
            assert not name.startswith("on")
            assert not (value and name != "xmlns" and OUTSIDE.search(value))
        self.tags.append(tag)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1:] == ["style"]:
            self._style += data
        else:
            self.words += f"{data} "


def shown(thing) -> Shown:
    """What a notebook shows of an object."""
    return Shown(thing._repr_html_())
