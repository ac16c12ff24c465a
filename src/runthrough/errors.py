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
    ├── CommandRefusedError                      the session's state does not allow it
    │   ├── SessionClosedError
    │   ├── NotClosedError                       an open session was to be reopened
    │   ├── RunInProgressError                   who, where, since when
    │   ├── NotAtHomeError                       its files are on the host where it lives
    │   ├── PendingScriptsError (ValueError)     nodes of the selection need a person
    │   └── AttemptClosedError                   an outcome for an attempt that is over
    ├── VersionConflictError                     somebody else changed the same node
    ├── SessionError
    │   ├── UnknownSessionError                  with the sessions there are
    │   ├── UnknownVersionError                  with the versions there are
    │   ├── SessionNameTakenError
    │   ├── NoRunError                           a report of a session that never ran
    │   ├── ImportRefusedError                   what an export holds does not fit what is here
    │   └── PipelineDiffersError                 the named session has another DAG
    ├── StoreError                               the database cannot be used
    │   ├── StoreUnavailableError
    │   ├── SchemaOutdatedError                  names the command that upgrades it
    │   ├── SchemaNewerError                     the database was written by a newer runthrough
    │   ├── WrongExpectedVersionError            internal: others appended meanwhile
    │   ├── CommandIdReusedError                 one command id, two requests
    │   └── LogCorruptError                      a stored event cannot be read back
    ├── AuditFileError                           a note, key or export cannot be read or written
    ├── ReportFileError                          a report cannot be written
    ├── RunnerUnavailableError                   the engine that runs scripts cannot be used
    └── SettingError (ValueError)                a setting has an unusable value

Errors take plain values and build their own sentence: what is wrong, why, what to do next.
`code` is stable and public.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class RunthroughError(Exception):
    """Root of all errors raised on purpose."""

    code: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        self.message = message
        self.fix = fix
        super().__init__(f"{message}\n  → {fix}" if fix else message)


def _did_you_mean(nearest: Sequence[str]) -> str:
    return f" Did you mean {' or '.join(repr(name) for name in nearest)}?" if nearest else ""


class PipelineError(RunthroughError, ValueError):
    """The DAG is not one that can be run."""

    code = "PIPELINE_INVALID"


class PipelineFileError(PipelineError):
    """A pipeline file cannot be read; `line` and `column` start at 1."""

    code = "PIPELINE_FILE_INVALID"

    def __init__(
        self,
        path: str,
        reason: str,
        *,
        line: int | None = None,
        column: int | None = None,
        fix: str | None = None,
    ) -> None:
        self.path, self.reason, self.line, self.column = path, reason, line, column
        place = path if line is None else f"{path}:{line}:{column or 1}"
        super().__init__(f"{place}: {reason}", fix=fix)


class PipelineCycleError(PipelineError):
    """The edges form a cycle; `cycle` names it, first node repeated at the end."""

    code = "PIPELINE_CYCLE"

    def __init__(self, cycle: Sequence[str], *, place: str = "") -> None:
        self.cycle = tuple(cycle)
        super().__init__(
            f"{place}{': ' if place else ''}The pipeline has a cycle: {' → '.join(cycle)}",
            fix="remove one of these edges: "
            + ", ".join(f"[{a}, {b}]" for a, b in itertools.pairwise(cycle)),
        )


class SelectionError(PipelineError):
    """The selection matches no node."""

    code = "SELECTION_EMPTY"

    def __init__(self, select: str, nearest: Sequence[str] = (), *, why: str = "") -> None:
        told = f": {why}" if why else ""
        super().__init__(
            f"The selection {select!r} matches no node{told}.{_did_you_mean(nearest)}",
            fix="runthrough status lists the nodes; select NODE, NODE+ (and below), +NODE "
            "(and above), state:failed or state:stale",
        )


class NothingToRetryError(PipelineError):
    """No attempt has failed that could be tried again."""

    code = "SELECTION_EMPTY"

    def __init__(self) -> None:
        super().__init__(
            "There is nothing to retry: the last attempt of every node passed, or there was none.",
            fix="runthrough plan shows what a run would do",
        )


