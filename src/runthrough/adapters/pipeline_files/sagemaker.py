"""SageMaker pipeline definitions as pipelines of scripts (schema 2020-12-01)."""

import itertools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from runthrough.adapters.pipeline_files.entry_scripts import EntryScripts
from runthrough.adapters.pipeline_files.expressions import Expressions, Meaning, Reference
from runthrough.adapters.pipeline_files.jobs import ARTIFACTS, Job, job_of
from runthrough.adapters.pipeline_files.located import Located
from runthrough.adapters.pipeline_files.marked import Marked
from runthrough.adapters.pipeline_files.texts import did_you_mean
from runthrough.core.pipeline import PipelineDAG, PipelineDefinition, name_problem
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.paths import ABSOLUTE, PIPELINE, record
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
from runthrough.errors import PipelineCycleError

VERSION = "2020-12-01"
"""The one version of the format that there is."""
CONDITION = "Condition"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_EXPORT = (
    "aws sagemaker describe-pipeline --pipeline-name NAME --query PipelineDefinition "
    "--output text > definition.json"
)
"""The command that gives the definition itself."""


def is_sagemaker(tree: Marked) -> bool:
    """Whether a file is a SageMaker definition, and not a pipeline file of ours."""
    value = tree.value
    if not isinstance(value, dict) or "nodes" in value or "edges" in value:
        return False
    return "Steps" in value or "PipelineDefinition" in value


def sagemaker_pipeline(
    tree: Marked, shown: str, scripts: Sequence[str | os.PathLike[str]]
) -> PipelineDefinition:
    """The pipeline that a definition describes; `shown` is the file as the user wrote it.

    Raises:
        PipelineFileError: It is no such definition.
        PipelineCycleError: Its steps form a cycle.
    """
    top = Located(tree, shown)
    if not is_sagemaker(tree):
        top.refuse(
            "this is not a SageMaker pipeline definition: it has no Steps",
            "runthrough.load_pipeline(path) reads pipeline files",
        )
    if "PipelineDefinition" in top:
        top.refuse("this is the answer of describe-pipeline, which holds the definition", _EXPORT)
    version = top.maybe("Version")
    if version is not None and version.plain != VERSION:
        version.refuse(f"only version {VERSION} of the format can be read")
    file = os.path.normpath(Path(shown).absolute())
    folder = str(Path(file).parent)
    found = EntryScripts(folder, [os.fspath(place) for place in scripts])
    declaration = _Definition(top, found).declaration(Path(file))
    return PipelineDefinition(declaration, folder, file)


@dataclass(frozen=True, slots=True)
class _Step:
    """A step, and the condition in whose branches it stands."""

    name: str
    kind: str
    said: Located
    condition: str | None

    @property
    def own(self) -> tuple[Located, ...]:
        """The parts that speak of this step alone: the branches of a condition are left out."""
        parts = self.said.mapping()
        if self.kind == CONDITION:
            conditions = self.said.maybe("Arguments", "Conditions")
            return (conditions,) if conditions else ()
        return tuple(part for key, part in parts.items() if key not in {"Name", "Type"})


