"""What a person says of nodes and connections, handed in with what was seen for it."""

from collections.abc import Iterable, Mapping, Sequence

from runthrough.application.answers import AnswerReading, Answers, kept_words, split_at_node
from runthrough.application.caller import Caller
from runthrough.application.handler import CommandHandler
from runthrough.application.looking import Asked, World
from runthrough.application.looking_back import TracedSession
from runthrough.application.ports import Ports
from runthrough.application.shown import Recorded
from runthrough.core.commands import (
    BindScript,
    ClearConfiguration,
    ConfigureScript,
    ConfirmConnections,
    Connect,
    Disconnect,
    MarkExternal,
    MarkInternal,
    NodeCommand,
    RejectConnections,
    Target,
    TargetsCommand,
    nodes_of,
)
from runthrough.core.decide.configuring import consumers, merged, owned, proposed
from runthrough.core.decide.looking import foreseen
from runthrough.core.decide.marking import outputs_of
from runthrough.core.decide.settling import propose
from runthrough.core.decide.surroundings import (
    Surroundings,
    base_spec,
    initial_spec,
    sources_of,
)
from runthrough.core.events import ConfigurationRejected, EventEnvelope
from runthrough.core.validation import errors, problems_of
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName, RecordedPath, Version
from runthrough.core.values.paths import Roots
from runthrough.core.values.paths import below as below_path
from runthrough.core.values.problems import Problem
from runthrough.core.views.loaded import Loaded
from runthrough.errors import (
    CommandInvalidError,
    CommandRefusedError,
    ConfigurationInvalidError,
)


