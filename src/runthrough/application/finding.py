"""Which session is meant, and which of its versions: by id, name, folder, or moment."""

from collections.abc import Collection, Sequence
from datetime import datetime

from runthrough.application.caller import Caller
from runthrough.application.ports import Ports
from runthrough.core.values.ids import SessionId
from runthrough.core.values.lookup import choose
from runthrough.core.values.paths import inside, record
from runthrough.core.values.secrets import masked_text
from runthrough.core.values.store import SessionEntry
from runthrough.core.views.telling import utc
from runthrough.errors import SessionError, UnknownSessionError, UnknownVersionError

LAST = "@last"
"""Stands for the last session in which the caller has an event."""
LISTED = 10
"""How many sessions an error names: enough to recognise one, few enough to read."""


class SessionFinding:
    """Finds sessions as one caller means them, who is in one folder."""

    def __init__(self, ports: Ports, caller: Caller, *, cwd: str) -> None:
        self._ports = ports
        self._caller = caller
        self._cwd = cwd

    def entries(self) -> tuple[SessionEntry, ...]:
        """All sessions, the one with the latest event first."""
        return self._ports.directory.sessions()

    def found(self, asked: str) -> SessionEntry:
        """The session of that id, name or `@last`, as the directory lists it.

        Raises:
            UnknownSessionError: There is none.
        """
        asked = masked_text(asked)
        entry = self._looked_up(asked)
        if entry is None:
            raise _unknown(asked, self.entries())
        return entry

    def found_among(self, asked: str, reached: Collection[SessionId]) -> SessionEntry:
        """The session of that id, name or `@last` among those that somebody may reach.

        The others are as if there were none: a name means the session that it means among these,
        and what is not found is told in the same words whether or not there is one elsewhere.

        Raises:
            UnknownSessionError: There is none.
        """
        asked = masked_text(asked)
        entry = self._looked_up(asked)
        if entry is not None and entry.session_id in reached:
            return entry
        entries = [one for one in self.entries() if one.session_id in reached]
        entry = None if asked == LAST else choose(asked, entries)
        if entry is None:
            raise _unknown(asked, entries)
        return entry

    def _looked_up(self, asked: str) -> SessionEntry | None:
        directory = self._ports.directory
        return directory.last_of(self._caller.actor) if asked == LAST else directory.find(asked)

    def by_default(self) -> SessionEntry:
        """The only open session one of whose roots holds the current folder, else the last.

        Of several that are open in the folder the last is meant only if it is one of them: a
        command typed here never acts on a session of another folder.

        Raises:
            UnknownSessionError: Neither; the sessions are listed.
        """
        here = self._open_here()
        if len(here) == 1:
            return self.found(here[0].session_id)
        last = self._ports.directory.last_of(self._caller.actor)
        if here and (last is None or last.session_id not in {e.session_id for e in here}):
            raise UnknownSessionError(LAST, [e.name for e in here[:LISTED]], several=True)
        return self.found(LAST)

    def is_meant(self, session_id: str, *, asked: str | None) -> bool:
        """Whether a session is what is found with `asked`, or by default where that is `None`.

        Of several that are open in this folder none is meant by default: whichever the caller
        touches next would be.
        """
        here = [] if asked else self._open_here()
        if len(here) > 1:
            return False
        try:
            found = self.found(asked or (here[0].session_id if here else LAST))
        except UnknownSessionError:
            return False
        return found.session_id == session_id

    def version_at(self, entry: SessionEntry, at: object) -> int:
        """The version that is meant; of a time the last one before the first event after it.

        Raises:
            SessionError: It never was at that version or time, or the time has no time zone.
        """
        if isinstance(at, datetime):
            return self._version_then(entry, at)
        if isinstance(at, bool) or not isinstance(at, int):
            raise SessionError(
                f"A session is looked at as of a version or an aware time, not {at!r}.",
                fix="runthrough history lists the versions",
            )
        if not 1 <= at <= entry.version:
            raise UnknownVersionError(entry.name, at, entry.version)
        return at

    def _version_then(self, entry: SessionEntry, at: datetime) -> int:
        if at.tzinfo is None:
            raise SessionError(
                f"The time {at.isoformat()} has no time zone, so it may mean any of many.",
                fix="give an aware one, such as datetime.now(timezone.utc)",
            )
        version = self._ports.store.version_at(entry.session_id, at=at)
        if not version:
            raise SessionError(
                f"Session {entry.name!r} was not there yet at {utc(at)}: it began at "
                f"{utc(entry.created_at)}.",
                fix="runthrough history tells when what happened",
            )
        return version

    def _open_here(self) -> list[SessionEntry]:
        return [
            entry for entry in self.entries() if entry.phase == "open" and self._holds_cwd(entry)
        ]

    def _holds_cwd(self, entry: SessionEntry) -> bool:
        roots = self._ports.directory.roots_of(entry.session_id, host=self._caller.host)
        cwd = record("abs", self._cwd)
        return any(inside(cwd, record("abs", place)) is not None for place in roots.values())


def _unknown(asked: str, entries: Sequence[SessionEntry]) -> UnknownSessionError:
    return UnknownSessionError(asked, [f"{e.name} ({e.phase})" for e in entries[:LISTED]])
