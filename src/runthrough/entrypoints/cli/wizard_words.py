"""What the wizard says between its questions."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from runthrough.core.values.answer_texts import PLAIN
from runthrough.core.values.ids import NodeName
from runthrough.core.values.paths import shown
from runthrough.core.values.problems import Problem
from runthrough.core.views.questions import Question
from runthrough.core.views.value_words import NOT_SET, value_words
from runthrough.entrypoints.cli.words import counted, one_line
from runthrough.errors import VersionConflictError

if TYPE_CHECKING:
    from pydantic import JsonValue

    from runthrough.application.session import Session
    from runthrough.application.shown import Recorded
    from runthrough.entrypoints.cli.visit import Visit

_INDENT = "    "
_DONE = ("  ✓ ", "green")
_WRONG = ("  ✗ ", "bold red")
_MIND = ("  ! ", "bold yellow")
_BACK = ("  ↶ ", "yellow")
_NOTED = ("  · ", "dim")
_NAMES_TOLD = 4
"""More of them fill a narrow line; each is asked for anyway."""


class WizardWords:
    """Tells on the screen where the wizard is, and what came of each answer."""

    def __init__(self, visit: "Visit", session: "Session") -> None:
        self._visit = visit
        self._screen = visit.screen
        self._session = session
        self._introduced: set[NodeName] = set()

    def node(self, node: NodeName, questions: Sequence[Question], *, more_nodes: int) -> None:
        """Which node is asked about, what for, and how many come after it."""
        there = self._session.state.nodes[node]
        script = shown(there.script.path) if there.script is not None else "no script"
        about = self._session.particulars.scripts.get(node)
        purpose = f" · {one_line(about.description)}" if about and about.description else ""
        self._screen.blank()
        self._screen.line((node, "bold"), f" · {script}", (purpose, "dim"))
        if node in self._introduced:
            return
        self._introduced.add(node)
        needed = [q for q in questions if q.code is not None or q.kind == "connection"]
        told = needed or questions
        named = ("its script" if q.kind == "script" else q.name for q in told)
        names = ", ".join([*dict.fromkeys(named)][:_NAMES_TOLD])
        more = f" and {len(told) - _NAMES_TOLD} more" if len(told) > _NAMES_TOLD else ""
        besides = len(questions) - len(needed)
        also = f"; {besides} more asked, for you said --all" if needed and besides else ""
        lead = "needs you for" if needed else "nothing is missing; asks for"
        after = f"; {counted(more_nodes, 'more node')} after it" if more_nodes else ""
        self._screen.line(
            f"{lead} {counted(len(told), 'answer')}: {names}{more}{also}",
            (after, "dim"),
            lead="  ",
        )

    def answered(self, question: Question, given: str, recorded: "Recorded") -> None:
        """That an answer is recorded, with what looks wrong with it."""
        told = next((c.shown for c in question.candidates if c.value == given), given)
        name = question.name if question.kind != "script" else "script"
        if given:
            self._done(f"{name} = {told.removeprefix(PLAIN)}", recorded)
        else:
            rows = self._session.recorded(recorded)
            self._done(rows[0].sentence if rows else name, recorded)
        self._warnings(recorded.warnings)

    def _done(self, text: str, recorded: "Recorded") -> None:
        version = (f"  version {recorded.version}", "dim")
        self._screen.line(one_line(text), version, lead=_DONE)

    def _warnings(self, warnings: Iterable[Problem]) -> None:
        for warning in warnings:
            self._screen.line(f"warning: {warning.message}", lead=(f"{_INDENT}! ", "bold yellow"))
            self._screen.typed(f"{_INDENT}  → ", self._visit.advice(warning.fix))

    def settled(self, node: NodeName) -> None:
        """That a node does not wait for a person any more."""
        there = self._session.state.nodes[node]
        state = there.state.value if there.state is not None else "external"
        self._screen.line((node, "bold"), f" is {state.replace('_', ' ')}", lead=_DONE)

    def wrong(self, told: Iterable[tuple[str, str]]) -> None:
        """Why an answer does not hold, and what to do, each with its fix."""
        for problem, fix in told:
            self._screen.line(one_line(problem), lead=_WRONG)
            if fix:
                self._screen.typed(f"{_INDENT}→ ", self._visit.typed(fix))

    def kept(self, question: Question) -> None:
        """That what is there stays."""
        there = question.current.shown if question.current is not None else ""
        self._screen.line(f"{question.name} stays {one_line(there)}", lead=_NOTED)

    def looked(self, name: str, *, holds: bool) -> None:
        """What another look at something found."""
        if holds:
            self._screen.line(f"{name} holds now", lead=_DONE)
        else:
            self._screen.line(f"{name} is as it was", lead=_NOTED)

    def skipped(self, name: str) -> None:
        """That something is left for later."""
        self._screen.line(f"{name} is left for later", lead=_NOTED)

    def at_the_first(self) -> None:
        """That there is nothing to go back to."""
        self._screen.line("this is the first question", lead=_NOTED)

    def taken_back(self, name: str, undone: "Recorded") -> None:
        """That an answer was undone, which is recorded too."""
        version = (f"  version {undone.version}", "dim")
        self._screen.line(f"took back {name}", version, lead=_BACK)

    def stands(self, name: str) -> None:
        """That an answer cannot be undone alone any more."""
        self._screen.line(
            f"{name} stays as it is until another answer takes its place", lead=_NOTED
        )

    def conflict(self, conflict: VersionConflictError) -> None:
        """What somebody else did meanwhile, value by value; nothing of it is overwritten."""
        changed = [row for row in conflict.fields if row["base"] != row["theirs"]]
        self._screen.line(
            f"{conflict.actor} {'changed' if changed else 'acted on'} {conflict.node} meanwhile "
            f"({conflict.event}, version {conflict.version}); your answer is not recorded",
            lead=_MIND,
        )
        for row in changed:
            change = f"{_worded(row['base'])} → {_worded(row['theirs'])}"
            self._screen.line(one_line(change), lead=(f"{_INDENT}{row['field']}  ", "dim"))


def _worded(value: "JsonValue") -> str:
    return NOT_SET if value is None else value_words(value)
