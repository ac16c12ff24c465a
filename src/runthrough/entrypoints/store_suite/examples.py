"""An event of every type, with something in each of its fields."""

from datetime import UTC, datetime

from runthrough.core.events import (
    CommandRefused,
    ConfigurationCleared,
    ConfigurationDrafted,
    ConfigurationRejected,
    ConfigurationRestored,
    ConfigurationReverted,
    ConnectionAccepted,
    ConnectionConfirmed,
    ConnectionProposed,
    ConnectionRejected,
    ConnectionRemoved,
    DataFlowChecked,
    Event,
    HomeMoved,
    NodeDiscovered,
    NodeMarkedExternal,
    NodeMarkedInternal,
    NoteAdded,
    PipelineChanged,
    RequirementsRead,
    ReuseAccepted,
    RunCancelRequested,
    RunFinished,
    RunStarted,
    ScriptAutoConfigured,
    ScriptBlocked,
    ScriptBound,
    ScriptConfigured,
    ScriptExecuted,
    ScriptMarkedPending,
    ScriptReused,
    ScriptStarted,
    SessionArchived,
    SessionClosed,
    SessionForked,
    SessionImported,
    SessionRenamed,
    SessionReopened,
    SessionStarted,
    VersionApproved,
    WorldChanged,
)
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import Evidence, WorldChange
from runthrough.core.values.fingerprints import FingerprintPart
from runthrough.core.values.ids import (
    AttemptId,
    HostId,
    NodeName,
    RecordedPath,
    RunId,
    SessionId,
    Version,
)
from runthrough.core.values.metadata import Holder, Home, Origin, SessionSettings
from runthrough.core.values.outcomes import (
    Edge,
    Frame,
    ReturnValue,
    RunSummary,
    ScriptError,
    ScriptLog,
    SeamResult,
    WrittenOutput,
)
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.core.values.plans import BlockedNode, Plan, PlannedNode
from runthrough.core.values.problems import Place, Problem
from runthrough.core.values.requirements import (
    DynamicRequirement,
    Requirement,
    ScriptRequirements,
)
from runthrough.core.values.scripts import ScriptCandidate, ScriptInfo
from runthrough.core.values.specs import ScriptSpec

RUN = RunId("019e0000-0000-7000-8000-000000000001")
ATTEMPT = AttemptId("019e0000-0000-7000-8000-000000000002")
_FIT, _SCORE = NodeName("Fit"), NodeName("Score")
SOURCE, CLEAN, TRAIN = map(NodeName, ("Source", "Größe_säubern", "Train"))
HOLDER = Holder(host=HostId("host-1"), boot_id="boot", pid=7, started_at=1.5, host_name="ann-ws")
_DATA = RecordedPath("workspace:raw data/größe.csv")
_MODEL = RecordedPath("session:runs/1/Train/model")
_SCRIPT = RecordedPath("pipeline:scripts/clean.py")
_SPEC = ScriptSpec(
    input_paths={"data": _DATA},
    output_paths={"model": _MODEL},
    environ_vars={"LABEL": "größe", "KEY": {"secret": "KEY"}},
    job_args={"rate": 0.1, "deep": {"list": [1, None, True, "x"]}},
    user_notes="two\nlines",
    timeout_s=600.0,
    python="../env/bin/python",
)
_PROBLEM = Problem(
    code="INPUT_NOT_FOUND",
    severity="error",
    where=Place(node=CLEAN, kind="input", name="data"),
    message="Input file does not exist: größe.csv",
    fix="runthrough configure Größe_säubern --input data=PATH",
    candidates=("größen.csv",),
)
_EVIDENCE = Evidence(
    kind="input",
    name="data",
    source="connection",
    path=_DATA,
    connection="Source.DATA/train",
    size_bytes=2**40,
    mtime_ns=1_700_000_000_123_456_789,
    inode=2**63 - 1,
    digest="d" * 64,
)
_FINGERPRINT = (
    FingerprintPart(part="input", name="data", value="d" * 64),
    FingerprintPart(part="job_arg", name="deep", value={"list": [1, 2.5]}),
)
_PLAN = Plan(
    order=(CLEAN, TRAIN),
    run=(PlannedNode(node=CLEAN, reasons=("never_passed", "changed")),),
    reuse=(TRAIN,),
    blocked=(BlockedNode(node=TRAIN, by=(CLEAN,)),),
)


