"""A service in a process of its own, as `runthrough serve` starts it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
from tests.support.cli import Shell

DEADLINE_S = 60
"""For what takes a second: two cores may be busy with other tests."""


@dataclass
class Served:
    """A service that runs, and what it was started with."""

    process: subprocess.Popen[str]
    url: str
    listens: str
    link: str | None
    errors: Path
    """Where its standard error goes."""
    answer: dict[str, Any]
    """All that it told in JSON."""

    @property
    def place(self) -> tuple[str, int]:
        """Where it listens."""
        parts = urlsplit(self.listens)
        return str(parts.hostname), int(parts.port or 0)

    def client(self, token: str | None = None, **how: Any) -> httpx2.Client:
        """What sends requests, with a token or as a stranger."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        how = {"timeout": DEADLINE_S, "trust_env": False, **how}
        return httpx2.Client(base_url=self.listens, headers=headers, **how)

    def raw(self, sent: bytes) -> bytes:
        """Send bytes over a connection of their own, and read until the service closes it."""
        with socket.create_connection(self.place, timeout=DEADLINE_S) as connection:
            connection.sendall(sent)
            pieces = []
            with suppress(ConnectionResetError):  # it hung up while we were still sending
                while piece := connection.recv(65536):
                    pieces.append(piece)
            return b"".join(pieces)

    def signed(self, number: int) -> None:
        """Send the process a signal."""
        self.process.send_signal(number)

    def ended(self, within_s: float = DEADLINE_S) -> int:
        """Its exit code, as soon as it has ended."""
        return self.process.wait(within_s)

    def told(self) -> str:
        """What it wrote to standard error."""
        return self.errors.read_text(encoding="utf-8")


@contextmanager
def served(shell: Shell, *words: str, cwd: Path | None = None, **environ: str) -> Iterator[Served]:
    """Start a service on a port that is free, and stop it at the end, if it has not ended yet."""
    errors = shell.folder.parent / f"served-{os.urandom(4).hex()}.err"
    with errors.open("w", encoding="utf-8") as kept:
        process = subprocess.Popen(
            [
                *(sys.executable, "-W", "error", "-m", "runthrough"),
                *("serve", "--port", "0", "--json", *words),
            ],
            cwd=cwd or shell.folder,
            env=shell.environ(**environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=kept,
            text=True,
        )
    try:
        lines = []
        while not (lines and lines[-1] == "}\n"):
            line = process.stdout.readline()
            assert line, errors.read_text(encoding="utf-8")
            lines.append(line)
        told = json.loads("".join(lines))
        yield Served(process, told["url"], told["listens"], told["link"], errors, told)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait(DEADLINE_S)
        process.stdout.close()


def until(holds: Callable[[], Any], within_s: float = DEADLINE_S) -> Any:
    """What `holds` gives, as soon as that is true."""
    ends_at = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < ends_at, "it never came to that"
        time.sleep(0.02)
    return found