class UnknownNodeError(RunthroughError, ValueError):
    """No node has that name."""

    code = "NODE_UNKNOWN"

    def __init__(self, name: str, nearest: Sequence[str] = (), *, ever: bool = False) -> None:
        self.name, self.nearest = name, tuple(nearest)
        told = (
            f"No node is called {name!r}, nor was one."
            if ever
            else f"Script '{name}' not found in discovered scripts."
        )
        super().__init__(
            f"{told}{_did_you_mean(nearest)}",
            fix="runthrough status lists the nodes",
        )


class AmbiguousScriptError(RunthroughError, ValueError):
    """A script's name stands for several nodes."""

    code = "SCRIPT_AMBIGUOUS"

    def __init__(self, name: str, nodes: Sequence[str]) -> None:
        self.nodes = tuple(nodes)
        super().__init__(
            f"The script {name!r} is run by {len(nodes)} nodes: {', '.join(nodes)}",
            fix="name the node instead of the script",
        )


class ScriptNotFoundError(RunthroughError, FileNotFoundError, ValueError):
    """No file is the script of that name; `nearest` holds paths of similar ones."""

    code = "SCRIPT_NOT_FOUND"

    def __init__(
        self, name: str, stem: str, *, folders: Sequence[str] = (), nearest: Sequence[str] = ()
    ) -> None:
        self.name, self.nearest = name, tuple(nearest)
        places = " or ".join(folders) or "any folder, because none is searched"
        super().__init__(
            f"Script '{name}' not found in discovered scripts: no {stem}.py lies in {places}."
            f"{_did_you_mean(nearest)}",
            fix=f"put {stem}.py into scripts/ of such a folder, or name the script in a pipeline "
            f"file (script: PATH)",
        )


class UnknownKeywordError(RunthroughError, ValueError):
    """A keyword that no parameter has."""

    code = "KEYWORD_UNKNOWN"

    def __init__(self, name: str, nearest: Sequence[str] = ()) -> None:
        super().__init__(f"Unknown keyword {name!r}.{_did_you_mean(nearest)}")


class ConfigurationInvalidError(RunthroughError, ValueError):
    """A configuration was rejected; `problems` holds every problem as a plain mapping.

    `kept` tells in words what holds and was kept, where that was asked for.
    """

    code = "CONFIGURATION_INVALID"

    def __init__(
        self, node: str, problems: Sequence[Mapping[str, Any]], kept: Sequence[str] = ()
    ) -> None:
        self.node, self.kept = node, tuple(kept)
        self.problems = tuple(dict(problem) for problem in problems)
        lines = [f"Configuration validation failed for {node}:"]
        for problem in self.problems:
            lines.append(f"  - {problem['message']}")
            lines.append(f"      → {problem['fix']}")
        if self.kept:
            lines.append("What holds was kept:")
            lines += [f"    {line}" for line in self.kept]
        super().__init__("\n".join(lines))


class ConfigurationWarning(UserWarning):
    """Something about an accepted configuration looks wrong and yet forbids nothing."""


class CommandInvalidError(RunthroughError, ValueError):
    """A value of a command is none that can be kept or used."""

    code = "COMMAND_INVALID"

    def __init__(self, verb: str, reason: str, fix: str | None = None) -> None:
        super().__init__(f"{verb!r} cannot be done as asked: {reason}", fix=fix)


class CommandRefusedError(RunthroughError):
    """The session's state does not allow the command."""

    code = "REFUSED"


class SessionClosedError(CommandRefusedError):
    """A closed session was to be changed."""

    code = "SESSION_CLOSED"

    def __init__(self, verb: str) -> None:
        super().__init__(
            f"The session is closed, so {verb!r} is refused.",
            fix="open it again: runthrough reopen",
        )


class NotClosedError(CommandRefusedError):
    """A session that is not closed was to be reopened."""

    code = "SESSION_NOT_CLOSED"

    def __init__(self, verb: str) -> None:
        super().__init__(
            f"The session is open, so {verb!r} is refused.",
            fix="close it first: runthrough close"
            if verb == "archive"
            else "go on with it as it is: runthrough status",
        )


