"""Small factories of the core's values, so that a test names only what it is about."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from runthrough.core.commands import (
    ConfigureScript,
    FinishScript,
    StartRun,
    StartScript,
    StartSession,
)
from runthrough.core.events import Event, EventEnvelope, SessionStarted
from runthrough.core.values.facts import InterpreterFacts, NodeFacts, PathFacts
from runthrough.core.values.fingerprints import Fingerprint, FingerprintPart
from runthrough.core.values.ids import (
    AttemptId,
    CommandId,
    HostId,
    NodeName,
    RecordedPath,
    RunId,
    SessionId,
    Version,
)
from runthrough.core.values.metadata import Holder, Home, Metadata, SessionSettings
from runthrough.core.values.outcomes import WrittenOutput
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.core.values.plans import Plan, PlannedNode
from runthrough.core.values.problems import Place, Problem
from runthrough.core.values.requirements import Requirement, ScriptRequirements
from runthrough.core.values.scripts import ScriptInfo

SESSION = SessionId("01900000-0000-7000-8000-000000000001")
RUN = RunId("run-1")
HOME = Home(host=HostId("host-1"), name="ann-ws")
HOLDER = Holder(host=HostId("host-1"), boot_id="boot", pid=7, started_at=1.0, host_name="ann-ws")
STARTED_AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def metadata(version: int, actor: str = "ann") -> Metadata:
    """Columns of the event at `version`; one second passes from event to event."""
    return Metadata(
        actor=actor,
        actor_source="setting",
        door="python",
        host=HOME.host,
        app_version="0.1.0",
        command_id=CommandId(f"command-{version}"),
        recorded_at=STARTED_AT + timedelta(seconds=version),
    )


def envelope(event: Event, version: int, actor: str = "ann") -> EventEnvelope:
    """An event as it stands at `version` of a session that is alone in its log."""
    return EventEnvelope(
        version, SESSION, Version(version), event, metadata(version, actor), f"{version:064x}"
    )


def envelopes(events: Iterable[Event], *, after: int = 0) -> tuple[EventEnvelope, ...]:
    """Events in their order, from version `after + 1` on."""
    return tuple(envelope(event, after + n) for n, event in enumerate(events, start=1))


def need(name: str, kind: str = "input", level: str = "required", **more) -> Requirement:
    """A need that the code has."""
    more.setdefault("sources", ("code",))
    return Requirement(kind=kind, name=name, level=level, **more)


def script_info(name: str = "clean", **more) -> ScriptInfo:
    """A script in the workspace with a proper `main`."""
    more.setdefault("digest", f"digest of {name}")
    return ScriptInfo(
        name=name,
        path=RecordedPath(f"workspace:scripts/{name}.py"),
        package_root=RecordedPath("workspace:scripts"),
        module=name,
        has_main=True,
        parameters=("input_paths", "output_paths", "environ_vars", "job_args"),
        **more,
    )


def file_at(path: str, **more) -> PathFacts:
    """A file that is there, with something in it."""
    more.setdefault("digest", f"content of {path}")
    return PathFacts(
        path=RecordedPath(path), kind="file", size_bytes=10, mtime_ns=1, inode=2, **more
    )


def nothing_at(path: str, **more) -> PathFacts:
    """A path where nothing is."""
    return PathFacts(path=RecordedPath(path), **more)


def node_facts(*needs: Requirement, paths: Iterable[PathFacts] = (), **more) -> NodeFacts:
    """What was seen for a node: its script (`clean` unless told), its needs, some paths."""
    more.setdefault("script", script_info())
    more.setdefault("requirements", ScriptRequirements(needs=needs))
    more.setdefault("interpreter", InterpreterFacts(version="3.11.7"))
    return NodeFacts(paths={seen.path: seen for seen in paths}, **more)


def pipeline(*edges: tuple[str, str], **nodes: NodeDeclaration | None) -> PipelineDeclaration:
    """A declaration; nodes that only edges name are declared without a word."""
    named = {name: declared or NodeDeclaration() for name, declared in nodes.items()}
    for edge in edges:
        for end in edge:
            named.setdefault(end, NodeDeclaration())
    return PipelineDeclaration(name="churn", nodes=named, edges=edges)


def session_started(declared: PipelineDeclaration) -> SessionStarted:
    """The first event of a session."""
    return SessionStarted(
        name="quiet-heron", pipeline=declared, home=HOME, settings=SessionSettings()
    )


def start(declared: PipelineDeclaration, facts: Mapping[str, NodeFacts]) -> StartSession:
    """The first command of a session."""
    return StartSession(
        name="quiet-heron",
        pipeline=declared,
        home=HOME,
        settings=SessionSettings(),
        facts=facts,
    )


def configure(node: str, facts: NodeFacts | None = None, **answers) -> ConfigureScript:
    """A person's answers for a node, with what was seen for it."""
    world = {NodeName(node): facts} if facts else {}
    return ConfigureScript(node=NodeName(node), facts=answers.pop("world", world), **answers)


def start_run(*select: str, **more) -> StartRun:
    """Begin a run over a selection."""
    more.setdefault("run", RUN)
    return StartRun(select=select, holder=HOLDER, runner="process:", **more)


def claim_attempt(node: str, fingerprint: Fingerprint = (), **more) -> StartScript:
    """Claim the node's first attempt."""
    more.setdefault("run", RUN)
    more.setdefault("attempt", attempt_at(node))
    return StartScript(
        node=NodeName(node), fingerprint=fingerprint, runner="process:", outputs={}, **more
    )


def finish(node: str, outcome: str = "passed", **more) -> FinishScript:
    """The end of the node's first attempt."""
    more.setdefault("run", RUN)
    return FinishScript(
        node=NodeName(node),
        attempt=attempt_at(node),
        outcome=outcome,
        duration_s=0.5,
        **more,
    )


def attempt_at(node: str) -> AttemptId:
    """The id of the attempt at a node that tests speak of."""
    return AttemptId(f"attempt-{node}")


def written(name: str, path: str, digest: str | None = "d1") -> WrittenOutput:
    """An output as an attempt left it."""
    return WrittenOutput(name=name, path=RecordedPath(path), digest=digest)


def plan_of(*nodes: str) -> Plan:
    """A plan that runs these nodes for the first time."""
    names = tuple(map(NodeName, nodes))
    return Plan(
        order=names,
        run=tuple(PlannedNode(node=node, reasons=("never_passed",)) for node in names),
    )


def part(kind: str, name: str, value: object) -> FingerprintPart:
    """One part of a fingerprint."""
    return FingerprintPart(part=kind, name=name, value=value)


def missing(node: str, name: str) -> Problem:
    """The problem of a required input that nothing feeds."""
    return Problem(
        code="INPUT_MISSING",
        severity="error",
        where=Place(node=node, kind="input", name=name),
        message=f"Missing required input: {name}",
        fix=f"runthrough configure {node} --input {name}=PATH",
    )
