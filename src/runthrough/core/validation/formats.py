"""Rules about what lies at an input: a file or a folder, and of the format that is read there."""

import posixpath
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from runthrough.core.validation.proposal import Proposal
from runthrough.core.validation.words import told
from runthrough.core.values.facts import PathFacts
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.paths import record, shown, split
from runthrough.core.values.problems import Problem
from runthrough.core.values.requirements import Requirement

_TEXTS = frozenset({"csv", "json", "text"})
_TEXT_SUFFIXES = (
    ".csv .tsv .json .jsonl .ndjson .yaml .yml .toml .ini .cfg .txt .md .xml .html .sql .log"
)
_READABLE: Mapping[str, frozenset[str]] = {
    # Between texts nothing is judged: JSON lines look like a table, and so may prose.
    **dict.fromkeys(_TEXT_SUFFIXES.split(), _TEXTS),
    **dict.fromkeys((".parquet", ".pq"), frozenset({"parquet"})),
    **dict.fromkeys((".zip", ".npz", ".whl", ".jar"), frozenset({"zip"})),
    ".npy": frozenset({"npy"}),
    ".tgz": frozenset({"tar.gz"}),
    # Other things than archives are compressed too, and their content says no more than that.
    ".gz": frozenset({"tar.gz", "binary"}),
    # Old protocols are text, and libraries write archives or compressed bytes under these names.
    **dict.fromkeys((".pkl", ".pickle"), frozenset({"pickle", "text", "zip", "binary"})),
}
"""Formats that can be read under a suffix; a suffix that is not here promises nothing."""
_WORDS: Mapping[str, str] = {
    "binary": "binary content",
    "text": "plain text",
    "empty": "nothing",
    "folder": "a folder",
}
_MAY_BE_EMPTY = frozenset(_TEXT_SUFFIXES.split()) - {".csv", ".tsv", ".json"}
_NAMED_READ: Mapping[str, str] = {
    **dict.fromkeys((".csv", ".tsv"), "csv"),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), "json"),
    **dict.fromkeys((".txt", ".md", ".log"), "text"),
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".pkl", ".pickle"), "pickle"),
    **dict.fromkeys((".zip", ".npz"), "zip"),
    **dict.fromkeys((".tgz", ".tar.gz"), "tar.gz"),
    ".npy": "npy",
}
"""What a script reads, by the suffix that it names."""


def fits(suffix_: str, found: str) -> bool:
    """Whether a format can be read under a suffix; any can where the suffix promises nothing."""
    if found == "empty":
        return suffix_ not in _READABLE or suffix_ in _MAY_BE_EMPTY
    return suffix_ not in _READABLE or found in _READABLE[suffix_]


def belied(path: str, found: str) -> str | None:
    """Why a file cannot be what its name says, in words; `None` where it can."""
    named = suffix(path)
    return None if fits(named, found) else f"its name says {named}, and it holds {worded(found)}"


def worded(found: str) -> str:
    """A format for people."""
    return _WORDS.get(found, found)


def format_read(need: Requirement | None) -> str | None:
    """What an input is read as, told by the suffixes that its needs name; several in one text."""
    if need is None:
        return None
    names = need.files or filter(None, (need.container_path,))
    found = dict.fromkeys(_NAMED_READ[end] for name in names if (end := _end(name)) in _NAMED_READ)
    return ", ".join(sorted(found)) or None


def _end(name: str) -> str:
    return ".tar.gz" if name.lower().endswith(".tar.gz") else suffix(name)


def format_problems(
    proposal: Proposal, name: str, need: Requirement | None, seen: PathFacts
) -> Iterator[Problem]:
    """What is there against what the script reads.

    Certain, and so an error, is only this: the file's own name and the script say the same, and
    the content is something else. A script may look at what it got before it reads it.
    """
    if seen.kind == "folder":
        yield from _folder_problems(proposal, name, need, seen.path)
    elif seen.kind == "file" and need is not None and need.files:
        yield _file_for_folder(proposal, name, need, seen.path)
    elif seen.kind == "file" and seen.format is not None:
        yield from _content_problems(proposal, name, need, seen.path, seen.format)


def _content_problems(
    proposal: Proposal, name: str, need: Requirement | None, path: RecordedPath, found: str
) -> Iterator[Problem]:
    named, read = suffix(path), suffix(need.container_path or "") if need is not None else ""
    wrong = [s for s in (read, named) if s in _READABLE and found not in _READABLE[s]]
    if not wrong:
        return
    says = f"the script reads {read}" if wrong[0] == read else f"its name says {named}"
    yield proposal.problem(
        "INPUT_FORMAT",
        "input",
        name,
        f"Input file holds {worded(found)}, and {says}: {told(path)}",
        proposal.configure("input", name, "PATH"),
        severity="error" if wrong == [read, named] else "warning",
    )


def _folder_problems(
    proposal: Proposal, name: str, need: Requirement | None, path: RecordedPath
) -> Iterator[Problem]:
    """A folder at a place that is called like a file, by the script or by its own name."""
    read = suffix(need.container_path or "") if need is not None else ""
    if read not in _READABLE or (need is not None and need.files):
        return
    yield proposal.problem(
        "INPUT_FORMAT",
        "input",
        name,
        f"Input is a folder, and the script reads a {read} file: {told(path)}",
        proposal.configure("input", name, f"FILE{read}"),
        severity="warning",
    )


def _file_for_folder(
    proposal: Proposal, name: str, need: Requirement, path: RecordedPath
) -> Problem:
    root, relative = split(path)
    file = posixpath.basename(relative)
    fits = any(fnmatchcase(file, posixpath.basename(pattern)) for pattern in need.files)
    folder = shown(record(root, posixpath.dirname(relative))) if fits else "FOLDER"
    return proposal.problem(
        "INPUT_FORMAT",
        "input",
        name,
        f"Input is a file, and the script reads {', '.join(need.files)} in a folder: {told(path)}",
        proposal.configure("input", name, folder),
        severity="warning",
        candidates=(folder,) if fits else (),
    )


def suffix(path: str) -> str:
    """The suffix of a path in small letters, with its dot; empty where it has none."""
    return posixpath.splitext(path)[1].lower()
