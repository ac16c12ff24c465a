"""The interface for programs, `/api/v1`: one module a family of resources."""

from runthrough.entrypoints.http.api import (
    audit,
    configuration,
    connections,
    events,
    history,
    keeping,
    logs,
    nodes,
    runs,
    sessions,
    tokens,
)

API_ROUTES = (
    sessions.router,
    keeping.router,
    nodes.router,
    configuration.router,
    connections.router,
    runs.router,
    logs.router,
    history.router,
    events.router,
    audit.router,
    tokens.router,
)
