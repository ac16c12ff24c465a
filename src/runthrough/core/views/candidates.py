"""What may answer a question: outputs above a node, files that lie near, values known."""

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from runthrough.core import names
from runthrough.core.planning import reachable
from runthrough.core.state import SessionState
from runthrough.core.validation.words import typed
from runthrough.core.values.answer_texts import SECRET, marked
from runthrough.core.values.connections import Output, ProposedConnection, Rejection
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.paths import record, shown, split
from runthrough.core.values.requirements import Requirement, RequirementKind
from runthrough.core.values.secrets import (
    holds_mask,
    looks_secret,
    named_like_a_secret,
    secret_name,
)
from runthrough.core.views.particulars import Particulars
from runthrough.core.wiring import weights
from runthrough.core.wiring.evidence import compare
from runthrough.core.wiring.files import meets, specific
from runthrough.core.wiring.roles import opposed_folder
from runthrough.core.wiring.words import side, similarity, strong_words

MOST_OUTPUTS = 5
MOST_FILES = 4
MOST_VALUES = 4
"""A list that fits a small terminal is read; for what lies beyond, people type."""
REASONS_TOLD = 2
FITS_FROM = 0.3
"""Score of a file below which nothing speaks for it: one word shared of four, or its suffix."""
NAME_WEIGHT, SUFFIX_WEIGHT, FILES_WEIGHT = 0.7, 0.3, 1.0
PARENT_WEIGHT = 0.8
"""A folder's name says less of a file than the file's own."""
ALIKE_FROM = 0.75
"""Similarity of letters below which two names are other names."""

