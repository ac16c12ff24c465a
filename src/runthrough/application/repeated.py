"""What a request recorded when it came before, and what goes with the answer to any."""

from runthrough.application.handler import recalled
from runthrough.application.ran import RanSession
from runthrough.application.shown import Recorded
from runthrough.core.events import CommandRefused
from runthrough.core.values.ids import Version
from runthrough.core.views.nodes import View
from runthrough.core.views.settled import node_results, settled_view
from runthrough.errors import CommandIdReusedError


class RepeatedSession(RanSession):
    """A session whose caller may ask for the same thing twice, and is answered once."""

    def recalled(self) -> Recorded | None:
        """What the caller's request recorded when it came before with its key.

        `None` where it is new, or was refused: then it is handed in, and refused again.

        Raises:
            CommandIdReusedError: The key came with another request.
            ConfigurationInvalidError: It was rejected then.
        """
        request = self._caller.request
        if request is None:
            return None
        self.refresh()
        stored = self._ports.store.answer(request.command_id, request_hash=request.hash)
        if not stored:  # the key may be that of a run which was refused
            self._ports.store.answer(request.refusal_id, request_hash=request.hash)
        if stored and stored[0].session_id != self.session_id:  # another had the name then
            raise CommandIdReusedError(request.command_id)
        if not stored or any(isinstance(one.event, CommandRefused) for one in stored):
            return None
        self._reject(stored)
        return Recorded(Version(stored[0].version - 1), stored[-1].version)

    def refuse_again(self) -> None:
        """Refuse a run again whose request was refused before it began, when it came before.

        Raises:
            CommandRefusedError: It was; nothing more is recorded.
            CommandIdReusedError: The key came with another request.
        """
        request = self._caller.request
        if request is None:
            return
        for one in self._ports.store.answer(request.refusal_id, request_hash=request.hash) or ():
            if isinstance(one.event, CommandRefused):
                raise recalled(one.event)

    def next_for(self, node: str) -> str:
        """What goes on with a node that needs a person, else the one thing to type next."""
        name = self.node_named(node)
        row = next(row for row in self.worklist() if row.node == name)
        if row.category == "needs_you" and row.next is not None:
            return row.next
        return self.next_command()

    def needed(self, node: str) -> View:
        """What a node needs and has, with its state, external and next_command."""
        view = self.requirements(node)
        there = self.state.nodes[self.node_named(node)]
        return {
            **view,
            "state": there.state.value if there.state else None,
            "external": there.external,
            "next_command": self.next_for(node),
        }

    def settled(self, recorded: Recorded) -> View:
        """What one command did, and what to do next; see `views.settled.settled_view`."""
        return settled_view(
            self.recorded(recorded),
            self.state_at(recorded.version).nodes,
            version=recorded.version,
            warnings=recorded.warnings,
            next_command=self.next_command(),
        )

    def updated(self, recorded: Recorded) -> View:
        """What an update did, and what to do next.

        Keys: version, nodes, told, recorded, next_command.
        """
        view = self.settled(recorded)
        del view["warnings"]
        return {**view, "nodes": self._results(recorded), "told": list(recorded.told)}

    def _results(self, recorded: Recorded) -> View:
        """What became of the nodes that there are still."""
        nodes = self.state_at(recorded.version).nodes
        told = dict.fromkeys(row.node for row in self.recorded(recorded) if row.node in nodes)
        return {**node_results([node for node in told if node is not None], nodes)}
