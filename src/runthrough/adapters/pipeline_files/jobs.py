"""The job of a SageMaker step: what it runs, on what, with which arguments and variables."""

import posixpath
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from runthrough.adapters.pipeline_files.expressions import Expressions, Meaning
from runthrough.adapters.pipeline_files.located import Located
from runthrough.core.pipeline import name_problem
from runthrough.core.values.answer_texts import json_or_text

CODE_FOLDERS = frozenset({"/opt/ml/processing/input/code", "/opt/ml/processing/input/entrypoint"})
"""Where the SageMaker SDK puts a step's own code; no input of the script."""
CODE_CHANNELS = frozenset({"code", "sm_drivers"})
"""Channels in which the SDK brings a training step's own code."""
OWN_PARAMETERS = ("sagemaker_", "_tuning_objective_metric")
"""How the hyperparameters begin that the SDK adds for itself."""
OWN_VARIABLES = frozenset(
    {"SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY", "SAGEMAKER_CONTAINER_LOG_LEVEL"}
)
"""Variables that the SDK adds for itself."""
PROGRAM = "sagemaker_program"
"""The hyperparameter, or in capitals the variable, that names a training script."""

_OPTION = re.compile(r"--?[A-Za-z][\w.-]*(=.*)?", re.DOTALL)
_OUTPUT = re.compile(
    r"""ProcessingOutputConfig\.Outputs\[(?:'([^']+)'|"([^"]+)"|(\d+))\]\.S3Output\.S3Uri"""
)
ARTIFACTS = "ModelArtifacts.S3ModelArtifacts"


@dataclass(frozen=True, slots=True)
class Job:
    """What a Processing, Training or Tuning step says of its container."""

    script: str | None = None
    """File name of the script; `None` where the step names none."""
    brings_code: bool = False
    """Whether code is put into the container, so that a script runs there."""
    inputs: Mapping[str, Located] = field(default_factory=dict)
    """The URI of each input or channel."""
    outputs: Mapping[str, Located | None] = field(default_factory=dict)
    """The URI of each output; `None` for one that goes into no bucket."""
    environ_vars: Mapping[str, str] = field(default_factory=dict)
    job_args: Mapping[str, JsonValue] = field(default_factory=dict)

    def output_of(self, path: str) -> str | None:
        """The output that a property of the step stands for; `None` when it is no output."""
        found = _OUTPUT.fullmatch(path)
        if found is None:
            return None
        if found[3] is None:
            return found[1] or found[2]
        names = tuple(self.outputs)
        return names[int(found[3])] if int(found[3]) < len(names) else found[3]


def job_of(kind: str, arguments: Located, expressions: Expressions) -> Job | None:
    """The job of a step; `None` for kinds of steps that run no script of the user.

    Raises:
        PipelineFileError: A part of it has not the form that SageMaker writes.
    """
    if kind == "Processing":
        return _processing(arguments, expressions)
    if kind == "Training":
        return _training(arguments, expressions, "HyperParameters")
    if kind == "Tuning":
        one = arguments.maybe("TrainingJobDefinition")
        several = arguments.maybe("TrainingJobDefinitions")
        listed = [one] if one else several.sequence() if several else []
        if len(listed) == 1:  # several train different scripts, and a node runs one
            return _training(listed[0], expressions, "StaticHyperParameters")
    return None


def _processing(arguments: Located, expressions: Expressions) -> Job:
    script, rest = _command(arguments.maybe("AppSpecification"), expressions)
    inputs: dict[str, Located] = {}
    code = set(CODE_FOLDERS)
    if script is not None and script.startswith("/"):
        code.add(posixpath.dirname(script))
    brings_code = script is not None
    for said in _listed(arguments.maybe("ProcessingInputs")):
        name = _name(said.need("InputName"), inputs)
        uri, lies = said.maybe("S3Input", "S3Uri"), said.maybe("S3Input", "LocalPath")
        folder = expressions.meaning(lies).text if lies else ""
        if posixpath.normpath(folder or ".") in code:
            brings_code = True
        elif uri is not None:
            inputs[name] = uri
    outputs: dict[str, Located | None] = {}
    for said in _listed(arguments.maybe("ProcessingOutputConfig", "Outputs")):
        name = _name(said.need("OutputName"), outputs)
        outputs[name] = said.maybe("S3Output", "S3Uri")
    return Job(
        script=posixpath.basename(script) if script else None,
        brings_code=brings_code,
        inputs=inputs,
        outputs=outputs,
        environ_vars=_variables(arguments.maybe("Environment"), expressions),
        job_args=_options(rest),
    )