DEFAULT = "the script's default"
"""Why a value may be left out: the script takes it by itself."""
Locate = Callable[[RecordedPath], str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing that may answer a question."""

    value: str
    """As it is given: a path, `@Node.output/sub`, a value as `--env` and `--arg` take it."""
    shown: str
    """The same for people."""
    reason: str
    score: float | None = None
    """How well it fits, higher is better; not comparable between kinds of candidates."""


@dataclass(frozen=True, slots=True)
class Nearby:
    """What was gathered for the questions about one node."""

    files: Sequence[RecordedPath] = ()
    """Files in the session's folders, not all of them."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of whoever is asked; a secret's value is never offered."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One node whose needs are asked about, and what is known around it."""

    node: NodeName
    state: SessionState
    particulars: Particulars
    facts: NodeFacts
    nearby: Nearby
    locate: Locate
    """Where a recorded path lies."""


# Outputs


def outputs_above(asking: Asking, need: Requirement) -> tuple[Candidate, ...]:
    """Outputs that could feed an input, what is proposed first, then by evidence.

    Of nodes beyond an edge only those that something speaks for; what was rejected is not
    offered again.
    """
    state, node = asking.state, asking.node
    proposal = state.proposals.get(node, {}).get(need.name)
    proposed = tuple(_proposed(proposal)) if proposal is not None else ()
    offered = {candidate.value for candidate in proposed}
    direct = state.predecessors.get(node, ())
    above = reachable({node}, state.predecessors) - {node}
    ranked: list[tuple[float, bool, Candidate]] = []
    for producer in state.nodes:
        if producer not in above:
            continue
        for offer in _offers(asking, producer):
            for candidate in _weighed(asking, need, producer, offer, direct=producer in direct):
                if candidate.value not in offered:
                    score = candidate.score or 0.0
                    ranked.append((-score, producer not in direct, candidate))
    ranked.sort(key=lambda row: row[:2])
    return (*proposed, *(candidate for *_, candidate in ranked))[:MOST_OUTPUTS]


def _proposed(proposal: ProposedConnection) -> Iterator[Candidate]:
    if not proposal.choices:
        yield _output(proposal.source, f"proposed: {proposal.reason}", proposal.score)
    for choice in proposal.choices:
        yield _output(choice, f"one of its sub-folders: {proposal.reason}", proposal.score)
    if proposal.runner_up is not None:
        yield _output(proposal.runner_up, "second best", None)


def _offers(asking: Asking, producer: NodeName) -> Iterator[Requirement]:
    there = asking.state.nodes[producer]
    if there.external:
        for name in there.external_outputs:
            yield Requirement(kind="output", name=name, level="required", sources=("pipeline",))
        return
    written = asking.particulars.written.get(producer, {})
    for need in asking.particulars.needs(producer).of("output"):
        if need.level != "unread":
            files = written.get(need.name)
            yield need.model_copy(update={"files": files}) if files else need


def _weighed(
    asking: Asking, need: Requirement, producer: NodeName, offer: Requirement, *, direct: bool
) -> Iterator[Candidate]:
    """An output, or each sub-folder that is meant, with what speaks for it and what against.

    None where it is not worth offering.
    """
    source = Output(producer, offer.name)
    if Rejection(need.name, source) in asking.state.rejected.get(asking.node, ()):
        return
    mine, theirs = side(need), side(offer)
    found = compare(mine, theirs)
    if found.own <= 0 and (found.contradicted or not direct):
        return
    reasons = found.reasons or ("the edge, and nothing else",)
    beyond = () if direct else (f"no edge from {producer} yet",)
    folders: tuple[str | None, ...] = found.choices or (found.subpath, *found.instead_of)
    for folder in folders:
        against = opposed_folder(mine.strong, theirs.strong, folder)
        doubts = ("but its name says the opposite",) if against else ()
        score = 0 if against else found.own
        told = "; ".join((*reasons, *doubts, *beyond))
        yield _output(Output(producer, offer.name, folder), told, score / weights.UNIT)


def _output(source: Output, reason: str, score: float | None) -> Candidate:
    return Candidate(f"@{source}", f"@{source}", reason, score)


# Files


def files_near(asking: Asking, need: Requirement) -> tuple[Candidate, ...]:
    """Files and folders that fit an input by their names, the best first."""
    kept = {there.script.path for there in asking.state.nodes.values() if there.script}
    kept.update(filter(None, (asking.state.pipeline.file, asking.facts.contract)))
    files = [
        path
        for path in asking.nearby.files
        if path not in kept and not path.endswith((".py", ".contract.yaml"))
    ]
    folders = _folders(files)
    ranked = [
        _found(path, *_folder_fit(need, path, below), folder=True)
        for path, below in folders.items()
    ]
    if not need.files:
        ranked += [_found(path, *_file_fit(need, path), folder=False) for path in files]
    fitting = [found for found in ranked if found[0] >= FITS_FROM]
    fitting.sort(key=lambda found: (-found[0], found[1]))
    return tuple(
        Candidate(asking.locate(path), f"{shown(path)}{'/' if folder else ''}", reason, score)
        for score, path, folder, reason in fitting[:MOST_FILES]
    )


def _found(
    path: RecordedPath, score: float, reason: str, *, folder: bool
) -> tuple[float, RecordedPath, bool, str]:
    return round(score, 3), path, folder, reason


def _folders(files: Iterable[RecordedPath]) -> dict[RecordedPath, list[str]]:
    """Every folder that holds a file, with the names of the files from there."""
    found: dict[RecordedPath, list[str]] = {}
    for path in files:
        root, relative = split(path)
        parts = relative.split("/")
        for depth in range(1, len(parts)):
            folder = record(root, "/".join(parts[:depth]))
            found.setdefault(folder, []).append("/".join(parts[depth:]))
    return found


def _folder_fit(need: Requirement, folder: RecordedPath, below: list[str]) -> tuple[float, str]:
    """How well a folder fits: by the files that the script reads in it, and by its name."""
    met = [name for name in need.files if any(meets(name, there) for there in below)]
    name = _name_fit(need, [posixpath.basename(split(folder)[1])])
    if need.files and not met:
        return 0.0, ""
    telling = [name for name in met if specific(name)]
    files = FILES_WEIGHT * len(telling or met) / len(need.files) if met else 0.0
    if met and not telling:
        files *= SUFFIX_WEIGHT  # `*.csv` lies in many folders
    reasons = [f"holds {', '.join(met[:2])}"] if met else []
    reasons += ["its name fits"] if name else []
    return files + NAME_WEIGHT * name, "; ".join(reasons)


def _file_fit(need: Requirement, path: RecordedPath) -> tuple[float, str]:
    """How well a file fits: by its name, and by the suffix where the script tells one."""
    relative = split(path)[1]
    stem, end = posixpath.splitext(posixpath.basename(relative))
    parent = posixpath.basename(posixpath.dirname(relative))
    name = max(_name_fit(need, [stem]), PARENT_WEIGHT * _name_fit(need, [parent]))
    wanted = posixpath.splitext(need.container_path or "")[1].lower()
    if wanted and end.lower() != wanted:
        return 0.0, ""
    reasons = ["its name fits"] if name else []
    reasons += [f"{wanted}, as the script reads"] if wanted else []
    return NAME_WEIGHT * name + (SUFFIX_WEIGHT if wanted else 0.0), "; ".join(reasons)


def _name_fit(need: Requirement, others: Iterable[str]) -> float:
    """How alike the names of an input and of what lies there are, 0 to 1."""
    best = 0.0
    for mine in (need.name, *need.aliases):
        for other in filter(None, others):
            if mine.casefold() == other.casefold():
                return 1.0
            alike = names.similarity(mine, other)
            words = similarity(strong_words(mine), strong_words(other)) / weights.UNIT
            best = max(best, words, alike if alike >= ALIKE_FROM else 0.0)
    return best


# Scripts


def scripts_near(asking: Asking) -> tuple[Candidate, ...]:
    """Scripts that a node may mean: what discovery suggests, then files of a similar name."""
    found = {
        candidate.path: (candidate.reason, candidate.score)
        for candidate in asking.facts.candidates
    }
    stems: dict[str, RecordedPath] = {}
    for path in asking.nearby.files:
        stem, end = posixpath.splitext(posixpath.basename(split(path)[1]))
        if end == ".py":
            stems.setdefault(stem, path)
    there = asking.state.nodes[asking.node]
    wanted = (names.snake(asking.node), *((there.script.name,) if there.script else ()))
    near = [one for name in wanted for one in names.ranked(name, stems, limit=MOST_FILES)]
    for stem, score in sorted(near, key=lambda one: -one[1]):
        found.setdefault(stems[stem], ("a similar name", score))
    return tuple(
        Candidate(asking.locate(path), shown(path), reason, score)
        for path, (reason, score) in found.items()
    )[:MOST_FILES]


# Values


def values_known(asking: Asking, need: Requirement) -> tuple[Candidate, ...]:
    """Values for a variable or an argument: the default, the environment's, other nodes'."""
    found: dict[str, dict[str, None]] = {}
    for value, reason in _values(asking, need):
        text = value_text(need.kind, value)
        if text is not None:
            found.setdefault(text, {})[reason] = None
    told = ((text, list(reasons)[:REASONS_TOLD]) for text, reasons in found.items())
    return tuple(Candidate(text, text, "; ".join(why)) for text, why in told)[:MOST_VALUES]


def _values(asking: Asking, need: Requirement) -> Iterator[tuple[JsonValue, str]]:
    if need.kind == "environ_var":
        yield from _inherited(asking.nearby.variables, need)
    if need.has_default:
        yield need.default, DEFAULT
    for node, there in asking.state.nodes.items():
        spec = there.spec or there.draft
        if node == asking.node or spec is None:
            continue
        given = spec.environ_vars if need.kind == "environ_var" else spec.job_args
        for name in (need.name, *need.aliases):
            if name in given:
                yield given[name], f"as in {node}"


def _inherited(variables: Mapping[str, str], need: Requirement) -> Iterator[tuple[JsonValue, str]]:
    """The value that a variable has already; of a secret its name alone."""
    for name in (need.name, *need.aliases):
        if name not in variables:
            continue
        if named_like_a_secret(name):
            yield {"secret": name}, "set in your environment; only its name is kept"
        else:
            yield variables[name], "set in your environment"


def value_text(kind: RequirementKind, value: JsonValue) -> str | None:
    """A value as `--env` and `--arg` take it; `None` for one that is not to be shown."""
    reference = secret_name(value)
    if reference is not None:
        return f"{SECRET}{reference}"
    if holds_mask(value) or value == "":
        return None
    if kind == "environ_var":
        text = value if isinstance(value, str) else typed(value)
        return None if looks_secret(text) else marked(text)
    text = typed(value)
    return None if looks_secret(text) else marked(text)
