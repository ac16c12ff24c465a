"""What was seen of the world before a decision."""

from typing import Literal

from pydantic import Field

from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.model import Frozen
from runthrough.core.values.requirements import Drift, RereadReason, ScriptRequirements
from runthrough.core.values.scripts import ScriptCandidate, ScriptInfo, SearchedFolder

PathKind = Literal["file", "folder", "other"]


class PathFacts(Frozen):
    """One look at one path."""

    path: RecordedPath
    kind: PathKind | None = None
    """`None` when nothing is there."""
    is_log: bool = False
    """Whether the database that remembers lies there, or one of its lock files."""
    empty: bool = False
    """A file of no bytes, or a folder that holds no non-empty file at any depth."""
    readable: bool = True
    writable: bool = True
    """Whether it can be written or, when nothing is there, made (nearest existing folder)."""
    size_bytes: int | None = None
    """Of a file its size; of a folder the sum of its files."""
    mtime_ns: int | None = None
    """Of a folder the latest of its files and folders."""
    inode: int | None = None
    changed_ns: int | None = None
    """Latest change time (ctime) of the file, or of the non-empty files below the folder: it
    moves with every write, also where a copy keeps the modification time."""
    digest: str | None = None
    """SHA-256 of the content, of a folder over sorted relative names and contents; `None` where
    it was not taken (larger than asked for)."""
    format: str | None = None
    """Of a file, told by its content, such as `csv` or `parquet`; `None` where it was not looked
    at or cannot be told."""


class ContentFacts(Frozen):
    """One look into what lies at a path."""

    format: str | None = None
    """Told by the content: `csv`, `json`, `parquet`, `folder` …; `None` where nothing is there."""
    rows: int | None = None
    columns: tuple[str, ...] | None = None
    fault: str | None = None
    """Why it cannot be read as its suffix says, in words; `None` where it can."""
    unchecked: str | None = None
    """Why it was not looked into, such as a library that is not installed."""
    files: tuple[str, ...] = ()
    """Of a folder the relative names of its files, sorted, at most `FILES_NAMED`."""


class InterpreterFacts(Frozen):
    """The Python that runs a node."""

    python: str | None = None
    """As configured; `None` for the tester's own."""
    version: str | None = None
    """`3.11.7`; `None` when it cannot be started."""


class Evidence(Frozen):
    """Why one part of a configuration was taken to hold, as seen when it was accepted."""

    kind: Literal["input", "environ_var", "job_arg"]
    name: str
    source: Literal["pipeline", "person", "found", "connection", "default"]
    path: RecordedPath | None = None
    connection: str | None = None
    """`Node.output/subpath`."""
    size_bytes: int | None = None
    mtime_ns: int | None = None
    inode: int | None = None
    digest: str | None = None


HELD = "held"
"""What stands for the earlier half of a change that keeps a node from being configured."""
SCRIPT = "script"
MODULE = "module "
"""Of changes of code: the script's own, and each module's before its dotted name."""


class WorldChange(Frozen):
    """One difference between what was accepted and what is there now."""

    name: str
    """`input data`, `script`, `module helpers` …"""
    old: str | None
    """Digest, or what `stat` said; `None` where nobody had looked, `HELD` where something that
    was there is missing."""
    new: str | None
    """The same of now; where something is missing, what is wrong in words."""
    evidence: Evidence | None = None
    """Of an input what is seen of it now: what the next look is held against."""

    @property
    def part(self) -> Literal["input", "script", "module", "missing"]:
        """What changed: the content of one of these, or that something no longer holds."""
        if self.old == HELD:
            return "missing"
        if self.evidence is not None:
            return "input"
        return "script" if self.name == SCRIPT else "module"


class NodeFacts(Frozen):
    """All that was seen for one node."""

    script: ScriptInfo | None = None
    candidates: tuple[ScriptCandidate, ...] = ()
    searched: tuple[SearchedFolder, ...] = ()
    """Where a script that is not found was looked for by its name."""
    requirements: ScriptRequirements = ScriptRequirements()
    drift: tuple[Drift, ...] = ()
    """Where contract and code disagree."""
    contract: RecordedPath | None = None
    """The contract that was read beside the script."""
    paths: dict[RecordedPath, PathFacts] = Field(default_factory=dict)
    found: dict[str, RecordedPath] = Field(default_factory=dict)
    """Inputs found by convention: `input/<node>/<name>`, or `input/<name>` for source nodes."""
    interpreter: InterpreterFacts = InterpreterFacts()
    checked_here: bool = True
    """Whether the paths were looked for on the host that they belong to."""
    outside: tuple[RecordedPath, ...] = ()
    """Paths of the node that the caller may not touch, so that none of it was looked at."""
    written: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Output → the files that its last passed attempt really wrote into that folder; for wiring,
    which believes them more than what can be read in the script."""
    reread: RereadReason | None = None
    """Why `requirements` differ from those that history holds; `None` when they do not."""
    changes: tuple[WorldChange, ...] = ()
    """What is other than when history last saw it: contents of inputs, script, local modules."""
