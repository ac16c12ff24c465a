"""What is wrong, where, and what to type next."""

from typing import Literal

from runthrough.core.values.model import Frozen

Severity = Literal["error", "warning"]
PlaceKind = Literal["script", "input", "output", "environ_var", "job_arg", "connection", "note"]
ProblemCode = Literal[
    "SCRIPT_NOT_FOUND",
    "SCRIPT_SYNTAX",
    "SCRIPT_UNREADABLE",
    "SCRIPT_SHADOWED",
    "MAIN_MISSING",
    "MAIN_SIGNATURE",
    "INPUT_MISSING",
    "INPUT_NOT_FOUND",
    "INPUT_EMPTY",
    "INPUT_UNREADABLE",
    "INPUT_FORMAT",
    "INPUT_UNKNOWN",
    "OUTPUT_MISSING",
    "OUTPUT_UNKNOWN",
    "OUTPUT_CLASH",
    "OUTPUT_NOT_WRITABLE",
    "OUTPUT_IS_INPUT",
    "EXTERNAL_NOT_FOUND",
    "ENV_MISSING",
    "ENV_NOT_TEXT",
    "ENV_UNKNOWN",
    "ARG_MISSING",
    "ARG_UNKNOWN",
    "ARG_CHOICE",
    "ARG_TYPE",
    "ARG_NOT_JSON",
    "CONNECTION_UNKNOWN",
    "CONNECTION_CYCLE",
    "CONNECTION_AMBIGUOUS",
    "CONTRACT_DRIFT",
    "CONTRACT_INVALID",
    "NOT_CHECKED_HERE",
    "SECRET_IN_PLAIN",
    "SECRET_NOT_FOUND",
    "PATH_OUTSIDE",
    "OUTPUT_NOT_WRITTEN",
    "SEAM_UNREADABLE",
    "SEAM_FILES_MISSING",
    "SEAM_FORMAT",
]


class Place(Frozen):
    """Where a problem sits: a node, and a named part of it."""

    node: str
    kind: PlaceKind
    name: str | None = None


class Problem(Frozen):
    """One thing that is wrong with one part of a node."""

    code: ProblemCode
    severity: Severity
    where: Place
    message: str
    fix: str
    """A thing to type."""
    candidates: tuple[str, ...] = ()
