"""Forks a host for each script from one interpreter that is warm already.

The runner starts it with an end of a socket and tells it what to import beforehand. Then each
order says how a host is to be: four files come with it (the host's standard input, output and
error, and its working folder) and an id, its environment, and where its script finds modules;
`fork_surroundings` gives it the last two.
What the server tells is a line of JSON each:

    {"ready": true}                 orders are taken from now on
    {"refused": "why"}              it cannot be forked safely; nothing comes after it
    {"started": id, "pid": n}       the host was forked
    {"failed": id, "why": "..."}    it could not be
    {"ended": id, "status": n}      its exit code, or minus a signal

The server has one thread, and runs no code of a user's but the imports that were asked for. It
ends when the runner closes the socket or dies; the hosts hear that for themselves. This file
runs in the script's interpreter, CPython 3.9 or newer, on the standard library alone.
"""
# Everything imported here stands in each script's `sys.modules`, and pathlib is heavy:
# ruff: noqa: PLC0415, PTH100, PTH120, PTH208

from __future__ import annotations

import array
import contextlib
import gc
import json
import os
import select
import signal
import socket
import struct
import sys

TYPE_CHECKING = False  # `typing` is not needed otherwise
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import ModuleType
    from typing import Any, NoReturn

try:
    import ctypes

    _libc: Any = ctypes.PyDLL(None)
except ImportError:  # an interpreter may be built without it
    _libc = None

shared: dict[str, ModuleType] = {}
"""The modules that all children have from here."""
ours: set[str] = set()
"""Those that an interpreter which has just started has not, by their top-level names."""
_loads_before: list[int] = []
"""How many libraries the server loaded; empty where nobody knows."""

FILES = 4
"""Standard input, output and error of a host, and its working folder."""
HEADER = struct.Struct("!II")
"""Number of an order, and length of the JSON behind it."""
QUIET_MS = 4
"""Without another order in that time, the next host is forked beforehand: not at once, when the
one that has just got its order needs the processor."""
TESTER_GONE = 76
"""Exit code of a server whose tester died while it was starting."""
BEFOREHAND = ("_ctypes", "_json", "binascii", "faulthandler", "resource")
"""What a host imports for itself, each time anew if it were not here."""


def serve(
    socket_number: int, fresh: Iterable[str], tester: int, thread_count: Callable[[], int]
) -> dict[str, Any]:
    """Fork a host for each order; return that order in each of them.

    Args:
        socket_number: The file number of our end of the socket.
        fresh: The modules of an interpreter that has just started.
        tester: The process that started this one.
        thread_count: Tells how many threads this process has.
    """
    server = _Server(socket.socket(fileno=socket_number), fresh)
    # The thread that started us lives as long as we do, so this is about its process alone.
    _prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: nobody listens while modules are imported
    if os.getppid() != tester:
        os._exit(TESTER_GONE)
    _prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
    why = server.prepare(thread_count)
    if why is not None:
        server.tell(refused=why)
        _end_children()
        os._exit(0)
    _prctl(1, 0)
    server.tell(ready=True)
    return server.take_orders()


def loaded_more() -> bool:
    """Tell whether a child loaded a library of its own; so it may be where nobody knows."""
    return not _loads_before or _loads_before != _load_count()


