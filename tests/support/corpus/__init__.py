"""Labelled pipelines: what people who read the scripts know to be true of needs and wiring.

Three halves: `building` is looked at while rules are written, `reporting` only measures them, and
in `traps` something must stay open. Each pipeline is a folder with a pipeline file, plain scripts
that are read and never run, and `truth.yaml`, the labels. A wrong label costs hours, so labels
are checked strictly against the pipeline file and the texts of the scripts when they are loaded.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from runthrough import load_pipeline

CORPUS = Path(__file__).resolve().parent
TRUTH = "truth.yaml"

Half = Literal["building", "reporting", "traps"]
Kind = Literal["inputs", "outputs", "environ_vars", "job_args"]
Level = Literal["required", "fallback", "conditional", "optional"]

_KEYS = {"about", "connections", "outside", "open", "needs"}
_JOB_TYPE = re.compile(
    r"_(training|calibration|evaluation|validation|testing|inference|registration)$", re.IGNORECASE
)


class CorpusError(ValueError):
    """Labels that cannot be true: one line for each, all of a pipeline at once."""

    def __init__(self, file: Path, wrong: Iterable[str]) -> None:
        self.file = file
        self.wrong = tuple(wrong)
        super().__init__(f"{file}:" + "".join(f"\n  {line}" for line in self.wrong))


@dataclass(frozen=True, slots=True)
class LabelledPipeline:
    """A pipeline, and what is true of it."""

    name: str
    folder: Path
    about: str
    connections: Mapping[str, str]
    """`consumer.input` → `Producer.output`, with `/subpath` where the input is a folder below."""
    outside: tuple[str, ...]
    """Inputs that no upstream output feeds: nothing may be accepted for them."""
    open: Mapping[str, tuple[str, ...]]
    """Inputs where a person must choose: nothing may be accepted, each of these is a fair
    proposal, and where there is none none is."""
    needs: Mapping[str, Mapping[Kind, Mapping[str, Level]]]
    """Node → kind → name → level: what the code reads with a constant key for this node."""
    scripts: Mapping[str, Path]
    """Node → its script; two nodes may share one."""

    @property
    def file(self) -> Path:
        """The pipeline file."""
        return self.folder / "pipeline.yaml"


def pipelines(half: Half) -> tuple[LabelledPipeline, ...]:
    """All pipelines of a half, in the order of their names.

    Raises:
        CorpusError: A label contradicts its pipeline file or script.
    """
    return tuple(load(folder) for folder in sorted((CORPUS / half).iterdir()) if folder.is_dir())


@cache
def load(folder: Path) -> LabelledPipeline:
    """One labelled pipeline, its labels checked.

    Raises:
        CorpusError: A label contradicts the pipeline file or a script.
    """
    file = folder / TRUTH
    truth = yaml.safe_load(file.read_text(encoding="utf-8"))
    wrong = list(_misshapen(truth))
    if wrong:
        raise CorpusError(file, wrong)
    declared = _Declared(folder)
    labelled = LabelledPipeline(
        name=folder.name,
        folder=folder,
        about=truth["about"].strip(),
        connections=truth.get("connections") or {},
        outside=tuple(truth.get("outside") or ()),
        open={name: tuple(fair) for name, fair in (truth.get("open") or {}).items()},
        needs=truth["needs"],
        scripts={node: path for node in declared.scripted if (path := declared.script(node))},
    )
    wrong = [*_wrong_needs(labelled, declared), *_wrong_wiring(labelled, declared)]
    if wrong:
        raise CorpusError(file, wrong)
    return labelled


class _Declared:
    """What the pipeline file says, as plain names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        definition = load_pipeline(folder / "pipeline.yaml")
        self.dag = definition.dag
        self.nodes = definition.declaration.nodes
        self.files = [path for path in folder.rglob("*.py") if path.name != "__init__.py"]

    @property
    def scripted(self) -> list[str]:
        return [node for node in self.nodes if not self.nodes[node].external]

    def script(self, node: str) -> Path | None:
        """The script that the file names, else the one of the node's name without job type."""
        named = self.nodes[node].script
        if named is not None:
            path = self.folder / named.partition(":")[2]
            return path if path.is_file() else None
        for name in (node, _JOB_TYPE.sub("", node)):
            fitting = [path for path in self.files if _plain(path.stem) == _plain(name)]
            if len(fitting) == 1:
                return fitting[0]
        return None

    def connections(self) -> dict[str, str]:
        """The connections that the file declares, in the form of the labels."""
        return {
            f"{node}.{name}": f"{source.node}.{source.output}"
            + (f"/{source.subpath}" if source.subpath else "")
            for node, declaration in self.nodes.items()
            for name, source in declaration.inputs.items()
            if not isinstance(source, str)
        }


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _misshapen(truth: Any) -> Iterator[str]:
    if not isinstance(truth, dict):
        yield "is no mapping"
        return
    for key in truth.keys() - _KEYS:
        yield f"unknown key {key!r}; there are {', '.join(sorted(_KEYS))}"
    if not isinstance(truth.get("about"), str):
        yield "about: a text is missing"
    shapes = {"connections": dict, "outside": list, "open": dict, "needs": dict}
    for key, shape in shapes.items():
        if truth.get(key) is not None and not isinstance(truth[key], shape):
            yield f"{key}: must be a {shape.__name__}"
    opened = truth.get("open")
    for name, fair in opened.items() if isinstance(opened, dict) else ():
        if not isinstance(fair, list):
            yield f"open: {name}: must be a list, [] when nothing is a fair proposal"
    if not truth.get("needs"):
        yield "needs: nothing is there"


