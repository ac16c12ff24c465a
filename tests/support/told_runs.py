"""Runs as histories tell them, and the views that reports are made from."""

from tests.support.builders import (
    HOLDER,
    RUN,
    attempt_at,
    envelopes,
    pipeline,
    script_info,
    session_started,
)

from runthrough.core.events import (
    ConnectionAccepted,
    DataFlowChecked,
    Event,
    NodeDiscovered,
    NodeMarkedExternal,
    RunFinished,
    RunStarted,
    ScriptAutoConfigured,
    ScriptBlocked,
    ScriptExecuted,
    ScriptReused,
    ScriptStarted,
)
from runthrough.core.evolve import replay
from runthrough.core.state import SessionState
from runthrough.core.values.facts import Evidence
from runthrough.core.values.ids import SessionId
from runthrough.core.values.outcomes import (
    Edge,
    Frame,
    RunSummary,
    ScriptError,
    ScriptLog,
    SeamResult,
    WrittenOutput,
)
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.plans import Plan, PlannedNode
from runthrough.core.values.problems import Place, Problem
from runthrough.core.values.specs import ScriptSpec
from runthrough.core.views.nodes import View
from runthrough.core.views.particulars import Particulars
from runthrough.core.views.report import RunRecord, report_view

DECLARED = pipeline(
    ("source", "clean"),
    ("clean", "total"),
    ("total", "report"),
    source=NodeDeclaration(external=True, outputs={"orders": "workspace:orders.csv"}),
    aside=NodeDeclaration(),
)
ERROR = ScriptError(
    kind="exception",
    type="IndexError",
    message="list index out of range",
    hints=("clean_orders has 2 rows",),
    frames=(
        Frame(
            file="/repo/scripts/total.py",
            line=9,
            function="main",
            source=("    print(1)", "    spend([1, 2])", "    return"),
        ),
        Frame(
            file="/usr/lib/python3.11/json/decoder.py",
            line=1,
            function="decode",
            source=("import re", ""),
        ),
    ),
)
UNFIT = SeamResult(
    compatible=False,
    format_written="json",
    issues=(
        Problem(
            code="INPUT_FORMAT",
            severity="error",
            where=Place(node="total", kind="input", name="clean_orders"),
            message="clean_orders is JSON, and a .csv is read",
            fix="look at clean",
        ),
    ),
)


def begun() -> list[Event]:
    """A session with three scripts in a row, and one aside."""
    configured: list[Event] = [
        session_started(DECLARED),
        NodeMarkedExternal(node="source", outputs={"orders": "workspace:orders.csv"}),
    ]
    for node in ("clean", "total", "report", "aside"):
        configured += [
            NodeDiscovered(node=node, script=script_info(node)),
            ScriptAutoConfigured(
                node=node,
                spec=ScriptSpec(environ_vars={"TOKEN": {"secret": "NAME"}, "PACE": "fast"}),
                evidence=(Evidence(kind="environ_var", name="PACE", source="pipeline"),),
            ),
        ]
    wires = (
        ("clean", "orders", "source", "orders"),
        ("total", "clean_orders", "clean", "clean_orders"),
    )
    configured += [
        ConnectionAccepted(node=node, input=name, from_node=above, output=output, reason="names")
        for node, name, above, output in wires
    ]
    return configured


ROW = ("clean", "total", "report")


def run_started(
    run: str = RUN, reuse: tuple[str, ...] = (), names: tuple[str, ...] = ROW
) -> RunStarted:
    """A run of the three scripts in a row, or of others."""
    return RunStarted(
        run=run,
        plan=Plan(
            order=names,
            run=tuple(PlannedNode(node=n, reasons=("changed",)) for n in names if n not in reuse),
            reuse=reuse,
        ),
        holder=HOLDER,
        runner="process:",
        jobs=2,
        fail_fast=False,
        reuse=True,
    )