class _Definition:
    """One definition on its way to a declaration."""

    def __init__(self, top: Located, scripts: EntryScripts) -> None:
        self._scripts = scripts
        self._steps: dict[str, _Step] = {}
        self._collect(top.need("Steps"), None)
        if not self._steps:
            top.need("Steps").refuse("the pipeline has no steps")
        self._expressions = Expressions(_defaults(top.maybe("Parameters")), self._steps)
        self._jobs: dict[str, Job] = {}
        for name, step in self._steps.items():
            arguments = step.said.maybe("Arguments")
            job = job_of(step.kind, arguments, self._expressions) if arguments else None
            if job is not None:
                self._jobs[name] = job
        self._script_of = {name: self._script(name, job) for name, job in self._jobs.items()}
        self._scripted = frozenset(
            name
            for name, job in self._jobs.items()
            if job.brings_code or self._script_of[name] is not None
        )
        self._paths = {name: self._paths_of(job) for name, job in self._jobs.items()}
        self._edges: dict[tuple[str, str], Located] = {}

    def declaration(self, file: Path) -> PipelineDeclaration:
        """The steps as nodes, in their order.

        Raises:
            PipelineFileError: A step depends on what there is not.
            PipelineCycleError: The steps form a cycle.
        """
        for step in self._steps.values():
            self._link(step)
        dag = self._dag()
        written = self._written()
        nodes = {name: self._node(name, dag, written) for name in self._steps}
        return PipelineDeclaration(
            name=file.stem,
            file=record(PIPELINE, file.name),
            nodes=nodes,
            edges=(*self._edges, *_bridges(dag, self._scripted)),
        )

    def _collect(self, listed: Located, condition: str | None) -> None:
        for said in listed.sequence():
            name, kind = said.need("Name"), said.need("Type").text()
            problem = name_problem(name.text(), "the name of a step")
            if problem is not None:
                name.refuse(problem)
            if name.text() in self._steps:
                first = self._steps[name.text()].said.tree.mark.line
                name.refuse(
                    f"a second step is called {name.text()!r}; the first is on line {first}"
                )
            self._steps[name.text()] = _Step(name.text(), kind, said, condition)
            if kind == CONDITION:
                for branch in ("IfSteps", "ElseSteps"):
                    steps = said.maybe("Arguments", branch)
                    if steps is not None:
                        self._collect(steps, name.text())

    def _link(self, step: _Step) -> None:
        """Note what a step waits for, and where that is said."""
        for part in step.own:
            for reference, place in self._expressions.references(part):
                if reference.step != step.name:
                    self._edges.setdefault((reference.step, step.name), place)
        waits = step.said.maybe("DependsOn")
        for one in waits.sequence() if waits else ():
            if one.text() not in self._steps:
                one.refuse(
                    f"there is no step {one.text()!r}", did_you_mean(one.text(), self._steps)
                )
            self._edges.setdefault((one.text(), step.name), one)
        if step.condition is not None:
            self._edges.setdefault((step.condition, step.name), step.said.need("Name"))

    def _dag(self) -> PipelineDAG:
        try:
            return PipelineDAG(self._steps, self._edges)
        except PipelineCycleError as error:
            closing = max(
                (self._edges[edge] for edge in itertools.pairwise(error.cycle)),
                key=lambda said: said.tree.mark,
            )
            mark = closing.tree.mark
            place = f"{closing.file}:{mark.line}:{mark.column}"
            raise PipelineCycleError(error.cycle, place=place) from None

    def _written(self) -> dict[str, list[Output]]:
        """Who writes each URI that is spelled out, or that only the cloud knows in part."""
        written: dict[str, list[Output]] = {}
        for name in (name for name in self._jobs if name in self._scripted):
            for output, uri in self._jobs[name].outputs.items():
                if uri is not None:
                    text = self._expressions.meaning(uri).text.rstrip("/")
                    written.setdefault(text, []).append(Output(name, output))
        return written

    def _node(
        self, name: str, dag: PipelineDAG, written: Mapping[str, list[Output]]
    ) -> NodeDeclaration:
        outputs = self._paths.get(name, {})
        if name not in self._scripted:
            return NodeDeclaration(external=True, outputs=outputs)
        job = self._jobs[name]
        sources = {key: self._source(name, uri, dag, written) for key, uri in job.inputs.items()}
        return NodeDeclaration(
            script=self._script_of[name],
            inputs={key: source for key, source in sources.items() if source is not None},
            outputs=outputs,
            environ_vars=dict(job.environ_vars),
            job_args=dict(job.job_args),
        )

    def _source(
        self, name: str, uri: Located, dag: PipelineDAG, written: Mapping[str, list[Output]]
    ) -> RecordedPath | Output | None:
        """What feeds an input here; `None` where only the cloud has it."""
        meaning = self._expressions.meaning(uri)
        if meaning.source is not None:
            return self._output(uri, *meaning.source)
        path = _path(meaning)
        if path is not None or any(isinstance(part, Reference) for part in meaning.parts):
            return path
        for text in _upwards(meaning.text.rstrip("/")):
            writing = written.get(text, [])
            if len(writing) == 1 and writing[0].node in dag.upstream(name):
                subpath = meaning.text.rstrip("/")[len(text) + 1 :]
                return Output(writing[0].node, writing[0].output, subpath or None)
        return None

    def _output(self, uri: Located, reference: Reference, subpath: str | None) -> Output | None:
        job = self._jobs.get(reference.step)
        if job is None:
            return None
        output = job.output_of(reference.path)
        if output is None and reference.path == ARTIFACTS and reference.step in self._scripted:
            output = self._model(reference.step)
        elif output is not None and output not in job.outputs:
            near = did_you_mean(output, job.outputs)
            uri.refuse(f"the step {reference.step!r} has no output {output!r}", near)
        outside = reference.step not in self._scripted
        if output is None or (outside and output not in self._paths[reference.step]):
            return None
        return Output(reference.step, output, subpath)

    def _script(self, name: str, job: Job) -> RecordedPath | None:
        return self._scripts.named(job.script) if job.script else self._scripts.of_step(name)

    def _model(self, step: str) -> str | None:
        """The output in which a training script leaves its model, in the script's own words.

        SageMaker has no name for it. `model` stands for it until a script is there to be read;
        where a script is and leaves it open, wiring decides.
        """
        job, script = self._jobs[step], self._script_of[step]
        names = script and self._scripts.outputs(script, job.job_args, job.environ_vars)
        if names is None:
            return "model"
        telling = names if len(names) == 1 else [n for n in names if "model" in n.lower()]
        return telling[0] if len(telling) == 1 else None

    def _paths_of(self, job: Job) -> dict[str, RecordedPath]:
        """The outputs of a job that lie on this machine."""
        placed = {name: uri for name, uri in job.outputs.items() if uri is not None}
        paths = {name: _path(self._expressions.meaning(uri)) for name, uri in placed.items()}
        return {name: path for name, path in paths.items() if path is not None}


