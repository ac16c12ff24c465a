"""What a person does beside answering: connections, scripts, and what a node is."""

from collections.abc import Mapping
from pathlib import Path

from runthrough.core.values.connections import Output
from runthrough.entrypoints.given import Folder
from runthrough.entrypoints.python.advice import advising
from runthrough.entrypoints.python.held import HeldSession, View

Targets = str
"""An input, as `Node.input`."""


@advising
class ConnectionActions(HeldSession):
    """Each method records what it did, and returns the nodes that changed, with their state.

    Each takes `based_on`, the version that you saw; left out, the one in which this object last
    showed the node. When somebody else changed the node after that, it is refused.
    """

    def connect(
        self, source: Output | str, target: Targets, *, based_on: int | None = None
    ) -> View:
        """Feed an input, `Node.input`, from an output, `Node.output` or `Output(…)`.

        Whatever fed the input before is replaced. A missing edge is added.

        Raises:
            ConfigurationInvalidError: The output is unknown, or runs after the node.
            CommandRefusedError: The node is external, or its script reads no such input.
            VersionConflictError: Somebody else changed the node after that version.
        """
        base = self._last_shown_input(target) if based_on is None else based_on
        return self._told(self._session.connect(source, target, based_on=base))

    def confirm(self, *targets: Targets, based_on: int | None = None) -> View:
        """Take what is proposed for inputs, each `Node.input`; without any, all proposals.

        Of all, those are left out whose sub-folder is open: connect the one that is meant.

        Raises:
            CommandRefusedError: Nothing is proposed there, or one of several sub-folders.
        """
        base = self._based_on(targets or self._session.proposed(), based_on)
        return self._told(self._session.confirm(targets, based_on=base))

    def reject(self, *targets: Targets, based_on: int | None = None) -> View:
        """Say that outputs do not feed inputs; without any, all proposals are rejected.

        A rejected output is not proposed again, in no part, until one is connected or the node
        cleared.

        Raises:
            CommandRefusedError: Nothing is proposed or connected there.
        """
        base = self._based_on(targets or self._session.proposed(), based_on)
        return self._told(self._session.reject(targets, based_on=base))

    def disconnect(self, *targets: Targets, based_on: int | None = None) -> View:
        """Leave inputs open that outputs feed; without any, all of them.

        Raises:
            CommandRefusedError: Nothing feeds an input.
        """
        base = self._based_on(targets or self._session.connected(), based_on)
        return self._told(self._session.disconnect(targets, based_on=base))

    def bind_script(self, node: str, path: Folder, *, based_on: int | None = None) -> View:
        """Choose the script that a node runs.

        Raises:
            CommandRefusedError: There is no such file, or the node is external.
        """
        base = self._last_shown(node) if based_on is None else based_on
        return self._told(self._session.bind(node, str(Path(path)), based_on=base))

    def mark_external(
        self,
        node: str,
        outputs: Mapping[str, Folder] | None = None,
        *,
        based_on: int | None = None,
    ) -> View:
        """Let a node stand for something outside; `outputs` say where what it provides lies."""
        base = self._last_shown(node) if based_on is None else based_on
        paths = {name: str(Path(path)) for name, path in (outputs or {}).items()}
        return self._told(self._session.mark_external(node, paths, based_on=base))

    def mark_internal(self, node: str, *, based_on: int | None = None) -> View:
        """Let an external node run a script again.

        Raises:
            CommandRefusedError: The node is not external.
        """
        base = self._last_shown(node) if based_on is None else based_on
        return self._told(self._session.mark_internal(node, based_on=base))

    def clear_configuration(self, node: str, *, based_on: int | None = None) -> View:
        """Take back all that was answered for a node; what needs no person is found again.

        Raises:
            CommandRefusedError: The node is external.
        """
        base = self._last_shown(node) if based_on is None else based_on
        return self._told(self._session.clear(node, based_on=base))

    def check(self, node: str | None = None) -> list[View]:
        """Every problem of all nodes, or of one, as the world is now; records nothing.

        Each has code, severity (`error` or `warning`), where, message, fix and candidates.
        """
        problems = self._session.check(node)
        return self._looked([problem.model_dump(mode="json") for problem in problems], node)

    def proposals(self) -> list[View]:
        """What a person is asked about connections; `core.views.nodes` tells the keys."""
        views: list[View] = [*self._session.connections()]
        return self._looked([view for view in views if view["status"] == "proposed"])