def started(node: str, run: str = RUN) -> ScriptStarted:
    """The claim of the node's attempt."""
    return ScriptStarted(
        node=node,
        run=run,
        attempt=attempt_at(node),
        fingerprint=(),
        runner="process:",
        outputs={},
    )


def executed(node: str, outcome: str = "passed", run: str = RUN, **more) -> ScriptExecuted:
    """The end of the node's attempt, with logs."""
    more.setdefault("exit_code", 0 if outcome == "passed" else 1)
    more.setdefault("log", log_of(node, f"{node} says hello\n", "a warning\n"))
    return ScriptExecuted(
        node=node,
        run=run,
        attempt=attempt_at(node),
        outcome=outcome,
        duration_s=more.pop("duration_s", 1.25),
        **more,
    )


def log_of(node: str, stdout: str = "", stderr: str = "") -> ScriptLog:
    """Logs with these ends."""
    return ScriptLog(
        stdout=f"session:runs/{node}/stdout.log",
        stderr=f"session:runs/{node}/stderr.log",
        stdout_tail=stdout,
        stderr_tail=stderr,
        stdout_bytes=len(stdout),
        stderr_bytes=len(stderr),
    )


def checked(result: SeamResult, run: str = RUN) -> DataFlowChecked:
    """What was found between clean and total."""
    edge = Edge(from_node="clean", output="clean_orders", input="clean_orders")
    return DataFlowChecked(node="total", run=run, edge=edge, result=result)


def finished(status: str = "failed", run: str = RUN) -> RunFinished:
    """The end of the run, after four seconds and a half."""
    return RunFinished(run=run, status=status, summary=RunSummary(duration_s=4.5))


def failed_run(error: ScriptError = ERROR, **more) -> list[Event]:
    """`clean` passed, `total` failed and blocked `report`; between them the data did not fit."""
    return [
        *begun(),
        run_started(),
        started("clean"),
        executed("clean", outputs=(WrittenOutput(name="clean_orders", path="session:c.csv"),)),
        checked(UNFIT),
        started("total"),
        executed("total", "failed", error=error, **more),
        ScriptBlocked(node="report", run=RUN, by=("total",)),
        finished(),
    ]


def passed_run(run: str = RUN) -> list[Event]:
    """All three passed."""
    ran: list[Event] = [*begun(), run_started(run)]
    for node in ("clean", "total", "report"):
        ran += [started(node, run), executed(node, run=run)]
    return [*ran, finished("passed", run)]


def reused_run() -> list[Event]:
    """All passed, then again: `clean` was reused, the others ran."""
    again = "run-2"
    return [
        *passed_run(),
        run_started(again, reuse=("clean",)),
        ScriptReused(node="clean", run=again, attempt=attempt_at("clean")),
        started("total", again),
        executed("total", run=again),
        started("report", again),
        executed("report", run=again),
        finished("passed", again),
    ]


def partial_run() -> list[Event]:
    """After `total` failed and blocked `report`, `clean` alone was run and passed."""
    again = "run-2"
    return [
        *failed_run(),
        run_started(again, names=("clean",)),
        started("clean", again),
        executed("clean", run=again),
        finished("passed", again),
    ]


def whole_run() -> list[Event]:
    """All four scripts passed in one run."""
    names = (*ROW, "aside")
    ran: list[Event] = [*begun(), run_started(names=names)]
    for node in names:
        ran += [started(node), executed(node)]
    return [*ran, finished("passed")]


def view_of(events: list[Event]) -> View:
    """The report's view of a history."""
    told = envelopes(events)
    record, particulars = RunRecord(), Particulars()
    record.take(told)
    particulars.take(told)
    state = replay(told, SessionState(SessionId("s")))
    return report_view(
        state, particulars, record, locate=lambda path: f"/repo/{path.partition(':')[2]}"
    )


def node_of(view: View, name: str) -> View:
    """One node of a report's view."""
    return next(node for node in view["nodes"] if node["node"] == name)
