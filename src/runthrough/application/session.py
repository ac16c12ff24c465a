"""Session: one method for each thing a user can do; every door calls this."""

import posixpath
from collections.abc import Callable, Sequence
from typing import NamedTuple

from runthrough.application.answers import AnswerReading, Answers
from runthrough.application.caller import Caller
from runthrough.application.execution import Execution
from runthrough.application.handler import CommandHandler
from runthrough.application.looking import DIGEST_UP_TO, Asked, Looking, World
from runthrough.application.ports import Ports
from runthrough.core.commands import (
    CloseSession,
    Command,
    ConfigureScript,
    RecordWorld,
    ReopenSession,
)
from runthrough.core.decide.configuring import merged, proposed
from runthrough.core.decide.settling import Surroundings, base_spec
from runthrough.core.events import ConfigurationRejected, DataFlowChecked, EventEnvelope
from runthrough.core.lifecycle import Phase
from runthrough.core.names import nearest
from runthrough.core.state import SessionState
from runthrough.core.validation import errors, problems_of
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName, RecordedPath, SessionId, Version
from runthrough.core.values.paths import Roots, below
from runthrough.core.values.problems import Problem
from runthrough.core.values.specs import ScriptExecutionSpec
from runthrough.core.views.history import HistoryRow, history
from runthrough.core.views.loaded import Loaded
from runthrough.core.views.nodes import View, execution_spec
from runthrough.core.views.particulars import Particulars
from runthrough.core.views.requirements import requirements_view
from runthrough.core.views.results import results_view
from runthrough.core.views.summary import status_view, summary_view
from runthrough.core.views.worklist import WorklistRow, next_command, worklist
from runthrough.errors import (
    AmbiguousScriptError,
    CommandInvalidError,
    CommandRefusedError,
    ConfigurationInvalidError,
    UnknownNodeError,
)


class Recorded(NamedTuple):
    """Which events of a session are those of one command."""

    after: Version
    """The session's version that the command was decided on."""
    version: Version
    """Its version with the command's last event."""


