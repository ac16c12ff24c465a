"""Windows of a real Chromium: what they complain of, whom they shut out, and how they look."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

REQUIRED = "RUNTHROUGH_TEST_REQUIRE_BROWSER"
"""Where it is set, a browser that cannot be had is a failure and no skip."""
IS_REQUIRED = bool(os.environ.get(REQUIRED))
SCREENSHOTS = os.environ.get("RUNTHROUGH_TEST_SCREENSHOTS")
"""The folder that keeps what screens look like; read before tests take the settings away."""
FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
)
PATIENCE_MS = 30_000
"""For what takes part of a second: two cores may be busy with other tests."""
CUT_OFF = frozenset(
    {
        "503",
        "ERR_CONNECTION_REFUSED",
        "ERR_CONNECTION_RESET",
        "ERR_EMPTY_RESPONSE",
        "INCOMPLETE_CHUNKED",
        "htmx:sse:error",
        "Failed to fetch",
    }
)
"""What browsers say of a service that is not there, or goes while it answers."""
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
FORMS = "main form[method=post]"
"""Everything that changes something."""
SERIOUS = frozenset({"serious", "critical"})
_WIDER = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const scrolled = (one) => one.closest(".frame, .scroll, pre");
  return [...document.querySelectorAll("body *")]
    .filter((one) => !scrolled(one) && one.getBoundingClientRect().right > width + 1)
    .map((one) => one.outerHTML.slice(0, 120));
}"""
_ANSWERED = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")


def chromium_path() -> str | None:
    """Where the Chromium of this machine is."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def why_missing() -> str | None:
    """Why no browser can be driven here; `None` where one can."""
    try:
        import axe_playwright_python.sync_playwright
        import playwright.sync_api
    except ImportError as missing:
        return f"the group browser is not installed: {missing.name}"
    del axe_playwright_python, playwright
    return None if chromium_path() else "there is no chromium on PATH"


@contextmanager
def chromium() -> Iterator[Any]:
    """Start the browser, which runs no other one's profile."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium_path(), args=list(FLAGS), env=_quiet()
        )
        yield started
        started.close()


def _quiet() -> dict[str, str | float | bool]:
    """What the browser sees: no profile, session or proxy of who runs the tests."""
    return {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}


