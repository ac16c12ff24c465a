"""The report of the last run, as a page to be read."""

from fastapi.responses import HTMLResponse, Response

from runthrough.entrypoints.http.pages.frame import page_router
from runthrough.entrypoints.http.visitor import SessionAsked, Viewer
from runthrough.entrypoints.reports.html import html_page

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
"""A report brings its own style and pictures; there is nothing else in it to be loaded or run."""
router = page_router()


@router.get("/sessions/{session}/report")
def show_report(session: SessionAsked, visitor: Viewer) -> Response:
    """The last run for others, the same page that `report --html` writes."""
    with visitor.opened(session) as opened:
        return HTMLResponse(
            html_page(opened.report()),
            headers={"Cache-Control": "no-store", "Content-Security-Policy": _POLICY},
        )
