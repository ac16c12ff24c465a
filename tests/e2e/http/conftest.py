"""The shop's service in this process, and who looks at it."""

import pytest
from tests.support.browsing import Browser
from tests.support.service import service


@pytest.fixture
def counter(tmp_path):
    """The shop's service before a session `demo`, in which `report` needs `top`."""
    with service(tmp_path / "shop") as begun:
        begun.session = begun.begin()
        yield begun


@pytest.fixture
def tim(counter):
    """A tester's browser."""
    return Browser(counter, "tim")


@pytest.fixture
def vera(counter):
    """A viewer's."""
    return Browser(counter, "vera")


@pytest.fixture
def ada(counter):
    """An admin's."""
    return Browser(counter, "ada")
