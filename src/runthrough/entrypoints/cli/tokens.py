"""Who is let in at the service: `token create`, `token list` and `token revoke`."""

from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from runthrough.entrypoints.cli import completing
from runthrough.entrypoints.cli.failing import PASSED
from runthrough.entrypoints.cli.moments import span_typed
from runthrough.entrypoints.cli.screen import Screen
from runthrough.entrypoints.cli.visit import Visit, visiting
from runthrough.entrypoints.cli.words import counted, one_line, short_id, stamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from runthrough.application.sessions import Sessions
    from runthrough.bootstrap import Application
    from runthrough.core.values.ids import SessionId
    from runthrough.core.values.tokens import Role, Standing, Token
    from runthrough.entrypoints.cli.screen import Piece

_NEVER = "never"
_STYLES = {"active": "green", "expired": "dim", "revoked": "dim"}


@visiting(session=False)
def create(
    visit: Visit,
    holder: Annotated[
        str, typer.Argument(metavar="ACTOR", help="Who acts with it, as events will name them.")
    ],
    role: Annotated[
        str,
        typer.Option(
            "--role",
            metavar="viewer|tester|admin",
            help="Viewers read; testers also answer and run; admins also look after tokens.",
        ),
    ] = "tester",
    expires: Annotated[
        str,
        typer.Option(
            "--expires", metavar="90d|12h|TIME|never", help="How long, or until when, it lets in."
        ),
    ] = "90d",
    sessions: Annotated[
        list[str] | None,
        typer.Option(
            "--session",
            metavar="ID|NAME",
            help="It reaches this session and no other; may be repeated.",
            autocompletion=completing.sessions,
        ),
    ] = None,
) -> None:
    """Make a token for a person or a program; it is shown once."""
    from runthrough.core.views.tokens import token_view  # noqa: PLC0415 - heavy, inside commands

    expires_in_s = None if expires == _NEVER else span_typed("--expires", expires, or_else=_NEVER)
    with visit.application(absent="refuse") as application:
        text, token = application.tokens.create(
            holder,
            _role(role),
            sessions=_scope(application.sessions, sessions),
            expires_in_s=expires_in_s,
            created_by=application.settings.actor,
        )
        names = _names(application, [token])
    visit.screen.result({"token": text, **token_view(token, "active")})
    screen = visit.screen
    if not screen.as_json:
        screen.raw(text)
        screen = Screen(as_json=True)  # what is told of the token goes beside it
    ends = f"until {stamp(token.expires_at)}" if token.expires_at else "without end"
    screen.line(
        ("✓ ", "green"),
        f"token {token.token_id} lets {one_line(token.actor)} in as {token.role}, "
        f"{_reach(token, names)}, {ends}",
    )
    screen.line("Keep it now: it is not shown again, and the database holds only its hash.")
    screen.line(
        "Give it to programs for the header Authorization: Bearer TOKEN, or to people for the "
        "sign-in of the page that runthrough serve shows."
    )
    revoke_it = visit.typed(f"runthrough token revoke {token.token_id}")
    screen.typed("to take it back:  ", revoke_it)


@visiting(session=False)
def listed(
    visit: Visit,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="List all, also those that are expired or revoked.")
    ] = False,
) -> None:
    """List the tokens that let somebody in, the oldest first."""
    from runthrough.core.views.tokens import token_view  # noqa: PLC0415 - heavy, inside commands

    with visit.application(absent="empty") as application:
        kept = [(one, application.tokens.state_of(one)) for one in application.tokens.list()]
        shown = [one for one in kept if everything or one[1] == "active"]
        names = _names(application, [token for token, _ in shown])
        place = application.place
    visit.screen.result([token_view(token, state) for token, state in shown])
    visit.screen.rows(_drawn(token, state, names) for token, state in shown)
    hidden = len(kept) - len(shown)
    if hidden:
        visit.screen.line(
            (f"{counted(hidden, 'token')} expired or revoked: runthrough token list --all", "dim")
        )
    if not kept:
        visit.screen.line(f"There is no token yet in {place}.")
        visit.next("runthrough token create ACTOR")


@visiting(session=False)
def revoke(
    visit: Visit,
    asked: Annotated[
        str, typer.Argument(metavar="ID|ACTOR", help="A token, or an actor with all their tokens.")
    ],
) -> int:
    """Let nobody in any more with a token, or any of an actor."""
    from runthrough.core.views.tokens import token_view  # noqa: PLC0415 - heavy, inside commands

    with visit.application(absent="refuse") as application:
        ended = application.tokens.revoke(asked)
        rows = [token_view(application.tokens.found(one.token_id), "revoked") for one in ended]
    visit.screen.result({"revoked": rows})
    for token in ended:
        what = "the sign-in" if token.kind == "browser" else "token"
        visit.screen.line(
            ("✓ ", "green"),
            f"{what} {token.token_id} of {one_line(token.actor)} lets nobody in any more",
        )
    if not ended:
        visit.screen.line("Nothing was to be done: no such token lets anybody in.")
    return PASSED


def _role(given: str) -> "Role":
    """The role of that name.

    Raises:
        typer.BadParameter: There is none.
    """
    from runthrough.core.values.tokens import ROLES, is_role  # noqa: PLC0415 - inside commands

    if not is_role(given):
        _refuse("--role", f"{given!r} is no role; give {', '.join(ROLES[:-1])} or {ROLES[-1]}")
    return given


def _refuse(option: str, why: str) -> NoReturn:
    raise typer.BadParameter(why, param_hint=f"'{option}'")


def _scope(sessions: "Sessions", asked: "Sequence[str] | None") -> "list[SessionId] | None":
    return [sessions.found(one).session_id for one in asked] if asked else None


def _names(application: "Application", tokens: "Sequence[Token]") -> "dict[SessionId, str]":
    """Names of the sessions that some tokens are for; asked only where there are any."""
    if all(token.sessions is None for token in tokens):
        return {}
    return {one.session_id: one.name for one in application.sessions.entries()}


def _reach(token: "Token", names: "Mapping[SessionId, str]") -> str:
    if token.sessions is None:
        return "in every session"
    told = (one_line(names.get(one, short_id(one))) for one in token.sessions)
    return f"in {', '.join(told)}"


def _drawn(
    token: "Token", state: "Standing", names: "Mapping[SessionId, str]"
) -> "tuple[str | Piece, ...]":
    """What people are told of a token, in columns."""
    made = f"made {_minute(token.created_at)} by {one_line(token.created_by)}"
    if token.kind == "browser":
        made = f"signed in {_minute(token.created_at)} with {token.parent or 'the link of serve'}"
    return (
        token.token_id,
        one_line(token.actor),
        token.role,
        (_standing(token, state), _STYLES[state]),
        f"{_reach(token, names)} · {made}",
    )


def _standing(token: "Token", state: "Standing") -> str:
    """Whether a token lets in, and when that ends or ended."""
    if state == "active":
        return f"until {_minute(token.expires_at)}" if token.expires_at else "without end"
    own = token.revoked_at if state == "revoked" else token.expires_at
    return f"{state} {_minute(own)}" if own else f"{state} with {token.parent}"


def _minute(at: "datetime") -> str:
    """A time as lists tell it: nobody asks for the second in which a token ends."""
    return f"{stamp(at)[:-4]}Z"


listed.__name__ = "list"
TOKEN_COMMANDS = (create, listed, revoke)
