"""Starting, finding and listing sessions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from runthrough.application.caller import Caller
from runthrough.application.handler import CommandHandler
from runthrough.application.looking import Looking
from runthrough.application.ports import Ports
from runthrough.application.session import Session
from runthrough.core.commands import StartSession
from runthrough.core.names import friendly_session_name
from runthrough.core.pipeline import PipelineDefinition
from runthrough.core.state import SessionState
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import RecordedPath, SessionId
from runthrough.core.values.metadata import Home, SessionSettings
from runthrough.core.values.paths import PIPELINE, SESSION, WORKSPACE, Roots, inside, record
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.core.values.secrets import masked_text, masked_values
from runthrough.core.values.store import SessionEntry
from runthrough.core.views.loaded import Loaded
from runthrough.errors import (
    CommandInvalidError,
    PipelineDiffersError,
    SessionError,
    UnknownSessionError,
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
        directory = self._ports.directory
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
    ) -> Session:
        """Begin a session; `workspaces` are absolute folders, the first is where it writes.

        Raises:
            SessionNameTakenError: An open session has the name.
            CommandInvalidError: The name is none that can be typed.
        """
        if name is not None and (not name.strip() or not name.isprintable() or name[0] == "@"):
            raise CommandInvalidError("new", f"a session cannot be called {name!r}")
        session_id = SessionId(self._ports.new_id())
        places = workspaces or (definition.folder,)
        roots = {PIPELINE: definition.folder, WORKSPACE: places[0]}
        further = {f"{WORKSPACE}{n}": place for n, place in enumerate(places[1:], start=2)}
        roots |= {**further, SESSION: f"{places[0].rstrip('/')}/.runthrough/{session_id}"}
        placed = Roots(roots)
        registry = {name: placed.record(path) for name, path in self._naming.registry.items()}
        pipeline = normalised(definition)
        pipeline = pipeline.model_copy(update={"registry": {**registry, **pipeline.registry}})
        settings = _kept_settings(
            self._naming, tuple(record(root, ".") for root in (WORKSPACE, *further))
        )
        command = StartSession(
            name=name or friendly_session_name(int(session_id.replace("-", ""), 16)),
            pipeline=pipeline,
            home=Home(host=self._caller.host, name=self._caller.host_name),
            settings=settings,
            facts=Looking(self._ports.catalog, self._ports.inspector, placed).at_start(
                pipeline, settings
            ),
        )
        loaded = Loaded(SessionState(session_id))
        self._ports.directory.set_roots(session_id, host=self._caller.host, roots=roots)
        self._handler.handle(loaded, command, self._caller.metadata())
        return self._session(loaded, placed)

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

        Raises:
            UnknownSessionError: There is none.
            SessionError: It lives on another host.
        """
        entry = self.found(asked)
        loaded = self._handler.load(entry.session_id)
        return self._session(loaded, self._roots(entry))

    def open_at(self, asked: str, at: int | datetime | None = None) -> Session:
        """A session to be read, as it was at a version or time (UTC), or as it is.

        Raises:
            UnknownSessionError: There is none.
            SessionError: It never was at that version.
        """
        entry = self.found(asked)
        upto = self._version_at(entry, at) if isinstance(at, datetime) else at
        if upto is not None and not 1 <= upto <= entry.version:
            raise SessionError(
                f"Session {entry.name} has versions 1 to {entry.version}, not {upto}.",
                fix="runthrough history lists them",
            )
        loaded = self._handler.load(entry.session_id, upto=upto)
        return self._session(loaded, self._roots(entry), read_only=True)

    def default(self) -> Session:
        """The only open session one of whose roots holds the current folder, else the last.

        Raises:
            UnknownSessionError: Neither; the sessions are listed.
        """
        here = [
            entry for entry in self.entries() if entry.phase == "open" and self._holds_cwd(entry)
        ]
        return self.open(here[0].session_id if len(here) == 1 else LAST)

    def _holds_cwd(self, entry: SessionEntry) -> bool:
        roots = self._ports.directory.roots_of(entry.session_id, host=self._caller.host)
        cwd = record("abs", self._cwd)
        return any(inside(cwd, record("abs", place)) is not None for place in roots.values())

    def _version_at(self, entry: SessionEntry, at: datetime) -> int:
        """The longest prefix before the first event later than `at`."""
        version = 0
        for envelope in self._ports.store.read(entry.session_id):
            if envelope.metadata.recorded_at > at:
                break
            version = envelope.version
        return version

    def _roots(self, entry: SessionEntry) -> Roots:
        roots = self._ports.directory.roots_of(entry.session_id, host=self._caller.host)
        if not roots:
            raise SessionError(
                f"Session {entry.name} lives on another host: its folders are not on "
                f"{self._caller.host_name}.",
                fix="go on with it where it was started",
            )
        return Roots(roots)

    def _session(self, loaded: Loaded, roots: Roots, *, read_only: bool = False) -> Session:
        return Session(
            self._ports,
            self._handler,
            loaded,
            roots=roots,
            caller=self._caller,
            cwd=self._cwd,
            read_only=read_only,
        )


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


def normalised(definition: PipelineDefinition) -> PipelineDeclaration:
    """A pipeline as history keeps it: every node named, in topological order, secrets masked."""
    declared = definition.declaration
    dag = definition.dag
    nodes = {}
    for name in dag.topological_sort():
        node = declared.nodes.get(name) or NodeDeclaration()
        nodes[name] = node.model_copy(
            update={
                "script": node.script and _masked(node.script),
                "inputs": {
                    n: _unsecret(source) if isinstance(source, Output) else _masked(source)
                    for n, source in node.inputs.items()
                },
                "outputs": {n: _masked(path) for n, path in node.outputs.items()},
                "environ_vars": masked_values(node.environ_vars),
                "job_args": masked_values(node.job_args),
                "python": node.python and masked_text(node.python),
            }
        )
    return declared.model_copy(
        update={
            "nodes": nodes,
            "edges": tuple(dag.edges),
            "scripts": tuple(map(_masked, declared.scripts)),
            "registry": {n: _masked(path) for n, path in declared.registry.items()},
            "python": declared.python and masked_text(declared.python),
        }
    )


def _unsecret(source: Output) -> Output:
    return replace(source, subpath=source.subpath and masked_text(source.subpath))


def _masked(path: RecordedPath) -> RecordedPath:
    """A path without what looks like a secret, such as the password of a URL."""
    return RecordedPath(masked_text(path))


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
