"""Starting, finding and listing sessions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from runthrough.application.allowing import Allowing, placed_path, refuse_session_folders
from runthrough.application.beginning import begin
from runthrough.application.caller import Caller
from runthrough.application.comparing import Compared, compare
from runthrough.application.confined import confined
from runthrough.application.definitions import normalised, with_registered
from runthrough.application.finding import SessionFinding
from runthrough.application.forking import forked, roots_at
from runthrough.application.handler import CommandHandler
from runthrough.application.keeping import checked_name
from runthrough.application.likeness import Likeness, Model, model
from runthrough.application.looking import Looking, World
from runthrough.application.pooling import LoadedPool
from runthrough.application.ports import Confinement, Ports
from runthrough.application.session import Session
from runthrough.application.wishes import Asked
from runthrough.core.commands import StartSession
from runthrough.core.names import friendly_session_name
from runthrough.core.pipeline import PipelineDefinition
from runthrough.core.state import SessionState
from runthrough.core.values.ids import RecordedPath, SessionId
from runthrough.core.values.metadata import Home, SessionSettings
from runthrough.core.values.paths import PIPELINE, SESSION, WORKSPACE, Roots, record
from runthrough.core.values.pipelines import PipelineDeclaration
from runthrough.core.values.store import SessionEntry
from runthrough.core.views.loaded import Loaded
from runthrough.errors import PipelineDiffersError, UnknownSessionError


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
        self,
        ports: Ports,
        caller: Caller,
        *,
        cwd: str,
        naming: Naming = USUAL_NAMING,
        pool: LoadedPool | None = None,
        in_workspace: bool = False,
    ) -> None:
        """See all sessions; those that are opened are taken from a `pool`, where there is one.

        Relative paths of what is begun start at `cwd`, and so do answers; `in_workspace` lets
        answers start at the workspace of their session, for callers without a folder of their own.
        """
        self._ports = confined(ports)
        self._caller = caller
        self._cwd = cwd
        self._in_workspace = in_workspace
        self._naming = _allowed(naming, ports.confinement)
        self._pool = pool
        self._finding = SessionFinding(self._ports, caller, cwd=cwd)
        self._handler = CommandHandler(
            ports.store, snapshots=ports.snapshots, clock=ports.clock, log=ports.log
        )

    def entries(self) -> tuple[SessionEntry, ...]:
        """All sessions, the one with the latest event first."""
        return self._finding.entries()

    def found(self, asked: str) -> SessionEntry:
        """The session of that id, name or `@last`, as the directory lists it.

        Raises:
            UnknownSessionError: There is none.
        """
        return self._finding.found(asked)

    def found_among(self, asked: str, reached: Collection[SessionId]) -> SessionEntry:
        """The session of that id, name or `@last` among those that somebody may reach.

        Raises:
            UnknownSessionError: There is none.
        """
        return self._finding.found_among(asked, reached)

    def start(
        self,
        definition: PipelineDefinition,
        *,
        name: str | None = None,
        workspaces: Sequence[str] = (),
        like: str | None = None,
        kept_in: str | None = None,
    ) -> Session:
        """Begin a session; `workspaces` are absolute folders, the first is where it writes.

        It writes into the folder `.runthrough` there, or into the absolute folder `kept_in`.
        With the answers of the session that `like` names, for nodes of one name; what of them
        was taken is the new session's `likeness`. A command that was handled before began its
        session then, and that one is opened.

        Raises:
            SessionNameTakenError: An open session has the name.
            CommandInvalidError: The name is none that can be typed.
            UnknownSessionError: There is no session to be like.
            OutsideRootsError: A folder, or a path in the pipeline, lies where the caller may not
                look.
        """
        chosen = None if name is None else checked_name("new", name)
        session_id = SessionId(self._ports.new_id())
        roots = self._new_roots(
            session_id, definition, workspaces or (definition.folder,), kept_in
        )
        placed = Roots(roots)
        allowing = Allowing(self._ports.confinement, placed)
        allowing.refuse_pipeline(normalised(definition))
        pipeline = with_registered(normalised(definition), self._naming.registry, placed)
        searched = tuple(record(root, ".") for root in roots if root.startswith(WORKSPACE))
        settings = _kept_settings(self._naming, searched)
        other = None if like is None else self._model(like, placed)
        command = StartSession(
            name=chosen or friendly_session_name(int(session_id.replace("-", ""), 16)),
            pipeline=pipeline,
            home=Home(host=self._caller.host, name=self._caller.host_name),
            settings=settings,
            like=None if other is None else other.stood,
            facts=self._at_start(
                placed, pipeline if other is None else other.answered(pipeline), settings
            ),
        )
        loaded = Loaded(SessionState(session_id))
        asked = Asked(
            chosen=frozenset({"name"} if chosen is None else ()),
            of="" if other is None else other.session_id,
        )
        begun = self._begun(loaded, command, asked, roots)
        if begun != session_id:
            return self.open(begun)
        session = self._session(loaded, placed)
        if other is not None:
            session.likeness = other.likeness(pipeline, command.facts)
        return session

    def _new_roots(
        self,
        session_id: SessionId,
        definition: PipelineDefinition,
        places: Sequence[str],
        kept_in: str | None,
    ) -> dict[str, str]:
        """The folders of a new session by their names, the workspaces in their order."""
        further = {f"{WORKSPACE}{n}": place for n, place in enumerate(places[1:], start=2)}
        kept = kept_in or f"{places[0].rstrip('/')}/.runthrough"
        roots = {
            PIPELINE: definition.folder,
            WORKSPACE: places[0],
            **further,
            SESSION: f"{kept}/{session_id}",
        }
        refuse_session_folders(self._ports.confinement, roots, kept)
        return roots

    def _begun(
        self, loaded: Loaded, command: StartSession, asked: Asked, roots: Mapping[str, str]
    ) -> SessionId:
        """Begin a session; its id, or that of the one which the command began before."""
        return begin(
            self._ports.directory,
            self._handler,
            loaded,
            command,
            metadata=self._caller.metadata(),
            asked=asked,
            places={self._caller.host: roots},
        )

    def place(self, given: str, what: str = "") -> str:
        """The absolute path that is meant by one that a caller gave, to be read or written.

        `what` it is begins the sentence of the refusal.

        Raises:
            OutsideRootsError: It lies where the caller may not look.
        """
        return placed_path(self._ports.confinement, given, cwd=self._cwd, what=what)

    def _model(self, like: str, roots: Roots) -> Model:
        """The session whose answers another one begins with, which lies at `roots`."""
        try:
            return self._seen_from(roots, self.open_at(like))
        except UnknownSessionError as unknown:
            unknown.fix = "runthrough sessions lists them; --like NAME chooses one"
            raise

    def _seen_from(self, roots: Roots, other: Session) -> Model:
        allowing = Allowing(self._ports.confinement, roots)
        return model(other.state, self._roots(other.session_id), roots, allowing=allowing)

    def _at_start(
        self, roots: Roots, pipeline: PipelineDeclaration, settings: SessionSettings
    ) -> World:
        """Facts for every node of a pipeline that no session knows yet."""
        looking = Looking(self._ports.catalog, self._ports.inspector, roots)
        return looking.at_start(pipeline, settings)

    def likeness(self, session: Session, like: str) -> Likeness:
        """What a session that has just begun took of another one, told anew.

        Raises:
            UnknownSessionError: There is no session of that name.
        """
        state, roots = session.state, self._roots(session.session_id)
        other = self._seen_from(roots, self.open_at(like))
        facts = self._at_start(roots, other.answered(state.pipeline), state.settings)
        return other.likeness(state.pipeline, facts)

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
        return self._opened(self.found(asked))

    def _opened(self, entry: SessionEntry) -> Session:
        load, session_id = self._handler.load, entry.session_id
        loaded = load(session_id) if self._pool is None else self._pool.take(session_id, load)
        return self._session(loaded, self._roots(session_id))

    def give_back(self, session: Session) -> None:
        """Let the next caller have a session that was opened and that nobody uses any more."""
        if self._pool is not None:
            session.hand_back(self._pool)

    def open_at(self, asked: str, at: int | datetime | None = None) -> Session:
        """A session to be read, as it was at a version or time (aware), or as it is.

        Raises:
            UnknownSessionError: There is none.
            SessionError: It never was at that version or time, or the time has no time zone.
        """
        entry = self.found(asked)
        upto = None if at is None else self._finding.version_at(entry, at)
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
            at=None if at is None else self._finding.version_at(origin, at),
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

        Of several that are open in the folder the last is meant only if it is one of them: a
        command typed here never acts on a session of another folder.

        Raises:
            UnknownSessionError: Neither; the sessions are listed.
        """
        return self._opened(self._finding.by_default())

    def is_meant(self, session: Session, *, asked: str | None) -> bool:
        """Whether a session is what is found with `asked`, or by default where that is `None`.

        Of several that are open in this folder none is meant by default: whichever the caller
        touches next would be.
        """
        return self._finding.is_meant(session.session_id, asked=asked)

    def version_at(self, session: Session, at: int | datetime) -> int:
        """The version of a session that is meant by one, or by a time (aware).

        Raises:
            SessionError: It never was at that version or time, or the time has no time zone.
        """
        if isinstance(at, int):
            return at
        return self._finding.version_at(self.found(session.session_id), at)

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
            in_workspace=self._in_workspace,
            read_only=read_only,
            past=past,
        )
        session.registered = self._naming.registry
        return session


def _allowed(naming: Naming, confinement: Confinement) -> Naming:
    """Without the scripts of the user's settings that lie where the caller may not look."""
    registry = {name: path for name, path in naming.registry.items() if confinement.holds(path)}
    return replace(naming, registry=registry)


def _kept_settings(naming: Naming, workspaces: tuple[RecordedPath, ...]) -> SessionSettings:
    """What a session fixes at its start."""
    kept = SessionSettings(
        workspaces=workspaces, compounds=naming.compounds, packages=naming.packages
    )
    if naming.suffixes is None:
        return kept
    return kept.model_copy(update={"suffixes": naming.suffixes})


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
