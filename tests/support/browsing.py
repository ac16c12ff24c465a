"""A person with a browser that runs no script: pages read, forms filled in and sent."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Protocol
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr"})


class _Tree(HTMLParser):
    """The elements of a page; one that is closed wrongly is an error."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = ET.Element("page")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> says {names}"
        there = ET.SubElement(self.open[-1], tag, {n: v or "" for n, v in attrs})
        if tag not in VOID:
            self.open.append(there)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag not in VOID, f"</{tag}>"
        closed = self.open.pop()
        assert closed.tag == tag, f"</{tag}> closes <{closed.tag}>"

    def handle_data(self, data: str) -> None:
        last = self.open[-1]
        if len(last):
            last[-1].tail = (last[-1].tail or "") + data
        else:
            last.text = (last.text or "") + data


@dataclass
class Page:
    """What came, as elements."""

    status: int
    address: str
    """Where it came from, after redirects."""
    text: str
    root: ET.Element = field(init=False)

    def __post_init__(self) -> None:
        tree = _Tree()
        tree.feed(self.text)
        tree.close()
        assert tree.open == [tree.root], [one.tag for one in tree.open]
        self.root = tree.root

    def all(self, path: str) -> list[ET.Element]:
        """Elements by a path of ElementTree."""
        return self.root.findall(path)

    def told(self, path: str = ".") -> str:
        """The text of the first element, blanks put together."""
        found = self.root.find(path)
        assert found is not None, f"there is no {path}"
        return " ".join("".join(found.itertext()).split())

    def has(self, path: str) -> bool:
        """Whether there is such an element."""
        return self.root.find(path) is not None

    def form(self, action: str) -> ET.Element:
        """The first form that is sent to an address that ends so."""
        return next(one for one in self.all(".//form") if one.get("action", "").endswith(action))

    def field(self, name: str) -> ET.Element:
        """The first field of that name."""
        named = (one for one in self.root.iter() if one.get("name") == name)
        return next(one for one in named if one.tag in {"input", "select", "textarea"})

    def described(self, name: str) -> str:
        """What tells more of a field, as a screen reader says it."""
        ids = self.field(name).get("aria-describedby", "").split()
        return " ".join(self.told(f".//*[@id='{one}']") for one in ids)


def filled(form: ET.Element) -> dict[str, str]:
    """What a browser would send, without a button."""
    found: dict[str, str] = {}
    for one in form.iter():
        name, kind = one.get("name"), one.get("type")
        if name is None or one.tag == "button":
            continue
        if kind in {"radio", "checkbox"}:
            if "checked" in one.attrib:
                found[name] = one.get("value", "on")
        elif one.tag == "select":
            options = list(one.iter("option"))
            chosen = [o for o in options if "selected" in o.attrib] or options[:1]
            if chosen:
                found[name] = chosen[0].get("value", "")
        else:
            found[name] = one.get("value", "") if one.tag == "input" else one.text or ""
    return found


class Visited(Protocol):
    """A service that is gone to, in this process or in another one."""

    client: Any
    """What sends requests, and goes where it is sent on to."""

    @property
    def origin(self) -> str:
        """What a browser says its pages come from."""

    def as_(self, actor: str) -> dict[str, str]:
        """Headers that say who asks."""


@dataclass
class Browser:
    """One person's browser."""

    counter: Visited
    actor: str

    def get(self, address: str) -> Page:
        """Go to an address."""
        answer = self.counter.client.get(address, headers=self.counter.as_(self.actor))
        return Page(answer.status_code, _local(answer.url), answer.text)

    def send(
        self, page: Page, action: str, press: tuple[str, str] | None = None, **typed: str
    ) -> Page:
        """Fill in the form that goes to an address that ends so, and press a button of it.

        A field's name has `__` for its colon.
        """
        form = page.form(action)
        fields = filled(form)
        changes = {name.replace("__", ":"): text for name, text in typed.items()}
        names = {one.get("name") for one in form.iter()}
        assert changes.keys() <= names, f"no field {changes.keys() - names}"
        if press is not None:
            buttons = {(b.get("name"), b.get("value")) for b in form.iter("button")}
            assert press in buttons, f"no button {press} among {buttons}"
            fields |= dict([press])
        return self.post(form.get("action", ""), fields | changes)

    def post(self, address: str, fields: dict[str, Any]) -> Page:
        """Send fields as a page of the service does."""
        headers = self.counter.as_(self.actor) | {"Origin": self.counter.origin}
        answer = self.counter.client.post(address, data=fields, headers=headers)
        return Page(answer.status_code, _local(answer.url), answer.text)


def _local(url: object) -> str:
    parts = urlsplit(str(url))
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
