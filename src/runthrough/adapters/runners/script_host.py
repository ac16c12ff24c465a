"""Runs one user script in a child of its own and writes down how it ended.

The runner starts an interpreter (the script's, CPython 3.9 or newer) with this file alone, so
it needs nothing but the standard library. Two processes come of it:

    host     reads the request, claims the attempt, forks, supervises, writes `result.json`
    script   the forked child: imports the user's file in its package context and calls `main`

Standard input of the host is a line of JSON, the request, and then the tester's sign of life:
when it ends, the tester died, and everything below the host is killed at once. A line `cancel`
ends the script early. Where it is a socket, the host says on it that the result is written.
Standard output and error are the attempt's log files from the start; a script that was given
secrets writes to the host instead, which masks them on the way, so that no log ever holds one. A
host that is told to listen elsewhere hands all three on to its script, and the terminal behind
them with it.

Limits of memory, processor time and files are the system's, set in the script's own process;
the host also adds up the memory of all that is below it, and ends them when that is too much.

Every import here delays every script: `json`, `signal` and `ctypes` together cost as much as the
start of the interpreter itself, and the passing path needs one function each of the C modules
behind them. CPython has had these since 3.9 and before.
"""
# Imports come where they are needed, for the reason above, and pathlib does not come at all:
# ruff: noqa: PLC0415, PTH100, PTH105, PTH108, PTH112, PTH113, PTH118, PTH119, PTH120
# ruff: noqa: PTH122, PTH123, PTH208

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False  # `typing` would be one of those imports
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType, TracebackType
    from typing import Any, NoReturn, TypeVar

    _Text = TypeVar("_Text", str, bytes)

RESULT = "result.json"
CLAIM = "claim"
STDOUT = "stdout.log"
STDERR = "stderr.log"
WORK = "work"

CLAIMED_BEFORE = 75
"""Exit code of a host that found the attempt claimed (EX_TEMPFAIL, which Python never uses)."""
TESTER_GONE = 76
"""Exit code of a host whose tester died; nobody reads it but a person looking at processes."""

TEXT_LIMIT_BYTES = 64 * 1024
LOG_TAIL_BYTES = 8 * 1024
FRAMES_FIRST, FRAMES_LAST = 10, 20
"""Frames kept of a long traceback: where it came from and where it broke; a runaway recursion
has a thousand alike in between."""
SOURCE_LINE_LIMIT = 300
"""Characters kept of one source line: generated code has lines of megabytes."""
DUMP_S = 0.5
"""A stack dump takes milliseconds; a process that has not answered by then does not answer."""
LEFT_OVER_S = 0.2
"""Resource trackers and ends of pipelines stop by themselves once the script is gone, and clean
up after it; a person does not notice the wait."""
KILL_S = 5.0
"""SIGKILL works at once but for processes stuck in the kernel; nobody can wait for those."""
MASK = "[masked]"
SECRET_CHARACTERS = 4
"""Shorter values stand in every text by chance; masking them would only make logs unreadable."""
LINE_CHARACTERS = 8
"""Scripts print a key file line by line; shorter lines of one are brackets and the like."""
LOOK_S = 0.25
"""Between two looks at the memory in use: seldom enough to cost nothing, and what a process
takes in between is bounded by the system."""
ROOM_BYTES = 16 << 20
"""Memory that a script gets beyond its limit to tell that it came to it."""
MEMORY_ADVICE = "raise limits.memory, or let it use less"
BLOCK_BYTES = 1 << 16
PIPE_BYTES = 1 << 20
"""A pipe holds no more without privileges; what comes after that much was said too late."""
NAMES = ("input_paths", "output_paths", "environ_vars", "job_args")


def main(life: int = 0) -> None:
    """Serve the one request that comes at `life`; only the script's own process returns.

    Where that is not standard input, the script gets our terminal.
    """
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if path not in ("", here)]
    request, said = _read_request(life)
    folder = request["folder"]
    if not _claim(folder):
        os._exit(CLAIMED_BEFORE)
    may_adopt = _prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
    report = _open_report(folder)
    masked = [] if life else _open_masked_logs(request["secrets"])
    host = os.getpid()
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        if life:
            os.close(life)
            _take_terminal()
        else:
            os.setsid()
        _prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
        if os.getppid() != host:
            os._exit(TESTER_GONE)
        for log in masked:
            log.give()
        sys.modules.pop(__name__, None)
        sys.exit(_Script(request, report, attached=life > 0).run())
    for log in masked:
        log.take()
    watch = _Supervisor(request, pid, report, life=life, started=started, said=said, masked=masked)
    watch.run(may_adopt=may_adopt)
    if not life:  # else the terminal is taken back first, when we are gone
        _ring()
    os._exit(0)


# What both processes begin with


def _read_request(life: int) -> tuple[dict[str, Any], bytes]:
    """Read the request, and what the tester may have said behind it."""
    heard = b""
    while b"\n" not in heard:
        chunk = os.read(life, 1 << 16)
        if not chunk:
            os._exit(TESTER_GONE)
        heard += chunk
    line, _, said = heard.partition(b"\n")
    return decode(line.decode()), said