class RunInProgressError(CommandRefusedError):
    """A run is on, and its tester lives."""

    code = "RUN_IN_PROGRESS"

    def __init__(self, verb: str, *, who: str = "", where: str = "", since: str = "") -> None:
        told = "".join(
            f" {word} {value}"
            for word, value in (("by", who), ("on", where), ("since", since))
            if value
        )
        super().__init__(
            f"A run is in progress{told}, so {verb!r} is refused.",
            fix="wait until it ends (runthrough status shows it); if its process is gone, "
            "runthrough resume closes it, from another machine with --here and when a minute has "
            "passed without a sign of life, or with --take-over",
        )


class NotAtHomeError(CommandRefusedError):
    """A command needs files, and those of the session lie on the host where it lives."""

    code = "NOT_AT_HOME"

    def __init__(self, verb: str, *, home: str, here: str) -> None:
        if home == here:
            super().__init__(
                f"Where the session's folders lie on {here} is not known, so {verb!r} is refused.",
                fix="runthrough resume --here --workspace PATH",
            )
            return
        super().__init__(
            f"The session lives on {home}, and its files are not looked at from {here}, so "
            f"{verb!r} is refused.",
            fix="do it there, or move the session to this machine: runthrough resume --here",
        )


class PendingScriptsError(CommandRefusedError, ValueError):
    """Nodes of the selection need a person first."""

    code = "PENDING_SCRIPTS"

    def __init__(self, needs: Mapping[str, Sequence[str]], fix: str | None = None) -> None:
        self.nodes = tuple(needs)
        lines = [f"Cannot execute testing - missing configuration for {len(needs)} scripts:"]
        lines += [f"  - {node}: {'; '.join(texts)}" for node, texts in needs.items()]
        super().__init__("\n".join(lines), fix=fix)


class AttemptClosedError(CommandRefusedError):
    """An outcome was reported for an attempt that is not open."""

    code = "ATTEMPT_CLOSED"

    def __init__(self, node: str, attempt: str) -> None:
        super().__init__(
            f"Attempt {attempt} of {node} is not open: another tester took the run over.",
            fix="runthrough status shows who holds the run",
        )


class VersionConflictError(RunthroughError):
    """Somebody else changed the same node after the version the command was based on.

    `fields` holds a mapping for each field that differs: `{field, base, theirs, yours}`; `told`
    are the same in words.
    """

    code = "VERSION_CONFLICT"

    def __init__(
        self,
        node: str,
        *,
        based_on: int,
        version: int,
        actor: str,
        event: str,
        fields: Sequence[Mapping[str, Any]] = (),
        told: Sequence[str] = (),
    ) -> None:
        self.node, self.based_on, self.version = node, based_on, version
        self.actor, self.event = actor, event
        self.fields = tuple(dict(field) for field in fields)
        lines = [
            (
                f"{node} was changed by {actor} ({event}, version {version}) after version "
                f"{based_on}, which your command is based on."
            )
        ]
        lines += [f"  {line}" for line in told]
        super().__init__(
            "\n".join(lines),
            fix=f"look at what is there (runthrough history --node {node}), then repeat",
        )


class SessionError(RunthroughError):
    """A session cannot be found or made."""

    code = "SESSION"


class UnknownSessionError(SessionError):
    """No session, or several, fit what was asked for."""

    code = "SESSION_UNKNOWN"

    def __init__(self, asked: str, sessions: Sequence[str] = ()) -> None:
        listed = f" Sessions: {', '.join(sessions)}." if sessions else " There is no session."
        super().__init__(
            f"No session fits {asked!r}.{listed}",
            fix="runthrough sessions lists them; --session NAME chooses one; "
            "runthrough new PIPELINE starts one",
        )


class UnknownVersionError(SessionError):
    """A session is asked for a version that it has not."""

    code = "VERSION_UNKNOWN"

    def __init__(self, session: str, version: int, last: int | None = None) -> None:
        there = "no version" if last is None else f"versions 1 to {last}, not"
        super().__init__(
            f"Session {session} has {there} {version}.", fix="runthrough history lists them"
        )


