"""One pipeline run behind the tests of its nodes: begun by the first test, told to each."""

import fcntl
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from runthrough.application.interruption import Interruption
from runthrough.application.session import Session
from runthrough.bootstrap import Application, wire
from runthrough.core.events import EventEnvelope
from runthrough.core.lifecycle import Lifecycle
from runthrough.core.pipeline import PipelineDefinition
from runthrough.core.values.ids import NodeName
from runthrough.core.views.worklist import asked as asked_of
from runthrough.entrypoints.pytest_plugin.verdicts import Judging, Verdict
from runthrough.errors import RunthroughError
from runthrough.settings import known_host, load_settings

DATABASE, OUTPUTS, VERDICTS, LOCK = "runthrough.db", "outputs", "verdicts.json", "lock"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the pipelines of this pytest run are to be run."""

    cwd: str
    session: str | None
    """The session to go on with; `None` for a new one that nobody goes on with."""
    runner: str | None
    jobs: int | None
    fail_fast: bool
    near: Callable[[str], str]
    """How a path is told."""


class RehearsalFailedError(Exception):
    """The pipeline could not be run at all."""


class Rehearsal:
    """The run of one pipeline file; whoever asks first begins it, and each waits for its node.

    It runs in a thread of its own, so that each test is told as soon as its node has ended. Where
    pytest has several workers, the first one that comes runs it, and the others take what it
    found when it is over.
    """

    def __init__(
        self,
        definition: PipelineDefinition,
        nodes: Sequence[str],
        *,
        wanted: Wanted,
        folder: Path,
        shared: bool,
    ) -> None:
        """Prepare the run for the tests of some `nodes`; nothing happens yet.

        `folder` keeps what the run writes; it is `shared` among workers, or our own.
        """
        self._definition = definition
        self._nodes = tuple(map(NodeName, nodes))
        self._wanted = wanted
        self._folder = folder
        self._shared = shared
        self._lock: IO[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._interruption = Interruption()
        self._changed = threading.Condition()
        self._verdicts: dict[str, Verdict] = {}
        self._failed: BaseException | None = None
        self._over = False

    def verdict(self, node: str) -> Verdict:
        """What the test of a node is to tell; waits until that is known.

        Raises:
            RehearsalFailedError: The pipeline could not be run.
        """
        if self._thread is None and not self._over:
            self._begin()
        with self._changed:
            self._changed.wait_for(lambda: node in self._verdicts or self._over)
        if node in self._verdicts:
            return self._verdicts[node]
        if isinstance(self._failed, RunthroughError):
            raise RehearsalFailedError(str(self._failed)) from None
        raise RuntimeError("the rehearsal of the pipeline came to grief") from self._failed

    def stop(self) -> None:
        """End the run, where one is on, as Ctrl-C would."""
        if self._thread is not None:
            self._interruption.asked = True
            self._thread.join()

    def _begin(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._shared:
            self._lock = (self._folder / LOCK).open("ab")
            fcntl.flock(self._lock, fcntl.LOCK_EX)  # waits while another worker runs it
            told = self._folder / VERDICTS
            if told.exists():
                self._take_over(json.loads(told.read_text(encoding="utf-8")))
                self._lock.close()
                return
        self._thread = threading.Thread(target=self._rehearse, name="runthrough", daemon=True)
        self._thread.start()

    def _take_over(self, told: Mapping[str, dict[str, object]]) -> None:
        """Tell what another worker found."""
        for node, written in told.items():
            self._verdicts[node] = Verdict.read(written)
        missing = [node for node in self._nodes if node not in self._verdicts]
        if missing:
            self._failed = RunthroughError(
                f"Another worker ran the pipeline without {', '.join(missing)}.",
                fix="let all workers select the same tests",
            )
        self._over = True

    def _rehearse(self) -> None:
        try:
            with self._wired() as application:
                session = self._session(application)
                self._run(session, jobs=application.settings.jobs)
        except BaseException as failed:  # noqa: BLE001 - raised where a test waits
            self._failed = failed
        else:
            if self._shared:
                self._write()
        finally:
            if self._lock is not None:
                self._lock.close()
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _wired(self) -> Application:
        wanted = self._wanted
        flags: dict[str, object] = {"runner": wanted.runner, "jobs": wanted.jobs}
        if wanted.session is None:
            # Nothing is kept in the user's own folders, not even the id of a new machine.
            flags["database_url"] = f"sqlite:///{self._folder / DATABASE}"
            flags["host"] = known_host(load_settings(wanted.cwd, os.environ)) or "this-run"
        return wire("python", cwd=wanted.cwd, environ=os.environ, flags=flags)

    def _session(self, application: Application) -> Session:
        sessions, name = application.sessions, self._wanted.session
        workspaces = application.settings.workspaces
        if name is None:
            kept_in = str(self._folder / OUTPUTS)
            return sessions.start(self._definition, workspaces=workspaces, kept_in=kept_in)
        open_already = sessions.resume_equal(name, self._definition)
        if open_already is None:
            return sessions.start(self._definition, name=name, workspaces=workspaces)
        open_already.resume()
        return open_already

    def _run(self, session: Session, *, jobs: int) -> None:
        state = session.state
        needed = self._needed(session)
        judging = Judging(
            state.predecessors,
            needed,
            frozenset(self._nodes),
            locate=session.locate,
            near=self._wanted.near,
        )
        for node in self._nodes:
            if state.nodes[node].external:
                judging.stands_outside(node)
        stuck: set[NodeName] = set()
        for node in needed:  # in topological order
            if state.nodes[node].state is Lifecycle.PENDING:
                text, command = asked_of(state, node)
                judging.needs_a_person(node, text, self._to_type(command))
                stuck.add(node)
            elif stuck.intersection(state.predecessors.get(node, ())):
                stuck.add(node)
        judging.leave((node for node in needed if node in stuck), None)
        self._tell(judging)
        runs = [node for node in needed if node not in stuck]
        if not runs:
            return

        def told(envelope: EventEnvelope) -> None:
            judging.take(envelope)
            self._tell(judging)

        session.run(
            runs,
            jobs=jobs,
            fail_fast=self._wanted.fail_fast,
            interruption=self._interruption,
            told=told,
        )
        judging.leave(runs, session.state.run)
        self._tell(judging)

    def _needed(self, session: Session) -> list[NodeName]:
        """The nodes with tests and all scripts above them, in the order in which they run."""
        state = session.state
        needed: set[NodeName] = set()
        waiting = list(self._nodes)
        while waiting:
            node = waiting.pop()
            if node not in needed:
                needed.add(node)
                waiting += state.predecessors.get(node, ())
        return [n for n in state.nodes if n in needed and not state.nodes[n].external]

    def _to_type(self, command: str | None) -> str:
        file = self._definition.file or "the pipeline file"
        lines = [f"Say it in {self._wanted.near(file)}, or answer in a session and write it back:"]
        lines += [f"  runthrough new {self._wanted.near(file)}"] if self._definition.file else []
        lines += [f"  {command}"] if command else []
        lines += [f"  runthrough export --pipeline {self._wanted.near(file)} --force"]
        return "\n".join(lines)

    def _tell(self, judging: Judging) -> None:
        with self._changed:
            self._verdicts.update(judging.told())
            self._changed.notify_all()

    def _write(self) -> None:
        """Leave what was found to the other workers."""
        told = {node: verdict.written() for node, verdict in self._verdicts.items()}
        part = self._folder / f"{VERDICTS}.part"
        part.write_text(json.dumps(told), encoding="utf-8")
        part.replace(self._folder / VERDICTS)
