"""Sessions to work on: how they begin, and who appends to them as the application does."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

from sample import NODE, event, fill, metadata

from runthrough.adapters.store.database import SqlDatabase
from runthrough.adapters.store.snapshots import SqlSnapshotCache
from runthrough.adapters.store.sql import SqlEventStore
from runthrough.application.handler import CommandHandler
from runthrough.core.commands import ConfigureScript
from runthrough.core.events import Event, NodeDiscovered, RequirementsRead, SessionStarted
from runthrough.core.values.facts import InterpreterFacts, NodeFacts, PathFacts
from runthrough.core.values.ids import HostId, NodeName, RecordedPath, SessionId
from runthrough.core.values.metadata import Home, SessionSettings
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.core.values.requirements import Requirement, ScriptRequirements
from runthrough.core.values.scripts import ScriptInfo

CHAIN = 10
"""Nodes in a row, each fed by the one before."""
_NEEDS = (
    ("input", "data_input"),
    ("output", "data_output"),
    ("environ_var", "LABEL_FIELD"),
    ("environ_var", "TRAIN_RATIO"),
    ("job_arg", "job_type"),
)


def handler_over(database: SqlDatabase) -> CommandHandler:
    """The loop that every command goes through, with a log that says nothing."""
    return CommandHandler(
        SqlEventStore(database),
        snapshots=SqlSnapshotCache(database),
        clock=lambda: datetime.now(UTC),  # noqa: TID251 - as bootstrap wires it
        log=lambda _event, **_values: None,
    )


def beginning(nodes: Sequence[str], *, name: str = "long") -> Iterator[Event]:
    """A session begins: nodes in chains, each with a script and five needs."""
    chains = (pair for number, pair in enumerate(pairwise(nodes), 1) if number % CHAIN)
    yield SessionStarted(
        name=name,
        pipeline=PipelineDeclaration(
            name="zoo", nodes={node: NodeDeclaration() for node in nodes}, edges=tuple(chains)
        ),
        home=Home(host=HostId("host")),
        settings=SessionSettings(),
    )
    needs = ScriptRequirements(
        needs=tuple(
            Requirement(
                kind=kind,
                name=needed,
                level="required",
                sources=("code",),
                description="read at the beginning of main",
            )
            for kind, needed in _NEEDS
        )
    )
    for node in nodes:
        yield NodeDiscovered(node=NodeName(node), script=_script(node))
        yield RequirementsRead(node=NodeName(node), requirements=needs, because="discovered")


def _script(name: str) -> ScriptInfo:
    return ScriptInfo(
        name=name,
        path=RecordedPath(f"pipeline:scripts/{name}.py"),
        package_root=RecordedPath("pipeline:scripts"),
        module=name,
        digest="5" * 64,
        has_main=True,
        parameters=("input_paths", "output_paths", "environ_vars", "job_args"),
        description="Clean the table and split it.",
        imports=("argparse", "json", "numpy", "os", "pandas", "pathlib", "sklearn"),
    )


def configuration() -> ConfigureScript:
    """A command that leaves one event of usual size in a session of one node."""
    wanted = event().spec
    path = wanted.input_paths["data_input"]
    facts = NodeFacts(
        script=_script(NODE),
        paths={path: PathFacts(path=path, kind="file", size_bytes=9)},
        interpreter=InterpreterFacts(version="3.11.7"),
    )
    return ConfigureScript(
        node=NodeName(NODE),
        input_paths={"data_input": path},
        user_notes=f"{wanted.user_notes}, without the rows that have no label",
        facts={NodeName(NODE): facts},
    )


class Writer:
    """Configures the one node of a session again and again, through `CommandHandler`."""

    def __init__(self, handler: CommandHandler, session_id: SessionId) -> None:
        self._handler = handler
        self._loaded = handler.load(session_id)
        self._command = configuration()
        self._metadata = metadata("")

    def write(self, command_id: str) -> None:
        """Decide, append one event, and fold it.

        Raises:
            StoreUnavailableError: The database could not be written.
        """
        given = replace(self._metadata, command_id=command_id)
        (stored,) = self._handler.handle(self._loaded, self._command, given)
        if stored.event.type != "ScriptConfigured":
            raise SystemExit(f"the sample configuration led to {stored.event}")


def begin(store: SqlEventStore, session_id: str) -> SessionId:
    """Begin a session of one node whose script has no needs."""
    begun = SessionId(session_id)
    events = [one for one in beginning([NODE], name=begun) if one.type != "RequirementsRead"]
    fill(store, events, session_id=begun, command=f"begin-{begun}")
    return begun