class ConfiguredSession(TracedSession):
    """One guided test of one pipeline, to be configured."""

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
        past: bool = False,
    ) -> None:
        self._cwd = cwd
        super().__init__(
            ports, handler, loaded, roots=roots, caller=caller, read_only=read_only, past=past
        )

    def _settle_at(self, roots: Roots) -> None:
        super()._settle_at(roots)
        self._reading = AnswerReading(self._ports.inspector, roots, cwd=self._cwd)

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
        self._based_on(answers.based_on, "configure")
        command = self._configuration(node, answers)
        recorded = self._record(command)
        return recorded._replace(warnings=self._warnings(command))

    def preview(self, node: str, answers: Answers) -> tuple[Problem, ...]:
        """Every problem that `configure` would find; records nothing."""
        self.refresh()
        command = self._configuration(node, answers)
        around = Surroundings(self.state, command.facts)
        return errors(problems_of(proposed(_own(command), around)))

    def check(self, node: str | None = None) -> tuple[Problem, ...]:
        """Every problem of all nodes, or of one, as the world is now; records nothing."""
        self.refresh()
        nodes = list(self.state.nodes) if node is None else [self.node_named(node)]
        world = self._looking.at(self.state, self.particulars, self.state.nodes)
        # What a look would heal by itself is no problem.
        state = foreseen(world, self.state)
        around = Surroundings(state, world)
        return tuple(
            problem
            for name in nodes
            if not state.nodes[name].external
            for problem in problems_of(propose(around, name, base_spec(state, name)))
        )

    def _warnings(self, command: ConfigureScript) -> tuple[Problem, ...]:
        """What looks wrong with answers that were accepted, and yet forbids nothing."""
        own = _own(command)
        problems = problems_of(proposed(own, Surroundings(self.state, command.facts)))
        given: dict[str, Iterable[str | None]] = {
            "input": own.input_paths or (),
            "connection": own.input_paths or (),
            "output": own.output_paths or (),
            "environ_var": own.environ_vars or (),
            "job_arg": own.job_args or (),
            "note": (None,) if own.user_notes else (),
        }
        return tuple(
            problem
            for problem in problems
            if problem.severity == "warning"
            and problem.where.name in given.get(problem.where.kind, ())
        )

    def connect(
        self, source: Output | str, target: str, *, based_on: int | None = None
    ) -> Recorded:
        """Feed an input, `Node.input`, from an output, `Node.output/sub`.

        Raises:
            ConfigurationInvalidError: The output is unknown, or runs after the node.
            CommandRefusedError: The node is external, or reads no such input.
        """
        self.refresh()
        into = self._target(target, "connect")
        command = Connect(
            node=into.node,
            input=into.input,
            source=self._reading.output(source, self.state.nodes),
            based_on=self._based_on(based_on, "connect"),
        )
        asked = {into.node: Asked(paths=self._outside(command.source))}
        seen = self._with_facts(command, asked)
        recorded = self._record(seen)
        around = Surroundings(self.state, seen.facts)
        told = problems_of(propose(around, into.node, base_spec(self.state, into.node)))
        about = (p for p in told if p.where.kind == "connection" and p.where.name == into.input)
        return recorded._replace(warnings=tuple(p for p in about if p.severity == "warning"))

    def confirm(self, targets: Sequence[str], *, based_on: int | None = None) -> Recorded:
        """Take what is proposed for inputs, each `Node.input`; all of them when none is named.

        Of all, those are left out whose sub-folder is open: a person chooses one.

        Raises:
            CommandRefusedError: Nothing is proposed there.
        """
        self.refresh()
        named = self._targets(targets or self.proposed(settled=True), "confirm")
        command = ConfirmConnections(targets=named, based_on=self._based_on(based_on, "confirm"))
        asked: dict[NodeName, Asked] = {}
        for target in named:
            proposal = self.state.proposals.get(target.node, {}).get(target.input)
            paths = self._outside(proposal.source) if proposal else ()
            before = asked.get(target.node, Asked()).paths
            asked[target.node] = Asked(paths=(*before, *paths))
        return self._record_about(command, asked)

    def reject(self, targets: Sequence[str], *, based_on: int | None = None) -> Recorded:
        """Say that outputs do not feed inputs; all that is proposed when none is named.

        Raises:
            CommandRefusedError: Nothing is proposed or connected there.
        """
        self.refresh()
        named = self._targets(targets or self.proposed(), "reject")
        command = RejectConnections(targets=named, based_on=self._based_on(based_on, "reject"))
        return self._record_about(command)

    def disconnect(self, targets: Sequence[str], *, based_on: int | None = None) -> Recorded:
        """Leave inputs open that outputs feed; all of them when none is named.

        Raises:
            CommandRefusedError: Nothing feeds an input.
        """
        self.refresh()
        named = self._targets(targets or self.connected(), "disconnect")
        command = Disconnect(targets=named, based_on=self._based_on(based_on, "disconnect"))
        return self._record_about(command)

    def bind(self, node: str, path: str, *, based_on: int | None = None) -> Recorded:
        """Choose the script that a node runs.

        Raises:
            CommandRefusedError: There is no such file, or the node is external.
        """
        self.refresh()
        name = self.node_named(node)
        self._needs_files("bind")
        script = self._reading.path(path)
        command = BindScript(node=name, path=script, based_on=self._based_on(based_on, "bind"))
        return self._record_about(command, {name: Asked(script=script)})

    def mark_external(
        self, node: str, outputs: Mapping[str, str] | None = None, *, based_on: int | None = None
    ) -> Recorded:
        """Let a node stand for something outside that provides these paths.

        Raises:
            CommandRefusedError: The session does not allow it.
        """
        self.refresh()
        name = self.node_named(node)
        paths = self._reading.provided(outputs or {})
        command = MarkExternal(
            node=name, outputs=paths, based_on=self._based_on(based_on, "external")
        )
        provided = {**outputs_of(self.state, name), **paths}
        asked = {
            below: Asked(
                paths=(
                    *provided.values(),
                    *(
                        below_path(provided[wire.source.output], wire.source.subpath)
                        for wire in self.state.connections.get(below, {}).values()
                        if wire.source.node == name and wire.source.output in provided
                    ),
                )
            )
            for below in consumers(self.state, name)
        }
        return self._record_about(command, asked)

    def mark_internal(self, node: str, *, based_on: int | None = None) -> Recorded:
        """Let an external node run a script again.

        Raises:
            CommandRefusedError: The node is not external.
        """
        self.refresh()
        name = self.node_named(node)
        self._needs_files("internal")
        command = MarkInternal(node=name, based_on=self._based_on(based_on, "internal"))
        return self._record_about(command, {name: Asked(discover=True)})

    def clear(self, node: str, *, based_on: int | None = None) -> Recorded:
        """Take back all that was answered for a node.

        Raises:
            CommandRefusedError: The node is external.
        """
        self.refresh()
        name = self.node_named(node)
        command = ClearConfiguration(node=name, based_on=self._based_on(based_on, "clear"))
        return self._record_about(command, {name: Asked(spec=initial_spec(self.state, name))})

    # ---- how it is done

    def _reject(self, envelopes: Sequence[EventEnvelope]) -> None:
        for envelope in envelopes:
            if isinstance(envelope.event, ConfigurationRejected):
                node = envelope.event.node
                problems = [p.model_dump(mode="json") for p in envelope.event.problems]
                kept = kept_words(self._handler, envelopes, node)
                raise ConfigurationInvalidError(node, problems, kept)

    def _outside(self, source: Output) -> tuple[RecordedPath, ...]:
        """Where an output of an external node lies, or the part of it that is meant."""
        there = self.state.nodes.get(NodeName(source.node))
        path = there.external_outputs.get(source.output) if there else None
        return (below_path(path, source.subpath),) if path else ()

    def _based_on(self, version: int | None, verb: str) -> Version | None:
        if version is not None and version > self.version:
            raise CommandInvalidError(
                verb,
                f"the session is at version {self.version}, not yet at {version}",
                fix="runthrough history lists the versions",
            )
        return None if version is None else Version(version)

    def _targets(self, targets: Sequence[str], verb: str) -> tuple[Target, ...]:
        if not targets:
            open_folder = verb == "confirm" and self.state.proposals
            lacking = "there" if verb == "disconnect" else "proposed"
            raise CommandRefusedError(
                f"There is nothing to {verb} at once: "
                + (
                    "each proposal has an open sub-folder."
                    if open_folder
                    else f"no connection is {lacking}."
                ),
                fix="name one as NODE.INPUT; runthrough status shows them"
                if open_folder
                else "runthrough status",
            )
        return tuple(self._target(target, verb) for target in targets)

    def _target(self, target: str, verb: str) -> Target:
        """The input that `Node.input` means, by the script's own name of it."""
        node, name = split_at_node(str(target), self.state.nodes)
        if not name:
            raise CommandInvalidError(
                verb, f"{target!r} names no input", fix="write it as NODE.INPUT"
            )
        node = self.node_named(node)
        for need in self.particulars.needs(node).of("input"):
            if name in need.aliases:
                name = need.name
        return Target(node=node, input=name)

    def _record_about(
        self, command: NodeCommand | TargetsCommand, asked: Mapping[NodeName, Asked] | None = None
    ) -> Recorded:
        """Hand in a command with what was seen of its nodes and of those they may feed."""
        return self._record(self._with_facts(command, asked or {}))

    def _with_facts(
        self, command: NodeCommand | TargetsCommand, asked: Mapping[NodeName, Asked]
    ) -> NodeCommand | TargetsCommand:
        named = (NodeName(command.source.node),) if isinstance(command, Connect) else ()
        world = self._world(nodes_of(command), asked, named=named)
        return command.model_copy(update={"facts": world})

    def _record(self, command: NodeCommand | TargetsCommand) -> Recorded:
        stored = self._handle(command)
        self._reject(stored)
        return Recorded(Version(stored[0].version - 1), stored[-1].version)

    def _world(
        self,
        nodes: Sequence[NodeName],
        asked: Mapping[NodeName, Asked],
        *,
        named: Iterable[NodeName] = (),
    ) -> World:
        """A look at some nodes and their consumers, and the needs of all that may feed them."""
        state, needs = self.state, self.particulars.needs
        known = [node for node in nodes if node in state.nodes]
        around = dict.fromkeys((*known, *(n for node in known for n in consumers(state, node))))
        feeding = dict.fromkeys(
            source
            for node in around
            for source in (*state.predecessors.get(node, ()), *sources_of(state, node), *named)
            if source in state.nodes
        )
        world = {node: NodeFacts(requirements=needs(node)) for node in feeding}
        looked = self._looking.at(state, self.particulars, around, asked=asked, by_name=False)
        return {**world, **looked}

    def _configuration(self, name: str, answers: Answers) -> ConfigureScript:
        """The command that a person's answers make, with what was seen for it."""
        command = self._reading.command(self.node_named(name), answers, self.state.nodes)
        return command.model_copy(update={"facts": self._world_for(command)})

    def _world_for(self, command: ConfigureScript) -> World:
        """The node with what it is asked to take, its consumers, and what is known of all."""
        state = self.state
        paths: list[RecordedPath] = [*(command.output_paths or {}).values()]
        for source in (command.input_paths or {}).values():
            if not isinstance(source, Output):
                paths.append(source)
            elif (there := state.nodes.get(NodeName(source.node))) is not None:
                outside = there.external_outputs.get(source.output)
                paths += [below_path(outside, source.subpath)] if outside else []
        spec = merged(command, base_spec(state, command.node))
        named = [
            NodeName(source.node)
            for source in (command.input_paths or {}).values()
            if isinstance(source, Output)
        ]
        asked = {command.node: Asked(spec, tuple(paths))}
        return self._world((command.node,), asked, named=named)


def _own(command: ConfigureScript) -> ConfigureScript:
    """The command as it is decided: its answers under the script's own names."""
    facts = command.facts.get(command.node, NodeFacts())
    return owned(command, facts.requirements)
