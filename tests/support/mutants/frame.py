"""What a mutant is: the store in memory with one promise broken on purpose."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from tests.support.stored import DEADLINE_S

from runthrough.adapters.store.memory import (
    MemoryAuditLog,
    MemoryChangeFeed,
    MemoryEventStore,
    MemoryRunLeases,
    MemorySessionDirectory,
    MemorySnapshotCache,
)
from runthrough.adapters.store.memory_import import MemoryLogImport
from runthrough.adapters.store.memory_tables import MemoryDatabase
from runthrough.adapters.store.memory_tokens import MemoryTokenStore
from runthrough.entrypoints.store_suite import Stores

HEALTHY = {
    "events": MemoryEventStore,
    "directory": MemorySessionDirectory,
    "audit": MemoryAuditLog,
    "leases": MemoryRunLeases,
    "feed": MemoryChangeFeed,
    "snapshots": MemorySnapshotCache,
    "imports": MemoryLogImport,
    "tokens": MemoryTokenStore,
}
IN_VAIN_S = 0.1
"""How long a mutant waits for what does not come, where a rule would wait for very long."""


@dataclass(frozen=True)
class Mutant:
    """A store that breaks a promise."""

    name: str
    sentence: str
    """What it does wrong."""
    breaks: tuple[str, ...]
    """Names of the rules that must find it out."""
    broken: type

    def stores(self) -> Stores:
        """A new and empty one."""
        of_database = issubclass(self.broken, MemoryDatabase)
        database = self.broken() if of_database else MemoryDatabase()
        ports = {
            name: (self.broken if issubclass(self.broken, healthy) else healthy)(database)
            for name, healthy in HEALTHY.items()
        }
        return Stores(*(ports[field.name] for field in fields(Stores)))


MUTANTS: list[Mutant] = []


def breaks(*rules: str) -> Callable[[type], type]:
    """Make the class below a mutant that these rules must find out."""

    def register(broken: type) -> type:
        sentence = (broken.__doc__ or "").partition("\n")[0]
        MUTANTS.append(Mutant(broken.__name__, sentence, rules, broken))
        return broken

    return register


class Meeting:
    """Lets the first two threads go on together, so that they do get in each other's way."""

    def __init__(self) -> None:
        self._comers = itertools.count()
        self._barrier = threading.Barrier(2)

    def wait(self) -> None:
        """Wait for the second thread, or go on with the first; later ones need not wait."""
        if next(self._comers) < 2:
            self._barrier.wait(DEADLINE_S)


def with_column(asked: dict[str, Any], **columns: Any) -> dict[str, Any]:
    """The arguments of an append with other metadata."""
    return asked | {"metadata": replace(asked["metadata"], **columns)}
