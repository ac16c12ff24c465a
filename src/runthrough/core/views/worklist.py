"""The work list: each node in the first category that fits, and the one next command."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, get_args

from pydantic import JsonValue

from runthrough.core.lifecycle import Lifecycle
from runthrough.core.staleness import Change, World, fingerprint, stale, told_differences
from runthrough.core.state import NodeState, SessionState
from runthrough.core.validation.words import command as to_type
from runthrough.core.validation.words import to_give, word
from runthrough.core.values.connections import ProposedConnection, Rejection
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName
from runthrough.core.values.paths import shown
from runthrough.core.values.problems import Problem, ProblemCode
from runthrough.core.views.changes import changes_text
from runthrough.core.views.need_words import need_text

Category = Literal[
    "running",
    "needs_you",
    "failed",
    "blocked",
    "stale",
    "waiting",
    "ready",
    "passed",
    "external",
]
INTERRUPTED = frozenset({"cancelled", "lost"})
"""Outcomes that say nothing of the script: somebody or something ended its tester."""
CATEGORIES: tuple[Category, ...] = get_args(Category)


@dataclass(frozen=True, slots=True)
class WorklistRow:
    """One node of the work list."""

    node: NodeName
    category: Category
    text: str
    """What a person reads beside the node's name."""
    needs: tuple[str, ...]
    evidence: tuple[str, ...]
    """Where the values of an accepted configuration come from."""
    by: str | None
    """`auto`, or the person who configured it."""
    next: str | None
    """A command to type."""


def worklist(state: SessionState, world: World, *, tester_gone: bool = False) -> list[WorklistRow]:
    """All nodes by category, inside each in topological order.

    `tester_gone` says that the process which drives the present run does not live any more.
    """
    rows = _rows(state, world, tester_gone=tester_gone)
    rank = {category: place for place, category in enumerate(CATEGORIES)}
    return sorted(rows, key=lambda row: rank[row.category])


def row_view(row: WorklistRow) -> dict[str, JsonValue]:
    """Keys: node, category, text, needs, evidence, by, next."""
    return {
        "node": row.node,
        "category": row.category,
        "text": row.text,
        "needs": list(row.needs),
        "evidence": list(row.evidence),
        "by": row.by,
        "next": row.next,
    }


def drawn_word(row: Mapping[str, JsonValue]) -> str:
    """The word that a row is drawn with: its category, or that its tester is gone."""
    gone = row["category"] == "running" and row["next"] is not None
    return "interrupted" if gone else str(row["category"])


LOOK_BACK = "runthrough history"
"""The next command where there is nothing to do."""
TRY_AGAIN = "runthrough retry"
"""The next command where a script failed before it started, once the reason is mended."""
TELL = "runthrough report"
"""The next command where all has passed."""


def next_command(rows: Sequence[WorklistRow]) -> str:
    """The one thing to type next; what is to be confirmed comes before what is to be typed."""
    running = [row for row in rows if row.category == "running"]
    if running:
        return running[0].next or "runthrough status"
    for row in rows:
        if row.category == "needs_you" and decides(row.next):
            return row.next or ""
    for category, command in (
        ("needs_you", None),
        ("stale", "runthrough run"),
        ("waiting", "runthrough run"),
        ("ready", "runthrough run"),
        ("failed", None),
        ("blocked", "runthrough run"),
    ):
        for row in rows:
            if row.category == category:
                return command or row.next or "runthrough status"
    return TELL if any(row.category == "passed" for row in rows) else LOOK_BACK


def _rows(state: SessionState, world: World, *, tester_gone: bool) -> list[WorklistRow]:
    changed = stale(state, world)
    blockers: dict[NodeName, NodeName] = {}
    rows: list[WorklistRow] = []
    for node in state.nodes:
        stopped = next(
            (blockers[above] for above in state.predecessors.get(node, ()) if above in blockers),
            None,
        )
        facts = world.get(node, NodeFacts())
        row = _row(state, node, facts, changes=changed.get(node, ()), stopped=stopped)
        if tester_gone and row.category == "running":
            row = replace(row, text="interrupted: its tester is gone", next="runthrough run")
        if row.category == "failed" or state.nodes[node].state is Lifecycle.PENDING:
            blockers[node] = node
        elif row.category == "blocked" and stopped is not None:
            blockers[node] = stopped
        rows.append(row)
    return rows


