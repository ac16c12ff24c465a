"""One attempt's two ends: what its script is given, and what it left."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import JsonValue

from runthrough.application.ports import Inspector, SecretResolver, SessionFiles
from runthrough.core.commands import SeamChecked
from runthrough.core.state import SessionState
from runthrough.core.values.attempts import ScriptRequest, ScriptResult
from runthrough.core.values.connections import Connection
from runthrough.core.values.facts import PathFacts
from runthrough.core.values.ids import AttemptId, NodeName, RecordedPath, RunId
from runthrough.core.values.interpreters import executable
from runthrough.core.values.outcomes import (
    Edge,
    ScriptError,
    ScriptLog,
    SeamResult,
    WrittenOutput,
)
from runthrough.core.values.paths import SESSION, Roots, below, child, record, shown
from runthrough.core.values.problems import Place, Problem
from runthrough.core.values.requirements import RequirementKind, ScriptRequirements
from runthrough.core.values.secrets import secret_name, secret_names
from runthrough.core.views.particulars import Particulars

_T = TypeVar("_T")


class CannotStartError(Exception):
    """What a script needs is not there, so that its attempt cannot start; told in words."""


@dataclass(frozen=True, slots=True)
class Left:
    """What an attempt left: outputs, or why they do not do; and its connections, checked."""

    outputs: tuple[WrittenOutput, ...] = ()
    error: ScriptError | None = None
    seams: tuple[SeamChecked, ...] = ()


def attempt_folder(run: RunId, node: NodeName, attempt: AttemptId) -> RecordedPath:
    """Where an attempt keeps its files; the node's name is made safe for a file system."""
    safe = re.sub(r"[^\w.-]", "_", node)
    return record(SESSION, f"runs/{run}/{safe}/{attempt}")


class Attempts:
    """Builds requests and judges results, for one session."""

    def __init__(
        self, roots: Roots, inspector: Inspector, files: SessionFiles, secrets: SecretResolver
    ) -> None:
        self._roots = roots
        self._inspector = inspector
        self._files = files
        self._secrets = secrets

    def outputs(
        self, state: SessionState, needs: ScriptRequirements, node: NodeName, folder: RecordedPath
    ) -> dict[str, RecordedPath]:
        """Where each output is to be written: as configured, else in the attempt's own folder."""
        spec = state.nodes[node].spec
        given = _owned(needs, "output", spec.output_paths) if spec else {}
        wanted = [need.name for need in needs.of("output") if need.level != "unread"]
        wanted += [needs.own_name("output", c.source.output) for c in _fed_by(state, node)]
        return {
            name: given[name] if name in given else child(folder, name)
            for name in dict.fromkeys((*given, *wanted))
        }

    def request(
        self,
        state: SessionState,
        needs: ScriptRequirements,
        node: NodeName,
        attempt: AttemptId,
        *,
        folder: RecordedPath,
        outputs: Mapping[str, RecordedPath],
    ) -> ScriptRequest:
        """What the runner is given; every value under the name that the script itself reads.

        Raises:
            CannotStartError: A secret that the node refers to is known to nobody, or an
                output that feeds it was not written when its producer passed.
        """
        there = state.nodes[node]
        spec, script = there.spec, there.script
        if spec is None or script is None:
            raise AssertionError(f"{node} was planned without a configuration")
        python = spec.python or state.pipeline.python
        inputs = dict(spec.input_paths)
        for name, connection in state.connections.get(node, {}).items():
            left = _handed_over(state, connection)
            if left is None:
                raise CannotStartError(
                    f"{connection.source}, which is to feed {name}, was not written when its node "
                    f"passed; make it write that, or runthrough configure {node} "
                    f"--input {name}=PATH"
                )
            inputs[name] = left
        inputs = _owned(needs, "input", inputs)
        environ_vars = _owned(needs, "environ_var", spec.environ_vars)
        job_args = _owned(needs, "job_arg", spec.job_args)
        used = secret_names([*spec.environ_vars.values(), *spec.job_args.values()])
        known = {name: self._secret(name) for name in used}
        return ScriptRequest(
            node=node,
            attempt=attempt,
            script=self._roots.locate(script.path),
            package_root=self._roots.locate(script.package_root),
            module=script.module,
            folder=self._roots.locate(folder),
            input_paths={name: self._roots.locate(path) for name, path in inputs.items()},
            output_paths={name: self._roots.locate(path) for name, path in outputs.items()},
            environ_vars={n: str(_resolved(v, known)) for n, v in environ_vars.items()},
            job_args={n: _resolved(v, known) for n, v in job_args.items()},
            inherit_env=state.pipeline.inherit_env,
            secrets=tuple(known.values()),
            python=executable(python, self._roots) if python else None,
            timeout_s=spec.timeout_s,
        )

    def _secret(self, name: str) -> str:
        value = self._secrets.resolve(name)
        if value is None:
            raise CannotStartError(
                f"The secret {name} is not set where the scripts run; export {name}=… "
                "before the run"
            )
        return value

    def left(
        self,
        state: SessionState,
        particulars: Particulars,
        node: NodeName,
        outputs: Mapping[str, RecordedPath],
        folder: RecordedPath,
    ) -> Left:
        """Judge what a script that ended well wrote (DESIGN § 8, outputs and seams)."""
        fed = {
            connection: below(outputs[connection.source.output], connection.source.subpath)
            for connection in _fed_by(state, node)
            if connection.source.output in outputs
        }
        seen = self._look((*outputs.values(), *fed.values()))
        claimed_ns = self._files.claimed_ns(self._roots.locate(folder))
        required = {n.name for n in particulars.needs(node).of("output") if n.required}
        wrong = [
            f"output {name}: {why}"
            for name, path in outputs.items()
            if name in required and (why := _not_written(seen[path], claimed_ns))
        ]
        if wrong:
            told = f"OUTPUT_NOT_WRITTEN: {'; '.join(wrong)}"
            return Left(error=ScriptError(kind="outputs", message=told))
        written = tuple(
            WrittenOutput(
                name=name,
                path=path,
                digest=seen[path].digest,
                size_bytes=seen[path].size_bytes,
                format=self._inspector.format_of(self._roots.locate(path)),
            )
            for name, path in outputs.items()
            if _not_written(seen[path], claimed_ns) is None
        )
        seams = tuple(
            self._seam(connection, path, _not_written(seen[path], claimed_ns))
            for connection, path in fed.items()
        )
        return Left(outputs=written, seams=seams)

    def seams(self, state: SessionState, node: NodeName) -> tuple[SeamChecked, ...]:
        """The connections of what the node's last passed attempt left, as they are now."""
        fed = {connection: _handed_over(state, connection) for connection in _fed_by(state, node)}
        seen = self._look(path for path in fed.values() if path is not None)
        absent = "it was not written when its node passed"
        return tuple(
            self._seam(connection, path, _not_written(seen[path], None) if path else absent)
            for connection, path in fed.items()
        )

    def _look(self, paths: Iterable[RecordedPath]) -> dict[RecordedPath, PathFacts]:
        unique = dict.fromkeys(paths)
        return self._inspector.look(unique, roots=self._roots, digest_up_to=None)

    def _seam(
        self, connection: Connection, path: RecordedPath | None, why: str | None
    ) -> SeamChecked:
        """One connection; `why` what it hands over is not there, `path` where that would be."""
        source = connection.source
        issues: tuple[Problem, ...] = ()
        if why is not None:
            issue = Problem(
                code="OUTPUT_NOT_WRITTEN",
                severity="error",
                where=Place(node=connection.node, kind="input", name=connection.input),
                message=f"{source} is to feed {connection.input}: {why}",
                fix=f"make {source.node} write it, or runthrough configure {connection.node} "
                f"--input {connection.input}=PATH",
            )
            issues = (issue,)
        edge = Edge(
            from_node=NodeName(source.node),
            output=source.output,
            input=connection.input,
            subpath=source.subpath,
        )
        written = self._inspector.format_of(self._roots.locate(path)) if path else None
        result = SeamResult(compatible=not issues, issues=issues, format_written=written)
        return SeamChecked(node=connection.node, edge=edge, result=result)


