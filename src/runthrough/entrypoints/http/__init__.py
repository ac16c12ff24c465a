"""The service: the same sessions over HTTP, as an interface for programs and as a page."""

from runthrough.entrypoints.http.app import create_app
from runthrough.entrypoints.http.options import ServiceOptions

__all__ = ["ServiceOptions", "create_app"]
