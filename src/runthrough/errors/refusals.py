"""Errors of commands that the session's state does not allow."""

from collections.abc import Mapping, Sequence
from typing import Any

from runthrough.errors.root import RunthroughError


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
            fix="wait until it ends (runthrough status shows it), or end it: runthrough cancel; "
            "if its process is gone, runthrough resume closes it, from another machine with "
            "--here and when a minute has passed without a sign of life, or with --take-over",
        )


class NotAtHomeError(CommandRefusedError):
    """A command needs files, and those of the session lie elsewhere, or may not be touched."""

    code = "NOT_AT_HOME"

    def __init__(self, verb: str, *, home: str, here: str, outside: bool = False) -> None:
        if outside:
            super().__init__(
                "A folder of the session lies outside of what this service may touch, so "
                f"{verb!r} is refused.",
                fix="do it at the command line, or let the service use the folder: "
                "runthrough serve --root DIR",
            )
            return
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
        scripts = "1 script" if len(needs) == 1 else f"{len(needs)} scripts"
        lines = [f"Cannot execute testing - missing configuration for {scripts}:"]
        lines += [f"  - {node}: {'; '.join(texts)}" for node, texts in needs.items()]
        super().__init__("\n".join(lines), fix=fix)


class NotAskedError(CommandRefusedError):
    """Nodes need a person, and nobody can be asked."""

    code = "NOT_ASKED"

    def __init__(self, why: str, needs: Mapping[str, str], fix: str | None = None) -> None:
        self.nodes = tuple(needs)
        missing = "".join(f"\n  - {node}: {text}" for node, text in needs.items())
        told = f" What is missing:{missing}" if missing else ""
        super().__init__(f"Nobody can be asked here: {why}.{told}", fix=fix)


class AttemptClosedError(CommandRefusedError):
    """An outcome was reported for an attempt that is not open."""

    code = "ATTEMPT_CLOSED"

    def __init__(self, node: str, attempt: str) -> None:
        super().__init__(
            f"Attempt {attempt} of {node} is not open: another tester took the run over.",
            fix="runthrough status shows who holds the run",
        )


class VersionConflictError(RunthroughError):
    """Somebody else changed the same node, or session, after the version that was the base.

    `node` is `None` where the command was about the session as a whole. `fields` holds a mapping
    for each field that differs: `{field, base, theirs, yours}`; `told` are the same in words.
    """

    code = "VERSION_CONFLICT"

    def __init__(
        self,
        node: str | None,
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
                f"{node or 'The session'} was changed by {actor} ({event}, version {version}) "
                f"after version {based_on}, which your command is based on."
            )
        ]
        lines += [f"  {line}" for line in told]
        shown = "" if node is None else f" --node {node}"
        super().__init__(
            "\n".join(lines),
            fix=f"look at what is there (runthrough history{shown}), then repeat",
        )
