"""A real Chromium, and real services for it to look at."""

from importlib.util import find_spec

import pytest
from tests.support import windows
from tests.support.page_shops import page_shop

collect_ignore_glob = [] if find_spec("playwright") or windows.IS_REQUIRED else ["test_*.py"]
"""`make test` installs no playwright, and asks for none of these tests."""


@pytest.fixture(scope="module")  # its event loop must not run while others are tested
def chromium():
    """The browser: one that is there, or a skip that says why."""
    missing = windows.why_missing()
    if missing and windows.IS_REQUIRED:
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    with windows.chromium() as started:
        yield started


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """The shop's service, for all tests of a file that has none of its own."""
    with page_shop(tmp_path_factory.mktemp("page") / "shop") as begun:
        yield begun


@pytest.fixture
def desktop(chromium, shop):
    """Windows of a test, which may complain of nothing that it does not expect.

    They are closed before the service of the file, `shop`, is: an end of it is no complaint.
    """
    opened = windows.Desktop(chromium)
    yield opened
    complaints = opened.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def tim(desktop, shop):
    """A tester's window."""
    return desktop.window(shop.url, shop.tokens["tim"])


@pytest.fixture
def phone(desktop, shop):
    """The same, as small as a phone."""
    return desktop.window(shop.url, shop.tokens["tim"], size=windows.PHONE)
