"""A session as it is shown: state, views and logs; every door reads through this."""

import posixpath
from collections.abc import Mapping
from typing import NamedTuple

from runthrough.application.caller import Caller
from runthrough.application.collecting import collecting_later
from runthrough.application.handler import CommandHandler
from runthrough.application.looking import Looking, World
from runthrough.application.ports import Ports
from runthrough.application.recalling import remembered
from runthrough.core.commands import Command
from runthrough.core.decide.looking import foreseen
from runthrough.core.events import EventEnvelope
from runthrough.core.lifecycle import Phase
from runthrough.core.names import nearest
from runthrough.core.staleness import paths_of
from runthrough.core.state import SessionState
from runthrough.core.values.ids import NodeName, RecordedPath, SessionId, Version
from runthrough.core.values.paths import Roots
from runthrough.core.values.problems import Problem
from runthrough.core.values.specs import ScriptExecutionSpec
from runthrough.core.views.loaded import Loaded
from runthrough.core.views.nodes import View, connection_views, execution_spec
from runthrough.core.views.particulars import Particulars
from runthrough.core.views.report import RunRecord, durations, report_view
from runthrough.core.views.requirements import requirements_view
from runthrough.core.views.resumed import unrecorded_view
from runthrough.core.views.summary import status_view, summary_view
from runthrough.core.views.worklist import LOOK_BACK, WorklistRow, next_command, worklist
from runthrough.errors import (
    AmbiguousScriptError,
    CommandRefusedError,
    NoRunError,
    NotAtHomeError,
    SessionError,
    UnknownNodeError,
)

MOVE = "runthrough resume --here"
"""What brings a session to this host."""
NEEDS_FILES = frozenset({"run", "retry", "accept", "bind", "internal", "logs"})
"""Commands that mean nothing where the session's files are not."""


_SHORT_ID = 12
"""Characters of an id that is shown whole."""


class Recorded(NamedTuple):
    """Which events of a session are those of one command."""

    after: Version
    """The session's version that the command was decided on."""
    version: Version
    """Its version with the command's last event."""
    warnings: tuple[Problem, ...] = ()
    """What looks wrong with what was accepted, and yet forbids nothing."""
    told: tuple[str, ...] = ()
    """What else a person should know of it, a line each."""


