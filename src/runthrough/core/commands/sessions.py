"""What may be asked of a session as a whole."""

from typing import ClassVar

from runthrough.core.commands.kinds import InformedCommand
from runthrough.core.values.ids import NodeName, SessionId, Version
from runthrough.core.values.metadata import Home, Origin, SessionSettings
from runthrough.core.values.model import Frozen
from runthrough.core.values.pipelines import PipelineDeclaration
from runthrough.core.values.standing import Standing


class StartSession(InformedCommand):
    """Begin a guided test of a pipeline."""

    verb: ClassVar[str] = "new"
    name: str
    pipeline: PipelineDeclaration
    home: Home
    settings: SessionSettings
    like: Standing | None = None
    """The configuration of another session, whose answers are taken for nodes of one name."""


class ForkSession(Frozen):
    """Begin a session that goes on from a version of another one."""

    verb: ClassVar[str] = "fork"
    parent: SessionId
    at: Version
    name: str


class ImportSession(Frozen):
    """Take note that a session's events came from an export."""

    verb: ClassVar[str] = "audit import"
    origin: Origin
    name: str | None = None
    """Another name, where its own is taken here."""


class MoveHome(Frozen):
    """Let the session live on another host."""

    verb: ClassVar[str] = "resume"
    home: Home


class AddNote(Frozen):
    """Write down a remark."""

    verb: ClassVar[str] = "note"
    text: str


class ApproveVersion(Frozen):
    """Sign off what had passed at a version."""

    verb: ClassVar[str] = "approve"
    version: Version
    fingerprints: dict[NodeName, str]
    """Of each node that had passed then and had not failed since; see `core.staleness.digest`."""
    open_nodes: tuple[NodeName, ...] = ()
    """The other nodes that have a script."""
    based_on: Version | None = None


class RenameSession(Frozen):
    """Call the session otherwise."""

    verb: ClassVar[str] = "rename"
    name: str
    seen: str | None = None
    """The name that the person saw; `None` for whatever it is called."""
    based_on: Version | None = None


class CloseSession(Frozen):
    """End the session's work; its history stays."""

    verb: ClassVar[str] = "close"
    based_on: Version | None = None


class ReopenSession(Frozen):
    """Go on with a closed session."""

    verb: ClassVar[str] = "reopen"
    name: str | None = None
    """Another name, where its own is taken by now."""
    based_on: Version | None = None


class ArchiveSession(Frozen):
    """Let a closed session no longer be listed."""

    verb: ClassVar[str] = "archive"
    based_on: Version | None = None