class Session:
    """One guided test of one pipeline, as one caller sees it."""

    def __init__(
        self,
        ports: Ports,
        handler: CommandHandler,
        loaded: Loaded,
        *,
        roots: Roots,
        caller: Caller,
        cwd: str,
        read_only: bool = False,
    ) -> None:
        self._ports = ports
        self._handler = handler
        self._loaded = loaded
        self._roots = roots
        self._caller = caller
        self._read_only = read_only
        self._looking = Looking(ports.catalog, ports.inspector, roots)
        self._reading = AnswerReading(ports.inspector, roots, cwd=cwd)

    # ---- what is there

    @property
    def session_id(self) -> SessionId:
        """UUIDv7 of the session."""
        return self._loaded.state.session_id

    @property
    def name(self) -> str:
        """Unique among open sessions."""
        return self._loaded.state.name

    @property
    def version(self) -> Version:
        """Events so far, as of the last look."""
        return self._loaded.state.version

    @property
    def state(self) -> SessionState:
        """The state as of the last look; to be read, never changed."""
        return self._loaded.state

    @property
    def particulars(self) -> Particulars:
        """Needs and evidence of the nodes, as of the last look; to be read, never changed."""
        return self._loaded.particulars

    def refresh(self) -> None:
        """Take in what others did."""
        if not self._read_only:
            self._handler.refresh(self._loaded)

    def locate(self, path: RecordedPath) -> str:
        """Where a recorded path lies on this host."""
        return self._roots.locate(path)

    def node_named(self, name: str) -> NodeName:
        """The node of that name, or the only one that runs the script of that name.

        Raises:
            UnknownNodeError: Neither; with the nearest names.
            AmbiguousScriptError: Several nodes run that script.
        """
        nodes = self.state.nodes
        name = str(name)
        if name in nodes:
            return NodeName(name)
        using = [n for n, there in nodes.items() if there.script and there.script.name == name]
        if len(using) > 1:
            raise AmbiguousScriptError(name, using)
        if not using:
            raise UnknownNodeError(name, nearest(name, list(nodes)))
        return using[0]

    # ---- what is shown

    def status(self) -> View:
        """Everything a status screen shows; see `views.summary.status_view`."""
        self.refresh()
        return status_view(self.state, self.particulars, self._glance())

    def summary(self) -> View:
        """The founding plan's summary; see `views.summary.summary_view`."""
        self.refresh()
        return summary_view(self.state, self.particulars)

    def worklist(self) -> list[WorklistRow]:
        """Each node in the first category that fits."""
        self.refresh()
        return worklist(self.state, self._glance())

    def next_command(self) -> str:
        """The one thing to type next."""
        return next_command(self.worklist())

    def requirements(self, node: str) -> View:
        """What a node needs and has; see `views.requirements.requirements_view`."""
        self.refresh()
        return requirements_view(self.state, self.particulars, self.node_named(node))

    def spec(self, node: str) -> ScriptExecutionSpec | None:
        """The accepted or drafted configuration of a node."""
        self.refresh()
        return execution_spec(self.state, self.node_named(node))

    def history(self, node: str | None = None) -> list[HistoryRow]:
        """Every event, or those of one node, as readers see them."""
        self.refresh()
        only = self.node_named(node) if node is not None else None
        rows = history(
            self._ports.store.read(self.session_id, upto=self.version),
            SessionState(self.session_id),
        )
        return [row for row in rows if only is None or row.node == only]

    def log_texts(self, node: str) -> tuple[str, str]:
        """Standard output and standard error of a node's last attempt."""
        self.refresh()
        there = self.state.nodes[self.node_named(node)]
        if there.last is None or there.last.log is None:
            return "", ""
        stderr = self._roots.locate(there.last.log)
        stdout = posixpath.join(posixpath.dirname(stderr), "stdout.log")
        return self._ports.files.log_text(stdout), self._ports.files.log_text(stderr)

    def _glance(self) -> World:
        """Facts about the nodes that have run: the others cannot be stale."""
        ran = [
            node
            for node, there in self.state.nodes.items()
            if there.passed is not None or there.last is not None
        ]
        return self._looking.glance(self.state, ran)

    # ---- what a person does

    def configure(self, node: str, answers: Answers) -> Recorded:
        """Answer what a node needs; what was recorded, between whatever others did meanwhile.

        Raises:
            ConfigurationInvalidError: With every problem; nothing was changed but, with
                `partial`, what holds was kept.
            VersionConflictError: Somebody else changed the node after `based_on`.
            CommandRefusedError: The session or the node does not allow it.
            CommandInvalidError: A value cannot be kept or used.
        """
        self.refresh()
        if answers.based_on is not None and answers.based_on > self.version:
            raise CommandInvalidError(
                "configure",
                f"the session is at version {self.version}, not yet at {answers.based_on}",
                fix="runthrough history lists the versions",
            )
        command = self._configuration(node, answers)
        stored = self._handle(command)
        self._reject(stored)
        return Recorded(Version(stored[0].version - 1), stored[-1].version)

    def state_at(self, version: Version) -> SessionState:
        """The state as it was at a version; to be read, never changed."""
        if version == self.version:
            return self.state
        return self._handler.load(self.session_id, upto=version).state

    def preview(self, node: str, answers: Answers) -> tuple[Problem, ...]:
        """Every problem that `configure` would find; records nothing."""
        self.refresh()
        command = self._configuration(node, answers)
        around = Surroundings(self.state, command.facts)
        return errors(problems_of(proposed(command, around)))

    def warnings(self, node: str, answers: Answers) -> tuple[Problem, ...]:
        """What looks wrong with answers that were accepted, and yet forbids nothing."""
        command = self._configuration(node, answers)
        problems = problems_of(proposed(command, Surroundings(self.state, command.facts)))
        given = (answers.input_paths, answers.output_paths, answers.environ_vars, answers.job_args)
        names: set[str | None] = {name for values in given for name in values or ()}
        if answers.user_notes:
            names.add(None)  # a note has no name
        return tuple(p for p in problems if p.severity == "warning" and p.where.name in names)

    def resume(self) -> list[HistoryRow]:
        """Go on: close what a dead tester left open, and record what the world has become.

        What was recorded is returned. A closed session is only shown.

        Raises:
            RunInProgressError: A run is on, and its tester lives.
        """
        before = self.version
        self.refresh()
        if self.state.phase is not Phase.CLOSED:
            self._execution().take_over(verb="resume")
            self._record_world(digest_up_to=DIGEST_UP_TO)
        return [row for row in self.history() if row.version > before]

    def run(
        self,
        select: Sequence[str] = (),
        *,
        jobs: int = 1,
        fail_fast: bool = False,
        reuse: bool = True,
        told: Callable[[EventEnvelope], None] | None = None,
    ) -> View:
        """Run the selection end to end; the founding plan's results.

        Each event of the run is given to `told` as it is recorded.

        Raises:
            RunInProgressError: A run is on, and its tester lives.
            PendingScriptsError: Nodes of the selection need a person first.
            SelectionError: Nothing is selected.
        """
        self._writable("run")
        seams: list[DataFlowChecked] = []

        def listen(envelope: EventEnvelope) -> None:
            if isinstance(envelope.event, DataFlowChecked):
                seams.append(envelope.event)
            if told is not None:
                told(envelope)

        self.refresh()
        self._execution().take_over()
        # Digests are taken whatever the size: a run may be reused only on content.
        world = self._record_world(digest_up_to=None)
        execution = self._execution(listen)
        execution.run(select, jobs=jobs, fail_fast=fail_fast, reuse=reuse, world=world)
        return results_view(self.state, self.particulars, seams, locate=self.locate)

    def close(self) -> None:
        """End the session's work; its history stays.

        Raises:
            CommandRefusedError: A run is on, or the session is closed.
        """
        self.refresh()
        self._handle(CloseSession())

    def reopen(self) -> None:
        """Go on with a closed session.

        Raises:
            CommandRefusedError: It is not closed.
            SessionNameTakenError: Another open session has its name.
        """
        self.refresh()
        self._handle(ReopenSession())

    # ---- how it is done

    def _writable(self, verb: str) -> None:
        if self._read_only:
            raise CommandRefusedError(
                f"The session was opened to be read, so {verb!r} is refused.",
                fix="resume it: runthrough resume",
            )

    def _handle(self, command: Command) -> tuple[EventEnvelope, ...]:
        self._writable(command.verb)
        return self._handler.handle(self._loaded, command, self._caller.metadata())

    def _execution(self, told: Callable[[EventEnvelope], None] | None = None) -> Execution:
        return Execution(
            self._ports,
            self._handler,
            self._loaded,
            looking=self._looking,
            roots=self._roots,
            caller=self._caller,
            told=told,
        )

    def _record_world(self, *, digest_up_to: int | None) -> World:
        """Look at all nodes, and record what no longer holds and what is back."""
        world = self._looking.at(
            self.state, self.particulars, self.state.nodes, digest_up_to=digest_up_to
        )
        self._handle(RecordWorld(facts=world))
        return world

    def _reject(self, envelopes: Sequence[EventEnvelope]) -> None:
        for envelope in envelopes:
            if isinstance(envelope.event, ConfigurationRejected):
                problems = [p.model_dump(mode="json") for p in envelope.event.problems]
                raise ConfigurationInvalidError(envelope.event.node, problems)

    def _configuration(self, name: str, answers: Answers) -> ConfigureScript:
        """The command that a person's answers make, with what was seen for it."""
        command = self._reading.command(self.node_named(name), answers, self.state.nodes)
        return command.model_copy(update={"facts": self._world_for(command)})

    def _world_for(self, command: ConfigureScript) -> World:
        """The node with what it is asked to take, and what history holds of all others."""
        state = self.state
        paths: list[RecordedPath] = [*(command.output_paths or {}).values()]
        for source in (command.input_paths or {}).values():
            if not isinstance(source, Output):
                paths.append(source)
            elif (there := state.nodes.get(NodeName(source.node))) is not None:
                outside = there.external_outputs.get(source.output)
                paths += [below(outside, source.subpath)] if outside else []
        spec = merged(command, base_spec(state, command.node))
        asked = {command.node: Asked(spec, tuple(paths))}
        world = {
            node: NodeFacts(requirements=self.particulars.needs(node)) for node in state.nodes
        }
        looked = self._looking.at(state, self.particulars, (command.node,), asked=asked)
        return {**world, **looked}
