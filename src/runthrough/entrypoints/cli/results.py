"""The end of a run: a table of nodes, then each failure told well, root causes first."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runthrough.entrypoints.cli.progress import OUTCOME_STYLES
from runthrough.entrypoints.cli.screen import INDENT
from runthrough.entrypoints.cli.words import counted, near

if TYPE_CHECKING:
    from runthrough.application.session import Session
    from runthrough.core.state import LastAttempt, RunState
    from runthrough.core.values.ids import NodeName
    from runthrough.core.values.outcomes import Frame
    from runthrough.entrypoints.cli.screen import Piece, Screen
    from runthrough.entrypoints.cli.visit import Visit

    View = Mapping[str, Any]

GOOD = frozenset({"passed", "reused", "blocked", "not_run"})


def draw_results(visit: "Visit", session: "Session", ran: "RunState", view: "View") -> None:
    """The nodes of the run with outcomes and seconds, what is wrong, and a line that counts."""
    screen = visit.screen
    screen.blank()
    screen.rows(_table(session, ran))
    causes = [n for n in ran.plan.order if ran.outcomes.get(n, "not_run") not in GOOD]
    for node in causes:
        screen.blank()
        _draw_failure(visit, session, ran, node)
    _draw_flows(visit, view)
    screen.blank()
    screen.line(_count_line(ran))


def _table(session: "Session", ran: "RunState") -> "list[tuple[str | Piece, ...]]":
    head = [(name, "dim") for name in ("node", "outcome", "seconds", "")]
    rows: list[tuple[str | Piece, ...]] = [tuple(head)]
    for node in ran.plan.order:
        there = session.state.nodes[node]
        outcome = ran.outcomes.get(node, "not_run")
        mark, style = OUTCOME_STYLES[outcome]
        ended = there.last is not None and outcome not in {"reused", "blocked", "not_run"}
        seconds = f"{there.last.duration_s:.1f}" if there.last is not None and ended else ""
        by = ran.blocked_by.get(node)
        rows.append(
            (
                node,
                (f"{mark} {outcome.replace('_', ' ')}", style),
                seconds,
                f"by {', '.join(by)}" if by else "",
            )
        )
    return rows


def _draw_failure(visit: "Visit", session: "Session", ran: "RunState", node: "NodeName") -> None:
    """Why a node did not pass: the words, the user's frames, what it blocked, how to see more."""
    from runthrough.core.validation.words import command  # noqa: PLC0415 - inside commands

    screen = visit.screen
    last = session.state.nodes[node].last
    outcome = ran.outcomes[node].replace("_", " ")
    told = ((node, "bold"), f" {outcome}: {_why(last)}")
    screen.line(*told, lead=("✗ ", "bold red"))
    if last is None:
        return
    if last.error is not None:
        for frame in last.error.own_frames:
            _draw_frame(screen, frame)
        for hint in last.error.hints:
            _draw_advice(screen, "    → ", hint)
    if last.exit_code:
        screen.line(f"exit code {last.exit_code}", lead=INDENT)
    blocked = [name for name, by in ran.blocked_by.items() if node in by]
    if blocked:
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
            _draw_advice(visit.screen, "      → ", visit.typed(issue["fix"]))


def _draw_advice(screen: "Screen", lead: str, advice: str) -> None:
    """A sentence, wrapped; what holds a command to be copied is never wrapped."""
    if "runthrough " in advice:
        screen.typed(lead, advice)
    else:
        screen.line((advice, "bold"), lead=lead)


def _why(last: "LastAttempt | None") -> str:
    if last is None or last.error is None:
        return "no reason was recorded"
    error = last.error
    return f"{error.type}: {error.message}".rstrip(": ") if error.type else error.message


def _draw_frame(screen: "Screen", frame: "Frame") -> None:
    """`file:line in function`, and the line with its two neighbours."""
    screen.typed("    ", f"{near(frame.file)}:{frame.line} in {frame.function}")
    first = max(1, frame.line - 1)
    for number, source in enumerate(frame.source, first):
        mark = ">" if number == frame.line else " "
        style = "" if number == frame.line else "dim"
        screen.line((source, style), lead=(f"    {mark} {number:>4} │ ", style))


def _count_line(ran: "RunState") -> str:
    outcomes = Counter(ran.outcomes.get(node, "not_run") for node in ran.plan.order)
    told = [
        f"{outcomes[kind]} {kind.replace('_', ' ')}" for kind in OUTCOME_STYLES if outcomes[kind]
    ]
    seconds = ran.summary.duration_s if ran.summary else 0.0
    edges = counted(len(ran.incompatible), "connection")
    unfit = f" · {edges} incompatible" if ran.incompatible else ""
    return f"{ran.status}: {' · '.join(told)}{unfit} · {seconds:.1f} s"
