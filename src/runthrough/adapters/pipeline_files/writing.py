"""A declared pipeline as the text of a pipeline file, so that reading it gives the same."""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import JsonValue

from runthrough.adapters.pipeline_files.comments import comments_in
from runthrough.adapters.pipeline_files.editing import (
    JSON_REFERENCE,
    SCHEMA_FILE,
    lay_schema,
    schema_line,
    schema_may_lie_in,
)
from runthrough.adapters.pipeline_files.shape import SCHEMA_KEY, path_problem, subpath_problem
from runthrough.core.pipeline import name_problem
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.limits import Limits
from runthrough.core.values.paths import PIPELINE, record, split
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.core.values.secrets import masked_value, secret_name
from runthrough.errors import PipelineFileError, SessionError

Locate = Callable[[RecordedPath], str]
Tree = dict[str, JsonValue]
_T = TypeVar("_T")
WIDTH = 99
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_NO_TEXT = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""Words that some reader of YAML takes for something else than a text."""


@dataclass(frozen=True, slots=True)
class WrittenPipeline:
    """A pipeline file that was written."""

    file: str
    """As it was asked for."""
    left_out: tuple[str, ...]
    """What a pipeline file cannot say, a line each; also the comments of the one before."""
    schema: str | None
    """The schema that was laid beside it, for editors; `None` where that name was taken."""


def write_pipeline(
    file: str | os.PathLike[str],
    declared: PipelineDeclaration,
    *,
    locate: Locate,
    force: bool = False,
) -> WrittenPipeline:
    """Write a pipeline file, YAML or, by its suffix, JSON; whole or not at all.

    `locate` says where recorded paths lie; those below the file's folder are written relative
    to it. A file that is there stays as it is, but with `force`. The schema of pipeline files is
    laid beside it, and the file points there.

    Raises:
        PipelineFileError: The file is there already, or cannot be written.
        SessionError: Where a path lies is not known on this host.
    """
    shown, target = os.fspath(file), Path(os.path.realpath(file))
    if target.exists() and not force:
        raise PipelineFileError(
            shown, "the file is there already", fix="name another one, or overwrite it: --force"
        )
    folder = os.path.normpath(Path(file).absolute().parent)
    page = _Page(folder, locate)
    tree = page.tree(declared)
    described = schema_may_lie_in(folder)
    if shown.endswith(".json"):
        text = _json({SCHEMA_KEY: JSON_REFERENCE, **tree} if described else tree)
    else:
        text = f"{schema_line()}\n{_yaml(tree)}" if described else _yaml(tree)
    lost = comments_in(target)
    if lost:
        told = "1 comment that" if lost == 1 else f"{lost} comments that"
        page.left_out.append(f"{told} stood in the file before")
    _write(target, text, shown)
    schema = str(Path(file).with_name(SCHEMA_FILE)) if described and lay_schema(folder) else None
    return WrittenPipeline(shown, tuple(page.left_out), schema)


def _write(target: Path, text: str, shown: str) -> None:
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        try:
            with part.open("x", encoding="utf-8", newline="\n") as written:
                written.write(text)
                written.flush()
                os.fsync(written.fileno())
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise PipelineFileError(
            shown, f"the file cannot be written: {error.strerror}", fix="name another one"
        ) from error


def _json(tree: Tree) -> str:
    """As letters where they can be seen, else as escapes, which every reader takes."""
    text = json.dumps(tree, indent=2, ensure_ascii=False)
    return "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text) + "\n"


def _escaped(letter: str) -> str:
    return f"\\u{ord(letter):04x}" if letter.isascii() else json.dumps(letter)[1:-1]


def _yaml(tree: Tree) -> str:
    return yaml.dump(
        tree,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=WIDTH,
        default_flow_style=None,
    )


class _Dumper(yaml.SafeDumper):
    """Quotes every text that any reader of YAML could take for something else."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _NO_TEXT
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Dumper.add_representer(str, _text)