def _apart(name: str, host: str) -> str:
    """A host's name with both ends of its id: other hosts go by that name as well."""
    return f"{name} ({host if len(host) <= _SHORT_ID else f'{host[:4]}…{host[-4:]}'})"


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
        past: bool = False,
    ) -> None:
        """Show a session; of one that is `past` nothing is asked that came after it."""
        self._ports = ports
        self._handler = handler
        self._loaded = loaded
        self._caller = caller
        self._read_only = read_only
        self._past = past
        self._settle_at(roots)

    def _settle_at(self, roots: Roots) -> None:
        """Look, and tell places, with the session's folders where they lie."""
        ports = self._ports
        self._roots = roots
        self._looking = Looking(ports.catalog, ports.inspector, roots, host=self._caller.host)

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

    @property
    def at_home(self) -> bool:
        """Whether the session lives on this host, so that its files can be looked at."""
        return self._looking.at_home(self.state)

    @property
    def home_name(self) -> str:
        """How people call the host on which the session lives; with its id to tell it apart."""
        home = self.state.home
        if home is None:
            return self._caller.host_name
        return _apart(home.name, home.host) if self._namesake else home.name or home.host

    @property
    def here_name(self) -> str:
        """How people call this host; with its id where its name is the home's as well.

        It is the name of the home where the session lives here, though its folders may not be
        known here.
        """
        caller = self._caller
        return _apart(caller.host_name, caller.host) if self._namesake else caller.host_name

    @property
    def away_words(self) -> str:
        """Why the files of a session that is not at home are not looked at."""
        home = self.home_name
        if home == self.here_name:
            return f"where the session's folders lie on {home} is not known"
        return f"the session lives on {home}"

    @property
    def _namesake(self) -> bool:
        """Whether the home is another host that goes by this one's name."""
        home, caller = self.state.home, self._caller
        return home is not None and home.host != caller.host and home.name == caller.host_name

    @property
    def paths_elsewhere(self) -> int:
        """How many paths are not looked at, because the session lives on another host."""
        return 0 if self.at_home else len(paths_of(self.state))

    @property
    def past(self) -> bool:
        """Whether the session is shown as it was, and nothing of today is looked at."""
        return self._past

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
        """Where a recorded path lies on this host; as it is recorded where nobody knows here."""
        try:
            return self._roots.locate(path)
        except KeyError:
            return path

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

    @collecting_later()
    def status(self) -> View:
        """Everything a status screen shows; see `views.summary.status_view`.

        The work list and the next command are those of what is seen now. Beside it: `at_home`;
        `paths_not_looked_at`, of a session that lives elsewhere how many there are;
        `unrecorded`, what a resume would record, see `views.resumed`; of the past nothing would
        be. `as_of`: version and time of a session in the past, else null.
        """
        self.refresh()
        state, world = self.state, self._look()
        then = self._as_seen(world)
        view = status_view(
            state, self.particulars, world, seen=then, tester_gone=self._tester_gone()
        )
        seen = world if self.at_home and not self._past else {}
        return {
            **view,
            "next_command": self._typed_here(str(view["next_command"])),
            "at_home": self.at_home,
            "paths_not_looked_at": self.paths_elsewhere,
            "unrecorded": unrecorded_view(state, then, seen),
            "as_of": self._as_of(),
        }

    def summary(self) -> View:
        """The founding plan's summary; see `views.summary.summary_view`."""
        self.refresh()
        return summary_view(self.state, self.particulars)

    def worklist(self) -> list[WorklistRow]:
        """Each node in the first category that fits what is seen now; records nothing."""
        self.refresh()
        world = self._look()
        return worklist(self._as_seen(world), world, tester_gone=self._tester_gone())

    def next_command(self) -> str:
        """The one thing to type next."""
        if self.state.phase is Phase.CLOSED:
            return LOOK_BACK
        return self._typed_here(next_command(self.worklist()))

    def _typed_here(self, command: str) -> str:
        """What to type next; the session comes here first where that needs its files."""
        words = command.split()
        away = not self.at_home and self.state.phase is not Phase.CLOSED
        return MOVE if away and words[1:2] and words[1] in NEEDS_FILES else command

    def requirements(self, node: str) -> View:
        """What a node needs and has; see `views.requirements.requirements_view`."""
        self.refresh()
        return requirements_view(self.state, self.particulars, self.node_named(node))

    def spec(self, node: str) -> ScriptExecutionSpec | None:
        """The accepted or drafted configuration of a node."""
        self.refresh()
        return execution_spec(self.state, self.node_named(node))

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
        return report_view(loaded.state, loaded.particulars, record, locate=self.locate)

    def durations(self) -> Mapping[NodeName, float]:
        """Seconds that each node's last passed attempt took."""
        return durations(self._run_record())

    def _run_record(self) -> RunRecord:
        record = RunRecord()
        record.take(self._ports.store.read(self.session_id, upto=self.version))
        return record

    def log_texts(self, node: str) -> tuple[str, str]:
        """Standard output and standard error of a node's last attempt.

        Raises:
            SessionError: They lie on another host.
        """
        self.refresh()
        there = self.state.nodes[self.node_named(node)]
        if there.last is None or there.last.log is None:
            return "", ""
        stderr = self.locate(there.last.log)
        if stderr == there.last.log:
            raise SessionError(
                f"The log of {node} lies on {self.home_name}, where the session lives.",
                fix=f"read it there, or move the session to this machine: {MOVE}",
            )
        stdout = posixpath.join(posixpath.dirname(stderr), "stdout.log")
        return self._ports.files.log_text(stdout), self._ports.files.log_text(stderr)

    def _writable(self, verb: str) -> None:
        if self._read_only:
            raise CommandRefusedError(
                f"The session was opened to be read, so {verb!r} is refused.",
                fix="resume it: runthrough resume",
            )

    def _needs_files(self, verb: str) -> None:
        """Refuse, and record, what is about files of the session where they are not looked at.

        A closed session has its own refusal.

        Raises:
            NotAtHomeError: The session lives on another host.
            CommandRefusedError: It was opened to be read.
        """
        self._writable(verb)
        if self.at_home or self.state.phase is Phase.CLOSED:
            return
        refusal = NotAtHomeError(verb, home=self.home_name, here=self.here_name)
        self._handler.refuse(self._loaded, verb, refusal, self._caller.metadata())
        raise refusal

    def _handle(self, command: Command) -> tuple[EventEnvelope, ...]:
        self._writable(command.verb)
        return self._handler.handle(self._loaded, command, self._caller.metadata())

    def _tester_gone(self) -> bool:
        """Whether the process that drives the present run has died on this host."""
        run = self.state.running
        return not self._past and run is not None and self._ports.hosts.alive(run.holder) is False

    def _as_seen(self, world: World) -> SessionState:
        """The state as a look would leave it; as it is where nothing of today is looked at."""
        return foreseen(world, self.state) if self.at_home and not self._past else self.state

    def _as_of(self) -> View | None:
        if not self._past:
            return None
        at = self.state.last_at
        return {"version": self.version, "at": at.isoformat() if at else None}

    def _look(self) -> World:
        """Facts about all nodes."""
        if self._past:
            return remembered(self.state, self.particulars, self.state.nodes)
        return self._looking.at(self.state, self.particulars, self.state.nodes)
