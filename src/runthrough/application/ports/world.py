"""The world around a session: scripts, files, secrets, runners, hosts."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Protocol

from pydantic import JsonValue

from runthrough.core.values.attempts import ScriptRequest, ScriptResult
from runthrough.core.values.contracts import ContractFacts
from runthrough.core.values.facts import ContentFacts, InterpreterFacts, PathFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.metadata import Holder, SessionSettings
from runthrough.core.values.paths import Roots
from runthrough.core.values.pipelines import PipelineDeclaration
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.values.scripts import Discovery, ScriptInfo


class Catalog(Protocol):
    """Finds and reads scripts without importing them."""

    def discover(
        self,
        nodes: Sequence[NodeName],
        *,
        pipeline: PipelineDeclaration,
        settings: SessionSettings,
        roots: Roots,
    ) -> dict[NodeName, Discovery]:
        """Look for the script of each node (DESIGN § 4); each file is read once."""
        ...

    def inspect(self, path: RecordedPath, *, roots: Roots) -> ScriptInfo | None:
        """A script that is known already, as it is now; `None` when it is gone."""
        ...

    def requirements(
        self,
        script: ScriptInfo,
        *,
        roots: Roots,
        job_args: Mapping[str, JsonValue],
        environ_vars: Mapping[str, JsonValue],
    ) -> ScriptRequirements:
        """What the code needs when it is run with these arguments and variables."""
        ...

    def contract(self, script: ScriptInfo, *, roots: Roots) -> ContractFacts | None:
        """What a contract beside the script says it needs; `None` when there is none."""
        ...


class Inspector(Protocol):
    """Looks at paths and interpreters."""

    def look(
        self, paths: Iterable[RecordedPath], *, roots: Roots, digest_up_to: int | None
    ) -> dict[RecordedPath, PathFacts]:
        """Facts about each path.

        Content of more than `digest_up_to` bytes is not digested (`None`: always digested,
        `-1`: never). A digest is taken again only when size, modification time or inode moved.
        """
        ...

    def content(self, path: str, *, secrets: Sequence[str] = ()) -> ContentFacts:
        """A look into what lies at an absolute path, of which no secret is told.

        It takes a bounded time.
        """
        ...

    def masking(self, secrets: Sequence[str]) -> Callable[[str], str]:
        """What takes secrets out of a text, in all forms in which programs write them."""
        ...

    def interpreter(self, python: str | None, *, roots: Roots) -> InterpreterFacts:
        """Which Python that is; `None` asks for the tester's own."""
        ...

    def nearby(self, folders: Iterable[str], *, at_most: int) -> tuple[str, ...]:
        """Absolute paths of files below folders, the nearest first, hidden ones left out.

        At most so many names are looked at, whatever lies there.
        """
        ...


class SessionFiles(Protocol):
    """The session's own folders: attempts, logs, results."""

    def begin(
        self,
        folder: str,
        *,
        parents_of: Iterable[str],
        made: Iterable[str] = (),
        script: str | None = None,
    ) -> None:
        """Make a fresh attempt folder, the parents of the given output paths, and `made`.

        The folder keeps a copy of the script as it is now, as `script.py`.
        """
        ...

    def text(self, path: str) -> str | None:
        """What a file of text holds, undecodable bytes replaced; `None` when it cannot be read."""
        ...

    def folders_in(self, path: str) -> tuple[str, ...] | None:
        """The names of the folders in a folder, sorted; `None` where it is none."""
        ...

    def result(self, folder: str) -> ScriptResult | None:
        """What the attempt's host wrote last; `None` when it did not come to that."""
        ...

    def cancel(self, folder: str) -> None:
        """Ask whoever runs the attempt, on whichever machine, to end it."""
        ...

    def settled(self, folder: str, *, here: bool) -> bool:
        """Whether an attempt whose tester is gone will not change any more.

        It has its result, or was never started, or the host that watched over it is gone, which
        can be seen only `here`, where it ran.
        """
        ...

    def prune(self, runs: str, *, keep_runs: int, kept: Collection[str]) -> tuple[str, ...]:
        """Delete the attempts of all but the newest runs below a folder, but for those `kept`.

        Attempts are kept by their ids. What cannot be deleted is told, a line each.
        """
        ...

    def claimed_ns(self, folder: str) -> int | None:
        """When the attempt's child was started, on the clock that stamps files."""
        ...

    def log_text(self, path: str, *, last_bytes: int | None = None) -> str:
        """A log's text, undecodable bytes replaced; empty when there is none."""
        ...

    def log_part(self, path: str, *, after: int, limit: int) -> tuple[bytes, int] | None:
        """At most `limit` bytes of a log behind `after`, and the size of the whole.

        `None` where there is no plain file: a link, or a pipe that a script put there, is none.
        """
        ...


class SecretResolver(Protocol):
    """Looks up secrets by name when a script starts."""

    def resolve(self, name: str) -> str | None:
        """The value; `None` when nobody knows it."""
        ...


class ScriptRunner(Protocol):
    """Runs scripts, each in its own process."""

    def submit(self, request: ScriptRequest) -> Future[ScriptResult]:
        """Start an attempt; the future never raises for what a script did."""
        ...

    def cancel(self, attempt: str) -> None:
        """End an attempt and everything below it; its future yields `cancelled`."""
        ...

    def close(self) -> None:
        """End all attempts and free what the runner holds."""
        ...


class Hosts(Protocol):
    """This machine, and the processes on it."""

    def me(self) -> Holder:
        """This process as the holder of a run."""
        ...

    def alive(self, holder: Holder) -> bool | None:
        """Whether the holder's process lives; `None` when it cannot be seen from here."""
        ...


class Confinement(Protocol):
    """Says which paths a caller may have looked at, run and written."""

    @property
    def places(self) -> tuple[str, ...]:
        """The folders that may be touched, as people named them; none where all may be."""
        ...

    def holds(self, path: str) -> bool:
        """Whether an absolute path may be touched, links followed; also one not there yet."""
        ...


class Unconfined:
    """Who types a command may have looked at, run and written what their user may."""

    @property
    def places(self) -> tuple[str, ...]:
        """No folder confines."""
        return ()

    def holds(self, path: str) -> bool:  # noqa: ARG002 - the shape of the protocol
        """Whether a path may be touched: always."""
        return True


UNCONFINED = Unconfined()
