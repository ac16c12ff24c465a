"""What a person may look at first, when a script failed on what it was given.

Each rule compares the words of the failure with facts; a rule that knows nothing says nothing.
Secrets are masked in the words before they come here, and no value that was given is repeated.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from runthrough.core.names import nearest
from runthrough.core.sagemaker import is_sagemaker_variable
from runthrough.core.validation.circumstances import Circumstances, contents
from runthrough.core.validation.formats import worded
from runthrough.core.validation.words import command, on_one_line, word
from runthrough.core.values.outcomes import ScriptError

MOST = 3
"""Hints told; a longer list is not read."""
CHARACTERS = 2_000
"""Of a hint; names of columns and files are long at times."""
NAMES_TOLD = 8
INPUTS_TOLD = 2
SIGKILL = 9
MIB, GIB = 1024**2, 1024**3
MUCH_MEMORY = GIB // 4
"""Bytes; a process that held less was not ended for its memory."""
CONTAINER = "/opt/ml"
STARTER = "/subprocess.py"

_RAISED = re.compile(
    r"^(?:[\w.]+\.)?(\w+(?:Error|Exception|Exit)|BadZipFile)(?:: (.*))?$", re.MULTILINE
)
_KEY = re.compile(r"'([^']+)'|\"([^\"\[\]]+)\"")
_DTYPE = re.compile(r"dtype='\w+'")
_ATTRIBUTE = re.compile(r"'DataFrame' object has no attribute '([^']+)'")
_NO_ARGUMENT = re.compile(r"job_args has no '([^']+)'")
_NO_MODULE = re.compile(r"No module named '([^'.]+)")
_PATH = re.compile(
    r"(No such file or directory|Not a directory|Is a directory|Permission denied): "
    r"(?:b?'([^']+)'|b?\"([^\"]+)\")"
)
_OF_TIME = "of processor time"
_HOLDERS = ("environ_vars", "input_paths", "output_paths", "job_args", "environ")
_UNDERLINE = re.compile(r"^[\s~^]*$")
_TEXT_READERS = frozenset({"UnicodeDecodeError", "ParserError", "EmptyDataError", "Error"})
_READERS = _TEXT_READERS | {
    "JSONDecodeError",
    "UnpicklingError",
    "BadZipFile",
    "ReadError",
    "BadGzipFile",
    "ArrowInvalid",
}
_TEXTS = frozenset({"csv", "json", "text", None})


def hints(error: ScriptError, around: Circumstances) -> tuple[str, ...]:
    """At most three sentences on what a person may look at first; often none."""
    told = _told(error, around)
    found = (_cut(on_one_line(hint)) for rule in _RULES for hint in rule(told, around))
    return tuple(dict.fromkeys(found))[:MOST]


def _cut(hint: str) -> str:
    """A hint at a length that an event keeps; a script may have named anything."""
    return hint if len(hint) <= CHARACTERS else f"{hint[: CHARACTERS - 1]}…"


@dataclass(frozen=True, slots=True)
class _Told:
    """What a failure says."""

    kind: str
    type: str
    """Class of the exception, without its module; empty where there was none."""
    text: str
    line: str
    """The line of source in which it happened, as far as it is known."""
    starting: bool = False
    """Whether it happened where Python starts another program."""


def _told(error: ScriptError, around: Circumstances) -> _Told:
    """The words of the error; a script that caught it and left has them in its log."""
    if error.kind == "exit":
        return _logged(error, around.stderr_tail)
    type_ = (error.type or "").rpartition(".")[2]
    starting = any(frame.file.endswith(STARTER) for frame in error.frames)
    return _Told(error.kind, type_, error.message, _own_line(error), starting)


def _own_line(error: ScriptError) -> str:
    """The innermost line that stands in no library's file."""
    for frame in error.own_frames[-1:]:
        place = frame.line - max(1, frame.line - 1)
        return frame.source[place] if place < len(frame.source) else ""
    return ""


def _logged(error: ScriptError, log: str) -> _Told:
    raised = list(_RAISED.finditer(log))
    if not raised:
        return _Told(error.kind, "", f"{error.message}\n{log}", "")
    last = raised[-1]
    above = log[: last.start()].splitlines()
    sources = [row for row in above if row.startswith("    ") and not _UNDERLINE.match(row)]
    starting = f'{STARTER}", line' in "\n".join(above)
    return _Told(error.kind, last[1], last[2] or "", sources[-1] if sources else "", starting)


# Names


def _missing_name(told: _Told, around: Circumstances) -> Iterator[str]:
    """A key that one of the four parameters of `main` does not have."""
    argument = _NO_ARGUMENT.search(told.text)
    keys = _keys(told.text)[:1] if told.type == "KeyError" else []
    if not around.sagemaker and any(map(is_sagemaker_variable, keys)):
        run = command("run", around.node, options="--sagemaker")
        yield f"{keys[0]} is set by a run that is told to: {run}"
    elif told.type == "AttributeError" and argument:
        yield _name_hint(around, "job_args", argument[1])
    elif told.type == "KeyError" and (holder := _holder(told)):
        yield from (_name_hint(around, holder, key) for key in keys)


