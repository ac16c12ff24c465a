"""What a run would do, why, and what counts as unchanged."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli import completing
from runthrough.entrypoints.cli.configuring import BASED_ON
from runthrough.entrypoints.cli.failing import PASSED, PENDING
from runthrough.entrypoints.cli.folding import Row, folded
from runthrough.entrypoints.cli.reading import NODE
from runthrough.entrypoints.cli.telling import draw_warnings
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import counted, rows_of, stamp

if TYPE_CHECKING:
    from pydantic import JsonValue

    from runthrough.core.views.nodes import View

WORK = 10
"""Exit code of `plan --exit-code` where something would run."""
SELECT = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SELECT",
        help="NODE, NODE+ (and below), +NODE (and above), state:failed or state:stale; default: "
        "all nodes.",
        show_default=False,
        autocompletion=completing.selections,
    ),
]
NO_REUSE = Annotated[
    bool, typer.Option("--no-reuse", help="Run also what passed and is unchanged.")
]
SAGEMAKER = Annotated[
    bool,
    typer.Option("--sagemaker", help="Also tell scripts their paths in SageMaker's variables."),
]
_STYLES = {
    "run": ("▶", "bold cyan"),
    "reuse": ("=", "green"),
    "blocked": ("⊘", "dim"),
    "pending": ("?", "bold yellow"),
}


@visiting()
def plan(
    visit: Visit,
    select: SELECT = None,
    *,
    no_reuse: NO_REUSE = False,
    sagemaker: SAGEMAKER = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 10 where there is something to run.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Tell every node, also where there are many.")
    ] = False,
) -> int:
    """Show what a run would run, reuse and block, each with its reason; records nothing."""
    with visit.opened() as (_, session):
        view = session.plan(select or (), reuse=not no_reuse, sagemaker=sagemaker)
        visit.screen.result(view)
        whole = _plan(select or (), no_reuse=no_reuse, sagemaker=sagemaker)
        _draw_plan(visit, view, sagemaker=sagemaker, whole=None if everything else whole)
        if view["run"] and not view["pending"]:
            visit.next(_run(select or (), no_reuse=no_reuse, sagemaker=sagemaker))
        else:
            visit.next(session.next_command())
    if view["pending"]:
        return PENDING
    return WORK if exit_code and (view["run"] or view["blocked"]) else PASSED


def _run(select: Sequence[str], *, no_reuse: bool, sagemaker: bool, verb: str = "run") -> str:
    """The run that was planned."""
    from runthrough.core.validation.words import command  # noqa: PLC0415 - inside commands

    flags = ["--no-reuse"] * no_reuse + ["--sagemaker"] * sagemaker
    return command(verb, *select, options=" ".join(flags))


def _plan(select: Sequence[str], *, no_reuse: bool, sagemaker: bool) -> str:
    """The same plan, with every node."""
    return f"{_run(select, no_reuse=no_reuse, sagemaker=sagemaker, verb='plan')} --all"


def _draw_plan(visit: Visit, view: "View", *, sagemaker: bool, whole: str | None) -> None:
    """The nodes by what becomes of them; of many the first, and the command that tells all."""
    from runthrough.core.values.problems import Problem  # noqa: PLC0415 - inside commands
    from runthrough.entrypoints.cli.progress import (  # noqa: PLC0415 - as above
        AS_IT_STANDS,
        UNCHANGED,
        draw_outdated,
        reused_words,
    )

    outdated = {str(row["node"]) for row in rows_of(view["outdated"])}
    told = [
        *(
            ("pending", row["node"], _listed(row["needs"], "; "))
            for row in rows_of(view["pending"])
        ),
        *(("run", row["node"], row["text"]) for row in rows_of(view["run"])),
        *(
            ("reuse", row["node"], AS_IT_STANDS if row["node"] in outdated else UNCHANGED)
            for row in rows_of(view["reuse"])
        ),
        *(
            ("blocked", row["node"], f"by {_listed(row['by'])}")
            for row in rows_of(view["blocked"])
        ),
    ]
    rows = [Row(kind, str(node), str(text)) for kind, node, text in told]
    shown = list(folded(rows, urgent={"pending", "run"}, everything=whole is None))
    visit.screen.rows(
        (
            ((f"{_STYLES[kind][0]} {kind}", _STYLES[kind][1]), node, text)
            for kind, node, text in shown
        ),
        indent="",
    )
    draw_outdated(visit.screen, rows_of(view["outdated"]), sagemaker=sagemaker, typed=visit.typed)
    visit.screen.blank()
    counts = Counter(row.kind for row in rows)
    reused = [row.node for row in rows if row.kind == "reuse"]
    visit.screen.line(
        f"{counted(len(rows), 'node')}: {counts['run']} to run, "
        f"{reused_words(reused, outdated)}, {counts['blocked']} blocked, "
        f"{counts['pending']} pending"
    )
    if whole is not None and len(shown) < len(rows):
        visit.screen.typed("all of them:  ", visit.typed(whole))
    warnings = map(Problem.model_validate, rows_of(view["warnings"]))
    draw_warnings(visit.screen, warnings, visit.advice)


@visiting()
def why(visit: Visit, node: NODE, *, sagemaker: SAGEMAKER = False) -> None:
    """Tell what differs from what a node's last passed attempt depended on, old → new."""
    with visit.opened() as (_, session):
        view = session.why(node, sagemaker=sagemaker)
        visit.screen.result(view)
        name = str(view["node"])
        visit.screen.line(_verdict(view), lead=(f"{name}  ", "bold"))
        _draw_changes(visit, rows_of(view["changes"]))
        for above in rows_of(view["upstream"]):
            told = "is to run again" if above["passed"] else "has not passed yet"
            visit.screen.line("  above it ", (str(above["node"]), "bold"), f" {told}")
            _draw_changes(visit, rows_of(above["changes"]))
        visit.next(session.next_command())


