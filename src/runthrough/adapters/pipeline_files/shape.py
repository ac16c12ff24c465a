"""The shape of a pipeline file: the one source of its rules and of its published JSON Schema."""

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import WithDefaultSchema

from runthrough.core.pipeline import name_problem
from runthrough.core.values.limits import SIZE_PATTERN, limits_of
from runthrough.core.values.secrets import UNNAMEABLE, looks_secret

SCHEMA_DIALECT = "http://json-schema.org/draft-07/schema#"
"""The newest one that all editors understand whole; `$ref` has no neighbours in it."""
TITLE = "runthrough pipeline"
SCHEMA_KEY = "$schema"
"""Where a pipeline file in JSON, which has no comments, names its schema."""

_PATH_PATTERN = r"^(?!~(/|$))(?=.*\S)[^\x00-\x1f\x7f]*$"
"""What editors are told of `path_problem`; beyond it only rarer letters are refused."""
_SUBPATH_PATTERN = r"^(?!/)(?!(.*/)?\.\.(/|$))(?!~(/|$))(?=.*\S)[^\x00-\x1f\x7f]*$"
_SOURCE_PATTERN = r"[\s\S]\.[\s\S]"
"""A dot with something on either side."""


def _node_name(name: str) -> str:
    return _named(name, "a node's name")


def _port_name(name: str) -> str:
    return _named(name, "the name of an input or output")


def _named(name: str, what: str) -> str:
    return _unsecret(_allowed(name, name_problem(name, what)))


def _unsecret(name: str) -> str:
    """A name as it is: it stands in history as the key of something, and cannot be masked."""
    return _allowed(name, UNNAMEABLE if looks_secret(name) else None)


def path_problem(path: str) -> str | None:
    """Why that cannot stand for a path; `None` when it can."""
    if not path.strip() or not path.isprintable():
        return "a path must not be empty or contain control characters"
    if path == "~" or path.startswith("~/"):
        return "`~` is not expanded, because it differs between people: write the path"
    return None


def subpath_problem(subpath: str) -> str | None:
    """Why that cannot lead into an output; `None` when it can."""
    if subpath.startswith("/") or ".." in subpath.split("/"):
        return "a subpath must lead into the output"
    return path_problem(subpath)


def _path(path: str) -> str:
    return _allowed(path, path_problem(path))


def _allowed(text: str, problem: str | None) -> str:
    if problem is not None:
        raise ValueError(problem)
    return text


def _variable_name(name: str) -> str:
    if not name or "=" in name or not name.isprintable():
        raise ValueError("an environment variable's name must not be empty or contain `=`")
    return _unsecret(name)


def _source(source: str) -> str:
    if "." not in source[1:-1]:
        raise ValueError("a connection is written Node.output")
    return _unsecret(source)


def _size(size: object) -> int | None:
    return limits_of({"memory": size}).memory_bytes


def _subpath(subpath: str) -> str:
    return _allowed(subpath, subpath_problem(subpath))


NodeText = Annotated[str, AfterValidator(_node_name)]
PortText = Annotated[str, AfterValidator(_port_name)]
PathText = Annotated[
    str,
    Field(min_length=1, json_schema_extra={"pattern": _PATH_PATTERN}),
    AfterValidator(_path),
]
VariableText = Annotated[str, AfterValidator(_variable_name)]
PlainText = Annotated[str, AfterValidator(_unsecret)]
SizeValue = Annotated[
    int,
    BeforeValidator(_size),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "exclusiveMinimum": 0},
                {"type": "string", "pattern": SIZE_PATTERN},
            ]
        }
    ),
]


class _Shape(BaseModel):
    """A mapping that refuses keys it does not know and never turns one type into another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class ConnectionShape(_Shape):
    """An input that another node's output feeds; it implies the edge."""

    model_config = ConfigDict(title="connection")

    source: Annotated[str, AfterValidator(_source)] = Field(
        alias="from",
        description="Node.output; split at the last dot that follows a node's name.",
        examples=["Clean.cleaned"],
        json_schema_extra={"pattern": _SOURCE_PATTERN},
    )
    subpath: (
        Annotated[
            str,
            Field(json_schema_extra={"pattern": _SUBPATH_PATTERN}),
            AfterValidator(_subpath),
        ]
        | None
    ) = Field(
        default=None,
        description="A file or folder inside the output; the whole output when left out.",
        examples=["train"],
    )


class SecretShape(_Shape):
    """A value that is looked up by its name when the script starts."""

    model_config = ConfigDict(title="secret")

    secret: str = Field(
        min_length=1,
        description="Its name: a variable of the tester's environment, or a name in its keyring.",
        examples=["WAREHOUSE_TOKEN"],
    )


class PlainShape(_Shape):
    """A text that only looks like a secret."""

    model_config = ConfigDict(title="plain text")

    plain: str = Field(description="The text as it is; it is recorded and shown.")


def _input_kind(value: object) -> Literal["path", "connection"]:
    return "connection" if isinstance(value, (dict, ConnectionShape)) else "path"


def _variable_kind(value: object) -> Literal["text", "secret", "plain"]:
    if isinstance(value, (dict, SecretShape, PlainShape)):
        return "plain" if isinstance(value, PlainShape) or "plain" in value else "secret"
    return "text"


InputShape = Annotated[
    Annotated[PathText, Tag("path")] | Annotated[ConnectionShape, Tag("connection")],
    Discriminator(_input_kind),
]
VariableShape = Annotated[
    Annotated[str, Tag("text")]
    | Annotated[SecretShape, Tag("secret")]
    | Annotated[PlainShape, Tag("plain")],
    Discriminator(_variable_kind),
]