@dataclass(eq=False)
class Window:
    """One window of one person, with cookies of its own."""

    page: Any
    url: str
    """Where the service is."""
    complaints: list[str] = field(default_factory=list)
    """What the browser itself found wrong, a breach of the content policy among it."""
    expected: set[str] = field(default_factory=set)
    """What it may find wrong: statuses, or parts of what it says."""

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("dialog", self._asked)

    def _heard(self, told: Any) -> None:
        if told.type not in {"error", "warning"}:
            return
        answered = _ANSWERED.match(told.text)
        if answered is not None and answered[1] in self.expected:
            return
        if any(part in told.text for part in self.expected if not part.isdecimal()):
            return
        self.complaints.append(f"{told.type}: {told.text} ({told.location.get('url')})")

    def _asked(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def go(self, path: str) -> Any:
        """Go to an address of the service; what answered."""
        return self.page.goto(f"{self.url}{path}")

    def sign_in(self, token: str) -> "Window":
        """Sign in without looking at the form, for tests of what comes after it."""
        answer = self.page.context.request.post(
            f"{self.url}/sign-in",
            form={"token": token, "next": "/healthz"},
            headers={"Origin": self.url},
        )
        assert answer.ok, answer.text()
        return self

    # ---- what is seen

    def live(self) -> None:
        """Wait until it hears what others do."""
        self.page.locator("[data-live=on]").first.wait_for()

    @property
    def main(self) -> Any:
        """All but the head of the page."""
        return self.page.locator("main")

    def part(self, name: str) -> Any:
        """A part of the screen by its id."""
        return self.page.locator(f"#{name}")

    def node(self, name: str) -> Any:
        """A node in the picture."""
        named = self.page.locator(".rt-name", has_text=re.compile(f"^{re.escape(name)}$"))
        return self.page.locator("#picture .rt-node").filter(has=named)

    def told(self, text: str) -> None:
        """Wait until it is told that something was done."""
        self.page.get_by_role("status").filter(has_text=text).first.wait_for()

    def press(self, name: str, *, within: Any = None) -> None:
        """Press the button of that name."""
        within = within or self.page
        within.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str, *, within: Any = None) -> None:
        """Follow the link of that name."""
        within = within or self.page
        within.get_by_role("link", name=name, exact=True).click()

    def choose(self, node: str) -> Any:
        """Choose a node in the work list; its card, once it has come."""
        self.follow(node, within=self.part("worklist"))
        self.page.wait_for_url(re.compile(rf"\?node={re.escape(quote(node, safe=''))}#node$"))
        return self.part("node")

    def keep(self) -> None:
        """Mark what is loaded now, to tell it from what is loaded later."""
        self.live()
        self.page.evaluate("document.documentElement.dataset.kept = 'yes'")

    @property
    def kept(self) -> bool:
        """Whether nothing was loaded anew since."""
        return self.page.locator("html").get_attribute("data-kept") == "yes"

    def focused(self) -> Any:
        """The element that has the focus."""
        return self.page.locator(":focus")

    # ---- what must hold of every screen

    def barriers(self) -> list[str]:
        """What shuts people out, of what axe-core calls serious or critical."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page, options={"resultTypes": ["violations"]}).response
        assert found["passes"], "axe looked at nothing"
        return [
            f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')}"
            for one in found["violations"]
            if one["impact"] in SERIOUS
            for node in one["nodes"]
        ]

    def too_wide(self) -> list[str]:
        """What makes the whole page scroll sideways."""
        found: list[str] = self.page.evaluate(_WIDER)
        return found

    def looks(self, name: str) -> None:
        """Hold a screen against the laws of all screens, wide and narrow, light and dark."""
        told = []
        for way, size, scheme in WAYS:
            self.page.set_viewport_size(size)
            self.page.emulate_media(color_scheme=scheme)
            told += [f"{name}, {way}: {one}" for one in self.barriers()]
            told += [f"{name}, {way}, too wide: {one}" for one in self.too_wide()]
            self.shoot(f"{name}-{way}")
        self.page.set_viewport_size(WIDE)
        self.page.emulate_media(color_scheme="light")
        assert not told, "\n".join(told)

    def shoot(self, name: str) -> None:
        """Keep what it looks like, where somebody wants to see it."""
        if SCREENSHOTS:
            Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(SCREENSHOTS) / f"{name}.png"), full_page=True)


WAYS: tuple[tuple[str, Mapping[str, int], str], ...] = (
    ("wide", WIDE, "light"),
    ("dark", WIDE, "dark"),
    ("phone", PHONE, "light"),
    ("phone-dark", PHONE, "dark"),
)
"""How every screen is looked at."""


@dataclass(eq=False)
class Desktop:
    """Windows that a test opens; at its end none of them may have complained."""

    browser: Any
    opened: list[Window] = field(default_factory=list)

    def window(
        self,
        url: str,
        token: str | None = None,
        *,
        scripts: bool = True,
        size: Mapping[str, int] = WIDE,
        **how: Any,
    ) -> Window:
        """Open a window of a person who may be signed in already."""
        context = self.browser.new_context(
            viewport=dict(size),
            java_script_enabled=scripts,
            color_scheme="light",
            reduced_motion="reduce",  # colours that still change are no colours to be judged
            **how,
        )
        found = Window(context.new_page(), url)
        self.opened.append(found)
        return found.sign_in(token) if token is not None else found

    def close(self) -> list[str]:
        """Close all windows; what they complained of."""
        for one in self.opened:
            one.page.context.close()
        return [told for one in self.opened for told in one.complaints]
