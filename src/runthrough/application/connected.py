"""What a person says of connections: which output feeds which input."""

from collections.abc import Sequence

from runthrough.application.answers import split_at_node
from runthrough.application.concerned_paths import Asked
from runthrough.application.handing_in import HandingSession
from runthrough.application.shown import Recorded
from runthrough.core.commands import (
    ConfirmConnections,
    Connect,
    Disconnect,
    RejectConnections,
    Target,
)
from runthrough.core.decide.settling import propose
from runthrough.core.decide.surroundings import Surroundings, base_spec
from runthrough.core.validation import problems_of
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.paths import below as below_path
from runthrough.errors import CommandInvalidError, CommandRefusedError


class ConnectedSession(HandingSession):
    """One guided test of one pipeline, to be connected."""

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

        Of all, those are left out whose sub-folder is open: a person connects one.

        Raises:
            CommandRefusedError: Nothing is proposed there, or one of several sub-folders.
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

        Of an output no part is proposed again either, whatever sub-folder was.

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
                fix="runthrough connect NODE.OUTPUT NODE.INPUT; runthrough status shows them"
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

    def _outside(self, source: Output) -> tuple[RecordedPath, ...]:
        """Where an output of an external node lies, or the part of it that is meant."""
        there = self.state.nodes.get(NodeName(source.node))
        path = there.external_outputs.get(source.output) if there else None
        return (below_path(path, source.subpath),) if path else ()