class _Server:
    """Hands orders to hosts, which it forks beforehand, and tells how they ended."""

    def __init__(self, tester: socket.socket, fresh: Iterable[str]) -> None:
        self._tester = tester
        self._fresh = frozenset(fresh)
        self._hosts: dict[int, int] = {}
        """Process → number of its order."""
        self._spare: tuple[int, socket.socket] | None = None
        """The process that waits for the next order, and our end of the way to it."""
        self._why = ""
        self._handlers = _handlers()
        self._wake, self._wake_up = os.pipe()

    def prepare(self, thread_count: Callable[[], int]) -> str | None:
        """Import what was asked for; say why nothing may be forked after it."""
        wanted = json.loads(self._receive()[1])
        sys.dont_write_bytecode = True  # as in a host
        sys.argv = [""]
        here = os.path.dirname(os.path.abspath(__file__))
        sys.path[:] = [path for path in sys.path if path not in ("", here)]
        for name in BEFOREHAND:
            with contextlib.suppress(ImportError):  # an interpreter may be built without it
                __import__(name)
        for name in wanted["preload"]:
            why = _preload(name, thread_count)
            if why is not None:
                return why
        os.set_blocking(self._wake, False)
        os.set_blocking(self._wake_up, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_up, warn_on_full_buffer=False)
        ours.update(name.partition(".")[0] for name in sys.modules.keys() - self._fresh)
        shared.update(sys.modules)
        _loads_before.extend(_load_count())
        # Else the collector of each child would copy what they share, by looking at it.
        gc.collect()
        gc.freeze()
        return None

    def take_orders(self) -> dict[str, Any]:
        """Serve until the tester closes the socket; return in each host that has its order."""
        poll = select.poll()
        poll.register(self._tester, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        tester = self._tester.fileno()
        while True:
            ready = [number for number, _ in poll.poll(QUIET_MS if self._spare is None else None)]
            if self._wake in ready:
                os.read(self._wake, 4096)
                self._reap()
            if self._spare is None and ready != [self._wake] and self._fork():
                return self._become_host()
            if tester in ready:
                self._hand_over()

    def tell(self, **said: object) -> None:
        """Tell the tester; where it is gone, so are we."""
        try:
            self._tester.sendall(json.dumps(said).encode() + b"\n")
        except OSError:
            self._leave()

    def _fork(self) -> bool:
        """Fork the next host; return whether this is it."""
        ours, theirs = socket.socketpair()
        try:
            pid = os.fork()
        except OSError as error:
            self._why = str(error.strerror)
            return False
        if pid == 0:
            ours.close()
            self._tester.close()
            self._tester = theirs
            self._hosts.clear()  # they are the server's children
            return True
        theirs.close()
        self._spare = pid, ours
        return False

    def _hand_over(self) -> None:
        """Pass an order on to the host that waits for it."""
        number, order, files = self._receive()
        try:
            if len(files) < FILES:
                self.tell(failed=number, why="its files did not arrive; too many are open")
            elif self._spare is None:
                self.tell(failed=number, why=self._why)
            else:
                pid, way = self._spare
                # First, for the request is sent on that; where nobody hears it, it stays a spare.
                self.tell(started=number, pid=pid)
                self._spare = None
                self._hosts[pid] = number
                with way:
                    send(way, number, order, files)
        except (BrokenPipeError, ConnectionResetError):
            return  # it was killed while it waited, which its status tells
        finally:
            for file in files:
                os.close(file)

    def _receive(self) -> tuple[int, bytes, Sequence[int]]:
        """Read number, content and files of an order; end where nobody is there any more."""
        files = array.array("i")
        space = socket.CMSG_SPACE(FILES * files.itemsize)
        flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
        header, sent, _, _ = self._tester.recvmsg(HEADER.size, space, flags)
        for _level, _type, content in sent:
            files.frombytes(content[: len(content) - len(content) % files.itemsize])
        number, length = HEADER.unpack(self._filled(header, HEADER.size))
        return number, self._filled(b"", length), files

    def _filled(self, heard: bytes, length: int) -> bytes:
        while len(heard) < length:
            chunk = self._tester.recv(length - len(heard))
            if not chunk:
                self._leave()
            heard += chunk
        return heard

    def _leave(self) -> NoReturn:
        """End, once the hosts ended: they hear that the tester is gone, as we do."""
        if self._spare is not None:
            self._spare[1].close()
        while self._hosts:
            pid, status = os.waitpid(-1, 0)
            self._ended(pid, status)
        _end_children()
        os._exit(0)

    def _reap(self) -> None:
        """Collect who ended, and tell."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                number = self._ended(pid, status)
                if number is not None:
                    self.tell(ended=number, status=os.waitstatus_to_exitcode(status))

    def _ended(self, pid: int, status: int) -> int | None:
        """Forget a process; end what it left behind if it was a host that was killed."""
        number = self._hosts.pop(pid, None)
        if self._spare is not None and pid == self._spare[0]:
            self._spare[1].close()
            self._spare = None
        elif number is None or os.WIFSIGNALED(status):
            # A host that ends by itself has nothing below it any more. Those that are killed
            # here hand their own children over to us in turn.
            known = self._hosts.keys() | ({self._spare[0]} if self._spare else set())
            for orphan in _children() - known:
                _kill(orphan)
        return number

    def _become_host(self) -> dict[str, Any]:
        """Wait for an order, and let go of all that a server needs and a script has not."""
        os.setsid()
        signal.set_wakeup_fd(-1)
        for heard, handler in _handlers().items():
            if self._handlers[heard] != handler and handler is not None:
                signal.signal(heard, self._handlers[heard])
        os.close(self._wake)
        os.close(self._wake_up)
        _, content, files = self._receive()
        self._tester.close()
        for number, place in zip(files, (0, 1, 2)):  # noqa: B905 - `strict` came with 3.10
            os.dup2(number, place)
        os.fchdir(files[3])
        for number in files:
            os.close(number)
        _renew_randomness()
        del sys.modules[__name__]
        order: dict[str, Any] = json.loads(content)
        return order


def send(way: socket.socket, number: int, content: bytes, files: Sequence[int]) -> None:
    """Send an order: its number, its JSON and its open files."""
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
    content = HEADER.pack(number, len(content)) + content
    sent = way.sendmsg([content], rights)
    if sent < len(content):  # whoever has it all may be gone already
        way.sendall(content[sent:])


def _handlers() -> dict[int, Any]:
    # Not `signal.valid_signals` and its like, which make an enumeration's value of each number.
    import _signal  # type: ignore[import-not-found]  # typeshed has it not

    return {number: _signal.getsignal(number) for number in range(1, _signal.NSIG)}


def _preload(name: str, thread_count: Callable[[], int]) -> str | None:
    """Import a module; say why no process may be forked after it."""
    try:
        __import__(name)
        _renew_randomness()
    except BaseException as error:  # noqa: BLE001 - it is told, and ends this server
        return f"{name} cannot be imported: {type(error).__name__}: {error}"
    threads = thread_count() - 1
    if threads:
        return f"importing {name} left {threads} thread(s) running, and a fork would lose them"
    try:
        pid = 1
        while pid:
            pid, _ = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return f"importing {name} left a process running, which all scripts would share"


def _renew_randomness() -> None:
    """Seed anew what would draw the same numbers in every child; `random` does so by itself."""
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


def _children() -> set[int]:
    """List the processes whose parent is this one; none where there is no /proc."""
    found: set[int] = set()
    try:
        numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return found
    for pid in numbers:
        try:
            with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123
                parent = int(stat.read().rpartition(b")")[2].split()[1])
        except (OSError, IndexError):
            continue  # it ended while we looked
        if parent == os.getpid():
            found.add(pid)
    return found


def _load_count() -> list[int]:
    """Count the shared libraries that this process ever loaded; empty where nobody knows."""
    counts: list[int] = []
    if _libc is None or not hasattr(_libc, "dl_iterate_phdr"):
        return counts

    class Library(ctypes.Structure):
        _fields_ = (
            ("address", ctypes.c_void_p),
            ("name", ctypes.c_char_p),
            ("headers", ctypes.c_void_p),
            ("header_count", ctypes.c_uint16),
            ("loads", ctypes.c_ulonglong),
        )

    def look(library: Any, _size: int, _nothing: Any) -> int:
        counts.append(library.contents.loads)
        return 1  # enough: each of them tells the same

    kind = ctypes.PYFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(Library), ctypes.c_size_t, ctypes.c_void_p
    )
    _libc.dl_iterate_phdr(kind(look), None)
    return counts


def _kill(pid: int) -> None:
    with contextlib.suppress(PermissionError):  # it became another user's
        os.kill(pid, signal.SIGKILL)


def _end_children() -> None:
    """End all that is below this process; those that are killed hand theirs over to it."""
    while True:
        children = _children()
        for pid in children:
            _kill(pid)
        if not children:
            return
        os.waitpid(-1, 0)


def _prctl(option: int, value: int) -> None:
    """Call Linux' `prctl`; other systems do without."""
    if sys.platform == "linux" and _libc is not None:
        _libc.prctl(option, value, 0, 0, 0)
