"""A session as it is shown: state, views and logs; every door reads through this."""

import posixpath
from collections.abc import Mapping
from typing import NamedTuple

from runthrough.application.caller import Caller
from runthrough.application.handler import CommandHandler
from runthrough.application.looking import Looking, World
from runthrough.application.ports import Ports
from runthrough.core.lifecycle import Phase
from runthrough.core.names import nearest
from runthrough.core.state import SessionState
from runthrough.core.values.ids import NodeName, RecordedPath, SessionId, Version
from runthrough.core.values.paths import Roots
from runthrough.core.values.problems import Problem
from runthrough.core.values.specs import ScriptExecutionSpec
from runthrough.core.views.history import HistoryRow, history
from runthrough.core.views.loaded import Loaded
from runthrough.core.views.nodes import View, connection_views, execution_spec
from runthrough.core.views.particulars import Particulars
from runthrough.core.views.report import RunRecord, durations, report_view
from runthrough.core.views.requirements import requirements_view
from runthrough.core.views.summary import status_view, summary_view
from runthrough.core.views.worklist import LOOK_BACK, WorklistRow, next_command, worklist
from runthrough.errors import AmbiguousScriptError, NoRunError, UnknownNodeError


class Recorded(NamedTuple):
    """Which events of a session are those of one command."""

    after: Version
    """The session's version that the command was decided on."""
    version: Version
    """Its version with the command's last event."""
    warnings: tuple[Problem, ...] = ()
    """What looks wrong with what was accepted, and yet forbids nothing."""


class ShownSession:
    """One guided test of one pipeline, to be looked at."""

    def __init__(
        self,
        ports: Ports,
        handler: CommandHandler,
        loaded: Loaded,
        *,
        roots: Roots,
        caller: Caller,
        read_only: bool = False,
    ) -> None:
        self._ports = ports
        self._handler = handler
        self._loaded = loaded
        self._roots = roots
        self._caller = caller
        self._read_only = read_only
        self._looking = Looking(ports.catalog, ports.inspector, roots)

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

    def state_at(self, version: Version) -> SessionState:
        """The state as it was at a version; to be read, never changed."""
        if version == self.version:
            return self.state
        return self._handler.load(self.session_id, upto=version).state

    def refresh(self) -> None:
        """Take in what others did."""
        if not self._read_only:
            self._handler.refresh(self._loaded)

    def connections(self) -> list[View]:
        """Each connection, and each that is proposed; see `views.nodes.connection_views`."""
        self.refresh()
        return connection_views(self.state)

    def proposed(self, *, settled: bool = False) -> list[str]:
        """The inputs that a person is asked about, each `Node.input`.

        With `settled` only those of which no sub-folder is open.
        """
        return [
            f"{node}.{name}"
            for node in self.state.nodes
            for name, proposal in self.state.proposals.get(node, {}).items()
            if not (settled and len(proposal.subpath_choices) > 1)
        ]

    def connected(self) -> list[str]:
        """The inputs that an output feeds, each `Node.input`."""
        return [
            f"{node}.{name}"
            for node in self.state.nodes
            for name in self.state.connections.get(node, {})
        ]

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
        return status_view(
            self.state, self.particulars, self._glance(), tester_gone=self._tester_gone()
        )

    def summary(self) -> View:
        """The founding plan's summary; see `views.summary.summary_view`."""
        self.refresh()
        return summary_view(self.state, self.particulars)

    def worklist(self) -> list[WorklistRow]:
        """Each node in the first category that fits."""
        self.refresh()
        return worklist(self.state, self._glance(), tester_gone=self._tester_gone())

    def next_command(self) -> str:
        """The one thing to type next."""
        if self.state.phase is Phase.CLOSED:
            return LOOK_BACK
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

    def report(self) -> View:
        """The last run for reports, whatever was changed since; see `views.report.report_view`.

        Raises:
            NoRunError: The session has had no run.
        """
        self.refresh()
        record = self._run_record()
        if record.started is None:
            raise NoRunError(self.name)
        loaded = self._loaded
        if record.version != self.version:
            loaded = self._handler.load(self.session_id, upto=record.version)
        return report_view(loaded.state, loaded.particulars, record, locate=self._place)

    def durations(self) -> Mapping[NodeName, float]:
        """Seconds that each node's last passed attempt took."""
        return durations(self._run_record())

    def _run_record(self) -> RunRecord:
        record = RunRecord()
        record.take(self._ports.store.read(self.session_id, upto=self.version))
        return record

    def _place(self, path: RecordedPath) -> str:
        """Where a path lies on this host; as it is recorded where its root is not known here."""
        try:
            return self.locate(path)
        except KeyError:
            return path

    def log_texts(self, node: str) -> tuple[str, str]:
        """Standard output and standard error of a node's last attempt."""
        self.refresh()
        there = self.state.nodes[self.node_named(node)]
        if there.last is None or there.last.log is None:
            return "", ""
        stderr = self._roots.locate(there.last.log)
        stdout = posixpath.join(posixpath.dirname(stderr), "stdout.log")
        return self._ports.files.log_text(stdout), self._ports.files.log_text(stderr)

    def recorded(self, recorded: Recorded) -> list[HistoryRow]:
        """What one command recorded, as readers see it."""
        before = self._handler.load(self.session_id, upto=recorded.after).state
        stored = self._ports.store.read(
            self.session_id, after=recorded.after, upto=recorded.version
        )
        return list(history(stored, before))

    def _tester_gone(self) -> bool:
        """Whether the process that drives the present run has died on this host."""
        run = self.state.running
        return run is not None and self._ports.hosts.alive(run.holder) is False

    def _glance(self) -> World:
        """Facts about the nodes that have run: the others cannot be stale."""
        ran = [
            node
            for node, there in self.state.nodes.items()
            if there.passed is not None or there.last is not None
        ]
        return self._looking.glance(self.state, ran)
