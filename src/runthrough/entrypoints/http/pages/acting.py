"""What forms of the session's screen do: one route a form, each through the session."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Protocol

from fastapi import Depends, Request
from fastapi.responses import Response

from runthrough.application.session import Session
from runthrough.application.shown import Recorded
from runthrough.core.lifecycle import Phase
from runthrough.core.values.ids import NodeName
from runthrough.entrypoints.http.pages.answering import handed_in, record, without_secrets
from runthrough.entrypoints.http.pages.conflicts import clash_of
from runthrough.entrypoints.http.pages.fields import Wrong
from runthrough.entrypoints.http.pages.frame import (
    page_router,
    refusal_status,
    see_other,
    session_url,
)
from runthrough.entrypoints.http.pages.session import Answered, screen
from runthrough.entrypoints.http.problems import AccessError, status_of
from runthrough.entrypoints.http.visitor import SessionAsked, Tester, Viewer, Visitor
from runthrough.errors import (
    CommandInvalidError,
    ConfigurationInvalidError,
    RunthroughError,
    SessionClosedError,
    StoreError,
    VersionConflictError,
)

router = page_router()
SECRET_IN_PLAIN = "SECRET_IN_PLAIN"  # noqa: S105 - a problem's code
_FIELDS_AT_MOST = 4_000
_VERSION_DIGITS = 18


async def posted(request: Request) -> Mapping[str, str]:
    """The fields of a form; of several of one name the last, as a button beats a field."""
    form = await request.form(max_fields=_FIELDS_AT_MOST, max_files=0)
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


Form = Annotated[Mapping[str, str], Depends(posted)]


class OnNode(Protocol):
    """What a session does to one node, with nothing more to be said."""

    def __call__(self, session: Session, node: str, /, *, based_on: int | None) -> Recorded:
        """Do it, unless the node was concerned after the version that the form shows."""
        ...


@router.get("/sessions/{session}/answers")
@router.get("/sessions/{session}/connections")
@router.get("/sessions/{session}/script")
@router.get("/sessions/{session}/external")
@router.get("/sessions/{session}/internal")
@router.get("/sessions/{session}/clear")
@router.get("/sessions/{session}/undo")
def go_back(session: SessionAsked, visitor: Viewer) -> Response:
    """Where a form that was not taken came from, for who loads its address again."""
    return see_other(session_url(visitor.seen(session)))


@router.post("/sessions/{session}/answers")
def answer(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Record what was typed for a node; what is missing stays missing."""
    with visitor.opened(session) as opened:

        def do() -> Recorded | None:
            return record(opened, _node(form), handed_in(form), based_on=version_in(form))

        return _acted(visitor, opened, form, do)


