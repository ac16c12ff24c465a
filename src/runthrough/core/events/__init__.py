"""What has happened: the closed union of events, and the envelope that history keeps around one.

An event's meaning never changes (ARCHITECTURE § 8). `type` and `node` are columns (`type`,
`subject`) and do not stand in the stored payload; payloads are whole after-images.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, assert_never

from pydantic import Field

from runthrough.core.events.configuration import (
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
    ScriptAutoConfigured,
    ScriptConfigured,
    ScriptMarkedPending,
    WorldChanged,
)
from runthrough.core.events.execution import (
    DataFlowChecked,
    ReuseAccepted,
    RunCancelRequested,
    RunFinished,
    RunStarted,
    ScriptBlocked,
    ScriptExecuted,
    ScriptReused,
    ScriptStarted,
)
from runthrough.core.events.kinds import NodeEvent, SessionEvent
from runthrough.core.events.pipelines import (
    NodeDiscovered,
    NodeMarkedExternal,
    NodeMarkedInternal,
    PipelineChanged,
    RequirementsRead,
    ScriptBound,
)
from runthrough.core.events.sessions import (
    CommandRefused,
    HomeMoved,
    NoteAdded,
    SessionArchived,
    SessionClosed,
    SessionForked,
    SessionImported,
    SessionRenamed,
    SessionReopened,
    SessionStarted,
    VersionApproved,
)
from runthrough.core.values.ids import NodeName, SessionId, Version
from runthrough.core.values.metadata import Metadata

__all__ = [
    "CONCERNING_NONE",
    "CommandRefused",
    "ConcernsAll",
    "ConfigurationCleared",
    "ConfigurationDrafted",
    "ConfigurationRejected",
    "ConfigurationRestored",
    "ConfigurationReverted",
    "ConnectionAccepted",
    "ConnectionConfirmed",
    "ConnectionProposed",
    "ConnectionRejected",
    "ConnectionRemoved",
    "DataFlowChecked",
    "Event",
    "EventEnvelope",
    "HomeMoved",
    "NodeDiscovered",
    "NodeEvent",
    "NodeMarkedExternal",
    "NodeMarkedInternal",
    "NoteAdded",
    "PipelineChanged",
    "RequirementsRead",
    "ReuseAccepted",
    "RunCancelRequested",
    "RunFinished",
    "RunStarted",
    "ScriptAutoConfigured",
    "ScriptBlocked",
    "ScriptBound",
    "ScriptConfigured",
    "ScriptExecuted",
    "ScriptMarkedPending",
    "ScriptReused",
    "ScriptStarted",
    "SessionArchived",
    "SessionClosed",
    "SessionEvent",
    "SessionForked",
    "SessionImported",
    "SessionRenamed",
    "SessionReopened",
    "SessionStarted",
    "VersionApproved",
    "WorldChanged",
    "concerned",
    "subject_of",
]

Event = Annotated[
    SessionStarted
    | SessionForked
    | SessionImported
    | SessionRenamed
    | SessionClosed
    | SessionReopened
    | SessionArchived
    | HomeMoved
    | NoteAdded
    | VersionApproved
    | PipelineChanged
    | NodeDiscovered
    | ScriptBound
    | RequirementsRead
    | NodeMarkedExternal
    | NodeMarkedInternal
    | ConnectionProposed
    | ConnectionAccepted
    | ConnectionConfirmed
    | ConnectionRejected
    | ConnectionRemoved
    | ScriptAutoConfigured
    | ScriptMarkedPending
    | ConfigurationDrafted
    | ScriptConfigured
    | ConfigurationRejected
    | ConfigurationCleared
    | ConfigurationRestored
    | ConfigurationReverted
    | WorldChanged
    | RunStarted
    | ScriptStarted
    | ScriptExecuted
    | ScriptReused
    | ScriptBlocked
    | DataFlowChecked
    | ReuseAccepted
    | RunCancelRequested
    | RunFinished
    | CommandRefused,
    Field(discriminator="type"),
]


@dataclass(frozen=True, slots=True)
class EventEnvelope:
    """An event as it stands in the log."""

    position: int
    """Place in the whole log, from 1, without holes."""
    session_id: SessionId
    version: Version
    """Place in the session, from 1; a fork's go on from its parent's."""
    event: Event
    metadata: Metadata
    event_hash: str
    """64 lower-case hex characters."""


def subject_of(event: Event) -> NodeName | None:
    """The node an event is about."""
    return event.node if isinstance(event, NodeEvent) else None


ConcernsAll = Literal["all"]
CONCERNING_NONE: frozenset[type[Event]] = frozenset(
    {
        CommandRefused,
        ConfigurationRejected,
        DataFlowChecked,
        NoteAdded,
        RunCancelRequested,
        RunFinished,
    }
)
"""What nobody need have seen who acts on the session or on one of its nodes."""


def concerned(event: Event) -> frozenset[NodeName] | ConcernsAll:
    """The nodes whose configuration a person must have seen this event to change (DESIGN § 10).

    Refusals, rejections and checks concern none, the end of a session concerns all.
    """
    if isinstance(event, NodeEvent):  # nearly all of them, so they are told apart first
        if isinstance(event, ConfigurationRejected | DataFlowChecked):
            return frozenset()
        return frozenset({event.node})
    match event:
        case RunStarted():
            return frozenset(event.plan.order)
        case PipelineChanged():
            renamed = (*event.renamed, *event.renamed.values())
            return frozenset((*event.added, *event.removed, *renamed, *event.changed))
        case ConfigurationReverted():
            return frozenset(event.nodes)
        case SessionStarted() | SessionClosed() | SessionReopened():
            return "all"
        case (
            SessionForked()
            | SessionImported()
            | SessionRenamed()
            | SessionArchived()
            | HomeMoved()
            | NoteAdded()
            | VersionApproved()
            | CommandRefused()
            | RunFinished()
            | RunCancelRequested()
        ):
            return frozenset()
        case _:
            assert_never(event)
