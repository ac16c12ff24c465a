"""What a Python caller gives, checked and made plain before a command exists."""

import argparse
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from runthrough.application.answers import Answers
from runthrough.core.names import nearest
from runthrough.core.pipeline import PipelineDAG, PipelineDefinition
from runthrough.core.values.connections import Output
from runthrough.core.values.secrets import Secret
from runthrough.errors import (
    CommandInvalidError,
    ConfigurationInvalidError,
    PipelineError,
    SettingError,
    UnknownKeywordError,
)

Folder = str | os.PathLike[str]
Source = str | os.PathLike[str] | Output
"""Where an input comes from: a path, an output, or text such as `@Node.output/sub`."""
Values = Mapping[str, Any]
_T = TypeVar("_T")


class _FoundingWorkspace(str):
    """The default workspace; its own type, so that giving the same text is told from it."""

    __slots__ = ()


FOUNDING_WORKSPACE = _FoundingWorkspace("test/integration/runtime")
"""Where a DAG's scripts and files are when nothing else is said; a pipeline that was loaded from
a file has them in the file's folder."""


def definition_of(dag: object, cwd: str) -> PipelineDefinition:
    """A pipeline with the folder it lies in: the current one for a DAG built in Python.

    Raises:
        PipelineError: It is no pipeline.
    """
    if isinstance(dag, PipelineDefinition):
        return dag
    if isinstance(dag, PipelineDAG):
        return PipelineDefinition.from_dag(dag, cwd)
    raise PipelineError(
        f"A pipeline is a PipelineDAG or what load_pipeline gives, not a {type(dag).__name__}.",
        fix="PipelineDAG.from_networkx(graph), PipelineDAG.from_mapping({node: [above, …]}), or "
        "load_pipeline('pipeline.yaml')",
    )


def workspaces_of(
    given: Folder | Sequence[Folder], dag: object, cwd: str, setting: Sequence[str]
) -> tuple[str, ...]:
    """Absolute folders, best first: as given, else as the setting has them, else the default."""
    if given is FOUNDING_WORKSPACE and setting:
        return tuple(setting)
    if given is FOUNDING_WORKSPACE and isinstance(dag, PipelineDefinition):
        return (dag.folder,)
    folders = [given] if isinstance(given, (str, os.PathLike)) else given
    return tuple(os.path.normpath(Path(cwd, folder)) for folder in folders)


def session_asked(verb: str, given: object) -> str:
    """What a session is called: its id, its name, or `@last`.

    Raises:
        CommandInvalidError: It is no text, or an empty one.
    """
    if not isinstance(given, str) or not given:
        raise CommandInvalidError(
            verb, f"a session is called by its id or its name, not by {given!r}"
        )
    return given


def patterns_of(select: object) -> tuple[str, ...]:
    """Patterns of nodes, of which one may stand by itself.

    Raises:
        CommandInvalidError: It is no text, nor several.
    """
    if select is None or isinstance(select, str):
        return (select,) if select else ()
    several = tuple(select) if isinstance(select, Iterable) else (select,)
    for one in several:
        if not isinstance(one, str):
            raise CommandInvalidError(
                "run",
                f"select is a pattern of nodes, or several, not {one!r}",
                fix="select='NODE+', or select=['NODE', 'state:failed']",
            )
    return several


def path_given(verb: str, given: object) -> str:
    """The path of a file or a folder.

    Raises:
        CommandInvalidError: It is none.
    """
    path = os.fspath(given) if isinstance(given, (str, os.PathLike)) else None
    if not isinstance(path, str) or not path or "\0" in path:
        raise CommandInvalidError(verb, f"a file or a folder is named by a path, not by {given!r}")
    return str(Path(path))


def names_renamed(given: object) -> dict[str, str]:
    """Old → new names of nodes.

    Raises:
        CommandInvalidError: It is no mapping of names.
    """
    names = {} if given is None else given
    texts = isinstance(names, Mapping) and all(
        isinstance(name, str) and name for pair in names.items() for name in pair
    )
    if not isinstance(names, Mapping) or not texts:
        raise CommandInvalidError("update", f"renamed maps old names to new ones, not {given!r}")
    return dict(names)


