"""One attempt's two ends: what its script is given, and what it left."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from runthrough.application.handover import Contents, fed_by, handed_over, owned, seam, taken
from runthrough.application.ports import Inspector, SecretResolver, SessionFiles
from runthrough.core.commands import SeamChecked
from runthrough.core.sagemaker import OWN, sagemaker_variables
from runthrough.core.state import OpenAttempt, SessionState
from runthrough.core.validation.circumstances import Circumstances, TakenInput
from runthrough.core.validation.seams import tables_in
from runthrough.core.validation.words import command, word
from runthrough.core.validation.written import not_written
from runthrough.core.values.attempts import ScriptRequest, ScriptResult, masked
from runthrough.core.values.facts import PathFacts
from runthrough.core.values.ids import AttemptId, NodeName, RecordedPath, RunId
from runthrough.core.values.interpreters import executable
from runthrough.core.values.outcomes import (
    ScriptError,
    ScriptLog,
    WrittenOutput,
)
from runthrough.core.values.paths import (
    SESSION,
    Roots,
    below,
    child,
    folders,
    is_own_folder,
    record,
    split,
)
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.values.secrets import secret_name, secret_names
from runthrough.core.views.particulars import Particulars
from runthrough.errors import RunnerUnavailableError

EXPLAINED = frozenset({"exception", "exit", "signal", "timeout"})
"""Kinds of errors in which the script had its say; the others say all there is by themselves."""


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


def referred_attempts(state: SessionState) -> Iterator[AttemptId]:
    """The attempts that something still refers to, the session's own and its ancestors'.

    That is each node's last attempt, its last passed one, an open one, and those that hold a
    file which a person gave as an input or as what an external node provides.
    """
    for there in state.nodes.values():
        for attempt in (there.passed, there.last, there.running):
            if attempt is not None:
                yield attempt.attempt
        answers = there.spec or there.draft
        given = answers.input_paths.values() if answers else ()
        for path in (*given, *there.external_outputs.values()):
            yield from filter(None, map(_attempt_of, folders(path)))


def _attempt_of(folder: RecordedPath) -> AttemptId | None:
    """The attempt whose folder that is, of this session or of an ancestor."""
    root, relative = split(folder)
    match relative.split("/"):
        case ["runs", _, _, attempt] if is_own_folder(root):
            return AttemptId(attempt)
    return None


SOURCE = "script.py"
"""File in an attempt's folder: the script as it was when the attempt began."""
OWN_FILES = frozenset(
    {"claim", "cancelled", "result.json", "stdout.log", "stderr.log", "work", SOURCE, OWN}
)
"""What an attempt's folder holds beside outputs."""


def _free(output: str) -> str:
    """A name for an output in the attempt's folder that none of our own files has."""
    return f"{output}_" if output.rstrip("_") in OWN_FILES else output


