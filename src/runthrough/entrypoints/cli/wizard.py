"""The wizard: one question after the other, each answer recorded before the next is asked."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runthrough.application.session import Session
from runthrough.application.shown import Recorded
from runthrough.core.lifecycle import Phase
from runthrough.core.values.ids import NodeName
from runthrough.core.views.questions import Question
from runthrough.entrypoints.cli.asker import Asker, Move
from runthrough.entrypoints.cli.wizard_replies import (
    KEEP,
    LOOK_AGAIN,
    OPEN,
    Outside,
    Replies,
    Reply,
)
from runthrough.entrypoints.cli.wizard_words import WizardWords
from runthrough.errors import (
    CommandInvalidError,
    CommandRefusedError,
    ConfigurationInvalidError,
    RunInProgressError,
    SessionClosedError,
    UnknownNodeError,
    VersionConflictError,
)

SECRET_IN_PLAIN = "SECRET_IN_PLAIN"  # noqa: S105 - a problem's code
Mark = tuple[NodeName, str, str, str]
"""A question as it was asked: node, kind, name, and what was wrong."""


@dataclass(slots=True)
class Step:
    """A question that is behind, with what came of it."""

    question: Question
    given: str = ""
    recorded: Recorded | None = None
    """`None` where it was skipped, or nothing changed."""


@dataclass(slots=True)
class Way:
    """Where the wizard is, and what is behind it."""

    node: NodeName | None = None
    steps: list[Step] = field(default_factory=list)
    passed: set[Mark] = field(default_factory=set)
    """Questions that are not asked again by themselves."""
    answered: set[tuple[NodeName, str, str]] = field(default_factory=set)
    """Needs that are not asked about again unless something is wrong with them."""
    left: set[NodeName] = field(default_factory=set)
    """Nodes that are not gone on with."""
    again: Step | None = None
    """What is to be asked next, whatever else waits."""


class Wizard:
    """Asks what nodes wait for until nothing is left, or the person stops.

    Every answer is recorded at once, so the way may be left at any question. `variables` are the
    person's environment variables.
    """

    def __init__(
        self, session: Session, asker: Asker, words: WizardWords, *, variables: Mapping[str, str]
    ) -> None:
        self._session = session
        self._words = words
        self._variables = variables
        self._replies = Replies(asker, words, session.knows_secret)
        self._way = Way()
        self._only: NodeName | None = None
        self._everything = False

    def go(self, only: NodeName | None = None, *, everything: bool = False) -> None:
        """Ask about one node, or about all that wait for a person.

        Raises:
            KeyboardInterrupt: Ctrl-C; what was answered is recorded.
            RunInProgressError, SessionClosedError: Nothing can be configured now.
        """
        self._only, self._everything = only, everything
        while (question := self._following()) is not None:
            if self._asked(question) is Move.QUIT:
                return

    @property
    def recorded(self) -> tuple[int, int]:
        """How many answers were recorded, and the version of the last."""
        versions = [step.recorded.version for step in self._way.steps if step.recorded]
        return len(versions), max(versions, default=0)

    # ---- what is asked

    def _following(self) -> Question | None:
        """The question to go back to, else the node's next one, else the next node's."""
        way = self._way
        if way.again is not None:
            question = self._anew(way.again.question)
            if question is not None:
                return self._enter(question)
            way.again = None
        if way.node is not None and (asked := self._open(way.node)):
            return asked[0]
        nodes = [node for node in self._nodes() if node not in way.left]
        for node in nodes:
            if asked := self._open(node):
                return self._enter(asked[0], asked, more_nodes=len(nodes) - 1)
        return None

    def _nodes(self) -> list[NodeName]:
        return self._session.asked_nodes() if self._only is None else [self._only]

    def _open(self, node: NodeName) -> list[Question]:
        """A node's questions that are not passed; none where somebody took the node away."""
        way = self._way
        if node in way.left:
            return []
        try:
            asked = self._session.questions(
                node, everything=self._everything, variables=self._variables
            )
        except UnknownNodeError:
            return []
        return [
            question
            for question in asked
            if _mark(question) not in way.passed
            and (question.code is not None or _need(question) not in way.answered)
        ]

    def _enter(
        self, question: Question, asked: Sequence[Question] = (), *, more_nodes: int = 0
    ) -> Question:
        """Tell the node where another one is gone on with."""
        if question.node != self._way.node:
            self._way.node = question.node
            self._words.node(question.node, asked, more_nodes=more_nodes)
        return question

    def _anew(self, question: Question) -> Question | None:
        """A question as it stands now; an input is asked for whether or not one is proposed."""
        try:
            asked = self._session.questions(
                question.node, everything=True, variables=self._variables
            )
        except UnknownNodeError:
            return None
        return next((q for q in asked if _need(q) == _need(question)), None)

    # ---- what is answered

    def _asked(self, question: Question) -> Move | None:
        """Ask until there is an answer that holds; `QUIT` where the person stops."""
        way = self._way
        typed = way.again.given if way.again is not None else ""
        way.again = None
        # What is seen now; looking again at a wrong answer must not hide what others do.
        based_on = self._session.version
        while True:
            reply = self._replies.to(question, typed)
            if reply is Move.QUIT:
                return reply
            if reply is Move.BACK:
                if self._gone_back():
                    return None
                continue
            if reply is Move.SKIP or reply is Move.NEXT_NODE or reply is KEEP:
                self._passed(question, reply)
                return None
            if reply is LOOK_AGAIN:
                seen = self._anew(question)
                self._words.looked(question.name, holds=seen is None or not seen.problem)
                return None
            step = self._hand_in(question, reply, based_on)
            if isinstance(step, Step):
                way.steps.append(step)
                way.answered.add(_need(question))
                return None
            if step is None:
                typed = self._replies.written
                continue
            question, typed, based_on = step, "", self._session.version

    def _passed(self, question: Question, reply: Reply) -> None:
        """Leave a question, or its whole node, as it is."""
        way = self._way
        way.steps.append(Step(question))
        way.passed.add(_mark(question))
        if reply is KEEP:
            self._words.kept(question)
        elif reply is Move.SKIP:
            self._words.skipped(question.name)
        else:
            way.left.add(question.node)
            self._words.skipped(question.node)

    def _hand_in(self, question: Question, reply: Reply, based_on: int) -> Step | Question | None:
        """What was recorded; the question as it stands by now where somebody else changed it.

        `None` where the answer does not hold, which is told.
        """
        pending = self._session.waits(question.node)
        try:
            recorded = self._record(question, reply, based_on)
        except VersionConflictError as conflict:
            self._words.conflict(conflict)
            self._session.refresh()
            if self._session.state.phase is Phase.CLOSED:
                raise SessionClosedError("next") from conflict
            return self._anew(question) or Step(question)
        except (SessionClosedError, RunInProgressError):
            raise
        except UnknownNodeError as gone:
            self._words.wrong([(gone.message, "")])
            return Step(question)
        except ConfigurationInvalidError as invalid:
            self._wrong(
                [(str(p["code"]), str(p["message"]), str(p["fix"])) for p in invalid.problems]
            )
            return None
        except (CommandInvalidError, CommandRefusedError) as refused:
            self._words.wrong([(refused.message, refused.fix or "")])
            return None
        if recorded is None:
            return None
        self._words.answered(question, reply if isinstance(reply, str) else "", recorded)
        if pending and not self._session.waits(question.node):
            self._words.settled(question.node)
        return Step(question, reply if isinstance(reply, str) else "", recorded)

    def _record(self, question: Question, reply: Reply, based_on: int) -> Recorded | None:
        if reply is OPEN:
            return self._session.leave_open(question, based_on=based_on)
        if isinstance(reply, Outside):
            return self._session.mark_external(question.node, reply.outputs, based_on=based_on)
        given = _given(question, str(reply))
        if problems := self._session.tried(question, given):
            self._wrong([(problem.code, problem.message, problem.fix) for problem in problems])
            return None
        return self._session.answer(question, given, based_on=based_on)

    def _wrong(self, problems: Sequence[tuple[str, str, str]]) -> None:
        """Tell why an answer does not hold; one that may be a secret is not to be edited."""
        if any(code == SECRET_IN_PLAIN for code, _, _ in problems):
            self._replies.forget()
        self._words.wrong([(message, fix) for _, message, fix in problems])

    # ---- the way back

    def _gone_back(self) -> bool:
        """Take back what was answered last, and ask it again; `False` at the first question."""
        way = self._way
        if not way.steps:
            self._words.at_the_first()
            return False
        step = way.steps.pop()
        way.passed.discard(_mark(step.question))
        way.answered.discard(_need(step.question))
        way.left.discard(step.question.node)
        way.again = step
        if step.recorded is not None:
            self._take_back(step.question, step.recorded)
        return True

    def _take_back(self, question: Question, recorded: Recorded) -> None:
        """Undo an answer, unless somebody acted since: then it stands, and may be replaced."""
        self._session.refresh()
        actions = self._session.state.actions
        own = range(recorded.after + 1, recorded.version + 1)
        if not actions or actions[-1].version not in own:
            self._words.stands(question.name)
            return
        try:
            undone = self._session.undo(seen=lambda action: action.version in own)
        except CommandRefusedError as refused:
            self._words.wrong([(refused.message, "")])
            self._words.stands(question.name)
        else:
            self._words.taken_back(question.name, undone)


def _mark(question: Question) -> Mark:
    return question.node, question.kind, question.name, f"{question.code} {question.problem}"


def _need(question: Question) -> tuple[NodeName, str, str]:
    """What a question is about, whether or not an output is proposed for it."""
    return question.node, "input" if question.reads_a_place else question.kind, question.name


def _given(question: Question, text: str) -> str:
    """An answer as it is handed in; a path may begin in the person's own folder."""
    place = question.reads_a_place or question.kind in {"script", "output"}
    return os.path.expanduser(text) if place and text.startswith("~") else text  # noqa: PTH111 - a text
