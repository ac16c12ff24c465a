"""A script as discovery found it."""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.model import Frozen
from runthrough.core.values.problems import Problem


class ScriptInfo(Frozen):
    """What is known of a script file without running it."""

    name: str
    """The stem of the file."""
    path: RecordedPath
    package_root: RecordedPath
    """The folder that stands on `sys.path` so that `module` can be imported."""
    module: str
    """Dotted name below `package_root`; more than one part when the script lies in a package."""
    digest: str
    """SHA-256 of the syntax tree, so that a comment changes nothing; of the bytes where
    the file does not parse. 64 lower-case hex characters."""
    has_main: bool = False
    parameters: tuple[str, ...] = ()
    """Names of `main`'s parameters, with `*` or `**` in front where it has them."""
    framework: str | None = None
    description: str = ""
    """First line of the module's docstring."""
    imports: tuple[str, ...] = ()
    """Top-level names of the modules it imports, sorted."""
    modules: dict[str, str] = Field(default_factory=dict)
    """Dotted name → digest, as of the script, of each local module that it imports, also through
    others; what the interpreter brings or has installed is not among them."""
    problems: tuple[Problem, ...] = ()


class ScriptCandidate(Frozen):
    """A script that could have been meant, and why it was not taken."""

    path: RecordedPath
    kind: Literal["shadowed", "suggested", "preferred"]
    """`preferred`: the name rules would take it today instead of the script the node has."""
    score: float
    """Similarity of the names, 0 to 1."""
    reason: str


class SearchedFolder(Frozen):
    """A folder in which scripts are looked for by their names."""

    place: RecordedPath
    has_scripts_folder: bool = False
    """Whether its own folder `scripts/` is looked into first, as in a workspace."""
    there: bool = True


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found for one node."""

    script: ScriptInfo | None
    candidates: tuple[ScriptCandidate, ...] = ()
    searched: tuple[SearchedFolder, ...] = ()
    """Where it was looked for by its name; of one that is not found."""