class Attempts:
    """Builds requests and judges results, for one session."""

    def __init__(
        self, roots: Roots, inspector: Inspector, files: SessionFiles, secrets: SecretResolver
    ) -> None:
        self._roots = roots
        self._inspector = inspector
        self._files = files
        self._secrets = secrets
        self._values: tuple[str, ...] | None = None

    def outputs(
        self, state: SessionState, needs: ScriptRequirements, node: NodeName, folder: RecordedPath
    ) -> dict[str, RecordedPath]:
        """Where each output is to be written: as configured, else in the attempt's own folder."""
        spec = state.nodes[node].spec
        given = owned(needs, "output", spec.output_paths) if spec else {}
        wanted = [need.name for need in needs.of("output") if need.level != "unread"]
        wanted += [needs.own_name("output", c.source.output) for c in fed_by(state, node)]
        return {
            name: given[name] if name in given else child(folder, _free(name))
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
        environ_vars = owned(needs, "environ_var", spec.environ_vars)
        job_args = owned(needs, "job_arg", spec.job_args)
        used = secret_names([*spec.environ_vars.values(), *spec.job_args.values()])
        known = {name: self._secret(name) for name in used}
        given = self._given(state, needs, node)
        places = {name: self._roots.locate(path) for name, path in outputs.items()}
        arguments = {n: _resolved(v, known) for n, v in job_args.items()}
        variables = {n: str(_resolved(v, known)) for n, v in environ_vars.items()}
        own = self._roots.locate(folder)
        made: tuple[str, ...] = ()
        if state.running is not None and state.running.sagemaker:
            sagemaker = self._sagemaker(needs, given, places, arguments, own)
            made = tuple(path for path in sagemaker.values() if path.startswith(f"{own}/{OWN}/"))
            variables = sagemaker | variables
        return ScriptRequest(
            node=node,
            attempt=attempt,
            script=self._roots.locate(script.path),
            package_root=self._roots.locate(script.package_root),
            module=script.module,
            folder=own,
            input_paths=given,
            output_paths=places,
            environ_vars=variables,
            job_args=arguments,
            made=made,
            inherit_env=state.pipeline.inherit_env,
            secrets=tuple(dict.fromkeys((*known.values(), *self._known(state)))),
            python=executable(python, self._roots) if python else None,
            timeout_s=spec.timeout_s,
            limits=spec.limits,
        )

    def _given(
        self, state: SessionState, needs: ScriptRequirements, node: NodeName
    ) -> dict[str, str]:
        """Where each input lies."""
        given: dict[str, str] = {}
        for name, (path, source) in taken(state, needs, node).items():
            if path is None:
                given_else = command("configure", node, options=f"--input {word(name)}=PATH")
                raise CannotStartError(
                    f"{source}, which is to feed {name}, was not written when its node "
                    f"passed; make it write that, or {given_else}"
                )
            given[name] = self._roots.locate(path)
        return given

    def _sagemaker(
        self,
        needs: ScriptRequirements,
        inputs: Mapping[str, str],
        outputs: Mapping[str, str],
        job_args: Mapping[str, JsonValue],
        attempt: str,
    ) -> dict[str, str]:
        inside = {name: self._files.folders_in(path) for name, path in inputs.items()}
        return sagemaker_variables(
            needs,
            inputs=inputs,
            outputs=outputs,
            job_args=job_args,
            folders={name: names for name, names in inside.items() if names is not None},
            attempt=attempt,
        )

    def _known(self, state: SessionState) -> tuple[str, ...]:
        """The values of all secrets that the session refers to; any script may write any of them.

        They are asked for once, as a run begins with them.
        """
        if self._values is None:
            specs = [there.spec for there in state.nodes.values() if there.spec is not None]
            names = {
                name
                for spec in specs
                for value in (*spec.environ_vars.values(), *spec.job_args.values())
                for name in secret_names(value)
            }
            found = (self._told(name) for name in sorted(names))
            self._values = tuple(value for value in found if value is not None)
        return self._values

    def _told(self, name: str) -> str | None:
        """A secret's value; `None` for one that nobody knows here, and so nobody can write."""
        try:
            return self._secrets.resolve(name)
        except RunnerUnavailableError:  # its own node says so when it is to start
            return None

    def _secret(self, name: str) -> str:
        value = self._secrets.resolve(name)
        if value is None:
            raise CannotStartError(
                f"The secret {name} is not set where the scripts run; export {name}=… "
                "before the run"
            )
        return value

    def safe(self, state: SessionState, result: ScriptResult) -> ScriptResult:
        """The end of an attempt without any secret of the session.

        Its host masked what it was given; one that was closed by another tester may have known
        fewer of them.
        """
        secrets = self._known(state)
        return masked(result, self._inspector.masking(secrets)) if secrets else result

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
            for connection in fed_by(state, node)
            if connection.source.output in outputs
        }
        seen = self._look((*outputs.values(), *fed.values()))
        claimed_ns = self._files.claimed_ns(self._roots.locate(folder))
        required = {n.name for n in particulars.needs(node).of("output") if n.required}
        wrong = [
            f"output {name}: {why}"
            for name, path in outputs.items()
            if name in required and (why := not_written(seen[path], claimed_ns))
        ]
        if wrong:
            told = f"OUTPUT_NOT_WRITTEN: {'; '.join(wrong)}"
            return Left(error=ScriptError(kind="outputs", message=told))
        look = Contents(self._inspector, self._roots, self._known(state))
        written = tuple(
            WrittenOutput(
                name=name,
                path=path,
                digest=seen[path].digest,
                size_bytes=seen[path].size_bytes,
                format=look(path).format,
                files=look(path).files,
            )
            for name, path in outputs.items()
            if not_written(seen[path], claimed_ns) is None
        )
        seams = tuple(
            seam(connection, path, not_written(seen[path], claimed_ns), look, particulars)
            for connection, path in fed.items()
        )
        return Left(outputs=written, seams=seams)

    def seams(
        self, state: SessionState, particulars: Particulars, node: NodeName
    ) -> tuple[SeamChecked, ...]:
        """The connections of what the node's last passed attempt left, as they are now."""
        fed = {connection: handed_over(state, connection) for connection in fed_by(state, node)}
        seen = self._look(path for path in fed.values() if path is not None)
        look = Contents(self._inspector, self._roots, self._known(state))
        absent = "it was not written when its node passed"
        return tuple(
            seam(
                connection,
                path,
                not_written(seen[path], None) if path else absent,
                look,
                particulars,
            )
            for connection, path in fed.items()
        )

    def explained(
        self,
        state: SessionState,
        particulars: Particulars,
        node: NodeName,
        error: ScriptError,
        *,
        result: ScriptResult,
        claimed: OpenAttempt,
    ) -> ScriptError:
        """The error with what a person may look at first, by the facts around it."""
        from runthrough.core.validation.hints import hints  # noqa: PLC0415 - only for failures

        spec = state.nodes[node].spec
        if error.kind not in EXPLAINED or spec is None:
            return error
        needs = particulars.needs(node)
        python = spec.python or state.pipeline.python
        around = Circumstances(
            node=node,
            inputs=self._inputs(state, needs, node) if error.kind in {"exception", "exit"} else {},
            outputs={name: self._roots.locate(path) for name, path in claimed.outputs.items()},
            environ_vars=tuple(spec.environ_vars),
            job_args=tuple(spec.job_args),
            folder=self._roots.locate(attempt_folder(claimed.run, node, claimed.attempt)),
            python=executable(python, self._roots) if python else None,
            version=self._inspector.interpreter(python, roots=self._roots).version,
            timeout_s=spec.timeout_s,
            limits=spec.limits,
            peak_rss_bytes=result.peak_rss_bytes,
            signal=result.signal,
            sagemaker=state.running is not None and state.running.sagemaker,
            stderr_tail=result.stderr_tail,
        )
        return error.model_copy(update={"hints": hints(error, around)})

    def _inputs(
        self, state: SessionState, needs: ScriptRequirements, node: NodeName
    ) -> dict[str, TakenInput]:
        """The inputs of the present attempt, looked into."""
        look = Contents(self._inspector, self._roots, self._known(state))
        found: dict[str, TakenInput] = {}
        for name, (path, source) in taken(state, needs, node).items():
            if path is not None:
                content = look(path)
                names = tables_in(needs.find("input", name), content)
                parts = {part: look(below(path, part)) for part in names}
                found[name] = TakenInput(self._roots.locate(path), source, content, parts)
        return found

    def _look(self, paths: Iterable[RecordedPath]) -> dict[RecordedPath, PathFacts]:
        unique = dict.fromkeys(paths)
        return self._inspector.look(unique, roots=self._roots, digest_up_to=None)


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
