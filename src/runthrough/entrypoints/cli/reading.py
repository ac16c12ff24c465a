"""Looking at a session: status, requirements, logs."""

from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli import completing
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import near

if TYPE_CHECKING:
    from runthrough.application.session import Session

NODE = Annotated[
    str,
    typer.Argument(
        metavar="NODE",
        help="A node, or a script only one uses.",
        autocompletion=completing.nodes,
    ),
]


ALL = Annotated[bool, typer.Option("--all", help="Tell every node, also where there are many.")]


@visiting()
def status(visit: Visit, *, everything: ALL = False) -> None:
    """Show the work list, and the one command to type next."""
    from runthrough.entrypoints.cli.worklist import draw_status  # noqa: PLC0415 - inside commands

    with visit.opened() as (_, session):
        view = session.status()
        visit.screen.result(view)
        draw_status(visit, session, view, everything=everything)


@visiting()
def requirements(visit: Visit, node: NODE) -> None:
    """Show what a node needs, and what it has."""
    from runthrough.entrypoints.cli.needs import draw_requirements  # noqa: PLC0415 - as above

    with visit.opened() as (_, session):
        view = session.needed(node)
        visit.screen.result(view)
        draw_requirements(visit, session, view, next_command=str(view["next_command"]))


@visiting()
def logs(visit: Visit, node: NODE) -> None:
    """Print what a node's last attempt wrote to standard output and standard error."""
    with visit.opened() as (_, session):
        name = session.node_named(node)
        stdout, stderr = session.log_texts(name)
        visit.screen.result({"node": name, "stdout": stdout, "stderr": stderr})
        path = _log_path(session, name)
        if path is None:
            visit.screen.line(f"{name} has no attempt that ended, so there is no log.")
            visit.next(f"runthrough run +{name}")
            return
        visit.screen.raw(stdout)
        if stderr:
            visit.screen.typed("── standard error: ", near(path))
            visit.screen.raw(stderr)


def _log_path(session: "Session", name: str) -> str | None:
    from runthrough.core.values.ids import NodeName  # noqa: PLC0415 - inside commands

    last = session.state.nodes[NodeName(name)].last
    return session.locate(last.log) if last is not None and last.log is not None else None


COMMANDS = (status, requirements, logs)
