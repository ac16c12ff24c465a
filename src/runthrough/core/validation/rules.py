"""All rules, in the order in which a person reads them."""

from collections.abc import Callable, Iterable, Iterator

from runthrough.core.validation.inputs import input_problems
from runthrough.core.validation.outputs import output_problems
from runthrough.core.validation.proposal import Proposal
from runthrough.core.validation.scripts import contract_problems, script_problems
from runthrough.core.validation.variables import (
    argument_problems,
    note_problems,
    variable_problems,
)
from runthrough.core.values.problems import Problem

RULES: tuple[Callable[[Proposal], Iterator[Problem]], ...] = (
    script_problems,
    contract_problems,
    input_problems,
    output_problems,
    variable_problems,
    argument_problems,
    note_problems,
)


def problems_of(proposal: Proposal) -> tuple[Problem, ...]:
    """Every problem of a node's configuration."""
    return tuple(problem for rule in RULES for problem in rule(proposal))


def errors(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems that keep a node from being configured."""
    return tuple(problem for problem in problems if problem.severity == "error")
