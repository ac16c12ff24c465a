"""The code of the link that `serve` prints: it signs in once, and soon no more."""

import hmac
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from runthrough.application.ports import Clock

LASTS = timedelta(minutes=10)
"""Time enough to click on a link; a terminal's text is seen by others later."""


class OneTimeCode:
    """At most one code holds at a time, in this process's memory alone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: tuple[str, datetime] | None = None

    def issue(self, new_secret: Callable[[], str]) -> str:
        """Make a code; the one before holds no more."""
        code = new_secret()
        with self._lock:
            self._kept = (code, self._clock() + LASTS)
        return code

    def use(self, text: str) -> bool:
        """Whether that is the code, and still holds; then it holds no more."""
        with self._lock:
            if self._kept is None:
                return False
            code, ends_at = self._kept
            fits = hmac.compare_digest(code.encode(), text.encode("utf-8", "surrogatepass"))
            if fits or ends_at <= self._clock():
                self._kept = None
            return fits and self._clock() < ends_at
