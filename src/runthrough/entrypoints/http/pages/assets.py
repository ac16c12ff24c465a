"""Style sheets and scripts of the page: named by what is in them, so that they are kept long."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Response

from runthrough.entrypoints.drawing import stylesheet
from runthrough.entrypoints.http.problems import AccessError

_KINDS: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""Media types of what is served; what has another suffix, such as a licence, is not."""
_DIGITS = 16
"""Of a digest in an address: enough that no change goes unnoticed."""
_FOREVER = "public, max-age=31536000, immutable"
_A_DAY = "public, max-age=86400"
ICON = "icon.svg"
PICTURE = "picture.css"
"""The colours and the style of pictures, which `drawing` knows."""

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Asset:
    """One file that the page loads."""

    content: bytes
    media_type: str

    @property
    def digest(self) -> str:
        """What names this content, and no other."""
        return hashlib.sha256(self.content).hexdigest()[:_DIGITS]


@cache
def assets() -> Mapping[str, Asset]:
    """Everything under `static/` that is served, by its path there."""
    found: dict[str, Asset] = {}
    _gather(files("runthrough.entrypoints.http").joinpath("static"), "", found)
    found[PICTURE] = Asset(stylesheet(":root").encode(), _KINDS[".css"])
    return found


def _gather(folder: Traversable, above: str, found: dict[str, Asset]) -> None:
    for there in folder.iterdir():
        suffix = there.name[there.name.rfind(".") :]
        if there.is_dir():
            _gather(there, f"{above}{there.name}/", found)
        elif suffix in _KINDS:
            found[f"{above}{there.name}"] = Asset(there.read_bytes(), _KINDS[suffix])


def static_url(path: str) -> str:
    """Where a browser finds a file of `static/`; another address once its content is another.

    Raises:
        KeyError: There is no such file.
    """
    return f"/static/{assets()[path].digest}/{path}"


@router.get("/favicon.ico")
def read_icon() -> Response:
    """The sign of the page by its old name, which browsers ask for beside what is no page."""
    icon = assets()[ICON]
    return Response(icon.content, media_type=icon.media_type, headers={"Cache-Control": _A_DAY})


@router.get("/static/{digest}/{path:path}")
def read_asset(digest: str, path: str) -> Response:
    """One file of the page, for anybody: the sign-in needs its style before anybody is known.

    Raises:
        AccessError: There is none of that name and content.
    """
    asset = assets().get(path)
    if asset is None or asset.digest != digest:
        raise AccessError(
            HTTPStatus.NOT_FOUND, "NOT_FOUND", "There is no such file.", fix="load the page anew"
        )
    return Response(
        asset.content, media_type=asset.media_type, headers={"Cache-Control": _FOREVER}
    )
