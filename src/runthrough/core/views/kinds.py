"""Kinds of events in words for people; programs call them by the names of their types."""

from collections.abc import Mapping

_WORDS: Mapping[str, str] = {
    "SessionStarted": "session started",
    "SessionForked": "session forked",
    "SessionImported": "session imported",
    "SessionRenamed": "session renamed",
    "SessionClosed": "session closed",
    "SessionReopened": "session reopened",
    "SessionArchived": "session archived",
    "HomeMoved": "session moved to another host",
    "NoteAdded": "note",
    "VersionApproved": "version approved",
    "PipelineChanged": "pipeline updated",
    "NodeDiscovered": "script found",
    "ScriptBound": "script bound",
    "RequirementsRead": "needs read",
    "NodeMarkedExternal": "node marked as external",
    "NodeMarkedInternal": "node no longer external",
    "ConnectionProposed": "connection proposed",
    "ConnectionAccepted": "connection made by itself",
    "ConnectionConfirmed": "connection confirmed",
    "ConnectionRejected": "connection rejected",
    "ConnectionRemoved": "connection removed",
    "ScriptAutoConfigured": "node configured by itself",
    "ScriptMarkedPending": "node needs a person",
    "ConfigurationDrafted": "node answered in part",
    "ScriptConfigured": "node configured",
    "ConfigurationRejected": "answers rejected",
    "ConfigurationCleared": "node cleared",
    "ConfigurationRestored": "what was missing is back",
    "ConfigurationReverted": "undo or redo",
    "WorldChanged": "file or script changed",
    "RunStarted": "run started",
    "ScriptStarted": "script started",
    "ScriptExecuted": "script ended",
    "ScriptReused": "script reused",
    "ScriptBlocked": "script blocked",
    "DataFlowChecked": "connection checked",
    "ReuseAccepted": "node accepted as unchanged",
    "RunCancelRequested": "end of the run asked for",
    "RunFinished": "run ended",
    "CommandRefused": "refused",
}


def kind_words(event_type: str) -> str:
    """What people call events of a type, such as `node configured` for `ScriptConfigured`."""
    return _WORDS[event_type]
