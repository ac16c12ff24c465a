"""The end of a run: a table of nodes, then each failure told well, root causes first."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from runthrough.core.views.ended import (
    GOOD,
    blocked_by,
    causes_of,
    count_parts,
    exit_words,
    source_lines,
    told_frames,
    why_words,
)
from runthrough.entrypoints.cli.folding import CAUSES, MANY, Row, by_kind, folded
from runthrough.entrypoints.cli.progress import OUTCOME_STYLES
from runthrough.entrypoints.cli.screen import INDENT
from runthrough.entrypoints.cli.words import near, one_line

if TYPE_CHECKING:
    from runthrough.application.session import Session
    from runthrough.core.state import RunState
    from runthrough.core.values.ids import NodeName
    from runthrough.core.values.outcomes import Frame
    from runthrough.entrypoints.cli.screen import Screen
    from runthrough.entrypoints.cli.visit import Visit

    View = Mapping[str, Any]

BAD = frozenset(OUTCOME_STYLES) - GOOD
WORST_FIRST = sorted(OUTCOME_STYLES, key=lambda outcome: outcome in GOOD)


def draw_results(visit: "Visit", session: "Session", ran: "RunState", view: "View") -> None:
    """The nodes of the run with outcomes and seconds, what is wrong, and a line that counts."""
    screen = visit.screen
    screen.blank()
    causes = causes_of(ran)
    _draw_table(visit, session, ran, untold=frozenset(causes[CAUSES:]))
    for node in causes[:CAUSES]:
        screen.blank()
        _draw_failure(visit, session, ran, node)
    if (more := len(causes) - CAUSES) > 0:
        screen.blank()
        screen.typed(f"… {more} more did not pass:  ", visit.typed("runthrough status --all"))
    _draw_flows(visit, view)
    screen.blank()
    style = "green" if ran.status == "passed" else "bold red"
    status, *counts = count_parts(ran)
    screen.parts((status, style), *counts)


def _draw_table(
    visit: "Visit", session: "Session", ran: "RunState", *, untold: "Collection[NodeName]"
) -> None:
    """Outcome, node and seconds, in the order of the run; of many nodes the worst come first."""
    rows = [_row(session, ran, node, with_why=node in untold) for node in ran.plan.order]
    if len(rows) > MANY:
        rows = by_kind(rows, WORST_FIRST)
    shown = list(folded(rows, urgent=BAD))
    visit.screen.rows(
        (
            (f"{OUTCOME_STYLES[kind][0]} {kind.replace('_', ' ')}", OUTCOME_STYLES[kind][1]),
            node,
            text,
        )
        for kind, node, text in shown
    )


def _row(session: "Session", ran: "RunState", node: "NodeName", *, with_why: bool) -> Row:
    last = session.state.nodes[node].last
    outcome = ran.outcomes.get(node, "not_run")
    if by := ran.blocked_by.get(node):
        return Row(outcome, node, f"by {', '.join(by)}")
    if last is None or outcome in {"reused", "blocked", "not_run"}:
        return Row(outcome, node, "")
    why = f"  {one_line(why_words(last.error if last else None))}" if with_why else ""
    return Row(outcome, node, f"{last.duration_s:.1f} s{why}")


def _draw_failure(visit: "Visit", session: "Session", ran: "RunState", node: "NodeName") -> None:
    """Why a node did not pass: the words, the user's frames, what it blocked, how to see more."""
    from runthrough.core.validation.words import command  # noqa: PLC0415 - inside commands

    screen = visit.screen
    last = session.state.nodes[node].last
    outcome = ran.outcomes[node].replace("_", " ")
    told = ((node, "bold"), f" {outcome}: {why_words(last.error if last else None)}")
    screen.line(*told, lead=("✗ ", "bold red"))
    if last is None:
        return
    if last.error is not None:
        for frame in told_frames(last.error.own_frames):
            _draw_frame(screen, frame)
        for hint in last.error.hints:
            _draw_advice(screen, "    → ", hint)
    if code := exit_words(last.exit_code, last.error):
        screen.line(code, lead=INDENT)
    if blocked := blocked_by(ran, node):
        screen.line(", ".join(blocked), lead=f"{INDENT}blocked: ")
    if last.log is not None:
        screen.typed("    → ", visit.typed(command("logs", node)))


def _draw_flows(visit: "Visit", view: "View") -> None:
    """What is wrong with what went from output to input: errors first, each with its fix."""
    flows = view["data_flow_results"]
    checked = [seam for flow in flows.values() for seam in flow["connections"]]
    issues = [(seam, issue) for seam in checked for issue in seam["issues"]]
    for mark, severity, style in (("✗ ", "error", "bold red"), ("! ", "warning", "yellow")):
        for seam, issue in issues:
            if issue["severity"] != severity:
                continue
            visit.screen.blank()
            ends = f"{seam['output']} → {seam['input']}"
            visit.screen.line((ends, "bold"), f" {issue['code']}", lead=(mark, style))
            visit.screen.line(issue["message"], lead=INDENT)
            _draw_advice(visit.screen, "      → ", visit.advice(issue["fix"]))


def _draw_advice(screen: "Screen", lead: str, advice: str) -> None:
    """A sentence, wrapped; what holds a command to be copied is never wrapped."""
    if "runthrough " in advice:
        screen.typed(lead, advice)
    else:
        screen.line(advice, lead=lead)


def _draw_frame(screen: "Screen", frame: "Frame") -> None:
    """`file:line in function`, and the line with its two neighbours."""
    screen.typed("    ", f"{near(frame.file)}:{frame.line} in {frame.function}")
    for number, source, is_it in source_lines(frame):
        mark, style = (">", "") if is_it else (" ", "dim")
        screen.line((source, style), lead=(f"    {mark} {number:>4} │ ", style))
