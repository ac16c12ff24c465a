"""The composition root: settings in, a wired application out; it alone knows adapters.

An adapter that few commands need is imported by the function that makes it.
"""

from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.bootstrap.clock import now
from runthrough.bootstrap.databases import (
    current_schema,
    examine,
    shown_database,
    upgrade_database,
)
from runthrough.bootstrap.files import (
    draft_pipeline,
    export_lines,
    is_signed_by,
    load_either,
    load_pipeline,
    node_names,
    open_export,
    read_note,
    signed,
    table_lines,
    withdraw,
    write_export,
    write_note,
    write_pipeline,
    write_session,
)
from runthrough.bootstrap.wiring import Absent, Application, wire

__all__ = [
    "Absent",
    "Application",
    "StepCatalog",
    "current_schema",
    "draft_pipeline",
    "examine",
    "export_lines",
    "is_signed_by",
    "load_either",
    "load_pipeline",
    "node_names",
    "now",
    "open_export",
    "read_note",
    "shown_database",
    "signed",
    "table_lines",
    "upgrade_database",
    "wire",
    "withdraw",
    "write_export",
    "write_note",
    "write_pipeline",
    "write_session",
]