@router.post("/sessions/{session}/connections")
def connect(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Confirm, reject or cut what is proposed or connected."""
    with visitor.opened(session) as opened:
        return _acted(
            visitor, opened, form, lambda: _connected(opened, form), action="connections"
        )


@router.post("/sessions/{session}/script")
def bind(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Choose the script that a node runs."""
    with visitor.opened(session) as opened:
        path = form.get("typed", "").strip() or form.get("path", "")

        def do() -> Recorded:
            if not path:
                raise CommandInvalidError(
                    "bind", "no script is named", fix="choose one, or type its path"
                )
            return opened.bind(_node(form), path, based_on=version_in(form))

        return _acted(visitor, opened, form, do, action="script")


@router.post("/sessions/{session}/external")
def mark_external(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Let a node stand for something outside."""
    with visitor.opened(session) as opened:

        def do() -> Recorded:
            outputs = _provided(form.get("outputs", ""))
            return opened.mark_external(_node(form), outputs, based_on=version_in(form))

        return _acted(visitor, opened, form, do, action="external")


@router.post("/sessions/{session}/internal")
def mark_internal(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Let an external node run a script again."""
    return _acted_on_node(visitor, session, form, Session.mark_internal, action="internal")


@router.post("/sessions/{session}/clear")
def clear(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Take back all that was answered for a node."""
    return _acted_on_node(visitor, session, form, Session.clear, action="clear")


@router.post("/sessions/{session}/accept")
def accept(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Let a node's last passed attempt stand although what it depended on has changed."""
    return _acted_on_node(visitor, session, form, Session.accept_unchanged, action="accept")


@router.post("/sessions/{session}/undo")
def undo(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Take back what one form recorded, unless somebody acted since."""
    with visitor.opened(session) as opened:
        after, version = _number(form, "after"), version_in(form)
        return _acted(
            visitor,
            opened,
            form,
            lambda: opened.undo(to=after, seen=lambda action: after < action.version <= version),
        )


# ---- how it is done


def _node(form: Mapping[str, str]) -> str:
    """The node that a form is about.

    Raises:
        AccessError: The form was not made by this page.
    """
    node = form.get("node", "")
    if not node:
        raise _foreign("node")
    return node


def version_in(form: Mapping[str, str]) -> int:
    """The version that was shown when the form was filled in.

    Raises:
        AccessError: The form was not made by this page.
    """
    return _number(form, "version")


def _number(form: Mapping[str, str], field: str) -> int:
    told = form.get(field, "")
    if not (told.isascii() and told.isdecimal() and len(told) <= _VERSION_DIGITS):
        raise _foreign(field)
    return int(told)


def _foreign(field: str) -> AccessError:
    return AccessError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "REQUEST_INVALID",
        f"The form has no usable field {field!r}.",
        fix="load the page anew, and send its form",
    )


def _connected(session: Session, form: Mapping[str, str]) -> Recorded:
    target, based_on = form.get("target", ""), version_in(form)
    match form.get("verb"):
        case "confirm":
            return session.confirm([target], based_on=based_on)
        case "connect":
            chosen = form.get("source", "")
            if not chosen:
                raise _unchosen(session, form)
            return session.connect(f"@{chosen}", target, based_on=based_on)
        case "reject":
            return session.reject([target], based_on=based_on)
        case "disconnect":
            return session.disconnect([target], based_on=based_on)
        case _:
            raise _foreign("verb")


def _unchosen(session: Session, form: Mapping[str, str]) -> RunthroughError:
    """That none of several sub-folders was chosen, at the field of the input."""
    node, target = session.node_named(_node(form)), form.get("target", "")
    name = target.removeprefix(f"{node}.")
    proposal = session.state.proposals.get(node, {}).get(name)
    choices = [str(choice) for choice in proposal.choices] if proposal is not None else []
    problem = {
        "code": "CONNECTION_AMBIGUOUS",
        "where": {"kind": "connection", "name": name},
        "message": f"Which sub-folder feeds {name} is not chosen.",
        "fix": "choose one of them",
        "candidates": [f"@{choice}" for choice in choices],
    }
    return ConfigurationInvalidError(node, [problem])


def _provided(text: str) -> dict[str, str]:
    """Outputs and their paths, one a line.

    Raises:
        CommandInvalidError: A line names no output.
    """
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, equals, path = line.partition("=")
        if not equals or not name.strip() or not path.strip():
            raise CommandInvalidError(
                "external", "a line is no NAME=PATH", fix="write DATA=data/training, one a line"
            )
        found[name.strip()] = path.strip()
    return found


def _acted_on_node(
    visitor: Visitor, asked: str, form: Mapping[str, str], do: OnNode, *, action: str
) -> Response:
    """Do to the form's node what needs nothing more to be said."""
    with visitor.opened(asked) as opened:
        return _acted(
            visitor,
            opened,
            form,
            lambda: do(opened, _node(form), based_on=version_in(form)),
            action=action,
        )


def _acted(
    visitor: Visitor,
    session: Session,
    form: Mapping[str, str],
    do: Callable[[], Recorded | None],
    *,
    action: str = "answers",
) -> Response:
    """Do what a form asks: to the next screen, or back to it with what was typed."""
    node = form.get("node", "")
    session.refresh()
    waited = node in session.state.nodes and session.waits(NodeName(node))
    try:
        recorded = do()
    except StoreError:
        raise
    except RunthroughError as refused:
        if isinstance(refused, VersionConflictError) and _said_already(refused):
            return see_other(f"{session_url(session.session_id, node=node)}#node")
        refusal_status(visitor.service, refused)
        told = _answered(session, form, refused, action)
        return screen(visitor, session, node=node or None, answered=told)
    still = node in session.state.nodes and session.waits(NodeName(node))
    stays = bool(node) and (still or not waited)
    saved = f"{recorded.after}-{recorded.version}" if recorded is not None else None
    address = session_url(session.session_id, node=node if stays else None, saved=saved)
    return see_other(f"{address}#node" if stays else address)


def _said_already(conflict: VersionConflictError) -> bool:
    """Whether what was done meanwhile is what the form asks for, as where it is sent twice."""
    given = [row for row in conflict.fields if row["yours"] is not None]
    return bool(given) and all(row["yours"] == row["theirs"] for row in given)


def _answered(
    session: Session, form: Mapping[str, str], refused: RunthroughError, action: str
) -> Answered:
    """What is told of a form that was not taken, with what was typed into it."""
    typed = form = without_secrets(form)
    node = form.get("node", "")
    match refused:
        case VersionConflictError() if session.state.phase is Phase.CLOSED:
            return _answered(session, form, SessionClosedError("configure"), action)
        case VersionConflictError():
            kept = {name: text for name, text in form.items() if name != "version"}
            clash = clash_of(
                session, refused, action=session_url(session.session_id, action), form=kept
            )
            return Answered(node, typed, clash=clash, status=HTTPStatus.CONFLICT)
        case ConfigurationInvalidError():
            for problem in refused.problems:
                if problem["code"] == SECRET_IN_PLAIN:
                    typed = _without(typed, str(problem["where"]["name"]))
            return Answered(
                node,
                typed,
                problems=refused.problems,
                kept=refused.kept,
                status=HTTPStatus.UNPROCESSABLE_ENTITY,
            )
        case _:
            wrong = Wrong(refused.message, refused.fix or "")
            return Answered(node, typed, wrong=wrong, status=status_of(refused))


def _without(typed: Mapping[str, str], name: str) -> dict[str, str]:
    """What was typed, but what looks like a secret: it is not sent back."""
    return {key: text for key, text in typed.items() if key.partition(":")[2] != name}
