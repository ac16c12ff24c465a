"""The list of sessions, and how one is begun."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import Form, Query
from fastapi.responses import Response

from runthrough.bootstrap import load_either
from runthrough.core.lifecycle import Phase
from runthrough.core.values.store import SessionEntry
from runthrough.core.views.standing import standing
from runthrough.entrypoints.http.api.pipelines import places_given
from runthrough.entrypoints.http.pages.frame import (
    page_router,
    refusal_status,
    render,
    see_other,
    session_url,
)
from runthrough.entrypoints.http.visitor import Tester, Viewer, Visitor
from runthrough.errors import (
    CommandInvalidError,
    OutsideRootsError,
    PipelineError,
    RunthroughError,
    SessionNameTakenError,
    UnknownSessionError,
)

PAGE_SIZE = 25
"""Sessions of one screen: how each stands is folded from its events."""
FIELDS = ("pipeline", "typed", "name", "workspace", "like")
"""Of the form that begins a session."""
Which = Literal["all", "open", "closed", "archived"]
router = page_router()


@dataclass(frozen=True, slots=True)
class Standing:
    """How a session stands, in a word that has a mark, and in a few words."""

    word: str
    text: str


@router.get("/")
def go_to_sessions(visitor: Viewer) -> Response:
    """The list is what a visitor sees first."""
    del visitor
    return see_other("/sessions")


@router.get("/sessions")
def list_sessions(
    visitor: Viewer,
    q: Annotated[str, Query(max_length=200)] = "",
    show: Which = "all",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """The sessions that fit, the one with the latest event first."""
    entries = [e for e in visitor.sessions.entries() if visitor.may_see(e.session_id)]
    fitting = [entry for entry in entries if _fits(entry, q, show)]
    first = (page - 1) * PAGE_SIZE
    shown = fitting[first : first + PAGE_SIZE]
    return render(
        "sessions.html",
        visitor,
        rows=[(entry, _standing(visitor, entry)) for entry in shown],
        names={entry.session_id: entry.name for entry in entries},
        known=len(entries),
        fitting=len(fitting),
        first=first,
        page=page,
        more=len(fitting) > first + PAGE_SIZE,
        q=q,
        show=show,
    )


def _fits(entry: SessionEntry, asked: str, show: Which) -> bool:
    if show == "archived":
        fits = entry.archived
    else:
        fits = not entry.archived and show in {"all", entry.phase}
    words = asked.casefold().split()
    told = f"{entry.name} {entry.dag_name} {entry.last_actor} {entry.session_id}".casefold()
    return fits and all(word in told for word in words)


def _standing(visitor: Visitor, entry: SessionEntry) -> Standing:
    """How a session stands as history has it; its files are not looked at."""
    try:
        with visitor.opened(entry.session_id) as session:
            session.refresh()
            state = session.state
            if state.phase is Phase.CLOSED:
                return Standing("external", "closed")
            if session.tester_gone:
                return Standing("interrupted", "interrupted: its tester is gone")
            if state.running is not None:
                return Standing("running", f"running, by {state.running.actor}")
            return Standing(*standing(state))
    except RunthroughError as wrong:  # one that cannot be read must not hide the others
        return Standing("failed", wrong.message)


# ---- beginning one


@router.get("/sessions/new")
def ask_pipeline(visitor: Tester, *, unsent: bool = False) -> Response:
    """The form that begins a session."""
    visitor.refuse_scoped("beginning a session")
    return _beginning(visitor, unsent=unsent)


@router.post("/sessions")
def begin(
    visitor: Tester,
    *,
    pipeline: Annotated[str, Form(max_length=4_096)] = "",
    typed: Annotated[str, Form(max_length=4_096)] = "",
    name: Annotated[str, Form(max_length=200)] = "",
    workspace: Annotated[str, Form(max_length=4_096)] = "",
    like: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Begin a session on a pipeline file inside the roots."""
    visitor.refuse_scoped("beginning a session")
    given = {
        "pipeline": pipeline,
        "typed": typed.strip(),
        "name": name.strip(),
        "workspace": workspace.strip(),
        "like": like.strip(),
    }
    file = given["typed"] or given["pipeline"]
    if not file:
        told = ("pipeline", "No pipeline file is chosen.", "choose one, or type its path")
        return _beginning(visitor, given, told)
    sessions = visitor.sessions
    field = "pipeline"
    try:
        place = sessions.place(file, "The pipeline file")
        field = "workspace"
        places = places_given(sessions, [given["workspace"]] if given["workspace"] else [])
        field = "pipeline"
        definition = load_either(place, scripts=places)
        field = "like"
        model = visitor.seen(given["like"]) if given["like"] else None
        field = "pipeline"
        session = sessions.start(
            definition, name=given["name"] or None, workspaces=places, like=model
        )
    except SessionNameTakenError as taken:
        return _beginning(visitor, given, ("name", taken.message, "choose another name"), taken)
    except UnknownSessionError as unknown:
        return _beginning(visitor, given, ("like", unknown.message, ""), unknown)
    except (PipelineError, OutsideRootsError) as wrong:
        return _beginning(visitor, given, (field, wrong.message, wrong.fix or ""), wrong)
    except CommandInvalidError as wrong:
        at = "workspace" if field == "workspace" else "name"
        return _beginning(visitor, given, (at, wrong.message, wrong.fix or ""), wrong)
    address = session_url(session.session_id, begun=session.version, like=model)
    sessions.give_back(session)
    return see_other(address)


def _beginning(
    visitor: Visitor,
    given: dict[str, str] | None = None,
    wrong: tuple[str, str, str] | None = None,
    error: RunthroughError | None = None,
    *,
    unsent: bool = False,
) -> Response:
    """The form, with what was typed and what is wrong with it: a field, why, what to do."""
    status = HTTPStatus.OK
    if wrong is not None:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if error is not None:
            status = refusal_status(visitor.service, error)
    entries = visitor.sessions.entries()
    return render(
        "new_session.html",
        visitor,
        status=status,
        files=_offered(visitor),
        names=[e.name for e in entries if visitor.may_see(e.session_id) and not e.archived][:50],
        given=given or dict.fromkeys(FIELDS, ""),
        wrong=wrong,
        unsent=unsent,
    )


def _offered(visitor: Visitor) -> Sequence[tuple[str, str, str]]:
    """The pipeline files that are there: path, folder and name."""
    files = visitor.service.application.pipeline_files()
    above = posixpath.commonpath([posixpath.dirname(file) for file in files]) if files else ""
    told = []
    for file in files:
        shown = posixpath.relpath(file, above)
        told.append((file, posixpath.dirname(shown), posixpath.basename(shown)))
    return told