def _training(arguments: Located, expressions: Expressions, parameters: str) -> Job:
    script, rest = _command(arguments.maybe("AlgorithmSpecification"), expressions)
    variables = _variables(arguments.maybe("Environment"), expressions)
    given = _hyperparameters(arguments.maybe(parameters), expressions)
    program = given.get(PROGRAM, variables.get(PROGRAM.upper()))
    if isinstance(program, str) and program.endswith(".py"):
        script = program
    inputs: dict[str, Located] = {}
    brings_code = script is not None
    for said in _listed(arguments.maybe("InputDataConfig")):
        name = _name(said.need("ChannelName"), inputs)
        uri = said.maybe("DataSource", "S3DataSource", "S3Uri")
        if name in CODE_CHANNELS or name.startswith(OWN_PARAMETERS):
            brings_code = True
        elif uri is not None:
            inputs[name] = uri
    own = {n: value for n, value in given.items() if not n.startswith(OWN_PARAMETERS)}
    return Job(
        script=posixpath.basename(script) if script else None,
        brings_code=brings_code,
        inputs=inputs,
        environ_vars={n: v for n, v in variables.items() if n not in OWN_VARIABLES},
        job_args={**own, **_options(rest)},
    )


def _listed(said: Located | None) -> Sequence[Located]:
    return said.sequence() if said else ()


def _name(said: Located, taken: Container[str]) -> str:
    name = said.text()
    problem = name_problem(name, "the name of an input or output")
    if problem is not None:
        said.refuse(problem)
    if name in taken:
        said.refuse(f"{name!r} stands twice")
    return name


def _command(
    container: Located | None, expressions: Expressions
) -> tuple[str | None, Sequence[Meaning]]:
    """The script that a container runs, as it is named there, and the arguments it is given.

    An entry point of an interpreter alone is given the script as its first argument.
    """
    if container is None:
        return None, ()
    entry, given = (
        [expressions.meaning(one) for one in _listed(container.maybe(key))]
        for key in ("ContainerEntrypoint", "ContainerArguments")
    )
    words = [word.text for word in entry]
    lone = words and posixpath.basename(words[0]).startswith("python")
    lone = lone and all(word.startswith("-") for word in words[1:])
    for place, word in enumerate([*entry, *(given[:2] if lone else ())]):
        text = word.text
        after = [*entry, *given][place + 1 :]
        if text == "-m" and after and after[0].known:
            return f"{after[0].text.rpartition('.')[2]}.py", after[1:]
        if text.endswith(".py") and word.known:
            return text, after
    return None, given


def _options(words: Sequence[Meaning]) -> dict[str, JsonValue]:
    """`--key value`, `--key=value`, `--flag` as arguments; what only the cloud knows is left out.

    Words before the first option have no name, so they are left out too. Texts are numbers or
    true and false where JSON has such a word, as on our command line.
    """
    options: dict[str, JsonValue] = {}
    for name, values in _grouped(words):
        if not all(value.known for value in values):
            continue
        plain = [_typed(value.value) for value in values]
        options[name] = True if not plain else plain[0] if len(plain) == 1 else plain
    return options


def _grouped(words: Sequence[Meaning]) -> Iterator[tuple[str, list[Meaning]]]:
    name, values = "", list[Meaning]()
    for word in words:
        text = word.text
        if not _OPTION.fullmatch(text):
            values.append(word)
            continue
        if name:
            yield name, values
        key, glued, value = text.partition("=")
        name = key.lstrip("-").replace("-", "_")
        values = [Meaning((value,))] if glued else []
    if name:
        yield name, values


def _typed(value: JsonValue) -> JsonValue:
    if not isinstance(value, str):
        return value
    read = json_or_text(value)
    return read if isinstance(read, (bool, int, float)) else value


def _hyperparameters(said: Located | None, expressions: Expressions) -> dict[str, JsonValue]:
    """Known hyperparameters; the SDK writes each as JSON inside a text."""
    found: dict[str, JsonValue] = {}
    for name, one in (said.mapping() if said else {}).items():
        meaning = expressions.meaning(one)
        if meaning.known:
            value = meaning.value
            found[name] = json_or_text(value) if isinstance(value, str) else value
    return found


def _variables(said: Located | None, expressions: Expressions) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, one in (said.mapping() if said else {}).items():
        meaning = expressions.meaning(one)
        if not name or "=" in name or not name.isprintable():
            one.refuse("an environment variable's name must not be empty or contain `=`")
        if meaning.known:
            found[name] = meaning.text
    return found
