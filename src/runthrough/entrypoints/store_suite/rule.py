"""What a rule is, and how it says that a store does not keep it.

Nothing here is an `assert`: rules hold under `python -O` too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from runthrough.application.ports import (
    AuditLog,
    ChangeFeed,
    EventStore,
    LogImport,
    RunLeases,
    SessionDirectory,
    SnapshotCache,
    TokenStore,
)

_Error = TypeVar("_Error", bound=Exception)
_SHOWN_CHARACTERS = 600
"""Of each value in a message: enough to see the first difference of small ones."""


@dataclass(frozen=True, slots=True)
class Stores:
    """The eight ports of one store, all over the same log."""

    events: EventStore
    directory: SessionDirectory
    audit: AuditLog
    leases: RunLeases
    feed: ChangeFeed
    snapshots: SnapshotCache
    imports: LogImport
    tokens: TokenStore


Check = Callable[[Stores], None]


class RuleBrokenError(AssertionError):
    """A store does not keep a rule; the message says what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One promise of a store."""

    name: str
    sentence: str
    """The promise in words."""
    check: Check
    """Tries the promise on stores that are fresh and empty.

    Raises:
        RuleBrokenError: The store does not keep it. Errors that the store itself raises where it
            should not come through as they are, and mean the same.
    """


def rule(rules: list[Rule]) -> Callable[[Check], Check]:
    """Make the function below the next rule of a module.

    Its name is the rule's name, and the first line of its docstring the rule's sentence.
    """

    def register(check: Check) -> Check:
        # Under `python -OO` there are no docstrings; the name says nearly as much.
        sentence = (check.__doc__ or check.__name__).partition("\n")[0]
        rules.append(Rule(check.__name__, sentence, check))
        return check

    return register


def expect(held: bool, told: str) -> None:
    """Say `told` where something does not hold.

    Raises:
        RuleBrokenError: It does not hold.
    """
    if not held:
        raise RuleBrokenError(told)


def expect_equal(found: object, wanted: object, what: str) -> None:
    """Compare what a store gave with what it should give.

    Raises:
        RuleBrokenError: They differ.
    """
    expect(found == wanted, f"{what}: expected {_shown(wanted)}, found {_shown(found)}")


def expect_error(kind: type[_Error], call: Callable[[], object]) -> _Error:
    """The error that a call must end with.

    Raises:
        RuleBrokenError: The call came to its end without it.
    """
    try:
        found = call()
    except kind as error:
        return error
    raise RuleBrokenError(f"expected {kind.__name__}, found the answer {_shown(found)}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
