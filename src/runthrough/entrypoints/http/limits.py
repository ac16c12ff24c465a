"""How often something may be tried, so that guessing and flooding end soon."""

import math
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from runthrough.application.ports import Clock
from runthrough.entrypoints.http.problems import AccessError
from runthrough.entrypoints.http.visitor import Visitor

SIGN_INS_FAILED = RateLimitItemPerMinute(10)
"""Of one address: enough for slips of the fingers; a token cannot be guessed anyway."""
SIGN_INS = RateLimitItemPerMinute(120)
"""Of one address, those that go well too: a whole team may sit behind one, and come at nine."""
RUN_STARTS = RateLimitItemPerMinute(30)
"""Of one actor: more than a person starts, less than a loop that went wild."""
_NETWORK_BITS = 64
"""What one subscriber is given of IPv6, who would else have 2⁶⁴ addresses to try from."""


class Limits:
    """What was tried in this process within the last minute."""

    def __init__(self, clock: Clock) -> None:
        """`clock` tells how long to wait; the windows run by the machine's own."""
        self._clock = clock
        self._windows = MovingWindowRateLimiter(MemoryStorage())

    def take(self, limit: RateLimitItem, who: str) -> int | None:
        """Count one try; `None` where it may be made, else the whole seconds to wait."""
        return None if self._windows.hit(limit, who) else self._wait_s(limit, who)

    def left(self, limit: RateLimitItem, who: str) -> int | None:
        """Count nothing; `None` where a try may be made, else the whole seconds to wait."""
        return None if self._windows.test(limit, who) else self._wait_s(limit, who)

    def _wait_s(self, limit: RateLimitItem, who: str) -> int:
        opens_at = self._windows.get_window_stats(limit, who).reset_time
        return max(1, math.ceil(opens_at - self._clock().timestamp()))


def network_of(address: str) -> str:
    """Whom an address is counted as: itself, of IPv6 its network."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return hex(int(parsed) >> (128 - _NETWORK_BITS))


def too_often(what: str, wait_s: int) -> AccessError:
    """The refusal of what was tried too often."""
    return AccessError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "TOO_OFTEN",
        f"Too many {what} within a minute.",
        fix=f"wait {wait_s} s and try again",
        headers={"Retry-After": str(wait_s)},
    )


def count_run_start(visitor: Visitor) -> None:
    """Count the start of a run, once a request is known to be no repeat.

    Raises:
        AccessError: Their actor started too many within the last minute.
    """
    wait_s = visitor.service.limits.take(RUN_STARTS, visitor.actor)
    if wait_s is not None:
        raise too_often("runs were started", wait_s)