def _holder(told: _Told) -> str | None:
    """The parameter that was asked for the missing key in that line, if any was."""
    for key in _keys(told.text)[:1]:
        quoted = rf"[rbuf]?['\"]{re.escape(key)}['\"]"
        # A key that does not stand in the line is in a variable.
        asked = quoted if re.search(quoted, told.line) else r"\w"
        for name in _HOLDERS:
            if re.search(rf"\b{name}\[\s*{asked}", told.line):
                return name
    return None


def _name_hint(around: Circumstances, holder: str, name: str) -> str:
    known, flag, value = {
        "job_args": (around.job_args, "arg", "VALUE"),
        "input_paths": (tuple(around.inputs), "input", "PATH"),
        "output_paths": (tuple(around.outputs), "output", "PATH"),
    }.get(holder, (around.environ_vars, "env", "VALUE"))
    near = nearest(name, known, limit=1)
    given = command("configure", around.node, options=f"--{flag} {word(name)}={value}")
    meant = f"did you mean {near[0]!r}? Else " if near else ""
    return f"{holder} has no {name}: {meant}{given}"


# Columns


def _missing_column(told: _Told, around: Circumstances) -> Iterator[str]:
    """A column that no input has, with those that it has, nearest first."""
    attribute = _ATTRIBUTE.search(told.text)
    if told.type == "KeyError" and not _holder(told):
        wanted = _keys(told.text)
    elif told.type == "ValueError" and "Usecols do not match" in told.text:
        wanted = _keys(told.text.rpartition(":")[2])
    elif told.type == "AttributeError" and attribute:
        wanted = [attribute[1]]
    else:
        return
    found = [
        (-len(near), f"{label} has: {_list([*near, *rest])}{_meant(near)}")
        for label, columns in _tables(around)
        if wanted and not set(wanted) & set(columns)
        for near in (nearest(wanted[0], columns, limit=1),)
        for rest in ([name for name in columns if name and name not in near],)
    ]
    yield from (hint for _, hint in sorted(found, key=lambda pair: pair[0])[:INPUTS_TOLD])


def _meant(near: tuple[str, ...]) -> str:
    return f"; did you mean {near[0]!r}?" if near else ""


def _keys(text: str) -> list[str]:
    return [a or b for a, b in _KEY.findall(_DTYPE.sub("", text))]


