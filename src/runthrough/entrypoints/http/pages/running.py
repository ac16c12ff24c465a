"""Runs as people begin and end them on the page, and what a run would do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import JsonValue

from runthrough.application.wishes import RunWish
from runthrough.core.values.ids import NodeName
from runthrough.core.views.nodes import View
from runthrough.core.views.rows import rows_of
from runthrough.core.views.telling import counted
from runthrough.entrypoints.http.driving import JOBS_AT_MOST, drive
from runthrough.entrypoints.http.pages.acting import Form
from runthrough.entrypoints.http.pages.frame import (
    is_part,
    page_router,
    refusal_status,
    render,
    see_other,
    session_url,
)
from runthrough.entrypoints.http.pages.run_bar import RunRefused
from runthrough.entrypoints.http.pages.session import Answered, screen
from runthrough.entrypoints.http.problems import AccessError
from runthrough.entrypoints.http.visitor import SessionAsked, Tester, Viewer, Visitor
from runthrough.errors import (
    NotAtHomeError,
    PendingScriptsError,
    RunInProgressError,
    RunthroughError,
    StoreError,
    UnknownSessionError,
)

router = page_router()
SELECTED_AT_MOST = 10_000
_DIGITS = 4


@router.post("/sessions/{session}/runs")
def begin_run(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Begin a run of what is selected."""
    return _begun(visitor, session, form, retry=False)


@router.post("/sessions/{session}/retry")
def begin_retry(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Run again what did not pass, and what that blocked."""
    return _begun(visitor, session, form, retry=True)


@router.post("/sessions/{session}/cancel")
def cancel_run(session: SessionAsked, visitor: Tester, form: Form) -> Response:
    """Ask the tester that drives the run to end it."""
    with visitor.opened(session) as opened:
        try:
            opened.cancel(form.get("run") or None)
        except StoreError:
            raise
        except RunthroughError as refused:
            told = Answered(
                status=refusal_status(visitor.service, refused),
                more={"run_refused": RunRefused(refused.message, refused.fix or "")},
            )
            return screen(visitor, opened, node=form.get("node") or None, answered=told)
        return see_other(_to_bar(opened.session_id, form))


@router.get("/sessions/{session}/plan")
def show_plan(
    request: Request,
    session: SessionAsked,
    visitor: Viewer,
    *,
    what: Annotated[str, Query(max_length=1_000)] = "",
    select: Annotated[str, Query(max_length=100_000)] = "",
    no_reuse: bool = False,
    sagemaker: bool = False,
) -> Response:
    """What a run of a selection would run, reuse and block, each with its reason."""
    chosen = _selected({"what": what, "select": select})
    with visitor.opened(session) as opened:
        view = opened.plan(chosen, reuse=not no_reuse, sagemaker=sagemaker)
        return render(
            "parts/plan.html" if is_part(request) else "plan.html",
            visitor,
            session_id=opened.session_id,
            name=opened.name,
            plan=view,
            counts=_counts(view),
            reused=_reused(view),
            chosen=chosen,
            wished={"no_reuse": no_reuse, "sagemaker": sagemaker},
            may_run=visitor.may("tester") and not view["pending"] and bool(view["run"]),
        )


# ---- how it is done


def _begun(visitor: Visitor, asked: str, form: Mapping[str, str], *, retry: bool) -> Response:
    try:
        wish = _wish(form, jobs=visitor.service.options.jobs, retry=retry)
        session_id, _ = drive(visitor, asked, wish)
    except (StoreError, UnknownSessionError):
        raise
    except (AccessError, RunthroughError) as refused:
        return _refused(visitor, asked, form, refused)
    return see_other(_to_bar(session_id, form))


def _to_bar(session_id: str, form: Mapping[str, str]) -> str:
    return f"{session_url(session_id, node=form.get('node'))}#run-bar"


def _wish(form: Mapping[str, str], *, jobs: int, retry: bool) -> RunWish:
    """How a form wants its run.

    Raises:
        AccessError: The number of scripts at once is none.
    """
    wish = RunWish(
        jobs=_jobs(form.get("jobs", "").strip()) or jobs,
        fail_fast="fail_fast" in form,
        sagemaker="sagemaker" in form,
        take_over="take_over" in form,
        retry=retry,
    )
    if retry:
        return wish
    return replace(wish, select=tuple(_selected(form)), reuse="no_reuse" not in form)


def _jobs(text: str) -> int | None:
    if not text:
        return None
    whole = text.isascii() and text.isdecimal() and len(text) <= _DIGITS
    if not whole or not 1 <= int(text) <= JOBS_AT_MOST:
        raise AccessError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "REQUEST_INVALID",
            f"{text!r} is no number of scripts that run at once.",
            fix=f"give 1 to {JOBS_AT_MOST}",
        )
    return int(text)


def _selected(form: Mapping[str, str]) -> list[str]:
    """The patterns: those that are typed, one a line, else the one that is chosen."""
    typed = [line.strip() for line in form.get("select", "").splitlines() if line.strip()]
    what = form.get("what", "").strip()
    return (typed or ([what] if what else []))[:SELECTED_AT_MOST]


def _refused(
    visitor: Visitor, asked: str, form: Mapping[str, str], refused: AccessError | RunthroughError
) -> Response:
    """Back to the screen, where the button is, with what was chosen."""
    with visitor.opened(asked) as opened:
        opened.refresh()
        if isinstance(refused, AccessError):
            told, status = RunRefused(refused.detail, refused.fix or ""), refused.status
        else:
            status = refusal_status(visitor.service, refused)
            nodes = opened.state.nodes
            named = refused.nodes if isinstance(refused, PendingScriptsError) else ()
            waiting = [
                (node, "; ".join(need.message for need in nodes[node].needs))
                for node in map(NodeName, named)
                if node in nodes
            ]
            told = RunRefused(
                refused.message.partition("\n")[0] if waiting else refused.message,
                refused.fix or "",
                waiting,
                in_progress=isinstance(refused, RunInProgressError),
                elsewhere=isinstance(refused, NotAtHomeError) and not opened.is_outside,
            )
        answered = Answered(status=status, more={"run_refused": told, "wished": form})
        response = screen(visitor, opened, node=form.get("node") or None, answered=answered)
        if isinstance(refused, AccessError):
            response.headers.update(refused.headers)
        return response


# ---- plans in words


def _names(rows: JsonValue) -> list[str]:
    return [str(row["node"]) for row in rows_of(rows)]


def _counts(view: View) -> str:
    """`5 nodes: 3 to run, 1 unchanged, 0 blocked, 1 pending`."""
    kinds = {kind: _names(view[kind]) for kind in ("run", "reuse", "blocked", "pending")}
    outdated = set(_names(view["outdated"]))
    stand = sum(node in outdated for node in kinds["reuse"])
    total = sum(map(len, kinds.values()))
    return ", ".join(
        [
            f"{counted(total, 'node')}: {len(kinds['run'])} to run",
            f"{len(kinds['reuse']) - stand} unchanged",
            *([f"{stand} as it stands"] if stand else []),
            f"{len(kinds['blocked'])} blocked",
            f"{len(kinds['pending'])} pending",
        ]
    )


def _reused(view: View) -> Sequence[tuple[str, str]]:
    outdated = set(_names(view["outdated"]))
    return [
        (node, "as it stands" if node in outdated else "unchanged since it passed")
        for node in _names(view["reuse"])
    ]
