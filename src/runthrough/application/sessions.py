"""Starting, finding and listing sessions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from runthrough.application.caller import Caller
from runthrough.application.comparing import Compared, compare
from runthrough.application.definitions import normalised, with_registered
from runthrough.application.forking import forked, roots_at
from runthrough.application.handler import CommandHandler
from runthrough.application.keeping import checked_name
from runthrough.application.likeness import likeness, standing_here
from runthrough.application.looking import Looking
from runthrough.application.ports import Ports
from runthrough.application.session import Session
from runthrough.core.commands import StartSession
from runthrough.core.decide.taking import taken, with_answers
from runthrough.core.names import friendly_session_name
from runthrough.core.pipeline import PipelineDefinition
from runthrough.core.state import SessionState
from runthrough.core.values.ids import RecordedPath, SessionId
from runthrough.core.values.metadata import Home, SessionSettings
from runthrough.core.values.paths import PIPELINE, SESSION, WORKSPACE, Roots, inside, record
from runthrough.core.values.pipelines import PipelineDeclaration
from runthrough.core.values.secrets import masked_text
from runthrough.core.values.store import SessionEntry
from runthrough.core.views.loaded import Loaded
from runthrough.errors import (
    PipelineDiffersError,
    SessionError,
    UnknownSessionError,
    UnknownVersionError,
)

LAST = "@last"
"""Stands for the last session in which the caller has an event."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How this user's nodes and scripts are named; a new session keeps it."""

    suffixes: tuple[str, ...] | None = None
    """Job types that node names end in; `None` for the usual ones."""
    compounds: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    registry: Mapping[str, str] = field(default_factory=dict)
    """Node or canonical name → absolute path of its script; the pipeline's own wins."""


USUAL_NAMING = Naming()


