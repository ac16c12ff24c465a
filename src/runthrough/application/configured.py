"""What a person says of nodes: their answers, their scripts, and what is outside."""

from collections.abc import Iterable, Mapping

from runthrough.application.answers import Answers
from runthrough.application.concerned_paths import Asked
from runthrough.application.connected import ConnectedSession
from runthrough.application.looking import World
from runthrough.application.shown import Recorded
from runthrough.core.commands import (
    BindScript,
    ClearConfiguration,
    ConfigureScript,
    MarkExternal,
    MarkInternal,
)
from runthrough.core.decide.configuring import consumers, merged, owned, proposed
from runthrough.core.decide.looking import foreseen
from runthrough.core.decide.marking import outputs_of
from runthrough.core.decide.settling import propose
from runthrough.core.decide.surroundings import Surroundings, base_spec, initial_spec
from runthrough.core.decide.unsetting import kept_spec
from runthrough.core.validation import errors, problems_of, secrets_of, unset_secrets
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.paths import below as below_path
from runthrough.core.values.problems import Problem
from runthrough.errors import RunnerUnavailableError

_SERVED = frozenset({"http", "page"})
"""Doors whose people do not sit at the machine that knows the secrets."""


class ConfiguredSession(ConnectedSession):
    """One guided test of one pipeline, to be configured."""

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
        unset = self.unset_secrets(nodes)
        return tuple(
            problem
            for name in nodes
            if not state.nodes[name].external
            for problem in (
                *problems_of(propose(around, name, base_spec(state, name))),
                *(secret for secret in unset if secret.where.node == name),
            )
        )

    def knows_secret(self, name: str) -> bool:
        """Whether a secret of that name is set on this machine; its value is not told."""
        try:
            return self._ports.secrets.resolve(name) is not None
        except RunnerUnavailableError:
            return False

    def unset_secrets(self, nodes: Iterable[NodeName]) -> tuple[Problem, ...]:
        """A warning for each secret that nodes are to get and this machine does not know.

        Of a session that lives elsewhere nothing is said: its scripts run there.
        """
        if not self.at_home:
            return ()
        there = {node: self.state.nodes[node] for node in nodes}
        specs = {node: at.spec or at.draft for node, at in there.items() if not at.external}
        held = {node: spec for node, spec in specs.items() if spec is not None}
        wanted = frozenset(name for spec in held.values() for name in secrets_of(spec))
        unset = {name for name in wanted if not self.knows_secret(name)}
        caller = self._caller
        served_on = caller.host_name if caller.door in _SERVED else None
        return tuple(
            problem
            for node, spec in held.items()
            for problem in unset_secrets(node, spec, unset, served_on=served_on)
        )

    def _warnings(self, command: ConfigureScript) -> tuple[Problem, ...]:
        """What looks wrong with answers that were accepted, and yet forbids nothing."""
        own = _own(command).model_copy(update={"unset": ()})  # by now it is taken back
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
        spec = merged(command, kept_spec(state, command))
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
