"""The composition root of what keeps no session: no settings, and no database."""

import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from uuid_utils import uuid7

from runthrough import __version__
from runthrough.adapters import inference
from runthrough.adapters.archives import unpack
from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.adapters.hosts import LocalHosts
from runthrough.adapters.inspection import LocalInspector
from runthrough.adapters.runners.interpreters import python_version
from runthrough.adapters.runners.registry import check_runner, open_runner, shown_runner
from runthrough.adapters.secrets import LocalSecrets
from runthrough.adapters.session_files import OWN_FOLDER, LocalSessionFiles
from runthrough.adapters.user_folders import user_folder
from runthrough.application.caller import Caller
from runthrough.application.inference import HandlerTest
from runthrough.application.rehearsal import Rehearsal, RehearsalPorts
from runthrough.application.staging import Staging
from runthrough.core.testing_specs import PipelineTestingSpec
from runthrough.core.values.ids import HostId
from runthrough.core.values.paths import SESSION, Roots
from runthrough.core.values.tested import Sample

__all__ = ["Bench", "StepCatalog"]

_REHEARSALS = "rehearsals"


class Bench:
    """Everything a door needs to test without a session."""

    def __init__(
        self,
        workspace: Path,
        *,
        catalog: StepCatalog | None,
        runner: str,
        cwd: str,
        environ: Mapping[str, str],
    ) -> None:
        """Connect everything; nothing is made and nothing is started.

        Args:
            workspace: Absolute path of the folder in which `.runthrough/` holds what is left.
            catalog: Reads scripts; left out, one over the workspace.
            runner: URL of the runner.
            cwd: Where relative paths start.
            environ: Where secrets are looked up first.

        Raises:
            RunnerUnavailableError: The URL names no runner that can be used here.
        """
        check_runner(runner)
        self._workspace = workspace
        self._catalog = catalog or StepCatalog([workspace])
        self._cwd = cwd
        self._runner = runner
        host_name = platform.node() or "this host"
        host = HostId(host_name)
        caches = user_folder("cache")
        caller = Caller(
            actor="",
            actor_source="system",
            door="python",
            host=host,
            host_name=host_name,
            app_version=__version__,
            clock=_now,
            new_id=_new_id,
        )
        self._ports = RehearsalPorts(
            catalog=self._catalog,
            inspector=LocalInspector(probe=python_version, cache=caches / "digests.db"),
            files=LocalSessionFiles(),
            secrets=LocalSecrets(environ),
            runner=partial(open_runner, runner),
            runner_name=shown_runner(runner),
            holder=LocalHosts(host, host_name).me(),
            caller=caller,
        )

    def staging(self, tested: PipelineTestingSpec) -> Staging:
        """The pipeline of specifications, read.

        Raises:
            RunthroughError: As for `Staging`.
        """
        return Staging(tested, self._catalog, roots=self._roots(""), cwd=self._cwd)

    def rehearsal(self, staging: Staging, *, hand_over: bool, check_seams: bool) -> Rehearsal:
        """A rehearsal with a folder of its own below the workspace.

        Raises:
            PendingScriptsError: An input has no path where it needs one.
        """
        return Rehearsal(
            self._ports,
            staging,
            roots=self._roots(_new_id()),
            hand_over=hand_over,
            check_seams=check_seams,
        )

    def handler_test(self) -> HandlerTest:
        """A test of inference handlers with a folder of its own below the workspace."""
        return HandlerTest(
            self._ports,
            folder=str(self._folder(_new_id())),
            driver=inference.DRIVER,
        )

    @contextmanager
    def unpacked(self, model_archive: Path) -> Iterator[Path]:
        """A model, unpacked into a fresh folder of ours that goes away again.

        Raises:
            ArchiveError: It is no archive, or none that can be unpacked without danger.
        """
        with TemporaryDirectory(prefix="runthrough-model-") as scratch:
            yield unpack(model_archive, Path(scratch, "model"))

    @contextmanager
    def samples(
        self, payloads: Path, *, content_type: str | None
    ) -> Iterator[tuple[Sequence[Sample], Sequence[str]]]:
        """The payloads in a file, folder or archive; and the files that were left out.

        Raises:
            ArchiveError: An archive cannot be unpacked without danger.
            CommandInvalidError: There is nothing at the path.
        """
        with TemporaryDirectory(prefix="runthrough-payloads-") as scratch:
            unpacked = Path(scratch, "payloads")
            yield inference.samples(payloads, unpacked=unpacked, content_type=content_type)

    def _folder(self, rehearsal: str) -> Path:
        return self._workspace / OWN_FOLDER / _REHEARSALS / rehearsal

    def _roots(self, rehearsal: str) -> Roots:
        own = str(self._folder(rehearsal)) if rehearsal else ""
        return Roots(dict(self._catalog.roots.places) | ({SESSION: own} if own else {}))


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return str(uuid7())