_Wire = ConnectionAccepted | ConnectionConfirmed | ConnectionRejected | ConnectionRemoved


def _wire(
    kind: type[_Wire],
) -> _Wire:
    return kind(
        node=CLEAN,
        input="data",
        from_node=SOURCE,
        output="DATA",
        subpath="train",
        score=0.875,
        reason="equal name",
    )


_INFO = ScriptInfo(
    name="clean",
    path=_SCRIPT,
    package_root=RecordedPath("pipeline:scripts"),
    module="clean",
    digest="e" * 64,
    has_main=True,
    parameters=("input_paths", "**rest"),
    framework="xgboost",
    description="Cleans.",
    imports=("json", "xgboost"),
    problems=(_PROBLEM,),
)
_PROPOSED = ConnectionProposed(
    node=TRAIN,
    input="data",
    from_node=CLEAN,
    output="model",
    subpath="train",
    score=1.25,
    margin=0.1,
    reason="file names größe.csv",
    runner_up=Output("Source", "DATA", None),
    subpath_choices=("train", "test"),
    expected=True,
    outside=True,
)

SESSION_EVENTS: tuple[Event, ...] = (
    SessionStarted(
        name="quiet-heron",
        pipeline=PipelineDeclaration(
            name="zoo",
            file=RecordedPath("pipeline:zoo.yaml"),
            scripts=(RecordedPath("pipeline:scripts"),),
            registry={"clean": _SCRIPT},
            python="python3.12",
            inherit_env=("CUDA_VISIBLE_DEVICES",),
            nodes={
                SOURCE: NodeDeclaration(external=True, outputs={"DATA": _DATA}),
                CLEAN: NodeDeclaration(
                    script=_SCRIPT,
                    inputs={"data": Output("Source", "DATA", "train"), "more": _DATA},
                    environ_vars={"LABEL": "größe"},
                    job_args={"rate": 0.1},
                    timeout_s=1.5,
                ),
                TRAIN: NodeDeclaration(),
            },
            edges=((SOURCE, CLEAN), (CLEAN, TRAIN)),
        ),
        home=Home(host=HostId("host-1"), name="ann-ws"),
        settings=SessionSettings(workspaces=(RecordedPath("abs:/w"),), suffixes=("_training",)),
    ),
    NodeMarkedExternal(node=SOURCE, outputs={"DATA": _DATA}),
    NodeDiscovered(
        node=CLEAN,
        script=_INFO,
        candidates=(
            ScriptCandidate(path=_SCRIPT, kind="suggested", score=0.9, reason="near name"),
        ),
    ),
    NodeDiscovered(node=TRAIN, script=None),
    RequirementsRead(
        node=CLEAN,
        requirements=ScriptRequirements(
            needs=(
                Requirement(
                    kind="job_arg",
                    name="rate",
                    level="optional",
                    sources=("contract", "code"),
                    default=0.1,
                    has_default=True,
                    description="Learning rate.",
                    aliases=("eta",),
                    container_path="/opt/ml",
                    choices=(0.1, 0.2),
                    files=("*.csv",),
                ),
            ),
            dynamic=(DynamicRequirement(kind="environ_var", prefix="X_"),),
        ),
        drift=("contract: DATA · code: data",),
        because="discovered",
    ),
    _PROPOSED,
    _wire(ConnectionRejected),
    _wire(ConnectionAccepted),
    _wire(ConnectionConfirmed),
    _wire(ConnectionRemoved),
    ScriptAutoConfigured(node=CLEAN, spec=_SPEC, evidence=(_EVIDENCE,)),
    ScriptMarkedPending(node=TRAIN, needs=(_PROBLEM,), draft=_SPEC),
    ConfigurationDrafted(node=TRAIN, draft=_SPEC, needs=(_PROBLEM,)),
    ConfigurationRejected(node=TRAIN, spec=_SPEC, problems=(_PROBLEM,)),
    ScriptConfigured(node=TRAIN, spec=_SPEC, evidence=(_EVIDENCE,)),
    WorldChanged(
        node=TRAIN,
        changes=(WorldChange(name="input data", old="d1", new="d2", evidence=_EVIDENCE),),
    ),
    ConfigurationRestored(node=TRAIN, spec=_SPEC),
    ConfigurationCleared(node=TRAIN),
    NodeMarkedInternal(node=SOURCE),
    ScriptBound(node=SOURCE, script=_INFO),
)
"""A session as it is configured."""