def _row(
    state: SessionState,
    node: NodeName,
    facts: NodeFacts,
    *,
    changes: tuple[Change, ...],
    stopped: NodeName | None,
) -> WorklistRow:
    there = state.nodes[node]
    evidence = _evidence(state, node, there)
    category, text, command = _judged(state, node, facts, changes, stopped)
    by = "auto" if there.configured_by == "auto" else there.accepted_by
    settled = there.spec is not None
    if category == "ready" and not settled:
        text = "found, and not decided yet"  # as of a version in the middle of a command
    elif category == "ready" and not text:
        by_hand = any(c.status == "confirmed" for c in state.connections.get(node, {}).values())
        lead = (
            f"by {by}" if by != "auto" else "with what a person connected" if by_hand else "auto"
        )
        text = f"{lead}{': ' if evidence else ''}{'; '.join(evidence)}"
    return WorklistRow(
        node=node,
        category=category,
        text=text,
        needs=tuple(need_text(need) for need in there.needs),
        evidence=evidence,
        by=by if settled else None,
        next=command,
    )


def _judged(
    state: SessionState,
    node: NodeName,
    facts: NodeFacts,
    changes: tuple[Change, ...],
    stopped: NodeName | None,
) -> tuple[Category, str, str | None]:
    """The first category that fits, its text, and the command that goes on from there."""
    there = state.nodes[node]
    if there.external:
        outputs = there.external_outputs.items()
        return "external", ", ".join(f"{n}: {shown(p)}" for n, p in outputs), None
    if there.running is not None:
        return "running", "", None
    if needs_a_person(state, node):
        return "needs_you", *asked(state, node)
    if failure := _failure(state, node, facts, changes):
        return "failed", failure, _after_failure(node, there)
    if stopped is not None:
        return "blocked", f"below {stopped}", None
    if there.last is not None and there.last.outcome in INTERRUPTED:
        return "ready", "interrupted, and runs again", to_type("run", node)
    if changes:
        above = "+" if any(change.part == "upstream" for change in changes) else ""
        return "stale", changes_text(changes), to_type("run", f"{above}{node}")
    if waits := _waits_for(state, node):
        return "waiting", f"for {', '.join(waits)}", to_type("run", f"+{node}")
    if there.passed is None:
        return "ready", "", to_type("run", node)
    seconds = there.last.duration_s if there.last else 0.0
    return "passed", f"{seconds:.1f} s, {there.passed.at:%Y-%m-%d %H:%M} UTC", None


def _after_failure(node: NodeName, there: NodeState) -> str:
    """What mends a failure, where a command does; else what shows it."""
    last = there.last
    if last is not None and last.outcome == "passed":
        mends = (misfit.fix for misfit in there.misfits if misfit.fix.startswith("runthrough "))
        return next(mends, to_type("logs", node))
    # One that failed before it started, as for want of a secret, has left no log.
    logless = last is not None and last.log is None
    return TRY_AGAIN if logless else to_type("logs", node)


def _failure(
    state: SessionState, node: NodeName, facts: NodeFacts, changes: tuple[Change, ...]
) -> str:
    """Why the last attempt did not do, as long as what it depended on is what is there."""
    there = state.nodes[node]
    last = there.last
    if last is not None and last.outcome not in {"passed", *INTERRUPTED}:
        present = fingerprint(state, node, facts)
        if present is None or told_differences(last.fingerprint, present, facts):
            return ""
        told = last.error.headline if last.error else ""
        if last.outcome == "failed" and told:
            return told  # the category says already that it failed
        return f"{last.outcome.replace('_', ' ')}{': ' if told else ''}{told}"
    if changes:
        return ""
    return "; ".join(f"{m.output} does not fit {m.node}: {m.text}" for m in there.misfits)


def _waits_for(state: SessionState, node: NodeName) -> list[str]:
    sources = {c.source.node: str(c.source) for c in state.connections.get(node, {}).values()}
    return [
        sources.get(above, above)
        for above in state.predecessors.get(node, ())
        if not state.nodes[above].external and state.nodes[above].passed is None
    ]


def _evidence(state: SessionState, node: NodeName, there: NodeState) -> tuple[str, ...]:
    wired = [
        f"{name} ← {connection.source} ({connection.reason})"
        for name, connection in state.connections.get(node, {}).items()
    ]
    paths = there.spec.input_paths if there.spec else {}
    return (*wired, *(f"{name} ← {shown(path)}" for name, path in paths.items()))


