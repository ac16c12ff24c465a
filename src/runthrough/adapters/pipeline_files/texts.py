"""The text of a pipeline's file, and the tree that is written in it."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from runthrough.adapters.pipeline_files.marked import Marked, read_marked
from runthrough.core.names import nearest
from runthrough.errors import PipelineFileError

MAX_BYTES = 64 * 1024 * 1024
"""Ten times a pipeline of 10,000 nodes; a device that never ends stops here too."""


def read_tree(path: str) -> Marked:
    """The one value that is written in a YAML or JSON file.

    Raises:
        PipelineFileError: The file cannot be read, holds nothing, or is no such text.
    """
    text = _text(path)
    if path.endswith(".json") and text.strip():
        _refuse_other_than_json(text, path)
    tree = read_marked(text, path)
    if tree is None or tree.value is None:
        raise PipelineFileError(
            path,
            "the file is empty",
            fix="declare nodes and edges: docs/reference/pipeline-file.md shows how",
        )
    return tree


def did_you_mean(asked: str, known: Iterable[str]) -> str | None:
    """The nearest of the known names as a question; `None` when none is near."""
    near = nearest(asked, known)
    return f"did you mean {' or '.join(repr(one) for one in near)}?" if near else None


def _is_pipe(path: str) -> bool:
    try:
        return Path(path).is_fifo()
    except OSError:  # opening it tells better what is wrong
        return False


def _text(path: str) -> str:
    if _is_pipe(path):  # one that nobody writes into would hold up a service for ever
        raise PipelineFileError(path, "this is a pipe", fix="name a file that holds a pipeline")
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        near = nearest(Path(path).name, _pipelines_beside(path))
        meant = [os.path.join(os.path.dirname(path), name) for name in near]  # noqa: PTH118, PTH120 - as it was typed
        told = f". Did you mean {' or '.join(map(repr, meant))}?" if meant else ""
        raise PipelineFileError(
            path,
            f"there is no such file{told}",
            fix="name a pipeline file that is there; runthrough new --from-folder DIR drafts one "
            "from a folder of scripts",
        ) from error
    except IsADirectoryError as error:
        raise PipelineFileError(
            path, "this is a folder", fix="name the pipeline file in it"
        ) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise PipelineFileError(
            path,
            f"the file cannot be read: {reason}",
            fix="let this user read it, or name another file"
            if isinstance(error, PermissionError)
            else "name another file",
        ) from error
    if len(content) > MAX_BYTES:
        raise PipelineFileError(
            path,
            f"the file is larger than {MAX_BYTES // (1024 * 1024)} MiB, which no pipeline is",
            fix="name a pipeline file; data belongs into files of its own",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        raise PipelineFileError(
            path,
            f"the file is not UTF-8: {error.reason}",
            line=before.count(b"\n") + 1,
            column=len(before[before.rfind(b"\n") + 1 :].decode("utf-8-sig")) + 1,
            fix="save it as UTF-8",
        ) from error


def _pipelines_beside(path: str) -> list[str]:
    """Names of the files in the same folder that may hold a pipeline."""
    suffixes = {".yaml", ".yml", ".json"}
    try:
        return sorted(one.name for one in Path(path).parent.iterdir() if one.suffix in suffixes)
    except OSError:  # no folder, or none that may be listed, has no names to offer
        return []


def _refuse_other_than_json(text: str, path: str) -> None:
    """YAML takes more than JSON, but editors and other readers of a `.json` file do not."""
    try:
        json.loads(text, parse_constant=_unread, parse_int=_unread, parse_float=_unread)
    except json.JSONDecodeError as error:
        raise PipelineFileError(
            path,
            f"this is not JSON: {error.msg}",
            line=error.lineno,
            column=error.colno,
            fix="mend it, or give the file the suffix .yaml if it is YAML",
        ) from None  # the parser's own error holds the whole text
    except RecursionError:
        return  # the next reader counts the depth, and says where it is too much


def _unread(_word: str) -> None:
    """Numbers are read, and refused, by the next reader, who knows their places."""
