"""Ways that part at a test that is not decided, and what is known where they meet again."""

import ast
from collections.abc import Sequence
from dataclasses import replace

from runthrough.adapters.discovery.meanings import Meaning
from runthrough.adapters.discovery.reader import NOTHING, Condition, End, Reader


def branch(
    reader: Reader, condition: Condition, body: Sequence[ast.stmt], other: Sequence[ast.stmt]
) -> End:
    """Follow both ways of a test that is not decided, and go on with what both leave behind.

    Where one way fails, what the other way knows to be there is required.
    """
    before = dict(reader.frame.variables)
    with reader.on(certain=False, present=condition.held, lacking=condition.otherwise):
        end = reader.run(body)
    after_body = reader.frame.variables
    reader.frame.variables = before
    with reader.on(certain=False, present=condition.otherwise, lacking=condition.held):
        other_end = reader.run(other)
    if end is not End.RAISES:
        reader.sightings.tolerate(condition.absent)
    if other_end is not End.RAISES:
        reader.sightings.tolerate(condition.exists)
    present = NOTHING
    if end is End.RAISES:
        reader.require(condition.otherwise)
    elif other_end is End.RAISES:
        reader.require(condition.held)
    if end is not End.FALLS:
        present |= condition.otherwise
    if other_end is not End.FALLS:
        present |= condition.held
    join_variables(reader, (after_body, end), (reader.frame.variables, other_end))
    both = together(end, other_end)
    leaves = End.LEAVES in {end, other_end} and both is not End.LEAVES
    reader.frame.may_leave |= leaves
    skips = End.SKIPS in {end, other_end}
    reader.go_on(certain=not skips, present=present)
    return both


def decided(reader: Reader, condition: Condition, body: Sequence[ast.stmt]) -> End:
    """Follow the way that a decided test takes, with what the test knows to be there."""
    known = condition.held if condition.verdict else condition.otherwise
    added = known - reader.trail.present
    reader.go_on(present=added)
    end = reader.run(body)
    reader.trail = replace(reader.trail, present=reader.trail.present - added)
    return end


def together(end: End, other: End) -> End:
    """How a statement ends that ends in one of two ways."""
    if End.FALLS in {end, other}:
        return End.FALLS
    # Only where every way fails does it fail for certain.
    return min(end, other)


def join_variables(
    reader: Reader, one: tuple[dict[str, Meaning], End], other: tuple[dict[str, Meaning], End]
) -> None:
    """Variables after a branch: of a way that does not go on, nothing is left."""
    (first, first_end), (second, second_end) = one, other
    if first_end is not End.FALLS or second_end is not End.FALLS:
        reader.frame.variables = second if first_end is not End.FALLS else first
        return
    joined = dict(first)
    for name, value in second.items():
        mine = first.get(name)
        if mine is None:
            joined[name] = value
        elif mine is not value:
            joined[name] = reader.merge(mine, value)
    reader.frame.variables = joined
