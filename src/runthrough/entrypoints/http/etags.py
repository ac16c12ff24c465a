"""Versions as entity tags, and what a request says it is based on."""

import re
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Header, Request, Response

from runthrough.entrypoints.http.problems import AccessError

_ONE = r'(?:W/)?"[\x21\x23-\x7e]*"'
_TAGS = re.compile(rf"{_ONE}(?:[ \t]*,[ \t]*{_ONE})*+")
_STRONG = re.compile(r'(?<!W/)"([1-9][0-9]{0,17})"')
"""A version as we tell it. Weak tags match nothing (RFC 9110 § 13.1.1), and nor do others."""


def tag(response: Response, version: int) -> None:
    """Tell the version of the last event that concerns what is shown."""
    response.headers["ETag"] = f'"{version}"'


def based_on(
    if_match: Annotated[
        str | None,
        Header(description='Version that the sender saw, as `"23"`; `*` for any.'),
    ] = None,
) -> int | None:
    """The version that the sender saw; `None` where they do not say.

    Of several it is the latest: of a list any may match, and an earlier one does only where the
    latest does too.

    Raises:
        AccessError: The header is no list of tags, or none of them can be that of a version.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    fix = 'send the ETag that the resource came with, such as If-Match: "23"'
    if _TAGS.fullmatch(if_match.strip()) is None:
        raise AccessError(
            HTTPStatus.BAD_REQUEST, "IF_MATCH_INVALID", "If-Match holds no ETag.", fix=fix
        )
    versions = [int(version) for version in _STRONG.findall(if_match)]
    if not versions:
        raise AccessError(
            HTTPStatus.PRECONDITION_FAILED,
            "VERSION_CONFLICT",
            "If-Match holds the ETag of no version; one that begins with W/ matches nothing.",
            fix=fix,
        )
    return max(versions)


BasedOn = Annotated[int | None, Depends(based_on)]


def goes_by_no_version(request: Request) -> None:
    """Refuse `If-Match` where it would say nothing, rather than do what it was to prevent.

    Raises:
        AccessError: It is there.
    """
    if request.headers.get("if-match", "*").strip() != "*":
        raise AccessError(
            HTTPStatus.BAD_REQUEST,
            "IF_MATCH_UNUSABLE",
            "If-Match says nothing here: this request goes by no version.",
            fix="send it without If-Match",
        )


Unconditional = Depends(goes_by_no_version)
"""For the `dependencies` of a route that adds something, or ends what its id names."""
