"""Testers at work in one process: sessions over real files and scripts, told what time it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.support.handling import silent
from tests.support.pipelines import Place
from tests.support.stored import AT, HOST, Stores
from uuid_utils import uuid7

from runthrough import PipelineDAG
from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.adapters.inspection import LocalInspector
from runthrough.adapters.runners.interpreters import python_version
from runthrough.adapters.runners.process import ProcessRunner
from runthrough.adapters.secrets import EnvironmentSecrets
from runthrough.adapters.session_files import LocalSessionFiles
from runthrough.application.answers import Answers
from runthrough.application.caller import Caller
from runthrough.application.ports import Ports
from runthrough.application.session import Session
from runthrough.application.sessions import Sessions
from runthrough.core.events import Event
from runthrough.core.pipeline import PipelineDefinition
from runthrough.core.values.ids import HostId
from runthrough.core.values.metadata import Holder

NAME = "rehearsal"


@dataclass
class Watch:
    """A clock that goes only when it is told to."""

    now: datetime = AT

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Let time go by."""
        self.now += timedelta(seconds=seconds)


@dataclass
class Machine:
    """A host with a tester on it that is one of some living processes."""

    host: str = HOST
    pid: int = 1
    living: set[int] = field(default_factory=lambda: {1})

    def me(self) -> Holder:
        """This tester as the holder of a run."""
        return Holder(
            host=HostId(self.host),
            boot_id="boot",
            pid=self.pid,
            started_at=1.0,
            host_name=f"{self.host}-ws",
        )

    def alive(self, holder: Holder) -> bool | None:
        """Whether a process lives; `None` for another host's."""
        return holder.pid in self.living if holder.host == self.host else None


@dataclass
class Studio:
    """A folder with scripts, one store, and the testers that meet over it."""

    place: Place
    stores: Stores
    watch: Watch = field(default_factory=Watch)
    secrets: dict[str, str] = field(default_factory=dict)

    def ports(self, **other: Any) -> Ports:
        """Everything real but time, secrets and hosts; `other` stands for what is named."""
        ports = Ports(
            store=self.stores.events,
            directory=self.stores.directory,
            audit=self.stores.audit,
            leases=self.stores.leases,
            tokens=self.stores.tokens,
            feed=self.stores.feed,
            snapshots=self.stores.snapshots,
            imports=self.stores.imports,
            catalog=StepCatalog(),
            inspector=LocalInspector(probe=python_version),
            files=LocalSessionFiles(),
            secrets=EnvironmentSecrets(self.secrets),
            hosts=Machine(),
            runner=ProcessRunner,
            runner_name="process:",
            keep_runs=5,
            clock=self.watch,
            new_id=lambda: str(uuid7()),
            log=silent,
        )
        return replace(ports, **other)

    def sessions(self, actor: str = "ann", **other: Any) -> Sessions:
        """A tester with ports of its own."""
        ports = self.ports(**other)
        caller = Caller(
            actor=actor,
            actor_source="setting",
            door="python",
            host=HOST,
            host_name="ws",
            app_version="0.1.0",
            clock=ports.clock,
            new_id=ports.new_id,
        )
        return Sessions(ports, caller, cwd=str(self.place.folder))

    def start(self, *nodes: str, edges: Iterable[tuple[str, str]] = (), **other: Any) -> Session:
        """Begin the session."""
        dag = PipelineDAG(nodes=nodes, edges=edges, name="studio")
        definition = PipelineDefinition.from_dag(dag, str(self.place.folder))
        workspaces = (str(self.place.workspace),)
        return self.sessions(**other).start(definition, name=NAME, workspaces=workspaces)

    def enter(self, actor: str = "bob", **other: Any) -> Session:
        """Another tester at the same session; nothing is resumed yet."""
        return self.sessions(actor, **other).open(NAME)

    def events(self, kind: str = "") -> list[Event]:
        """All events of the session, or those of one type."""
        entry = self.stores.directory.find(NAME)
        assert entry is not None
        read = self.stores.events.read(entry.session_id)
        return [e.event for e in read if kind in {"", e.event.type}]

    def ends(self) -> list[tuple[str, str]]:
        """Node and outcome of each attempt that has ended, in order."""
        return [(end.node, end.outcome) for end in self.events("ScriptExecuted")]

    def statuses(self) -> list[str]:
        """How each run ended, in order."""
        return [end.status for end in self.events("RunFinished")]


def configured(session: Session, node: str, **answers: Any) -> Session:
    """The session, with a node configured."""
    session.configure(node, Answers(**answers))
    return session


def outcomes(results: Mapping[str, Any]) -> dict[str, str]:
    """Node → outcome of one run."""
    return {node: row["outcome"] for node, row in results["outcomes"].items()}