class LimitsShape(_Shape):
    """What a script may use at most; what is left out is not bounded."""

    model_config = ConfigDict(title="limits")

    memory: SizeValue | None = Field(
        default=None,
        description="Memory of the script and all that it starts: bytes, or a size such as 2GiB.",
        examples=["2GiB", "500MB"],
    )
    cpu_s: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="Processor seconds.", examples=[600]
    )
    open_files: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="File descriptors of each process.", examples=[256]
    )


class NodeShape(_Shape):
    """One node; all of it may be left out."""

    model_config = ConfigDict(
        title="node",
        json_schema_extra={
            "not": {
                "required": ["external", "script"],
                "properties": {"external": {"const": True}, "script": {"type": "string"}},
            }
        },
    )

    external: bool = Field(
        default=False,
        description="The node stands for something outside: it runs no script, and its outputs "
        "are paths that are there.",
    )
    script: PathText | None = Field(
        default=None,
        description="The script, relative to this file; found by the node's name when left out.",
        examples=["scripts/train_model.py"],
    )
    inputs: dict[PortText, InputShape] | None = Field(
        default=None,
        description="For each input a path, or the output that feeds it: {from: Node.output}.",
        examples=[{"data": {"from": "Clean.cleaned", "subpath": "train"}}],
    )
    outputs: dict[PortText, PathText] | None = Field(
        default=None,
        description="Paths of outputs; the others go to the attempt's own folder.",
        examples=[{"DATA": "data/raw"}],
    )
    environ_vars: dict[VariableText, VariableShape] | None = Field(
        default=None,
        description="Environment variables: texts (numbers in quotes), {secret: NAME} or "
        "{plain: TEXT}.",
        examples=[{"LABEL": "churned", "TOKEN": {"secret": "WAREHOUSE_TOKEN"}}],
    )
    job_args: dict[PlainText, JsonValue] | None = Field(
        default=None,
        description="Arguments: any JSON values, {secret: NAME} or {plain: VALUE}.",
        examples=[{"job_type": "training", "max_depth": 4}],
    )
    timeout_s: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="Seconds until the script is ended; unbounded when left out.",
        examples=[600],
    )
    limits: LimitsShape | None = Field(
        default=None, description="What the script and all that it starts may use."
    )
    python: PathText | None = Field(
        default=None,
        description="The node's own interpreter: a path, or a command on PATH, which has no "
        "slash.",
        examples=["../envs/train/bin/python"],
    )

    @model_validator(mode="after")
    def _runs_or_stands_outside(self) -> "NodeShape":
        if self.external and self.script is not None:
            raise ValueError("an external node runs no script: leave `external` or `script` out")
        return self


class PipelineShape(_Shape):
    """A pipeline of scripts. Relative paths start at the folder of this file."""

    model_config = ConfigDict(
        title=TITLE,
        json_schema_extra={
            "anyOf": [
                {
                    "required": ["nodes"],
                    "properties": {"nodes": {"type": "object", "minProperties": 1}},
                },
                {"required": ["edges"], "properties": {"edges": {"type": "array", "minItems": 1}}},
            ]
        },
    )

    editor_schema: str | None = Field(
        alias=SCHEMA_KEY,
        default=None,
        description="Where this schema lies, for editors; runthrough does not look at it.",
        examples=["./runthrough.schema.json"],
    )
    name: Annotated[PlainText, Field(min_length=1)] | None = Field(
        default=None,
        description="The pipeline's name; the file's name without its suffix when left out.",
        examples=["churn"],
    )
    scripts: list[PathText] | None = Field(
        default=None,
        description="Folders in which scripts are looked for, relative to this file; the first "
        "wins.",
        examples=[["scripts"]],
    )
    python: PathText | None = Field(
        default=None,
        description="Interpreter of the scripts: a path, or a command on PATH, which has no "
        "slash; runthrough's own when left out.",
        examples=["../envs/train/bin/python"],
    )
    inherit_env: list[VariableText] | None = Field(
        default=None,
        description="Environment variables that scripts take over beyond the small clean base.",
        examples=[["CUDA_VISIBLE_DEVICES"]],
    )
    registry: dict[NodeText, PathText] | None = Field(
        default=None,
        description="Node, or its name without job type, to script.",
        examples=[{"Clean": "scripts/cleaning.py"}],
    )
    nodes: dict[NodeText, NodeShape | None] | None = Field(
        default=None,
        description="Nodes in their order; a node may have nothing to say: {}.",
        examples=[{"Clean": {}, "Train": {"script": "scripts/train_model.py"}}],
    )
    edges: list[Annotated[list[NodeText], Field(min_length=2, max_length=2)]] | None = Field(
        default=None,
        description="Pairs [upstream, downstream]; nodes named only here are added. A declared "
        "connection implies its edge.",
        examples=[[["Clean", "Train"]]],
    )


class _EditorSchema(GenerateJsonSchema):
    """Leaves out what editors would show or insert though it says nothing."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - pydantic's
        """Never: it only repeats the key."""
        return False

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        """Without a default that is null, which stands for a key that is left out."""
        if schema.get("default") is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def pipeline_schema() -> dict[str, JsonValue]:
    """The JSON Schema of pipeline files, for editors and checks elsewhere."""
    schema = PipelineShape.model_json_schema(
        ref_template="#/definitions/{model}", schema_generator=_EditorSchema
    )
    definitions = schema.pop("$defs")
    return {SCHEMA_KEY: SCHEMA_DIALECT, "title": TITLE, **schema, "definitions": definitions}
