"""One call of one command: the options that all share, and what they open."""

import functools
import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Concatenate, ParamSpec

import typer

from runthrough.entrypoints.cli.failing import InterruptedVisitError
from runthrough.entrypoints.cli.screen import Screen
from runthrough.errors import SchemaOutdatedError

if TYPE_CHECKING:
    from runthrough.application.session import Session
    from runthrough.bootstrap import Application

P = ParamSpec("P")

_SESSION = Annotated[
    str | None,
    typer.Option(
        "--session",
        metavar="ID|NAME|@last",
        help="The session; default: the only open one of this folder, else your last.",
    ),
]
_JSON = Annotated[
    bool, typer.Option("--json", help="The result as JSON on stdout, text for people on stderr.")
]
_ACTOR = Annotated[
    str | None, typer.Option("--as", metavar="ACTOR", help="Who does it; default: user@host.")
]
_DATABASE = Annotated[
    str | None, typer.Option("--database", metavar="URL", help="The database that remembers.")
]
_NO_INPUT = Annotated[
    bool, typer.Option("--no-input", help="Never ask; what is missing is an error.")
]


class Visit:
    """What every command is given besides its own options."""

    def __init__(
        self,
        *,
        session: str | None = None,
        as_json: bool = False,
        actor: str | None = None,
        database: str | None = None,
    ) -> None:
        self.session = session
        self.actor = actor
        self.database = database
        self.screen = Screen(as_json=as_json)

    @contextmanager
    def application(self, **flags: str | int | None) -> Iterator["Application"]:
        """The wired application, for this caller; further `flags` win over settings."""
        from runthrough.bootstrap import wire  # noqa: PLC0415 - heavy, so inside commands

        given = {**self.flags(), **flags}
        with wire("cli", cwd=str(Path.cwd()), environ=os.environ, flags=given) as application:
            yield application

    @contextmanager
    def opened(self, **flags: str | int | None) -> Iterator["tuple[Application, Session]"]:
        """The application, and the session that is meant."""
        with self.application(**flags) as application:
            asked, sessions = application.settings.session, application.sessions
            yield application, (sessions.open(asked) if asked else sessions.default())

    def flags(self) -> dict[str, str | int | None]:
        """The shared options that were given."""
        given = {"database_url": self.database, "actor": self.actor, "session": self.session}
        return {name: value for name, value in given.items() if value is not None}

    def typed(self, command: str | None) -> str | None:
        """A command to type next, with the session and the database that this call named."""
        if command is None or self.session is None or not command.startswith("runthrough "):
            return self.typed_here(command)
        import shlex  # noqa: PLC0415 - only where a session is named

        return self.typed_here(f"{command} --session {shlex.quote(self.session)}")

    def typed_here(self, command: str | None) -> str | None:
        """A command about the whole database, with the one that this call named.

        A password is not repeated: whoever gave it has to type it again.
        """
        if command is None or self.database is None or not command.startswith("runthrough "):
            return command
        import shlex  # noqa: PLC0415 - only where a database is named

        from runthrough.core.values.secrets import masked_text  # noqa: PLC0415 - as above

        return f"{command} --database {shlex.quote(masked_text(self.database))}"

    def next(self, command: str | None) -> None:
        """Tell the one thing to type next."""
        if command is not None:
            self.screen.blank()
            self.screen.typed("next:  ", self.typed(command) or command)


def visiting(
    *, session: bool = True, go_on: str = "runthrough status"
) -> Callable[[Callable[Concatenate[Visit, P], int | None]], Callable[..., int | None]]:
    """Give a command the shared options, gathered in the `Visit` that is its first argument.

    `session=False` leaves out `--session`; `go_on` is what to type after Ctrl-C.
    """

    def decorate(
        command: Callable[Concatenate[Visit, P], int | None],
    ) -> Callable[..., int | None]:
        @functools.wraps(command)
        def shared(*args: P.args, **given: P.kwargs) -> int | None:
            visit = Visit(
                session=_text(given.pop("session", None)),
                as_json=bool(given.pop("as_json")),
                actor=_text(given.pop("actor")),
                database=_text(given.pop("database")),
            )
            given.pop("no_input", None)
            try:
                return command(visit, *args, **given)
            except SchemaOutdatedError as outdated:
                outdated.fix = visit.typed_here(outdated.fix)
                raise
            except KeyboardInterrupt as stopped:
                raise InterruptedVisitError(visit.typed(go_on) or go_on) from stopped

        own = list(inspect.signature(command).parameters.values())[1:]
        options = [*([_SESSION_OPTION, _NO_INPUT_OPTION] if session else []), *_SHARED]
        shared.__signature__ = inspect.Signature([*own, *options])  # type: ignore[attr-defined]  # inspect reads it
        return shared

    return decorate


def _text(given: object) -> str | None:
    return None if given is None else str(given)


def _option(name: str, annotation: object, default: object) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


_SESSION_OPTION = _option("session", _SESSION, None)
_NO_INPUT_OPTION = _option("no_input", _NO_INPUT, False)
_SHARED = (
    _option("as_json", _JSON, False),
    _option("actor", _ACTOR, None),
    _option("database", _DATABASE, None),
)