RUN_EVENTS: tuple[Event, ...] = (
    RunStarted(
        run=RUN,
        plan=_PLAN,
        holder=HOLDER,
        runner="process:",
        jobs=2,
        fail_fast=False,
        reuse=True,
    ),
    ScriptStarted(
        node=CLEAN,
        run=RUN,
        attempt=ATTEMPT,
        fingerprint=_FINGERPRINT,
        runner="process:",
        outputs={"model": _MODEL},
    ),
    ScriptExecuted(
        node=CLEAN,
        run=RUN,
        attempt=ATTEMPT,
        outcome="failed",
        exit_code=1,
        signal=None,
        duration_s=0.1234567890123,
        peak_rss_bytes=2**33,
        cpu_s=1e-9,
        outputs=(WrittenOutput(name="model", path=_MODEL, digest=None, format="folder"),),
        error=ScriptError(
            kind="exception",
            message="größe fehlt\n\tat 'x'",
            type="KeyError",
            frames=(Frame(file="clean.py", line=3, function="main", source=("a", "b", "c")),),
        ),
        log=ScriptLog(stdout=_DATA, stderr=_DATA, stdout_tail="\x1b[31mred\x1b[0m"),
        returned=ReturnValue(value={"rows": [1, 2.5, None]}, kept=True),
    ),
    ScriptReused(node=TRAIN, run=RUN, attempt=ATTEMPT),
    ScriptBlocked(node=TRAIN, run=RUN, by=(CLEAN,)),
    DataFlowChecked(
        node=TRAIN,
        run=RUN,
        edge=Edge(from_node=CLEAN, output="model", input="data", subpath="x"),
        result=SeamResult(
            compatible=False, issues=(_PROBLEM,), format_written="csv", format_read=None
        ),
    ),
    ReuseAccepted(
        node=CLEAN, fingerprint=(FingerprintPart(part="module", name="rows", value="f0"),)
    ),
    RunCancelRequested(run=RUN),
    RunFinished(
        run=RUN,
        status="failed",
        summary=RunSummary(failed=(CLEAN,), blocked=(TRAIN,), duration_s=1.25),
    ),
    CommandRefused(command="run", code="SESSION_CLOSED", message="The session is closed."),
    SessionClosed(),
    SessionArchived(),
    SessionReopened(),
)
"""A run of it, and its end."""

LATER_EVENTS: tuple[Event, ...] = (
    NoteAdded(text="größer\nals gestern"),
    VersionApproved(version=Version(3), fingerprints={CLEAN: "0a" * 32}),
    _wire(ConnectionAccepted),
    PipelineChanged(
        pipeline=PipelineDeclaration(
            name="zoo",
            nodes={SOURCE: NodeDeclaration(), _FIT: NodeDeclaration(), _SCORE: NodeDeclaration()},
            edges=((SOURCE, _FIT), (_FIT, _SCORE)),
        ),
        added=(_SCORE,),
        removed=(CLEAN,),
        renamed={TRAIN: _FIT},
        changed=(SOURCE, _FIT),
    ),
    ScriptConfigured(node=_FIT, spec=_SPEC, evidence=(_EVIDENCE,), adjusted=True),
    ConfigurationReverted(
        to_version=Version(2), versions=(Version(9), Version(11)), nodes=(SOURCE, _FIT)
    ),
    HomeMoved(home=Home(host=HostId("host-2"), name="bob-ws")),
    SessionRenamed(name="loud-heron"),
    SessionImported(
        origin=Origin(
            exported_at=datetime(2026, 11, 22, 12, 44, 5, 123456, tzinfo=UTC),
            app_version="0.1.0",
            whole=False,
        )
    ),
)
"""What becomes of it in the days after."""

EVERY_EVENT = SESSION_EVENTS + RUN_EVENTS + LATER_EVENTS
"""All of them, in an order that a real session could have; a fork begins with `FORKED`."""
FORKED = SessionForked(
    parent=SessionId("019e0000-0000-7000-8000-000000000003"),
    at=Version(len(EVERY_EVENT)),
    name="calm-heron",
)
"""What a fork of that session would begin with."""
