"""Commands handed in for requests: done once, and answered with what they recorded."""

from collections.abc import Callable
from http import HTTPStatus

from fastapi.responses import JSONResponse

from runthrough.application.session import Session
from runthrough.application.shown import Recorded
from runthrough.entrypoints.http.etags import tag
from runthrough.entrypoints.http.problems import AccessError
from runthrough.entrypoints.http.visitor import Visitor
from runthrough.errors import RunthroughError, UnknownNodeError

Act = Callable[[Session], Recorded]


def once(session: Session, act: Act, *, based_on: int | None = None) -> Recorded:
    """What a command recorded; of a request that comes again what it recorded the first time.

    A repeat is handed in as well: its command id is known, so nothing is recorded, and what looks
    wrong with the answer is seen anew. Whatever stands in its way by now did not then.

    Raises:
        AccessError: The session has not come to the version that it is based on.
        RunthroughError: The command is refused or rejected, or was then.
    """
    session.refresh()
    refuse_unseen(session, based_on)
    before = session.recalled()
    try:
        return act(session)
    except RunthroughError:
        if before is None:
            raise
        return before


def settle(
    visitor: Visitor, asked: str, act: Act, *, based_on: int | None, node: str | None = None
) -> JSONResponse:
    """Hand in a command on a session, or on one node; what it did, with the version of its end.

    Raises:
        UnknownSessionError: There is none, or none in the token's scope.
        AccessError: The session has not come to the version that it is based on.
        RunthroughError: The command is refused or rejected.
    """
    with visitor.opened(asked) as session:
        recorded = once(session, act, based_on=based_on)
        response = JSONResponse(session.settled(recorded))
        tag(response, _concerned_at(session, recorded, node))
        return response


def refuse_unseen(session: Session, based_on: int | None) -> None:
    """Refuse what is based on a version that the session has not come to.

    Raises:
        AccessError: Nobody can have seen it.
    """
    if based_on is not None and based_on > session.version:
        told = f"The session is at version {session.version}, not yet at {based_on}."
        raise changed(session, told)


def changed(session: Session, told: str) -> AccessError:
    """The refusal of a request whose sender saw something else than is there."""
    return AccessError(
        HTTPStatus.PRECONDITION_FAILED,
        "VERSION_CONFLICT",
        told,
        fix="look at what is there, then send the request again with its ETag as If-Match",
        headers={"ETag": f'"{session.concerned_at}"'},
    )


def _concerned_at(session: Session, recorded: Recorded, node: str | None) -> int:
    """Version of the last event that concerned what was changed, as of the command's end.

    What others did since is left out: whoever goes on from here has not seen it.
    """
    state = session.state_at(recorded.version)
    if node is None:
        return state.changed_at
    try:
        there = state.nodes[session.node_named(node)]
    except (UnknownNodeError, KeyError):  # taken away since, and this is a repeat
        return recorded.version
    return max(state.concerned_at, there.concerned_at)
