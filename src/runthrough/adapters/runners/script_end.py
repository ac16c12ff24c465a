"""Ends a script's own process as an interpreter ends, without taking all of that apart.

A forked process copies each page of memory that it changes, and an interpreter that ends changes
nearly all of its own: that takes as long as a third of its start, and with pandas as long as
forking four times. So what was there before the script is left out where that makes no
difference. This file runs in the script's interpreter, CPython 3.9 or newer, and each import
here delays every script.
"""
# ruff: noqa: PLC0415, PTH208, SIM105

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False  # `typing` is not needed otherwise
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any, NoReturn


def finish(
    run: Callable[[], None],
    *,
    before: dict[str, ModuleType],
    loaded_more: Callable[[], bool] = lambda: True,
) -> NoReturn:
    """Run what only the script's own process returns from, by `SystemExit`; then end that.

    A process with other threads, or with streams that cannot be flushed, ends in the
    interpreter's way.

    Args:
        run: What to run.
        before: The modules that are not the script's.
        loaded_more: Tells whether libraries were loaded since those modules were.
    """
    sys.modules.pop(__name__, None)
    gc.freeze()  # else the collector would look at what was there before, which copies it
    try:
        run()
    except SystemExit as ended:
        code: Any = ended.code
    if "threading" in sys.modules:
        sys.modules["threading"]._shutdown()  # noqa: SLF001 - waits for those that are no daemons
    if thread_count() > 1 or not _can_flush():
        sys.exit(code)
    try:
        import _ctypes

        whole_process: Any = None
        library = _ctypes.dlopen(whole_process, 0)
        c_exit, c_flush = _ctypes.dlsym(library, "exit"), _ctypes.dlsym(library, "fflush")
        call = _ctypes.call_function
    except (ImportError, OSError):  # built without ctypes
        sys.exit(code)
    import atexit

    try:
        atexit._run_exitfuncs()  # noqa: SLF001 - the interpreter's own way to its end
    except BaseException:  # noqa: BLE001, S110 - it was told; Python 3.9 also raises it
        pass
    _tear_down(before)
    if not _can_flush():
        sys.exit(code)
    # Libraries give handlers to C, which all run at its exit. Those of modules that came from
    # before are left out unless the script loaded a library too.
    if not loaded_more():
        call(c_flush, (None,))
        os._exit(code)
    call(c_exit, (code,))
    raise AssertionError


def thread_count() -> int:
    """Tell how many threads this process has, whoever started them."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:  # no Linux: those that Python started
        import threading

        return threading.active_count()


def _can_flush() -> bool:
    """Flush the standard streams; of one that cannot be, the interpreter says why."""
    streams: tuple[Any, ...] = (sys.stdout, sys.stderr)
    try:
        for stream in streams:
            if stream is not None and not stream.closed:
                stream.flush()
    except BaseException:  # noqa: BLE001 - it may be an object of the user's
        return False
    return True


def _tear_down(before: dict[str, ModuleType]) -> None:
    """Let go of all that the script's own modules hold, as the interpreter does."""
    from _io import TextIOWrapper
    from _weakref import ref

    # The collector may close what a file writes to before the file itself.
    for found in gc.get_objects():
        if isinstance(found, TextIOWrapper):
            try:
                found.flush()
            except Exception:  # noqa: BLE001, S112 - closed, detached or broken, as by CPython
                continue
    left = []
    for name, module in tuple(sys.modules.items()):
        if before.get(name) is not module:
            del sys.modules[name]
            if isinstance(module, type(sys)):  # anything may have been put there
                left.append(ref(module))
    del module
    gc.collect()
    for reference in reversed(left):
        _clear(reference())
    gc.collect()


def _clear(module: ModuleType | None) -> None:
    """Let go of what a module holds, of names with one underscore before the others."""
    names = vars(module) if module is not None else {}
    for private in (True, False):
        for name in tuple(names):
            if name != "__builtins__" and private == (name[:1] == "_" != name[1:2]):
                names[name] = None
