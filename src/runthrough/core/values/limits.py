"""What a script may use at most."""

import re
from collections.abc import Mapping

from runthrough.core.values.model import Frozen

LIMIT_NAMES = ("memory", "cpu_s", "open_files")
"""Limits as people write them."""
LARGEST, DIGITS = 2**63 - 1, 19
"""A system counts no further; and the digits that this number has."""
_UNITS = {
    "": 1,
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgt", 1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)},
}
SIZE_PATTERN = r"^\s*(\d+(?:\.\d+)?)\s*([KkMmGgTt][Ii]?[Bb])?\s*$"
"""Bytes, or a size with its unit; of 1000 or, with an `i`, of 1024."""


class Limits(Frozen):
    """Bounds of one attempt beside its time; `None` bounds nothing.

    They are no part of a fingerprint: what a script may use does not change what it computes.
    """

    memory_bytes: int | None = None
    """Of the script and all that is below it together."""
    cpu_s: int | None = None
    """Processor seconds of the script's own process; whole ones, as the system counts them."""
    open_files: int | None = None
    """File descriptors of each process."""

    def over(self, other: "Limits") -> "Limits":
        """These, and where they say nothing the other's."""
        return other.model_copy(update=self.model_dump(exclude_none=True))


UNLIMITED = Limits()


def limits_of(given: Mapping[str, object]) -> Limits:
    """Limits as people write them: `memory` in bytes or as `2GiB`, `cpu_s`, `open_files`.

    Raises:
        ValueError: There is no limit of a name, or a value is none.
    """
    found: dict[str, int] = {}
    for name, value in given.items():
        if name not in LIMIT_NAMES:
            raise ValueError(f"there is no limit {name!r}; there are {', '.join(LIMIT_NAMES)}")
        number = _bytes(value) if name == "memory" else _whole(value)
        if number is None or not 0 < number <= LARGEST:
            how = "bytes, or a size such as 2GiB" if name == "memory" else "a whole number"
            raise ValueError(f"the limit {name} is {how}, above 0 and below 2^63")
        found["memory_bytes" if name == "memory" else name] = number
    return Limits(**found)


def _whole(value: object) -> int | None:
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) <= DIGITS else None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _bytes(value: object) -> int | None:
    found = re.match(SIZE_PATTERN, value) if isinstance(value, str) else None
    if found is None:
        return _whole(value)
    amount = float(found[1]) * _UNITS[(found[2] or "").lower()]
    return int(amount) if amount <= LARGEST else None
