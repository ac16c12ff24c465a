"""A contract as it was read: what the author of a script says it needs."""

from dataclasses import dataclass

from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.problems import Problem
from runthrough.core.values.requirements import ScriptRequirements


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """The contract of one script, or why none can be told."""

    requirements: ScriptRequirements
    """Its needs, each with the one source `contract`: an input, output or required variable is
    `required`, anything else `optional`."""
    path: RecordedPath | None = None
    """The file it stands in; `None` where several files claim to be it."""
    description: str = ""
    problems: tuple[Problem, ...] = ()
    """What is wrong with the contract; `where.node` holds the script's name."""
