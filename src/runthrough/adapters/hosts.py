"""This machine, and whether a process on it still lives."""

import os
import sys
from pathlib import Path

from runthrough.core.values.ids import HostId
from runthrough.core.values.metadata import Holder

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PID_NAMESPACE = Path("/proc/self/ns/pid")
SAME_START_S = 1.0
"""Two readings of one start time differ by less where it is computed from the wall clock; a pid
is not used again that soon."""


class LocalHosts:
    """The machine on which the tester runs."""

    def __init__(self, host: HostId, host_name: str) -> None:
        self._host = host
        self._host_name = host_name
        self._boot_id = _boot_id()
        self._pid_namespace = _pid_namespace()

    def me(self) -> Holder:
        """This process as the holder of a run."""
        pid = os.getpid()
        return Holder(
            host=self._host,
            boot_id=self._boot_id,
            pid=pid,
            started_at=process_started_at(pid) or 0.0,
            host_name=self._host_name,
            pid_namespace=self._pid_namespace,
        )

    def alive(self, holder: Holder) -> bool | None:
        """Whether the holder's process lives; `None` when it cannot be seen from here.

        A host id alone does not say that it can: containers, clones of a machine and machines
        that share a home have one in common, and each sees its own processes only.
        """
        if holder.host != self._host or holder.boot_id != self._boot_id:
            return None
        if holder.pid_namespace and holder.pid_namespace != self._pid_namespace:
            return None
        started_at = process_started_at(holder.pid)
        return started_at is not None and abs(started_at - holder.started_at) < SAME_START_S


def _boot_id() -> str:
    if _BOOT_ID.exists():
        return _BOOT_ID.read_text().strip()
    import psutil  # noqa: PLC0415 - Linux does without

    return f"{psutil.boot_time():.0f}"


def _pid_namespace() -> str:
    """What tells apart processes that have the same pid on one Linux machine."""
    return str(_PID_NAMESPACE.stat().st_ino) if _PID_NAMESPACE.exists() else ""


def process_started_at(pid: int) -> float | None:
    """When the process started; `None` when it is gone, or dead and not yet collected.

    Linux counts from the boot that the boot id names: psutil adds the time of the boot, which
    moves whenever the wall clock is set, and a living holder would look like another process.
    """
    if not sys.platform.startswith("linux"):
        return _started_elsewhere(pid)
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # Fields 3 (state) and 22 (start in clock ticks) of proc(5), counted after the name.
    return None if fields[0] in b"ZX" else int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _started_elsewhere(pid: int) -> float | None:
    import psutil  # noqa: PLC0415 - Linux does without

    try:
        process = psutil.Process(pid)
        dead = process.status() == psutil.STATUS_ZOMBIE
        return None if dead else process.create_time()
    except psutil.NoSuchProcess:
        return None
