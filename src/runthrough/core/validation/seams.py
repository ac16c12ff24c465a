"""Whether what a producer really wrote is what its consumer reads (DESIGN § 8, seams)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from types import MappingProxyType

from runthrough.core.validation.formats import fits, format_read, suffix, worded
from runthrough.core.validation.words import command, on_one_line, word
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import ContentFacts
from runthrough.core.values.ids import NodeName
from runthrough.core.values.outcomes import FILES_NAMED, SeamResult
from runthrough.core.values.problems import Place, Problem, ProblemCode, Severity
from runthrough.core.values.requirements import Requirement

NOTHING_SEEN = ContentFacts()
NO_PARTS: Mapping[str, ContentFacts] = MappingProxyType({})
LOOKED_INTO = 20
"""Files of one folder that are looked into; a consumer that names more is not slowed down."""
NAMES_TOLD = 5
_TABLES = frozenset({".csv", ".tsv", ".parquet", ".pq", ".json", ".jsonl"})


def looked_into(need: Requirement | None, content: ContentFacts) -> tuple[str, ...]:
    """Names of the files in a folder that a consumer reads, to be looked at one by one."""
    if need is None or content.format != "folder":
        return ()
    return need.named_files[:LOOKED_INTO]


def tables_in(need: Requirement | None, content: ContentFacts) -> tuple[str, ...]:
    """Names of the files in a folder that are worth a look: those that are read, and tables."""
    named = looked_into(need, content)
    tables = (file for file in content.files if suffix(file) in _TABLES)
    return tuple(dict.fromkeys((*named, *tables)))[:LOOKED_INTO]


def judged(
    source: Output,
    node: NodeName,
    input_name: str,
    *,
    absent: str | None,
    content: ContentFacts = NOTHING_SEEN,
    need: Requirement | None = None,
    parts: Mapping[str, ContentFacts] = NO_PARTS,
) -> SeamResult:
    """The result for one connection, from what lies where its producer wrote.

    Args:
        source: What is handed over.
        node: The consumer.
        input_name: Its input.
        absent: Why what is handed over is not there, in words; `None` when it is.
        content: What is there.
        need: What is known of how the consumer reads it.
        parts: Of a folder the files that `looked_into` names, each as it was found.
    """
    seam = _Seam(source, node, input_name, content, need, parts)
    issues = (seam.not_there(absent),) if absent is not None else tuple(seam.issues())
    read = [part for part in parts.values() if part.format is not None]
    shown = read[0] if len(read) == 1 else content
    unchecked = [f"{name}: {part.unchecked}" for name, part in parts.items() if part.unchecked]
    return SeamResult(
        compatible=not any(issue.severity == "error" for issue in issues),
        issues=issues,
        format_written=content.format,
        format_read=format_read(need),
        rows=shown.rows,
        columns=shown.columns,
        unchecked=content.unchecked or "; ".join(unchecked) or None,
    )


@dataclass(frozen=True, slots=True)
class _Seam:
    """One connection, and what was found there."""

    source: Output
    node: NodeName
    input: str
    content: ContentFacts
    need: Requirement | None
    parts: Mapping[str, ContentFacts]

    def not_there(self, why: str) -> Problem:
        return self._issue("OUTPUT_NOT_WRITTEN", why, self._written_or_given("write it"))

    def issues(self) -> Iterator[Problem]:
        if self.content.fault is not None:
            again = self._written_or_given("write it whole")
            yield self._issue("SEAM_UNREADABLE", self.content.fault, again)
        elif self.content.format == "folder":
            yield from self._of_folder()
        elif self.content.format is not None:
            yield from self._of_file(self.content.format)

    def _of_folder(self) -> Iterator[Problem]:
        for name, part in self.parts.items():
            if part.fault is not None:
                again = self._written_or_given(f"write {word(name)} whole")
                yield self._issue("SEAM_UNREADABLE", f"{name}: {part.fault}", again)
        missing = [name for name, part in self.parts.items() if part.format is None]
        if missing:
            yield self._missing(missing)
        elif not self.parts and self.need is not None:
            yield from self._of_patterns(self.need)

    def _missing(self, missing: list[str]) -> Problem:
        """Files that the consumer names; which of them it can do without nobody can see."""
        required = self.need is not None and self.need.required
        none_there = len(missing) == len(self.parts) and not self._fits_a_pattern()
        below = self._below(missing)
        return self._issue(
            "SEAM_FILES_MISSING",
            f"the folder has no {_list(missing)}; it holds {_list(self.content.files)}",
            below[0] if below else self._written_or_given(f"write {word(missing[0])}"),
            "error" if none_there and required else "warning",
            candidates=below,
        )

    def _below(self, missing: Iterable[str]) -> tuple[str, ...]:
        """Connections to the sub-folders that hold all that is missing."""
        folders = [
            {file[: -len(name) - 1] for file in self.content.files if file.endswith(f"/{name}")}
            for name in missing
        ]
        inner = sorted(set.intersection(*folders))
        return tuple(
            self._connect("/".join(filter(None, (self.source.subpath, f)))) for f in inner
        )

    def _of_patterns(self, need: Requirement) -> Iterator[Problem]:
        if not need.files:
            read = suffix(need.container_path or "")
            if not fits(read, "folder"):
                told = f"it is a folder, and {self.node} reads a {read} file"
                yield self._issue("SEAM_FORMAT", told, self._connect("FILE"), "warning")
        elif need.file_patterns and not self._fits_a_pattern():
            told = f"nothing in the folder fits {_list(need.file_patterns)}"
            told += f"; it holds {_list(self.content.files)}"
            fix = self._written_or_given("write it")
            yield self._issue("SEAM_FILES_MISSING", told, fix, "warning")

    def _fits_a_pattern(self) -> bool:
        """Whether something there is read by a pattern; of very many files nobody knows."""
        patterns = () if self.need is None else self.need.file_patterns
        if patterns and len(self.content.files) >= FILES_NAMED:
            return True
        return any(_matches(file, p) for p in patterns for file in self.content.files)

    def _of_file(self, found: str) -> Iterator[Problem]:
        if self.need is None:
            return
        read = suffix(self.need.container_path or "")
        if self.need.files:
            told = f"it is a file, and {self.node} reads {_list(self.need.files)} in a folder"
            yield self._issue("SEAM_FORMAT", told, self._connect(None), "warning")
        elif not fits(read, found):
            told = f"it holds {worded(found)}, and {self.node} reads {read}"
            yield self._issue("SEAM_FORMAT", told, self._connect(None), "warning")

    def _issue(
        self,
        code: ProblemCode,
        why: str,
        fix: str,
        severity: Severity = "error",
        candidates: tuple[str, ...] = (),
    ) -> Problem:
        return Problem(
            code=code,
            severity=severity,
            where=Place(node=self.node, kind="input", name=self.input),
            message=on_one_line(f"{self.source} is to feed {self.input}: {why}"),
            fix=fix,
            candidates=candidates,
        )

    def _written_or_given(self, write: str) -> str:
        given = command("configure", self.node, options=f"--input {word(self.input)}=PATH")
        return f"make {self.source.node} {write}, or {given}"

    def _connect(self, subpath: str | None) -> str:
        """The command for another part of the output, or with `None` for another output."""
        target = f"{self.node}.{self.input}"
        if subpath is None:
            return command("connect", "NODE.OUTPUT", target)
        return command("connect", str(replace(self.source, subpath=subpath)), target)


def _matches(file: str, pattern: str) -> bool:
    """Whether a file fits a pattern, in doubt yes: `*` also stands for folders here."""
    plain = pattern.removeprefix("./")
    return fnmatchcase(file, plain) or fnmatchcase(file, plain.replace("**/", ""))


def _list(names: Iterable[str]) -> str:
    told = list(names)
    more = f" and {len(told) - NAMES_TOLD} more" if len(told) > NAMES_TOLD else ""
    return ", ".join(told[:NAMES_TOLD]) + more
