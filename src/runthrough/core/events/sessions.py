"""Events of a session as a whole, and of what it refused."""

from typing import Literal

from runthrough.core.events.kinds import SessionEvent
from runthrough.core.values.ids import NodeName, SessionId, Version
from runthrough.core.values.metadata import Home, Origin, SessionSettings
from runthrough.core.values.pipelines import PipelineDeclaration


class SessionStarted(SessionEvent):
    """A guided test of a pipeline began."""

    type: Literal["SessionStarted"] = "SessionStarted"
    name: str
    pipeline: PipelineDeclaration
    home: Home
    settings: SessionSettings


class SessionForked(SessionEvent):
    """A session went on from a version of another one; all before is the parent's."""

    type: Literal["SessionForked"] = "SessionForked"
    parent: SessionId
    at: Version
    name: str


class SessionImported(SessionEvent):
    """The session was taken over from an export, with the hashes of its events."""

    type: Literal["SessionImported"] = "SessionImported"
    origin: Origin


class SessionRenamed(SessionEvent):
    """The session is called otherwise."""

    type: Literal["SessionRenamed"] = "SessionRenamed"
    name: str


class SessionClosed(SessionEvent):
    """The session takes no further configuration or run until it is reopened."""

    type: Literal["SessionClosed"] = "SessionClosed"


class SessionReopened(SessionEvent):
    """A closed session goes on."""

    type: Literal["SessionReopened"] = "SessionReopened"


class SessionArchived(SessionEvent):
    """A closed session is no longer listed; nothing of it is deleted."""

    type: Literal["SessionArchived"] = "SessionArchived"


class HomeMoved(SessionEvent):
    """The session lives on another host."""

    type: Literal["HomeMoved"] = "HomeMoved"
    home: Home


class NoteAdded(SessionEvent):
    """Somebody wrote down a remark."""

    type: Literal["NoteAdded"] = "NoteAdded"
    text: str


class VersionApproved(SessionEvent):
    """Somebody signed off what had passed at a version."""

    type: Literal["VersionApproved"] = "VersionApproved"
    version: Version
    fingerprints: dict[NodeName, str]
    """Of each node's passed attempt at that version; 64 hex characters, see
    `core.staleness.digest`."""


class CommandRefused(SessionEvent):
    """Somebody asked for what the session's state does not allow."""

    type: Literal["CommandRefused"] = "CommandRefused"
    command: str
    code: str
    message: str
