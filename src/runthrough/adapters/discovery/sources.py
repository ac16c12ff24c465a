"""A script's file read once, without running it: bytes, then a syntax tree or what is wrong."""

import ast
import hashlib
import os
import stat
import tokenize
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

from runthrough.adapters.discovery.collecting import CollectingLater
from runthrough.adapters.discovery.signatures import NO_MAIN, MainSignature, main_signature
from runthrough.adapters.discovery.survey import ImportedModule, Survey, survey
from runthrough.core.values.problems import ProblemCode

SIZE_LIMIT_BYTES = 5_000_000
"""No script written by people comes near; a tree takes some sixty times the memory of its text."""
KEPT_SIZE_BYTES = 256 * 1024
"""Larger sources are parsed anew each time, so that what is kept stays within bounds."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a file gives no syntax tree; `{path}` in the fix stands for its path."""

    code: ProblemCode
    reason: str
    fix: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class ScriptText:
    """What a file holds."""

    content: bytes
    fault: Fault | None = None
    sha: str = ""
    """SHA-256 of the content, hex."""


@dataclass(frozen=True, slots=True)
class ParsedScript:
    """What can be told from a script's content alone, wherever it lies."""

    digest: str
    fault: Fault | None = None
    imports: tuple[str, ...] = ()
    """Top-level names of the modules that are imported absolutely, sorted."""
    relative_level: int = 0
    """Most dots in front of a relative import."""
    modules: tuple[ImportedModule, ...] = ()
    main: MainSignature = NO_MAIN
    description: str = ""


@dataclass(frozen=True, slots=True)
class ParsedText:
    """A script's syntax tree, and what one walk over it tells."""

    tree: ast.Module
    survey: Survey


def read_script(path: str) -> ScriptText | None:
    """The content of the script at an absolute path; `None` when no regular file is there."""
    try:
        status = os.stat(path)  # noqa: PTH116 - one call a script, and nothing else of pathlib
        if not stat.S_ISREG(status.st_mode):
            return None
        with open(path, "rb") as file:  # noqa: PTH123 - as above
            content = file.read(SIZE_LIMIT_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        reason = error.strerror or str(error)
        return ScriptText(b"", Fault("SCRIPT_UNREADABLE", reason, "ls -l {path}"))
    if len(content) > SIZE_LIMIT_BYTES:
        reason = (
            f"it has {status.st_size:,} bytes, more than the {SIZE_LIMIT_BYTES:,} that are read"
        )
        fix = "move embedded data out of {path} into a file that it reads"
        return ScriptText(content, Fault("SCRIPT_UNREADABLE", reason, fix))
    return ScriptText(content, sha=_digest_of(content))


def parse_script(text: ScriptText) -> ParsedScript:
    """What can be told from a script's content, parsed or not."""
    if text.fault is not None:
        return ParsedScript(digest=_digest_of(text.content), fault=text.fault)
    try:
        parsed = parse_text(text.content)
    except FaultError as error:
        return ParsedScript(digest=text.sha, fault=error.fault)
    lines = (ast.get_docstring(parsed.tree) or "").splitlines()
    return ParsedScript(
        digest=parsed.survey.digest,
        imports=parsed.survey.imports,
        relative_level=parsed.survey.relative_level,
        modules=parsed.survey.modules,
        main=main_signature(parsed.tree),
        description=lines[0].strip() if lines else "",
    )


def parse_text(content: bytes) -> ParsedText:
    """The syntax tree of a script; equal content is parsed once as long as it is remembered.

    Raises:
        FaultError: It does not parse.
    """
    parse: Callable[[bytes], ParsedText] = _parse
    return parse(content) if len(content) <= KEPT_SIZE_BYTES else _parse_anew(content)


def _parse_anew(content: bytes) -> ParsedText:
    with CollectingLater():
        tree = syntax_tree(content)
        return ParsedText(tree, survey(tree))


KEPT_TREES = 32
"""A script with its local modules. A tree of 150 lines has ten thousand objects, some 0.3 MB, and
the garbage collector looks at each again and again: with 512 trees that takes a third of the time
of all reading. What trees tell is remembered elsewhere."""
_parse = lru_cache(maxsize=KEPT_TREES)(_parse_anew)


def forget() -> None:
    """Remember no tree any more."""
    _parse.cache_clear()


class FaultError(Exception):
    """A file gives no syntax tree; carries the fault."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.reason)


def decoded(content: bytes) -> str:
    """The text, by the rules of PEP 263.

    Raises:
        FaultError: It is none.
    """
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        fix = "tr -d '\\000' < {path} > fixed.py && mv fixed.py {path}"
        raise FaultError(Fault("SCRIPT_SYNTAX", "it holds a null byte", fix, line, 1))
    try:
        encoding, _ = tokenize.detect_encoding(BytesIO(content).readline)
        return content.decode(encoding)
    except (SyntaxError, UnicodeError, LookupError) as error:
        reason = f"it is no text in its encoding: {error}"
        fix = "iconv -f latin1 -t utf-8 {path} > fixed.py && mv fixed.py {path}"
        raise FaultError(Fault("SCRIPT_UNREADABLE", reason, fix)) from error


def syntax_tree(content: bytes) -> ast.Module:
    """The syntax tree of a module.

    Raises:
        FaultError: It does not parse.
    """
    text = decoded(content)
    try:
        with warnings.catch_warnings():
            # An odd escape in a user's string is not for our users' screens.
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        reason = str(error.msg)
        fault = Fault(
            "SCRIPT_SYNTAX", reason, "python -m py_compile {path}", error.lineno, error.offset
        )
        raise FaultError(fault) from error
    except (ValueError, RecursionError, MemoryError) as error:
        reason = f"it cannot be parsed: {error or type(error).__name__}"
        fault = Fault("SCRIPT_SYNTAX", reason, "python -m py_compile {path}")
        raise FaultError(fault) from error


def _digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
