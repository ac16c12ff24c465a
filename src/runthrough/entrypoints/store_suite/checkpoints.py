"""Checkpoints: the notes of the log's end that are kept beside it."""

from dataclasses import replace
from datetime import timedelta

from runthrough.core.values.store import Checkpoint
from runthrough.entrypoints.store_suite.rule import Rule, Stores, expect_equal, rule
from runthrough.entrypoints.store_suite.writing import AT, A, Writer, said

RULES: list[Rule] = []
_NOTE = Checkpoint(7, "c" * 64, AT, "0.1.0")


@rule(RULES)
def fresh_store_has_no_checkpoint(stores: Stores) -> None:
    """Nobody took a note of a log in which nothing was kept."""
    Writer(stores).append(A, said("x"))
    expect_equal(stores.audit.checkpoints(), (), "checkpoints")


@rule(RULES)
def kept_checkpoint_comes_back(stores: Stores) -> None:
    """A checkpoint comes back with its time to the microsecond, its key and its signature."""
    signed = replace(_NOTE, position=8, public_key="a" * 64, signature="b" * 128)
    for note in (_NOTE, signed):
        stores.audit.keep(note)
    expect_equal(stores.audit.checkpoints(), (_NOTE, signed), "checkpoints")


@rule(RULES)
def checkpoints_are_listed_by_position(stores: Stores) -> None:
    """In whatever order checkpoints were kept, they are listed as the log grew."""
    for position in (10, 9, 100, 0):
        stores.audit.keep(replace(_NOTE, position=position))
    found = [note.position for note in stores.audit.checkpoints()]
    expect_equal(found, [0, 9, 10, 100], "positions")


@rule(RULES)
def keeping_a_checkpoint_again_replaces_it(stores: Stores) -> None:
    """Of two checkpoints of one position the one that was kept last counts, and others stay."""
    other = replace(_NOTE, position=3)
    later = replace(_NOTE, log_hash="d" * 64, taken_at=AT + timedelta(days=1))
    for note in (other, _NOTE, later):
        stores.audit.keep(note)
    expect_equal(stores.audit.checkpoints(), (other, later), "checkpoints")


@rule(RULES)
def keeping_a_checkpoint_leaves_the_log_alone(stores: Stores) -> None:
    """A checkpoint is no event: the head stays where it is, and the log verifies."""
    Writer(stores).append(A, said("x"))
    head = stores.audit.head()
    stores.audit.keep(Checkpoint(head.position, head.log_hash, AT, "0.1.0"))
    found = (stores.audit.head(), stores.audit.verify().ok)
    expect_equal(found, (head, True), "head, and whether the log verifies")