class _Scanning:
    """What the scanner of `json` asks of its decoder."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float = parse_constant = float
    parse_int = int

    def __init__(self) -> None:
        self.memo: dict[str, str] = {}


def decode(text: str) -> Any:
    """Decode JSON as `json.loads` does."""
    try:
        from _json import make_scanner

        scan: Any = make_scanner
        value = scan(_Scanning())(text, 0)[0]
    except (ImportError, AttributeError, TypeError):  # a later CPython asks for more
        import json

        return json.loads(text)
    return value


def encode(value: Any) -> str:
    """Encode plain dicts, lists, texts and numbers as JSON."""
    from _json import encode_basestring_ascii

    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{encode(key)}:{encode(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(encode, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value)


def _claim(folder: str) -> bool:
    try:
        claim = os.open(os.path.join(folder, CLAIM), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return False
    os.write(claim, b"%d\n" % os.getpid())
    os.close(claim)
    return True


def _prctl(option: int, value: int) -> bool:
    """Call Linux' `prctl`; return whether it did what was asked."""
    if sys.platform != "linux":
        return False
    try:
        import _ctypes

        whole_process: Any = None
        address = _ctypes.dlsym(_ctypes.dlopen(whole_process, 0), "prctl")
        done: int = _ctypes.call_function(address, (option, value, 0, 0, 0))
    except (ImportError, OSError):  # built without ctypes, or another C library
        return False
    return done == 0


