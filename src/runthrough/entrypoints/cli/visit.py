"""One call of one command: the options that all share, and what they open."""

import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Concatenate, ParamSpec

import typer

from runthrough.core.views.advised import ADVISED, takes_session, with_options
from runthrough.entrypoints.cli import completing
from runthrough.entrypoints.cli.failing import InterruptedVisitError
from runthrough.entrypoints.cli.screen import Screen
from runthrough.errors import (
    ConfigurationInvalidError,
    RunthroughError,
    SchemaOutdatedError,
    SettingError,
    StoreError,
    UnknownSessionError,
)

if TYPE_CHECKING:
    from runthrough.application.session import Session
    from runthrough.bootstrap import Absent, Application

P = ParamSpec("P")

VARIABLE = "RUNTHROUGH_DATABASE_URL"
"""How errors of the database name the setting, whatever named the database."""
_PASSWORD_HINT = (
    "The password is not repeated here: keep it in ~/.pgpass or PGPASSWORD, or name the database "
    f"in {VARIABLE}."
)
_SETTING_FLAGS = {"database_url": "--database", "actor": "--as"} | {
    name: f"--{name}" for name in ("session", "jobs", "runner", "workspace")
}
"""Settings that options of commands give, by their own names."""
_PLACES = ("file", "path", "pipeline", "from_folder", "output", "schema", "sign", "public_key")
"""Parameters of commands that name a file or a folder."""