def _wrong_needs(labelled: LabelledPipeline, declared: _Declared) -> Iterator[str]:
    for node in labelled.needs.keys() - set(declared.scripted):
        yield f"needs: {node} is no node with a script in pipeline.yaml"
    for node in declared.scripted:
        script = labelled.scripts.get(node)
        if node not in labelled.needs:
            yield f"needs: {node} is missing"
        elif script is None:
            yield f"needs: {node} has no script"
        else:
            text = script.read_text(encoding="utf-8")
            for why in _wrong_kinds(labelled.needs[node], text):
                yield f"needs: {node}: {why} ({script.name})"


def _wrong_kinds(needs: Mapping[Kind, Mapping[str, Level]], text: str) -> Iterator[str]:
    for kind, named in needs.items():
        if kind not in get_args(Kind):
            yield f"unknown kind {kind!r}"
            continue
        for name, level in named.items():
            if level not in get_args(Level):
                yield f"{kind}.{name}: unknown level {level!r}"
            attribute = rf"\.{re.escape(name)}\b" if kind == "job_args" else "(?!)"
            if not re.search(rf"""["']{re.escape(name)}["']|{attribute}""", text):
                yield f"{kind}.{name}: not in the script"


def _wrong_wiring(labelled: LabelledPipeline, declared: _Declared) -> Iterator[str]:
    labels = [*labelled.connections, *labelled.outside, *labelled.open]
    inputs = {
        f"{node}.{name}"
        for node, kinds in labelled.needs.items()
        for name in kinds.get("inputs", ())
    }
    for name, times in Counter(labels).items():
        if times > 1:
            yield f"{name}: labelled {times} times"
        if name not in inputs:
            yield f"{name}: not among the needs of its node"
    for name in sorted(inputs.difference(labels)):
        yield f"{name}: neither connected nor outside nor open"
    for name, source in labelled.connections.items():
        yield from _wrong_source(name, source, labelled, declared)
    for name, fair in labelled.open.items():
        for source in fair:
            yield from _wrong_source(name, source, labelled, declared)
    for name, source in declared.connections().items():
        if labelled.connections.get(name) != source:
            yield f"{name}: pipeline.yaml declares {source}"


def _wrong_source(
    name: str, source: str, labelled: LabelledPipeline, declared: _Declared
) -> Iterator[str]:
    consumer = name.partition(".")[0]
    producer, _, rest = source.partition(".")
    output = rest.partition("/")[0]
    if consumer not in declared.nodes or producer not in declared.nodes:
        yield f"{name}: {source}: both must be nodes"
        return
    if producer not in declared.dag.get_dependencies(consumer):
        yield f"{name}: {producer} is no direct predecessor of {consumer}"
    there: Iterable[str] = declared.nodes[producer].outputs
    if not declared.nodes[producer].external:
        there = labelled.needs.get(producer, {}).get("outputs", {})
    if output not in there:
        yield f"{name}: {producer} has no output {output}"