def _tables(around: Circumstances) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The columns of each table; of several with the same ones the first."""
    told = set[tuple[str, ...]]()
    for label, content in contents(around):
        if content.columns and content.columns not in told:
            told.add(content.columns)
            yield label, content.columns


# Paths


def _wrong_path(told: _Told, around: Circumstances) -> Iterator[str]:
    """A path that the system refused: in which input or output it lies, and what is there."""
    for why, single, double in _PATH.findall(told.text)[-1:]:
        path = posixpath.normpath(single or double)
        if told.starting and "/" not in path:
            yield f"there is no program {path} on PATH: install it, or start it by its whole path"
            return
        if not path.startswith("/"):
            work = f"{around.folder}/work"
            yield f"a relative path is looked for in {work}; give the file as an input instead"
            return
        name = _in(path, {name: taken.path for name, taken in around.inputs.items()})
        out = _in(path, around.outputs)
        if name is not None:
            yield from _input_hints(why, path, name, around)
        elif out is not None:
            yield from _output_hints(why, path, out, around)
        elif path == CONTAINER or path.startswith(f"{CONTAINER}/"):
            shows = command("requirements", around.node)
            yield f"{CONTAINER} is there only in a container; what the script asks for: {shows}"


def _in(path: str, places: Mapping[str, str]) -> str | None:
    """The innermost place that holds a path."""
    holding = [
        name for name, place in places.items() if path == place or path.startswith(f"{place}/")
    ]
    return max(holding, key=lambda name: len(places[name]), default=None)


def _input_hints(why: str, path: str, name: str, around: Circumstances) -> Iterator[str]:
    taken = around.inputs[name]
    rest = path[len(taken.path) + 1 :]
    of = f" of {taken.source.node}" if taken.source else ""
    place = f"{name} is {taken.path}{of}"
    if why == "Permission denied":
        yield f"{place}; it may not be opened so: scripts read inputs, and write to output_paths"
    elif taken.content.format is None:
        yield f"{place}; nothing is there"
    elif taken.content.format != "folder":
        yield f"{place}; it is a file, and holds {worded(taken.content.format)}"
    else:
        yield f"{place}; it holds {_tops(taken.content.files)}{_instead(rest, name, around)}"


def _instead(rest: str, name: str, around: Circumstances) -> str:
    """What may have been meant by a file that is not in a folder."""
    taken = around.inputs[name]
    files = taken.content.files
    if not rest:
        return ""
    below = sorted(file[: -len(rest) - 1] for file in files if file.endswith(f"/{rest}"))
    if len(below) == 1:
        return f"; is the sub-folder meant? {_sub_folder(below[0], name, around)}"
    near = nearest(rest, files, limit=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; {taken.source.node} is to write {rest} there" if taken.source else ""


def _sub_folder(folder: str, name: str, around: Circumstances) -> str:
    taken = around.inputs[name]
    if taken.source is None:
        given = f"--input {word(name)}={word(f'{taken.path}/{folder}')}"
        return command("configure", around.node, options=given)
    return command("connect", f"{taken.source}/{folder}", f"{around.node}.{name}")


def _output_hints(why: str, path: str, name: str, around: Circumstances) -> Iterator[str]:
    if why == "No such file or directory":
        folder = posixpath.dirname(path) if path != around.outputs[name] else path
        yield (
            f"{folder} is in the output {name}, whose folders the script makes itself: "
            "os.makedirs(…, exist_ok=True)"
        )
    elif why == "Permission denied":
        options = f"--output {word(name)}=PATH"
        given = command("configure", around.node, options=options)
        yield f"the output {name} may not be written there: {given}"


def _tops(files: Iterable[str]) -> str:
    """What a folder holds at its first level, folders with a slash."""
    tops = dict.fromkeys(
        f"{top}/" if slash else top for top, slash, _ in (f.partition("/") for f in files)
    )
    return _list(list(tops)) if tops else "no file"


# Contents


def _wrong_content(told: _Told, around: Circumstances) -> Iterator[str]:
    """An input that cannot be what the script read it as."""
    if told.type not in _READERS:
        return
    for label, content in contents(around):
        if content.fault is not None:
            yield f"{label}: {content.fault}"
        elif told.type in _TEXT_READERS and content.format not in _TEXTS | {"folder", "empty"}:
            yield f"{label} holds {worded(content.format or '')}"
        elif told.type == "UnpicklingError" and content.format in {"csv", "json", "text"}:
            yield f"{label} holds {worded(content.format)}"


# Surroundings


def _module(told: _Told, around: Circumstances) -> Iterator[str]:
    missing = _NO_MODULE.search(told.text)
    if told.type not in {"ModuleNotFoundError", "ImportError"} or missing is None:
        return
    where = around.python or "the interpreter that runs runthrough"
    version = f" (Python {around.version})" if around.version else ""
    yield (
        f"{missing[1]} is not there for {where}{version}: install it there, or name another "
        f"interpreter as python: of {around.node} in the pipeline file"
    )


def _time(told: _Told, around: Circumstances) -> Iterator[str]:
    if told.kind == "timeout" and around.timeout_s is not None:
        more = command("configure", around.node, options=f"--timeout {around.timeout_s * 2:.12g}")
        yield f"its limit was {around.timeout_s:.12g} s; where it needs more: {more}"


def _memory(told: _Told, around: Circumstances) -> Iterator[str]:
    """Out of memory: by a limit of ours, or by the machine's end."""
    limit, peak = around.limits.memory_bytes, around.peak_rss_bytes
    ran_out = told.type == "MemoryError" or (limit is not None and "of memory" in told.text)
    killed = around.signal == SIGKILL and told.kind != "timeout" and _OF_TIME not in told.text
    if not (ran_out or killed):
        return
    held = f"at its peak it held {_size(peak)}; " if peak else ""
    if limit is not None and ran_out:
        more = _more(around, f"memory={-(-2 * limit // MIB)}MiB")
        yield f"its memory limit was {_size(limit)}; {held}where it needs more: {more}"
    elif limit is None and (ran_out or peak is None or peak >= MUCH_MEMORY):
        alone = command("run", around.node, options="--jobs 1")
        yield f"{held}where memory is short, run it alone ({alone}) or on less data"


def _limits(told: _Told, around: Circumstances) -> Iterator[str]:
    """Limits of ours on processor time and open files."""
    cpu_s, files = around.limits.cpu_s, around.limits.open_files
    if cpu_s is not None and _OF_TIME in told.text:
        yield f"its limit was {cpu_s} s of processor time: {_more(around, f'cpu_s={cpu_s * 2}')}"
    if files is not None and "open files" in told.text:
        yield f"its limit was {files} open files: {_more(around, f'open_files={files * 2}')}"


def _size(size_bytes: int) -> str:
    if size_bytes < GIB:
        return f"{-(-size_bytes // MIB)} MiB"
    return f"{size_bytes / GIB:.2f} GiB"


def _more(around: Circumstances, limit: str) -> str:
    return command("configure", around.node, options=f"--limit {limit}")


def _disk(told: _Told, around: Circumstances) -> Iterator[str]:
    if "No space left on device" in told.text or "Disk quota exceeded" in told.text:
        yield f"the disk is full: df -h {word(around.folder)}"


_RULES: tuple[Callable[[_Told, Circumstances], Iterator[str]], ...] = (
    _time,
    _memory,
    _limits,
    _disk,
    _module,
    _missing_name,
    _missing_column,
    _wrong_path,
    _wrong_content,
)


def _list(names: list[str]) -> str:
    more = f" and {len(names) - NAMES_TOLD} more" if len(names) > NAMES_TOLD else ""
    return ", ".join(names[:NAMES_TOLD]) + more