@dataclass(slots=True)
class _Page:
    """One file in the making."""

    folder: str
    """Absolute; where the file is to lie."""
    locate: Locate
    left_out: list[str] = field(default_factory=list)

    def tree(self, declared: PipelineDeclaration) -> Tree:
        """The whole file."""
        return _said(
            {
                "name": declared.name,
                "scripts": [self._path(folder) for folder in declared.scripts],
                "python": self._python(declared.python),
                "inherit_env": list(declared.inherit_env),
                "registry": {name: self._path(path) for name, path in declared.registry.items()},
                "nodes": {
                    name: self._node(name, node, declared) for name, node in declared.nodes.items()
                },
                "edges": [list(edge) for edge in declared.edges],
            },
            kept=("name", "nodes"),
        )

    def _node(self, name: str, node: NodeDeclaration, declared: PipelineDeclaration) -> Tree:
        inputs: Tree = {
            key: written
            for key, source in self._named(name, "input", node.inputs)
            if (written := self._input(f"{name}.{key}", source, declared)) is not None
        }
        outputs: Tree = {
            key: written
            for key, path in self._named(name, "output", node.outputs)
            if (written := self._checked(f"{name}.{key}", self._path(path))) is not None
        }
        return _said(
            {
                "external": node.external,
                "script": node.script and self._path(node.script),
                "inputs": inputs,
                "outputs": outputs,
                "environ_vars": self._variables(name, node.environ_vars),
                "job_args": {key: _unmasked(key, value) for key, value in node.job_args.items()},
                "timeout_s": node.timeout_s,
                "limits": _limits(node.limits),
                "python": self._python(node.python),
            }
        )

    def _named(self, node: str, kind: str, values: Mapping[str, _T]) -> Iterator[tuple[str, _T]]:
        for name, value in values.items():
            problem = name_problem(name, f"the name of an {kind}")
            if problem is None:
                yield name, value
            else:
                self.left_out.append(f"{node}.{name}: {problem}")

    def _input(
        self, place: str, source: RecordedPath | Output, declared: PipelineDeclaration
    ) -> JsonValue:
        if not isinstance(source, Output):
            return self._checked(place, self._path(source))
        written = f"{source.node}.{source.output}"
        producer = declared.nodes.get(source.node)
        problem = name_problem(source.output, "the name of an output")
        if source.subpath is not None:
            problem = problem or subpath_problem(source.subpath)
        if producer is None or (producer.external and source.output not in producer.outputs):
            problem = problem or f"{source.node} declares no output {source.output}"
        if _node_of(written, declared.nodes) != source.node:
            problem = problem or f"{written} would be read as an output of another node"
        if problem is not None:
            self.left_out.append(f"{place} from {source}: {problem}")
            return None
        return _said({"from": written, "subpath": source.subpath})

    def _variables(self, node: str, variables: Mapping[str, JsonValue]) -> Tree:
        found: Tree = {}
        for name, value in variables.items():
            if not name or "=" in name or not name.isprintable():
                self.left_out.append(f"{node}.{name}: this cannot name an environment variable")
            elif isinstance(value, str) or secret_name(value) is not None:
                found[name] = _unmasked(name, value)
            else:
                self.left_out.append(f"{node}.{name}: the value is no text")
        return found

    def _checked(self, place: str, path: str) -> str | None:
        problem = path_problem(path)
        if problem is None:
            return path
        self.left_out.append(f"{place}: {problem}")
        return None

    def _path(self, path: RecordedPath) -> str:
        """A path relative to the file where it lies below its folder, else absolute."""
        try:
            absolute = os.path.normpath(self.locate(path))
        except KeyError as unknown:
            raise SessionError(
                f"Where {split(path)[0]!r} lies is not known on this machine, so {path} cannot be "
                "written.",
                fix="runthrough resume --here brings the session to this machine",
            ) from unknown
        if absolute == self.folder:
            return "."
        inside = absolute.removeprefix(self.folder.rstrip("/") + "/")
        return f"./{inside}" if inside.startswith("~") else inside

    def _python(self, python: str | None) -> str | None:
        """An interpreter: a path, which has a slash, or a command on PATH, which has none."""
        if python is None or (":" not in python and "/" not in python):
            return python
        recorded = RecordedPath(python)
        if ":" not in python:
            recorded = (
                record(PIPELINE, python) if not python.startswith("/") else record("abs", python)
            )
        path = self._path(recorded)
        return path if "/" in path else f"./{path}"


def _node_of(written: str, nodes: Mapping[str, object]) -> str | None:
    """The node that a reader of `Node.output` takes it for."""
    dots = (place for place in range(len(written) - 2, 0, -1) if written[place] == ".")
    return next((written[:dot] for dot in dots if written[:dot] in nodes), None)


def _said(values: Mapping[str, JsonValue], *, kept: Iterable[str] = ()) -> Tree:
    """Values without those that say nothing."""
    return {
        name: value
        for name, value in values.items()
        if name in kept or (value is not None and value is not False and value not in ([], {}))
    }


def _unmasked(name: str, value: JsonValue) -> JsonValue:
    """A value as it is to be written: marked as plain where it looks like a secret."""
    return value if masked_value(name, value) == value else {"plain": value}


def _limits(limits: Limits) -> Tree:
    names = {"memory": limits.memory_bytes, "cpu_s": limits.cpu_s, "open_files": limits.open_files}
    return _said(names)