def answers_of(
    node: str,
    *,
    expected_inputs: Mapping[str, Source] | None = None,
    input_paths: Mapping[str, Source] | None = None,
    expected_outputs: Mapping[str, Folder] | None = None,
    output_paths: Mapping[str, Folder] | None = None,
    environment_variables: Values | None = None,
    environ_vars: Values | None = None,
    job_arguments: Values | argparse.Namespace | None = None,
    job_args: Values | argparse.Namespace | None = None,
    user_notes: str | None = None,
    timeout_s: float | None = None,
    limits: Mapping[str, object] | None = None,
    unset: Sequence[str] = (),
    replace: bool = False,
    partial: bool = False,
    based_on: int | None = None,
    **unknown: object,
) -> Answers:
    """The keywords of `configure_script_testing`, of which some are two names of one thing.

    Raises:
        UnknownKeywordError: A keyword that there is not.
        ConfigurationInvalidError: Values that are not JSON, all of them.
        SettingError: A time limit that is none.
        TypeError: Two names of one thing, or a thing of the wrong kind.
    """
    for keyword in unknown:
        raise UnknownKeywordError(keyword, nearest(keyword, answers_of.__kwdefaults__ or ()))
    inputs = _one(expected_inputs=expected_inputs, input_paths=input_paths)
    outputs = _one(expected_outputs=expected_outputs, output_paths=output_paths)
    variables = _one(environment_variables=environment_variables, environ_vars=environ_vars)
    arguments = _one(job_arguments=job_arguments, job_args=job_args)
    problems: list[dict[str, Any]] = []
    answers = Answers(
        input_paths=_each(inputs, _source),
        output_paths=_each(outputs, _path),
        environ_vars=_all_plain(node, "environ_var", variables, problems),
        job_args=_all_plain(node, "job_arg", arguments, problems),
        user_notes=None if user_notes is None else _text(user_notes),
        timeout_s=None if timeout_s is None else _seconds(timeout_s),
        limits=limits,
        unset=_names(unset),
        replace=replace,
        partial=partial,
        based_on=based_on,
    )
    if problems:
        raise ConfigurationInvalidError(node, problems)
    return answers


def _names(given: Sequence[str]) -> tuple[str, ...]:
    """Names in a sequence; one text alone would be taken letter by letter.

    Raises:
        TypeError: It is none.
    """
    if isinstance(given, str) or not all(isinstance(name, str) for name in given):
        raise TypeError(f"unset is a list of names such as ['env.CURRENCY'], not {given!r}")
    return tuple(given)


def _one(**named: Mapping[str, Any] | argparse.Namespace | None) -> Values | None:
    """The one mapping that was given under either name.

    Raises:
        TypeError: Both were given, or what was given is no mapping of names.
    """
    given = {name: value for name, value in named.items() if value is not None}
    if len(given) > 1:
        raise TypeError(f"{' and '.join(given)} are two names of one thing; give one of them")
    for name, value in given.items():
        values = vars(value) if isinstance(value, argparse.Namespace) else value
        if not isinstance(values, Mapping) or not all(isinstance(key, str) for key in values):
            raise TypeError(f"{name} must map names to values; this does not: {values!r}")
        return values
    return None


def _each(values: Values | None, change: Callable[[Any], _T]) -> dict[str, _T] | None:
    """Each value changed; an empty text counts as not given."""
    if values is None:
        return None
    return {name: change(value) for name, value in values.items() if value != ""}


def _path(value: object) -> str:
    return _text(os.fspath(value) if isinstance(value, os.PathLike) else value)


def _source(value: object) -> str | Output:
    return value if isinstance(value, Output) else _path(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"A text is needed, not a {type(value).__name__}: {value!r}")
    try:
        value.encode()
    except UnicodeEncodeError as wrong:
        raise TypeError(f"This text cannot be written as UTF-8: {value!r}") from wrong
    return value


def _seconds(value: float) -> float:
    if isinstance(value, (int, float)) and 0 < value < math.inf:
        return value
    raise SettingError(
        f"timeout_s must be a positive number of seconds, not {value!r}.",
        fix="leave it out for no limit",
    )


def jobs_of(value: int) -> int:
    """How many scripts may run at a time.

    Raises:
        SettingError: It is not a whole number from 1 up.
    """
    if isinstance(value, int) and value >= 1:
        return value
    raise SettingError(
        f"jobs must be a whole number from 1 up, not {value!r}.",
        fix="leave it out for the setting's",
    )


_CODES = {"environ_var": "ENV_NOT_TEXT", "job_arg": "ARG_NOT_JSON"}
_FIXES = {
    "environ_var": "give it as text, or Secret('NAME')",
    "job_arg": "give texts, numbers, true or false, None, or lists and mappings of these",
}


def _all_plain(
    node: str, kind: str, values: Values | None, problems: list[dict[str, Any]]
) -> dict[str, Any] | None:
    """The values as JSON has them; of those that it cannot have, a problem each."""
    if values is None:
        return None
    plain: dict[str, Any] = {}
    for name, value in values.items():
        try:
            plain[name] = _plain(value)
        except TypeError as wrong:
            problem = {
                "code": _CODES[kind],
                "severity": "error",
                "where": {"node": node, "kind": kind, "name": name},
                "message": f"{name} cannot be recorded: {wrong}",
                "fix": _FIXES[kind],
                "candidates": [],
            }
            problems.append(problem)
    return plain


def _plain(value: Any) -> Any:
    """A value as JSON has it; secrets by their names, at any depth.

    Raises:
        TypeError: JSON has no such value.
    """
    match value:
        case None | bool() | int():
            return value
        case str():
            return _text(value)
        case float() if math.isfinite(value):
            return float(value)
        case float():
            raise TypeError(f"{value} is no number that JSON has")
        case Secret():
            return {"secret": value.secret}
        case os.PathLike():
            return _path(value)
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case Mapping() if all(isinstance(key, str) for key in value):
            return {key: _plain(inner) for key, inner in value.items()}
        case _:
            raise TypeError(f"{type(value).__name__} is nothing that JSON has")
