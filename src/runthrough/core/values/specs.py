"""How a node is to be run."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field, JsonValue

from runthrough.core.values.connections import Output
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.limits import UNLIMITED, Limits
from runthrough.core.values.model import Frozen


class ScriptSpec(Frozen):
    """A node's configuration as events carry it: whole, with recorded paths.

    An input that a connection feeds has no path here; an output without a path goes to the
    attempt's own folder. A value `{"secret": NAME}` is resolved when the child starts.
    """

    input_paths: dict[str, RecordedPath] = Field(default_factory=dict)
    output_paths: dict[str, RecordedPath] = Field(default_factory=dict)
    environ_vars: dict[str, JsonValue] = Field(default_factory=dict)
    job_args: dict[str, JsonValue] = Field(default_factory=dict)
    user_notes: str | None = None
    timeout_s: float | None = None
    limits: Limits = UNLIMITED
    python: str | None = None
    """Interpreter of this node; `None` for the pipeline's, else the tester's own."""


class ScriptExecutionSpec(Frozen):
    """A node's whole configuration for readers: the founding plan's fields and what feeds it."""

    script_name: str | None
    step_name: str
    script_path: str | None
    input_paths: Mapping[str, str]
    output_paths: Mapping[str, str]
    environ_vars: Mapping[str, JsonValue]
    job_args: Mapping[str, JsonValue]
    last_updated: datetime | None = None
    """When it was accepted or drafted, UTC."""
    user_notes: str | None = None
    connections: Mapping[str, Output] = Field(default_factory=dict)
    timeout_s: float | None = None
    limits: Limits = UNLIMITED
    python: str | None = None
