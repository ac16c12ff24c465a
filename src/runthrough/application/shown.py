"""A session as it is shown: views, reports and logs; every door reads through this."""

import posixpath
from collections.abc import Mapping
from typing import NamedTuple

from runthrough.application.allowing import OUTSIDE
from runthrough.application.collecting import collecting_later
from runthrough.application.known import KnownSession
from runthrough.application.looking import World
from runthrough.application.recalling import remembered
from runthrough.core.commands import Command
from runthrough.core.decide.looking import foreseen
from runthrough.core.events import EventEnvelope
from runthrough.core.lifecycle import Phase
from runthrough.core.state import SessionState
from runthrough.core.values.ids import NodeName, Version
from runthrough.core.values.problems import Problem
from runthrough.core.values.specs import ScriptExecutionSpec
from runthrough.core.views.nodes import View, connection_views, execution_spec
from runthrough.core.views.picture import picture_view, run_words
from runthrough.core.views.report import RunRecord, durations, report_view
from runthrough.core.views.requirements import requirements_view
from runthrough.core.views.resumed import unrecorded_view
from runthrough.core.views.summary import status_view, summary_view
from runthrough.core.views.worklist import (
    LOOK_BACK,
    WorklistRow,
    drawn_word,
    next_command,
    row_view,
    worklist,
)
from runthrough.errors import CommandRefusedError, NoRunError, NotAtHomeError, SessionError

MOVE = "runthrough resume --here"
"""What brings a session to this host."""
NEEDS_FILES = frozenset({"run", "retry", "accept", "bind", "internal", "logs"})
"""Commands that mean nothing where the session's files are not."""


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


class ShownSession(KnownSession):
    """One guided test of one pipeline, to be looked at."""

    def connections(self) -> list[View]:
        """Each connection, and each that is proposed; see `views.nodes.connection_views`."""
        self.refresh()
        return connection_views(self.state)

    @property
    def tester_gone(self) -> bool:
        """Whether the process that drives the present run has died on this host."""
        run = self.state.running
        return not self._past and run is not None and self._ports.hosts.alive(run.holder) is False

    @property
    def tester_unseen(self) -> bool:
        """Whether nobody can see from here if the process that drives the present run lives.

        Its lease tells that, and a person who knows better takes the run over.
        """
        run = self.state.running
        return not self._past and run is not None and self._ports.hosts.alive(run.holder) is None

    @collecting_later()
    def status(self) -> View:
        """Everything a status screen shows; see `views.summary.status_view`.

        The work list and the next command are those of what is seen now. Beside it: `at_home`;
        `paths_not_looked_at`, of a session that lives elsewhere how many there are;
        `unrecorded`, what a resume would record, see `views.resumed`; of the past nothing would
        be. `as_of`: version and time of a session in the past, else null.
        """
        self.refresh()
        world = self._look()
        return self._status(world, self._as_seen(world))

    def _status(self, world: World, then: SessionState) -> View:
        """The status by one look, and by the state as that look would leave it."""
        state = self.state
        view = status_view(state, self.particulars, world, seen=then, tester_gone=self.tester_gone)
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
        return worklist(self._as_seen(world), world, tester_gone=self.tester_gone)

    def picture(self) -> View:
        """The DAG as it stands now, to be drawn; see `views.picture.picture_view`."""
        rows = self.worklist()
        return picture_view(self.state, {row.node: drawn_word(row_view(row)) for row in rows})

    def run_picture(self) -> View:
        """The DAG with the outcomes of the last run; no file is looked at.

        Raises:
            ValueError: No run has been started.
        """
        return picture_view(self.state, run_words(self.state))

    def next_command(self) -> str:
        """The one thing to type next."""
        if self.state.phase is Phase.CLOSED:
            return LOOK_BACK
        return self._typed_here(next_command(self.worklist()))

    def _typed_here(self, command: str) -> str:
        """What to type next; the session comes here first where that needs its files."""
        words = command.split()
        away = not (self.at_home or self.is_outside) and self.state.phase is not Phase.CLOSED
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
            SessionError: They lie on another host, or where the caller may not look.
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
        if not all(map(self._ports.confinement.holds, (stdout, stderr))):
            raise SessionError(
                f"The log of {node} {OUTSIDE}.",
                fix=f"read it on its machine: runthrough logs {node}",
            )
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
        refusal = NotAtHomeError(
            verb, home=self.home_name, here=self.here_name, outside=self.is_outside
        )
        self._handler.refuse(self._loaded, verb, refusal, self._caller.metadata())
        raise refusal

    def _handle(self, command: Command) -> tuple[EventEnvelope, ...]:
        self._writable(command.verb)
        return self._handler.handle(self._loaded, command, self._caller.metadata())

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
