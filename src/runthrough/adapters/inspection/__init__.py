"""Facts about paths and interpreters, gathered before a decision."""

import os
import platform
import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from runthrough.adapters.inspection.digests import DigestCache
from runthrough.adapters.inspection.looking import Holds, look_at
from runthrough.core.values.facts import ContentFacts, InterpreterFacts, PathFacts
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.interpreters import executable
from runthrough.core.values.paths import Roots

__all__ = ["LocalInspector"]

_LOG_ENDINGS = ("", "-wal", "-shm", "-journal", ".lock", ".line")
"""Of a SQLite database and what stands beside it while it is written."""


class LocalInspector:
    """Looks at paths and interpreters of this machine; safe to use from several threads."""

    def __init__(
        self,
        *,
        probe: Callable[[str], str | None],
        cache: Path | None = None,
        log: Path | None = None,
        holds: Holds | None = None,
    ) -> None:
        """Ask interpreters by `probe`, and keep digests in the file `cache`.

        Args:
            probe: Starts an interpreter and tells its version, or `None` when it cannot.
            cache: A file that may be lost at any time; without it the next process digests
                everything again.
            log: The file of the database that remembers, where it is one; no output may lie there.
            holds: Which absolute paths may be touched, where not all may be: what links in a
                folder lead to elsewhere is no content of it.
        """
        self._holds = holds
        self._log = log
        self._log_files = frozenset(f"{log}{ending}" for ending in _LOG_ENDINGS if log)
        self._probe = probe
        self._digests = DigestCache(cache)
        self._versions: dict[tuple[str, int], str] = {}
        self._lock = threading.Lock()

    def look(
        self, paths: Iterable[RecordedPath], *, roots: Roots, digest_up_to: int | None
    ) -> dict[RecordedPath, PathFacts]:
        """Facts about each path, whatever the file system holds there.

        Content of more than `digest_up_to` bytes is not digested (`None`: always digested,
        `-1`: never, and no file is opened).

        Raises:
            KeyError: This host does not know the root of a path.
        """
        found, log_inode = {}, self._log_inode()
        parents: dict[str, bool] = {}
        for path in dict.fromkeys(paths):
            absolute = roots.locate(path)
            facts = look_at(
                path,
                absolute,
                digests=self._digests,
                digest_up_to=digest_up_to,
                parents=parents,
                holds=self._holds,
            )
            # An inode may come twice, on two devices; no other one is the log's.
            linked = facts.inode is not None and facts.inode == log_inode
            own = absolute in self._log_files or (linked and self._is_log(absolute))
            found[path] = facts.model_copy(update={"is_log": True}) if own else facts
        return found

    def _log_inode(self) -> int | None:
        """Of the database's file; looked up anew, since it may be made or replaced meanwhile."""
        try:
            return self._log.stat().st_ino if self._log is not None else None
        except OSError:
            return None

    def _is_log(self, absolute: str) -> bool:
        """Whether a path is the database's file by a link."""
        try:
            return self._log is not None and self._log.samefile(absolute)
        except (OSError, ValueError):  # nothing is there, or nothing that can be looked at
            return False

    def content(self, path: str, *, secrets: Sequence[str] = ()) -> ContentFacts:
        """A look into what lies at an absolute path, of which no secret is told.

        See `contents.content_of`.
        """
        # Only what runs scripts looks into contents; other commands are spared the readers.
        from runthrough.adapters.inspection.contents import content_of  # noqa: PLC0415

        return content_of(path, self.masking(secrets)) if secrets else content_of(path)

    def masking(self, secrets: Sequence[str]) -> Callable[[str], str]:
        """What takes secrets out of a text, in all forms in which programs write them."""
        from runthrough.adapters.runners.script_host import masking  # noqa: PLC0415 - as above

        return masking(secrets)

    def interpreter(self, python: str | None, *, roots: Roots) -> InterpreterFacts:
        """Which Python that is; one that was asked is asked again only when its file moved.

        Args:
            python: A recorded or an absolute path, a path relative to the pipeline's folder, or
                a command on PATH; `None` for the tester's own.
            roots: Where recorded paths lie.

        Raises:
            KeyError: This host does not know the root of the path.
        """
        if python is None:
            return InterpreterFacts(version=platform.python_version())
        return InterpreterFacts(python=python, version=self._version(python, roots))

    def nearby(self, folders: Iterable[str], *, at_most: int) -> tuple[str, ...]:
        """Absolute paths of files below folders, the nearest first; see `nearby.files_below`.

        The database that remembers is not among them.
        """
        # Only what asks a person looks around.
        from runthrough.adapters.inspection.nearby import files_below  # noqa: PLC0415

        found = files_below(folders, at_most=at_most)
        return tuple(path for path in found if path not in self._log_files)

    def close(self) -> None:
        """Let go of the cache's file."""
        self._digests.close()

    def _version(self, python: str, roots: Roots) -> str | None:
        found = shutil.which(executable(python, roots))
        if found is None:
            return None
        try:
            key = (found, os.stat(found).st_mtime_ns)  # noqa: PTH116 - the path is a text
        except OSError:
            return None
        with self._lock:
            known = self._versions.get(key)
        if known is not None:
            return known
        version = self._probe(found)
        if version is not None:
            with self._lock:
                self._versions[key] = version
        return version
