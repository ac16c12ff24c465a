"""A session's runs looked back on, and what their scripts wrote."""

import posixpath
from collections.abc import Iterator, Mapping

from runthrough.application.allowing import OUTSIDE
from runthrough.application.log_reading import (
    STREAMS,
    Attempted,
    LogPart,
    LogReading,
    LogStream,
    attempts_told,
)
from runthrough.application.planned import PlannedSession
from runthrough.application.recalling import remembered
from runthrough.application.shown import MOVE
from runthrough.core.values.ids import AttemptId, NodeName, RunId
from runthrough.core.views.nodes import View
from runthrough.core.views.plans import outdated_view
from runthrough.core.views.runs import RunsTold, RunTold
from runthrough.errors import SessionError, UnknownAttemptError, UnknownRunError

TAIL_BYTES = 16 * 1024
"""So much of the end of each log is told where no piece of it is asked for."""


class RanSession(PlannedSession):
    """A session whose runs can be looked at, one by one."""

    def runs(self) -> tuple[RunTold, ...]:
        """All runs of the session, the latest one first; those of its ancestors too."""
        self.refresh()
        return self._runs().newest_first()

    def run_told(self, run: str) -> RunTold:
        """One run of the session.

        Raises:
            UnknownRunError: The session has had no such run.
        """
        self.refresh()
        told = self._runs().of.get(RunId(run))
        if told is None:
            raise UnknownRunError(run)
        return told

    def run_results(self, run: str) -> View:
        """The results of a run, as they are while it is on, or were at its end.

        See `views.runs.RunTold.results`.

        Raises:
            UnknownRunError: The session has had no such run.
        """
        told = self.run_told(run)
        loaded = self._loaded
        if told.version != self.version:
            loaded = self._handler.load(self.session_id, upto=told.version)
        begun = self._handler.load(self.session_id, upto=told.begun)
        state = begun.state
        seen = remembered(state, begun.particulars, state.nodes)
        return told.results(
            loaded.state,
            loaded.particulars,
            locate=self.locate,
            outdated=outdated_view(state, told.started.plan.order, seen),
        )

    def log_part(
        self,
        node: str,
        stream: LogStream,
        *,
        attempt: str | None = None,
        after: int = 0,
        limit: int = TAIL_BYTES,
    ) -> LogPart:
        """A piece of what an attempt at a node wrote, from a byte on; the latest attempt's.

        One that has written nothing, or whose log was deleted, has an empty log.

        Raises:
            UnknownAttemptError: The node has had no such attempt.
            SessionError: Its log lies on another host, or where the caller may not look.
        """
        self.refresh()
        attempted = self._attempted(self.node_named(node), attempt)
        if attempted is None:
            return LogPart("", 0, 0, 0, ended=True)
        part = self._log_reading(node).part(attempted, stream, after=after, limit=limit)
        return part or LogPart("", after, after, 0, ended=not attempted.running)

    def log_tails(self, node: str, *, attempt: str | None = None, limit: int = TAIL_BYTES) -> View:
        """The ends of both logs of an attempt at a node, the latest one's.

        Keys: node, run, attempt, running, stdout, stderr, stdout_bytes, stderr_bytes; ids are
        null where there was none.

        Raises:
            UnknownAttemptError: The node has had no such attempt.
            SessionError: Its log lies on another host, or where the caller may not look.
        """
        self.refresh()
        name = self.node_named(node)
        attempted = self._attempted(name, attempt)
        parts: dict[LogStream, LogPart | None] = dict.fromkeys(STREAMS)
        if attempted is not None:
            reading = self._log_reading(node)
            parts = {one: reading.tail(attempted, one, limit=limit) for one in STREAMS}
        return {
            "node": name,
            "run": attempted.run if attempted else None,
            "attempt": attempted.attempt if attempted else None,
            "running": attempted.running if attempted else False,
            **{stream: part.text if part else "" for stream, part in parts.items()},
            **{
                f"{stream}_bytes": part.size_bytes if part else 0 for stream, part in parts.items()
            },
        }

    def log_endings(
        self, node: str, *, attempt: str | None = None, limit: int
    ) -> tuple[Attempted | None, Mapping[LogStream, LogPart]]:
        """The attempt at a node, the latest one's, and the last `limit` bytes of its two logs.

        Raises:
            UnknownAttemptError: The node has had no such attempt.
            SessionError: Its log lies on another host, or where the caller may not look.
        """
        self.refresh()
        attempted = self._attempted(self.node_named(node), attempt)
        empty = LogPart("", 0, 0, 0, ended=attempted is None or not attempted.running)
        if attempted is None:
            return None, dict.fromkeys(STREAMS, empty)
        reading = self._log_reading(node)
        return attempted, {
            one: reading.ending(attempted, one, limit=limit) or empty for one in STREAMS
        }

    def log_pieces(
        self, node: str, stream: LogStream, *, attempt: str | None = None
    ) -> Iterator[str]:
        """All that an attempt at a node has written by now, piece by piece; the latest attempt's.

        Raises:
            UnknownAttemptError: The node has had no such attempt.
            SessionError: Its log lies on another host, or where the caller may not look.
        """
        self.refresh()
        attempted = self._attempted(self.node_named(node), attempt)
        if attempted is None:
            return iter(())
        return (part.text for part in self._log_reading(node).parts(attempted, stream))

    def _runs(self) -> RunsTold:
        told = RunsTold()
        told.take(self._ports.store.read(self.session_id, upto=self.version))
        return told

    def _log_reading(self, node: str) -> LogReading:
        """What reads logs here.

        Raises:
            SessionError: They lie on another host, or where the caller may not look.
        """
        if self.is_outside:
            raise SessionError(
                f"The log of {node} {OUTSIDE}.",
                fix=f"read it on its machine: runthrough logs {node}",
            )
        if not self.at_home:
            raise SessionError(
                f"The log of {node} lies on {self.home_name}, where the session lives.",
                fix=f"read it there, or move the session to this machine: {MOVE}",
            )
        return LogReading(self._ports, self._roots, self.state)

    def _attempted(self, node: NodeName, attempt: str | None) -> Attempted | None:
        """The attempt that is meant; `None` where none is named and there was none.

        Raises:
            UnknownAttemptError: The node has had no such attempt.
        """
        there = self.state.nodes[node]
        if there.running is not None and attempt in (None, there.running.attempt):
            running = there.running
            return Attempted(node, running.run, running.attempt, running=True)
        last = there.last
        if last is not None and attempt in (None, last.attempt):
            folder = None if last.log is None else posixpath.dirname(self.locate(last.log))
            return Attempted(node, last.run, last.attempt, running=False, folder=folder)
        if attempt is None:
            return None
        told = attempts_told(self._ports.store.read(self.session_id, upto=self.version))
        name, found = told.get(AttemptId(attempt), (None, None))
        if found is None or name != node:
            raise UnknownAttemptError(node, attempt)
        return found
