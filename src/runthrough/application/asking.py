"""Asking a person what a session needs, and handing in what is answered."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from runthrough.application.answers import Answers
from runthrough.application.collecting import collecting_later
from runthrough.application.keeping import KeptSession
from runthrough.application.looking import World
from runthrough.application.shown import Recorded
from runthrough.core.lifecycle import Lifecycle, Phase
from runthrough.core.state import SessionState
from runthrough.core.values.answer_texts import argument_of, variable_of
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName
from runthrough.core.values.paths import is_own_folder
from runthrough.core.values.problems import Problem
from runthrough.core.values.requirements import RequirementKind
from runthrough.core.views.candidates import Asking, Nearby
from runthrough.core.views.nodes import View
from runthrough.core.views.picture import picture_view
from runthrough.core.views.questions import Question, questions
from runthrough.core.views.rows import rows_of
from runthrough.core.views.worklist import decides, drawn_word
from runthrough.errors import (
    AmbiguousScriptError,
    CommandInvalidError,
    SessionClosedError,
    UnknownNodeError,
)

NAMES_LOOKED_AT = 4_000
"""Names of files that are looked at for one question: some 10 ms on a warm disk."""
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Overview:
    """What one screen shows of a session, all of it from one look at the world."""

    status: View
    """See `Session.status`."""
    picture: View
    """See `views.picture.picture_view`."""
    node: NodeName | None
    """The node that is asked about; `None` where none is chosen and none needs a person."""
    questions: tuple[Question, ...]
    """What it needs and has, everything of it."""


class AskedSession(KeptSession):
    """A session that tells what it waits for, one question at a time."""

    @collecting_later()
    def asked_nodes(self) -> list[NodeName]:
        """The nodes that wait for a person; where something is proposed come first.

        Raises:
            SessionClosedError: It is closed, so that nothing is answered any more.
        """
        self.refresh()
        if self.state.phase is Phase.CLOSED:
            raise SessionClosedError("next")
        rows = [row for row in self.worklist() if row.category == "needs_you"]
        decided = [row.node for row in rows if decides(row.next)]
        return [*decided, *(row.node for row in rows if row.node not in decided)]

    def questions(
        self,
        node: str,
        *,
        everything: bool = False,
        variables: Mapping[str, str] = _NOTHING,
    ) -> tuple[Question, ...]:
        """What a node waits for, as the world is now; records nothing.

        Args:
            node: A node, or a script that only one node runs.
            everything: Also what is answered, and what the node can do without.
            variables: Environment variables of the person who is asked, as candidates; the value
                of one that is named like a secret is never offered.

        Raises:
            UnknownNodeError: No node has that name.
        """
        self.refresh()
        name, world = self.node_named(node), self._look()
        return self._questions(
            name, world, self._as_seen(world), everything=everything, variables=variables
        )

    @collecting_later()
    def overview(self, node: str | None = None) -> "Overview":
        """All that one screen shows of the session, from one look; records nothing.

        Args:
            node: The node that is asked about; left out, or gone, the next one that needs a
                person.
        """
        self.refresh()
        world = self._look()
        seen = self._as_seen(world)
        status = self._status(world, seen)
        listed = rows_of(status["worklist"])
        words = {NodeName(str(row["node"])): drawn_word(row) for row in listed}
        chosen = self._known(node)
        if chosen is None:
            needing = [row for row in listed if row["category"] == "needs_you"]
            decided = [row for row in needing if decides(str(row["next"]))]
            chosen = next((NodeName(str(row["node"])) for row in (*decided, *needing)), None)
        return Overview(
            status=status,
            picture=picture_view(self.state, words),
            node=chosen,
            questions=()
            if chosen is None
            else self._questions(chosen, world, seen, everything=True, variables=_NOTHING),
        )

    def _known(self, node: str | None) -> NodeName | None:
        try:
            return None if node is None else self.node_named(node)
        except (UnknownNodeError, AmbiguousScriptError):
            return None

    def _questions(
        self,
        name: NodeName,
        world: World,
        seen: SessionState,
        *,
        everything: bool,
        variables: Mapping[str, str],
    ) -> tuple[Question, ...]:
        """The questions by one look, and by the state as that look would leave it."""
        asking = Asking(
            node=name,
            state=seen,
            particulars=self.particulars,
            facts=world.get(name, NodeFacts()),
            nearby=Nearby(variables=variables),
            locate=self.locate,
        )
        asked = questions(asking, everything=everything)
        if any(question.reads_a_place or question.kind == "script" for question in asked):
            around = replace(asking, nearby=self._nearby(variables))
            asked = questions(around, everything=everything)
        return asked

    def tried(self, question: Question, given: str) -> tuple[Problem, ...]:
        """What is wrong with an answer; records nothing. A script is looked at when it is bound.

        Raises:
            CommandInvalidError: It cannot be kept or used.
        """
        if question.kind == "script":
            return ()
        kind = _need_kind(question)
        own = self.particulars.needs(question.node).own_name(kind, question.name)
        parts = {"input", "connection"} if question.reads_a_place else {kind}
        return tuple(
            problem
            for problem in self.preview(question.node, _answers(question, given))
            if problem.where.kind in parts and problem.where.name in {question.name, own}
        )

    def answer(self, question: Question, given: str, *, based_on: int | None = None) -> Recorded:
        """Record the answer to a question; what else is missing stays missing.

        Of what is proposed it is taken; another output, or one of several sub-folders, is
        connected; a script is bound.

        Raises:
            ConfigurationInvalidError: It does not hold; nothing was changed.
            VersionConflictError: Somebody else changed the node after `based_on`.
            CommandRefusedError: The session or the node does not allow it.
            CommandInvalidError: It cannot be kept or used.
        """
        node, target = question.node, f"{question.node}.{question.name}"
        if question.kind == "script":
            return self.bind(node, given, based_on=based_on)
        if question.kind == "connection" and given.startswith("@"):
            self.refresh()
            proposal = self.state.proposals.get(node, {}).get(question.name)
            if proposal is not None and proposal.taken_by(given):
                return self.confirm([target], based_on=based_on)
            return self.connect(given, target, based_on=based_on)
        return self.configure(node, _answers(question, given, based_on=based_on))

    def leave_open(self, question: Question, *, based_on: int | None = None) -> Recorded:
        """Say that none of what is proposed for an input feeds it, whatever sub-folder.

        Raises:
            CommandRefusedError: Nothing is proposed any more.
            VersionConflictError: Somebody else changed the node after `based_on`.
        """
        return self.reject([f"{question.node}.{question.name}"], based_on=based_on)

    def waits(self, node: NodeName) -> bool:
        """Whether a node is pending, or something is proposed for it, as recorded."""
        there = self.state.nodes.get(node)
        pending = there is not None and there.state is Lifecycle.PENDING
        return pending or node in self.state.proposals

    def _nearby(self, variables: Mapping[str, str]) -> Nearby:
        """Files in the folders that the session knows here, its own left out; none of the past."""
        if not self.at_home or self.past:
            return Nearby(variables=variables)
        roots = self._roots
        folders = [place for root, place in roots.places.items() if not is_own_folder(root)]
        found = self._ports.inspector.nearby(folders, at_most=NAMES_LOOKED_AT)
        return Nearby(files=tuple(map(roots.record, found)), variables=variables)


def _need_kind(question: Question) -> RequirementKind:
    """The kind of need that it is about; a script is no need, and never comes here."""
    match question.kind:
        case "connection" | "script":
            return "input"
        case other:
            return other


def _answers(question: Question, given: str, *, based_on: int | None = None) -> Answers:
    """An answer as `configure` takes it.

    Raises:
        CommandInvalidError: It says nothing, or refers to a secret without a name.
    """
    if not given.strip():
        raise CommandInvalidError("configure", f"nothing is said of {question.name}")
    name = question.name
    try:
        match question.kind:
            case "environ_var":
                return Answers(
                    environ_vars={name: variable_of(given)}, partial=True, based_on=based_on
                )
            case "job_arg":
                return Answers(
                    job_args={name: argument_of(given)}, partial=True, based_on=based_on
                )
            case "output":
                return Answers(output_paths={name: given}, partial=True, based_on=based_on)
            case _:
                return Answers(input_paths={name: given}, partial=True, based_on=based_on)
    except ValueError as wrong:
        raise CommandInvalidError("configure", str(wrong)) from wrong
