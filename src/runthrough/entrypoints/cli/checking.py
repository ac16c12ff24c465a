"""Everything that is wrong or looks wrong, as it is now."""

from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli import completing
from runthrough.entrypoints.cli.folding import FIRST_URGENT, MANY
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runthrough.core.values.problems import Problem

FOUND = 1
"""Exit code where an error was found."""


@visiting()
def check(
    visit: Visit,
    node: Annotated[
        str | None,
        typer.Argument(metavar="NODE", help="Only this node.", autocompletion=completing.nodes),
    ] = None,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Tell every problem, also where there are many.")
    ] = False,
) -> int:
    """Find every problem of every node, as the world is now; records nothing."""
    from runthrough.core.validation.words import command  # noqa: PLC0415 - inside commands

    with visit.opened() as (_, session):
        problems = session.check(node)
        next_command = session.next_command()
        visit.screen.result(
            {
                "problems": [problem.model_dump(mode="json") for problem in problems],
                "next_command": next_command,
            }
        )
        errors = [problem for problem in problems if problem.severity == "error"]
        shown = _shown(problems, everything=everything)
        for problem in shown:
            _draw(visit, problem)
        _count(visit, len(errors), len(problems) - len(errors))
        if len(shown) < len(problems):
            whole = command("check", *([node] if node else []), options="--all")
            visit.screen.typed("all of them:  ", visit.typed(whole))
        visit.next(next_command)
    return FOUND if errors else 0


def _shown(problems: "Sequence[Problem]", *, everything: bool) -> "Sequence[Problem]":
    """Of many the errors before the warnings, as many as are read in one go."""
    if everything or len(problems) <= MANY:
        return problems
    errors_first = sorted(problems, key=lambda problem: problem.severity != "error")
    return errors_first[:FIRST_URGENT]


def _count(visit: Visit, errors: int, warnings: int) -> None:
    if not errors and not warnings:
        visit.screen.line("Nothing is wrong.")
        return
    visit.screen.blank()
    visit.screen.line(f"{counted(errors, 'error')}, {counted(warnings, 'warning')}")


def _draw(visit: Visit, problem: "Problem") -> None:
    error = problem.severity == "error"
    mark, style = ("?", "bold yellow") if error else ("!", "yellow")
    visit.screen.line(
        (problem.where.node, "bold"),
        f"  {problem.message}  ({problem.code})",
        lead=(f"{mark} ", style),
    )
    visit.screen.typed("    → ", visit.advice(problem.fix))


COMMANDS = (check,)