_SESSION = Annotated[
    str | None,
    typer.Option(
        "--session",
        metavar="ID|NAME|@last",
        help="The session; default: the only open one of this folder, else your last.",
        autocompletion=completing.sessions,
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
        no_input: bool = False,
    ) -> None:
        self.session = session
        self.no_input = no_input
        self.actor = actor
        self.database = database
        self.screen = Screen(as_json=as_json, typed=self.advice)

    @contextmanager
    def application(
        self, *, absent: "Absent" = "make", **flags: str | int | None
    ) -> Iterator["Application"]:
        """The wired application, for this caller; further `flags` win over settings.

        `absent` says what becomes of a database that is not there; see `bootstrap.wire`.
        """
        from runthrough.bootstrap import wire  # noqa: PLC0415 - heavy, so inside commands

        cwd, given = str(Path.cwd()), {**self.flags(), **flags}
        with wire("cli", cwd=cwd, environ=os.environ, flags=given, absent=absent) as application:
            self._warn_of_misspelt(application.settings.unknown)
            try:
                yield application
            except UnknownSessionError as unknown:
                unknown.message += f" Looked in {application.place}."
                raise

    def _warn_of_misspelt(self, unknown: Mapping[str, tuple[str, ...]]) -> None:
        """Say of variables that are nearly ours that they set nothing; beside any result."""
        for name, nearest in unknown.items():
            if nearest:
                from runthrough.entrypoints.cli.settings import misspelt_words  # noqa: PLC0415

                told = misspelt_words(name, [f"RUNTHROUGH_{one}" for one in nearest])
                sys.stderr.write(f"! {told}\n")

    @contextmanager
    def opened(self, **flags: str | int | None) -> Iterator["tuple[Application, Session]"]:
        """The application, and the session that is meant."""
        with self.application(absent="empty", **flags) as application:
            asked, sessions = application.settings.session, application.sessions
            session = sessions.open(asked) if asked else sessions.default()
            if asked is None:
                self.go_on_with(application, session)
            yield application, session

    def go_on_with(self, application: "Application", session: "Session") -> None:
        """Let what is typed next be about a session, where a command without its name is not."""
        asked = application.settings.session
        if not application.sessions.is_meant(session, asked=asked):
            self.session = session.name

    def flags(self) -> dict[str, str | int | None]:
        """The shared options that were given."""
        given = {"database_url": self.database, "actor": self.actor, "session": self.session}
        return {name: value for name, value in given.items() if value is not None}

    def typed(self, command: str) -> str:
        """A command to type next, with the session and the database that this call named."""
        words = command.split()
        about = words[:1] == ["runthrough"] and takes_session(words[1:])
        return self._with_options(command, self.session if about else None)

    def typed_here(self, command: str) -> str:
        """A command about the whole database, with the one that this call named.

        A password is not repeated; `password_hint` says where it may stand instead.
        """
        return self._with_options(command, None)

    def _with_options(self, command: str, session: str | None) -> str:
        options = {}
        if session is not None:
            options["--session"] = session
        if self.database is not None and command.startswith("runthrough "):
            from runthrough.core.views.health_words import without_password  # noqa: PLC0415 - heavy

            options["--database"] = without_password(self.database)
        return with_options(command, options) if options else command

    def advice(self, fix: str) -> str:
        """A fix whose commands are about the session and the database that this call named.

        Options are put behind the verb where it is a sentence, or holds several commands.
        """
        if fix.startswith("runthrough ") and fix.count("runthrough ") == 1:
            return self.typed(fix)
        return ADVISED.sub(lambda found: self.typed(found[0]), fix)

    def advise(self, error: RunthroughError) -> None:
        """Let the commands that an error advises be about the session that this call named.

        Options are put behind the verb, for what follows may be a sentence: `runthrough history
        lists the versions`.
        """
        if isinstance(error, SettingError):
            _name_flags(error)
        if isinstance(error, ConfigurationInvalidError):
            error.advise(self.advice)
        fix = error.fix
        if fix is None or "--database" in fix:
            return
        typed = self.typed_here if "--session" in fix else self.typed
        error.fix = ADVISED.sub(lambda found: typed(found[0]), fix)

    @property
    def password_hint(self) -> str | None:
        """Where the password of the database may stand that this call named, if it has one."""
        if self.database is None:
            return None
        from runthrough.core.views.health_words import without_password  # noqa: PLC0415 - as above

        return _PASSWORD_HINT if without_password(self.database) != self.database else None

    def next(self, command: str | None) -> None:
        """Tell the one thing to type next."""
        if command is None:
            return
        self.screen.blank()
        self.screen.typed("next:  ", self.typed(command))
        if self.password_hint is not None:
            self.screen.line((self.password_hint, "dim"))

    def told(self, error: StoreError) -> None:
        """Let an error of the database say what to do in this call's own words."""
        if error.fix is None:
            return
        if isinstance(error, SchemaOutdatedError):
            error.fix = self.typed_here(error.fix)
            error.message += f" {self.password_hint}" if self.password_hint else ""
        elif VARIABLE in error.fix:
            error.fix = error.fix.replace(VARIABLE, self._database_setting())

    def _database_setting(self) -> str:
        """What is to be changed to name another database: what named this one."""
        if self.database is not None:
            return "--database"
        if os.environ.get(VARIABLE):
            return VARIABLE
        from runthrough.core.views.health_words import setting_words  # noqa: PLC0415 - rare
        from runthrough.settings import load_settings  # noqa: PLC0415 - rare, and heavy

        origins = load_settings(Path.cwd(), os.environ, self.flags()).origins
        return setting_words(origins["database_url"])


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
                no_input=bool(given.pop("no_input", False)),
            )
            try:
                _refuse_empty(given)
                return command(visit, *args, **given)
            except StoreError as failed:
                visit.told(failed)
                raise
            except RunthroughError as refused:
                visit.advise(refused)
                raise
            except KeyboardInterrupt as stopped:
                raise InterruptedVisitError(visit.typed(go_on)) from stopped

        own = list(inspect.signature(command).parameters.values())[1:]
        options = [*([_SESSION_OPTION] if session else []), *_SHARED]
        shared.__signature__ = inspect.Signature([*own, *options])  # type: ignore[attr-defined]  # inspect reads it
        return shared

    return decorate


def _refuse_empty(given: Mapping[str, object]) -> None:
    """Refuse a file or a folder without a name, which would be the current folder.

    Raises:
        typer.BadParameter: One is.
    """
    for name in _PLACES:
        if given.get(name) == "":
            raise typer.BadParameter("it is empty", param_hint=f"'{name.replace('_', '-')}'")


def _name_flags(error: SettingError) -> None:
    """Let an error of a setting speak of the flag that gave it, or of a file as it is near."""
    error.message = error.message.replace(f"{Path.cwd()}{os.sep}", "")
    for name, flag in _SETTING_FLAGS.items():
        told = error.message.replace(f"{name} (flag):", flag)
        if told != error.message and error.fix:
            error.fix = error.fix.replace(f"give {name} ", f"give {flag} ")
        error.message = told


def _text(given: object) -> str | None:
    return None if given is None else str(given)


def _option(name: str, annotation: object, default: object) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


_SESSION_OPTION = _option("session", _SESSION, None)
_SHARED = (
    _option("as_json", _JSON, False),
    _option("actor", _ACTOR, None),
    _option("database", _DATABASE, None),
    _option("no_input", _NO_INPUT, False),
)