def _fed_by(state: SessionState, node: NodeName) -> tuple[Connection, ...]:
    """The connections that outputs of a node feed."""
    return tuple(
        connection
        for consumer in state.successors.get(node, ())
        for connection in state.connections.get(consumer, {}).values()
        if connection.source.node == node
    )


def _handed_over(state: SessionState, connection: Connection) -> RecordedPath | None:
    """What a connection hands over: a path that its producer's last passed attempt left.

    `None` where that attempt did not write it.
    """
    source = connection.source
    left = (state.outputs_of(NodeName(source.node)) or {}).get(source.output)
    return None if left is None else below(left, source.subpath)


def _resolved(value: JsonValue, known: Mapping[str, str]) -> JsonValue:
    """`value` with its secret references replaced, at any depth."""
    name = secret_name(value)
    if name is not None:
        return known[name]
    if isinstance(value, dict):
        return {key: _resolved(inner, known) for key, inner in value.items()}
    if isinstance(value, list):
        return [_resolved(inner, known) for inner in value]
    return value


def _not_written(seen: PathFacts, claimed_ns: int | None) -> str | None:
    """Why a path does not count as written by the attempt; `None` when it does."""
    if seen.kind is None:
        return f"nothing was written to {shown(seen.path)}"
    if seen.empty:
        what = "the folder holds no non-empty file" if seen.kind == "folder" else "it is empty"
        return f"{what}: {shown(seen.path)}"
    if claimed_ns is not None and seen.changed_ns is not None and seen.changed_ns < claimed_ns:
        since = datetime.fromtimestamp(seen.changed_ns / 1e9, UTC)
        when = f"{since:%Y-%m-%d %H:%M:%S} UTC"
        return f"not written by this attempt, it is there since {when}: {shown(seen.path)}"
    return None


def log_of(result: ScriptResult, folder: RecordedPath) -> ScriptLog:
    """Where the logs of an attempt are, and their ends."""
    return ScriptLog(
        stdout=below(folder, "stdout.log"),
        stderr=below(folder, "stderr.log"),
        stdout_tail=result.stdout_tail,
        stderr_tail=result.stderr_tail,
        stdout_bytes=result.stdout_bytes,
        stderr_bytes=result.stderr_bytes,
    )


def _owned(
    needs: ScriptRequirements, kind: RequirementKind, values: Mapping[str, _T]
) -> dict[str, _T]:
    """Values by the names that the script itself reads."""
    return {needs.own_name(kind, name): value for name, value in values.items()}
