"""Stores that are broken on purpose, each in one way, to prove the rules that find them out."""

from tests.support.mutants import (  # noqa: F401 - each registers its mutants
    appending,
    forks,
    idempotency,
    importing,
    locking,
    log,
    sessions,
    snapshots,
    tokens,
    values,
)
from tests.support.mutants.frame import MUTANTS, Mutant

__all__ = ["MUTANTS", "Mutant"]