def _defaults(listed: Located | None) -> dict[str, JsonValue | None]:
    """Each parameter with its default; `None` for one without."""
    found: dict[str, JsonValue | None] = {}
    for said in listed.sequence() if listed else ():
        default = said.maybe("DefaultValue")
        found[said.need("Name").text()] = None if default is None else default.plain
    return found


def _path(meaning: Meaning) -> RecordedPath | None:
    """A path on this machine, such as a parameter's default may be; `None` for all else."""
    if not meaning.known or not isinstance(meaning.value, str):
        return None
    text = meaning.value.removeprefix("file://")
    usable = text.strip() and text.isprintable() and not text.startswith("~")
    if not usable or _SCHEME.match(text):
        return None
    return record(ABSOLUTE if text.startswith("/") else PIPELINE, text)


def _upwards(uri: str) -> Iterator[str]:
    """A URI and every folder above it, innermost first."""
    while uri and not uri.endswith("/"):
        yield uri
        uri = uri.rpartition("/")[0]


def _bridges(dag: PipelineDAG, scripted: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Edges from script to script past steps that run elsewhere, which keep no order here."""
    nearest: dict[str, dict[str, None]] = {}
    bridges: dict[tuple[str, str], None] = {}
    for node in dag.topological_sort():
        passed: dict[str, None] = {}
        for above in dag.get_dependencies(node):
            passed |= {} if above in scripted else nearest[above]
        if node in scripted:
            bridges |= {(source, node): None for source in passed}
        own = {above: None for above in dag.get_dependencies(node) if above in scripted}
        nearest[node] = {**own, **passed}
    there = set(dag.edges)
    return tuple(edge for edge in bridges if edge not in there)