def _open_report(folder: str) -> int:
    """Open a nameless file in which the script's process leaves what `main` came to."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("report")
    path = os.path.join(folder, ".report")
    report = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    os.unlink(path)
    return report


def _ring() -> None:
    """Tell the tester that the result is there: to end takes longer than to read it."""
    try:
        os.write(0, b"!")
    except OSError:  # it listens for our end alone, or is gone
        return


# The script's own process


def _take_terminal() -> None:
    """Lead a group of our own, and let the terminal, where there is one, be ours.

    Its keys then speak to the script alone. Nobody could wake a script that was stopped by one,
    so none stops it.
    """
    import _signal as signal  # type: ignore[import-not-found]  # typeshed has it not

    os.setpgid(0, 0)
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    handler = signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else it stops who asks for it
    try:
        os.tcsetpgrp(0, os.getpid())
    except OSError:  # a pipe, or the terminal of another session
        return
    finally:
        signal.signal(signal.SIGTTOU, handler)


def _bound(limits: dict[str, int], grace_s: float) -> None:
    """Limit this process, and each that it starts, to what the request allows."""
    import resource

    def lower(what: int, soft: int, hard: int) -> None:
        present = resource.getrlimit(what)[1]
        hard = min(hard, sys.maxsize)
        if present != resource.RLIM_INFINITY:
            hard = min(hard, present)
        resource.setrlimit(what, (min(soft, hard), hard))

    if "memory_bytes" in limits:
        # Not the address space: numerical libraries reserve much more of it than they use.
        memory = limits["memory_bytes"]
        lower(resource.RLIMIT_DATA, memory, memory + ROOM_BYTES)
    if "cpu_s" in limits:
        import _signal as signal
        import faulthandler

        faulthandler.register(signal.SIGXCPU, file=2, chain=True)
        lower(resource.RLIMIT_CPU, limits["cpu_s"], limits["cpu_s"] + int(grace_s) + 1)
    if "open_files" in limits:
        lower(resource.RLIMIT_NOFILE, limits["open_files"], limits["open_files"])


class JobArgs(dict[str, "Any"]):
    """Arguments of a script, read as attributes or as a mapping."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.__dict__ = self

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            "job_args has no {!r}; it has: {}".format(name, ", ".join(self) or "nothing")
        )

    def __copy__(self) -> JobArgs:
        return type(self)(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> JobArgs:
        import copy

        return type(self)(copy.deepcopy(dict(self), memo))

    def __reduce__(self) -> tuple[Any, ...]:
        # Other processes cannot import this file, but they all have argparse.
        import argparse

        return argparse.Namespace, (), dict(self)


class _Refused(Exception):  # noqa: N818 - it is a finding about the user's script, told in words
    """The script cannot be called; the text says why."""


class _Script:
    """The user's file: set up, imported, called; what came of it is reported."""

    def __init__(self, request: dict[str, Any], report: int, *, attached: bool) -> None:
        self._request = request
        self._report = report
        self._attached = attached
        self._limits: dict[str, int] = request["limits"]
        self._spare = -1
        self._pid = os.getpid()
        self._report_place = _place(report)
        self._imported = False
        self._mask = masking(request["secrets"])

    def run(self) -> int:
        """Return the exit code of the process, after reporting what it stands for."""
        self._set_up()
        try:
            returned = self._call()
        except _Refused as refused:
            _say(str(refused))
            self._tell_error("start", str(refused))
            return 1
        except SystemExit as exit_:
            self._make_room()
            return self._exited(exit_.code)
        except BaseException as error:  # noqa: BLE001 - whatever the script raised is its outcome
            self._make_room()
            self._failed(error)
            return 1
        if returned is not None:
            self._tell(returned=_kept(returned, self._mask))
        return 0

    def _set_up(self) -> None:
        if not self._attached:
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            os.close(nothing)
            streams: tuple[Any, ...] = (sys.stdout, sys.stderr)
            for stream in streams:
                stream.reconfigure(
                    encoding="utf-8", errors="backslashreplace", line_buffering=True
                )
        import faulthandler

        faulthandler.enable(file=2)
        faulthandler.register(self._request["dump_signal"], file=2)
        sys.argv = [self._request["script"]]
        # Nothing may ever be written beside the user's sources.
        sys.dont_write_bytecode = True
        if self._limits:
            if "open_files" in self._limits:
                self._spare = os.open(os.devnull, os.O_RDONLY)
            _bound(self._limits, self._request["grace_s"])

    def _make_room(self) -> None:
        """Get what it takes to tell how the script ended, although it used up all it may."""
        if "memory_bytes" in self._limits:
            import resource

            hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
            resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
        if self._spare >= 0:
            try:
                os.close(self._spare)
            except OSError:  # the script closed all that it found
                return

    def _call(self) -> Any:
        request = self._request
        module = _import_script(request["script"], request["package_root"], request["module"])
        self._imported = True
        function = getattr(module, "main", None)
        if not callable(function):
            raise _Refused(
                "{} has no main: define main(input_paths, output_paths, environ_vars, "
                "job_args).".format(request["script"])
            )
        values = [*(request[name] for name in NAMES[:3]), JobArgs(request["job_args"])]
        positional, named = fit(function, values)
        returned = function(*positional, **named)
        if type(returned).__name__ == "coroutine":  # main is an `async def`
            returned = _standard("asyncio").run(returned)
        return returned

    def _exited(self, code: object) -> int:
        if code is None or (isinstance(code, int) and code == 0):
            if self._imported:
                return 0
            self._tell_error("exit", "called sys.exit() while it was imported; main did not run")
            return 1
        if isinstance(code, int):
            self._tell_error("exit", f"ended with exit code {int(code)}", exit_code=int(code))
            return int(code) & 0xFF or 1
        text = _words(code) or "ended with exit code 1"
        _say(text)
        self._tell_error("exit", text)
        return 1

    def _failed(self, error: BaseException) -> None:
        trace = error.__traceback__
        while trace is not None and _is_machinery(trace.tb_frame.f_code.co_filename):
            trace = trace.tb_next
        try:
            sys.excepthook(type(error), error.with_traceback(trace), trace)
        except BaseException as broken:  # noqa: BLE001 - a hook of the user's may raise anything
            _say(f"sys.excepthook failed: {_words(broken)}")
        name = type(error).__qualname__
        if type(error).__module__ != "builtins":
            name = f"{type(error).__module__}.{name}"
        words = _words(error)
        about_limit = self._about_limit(error, words)
        if about_limit:
            _say(f"runthrough: {about_limit}")
            words = f"{words}; {about_limit}" if words else about_limit
        self._tell_error("exception", words, type_=name, frames=_frames(error, trace))

    def _about_limit(self, error: BaseException, words: str) -> str:
        """Say which limit an exception comes of; nothing where it is of none."""
        import errno

        number = error.errno if isinstance(error, OSError) else None
        if "memory_bytes" in self._limits and (
            isinstance(error, MemoryError)
            # An interpreter that has no room left even for that.
            or (isinstance(error, SystemError) and "returned NULL without setting" in words)
            or number == errno.ENOMEM
            # Of libraries that do not fit in, and threads whose stacks do not.
            or "annot allocate memory" in words
            or "can't start new thread" in words
        ):
            size = size_words(self._limits["memory_bytes"])
            return f"the script may use {size} of memory; {MEMORY_ADVICE}"
        if "open_files" in self._limits and number == errno.EMFILE:
            most = self._limits["open_files"]
            return (
                f"the script may have {most} open files; raise limits.open_files, "
                "or let it close those it has done with"
            )
        return ""

    def _tell_error(
        self,
        kind: str,
        message: str,
        *,
        exit_code: int = 1,
        type_: str | None = None,
        frames: Iterable[tuple[str, int, str]] = (),
    ) -> None:
        mask = self._mask
        error = {
            "kind": kind,
            "message": mask(message),
            "type": type_ and mask(type_),
            "frames": [
                {
                    "file": mask(file),
                    "line": line,
                    "function": mask(function),
                    "source": _source(file, line, mask),
                }
                for file, line, function in frames
            ],
        }
        self._tell(error=error, exit_code=exit_code)

    def _tell(self, **parts: object) -> None:
        content = encode(parts).encode()
        if os.getpid() != self._pid:
            return  # the script forked, and this is the other one that comes back from `main`
        try:
            if _place(self._report) != self._report_place:
                # It closed all files. What it opened since under our number stays as it is.
                self._report = os.open(f"/proc/{os.getppid()}/fd/{self._report}", os.O_WRONLY)
            os.pwrite(self._report, content, 0)
        except OSError as error:
            _say(f"runthrough: the end of the script could not be told: {error}")


def _place(file: int) -> tuple[int, int] | None:
    """Tell which file a number stands for; nothing where it stands for none."""
    try:
        found = os.fstat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _say(text: str) -> None:
    """Write a line to the script's standard error, where the script left one."""
    try:
        sys.stderr.write(text + "\n")
    except Exception:  # noqa: BLE001 - closed, taken away, or an object of the user's
        return  # it was said for a reader of the log alone


def _import_script(script: str, package_root: str, module: str) -> ModuleType:
    """Import the user's file under its name, its parents as packages where it has any."""
    if not os.path.isfile(script):
        raise _Refused(f"The script {script} is not there.")
    folder = os.path.dirname(script)
    stem = os.path.splitext(os.path.basename(script))[0]
    places = {}
    inside = os.path.join(package_root, *module.split(".")) + ".py"
    if "." in module and os.path.abspath(inside) == os.path.abspath(script):
        parts = module.split(".")
        for depth in range(1, len(parts)):
            places[".".join(parts[:depth])] = os.path.join(package_root, *parts[:depth])
        _hide(parts[0])
        name = module
    else:
        name = _free_name(stem.replace(".", "_"))
    places[name] = script
    sys.path[:0] = [package_root] if folder == package_root else [package_root, folder]
    sys.meta_path.insert(0, _ScriptFinder(places))
    __import__(name)
    return sys.modules[name]


_hidden: dict[str, ModuleType] = {}
"""Standard modules that have the name of the user's package, for our own use."""


def _hide(package: str) -> None:
    """Make room for the user's package, which wins over a standard module of its name."""
    if _is_standard(package):
        _hidden[package] = __import__(package)
    sys.modules.pop(package, None)


def _standard(name: str) -> Any:
    return _hidden.get(name) or __import__(name)


def _free_name(stem: str) -> str:
    """Choose a name under which the script does not hide a module that others import.

    A standard module of that name is imported now: later, `sys.path` would yield the script.
    """
    if _is_standard(stem):
        __import__(stem)
    return f"{stem}_script" if stem in sys.modules else stem


def _is_standard(name: str) -> bool:
    if sys.version_info >= (3, 10):  # noqa: UP036 - scripts choose their interpreter
        if name not in sys.stdlib_module_names:
            return False
    else:
        library = os.path.join(os.path.dirname(os.__file__), name)
        if not os.path.isfile(library + ".py") and not os.path.isdir(library):
            return False
    return name in sys.modules or any(
        finder.find_spec(name, None) is not None for finder in sys.meta_path
    )


class _ScriptFinder:
    """Finds the script and its parent packages, and nothing else, whatever has their names."""

    def __init__(self, places: dict[str, str]) -> None:
        # What `importlib.machinery` gives too. Not imported by `find_spec`, which it would ask.
        from _frozen_importlib import ModuleSpec
        from _frozen_importlib_external import SourceFileLoader

        self._spec, self._loader = ModuleSpec, SourceFileLoader
        self._places = places

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the import protocol's
        target: ModuleType | None = None,  # noqa: ARG002 - the import protocol's
    ) -> ModuleSpec | None:
        """Tell where the script or one of its parents is; `None` for all other modules."""
        place = self._places.get(name)
        if place is None:
            return None
        is_package = os.path.isdir(place)
        source = os.path.join(place, "__init__.py") if is_package else place
        if is_package and not os.path.isfile(source):
            spec = self._spec(name, None, is_package=True)
        else:
            loader = self._loader(name, source)
            spec = self._spec(name, loader, origin=source, is_package=is_package)
            spec.has_location = True
        if is_package:
            spec.submodule_search_locations = [place]
        return spec


