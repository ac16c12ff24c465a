"""Errors of sessions that cannot be found, made or used."""

import shlex
from collections.abc import Sequence

from runthrough.errors.root import RunthroughError


class SessionError(RunthroughError):
    """A session cannot be found or made."""

    code = "SESSION"


class UnknownSessionError(SessionError):
    """No session, or several, fit what was asked for.

    With `several` those that are given fit the current folder, and the caller was last elsewhere.
    """

    code = "SESSION_UNKNOWN"

    def __init__(self, asked: str, sessions: Sequence[str] = (), *, several: bool = False) -> None:
        choose = "runthrough sessions lists them; --session NAME chooses one"
        if several:
            open_here = f"Sessions {', '.join(sessions)} are open in this folder"
            super().__init__(f"{open_here}, and you were last in another one.", fix=choose)
            return
        listed = f" Sessions: {', '.join(sessions)}." if sessions else " There is no session."
        super().__init__(
            f"No session fits {asked!r}.{listed}",
            fix=f"{choose}; runthrough new PIPELINE starts one",
        )


class UnknownVersionError(SessionError):
    """A session is asked for a version that it has not."""

    code = "VERSION_UNKNOWN"

    def __init__(self, session: str, version: int, last: int | None = None) -> None:
        there = "no version" if last is None else f"versions 1 to {last}, not"
        super().__init__(
            f"Session {session!r} has {there} {version}.", fix="runthrough history lists them"
        )


class SessionNameTakenError(SessionError):
    """An open session has that name."""

    code = "SESSION_NAME_TAKEN"

    def __init__(self, name: str) -> None:
        other = f"runthrough resume --session {shlex.quote(name)}"
        super().__init__(
            f"An open session is already called {name!r}.",
            fix=f"go on with it ({other}) or choose another --name",
        )


class NoRunError(SessionError):
    """A report was asked for, and the session has had no run."""

    code = "NO_RUN"

    def __init__(self, session: str) -> None:
        super().__init__(
            f"There is nothing to report: session {session!r} has had no run.",
            fix="runthrough run",
        )


class UnknownRunError(SessionError):
    """A session has had no such run."""

    code = "RUN_UNKNOWN"

    def __init__(self, run: str) -> None:
        super().__init__(
            f"The session has had no run {run!r}.", fix="runthrough history lists its runs"
        )


class UnknownAttemptError(SessionError):
    """A node has had no such attempt."""

    code = "ATTEMPT_UNKNOWN"

    def __init__(self, node: str, attempt: str) -> None:
        super().__init__(
            f"There was no attempt {attempt!r} at {node}.",
            fix=f"runthrough show {node} lists its attempts",
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
