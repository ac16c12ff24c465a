"""The page for people: one module a screen."""

from fastapi import APIRouter

from runthrough.entrypoints.http.pages import (
    acting,
    assets,
    badge,
    comparing,
    history,
    live,
    logs,
    past,
    reporting,
    running,
    session,
    sessions,
    steering,
)

PAGE_ROUTES: tuple[APIRouter, ...] = (
    assets.router,
    sessions.router,
    session.router,
    acting.router,
    live.router,
    running.router,
    logs.router,
    past.router,
    history.router,
    comparing.router,
    steering.router,
    badge.router,
    reporting.router,
)
