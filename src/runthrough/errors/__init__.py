"""Every exception that runthrough raises on purpose.

    RunthroughError
    ├── PipelineError (ValueError)               the DAG or its file is wrong
    │   ├── PipelineFileError                    with line and column
    │   ├── PipelineCycleError                   the cycle is named
    │   ├── SelectionError                       a selection matches no node
    │   └── NothingToRetryError                  nothing failed that could be tried again
    ├── UnknownNodeError (ValueError)            with the nearest names
    ├── AmbiguousScriptError (ValueError)        a script name that several nodes use
    ├── ScriptNotFoundError (ValueError)         also a FileNotFoundError; with similar scripts
    ├── UnknownKeywordError (ValueError)         with the nearest keyword
    ├── ConfigurationInvalidError (ValueError)   a rejected configuration, with every problem
    ├── CommandInvalidError (ValueError)         a value that cannot be kept or used
    │   └── OutsideRootsError                    a path outside what a service may touch
    ├── CommandRefusedError                      the session's state does not allow it
    │   ├── SessionClosedError
    │   ├── NotClosedError                       an open session was to be reopened
    │   ├── RunInProgressError                   who, where, since when
    │   ├── NotAtHomeError                       its files are on the host where it lives
    │   ├── PendingScriptsError (ValueError)     nodes of the selection need a person
    │   ├── NotAskedError                        nodes need a person, and nobody can be asked
    │   └── AttemptClosedError                   an outcome for an attempt that is over
    ├── VersionConflictError                     somebody else changed the same node
    ├── SessionError
    │   ├── UnknownSessionError                  with the sessions there are
    │   ├── UnknownVersionError                  with the versions there are
    │   ├── UnknownRunError                      a run that the session has not had
    │   ├── UnknownAttemptError                  an attempt that the node has not had
    │   ├── SessionNameTakenError
    │   ├── NoRunError                           a report of a session that never ran
    │   ├── ImportRefusedError                   what an export holds does not fit what is here
    │   └── PipelineDiffersError                 the named session has another DAG
    ├── UnknownTokenError                        no token has that id or actor
    ├── StoreError                               the database cannot be used
    │   ├── StoreUnavailableError
    │   ├── SchemaOutdatedError                  names the command that upgrades it
    │   ├── SchemaNewerError                     the database was written by a newer runthrough
    │   ├── WrongExpectedVersionError            internal: others appended meanwhile
    │   ├── CommandIdReusedError                 one command id, two requests
    │   └── LogCorruptError                      a stored event cannot be read back
    ├── AuditFileError                           a note, key or export cannot be read or written
    ├── ReportFileError                          a report cannot be written
    ├── ProjectFolderError                       a project cannot be laid out there
    ├── WorkingFolderError                       the folder of the command line is gone
    ├── ArchiveError (ValueError)                an archive is broken or dangerous
    ├── ServingRefusedError                      the service would be unsafe, or cannot start
    ├── RunnerUnavailableError                   the engine that runs scripts cannot be used
    └── SettingError (ValueError)                a setting has an unusable value

Errors take plain values and build their own sentence: what is wrong, why, what to do next.
`code` is stable and public.
"""

from runthrough.errors.configurations import (
    CommandInvalidError,
    ConfigurationInvalidError,
    ConfigurationWarning,
    OutsideRootsError,
    SettingError,
    UnknownKeywordError,
)
from runthrough.errors.pipelines import (
    AmbiguousScriptError,
    NothingToRetryError,
    PipelineCycleError,
    PipelineError,
    PipelineFileError,
    ScriptNotFoundError,
    SelectionError,
    UnknownNodeError,
)
from runthrough.errors.refusals import (
    AttemptClosedError,
    CommandRefusedError,
    NotAskedError,
    NotAtHomeError,
    NotClosedError,
    PendingScriptsError,
    RunInProgressError,
    SessionClosedError,
    VersionConflictError,
)
from runthrough.errors.root import RunthroughError
from runthrough.errors.sessions import (
    ImportRefusedError,
    NoRunError,
    PipelineDiffersError,
    SessionError,
    SessionNameTakenError,
    UnknownAttemptError,
    UnknownRunError,
    UnknownSessionError,
    UnknownVersionError,
)
from runthrough.errors.stores import (
    CommandIdReusedError,
    LogCorruptError,
    SchemaNewerError,
    SchemaOutdatedError,
    StoreError,
    StoreUnavailableError,
    WrongExpectedVersionError,
)
from runthrough.errors.surroundings import (
    ArchiveError,
    AuditFileError,
    ProjectFolderError,
    ReportFileError,
    RunnerUnavailableError,
    ServingRefusedError,
    WorkingFolderError,
)
from runthrough.errors.tokens import UnknownTokenError

__all__ = [
    "AmbiguousScriptError",
    "ArchiveError",
    "AttemptClosedError",
    "AuditFileError",
    "CommandIdReusedError",
    "CommandInvalidError",
    "CommandRefusedError",
    "ConfigurationInvalidError",
    "ConfigurationWarning",
    "ImportRefusedError",
    "LogCorruptError",
    "NoRunError",
    "NotAskedError",
    "NotAtHomeError",
    "NotClosedError",
    "NothingToRetryError",
    "OutsideRootsError",
    "PendingScriptsError",
    "PipelineCycleError",
    "PipelineDiffersError",
    "PipelineError",
    "PipelineFileError",
    "ProjectFolderError",
    "ReportFileError",
    "RunInProgressError",
    "RunnerUnavailableError",
    "RunthroughError",
    "SchemaNewerError",
    "SchemaOutdatedError",
    "ScriptNotFoundError",
    "SelectionError",
    "ServingRefusedError",
    "SessionClosedError",
    "SessionError",
    "SessionNameTakenError",
    "SettingError",
    "StoreError",
    "StoreUnavailableError",
    "UnknownAttemptError",
    "UnknownKeywordError",
    "UnknownNodeError",
    "UnknownRunError",
    "UnknownSessionError",
    "UnknownTokenError",
    "UnknownVersionError",
    "VersionConflictError",
    "WorkingFolderError",
    "WrongExpectedVersionError",
]
