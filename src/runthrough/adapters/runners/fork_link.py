"""One fork server: started, spoken to and listened to."""

import contextlib
import json
import os
import socket
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, Popen
from tempfile import TemporaryFile
from typing import IO, Any

from runthrough.adapters.runners import fork_server, script_host
from runthrough.adapters.runners.hosting import LAST_LINES

_START = (
    "import sys; fresh = frozenset(sys.modules); "
    "sys.version_info < (3, 9) and sys.exit('this is Python ' + sys.version.split()[0]); "
    f"sys.path.insert(0, {str(Path(script_host.__file__).parent)!r}); "
    "import script_host, script_end, fork_server, fork_surroundings; "
    "fork_surroundings.lay("
    "fork_server.serve({socket}, fresh, {tester}, script_end.thread_count), fork_server.ours); "
    "script_end.finish(script_host.main, before=fork_server.shared, "
    "loaded_more=fork_server.loaded_more)"
)
"""`serve` returns in each forked host, which then is what a fresh interpreter is."""


@dataclass(slots=True)
class Fork:
    """What a server told of one order."""

    pid: int | None = None
    """The host's."""
    status: int | None = None
    """The host's exit code, or minus a signal."""
    why: str | None = None
    """The host could not be forked."""


class ForkLink:
    """Starts a fork server, gives it orders, and hears what became of them.

    Whatever changes is changed and notified under `changed`, which many links may share. One
    thread starts the server and listens to it until its end; then nothing is left open.
    """

    def __init__(
        self,
        python: str,
        *,
        environ: Mapping[str, str],
        preload: Sequence[str],
        changed: threading.Condition,
    ) -> None:
        self.python = python
        self._changed = changed
        self._forks: dict[int, Fork] = {}
        self._count = 0
        self._sending = threading.Lock()
        self._socket, theirs = socket.socketpair()
        self._server: Popen[bytes] | None = None
        self._closing = False
        self.ready = False
        self.unusable: str | None = None
        """Why it takes no orders and will not: in words that follow the interpreter's name."""
        self.ended: str | None = None
        """How it ended that was ready once, in such words."""
        self._thread = threading.Thread(
            target=self._live,
            args=(python, dict(environ), tuple(preload), theirs),
            name="runthrough-fork-server",
            daemon=True,
        )
        self._thread.start()

    @property
    def settled(self) -> bool:
        """Whether it is known if orders can be given."""
        return self.ready or self.unusable is not None

    def order(self, facts: Mapping[str, Any], files: Sequence[int]) -> Fork:
        """Ask for a host; the files may be closed as soon as this returns."""
        fork = Fork()
        with self._changed:
            self._count += 1
            number = self._count
            self._forks[number] = fork
        # It may be gone: whoever waits for the fork learns that from `ended`.
        with self._sending, contextlib.suppress(OSError):
            fork_server.send(self._socket, number, json.dumps(facts).encode(), files)
        return fork

    def close(self) -> None:
        """End the server, which by then should have no hosts any more."""
        with self._changed:
            self._closing = True
            if self._server is not None and not self.settled:
                self._server.kill()  # it listens again only when all modules are imported
        with contextlib.suppress(OSError):  # it ended before
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _live(
        self, python: str, environ: dict[str, str], preload: Sequence[str], theirs: socket.socket
    ) -> None:
        with self._socket, TemporaryFile() as words:
            try:
                with theirs, self._changed:
                    if self._closing:
                        return
                    self._server = _started(python, environ, theirs, words)
            except OSError as exc:
                self._end(f"cannot be started: {exc.strerror}")
                return
            with self._server as server:
                self._listen(preload)
                status = server.wait()
            self._end(_told(status, words))

    def _listen(self, preload: Sequence[str]) -> None:
        wanted = json.dumps({"preload": preload}).encode()
        # Reset where orders were not read, broken where it ended at once.
        with (
            contextlib.suppress(ConnectionResetError, BrokenPipeError),
            self._socket.makefile("rb") as lines,
        ):
            fork_server.send(self._socket, 0, wanted, ())
            for line in lines:
                with self._changed:
                    self._hear(json.loads(line))
                    self._changed.notify_all()

    def _hear(self, said: Mapping[str, Any]) -> None:
        match said:
            case {"ready": True}:
                self.ready = True
            case {"refused": why}:
                self.unusable = why
            case {"started": number, "pid": pid}:
                self._forks[number].pid = pid
            case {"failed": number, "why": why}:
                self._forks.pop(number).why = why
            case {"ended": number, "status": status}:
                self._forks.pop(number).status = status

    def _end(self, how: str) -> None:
        with self._changed:
            if self.ready:
                self.ended = how
            elif self.unusable is None:
                self.unusable = how
            self._changed.notify_all()


def _started(
    python: str, environ: dict[str, str], theirs: socket.socket, words: IO[bytes]
) -> Popen[bytes]:
    code = _START.format(socket=theirs.fileno(), tester=os.getpid())
    return Popen(  # noqa: S603 - the user's own interpreter, and no shell
        [python, "-c", code],
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=words,
        cwd="/",  # it holds no folder that somebody may want to remove
        env=environ,
        pass_fds=[theirs.fileno()],
        start_new_session=True,  # Ctrl-C in our terminal is ours to answer
    )


def _told(status: int, words: IO[bytes]) -> str:
    """How a server ended, with its last words."""
    words.seek(0)
    text = words.read().decode("utf-8", "replace")
    last = "".join(text.splitlines(keepends=True)[-LAST_LINES:]).strip()
    if status < 0:
        return f"was ended by {script_host.signal_words(-status)}"
    return f"ended with exit code {status}{': ' if last else ''}{last}"
