"""What a person at the page does to the shop's session, in which `report` needs `top`."""

from tests.support.browsing import Browser, Page
from tests.support.desk import NAME
from tests.support.service import Counter

from runthrough.core.state import SessionState

S = f"/sessions/{NAME}"
ALERT = ".//*[@class='notice bad']"


def state(counter: Counter, name: str = NAME) -> SessionState:
    """A session as it stands."""
    return counter.application.sessions.open(name).state


def answered(browser: Browser, number: int) -> Page:
    """Answer what `report` needs, by its form."""
    page = browser.get(f"{S}?node=report")
    sent = browser.send(page, "/answers", job_arg__top=str(number))
    assert sent.status == 200
    return sent
