"""Commands about nodes and connections, handed in with what was seen for them."""

from collections.abc import Iterable, Mapping, Sequence

from runthrough.application.answers import AnswerReading, kept_words
from runthrough.application.caller import Caller
from runthrough.application.concerned_paths import Asked
from runthrough.application.handler import CommandHandler
from runthrough.application.looking import World
from runthrough.application.looking_back import TracedSession
from runthrough.application.ports import Ports
from runthrough.application.shown import Recorded
from runthrough.core.commands import Connect, NodeCommand, TargetsCommand, nodes_of
from runthrough.core.decide.configuring import consumers
from runthrough.core.decide.surroundings import sources_of
from runthrough.core.events import ConfigurationRejected, EventEnvelope
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName, Version
from runthrough.core.values.paths import Roots
from runthrough.core.views.loaded import Loaded
from runthrough.errors import CommandInvalidError, ConfigurationInvalidError


class HandingSession(TracedSession):
    """One guided test of one pipeline, whose caller hands in commands."""

    def __init__(
        self,
        ports: Ports,
        handler: CommandHandler,
        loaded: Loaded,
        *,
        roots: Roots,
        caller: Caller,
        cwd: str,
        in_workspace: bool = False,
        read_only: bool = False,
        past: bool = False,
    ) -> None:
        self._cwd = cwd
        self._answers_from = None if in_workspace else cwd
        super().__init__(
            ports, handler, loaded, roots=roots, caller=caller, read_only=read_only, past=past
        )

    def _settle_at(self, roots: Roots) -> None:
        super()._settle_at(roots)
        self._reading = AnswerReading(
            self._ports.inspector,
            roots,
            cwd=self._answers_from,
            confinement=self._ports.confinement,
        )

    def _based_on(self, version: int | None, verb: str) -> Version | None:
        if version is not None and version > self.version:
            raise CommandInvalidError(
                verb,
                f"the session is at version {self.version}, not yet at {version}",
                fix="runthrough history lists the versions",
            )
        return None if version is None else Version(version)

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

    def _reject(self, envelopes: Sequence[EventEnvelope]) -> None:
        for envelope in envelopes:
            if isinstance(envelope.event, ConfigurationRejected):
                node = envelope.event.node
                problems = [p.model_dump(mode="json") for p in envelope.event.problems]
                kept = kept_words(self._handler, envelopes, node)
                raise ConfigurationInvalidError(node, problems, kept)

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