def _verdict(view: "View") -> str:
    if view["external"]:
        return "stands for something outside: it never runs"
    if view["passed"] is None:
        return "has not passed yet, so there is nothing to compare with"
    from datetime import datetime  # noqa: PLC0415 - only for this line

    passed = f"passed {stamp(datetime.fromisoformat(str(view['passed'])))}"
    if view["needs"]:
        return f"{passed}, and is pending now: {_listed(view['needs'], '; ')}"
    if view["stale"]:
        return f"{passed}, and since then:"
    if view["outcome"] not in {None, "passed"}:
        told = str(view["outcome"]).replace("_", " ")
        return f"{passed}; nothing has changed since, but its last attempt {told}"
    return f"{passed}, and nothing has changed since"


def _draw_changes(visit: Visit, changes: "Sequence[Mapping[str, JsonValue]]") -> None:
    from runthrough.core.staleness import Change  # noqa: PLC0415 - inside commands
    from runthrough.core.views.changes import change_words  # noqa: PLC0415 - as above

    for row in changes:
        change = Change(str(row["part"]), str(row["name"]), row["old"], row["new"])
        visit.screen.line(f"    {change_words(change, digests=True)}")


@visiting()
def accept(visit: Visit, node: NODE, *, based_on: BASED_ON = None) -> None:
    """Let a node's last passed attempt stand although something it depends on has changed."""
    with visit.opened() as (_, session):
        name = session.node_named(node)
        before = session.why(name, sagemaker=None)
        accepted = rows_of(before["changes"])
        recorded = session.accept_unchanged(name, based_on=based_on)
        visit.screen.result({"node": name, "version": recorded.version, "accepted": accepted})
        visit.screen.line(f"{name} stands as it passed, although:")
        _draw_changes(visit, accepted)
        visit.next(session.next_command())


def _listed(names: "JsonValue", between: str = ", ") -> str:
    return between.join(map(str, names)) if isinstance(names, list) else ""


COMMANDS = (plan, why, accept)