def needs_a_person(state: SessionState, node: NodeName) -> bool:
    """Whether a node waits for an answer: to be configured, or to what is proposed for it."""
    return state.nodes[node].state is Lifecycle.PENDING or node in state.proposals


def asked(state: SessionState, node: NodeName) -> tuple[str, str | None]:
    """What a person is asked, and the command that answers."""
    there, proposals = state.nodes[node], state.proposals.get(node, {})
    if there.state is Lifecycle.PENDING:
        told = (
            _question(proposals[need.where.name])
            if need.code == "CONNECTION_AMBIGUOUS" and need.where.name in proposals
            else need_text(need)
            for need in there.needs
        )
        rejections = state.rejected.get(node, ())
        return "; ".join(told), answer_command(node, there.needs, proposals, rejections)
    text = "; ".join(_question(proposal) for proposal in proposals.values())
    return text, decide_command(proposals.values(), state.rejected.get(node, ()))


def _question(proposal: ProposedConnection) -> str:
    """A proposal in a few words: `scores ← Model.scores? (equal names)`."""
    folders = [f"/{choice.subpath}" for choice in proposal.choices]
    among = f"; one of {', '.join(folders)}" if folders else ""
    return f"{proposal.input} ← {proposal.asked_about}? ({proposal.reason}{among})"


_DECIDES = ("runthrough confirm", "runthrough connect")


def decides(command: str | None) -> bool:
    """Whether a command says which output feeds an input; one that is missing says nothing."""
    return command is not None and command.startswith(_DECIDES)


def decide_command(
    asked: Iterable[ProposedConnection], rejections: Iterable[Rejection] = ()
) -> str | None:
    """The command that takes what is proposed for inputs of one node.

    Where only sub-folders are to be chosen, the one that connects the likeliest; none where
    nothing is asked, or nothing but an edge speaks for any of several outputs.
    """
    proposals, rejected = tuple(asked), tuple(rejections)
    targets = {proposal: f"{proposal.node}.{proposal.input}" for proposal in proposals}
    settled = [targets[p] for p in proposals if not p.is_choice(rejected)]
    if settled:
        return to_type("confirm", *settled)
    open_yet = (p for p in proposals if p.choices and p.score > 0)
    return next((to_type("connect", str(p.choices[0]), targets[p]) for p in open_yet), None)


_FLAGS: Mapping[ProblemCode, tuple[str, str]] = {
    "CONNECTION_AMBIGUOUS": ("--input", "PATH"),
    "INPUT_MISSING": ("--input", "PATH"),
    "INPUT_NOT_FOUND": ("--input", "PATH"),
    "INPUT_EMPTY": ("--input", "PATH"),
    "INPUT_UNREADABLE": ("--input", "PATH"),
    "EXTERNAL_NOT_FOUND": ("--input", "PATH"),
    "ENV_MISSING": ("--env", "VALUE"),
    "ARG_MISSING": ("--arg", "VALUE"),
    "OUTPUT_CLASH": ("--output", "PATH"),
    "OUTPUT_IS_INPUT": ("--output", "PATH"),
    "OUTPUT_NOT_WRITABLE": ("--output", "PATH"),
}


def _typed(node: NodeName, fix: str) -> str:
    """The command in a fix, which may say more; else the one that shows the whole fix."""
    if not fix.startswith("runthrough "):
        return to_type("check", node)
    return fix.partition(", or ")[0].partition(" (")[0]


def answer_command(
    node: NodeName,
    needs: Sequence[Problem],
    proposals: Mapping[str, ProposedConnection] = MappingProxyType({}),
    rejections: Iterable[Rejection] = (),
) -> str | None:
    """One command that answers all needs, or the fix of the first that no flag answers.

    What is proposed is decided first.
    """
    asked = [need.where.name or "" for need in needs if need.code == "CONNECTION_AMBIGUOUS"]
    open_yet = (proposals[name] for name in asked if name in proposals)
    if decided := decide_command(open_yet, rejections):
        return decided
    flags = []
    for need in needs:
        flag = _FLAGS.get(need.code)
        if flag is None or need.where.name is None:
            return _typed(node, need.fix)
        value = to_give(need.where.name) if flag[1] == "VALUE" else flag[1]
        flags.append(f"{flag[0]} {word(need.where.name)}={value}")
    return to_type("configure", node, options=" ".join(flags)) if flags else None
