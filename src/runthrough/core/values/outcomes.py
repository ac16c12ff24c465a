"""How an attempt ended."""

import re
from typing import Literal

from pydantic import JsonValue

from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.model import Frozen
from runthrough.core.values.problems import Problem

Outcome = Literal["passed", "failed", "timed_out", "crashed", "lost", "cancelled"]
"""`crashed`: ended by a signal. `lost`: its tester died before the end was written."""
RunStatus = Literal["passed", "failed", "interrupted", "cancelled"]
TEXT_LIMIT_BYTES = 64 * 1024
"""Captured texts and return values are cut here (DESIGN § 9)."""
FILES_NAMED = 200
"""Names of an output's files that an event keeps; the wiring rules need no more."""
LOG_TAIL_BYTES = 8 * 1024
"""How much of each log an event keeps (DESIGN § 8)."""
_LIBRARY = re.compile(r"/(?:site|dist)-packages/|/lib(?:64)?/python\d|^<|^[\w/]+\.pyx$")


class Frame(Frozen):
    """One of the user's frames in a traceback, innermost last."""

    file: str
    line: int
    function: str
    source: tuple[str, ...] = ()
    """Up to three source lines around it."""

    @property
    def in_library(self) -> bool:
        """Whether it stands in an installed or a standard module, by the look of its file."""
        return _LIBRARY.search(self.file) is not None


class ScriptError(Frozen):
    """Why an attempt did not pass, in words."""

    kind: Literal["exception", "exit", "signal", "timeout", "outputs", "start", "lost"]
    message: str
    type: str | None = None
    """Class of the exception."""
    frames: tuple[Frame, ...] = ()
    hints: tuple[str, ...] = ()
    """What a person may look at first, a sentence each."""

    @property
    def own_frames(self) -> tuple[Frame, ...]:
        """The frames in the user's own files; all where there are none such."""
        return tuple(frame for frame in self.frames if not frame.in_library) or self.frames

    @property
    def headline(self) -> str:
        """One line: the exception's class, if it was one, and the first line of its words."""
        line = next(iter(self.message.splitlines()), "")
        return ": ".join(filter(None, (self.type, line)))


class ScriptLog(Frozen):
    """Where the whole logs are, and their ends."""

    stdout: RecordedPath
    stderr: RecordedPath
    stdout_tail: str = ""
    stderr_tail: str = ""
    stdout_bytes: int = 0
    stderr_bytes: int = 0


class WrittenOutput(Frozen):
    """One output as it was after the attempt."""

    name: str
    path: RecordedPath
    digest: str | None = None
    size_bytes: int | None = None
    format: str | None = None
    """Told from the content: csv, json, parquet, folder …; `None` where nothing is there."""
    files: tuple[str, ...] = ()
    """Of a folder the relative names of its files, sorted, at most `FILES_NAMED` of them."""


class Edge(Frozen):
    """What fed an input of a node in a run; whoever names an edge names that node beside it."""

    from_node: NodeName
    output: str
    input: str
    subpath: str | None = None


class SeamResult(Frozen):
    """What was found at one connection after its producer ran."""

    compatible: bool
    issues: tuple[Problem, ...] = ()
    format_written: str | None = None
    format_read: str | None = None
    """What the consumer reads, told by the suffixes that its code names."""
    rows: int | None = None
    columns: tuple[str, ...] | None = None
    """Names of the columns, where the content has any that can be read."""
    unchecked: str | None = None
    """Why the content was not looked into; that never fails a run."""


class RunSummary(Frozen):
    """How a run ended, counted."""

    passed: tuple[NodeName, ...] = ()
    failed: tuple[NodeName, ...] = ()
    reused: tuple[NodeName, ...] = ()
    blocked: tuple[NodeName, ...] = ()
    not_run: tuple[NodeName, ...] = ()
    duration_s: float = 0.0


class ReturnValue(Frozen):
    """What `main` returned, when it is JSON of at most 64 KiB."""

    value: JsonValue = None
    kept: bool = False
    reason: str | None = None
    """Why it was not kept."""