class Sessions:
    """All sessions of one database, for one caller."""

    def __init__(
        self, ports: Ports, caller: Caller, *, cwd: str, naming: Naming = USUAL_NAMING
    ) -> None:
        self._ports = ports
        self._caller = caller
        self._cwd = cwd
        self._naming = naming
        self._handler = CommandHandler(
            ports.store, snapshots=ports.snapshots, clock=ports.clock, log=ports.log
        )

    def entries(self) -> tuple[SessionEntry, ...]:
        """All sessions, the one with the latest event first."""
        return self._ports.directory.sessions()

    def found(self, asked: str) -> SessionEntry:
        """The session of that id, name or `@last`, as the directory lists it.

        Raises:
            UnknownSessionError: There is none.
        """
        directory, asked = self._ports.directory, masked_text(asked)
        last = asked == LAST
        entry = directory.last_of(self._caller.actor) if last else directory.find(asked)
        if entry is None:
            listed = [f"{e.name} ({e.phase})" for e in self.entries()]
            raise UnknownSessionError(asked, listed[:LISTED])
        return entry

    def start(
        self,
        definition: PipelineDefinition,
        *,
        name: str | None = None,
        workspaces: Sequence[str] = (),
        like: str | None = None,
    ) -> Session:
        """Begin a session; `workspaces` are absolute folders, the first is where it writes.

        With the answers of the session that `like` names, for nodes of one name; what of them
        was taken is the new session's `likeness`.

        Raises:
            SessionNameTakenError: An open session has the name.
            CommandInvalidError: The name is none that can be typed.
            UnknownSessionError: There is no session to be like.
        """
        chosen = None if name is None else checked_name("new", name)
        session_id = SessionId(self._ports.new_id())
        places = workspaces or (definition.folder,)
        roots = {PIPELINE: definition.folder, WORKSPACE: places[0]}
        further = {f"{WORKSPACE}{n}": place for n, place in enumerate(places[1:], start=2)}
        roots |= {**further, SESSION: f"{places[0].rstrip('/')}/.runthrough/{session_id}"}
        placed = Roots(roots)
        pipeline = with_registered(normalised(definition), self._naming.registry, placed)
        settings = _kept_settings(
            self._naming, tuple(record(root, ".") for root in (WORKSPACE, *further))
        )
        stood, seen = None, pipeline
        other = None if like is None else self._model(like)
        if other is not None:
            stood = standing_here(other.state, self._roots(other.session_id), placed)
            seen = with_answers(pipeline, taken(stood, pipeline, {}))
        command = StartSession(
            name=chosen or friendly_session_name(int(session_id.replace("-", ""), 16)),
            pipeline=pipeline,
            home=Home(host=self._caller.host, name=self._caller.host_name),
            settings=settings,
            like=stood,
            facts=Looking(self._ports.catalog, self._ports.inspector, placed).at_start(
                seen, settings
            ),
        )
        loaded = Loaded(SessionState(session_id))
        self._ports.directory.set_roots(session_id, host=self._caller.host, roots=roots)
        self._handler.handle(loaded, command, self._caller.metadata())
        session = self._session(loaded, placed)
        if other is not None and stood is not None:
            answers = taken(stood, pipeline, command.facts)
            session.likeness = likeness(other.name, answers)
        return session

    def _model(self, like: str) -> Session:
        """The session whose answers another one begins with."""
        try:
            return self.open_at(like)
        except UnknownSessionError as unknown:
            unknown.fix = "runthrough sessions lists them; --like NAME chooses one"
            raise

    def resume_equal(self, name: str, definition: PipelineDefinition) -> Session | None:
        """The open session of that name, if there is one and it tests an equal pipeline.

        Raises:
            PipelineDiffersError: It tests another one.
        """
        entry = self._ports.directory.find(name)
        if entry is None or entry.name != name or entry.phase != "open":
            return None
        session = self.open(entry.session_id)
        differences = _differences(session.state.pipeline, normalised(definition))
        if differences:
            raise PipelineDiffersError(name, differences)
        return session

    def open(self, asked: str) -> Session:
        """A session by id, name or `@last`, to go on with.

        One that lives on another host can be looked at and configured; see `Session.move_home`.

        Raises:
            UnknownSessionError: There is none.
        """
        entry = self.found(asked)
        loaded = self._handler.load(entry.session_id)
        return self._session(loaded, self._roots(entry.session_id))

    def open_at(self, asked: str, at: int | datetime | None = None) -> Session:
        """A session to be read, as it was at a version or time (aware), or as it is.

        Raises:
            UnknownSessionError: There is none.
            SessionError: It never was at that version or time, or the time has no time zone.
        """
        entry = self.found(asked)
        upto = None if at is None else self._upto(entry, at)
        loaded = self._handler.load(entry.session_id, upto=upto)
        roots = roots_at(self._ports, entry, loaded.state.version, host=self._caller.host)
        return self._session(loaded, roots, read_only=True, past=at is not None)

    def fork(
        self, asked: str, *, at: int | datetime | None = None, name: str | None = None
    ) -> Session:
        """Begin a session that goes on from a version or time of another one, or from its end.

        Nothing is recorded in that one, and it may run or be closed.

        Raises:
            UnknownSessionError: There is no such session.
            SessionError: It never was at that version or time, or not between two commands.
            SessionNameTakenError: An open session has the name.
            CommandInvalidError: The name is none that can be typed.
        """
        chosen = None if name is None else checked_name("fork", name)
        origin = self.found(asked)
        loaded = forked(
            self._ports,
            self._handler,
            self._caller,
            origin=origin,
            at=None if at is None else self._upto(origin, at),
            name=chosen,
        )
        return self._session(loaded, self._roots(loaded.state.session_id))

    def diff(self, session: Session, one: object = None, other: object = None) -> Compared:
        """What differs between two sides; see `application.comparing` for what sides there are.

        Left out, `one` is where the session's last run that passed ended, and `other` is now.

        Raises:
            SessionError: One of them never was, or no run of the session has passed.
            UnknownSessionError: There is no such session.
        """
        return compare(self, session, one, other)

    def default(self) -> Session:
        """The only open session one of whose roots holds the current folder, else the last.

        Raises:
            UnknownSessionError: Neither; the sessions are listed.
        """
        here = self._open_here()
        return self.open(here[0].session_id if len(here) == 1 else LAST)

    def is_meant(self, session: Session, *, asked: str | None) -> bool:
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
        return found.session_id == session.session_id

    def _open_here(self) -> list[SessionEntry]:
        return [
            entry for entry in self.entries() if entry.phase == "open" and self._holds_cwd(entry)
        ]

    def _holds_cwd(self, entry: SessionEntry) -> bool:
        roots = self._ports.directory.roots_of(entry.session_id, host=self._caller.host)
        cwd = record("abs", self._cwd)
        return any(inside(cwd, record("abs", place)) is not None for place in roots.values())

    def version_at(self, session: Session, at: int | datetime) -> int:
        """The version of a session that is meant by one, or by a time (aware).

        Raises:
            SessionError: It never was at that version or time, or the time has no time zone.
        """
        return at if isinstance(at, int) else self._upto(self.found(session.session_id), at)

    def _upto(self, entry: SessionEntry, at: object) -> int:
        """The version that is meant; of a time the last one before the first event after it."""
        if isinstance(at, datetime):
            if at.tzinfo is None:
                raise SessionError(
                    f"The time {at.isoformat()} has no time zone, so it may mean any of many.",
                    fix="give an aware one, such as datetime.now(timezone.utc)",
                )
            version = self._ports.store.version_at(entry.session_id, at=at)
            if not version:
                raise SessionError(
                    f"Session {entry.name} was not there yet at {_moment(at)}: it began at "
                    f"{_moment(entry.created_at)}.",
                    fix="runthrough history tells when what happened",
                )
            return version
        if isinstance(at, bool) or not isinstance(at, int):
            raise SessionError(
                f"A session is looked at as of a version or an aware time, not {at!r}.",
                fix="runthrough history lists the versions",
            )
        if not 1 <= at <= entry.version:
            raise UnknownVersionError(entry.name, at, entry.version)
        return at

    def _roots(self, session_id: SessionId) -> Roots:
        """Where the session's folders lie here; none where this host does not know it."""
        return Roots(self._ports.directory.roots_of(session_id, host=self._caller.host))

    def _session(
        self, loaded: Loaded, roots: Roots, *, read_only: bool = False, past: bool = False
    ) -> Session:
        session = Session(
            self._ports,
            self._handler,
            loaded,
            roots=roots,
            caller=self._caller,
            cwd=self._cwd,
            read_only=read_only,
            past=past,
        )
        session.registered = self._naming.registry
        return session


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def _kept_settings(naming: Naming, workspaces: tuple[RecordedPath, ...]) -> SessionSettings:
    """What a session fixes at its start."""
    kept = SessionSettings(
        workspaces=workspaces, compounds=naming.compounds, packages=naming.packages
    )
    if naming.suffixes is None:
        return kept
    return kept.model_copy(update={"suffixes": naming.suffixes})


LISTED = 10
"""How many sessions an error names: enough to recognise one, few enough to read."""


def _differences(old: PipelineDeclaration, new: PipelineDeclaration) -> list[str]:
    """What another pipeline has that this one has not, in words; empty for equal ones."""
    told = []
    added = [name for name in new.nodes if name not in old.nodes]
    removed = [name for name in old.nodes if name not in new.nodes]
    edges = set(old.edges) ^ set(new.edges)
    changed = [n for n in new.nodes if n in old.nodes and new.nodes[n] != old.nodes[n]]
    if added:
        told.append(f"new nodes {', '.join(added)}")
    if removed:
        told.append(f"nodes gone {', '.join(removed)}")
    if edges and not added and not removed:
        told.append(f"other edges {', '.join(f'{a} → {b}' for a, b in sorted(edges))}")
    if changed:
        told.append(f"other declarations of {', '.join(changed)}")
    return told
