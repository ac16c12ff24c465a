"""Errors as problem documents (RFC 9457), with one table of statuses."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from runthrough.errors import (
    AmbiguousScriptError,
    CommandIdReusedError,
    CommandInvalidError,
    CommandRefusedError,
    ConfigurationInvalidError,
    NoRunError,
    NothingToRetryError,
    PendingScriptsError,
    PipelineDiffersError,
    PipelineError,
    RunInProgressError,
    RunnerUnavailableError,
    RunthroughError,
    ScriptNotFoundError,
    SelectionError,
    SessionError,
    SessionNameTakenError,
    SettingError,
    StoreError,
    StoreUnavailableError,
    UnknownAttemptError,
    UnknownKeywordError,
    UnknownNodeError,
    UnknownRunError,
    UnknownSessionError,
    UnknownTokenError,
    UnknownVersionError,
    VersionConflictError,
)

MEDIA_TYPE = "application/problem+json"
STATUSES: dict[type[RunthroughError], HTTPStatus] = {
    UnknownSessionError: HTTPStatus.NOT_FOUND,
    UnknownVersionError: HTTPStatus.NOT_FOUND,
    UnknownNodeError: HTTPStatus.NOT_FOUND,
    UnknownRunError: HTTPStatus.NOT_FOUND,
    UnknownAttemptError: HTTPStatus.NOT_FOUND,
    NoRunError: HTTPStatus.NOT_FOUND,
    UnknownTokenError: HTTPStatus.NOT_FOUND,
    AmbiguousScriptError: HTTPStatus.CONFLICT,
    VersionConflictError: HTTPStatus.PRECONDITION_FAILED,
    SessionNameTakenError: HTTPStatus.CONFLICT,
    PipelineDiffersError: HTTPStatus.CONFLICT,
    RunInProgressError: HTTPStatus.CONFLICT,
    PendingScriptsError: HTTPStatus.CONFLICT,
    CommandRefusedError: HTTPStatus.CONFLICT,
    NothingToRetryError: HTTPStatus.CONFLICT,
    CommandIdReusedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    ConfigurationInvalidError: HTTPStatus.UNPROCESSABLE_ENTITY,
    CommandInvalidError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownKeywordError: HTTPStatus.UNPROCESSABLE_ENTITY,
    ScriptNotFoundError: HTTPStatus.UNPROCESSABLE_ENTITY,
    SelectionError: HTTPStatus.UNPROCESSABLE_ENTITY,
    PipelineError: HTTPStatus.UNPROCESSABLE_ENTITY,
    SessionError: HTTPStatus.UNPROCESSABLE_ENTITY,
    SettingError: HTTPStatus.UNPROCESSABLE_ENTITY,
    StoreUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    RunnerUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreError: HTTPStatus.INTERNAL_SERVER_ERROR,
    RunthroughError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The nearest class of an error decides."""


class AccessError(Exception):
    """A request that its sender may not make, or that is none."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        fix: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.fix = fix
        self.headers = dict(headers or {})
        super().__init__(detail)


def status_of(error: RunthroughError) -> HTTPStatus:
    """The status that an error is answered with."""
    kinds = type(error).__mro__
    if error.code != type(error).code:  # recalled by its words alone: its code tells the class
        kinds = (*(kind for kind in STATUSES if kind.code == error.code), *kinds)
    return next(STATUSES[kind] for kind in kinds if kind in STATUSES)


def problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    *,
    fix: str | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> JSONResponse:
    """A problem document: what is wrong, why, and what to do next."""
    content = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "code": code,
        "detail": detail,
        "fix": fix,
        **more,
    }
    return JSONResponse(
        jsonable_encoder(content), int(status), headers=headers, media_type=MEDIA_TYPE
    )


def refused(error: RunthroughError) -> JSONResponse:
    """The problem document of one of our errors."""
    more: dict[str, Any] = {}
    headers: dict[str, str] = {}
    if isinstance(error, ConfigurationInvalidError):
        more = {"node": error.node, "problems": error.problems, "kept": error.kept}
    elif isinstance(error, VersionConflictError):
        more = {
            "node": error.node,
            "fields": error.fields,
            "based_on": error.based_on,
            "version": error.version,
            "actor": error.actor,
            "event": error.event,
        }
        headers = {"ETag": f'"{error.version}"'}
    fix = error.fix
    if isinstance(error, CommandIdReusedError):
        fix = "send another Idempotency-Key: each is for one request"
    return problem(status_of(error), error.code, error.message, fix=fix, headers=headers, **more)


async def on_refusal(request: Request, error: Exception) -> JSONResponse:
    """Answer one of our errors."""
    if not isinstance(error, RunthroughError):
        raise error
    request.app.state.service.metrics.count_refusal(error.code)
    return refused(error)


async def on_denial(_request: Request, error: Exception) -> JSONResponse:
    """Answer a request that its sender may not make."""
    if not isinstance(error, AccessError):
        raise error
    return problem(error.status, error.code, error.detail, fix=error.fix, headers=error.headers)


async def on_invalid(_request: Request, error: Exception) -> JSONResponse:
    """Answer a request whose parts are of a wrong kind; what was sent is not repeated."""
    if not isinstance(error, RequestValidationError):
        raise error
    wrong = [{"where": list(one["loc"]), "what": one["msg"]} for one in error.errors()]
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "REQUEST_INVALID",
        "The request is not of the shape that is expected.",
        fix="compare it with /api/v1/openapi.json",
        errors=wrong,
    )


async def on_http_error(_request: Request, error: Exception) -> JSONResponse:
    """Answer what the framework refuses, such as a path that there is not."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    return problem(status, status.name, str(error.detail), headers=error.headers)
