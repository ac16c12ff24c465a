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

from runthrough.core.pipeline import name_problem
from runthrough.core.values.limits import SIZE_PATTERN, limits_of
from runthrough.core.values.secrets import UNNAMEABLE, looks_secret

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


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
    if not all(source.rpartition(".")[::2]):
        raise ValueError("a connection is written Node.output")
    return _unsecret(source)


def _size(size: object) -> int | None:
    return limits_of({"memory": size}).memory_bytes


def _subpath(subpath: str) -> str:
    return _allowed(subpath, subpath_problem(subpath))


NodeText = Annotated[str, AfterValidator(_node_name)]
PortText = Annotated[str, AfterValidator(_port_name)]
PathText = Annotated[str, Field(min_length=1), AfterValidator(_path)]
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
    """An input that another node's output feeds."""

    source: Annotated[str, AfterValidator(_source)] = Field(
        alias="from", description="Node.output; split at the last dot that follows a node's name."
    )
    subpath: Annotated[str, AfterValidator(_subpath)] | None = Field(
        default=None, description="A file or folder inside the output."
    )


class SecretShape(_Shape):
    """A value that is looked up by its name when the script starts."""

    secret: str = Field(min_length=1)


class PlainShape(_Shape):
    """A text that only looks like a secret."""

    plain: str


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

    memory: SizeValue | None = Field(default=None, description="Bytes, or a size such as 2GiB.")
    cpu_s: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="Processor seconds."
    )
    open_files: Annotated[int, Field(gt=0)] | None = Field(
        default=None, description="File descriptors of each process."
    )


class NodeShape(_Shape):
    """One node; all of it may be left out."""

    external: bool = Field(
        default=False, description="It stands for something outside and runs no script."
    )
    script: PathText | None = Field(
        default=None, description="Found by the node's name when it is left out."
    )
    inputs: dict[PortText, InputShape] | None = Field(
        default=None, description="For each input a path, or the output that feeds it."
    )
    outputs: dict[PortText, PathText] | None = Field(
        default=None, description="Paths of outputs; the others go to the attempt's own folder."
    )
    environ_vars: dict[VariableText, VariableShape] | None = Field(
        default=None, description="Texts, {secret: NAME} or {plain: TEXT}."
    )
    job_args: dict[PlainText, JsonValue] | None = Field(
        default=None, description="Any JSON values; {secret: NAME} and {plain: VALUE} as above."
    )
    timeout_s: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="Seconds until the script is ended."
    )
    limits: LimitsShape | None = Field(
        default=None, description="What the script and all that it starts may use."
    )
    python: PathText | None = Field(default=None, description="Its own interpreter.")

    @model_validator(mode="after")
    def _runs_or_stands_outside(self) -> "NodeShape":
        if self.external and self.script is not None:
            raise ValueError("an external node runs no script: leave `external` or `script` out")
        return self


class PipelineShape(_Shape):
    """A pipeline of scripts. Relative paths start at the folder of this file."""

    name: Annotated[PlainText, Field(min_length=1)] | None = Field(
        default=None, description="The file's name when it is left out."
    )
    scripts: list[PathText] | None = Field(
        default=None, description="Folders in which scripts are looked for; the first wins."
    )
    python: PathText | None = Field(
        default=None, description="Interpreter of the scripts: a path, or a command on PATH."
    )
    inherit_env: list[VariableText] | None = Field(
        default=None, description="Variables taken over beyond the small clean base."
    )
    registry: dict[NodeText, PathText] | None = Field(
        default=None, description="Node, or its name without job type, to script."
    )
    nodes: dict[NodeText, NodeShape | None] | None = Field(
        default=None, description="Nodes in their order; a node may have nothing to say."
    )
    edges: list[Annotated[list[NodeText], Field(min_length=2, max_length=2)]] | None = Field(
        default=None, description="[upstream, downstream]; nodes named only here are added."
    )


def pipeline_schema() -> dict[str, JsonValue]:
    """The JSON Schema of pipeline files, for editors and checks elsewhere."""
    schema = PipelineShape.model_json_schema()
    return {"$schema": SCHEMA_DIALECT, **schema, "title": "runthrough pipeline"}
