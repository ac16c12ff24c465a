"""What a run would do, why, and what counts as unchanged."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from runthrough.entrypoints.cli.configuring import BASED_ON
from runthrough.entrypoints.cli.failing import PASSED, PENDING
from runthrough.entrypoints.cli.reading import NODE
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import counted, stamp

if TYPE_CHECKING:
    from pydantic import JsonValue

    from runthrough.core.views.nodes import View

WORK = 10
"""Exit code of `plan --exit-code` where something would run."""
SELECT = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SELECT]...",
        help="NODE, NODE+ (and below), +NODE (and above), state:failed or state:stale; default: "
        "all nodes.",
        show_default=False,
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
    "blocked": ("⊘", "red"),
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
) -> int:
    """Show what a run would run, reuse and block, each with its reason; records nothing."""
    with visit.opened() as (_, session):
        view = session.plan(select or (), reuse=not no_reuse, sagemaker=sagemaker)
        visit.screen.result(view)
        _draw_plan(visit, view, sagemaker=sagemaker)
        if view["run"] and not view["pending"]:
            visit.next(_run(select or (), no_reuse=no_reuse, sagemaker=sagemaker))
        else:
            visit.next(session.next_command())
    if view["pending"]:
        return PENDING
    return WORK if exit_code and (view["run"] or view["blocked"]) else PASSED


def _run(select: Sequence[str], *, no_reuse: bool, sagemaker: bool) -> str:
    """The run that was planned."""
    from runthrough.core.validation.words import command  # noqa: PLC0415 - inside commands

    flags = ["--no-reuse"] * no_reuse + ["--sagemaker"] * sagemaker
    return command("run", *select, options=" ".join(flags))


def _draw_plan(visit: Visit, view: "View", *, sagemaker: bool) -> None:
    from runthrough.entrypoints.cli.progress import (  # noqa: PLC0415 - inside commands
        AS_IT_STANDS,
        UNCHANGED,
        draw_outdated,
        reused_words,
    )

    outdated = {str(row["node"]) for row in _rows(view["outdated"])}
    told = [
        *((row["node"], "pending", _listed(row["needs"], "; ")) for row in _rows(view["pending"])),
        *((row["node"], "run", row["text"]) for row in _rows(view["run"])),
        *(
            (row["node"], "reuse", AS_IT_STANDS if row["node"] in outdated else UNCHANGED)
            for row in _rows(view["reuse"])
        ),
        *((row["node"], "blocked", f"by {_listed(row['by'])}") for row in _rows(view["blocked"])),
    ]
    rows = [
        (
            (f"{_STYLES[kind][0]} {kind}", _STYLES[kind][1]),
            str(node),
            str(text),
        )
        for node, kind, text in told
    ]
    visit.screen.rows(rows, indent="")
    draw_outdated(visit.screen, _rows(view["outdated"]), sagemaker=sagemaker, typed=visit.typed)
    visit.screen.blank()
    counts = {kind: sum(row[0][0].endswith(kind) for row in rows) for kind in _STYLES}
    reused = [node for (kind, _), node, _ in rows if kind.endswith("reuse")]
    visit.screen.line(
        f"{counted(len(rows), 'node')}: {counts['run']} to run, "
        f"{reused_words(reused, outdated)}, {counts['blocked']} blocked, "
        f"{counts['pending']} pending"
    )


@visiting()
def why(visit: Visit, node: NODE, *, sagemaker: SAGEMAKER = False) -> None:
    """Tell what differs from what a node's last passed attempt depended on, old → new."""
    with visit.opened() as (_, session):
        view = session.why(node, sagemaker=sagemaker)
        visit.screen.result(view)
        name = str(view["node"])
        visit.screen.line((name, "bold"), f"  {_verdict(view)}")
        _draw_changes(visit, _rows(view["changes"]))
        for above in _rows(view["upstream"]):
            told = "is to run again" if above["passed"] else "has not passed yet"
            visit.screen.line("  above it ", (str(above["node"]), "bold"), f" {told}")
            _draw_changes(visit, _rows(above["changes"]))
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


def _draw_changes(visit: Visit, changes: "list[Mapping[str, JsonValue]]") -> None:
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
        accepted = _rows(before["changes"])
        recorded = session.accept_unchanged(name, based_on=based_on)
        visit.screen.result({"node": name, "version": recorded.version, "accepted": accepted})
        visit.screen.line(f"{name} stands as it passed, although:")
        _draw_changes(visit, accepted)
        visit.next(session.next_command())


def _rows(listed: "JsonValue") -> "list[Mapping[str, JsonValue]]":
    return [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []


def _listed(names: "JsonValue", between: str = ", ") -> str:
    return between.join(map(str, names)) if isinstance(names, list) else ""


COMMANDS = (plan, why, accept)
