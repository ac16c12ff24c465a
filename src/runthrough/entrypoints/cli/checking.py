"""Everything that is wrong or looks wrong, as it is now."""

from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli.visit import Visit, visiting

if TYPE_CHECKING:
    from runthrough.core.values.problems import Problem

FOUND = 1
"""Exit code where an error was found."""


@visiting()
def check(
    visit: Visit,
    node: Annotated[str | None, typer.Argument(metavar="NODE", help="Only this node.")] = None,
) -> int:
    """Find every problem of every node, as the world is now; records nothing."""
    with visit.opened() as (_, session):
        problems = session.check(node)
        visit.screen.result(
            {"problems": [problem.model_dump(mode="json") for problem in problems]}
        )
        errors = [problem for problem in problems if problem.severity == "error"]
        for problem in problems:
            _draw(visit, problem)
        told = f"{len(errors)} to mend, {len(problems) - len(errors)} to know"
        visit.screen.line(told if problems else "Nothing is wrong.")
        visit.next(session.next_command())
    return FOUND if errors else 0


def _draw(visit: Visit, problem: "Problem") -> None:
    error = problem.severity == "error"
    mark, style = ("?", "bold yellow") if error else ("!", "yellow")
    visit.screen.line(
        (f"{mark} ", style), (problem.where.node, "bold"), f"  {problem.message}  ({problem.code})"
    )
    visit.screen.typed("    → ", visit.typed(problem.fix))


COMMANDS = (check,)
