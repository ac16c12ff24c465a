"""Runs begun by requests: driven by this process, whichever door the request came by."""

from dataclasses import replace
from itertools import chain

from runthrough.application.sessions import Sessions
from runthrough.application.wishes import Once, RunWish
from runthrough.core.values.ids import RunId, SessionId
from runthrough.entrypoints.http.api.asked import refuse_below_admin, refuse_changed
from runthrough.entrypoints.http.limits import count_run_start
from runthrough.entrypoints.http.visitor import Visitor

JOBS_AT_MOST = 256


def drive(
    visitor: Visitor, asked: str, wish: RunWish, *, based_on: int | None = None
) -> tuple[SessionId, RunId]:
    """Begin a run that goes on whether or not anybody waits for it; its session and its id.

    A request that comes again with its key is told of the run that it began the first time.

    Raises:
        UnknownSessionError: There is none, or none in the token's scope.
        AccessError: A run is to be taken over and the visitor is no admin, the session was
            changed after the version that it is based on, or their actor started too many runs
            within the last minute.
        RunthroughError: As for `BackgroundRuns.start`.
    """
    if wish.take_over:
        refuse_below_admin(visitor, "Taking over a run")
    service, request = visitor.service, visitor.caller.request
    once_only = None if request is None else Once(request.command_id)
    with visitor.opened(asked) as opened:
        session_id = opened.session_id
        opened.recalled()  # a key that was used for something else is told as that
        run = None if once_only is None else opened.begun_before(wish, once_only)
        if run is None:
            opened.refuse_again()
            opened.refresh()
            refuse_changed(opened, based_on)
            count_run_start(visitor)
    if run is None:
        sessions = _driving(visitor)
        run = service.application.background.start(
            lambda: sessions.open(session_id), wish, once=once_only
        )
    return session_id, run


def _driving(visitor: Visitor) -> Sessions:
    """The sessions as who drives the run sees them: with a new id for every command.

    The first is that of a refusal before the run begins, so that it is recorded once.
    """
    application, caller = visitor.service.application, visitor.caller
    if caller.request is not None:
        ids = chain([caller.request.refusal_id], iter(application.caller.new_id, None))
        caller = replace(caller, new_id=ids.__next__)
    return application.sessions_for(caller)