def fit(
    function: Callable[..., Any], values: Sequence[Any]
) -> tuple[Sequence[Any], dict[str, Any]]:
    """Fit the four values to the parameters: by known name, else by position.

    Optional parameters of other names keep their defaults, unless the function has at least
    four positions or asks for nothing: then the first four are ours.
    """
    positions, only_named, required, takes_rest, takes_names = _parameters(function)
    if takes_rest and not takes_names:
        return values, {}
    known = dict(zip(NAMES, values))  # noqa: B905 - `strict` came with 3.10
    fills_all = len(positions) >= len(NAMES) or not required
    positional: list[Any] = []
    named = {}
    for index, name in enumerate(positions):
        ours = name
        if name not in known and index < len(NAMES) and (name in required or fills_all):
            ours = NAMES[index] if NAMES[index] not in positions else name
        if ours not in known:
            continue  # its default, or the call raises a TypeError that names it
        if len(positional) == index:
            positional.append(known.pop(ours))
        else:
            named[name] = known.pop(ours)
    named.update({name: known[name] for name in known if takes_names or name in only_named})
    return positional, named


def _parameters(
    function: Callable[..., Any],
) -> tuple[Sequence[str], Sequence[str], set[str], bool, bool]:
    """Tell the names by position, those by keyword only, the required ones, `*`, and `**`."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    if type(function) is type(main):
        code = function.__code__
        count = code.co_argcount
        positions = code.co_varnames[:count]
        only_named = code.co_varnames[count : count + code.co_kwonlyargcount]
        required = set(positions[: count - len(function.__defaults__ or ())])
        return positions, only_named, required, code.co_flags & 4 != 0, code.co_flags & 8 != 0
    import inspect

    kinds = inspect.Parameter
    found = inspect.signature(function).parameters.values()
    positions = tuple(p.name for p in found if p.kind <= kinds.POSITIONAL_OR_KEYWORD)
    only_named = tuple(p.name for p in found if p.kind is kinds.KEYWORD_ONLY)
    required = {p.name for p in found if p.default is kinds.empty}.intersection(positions)
    takes = {p.kind for p in found}
    return (
        positions,
        only_named,
        required,
        kinds.VAR_POSITIONAL in takes,
        kinds.VAR_KEYWORD in takes,
    )


# How the end of the script is told


def _words(thing: object) -> str:
    """Text of whatever the user raised or passed, even where its `str` is broken."""
    try:
        return str(thing)
    except Exception as error:  # noqa: BLE001 - the user's class may raise anything
        return f"<{type(thing).__name__} whose text cannot be had: {type(error).__name__}>"


def _cut(text: str) -> str:
    """Make UTF-8 text of at most 64 KiB, telling where it was cut."""
    content = text.encode("utf-8", "backslashreplace")
    if len(content) > TEXT_LIMIT_BYTES:
        kept = content[: TEXT_LIMIT_BYTES - 100].decode("utf-8", "ignore")
        return f"{kept}… [cut: {len(content)} bytes in all]"
    return content.decode()


def _is_machinery(file: str) -> bool:
    return file == __file__ or file.startswith("<frozen importlib")


def _frames(error: BaseException, trace: TracebackType | None) -> list[tuple[str, int, str]]:
    """List file, line and function of the user's frames, innermost last."""
    found = []
    while trace is not None:
        code = trace.tb_frame.f_code
        if not _is_machinery(code.co_filename):
            found.append((code.co_filename, trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        found.append((error.filename, error.lineno, "<module>"))
    if len(found) > FRAMES_FIRST + FRAMES_LAST:
        found[FRAMES_FIRST:-FRAMES_LAST] = []
    return found


def _source(file: str, line: int, mask: Callable[[str], str]) -> list[str]:
    """Read the line and its two neighbours, masked; nothing where the file cannot be read."""
    around = []
    try:
        with open(file, encoding="utf-8", errors="replace") as source:
            for at, text in enumerate(source, 1):
                if at > line + 1:
                    break
                if at >= line - 1:
                    # The mask first: a cut leaves a piece of a secret, which it would not find.
                    around.append(mask(text.rstrip("\r\n"))[:SOURCE_LINE_LIMIT])
    except (OSError, ValueError):  # code that was never a file, such as `exec`
        return []
    return around


def _kept(value: object, mask: Callable[[str], str]) -> dict[str, Any]:
    """Keep what `main` returned where it is JSON of at most 64 KiB."""

    def masked(part: Any) -> Any:
        if isinstance(part, list):
            return [masked(one) for one in part]
        if isinstance(part, dict):
            return {mask(key): masked(one) for key, one in part.items()}
        text = part if isinstance(part, str) else str(part)
        safe = mask(text)
        return part if safe == text else safe

    try:
        content = _standard("json").dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except Exception as error:  # noqa: BLE001 - the user's classes may raise anything
        return {"reason": mask(f"it is not JSON: {_words(error)}")}
    if len(content) > TEXT_LIMIT_BYTES:
        return {"reason": f"its JSON has {len(content)} bytes; {TEXT_LIMIT_BYTES} are kept"}
    return {"value": masked(decode(content.decode())), "kept": True}


# Secrets


def masking(secrets: Iterable[str]) -> Callable[[str], str]:
    """Make the function that masks the secrets in a text, and cuts it."""
    forms = _forms(secrets)

    def mask(text: str) -> str:
        done, parts = 0, []
        for start, end in _spans(text, forms):
            parts += [text[done:start], MASK]
            done = end
        return _cut("".join([*parts, text[done:]]))

    return mask


def _forms(secrets: Iterable[str]) -> list[str]:
    """List what is masked: each secret, its lines, and these as programs write them.

    The mask is among them, so that a secret such as `mask` is not found within it.
    """
    forms = set()
    for secret in secrets:
        if _too_short(secret):
            continue
        forms |= _base64_forms(_bytes(secret))
        lines = {line.strip() for line in secret.splitlines()}
        lines = {line for line in lines if len(line) >= LINE_CHARACTERS}
        for text in {secret, secret.strip()} | lines:
            forms |= _written_forms(text)
    forms = {form for form in forms if len(form) >= SECRET_CHARACTERS}
    return sorted(forms | {MASK}) if forms else []


def _too_short(secret: str) -> bool:
    return len(secret.strip()) < SECRET_CHARACTERS


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")  # as an environment variable has it
    except UnicodeEncodeError:  # half of a pair, which no variable can hold
        return text.encode("utf-8", "backslashreplace")


def _written_forms(text: str) -> set[str]:
    """Give a text as it is, and as `repr`, JSON and URLs write it."""
    from _json import encode_basestring

    content = _bytes(text)
    forms = {text, encode(text)[1:-1], encode_basestring(text)[1:-1]}
    forms |= {repr(text)[1:-1], ascii(text)[1:-1], repr(content)[2:-1]}
    letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~"
    for kept in (letters, letters + b"/", letters + b"!'()*"):
        quoted = "".join(chr(byte) if byte in kept else f"%{byte:02X}" for byte in content)
        forms |= {quoted, quoted.replace("%20", "+")}
    return forms


def _base64_forms(content: bytes) -> set[str]:
    """Give content in base64, also where other bytes stand before it, as in `user:password`."""
    from binascii import b2a_base64

    forms = set()
    for before in range(3):
        text = b2a_base64(b"\0" * before + content, newline=False).decode()
        # The signs at either end also hold bits of what stands before and behind.
        first = (0, 2, 3)[before]
        last = (before + len(content)) * 8 // 6
        forms |= {text[first:], text[first:].rstrip("="), text[first:last]}
    return forms | {form.replace("+", "-").replace("/", "_") for form in forms}


def _spans(text: _Text, forms: Iterable[_Text], start: int = 0) -> list[tuple[int, int]]:
    """Find where the forms stand, in order; what overlaps is one span. `start` bytes are one."""
    found = [(0, start)] if start else []
    for form in forms:
        at = text.find(form)
        while at >= 0:
            found.append((at, at + len(form)))
            at = text.find(form, at + 1)
    spans: list[tuple[int, int]] = []
    for begin, end in sorted(found):
        if spans and begin < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((begin, end))
    return spans


class Masking:
    """Masks the secrets in bytes that come piece by piece, wherever the pieces end."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = _forms(secrets)
        self._forms = sorted(
            {form.encode("utf-8", "backslashreplace") for form in forms}
            | {_bytes(form) for form in forms}
        )
        self._held = b""
        self._masked = 0
        """Bytes at the beginning of what is held for which the mask is written already."""
        self.found = False

    def __bool__(self) -> bool:
        return bool(self._forms)

    def feed(self, content: bytes) -> bytes:
        """Take the next piece; return what can be told whatever comes behind it."""
        held = self._held + content
        return self._told(held, self._open(held))

    def end(self) -> bytes:
        """Return what was held back for a secret that did not come."""
        return self._told(self._held, len(self._held))

    def _open(self, held: bytes) -> int:
        """Tell from where on a secret may have begun whose end is still to come."""
        place = len(held)
        for form in self._forms:
            at = held.find(form[:1], max(0, len(held) - len(form) + 1), place)
            while at >= 0:
                if form.startswith(held[at:]):
                    place = at
                    break
                at = held.find(form[:1], at + 1, place)
        return place

    def _told(self, held: bytes, settled: int) -> bytes:
        if not settled:
            self._held = held
            return b""
        done, parts, covered = 0, [], 0
        for start, end in _spans(held, self._forms, self._masked):
            if start >= settled:
                break
            parts.append(held[done:start])
            if start or not self._masked:
                parts.append(MASK.encode())
                self.found = self.found or held[start:end] != MASK.encode()
            done = min(end, settled)
            covered = max(0, end - settled)
        self._held, self._masked = held[settled:], covered
        return b"".join([*parts, held[done:settled]])


class _MaskedLog:
    """The way of a script's output through the host to its log, without its secrets."""

    def __init__(self, log: int, masking: Masking) -> None:
        self._log, self._masking = log, masking
        self.end, self._script_end = os.pipe()

    def give(self) -> None:
        """Let this process, the script's, write here instead of to the log."""
        os.dup2(self._script_end, self._log)
        os.close(self._script_end)
        os.close(self.end)
        # The stream that Python made would seek, as in the file that was here.
        import io

        name = {1: "stdout", 2: "stderr"}[self._log]
        raw: Any = io.FileIO(self._log, "w", closefd=False)
        raw.name = f"<{name}>"
        stream: Any = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
        stream.mode = "w"
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)

    def take(self) -> None:
        """Let this process, the host, hear when nobody can write any more."""
        os.close(self._script_end)
        os.set_blocking(self.end, False)

    def pass_on(self) -> bool:
        """Write what was said to the log; return whether there may be more now."""
        try:
            said = os.read(self.end, BLOCK_BYTES)
        except BlockingIOError:
            return False
        self._write(self._masking.feed(said) if said else self._masking.end())
        if not said:
            self._close()
        return self.end >= 0

    def finish(self) -> None:
        """Write what is left; whoever writes later is not heard."""
        for _ in range(PIPE_BYTES // BLOCK_BYTES):
            if self.end < 0 or not self.pass_on():
                break
        if self.end >= 0:
            self._write(self._masking.end())
            self._close()

    def _write(self, content: bytes) -> None:
        try:
            while content:
                content = content[os.write(self._log, content) :]
        except OSError:  # no room: the script's next write fails, as it would have without us
            self._close()

    def _close(self) -> None:
        if self.end >= 0:
            os.close(self.end)
            self.end = -1


def _open_masked_logs(secrets: Sequence[str]) -> list[_MaskedLog]:
    if any(secret and _too_short(secret) for secret in secrets):
        told = f"runthrough: a secret of fewer than {SECRET_CHARACTERS} characters is not masked\n"
        os.write(2, told.encode())
    if not Masking(secrets):
        return []
    return [_MaskedLog(log, Masking(secrets)) for log in (1, 2)]


def settle_logs(folder: str, secrets: Iterable[str]) -> dict[str, Any]:
    """Mask the secrets in both logs; return the tails and sizes as the result has them."""
    told: dict[str, Any] = {}
    for file, stream in ((STDOUT, "stdout"), (STDERR, "stderr")):
        path = os.path.join(folder, file)
        size, tail = 0, b""
        # A script may remove its own folder, or put a pipe or a device there that has no end.
        if os.path.isfile(path):
            _mask_file(path, secrets)
            with open(path, "rb") as log:
                size = log.seek(0, 2)
                log.seek(max(0, size - LOG_TAIL_BYTES))
                tail = log.read(LOG_TAIL_BYTES)
        if size > LOG_TAIL_BYTES:
            while tail and tail[0] & 0xC0 == 0x80:  # noqa: PLR2004 - inside a UTF-8 character
                tail = tail[1:]
        told[stream + "_tail"] = tail.decode("utf-8", "replace")
        told[stream + "_bytes"] = size
    return told


def _mask_file(path: str, secrets: Iterable[str]) -> None:
    """Write the file anew without the secrets; logs may be larger than memory.

    It holds some where the interpreter said them before the script started, or where a script
    opened its own log.
    """
    masking = Masking(secrets)
    if not masking:
        return
    with open(path, "rb") as log, open(path + ".masked", "wb") as masked:
        while content := log.read(BLOCK_BYTES):
            masked.write(masking.feed(content))
        masked.write(masking.end())
    if masking.found:
        os.replace(path + ".masked", path)
    else:
        os.unlink(path + ".masked")


# The host


class _Supervisor:
    """Waits for the script, ends it when told or when its time is over, writes the result."""

    def __init__(
        self,
        request: dict[str, Any],
        pid: int,
        report: int,
        *,
        life: int,
        started: float,
        said: bytes,
        masked: Sequence[_MaskedLog],
    ) -> None:
        import _signal as signal
        import select

        self._select, self._signal = select.select, signal
        self._request, self._pid, self._started = request, pid, started
        self._report = report
        self._life = life
        self._limits: dict[str, int] = request["limits"]
        self._look_at = started + LOOK_S
        self._masked = masked
        self._may_adopt = False
        self._status = 0
        self._usage: Any = None
        self._ended = started
        self._tester_lives = True
        self._cancelled = b"cancel" in said
        self._uses_too_much = False
        self._wake, wake_up = os.pipe()
        os.set_blocking(wake_up, False)
        os.set_blocking(self._wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_up, warn_on_full_buffer=False)
        if life:  # the terminal is the script's, and may stop others that write to it
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)

    def run(self, *, may_adopt: bool) -> None:
        """See the script to its end, leave nothing of it behind, and write the result.

        Whoever may adopt becomes the parent of all that the script leaves behind.
        """
        self._may_adopt = may_adopt
        limit = self._request["timeout_s"]
        until = None if limit is None else self._started + limit
        outcome = None
        if not self._wait(until, or_other=True):
            if self._cancelled:
                outcome = "cancelled"
            else:
                outcome = "over_memory" if self._uses_too_much else "timed_out"
                self._dump_stacks()
            self._end_script()
        if self._usage is None:
            self._ended = time.monotonic()
        self._sweep(LEFT_OVER_S if outcome is None else 0)
        self._write(self._result(outcome))

    def _reap(self) -> bool:
        """Collect the children that ended; return whether there are others."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._pid:
                self._ended = time.monotonic()
                self._status, self._usage = status, usage

    def _wait(self, until: float | None, *, or_other: bool = False) -> bool:
        """Wait for the script's end, return whether it came; `until` is a monotonic time.

        Other reasons to end it are that it is cancelled and that it uses too much memory.
        """
        watches = or_other and "memory_bytes" in self._limits
        while True:
            self._reap()
            if self._usage is not None:
                return True
            left = None if until is None else until - time.monotonic()
            if (or_other and self._cancelled) or (left is not None and left <= 0):
                return False
            if watches:
                if self._look_at_memory():
                    return False
                left = LOOK_S if left is None else min(left, LOOK_S)
            self._listen(left)
            if not self._tester_lives:
                self._die()

    def _look_at_memory(self) -> bool:
        """Tell whether the script and all below it use more than they may, if it is time."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_S
            limit = self._limits["memory_bytes"]
            pids = _descendants()
            # What processes share is counted once by the slower way alone.
            self._uses_too_much = (
                sum(map(_resident_bytes, pids)) > limit and sum(map(_own_bytes, pids)) > limit
            )
        return self._uses_too_much

    def _listen(self, timeout_s: float | None) -> None:
        """Sleep until a child ends, tester or script speak, the tester dies, or time is over."""
        day = 86400.0  # select refuses very long times; whoever waits looks again
        heard = [self._wake, self._life] if self._tester_lives else [self._wake]
        logs = {log.end: log for log in self._masked if log.end >= 0}
        heard += logs
        ready = self._select(heard, [], [], day if timeout_s is None else min(timeout_s, day))[0]
        if self._wake in ready:
            os.read(self._wake, 4096)
        if self._life in ready:
            said = os.read(self._life, 4096)
            self._tester_lives = bool(said)
            self._cancelled = self._cancelled or b"cancel" in said
        for end in logs.keys() & set(ready):
            logs[end].pass_on()

    def _dump_stacks(self) -> None:
        """Let the script write its stacks to its log, and wait until it has."""
        before = os.fstat(2).st_size
        last = -1
        until = time.monotonic() + DUMP_S
        self._kill(self._pid, self._request["dump_signal"])
        while time.monotonic() < until and not self._wait(time.monotonic() + 0.02):
            size = os.fstat(2).st_size
            if size > before and size == last:
                return
            last = size

    def _end_script(self) -> None:
        self._kill_group(self._signal.SIGTERM)
        if not self._wait(time.monotonic() + self._request["grace_s"]):
            self._kill_group(self._signal.SIGKILL)
            self._wait(time.monotonic() + KILL_S)

    def _kill(self, pid: int, number: int) -> None:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            return  # it ended first, or became another user's, whose processes are not ours

    def _kill_group(self, number: int) -> None:
        try:
            os.killpg(self._pid, number)
        except (ProcessLookupError, PermissionError):
            # Not in a group of its own yet, or no longer. Its number is not free for others as
            # long as it was not reaped.
            if self._usage is None:
                self._kill(self._pid, number)

    def _sweep(self, patience_s: float) -> None:
        """End what the script left behind, after a moment to end by itself."""
        if not self._may_adopt:
            self._kill_group(self._signal.SIGKILL)
        begun = time.monotonic()
        killed = set()
        while self._reap() and time.monotonic() < begun + patience_s + KILL_S:
            if self._tester_lives and time.monotonic() < begun + patience_s:
                self._listen(begun + patience_s - time.monotonic())
                continue
            for pid in _descendants():
                self._kill(pid, self._signal.SIGKILL)
                killed.add(pid)
            # Killed parents hand their children over to us: look again soon.
            self._select([self._wake], [], [], 0.01)
            self._drain()
        for log in self._masked:
            log.finish()
        if killed and patience_s:
            told = f"\nrunthrough: ended {len(killed)} process(es) that the script left behind\n"
            os.write(2, told.encode())

    def _drain(self) -> None:
        try:
            os.read(self._wake, 4096)
        except BlockingIOError:
            return  # nothing ended since

    def _die(self) -> NoReturn:
        """End everything, since the tester died; the attempt has no result."""
        self._kill_group(self._signal.SIGKILL)
        self._sweep(0)
        settle_logs(self._request["folder"], self._request["secrets"])
        os._exit(TESTER_GONE)

    def _result(self, outcome: str | None) -> dict[str, Any]:
        told = self._told()
        usage = self._usage
        number = os.WTERMSIG(self._status) if os.WIFSIGNALED(self._status) else None
        code = os.WEXITSTATUS(self._status) if usage and number is None else None
        if code is not None:
            code = told.get("exit_code", code)  # as asked for: the system keeps eight bits of it
        outcome, error = self._judge(outcome, told, code, number)
        result = {
            "outcome": outcome,
            "duration_s": self._ended - self._started,
            "exit_code": code,
            "signal": number,
            "error": error,
            "returned": told.get("returned", {}) if outcome == "passed" else {},
        }
        if usage is not None:
            unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss: bytes or KiB
            result["peak_rss_bytes"] = usage.ru_maxrss * unit
            result["cpu_s"] = usage.ru_utime + usage.ru_stime
        result.update(settle_logs(self._request["folder"], self._request["secrets"]))
        return result

    def _judge(
        self, outcome: str | None, told: dict[str, Any], code: int | None, number: int | None
    ) -> tuple[str, dict[str, Any] | None]:
        """Say how it ended, and why in words; what we did to it goes before what it told."""
        if outcome == "cancelled":
            return outcome, None
        if outcome == "timed_out":
            limit = self._request["timeout_s"]
            return outcome, _error("timeout", f"did not end within {limit:g} s")
        if outcome == "over_memory":
            size = size_words(self._limits["memory_bytes"])
            words = f"used more than {size} of memory, together with all that it started"
            return "failed", _error("signal", f"{words}; {MEMORY_ADVICE}")
        if "error" in told:
            return "failed", told["error"]
        if number is not None:
            return "crashed", _error("signal", self._words_of(number))
        if code:
            return "failed", _error("exit", f"ended with exit code {code}")
        return "passed", None

    def _words_of(self, number: int) -> str:
        """Say by which signal it ended, and which limit that may come of."""
        cpu_s = self._limits.get("cpu_s")
        if cpu_s is not None:
            spent = self._usage.ru_utime + self._usage.ru_stime
            # Whoever does not end by the first of these is ended by the second.
            last = cpu_s + int(self._request["grace_s"]) + 0.5
            if number == self._signal.SIGXCPU or (number == self._signal.SIGKILL and spent > last):
                return (
                    f"used more than {cpu_s} s of processor time; raise limits.cpu_s, "
                    "or let it compute less"
                )
        words = f"ended by {signal_words(number)}"
        if "memory_bytes" in self._limits:
            words += f"; its limit of memory is {size_words(self._limits['memory_bytes'])}"
        return words

    def _told(self) -> dict[str, Any]:
        content = b""
        while True:
            chunk = os.pread(self._report, 1 << 20, len(content))
            if not chunk:
                break
            content += chunk
        told: dict[str, Any] = decode(content.decode()) if content else {}
        return told

    def _write(self, result: dict[str, Any]) -> None:
        path = os.path.join(self._request["folder"], RESULT)
        # Not synced: it outlives tester and host as it is. When the machine fails, the outputs
        # may be lost too, which nobody synced, and the script had better run again.
        with open(path + ".tmp", "wb") as file:
            file.write(encode(result).encode())
        os.replace(path + ".tmp", path)


def signal_words(number: int) -> str:
    """Name a signal and say what it means."""
    import signal

    try:
        name = signal.Signals(number).name
    except ValueError:  # a real-time signal
        name = f"signal {number}"
    words = (signal.strsignal(number) or "").lower()
    if number == signal.SIGKILL:
        words += "; often the system does that when memory runs out"
    return f"{name} ({words})"


def size_words(size_bytes: int) -> str:
    """Write a size as people do, where it is whole in one of their units."""
    for power, unit in ((3, "GiB"), (2, "MiB"), (1, "KiB")):
        if size_bytes % 1024**power == 0:
            return f"{size_bytes // 1024**power} {unit}"
    return f"{size_bytes} bytes"


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"kind": kind, "message": message, "type": None, "frames": []}


def _descendants() -> list[int]:
    """List the processes below this one, nearest first; none where there is no /proc."""
    children: dict[int, list[int]] = {}
    try:
        numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []
    for pid in numbers:
        try:
            with open(f"/proc/{pid}/stat", "rb") as stat:
                parent = int(stat.read().rpartition(b")")[2].split()[1])
        except (OSError, IndexError):
            continue  # it ended while we looked
        children.setdefault(parent, []).append(pid)
    found = [os.getpid()]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found[1:]


def _resident_bytes(pid: int) -> int:
    """Tell how much of a process is in memory; nothing of one that ended."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _own_bytes(pid: int) -> int:
    """Tell its share of what is in memory, where each page is shared out among its users."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as rollup:
            for line in rollup:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:  # it ended, became another user's, or the kernel cannot tell
        return _resident_bytes(pid)
    return 0