class SessionNameTakenError(SessionError):
    """An open session has that name."""

    code = "SESSION_NAME_TAKEN"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"An open session is already called {name!r}.",
            fix=f"go on with it (runthrough resume --session {name}) or choose another --name",
        )


class NoRunError(SessionError):
    """A report was asked for, and the session has had no run."""

    code = "NO_RUN"

    def __init__(self, session: str) -> None:
        super().__init__(
            f"There is nothing to report: session {session!r} has had no run.",
            fix="runthrough run",
        )


class ImportRefusedError(SessionError):
    """The sessions of an export do not fit those that are here; nothing was imported."""

    code = "IMPORT_REFUSED"


class PipelineDiffersError(SessionError, ValueError):
    """The session of that name tests another DAG."""

    code = "PIPELINE_DIFFERS"

    def __init__(self, name: str, differences: Sequence[str]) -> None:
        super().__init__(
            f"Session {name!r} tests another pipeline: {'; '.join(differences)}.",
            fix=f"let it test this one: InteractiveRuntimeTestingFactory.resume({name!r})"
            ".update(dag), or runthrough update PIPELINE; or choose another session_name",
        )


class StoreError(RunthroughError):
    """The database cannot do what is asked."""

    code = "STORE"


class StoreUnavailableError(StoreError):
    """The database cannot be reached or written."""

    code = "STORE_UNAVAILABLE"
    forbidden: bool = False
    """Whether it can be read, and nothing may be written to it by this user."""


class SchemaOutdatedError(StoreError):
    """The database's tables are older than this version of runthrough."""

    code = "SCHEMA_OUTDATED"

    def __init__(self, found: str | None, wanted: str) -> None:
        self.found, self.wanted = found, wanted
        super().__init__(
            f"The database has schema {found or 'none'}; this runthrough needs {wanted}.",
            fix="runthrough db upgrade",
        )


class SchemaNewerError(StoreError):
    """The database's tables are newer than this version of runthrough."""

    code = "SCHEMA_NEWER"

    def __init__(self, found: str, wanted: str) -> None:
        self.found, self.wanted = found, wanted
        super().__init__(
            f"The database has schema {found}, which this runthrough (schema {wanted}) does not "
            "know: it was written by a newer one.",
            fix="upgrade runthrough, or name another database with RUNTHROUGH_DATABASE_URL",
        )


class WrongExpectedVersionError(StoreError):
    """Others appended to the session since it was loaded; the handler decides again."""

    code = "WRONG_EXPECTED_VERSION"

    def __init__(self, expected: int, found: int) -> None:
        self.expected, self.found = expected, found
        super().__init__(f"Expected the session at version {expected}, found {found}.")


class CommandIdReusedError(StoreError):
    """One command id came with two different requests."""

    code = "COMMAND_ID_REUSED"

    def __init__(self, command_id: str) -> None:
        super().__init__(
            f"Command id {command_id} was used before for a different request.",
            fix="use a new id for a new command",
        )


class LogCorruptError(StoreError):
    """A stored event cannot be read back."""

    code = "LOG_CORRUPT"

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(
            f"The event at position {position} cannot be read: {reason}.",
            fix="runthrough audit verify names what was changed",
        )


class AuditFileError(RunthroughError):
    """A note of a checkpoint, a key or an export cannot be read, written or used."""

    code = "AUDIT_FILE"


class ReportFileError(RunthroughError):
    """A report cannot be written to a file."""

    code = "REPORT_FILE"

    def __init__(self, path: str, reason: str, fix: str) -> None:
        super().__init__(f"The report {path} cannot be written: {reason}.", fix=fix)


class ArchiveError(RunthroughError, ValueError):
    """An archive is broken, or cannot be unpacked without danger."""

    code = "ARCHIVE_REFUSED"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"The archive {path} is not unpacked: {reason}.",
            fix="pack it anew: plain files and folders with relative names, as tar.gz or zip",
        )


class RunnerUnavailableError(RunthroughError):
    """Scripts cannot be run there."""

    code = "RUNNER_UNAVAILABLE"


class SettingError(RunthroughError, ValueError):
    """A setting has an unusable value."""

    code = "SETTING_INVALID"
