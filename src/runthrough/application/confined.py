"""The ports of a caller who is confined to some folders: nothing outside is looked at.

Every path that is given is refused where it comes in, with its reason. What stands here is below
that: whatever a session holds and however it got there, no adapter is asked about a path that
leads out of the folders.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from pydantic import JsonValue

from runthrough.application.allowing import FIX, OUTSIDE, Allowing
from runthrough.application.ports import (
    Catalog,
    Confinement,
    Inspector,
    Ports,
    SessionFiles,
)
from runthrough.core.names import canonical
from runthrough.core.values.attempts import ScriptResult
from runthrough.core.values.contracts import ContractFacts
from runthrough.core.values.facts import ContentFacts, InterpreterFacts, PathFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.metadata import SessionSettings
from runthrough.core.values.paths import Roots
from runthrough.core.values.pipelines import PipelineDeclaration
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.values.scripts import Discovery, ScriptInfo
from runthrough.errors import RunnerUnavailableError


def confined(ports: Ports) -> Ports:
    """The ports without any look outside; they themselves where all may be touched."""
    allowed = ports.confinement
    if not allowed.places or isinstance(ports.inspector, ConfinedInspector):
        return ports
    return replace(
        ports,
        inspector=ConfinedInspector(ports.inspector, allowed),
        catalog=ConfinedCatalog(ports.catalog, allowed),
        files=ConfinedFiles(ports.files, allowed),
    )


class ConfinedInspector:
    """Looks at nothing outside: it is told as what is not there, and cannot be made."""

    def __init__(self, inner: Inspector, allowed: Confinement) -> None:
        self._inner = inner
        self._allowed = allowed

    def look(
        self, paths: Iterable[RecordedPath], *, roots: Roots, digest_up_to: int | None
    ) -> dict[RecordedPath, PathFacts]:
        """Facts about each path; see the port."""
        wanted = tuple(dict.fromkeys(paths))
        held = [path for path in wanted if self._allowed.holds(roots.locate(path))]
        found = self._inner.look(held, roots=roots, digest_up_to=digest_up_to)
        return {
            path: found[path] if path in found else PathFacts(path=path, writable=False)
            for path in wanted
        }

    def content(self, path: str, *, secrets: Sequence[str] = ()) -> ContentFacts:
        """A look into what lies at an absolute path; see the port."""
        if not self._allowed.holds(path):
            return ContentFacts(unchecked=f"it {OUTSIDE}")
        return self._inner.content(path, secrets=secrets)

    def masking(self, secrets: Sequence[str]) -> Callable[[str], str]:
        """What takes secrets out of a text; see the port."""
        return self._inner.masking(secrets)

    def interpreter(self, python: str | None, *, roots: Roots) -> InterpreterFacts:
        """Which Python that is; see the port."""
        if not Allowing(self._allowed, roots).holds_python(python):
            return InterpreterFacts(python=python)
        return self._inner.interpreter(python, roots=roots)

    def nearby(self, folders: Iterable[str], *, at_most: int) -> tuple[str, ...]:
        """Absolute paths of files below folders; see the port."""
        held = filter(self._allowed.holds, folders)
        return tuple(filter(self._allowed.holds, self._inner.nearby(held, at_most=at_most)))


class ConfinedCatalog:
    """Reads no script outside: there is none."""

    def __init__(self, inner: Catalog, allowed: Confinement) -> None:
        self._inner = inner
        self._allowed = allowed

    def discover(
        self,
        nodes: Sequence[NodeName],
        *,
        pipeline: PipelineDeclaration,
        settings: SessionSettings,
        roots: Roots,
    ) -> dict[NodeName, Discovery]:
        """Look for the script of each node; see the port."""
        allowing = Allowing(self._allowed, roots)
        named = {node: _named_for(node, pipeline, settings) for node in nodes}
        held = [node for node, path in named.items() if path is None or allowing.holds(path)]
        scripts = tuple(filter(allowing.holds, pipeline.scripts))
        workspaces = tuple(filter(allowing.holds, settings.workspaces))
        found = self._inner.discover(
            held,
            pipeline=pipeline.model_copy(update={"scripts": scripts}),
            settings=settings.model_copy(update={"workspaces": workspaces}),
            roots=roots,
        )
        return {node: found.get(node, Discovery(None)) for node in nodes}

    def inspect(self, path: RecordedPath, *, roots: Roots) -> ScriptInfo | None:
        """A script that is known already, as it is now; see the port."""
        held = Allowing(self._allowed, roots).holds(path)
        return self._inner.inspect(path, roots=roots) if held else None

    def requirements(
        self,
        script: ScriptInfo,
        *,
        roots: Roots,
        job_args: Mapping[str, JsonValue],
        environ_vars: Mapping[str, JsonValue],
    ) -> ScriptRequirements:
        """What the code needs when it is run with these arguments and variables; see the port."""
        if not Allowing(self._allowed, roots).holds(script.path):
            return ScriptRequirements()
        return self._inner.requirements(
            script, roots=roots, job_args=job_args, environ_vars=environ_vars
        )

    def contract(self, script: ScriptInfo, *, roots: Roots) -> ContractFacts | None:
        """What a contract beside the script says it needs; see the port."""
        held = Allowing(self._allowed, roots).holds(script.path)
        return self._inner.contract(script, roots=roots) if held else None


def _named_for(
    node: NodeName, pipeline: PipelineDeclaration, settings: SessionSettings
) -> RecordedPath | None:
    """The script that a pipeline names for a node, which is not looked for then."""
    declared, registry = pipeline.nodes.get(node), pipeline.registry
    named = declared.script if declared is not None else None
    return named or registry.get(node) or registry.get(canonical(node, settings.suffixes))


class ConfinedFiles:
    """Reads and writes no session's file outside."""

    def __init__(self, inner: SessionFiles, allowed: Confinement) -> None:
        self._inner = inner
        self._allowed = allowed

    def begin(
        self,
        folder: str,
        *,
        parents_of: Iterable[str],
        made: Iterable[str] = (),
        script: str | None = None,
    ) -> None:
        """Make a fresh attempt folder; see the port.

        Raises:
            RunnerUnavailableError: Something of it lies outside, or cannot be made.
        """
        outputs, folders = tuple(parents_of), tuple(made)
        self._refuse((folder, *outputs, *folders, *((script,) if script else ())))
        self._inner.begin(folder, parents_of=outputs, made=folders, script=script)

    def text(self, path: str) -> str | None:
        """What a file of text holds; see the port."""
        return self._inner.text(path) if self._allowed.holds(path) else None

    def folders_in(self, path: str) -> tuple[str, ...] | None:
        """The names of the folders in a folder; see the port."""
        return self._inner.folders_in(path) if self._allowed.holds(path) else None

    def result(self, folder: str) -> ScriptResult | None:
        """What the attempt's host wrote last; see the port."""
        return self._inner.result(folder) if self._allowed.holds(folder) else None

    def cancel(self, folder: str) -> None:
        """Ask whoever runs the attempt to end it; see the port.

        Raises:
            RunnerUnavailableError: Its folder lies outside, or cannot be written.
        """
        self._refuse((folder,))
        self._inner.cancel(folder)

    def settled(self, folder: str, *, here: bool) -> bool:
        """Whether an attempt whose tester is gone will not change any more; see the port."""
        return self._allowed.holds(folder) and self._inner.settled(folder, here=here)

    def prune(self, runs: str, *, keep_runs: int, kept: Collection[str]) -> tuple[str, ...]:
        """Delete the attempts of older runs; see the port."""
        if not self._allowed.holds(runs):
            return (f"{runs}: it {OUTSIDE}",)
        return self._inner.prune(runs, keep_runs=keep_runs, kept=kept)

    def claimed_ns(self, folder: str) -> int | None:
        """When the attempt's child was started; see the port."""
        return self._inner.claimed_ns(folder) if self._allowed.holds(folder) else None

    def log_text(self, path: str, *, last_bytes: int | None = None) -> str:
        """A log's text; see the port."""
        if not self._allowed.holds(path):
            return ""
        return self._inner.log_text(path, last_bytes=last_bytes)

    def log_part(self, path: str, *, after: int, limit: int) -> tuple[bytes, int] | None:
        """A piece of a log, and the size of the whole; see the port."""
        if not self._allowed.holds(path):
            return None
        return self._inner.log_part(path, after=after, limit=limit)

    def _refuse(self, paths: Iterable[str]) -> None:
        if not all(map(self._allowed.holds, paths)):
            raise RunnerUnavailableError(f"What the attempt is to use {OUTSIDE}.", fix=FIX)
