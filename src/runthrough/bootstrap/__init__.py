"""The composition root: settings in, a wired application out; it alone knows adapters.

An adapter that few commands need is imported by the function that makes it.
"""

from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.adapters.runners.registry import check_runner
from runthrough.bootstrap.clock import new_secret, now
from runthrough.bootstrap.databases import (
    current_schema,
    examine,
    shown_database,
    upgrade_database,
)
from runthrough.bootstrap.files import (
    declared_pipeline,
    draft_pipeline,
    export_lines,
    is_signed_by,
    lay_out_project,
    lay_schema,
    load_either,
    load_pipeline,
    naming_for,
    node_names,
    open_export,
    read_note,
    signed,
    table_lines,
    withdraw,
    write_export,
    write_note,
    write_pipeline,
    write_schema,
    write_session,
)
from runthrough.bootstrap.settings_told import tell_settings
from runthrough.bootstrap.wiring import Absent, Application, wire

__all__ = [
    "Absent",
    "Application",
    "StepCatalog",
    "check_runner",
    "current_schema",
    "declared_pipeline",
    "draft_pipeline",
    "examine",
    "export_lines",
    "is_signed_by",
    "lay_out_project",
    "lay_schema",
    "load_either",
    "load_pipeline",
    "naming_for",
    "new_secret",
    "node_names",
    "now",
    "open_export",
    "read_note",
    "shown_database",
    "signed",
    "table_lines",
    "tell_settings",
    "upgrade_database",
    "wire",
    "withdraw",
    "write_export",
    "write_note",
    "write_pipeline",
    "write_schema",
    "write_session",
]
