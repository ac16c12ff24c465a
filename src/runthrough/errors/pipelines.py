"""Errors of pipelines: the DAG, its file, its nodes and their scripts."""

import itertools
from collections.abc import Sequence

from runthrough.errors.root import RunthroughError, did_you_mean


class PipelineError(RunthroughError, ValueError):
    """The DAG is not one that can be run."""

    code = "PIPELINE_INVALID"


class PipelineFileError(PipelineError):
    """A pipeline file cannot be read; `line` and `column` start at 1."""

    code = "PIPELINE_FILE_INVALID"

    def __init__(
        self,
        path: str,
        reason: str,
        *,
        line: int | None = None,
        column: int | None = None,
        fix: str | None = None,
    ) -> None:
        self.path, self.reason, self.line, self.column = path, reason, line, column
        place = path if line is None else f"{path}:{line}:{column or 1}"
        super().__init__(f"{place}: {reason}", fix=fix)


class PipelineCycleError(PipelineError):
    """The edges form a cycle; `cycle` names it, first node repeated at the end."""

    code = "PIPELINE_CYCLE"

    def __init__(self, cycle: Sequence[str], *, place: str = "") -> None:
        self.cycle = tuple(cycle)
        told = f"he pipeline has a cycle: {' → '.join(cycle)}"
        super().__init__(
            f"{place}: t{told}" if place else f"T{told}.",
            fix="remove one of these edges: "
            + ", ".join(f"[{a}, {b}]" for a, b in itertools.pairwise(cycle)),
        )


class SelectionError(PipelineError):
    """The selection matches no node."""

    code = "SELECTION_EMPTY"

    def __init__(self, select: str, nearest: Sequence[str] = (), *, why: str = "") -> None:
        told = f": {why}" if why else ""
        super().__init__(
            f"The selection {select!r} matches no node{told}.{did_you_mean(nearest)}",
            fix="runthrough status lists the nodes; select NODE, NODE+ (and below), +NODE "
            "(and above), state:failed or state:stale",
        )


class NothingToRetryError(PipelineError):
    """No attempt has failed that could be tried again."""

    code = "SELECTION_EMPTY"

    def __init__(self) -> None:
        super().__init__(
            "There is nothing to retry: the last attempt of every node passed, or there was none.",
            fix="runthrough plan shows what a run would do",
        )


class UnknownNodeError(RunthroughError, ValueError):
    """No node has that name; `in_dag` says that no session was asked for it."""

    code = "NODE_UNKNOWN"

    def __init__(
        self,
        name: str,
        nearest: Sequence[str] = (),
        *,
        ever: bool = False,
        in_dag: bool = False,
    ) -> None:
        self.name, self.nearest = name, tuple(nearest)
        told = (
            f"No node is called {name!r}, nor was one."
            if ever
            else f"Script '{name}' not found in discovered scripts."
        )
        super().__init__(
            f"{told}{did_you_mean(nearest)}",
            fix="dag.nodes lists the nodes" if in_dag else "runthrough status lists the nodes",
        )


class AmbiguousScriptError(RunthroughError, ValueError):
    """A script's name stands for several nodes."""

    code = "SCRIPT_AMBIGUOUS"

    def __init__(self, name: str, nodes: Sequence[str]) -> None:
        self.nodes = tuple(nodes)
        super().__init__(
            f"The script {name!r} is run by {len(nodes)} nodes: {', '.join(nodes)}.",
            fix="name the node instead of the script",
        )


class ScriptNotFoundError(RunthroughError, FileNotFoundError, ValueError):
    """No file is the script of that name; `nearest` holds paths of similar ones."""

    code = "SCRIPT_NOT_FOUND"

    def __init__(
        self, name: str, stem: str, *, folders: Sequence[str] = (), nearest: Sequence[str] = ()
    ) -> None:
        self.name, self.nearest = name, tuple(nearest)
        places = " or ".join(folders) or "any folder, because none is searched"
        super().__init__(
            f"Script '{name}' not found in discovered scripts: no {stem}.py lies in {places}."
            f"{did_you_mean(nearest)}",
            fix=f"put {stem}.py into scripts/ of such a folder, or name the script in a pipeline "
            f"file (script: PATH)",
        )
