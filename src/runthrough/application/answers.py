"""A person's answers, and the command that they make: paths recorded, secrets masked."""

import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import TypeVar

from pydantic import JsonValue

from runthrough.application.allowing import Allowing
from runthrough.application.handler import CommandHandler
from runthrough.application.ports import UNCONFINED, Confinement, Inspector
from runthrough.core.commands import ConfigureScript
from runthrough.core.events import ConfigurationDrafted, EventEnvelope, ScriptConfigured
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import NodeName, RecordedPath, Version
from runthrough.core.values.limits import Limits, limits_of
from runthrough.core.values.paths import WORKSPACE, Roots, record
from runthrough.core.values.secrets import (
    UNNAMEABLE,
    Secret,
    holds_mask,
    looks_secret,
    masked_prose,
    masked_text,
    masked_values,
)
from runthrough.core.views.nodes import node_values
from runthrough.core.views.value_words import changed_words
from runthrough.errors import CommandInvalidError

Source = str | Output
Value = JsonValue | Secret


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person gives for one node; `None` where nothing was said.

    Relative paths are taken from the current folder, else from the workspace if they are there
    and not here; where the caller has no folder of their own, or this host does not know the
    workspace, they are taken from that one.
    An input may be a connection: an `Output`, or text such as `@Node.output/sub`.
    """

    input_paths: Mapping[str, Source] | None = None
    output_paths: Mapping[str, str] | None = None
    environ_vars: Mapping[str, Value] | None = None
    job_args: Mapping[str, Value] | None = None
    user_notes: str | None = None
    timeout_s: float | None = None
    limits: Mapping[str, object] | None = None
    """As `limits_of` reads them."""
    python: str | None = None
    unset: Sequence[str] = ()
    """Values to take back, as `show` names them: `env.CURRENCY`, `timeout_s`."""
    replace: bool = False
    partial: bool = False
    based_on: int | None = None


class AnswerReading:
    """Turns what a person typed into what a command carries.

    Relative paths start at `cwd`; where the caller has none, at the workspace.
    """

    def __init__(
        self,
        inspector: Inspector,
        roots: Roots,
        *,
        cwd: str | None,
        confinement: Confinement = UNCONFINED,
    ) -> None:
        self._inspector = inspector
        self._allowing = Allowing(confinement, roots)
        self._roots = roots
        self._cwd = cwd

    def command(
        self, node: NodeName, answers: Answers, nodes: Iterable[NodeName]
    ) -> ConfigureScript:
        """The command, without facts; `nodes` are those that a connection may name.

        A path that is empty says nothing.

        Raises:
            CommandInvalidError: The time limit is none, or another limit; or a name looks like a
                secret, as where a value was written in its place.
            OutsideRootsError: A path or the interpreter lies where the caller may not look.
        """
        self._allowing.refuse_python(answers.python)
        for what, given in (
            ("an input", answers.input_paths),
            ("an output", answers.output_paths),
            ("a variable", answers.environ_vars),
            ("an argument", answers.job_args),
        ):
            _refuse_secret_names("configure", what, given or ())
        limit = answers.timeout_s
        if limit is not None and not 0 < limit < inf:
            raise CommandInvalidError(
                "configure", f"{limit:g} s is no time limit", fix="give seconds above 0"
            )
        known = tuple(nodes)
        return ConfigureScript(
            node=node,
            input_paths=_each(answers.input_paths, lambda given: self._source(given, known)),
            output_paths=_each(answers.output_paths, self._record),
            environ_vars=_masked(answers.environ_vars),
            job_args=_masked(answers.job_args),
            user_notes=masked_prose(answers.user_notes) if answers.user_notes else None,
            timeout_s=answers.timeout_s,
            limits=_limits(answers.limits),
            python=answers.python,
            unset=tuple(masked_text(name) for name in answers.unset),
            replace=answers.replace,
            partial=answers.partial,
            based_on=None if answers.based_on is None else Version(answers.based_on),
        )

    def _source(self, given: Source, nodes: tuple[NodeName, ...]) -> RecordedPath | Output:
        if isinstance(given, Output):
            return given
        if given.startswith("@"):
            return self.output(given, nodes, verb="configure")
        return self._record(given)

    def output(self, given: Source, nodes: Iterable[NodeName], *, verb: str = "connect") -> Output:
        """The output that is meant by `Node.output/sub`, with or without `@` in front.

        Raises:
            CommandInvalidError: It names no output.
        """
        if isinstance(given, Output):
            return given
        output = _output(given.removeprefix("@"), tuple(nodes))
        if not output.node or not output.output:
            raise CommandInvalidError(
                verb, f"{given!r} names no output", fix="write it as NODE.OUTPUT/SUBPATH"
            )
        return output

    def path(self, given: str) -> RecordedPath:
        """The recorded form of a path that a person gave.

        Raises:
            OutsideRootsError: It lies where the caller may not look.
        """
        return self._record(given)

    def provided(self, outputs: Mapping[str, str]) -> dict[str, RecordedPath]:
        """Where the outputs of something outside lie; one without a path says nothing.

        Raises:
            CommandInvalidError: One has no name, or name or path look like a secret.
            OutsideRootsError: One lies where the caller may not look.
        """
        given = {output: path for output, path in outputs.items() if path}
        _refuse_secret_names("external", "an output", given)
        paths = {output: self._record(path) for output, path in given.items()}
        for output, path in paths.items():
            if not output.strip() or holds_mask(path):
                raise CommandInvalidError(
                    "external",
                    "an output has no name"
                    if not output.strip()
                    else f"the path of {output} looks as if it held a password",
                    fix="give it as NAME=PATH, without a password",
                )
        return paths

    def _record(self, given: str) -> RecordedPath:
        given = masked_text(given)
        path = self._placed(given)
        self._allowing.refuse(path, given)
        return path

    def _placed(self, given: str) -> RecordedPath:
        if posixpath.isabs(given):
            return self._roots.record(given)
        there = record(WORKSPACE, given)
        if WORKSPACE not in self._roots.places:
            return there
        if self._cwd is None:
            return self._roots.record(self._roots.locate(there))
        here = self._roots.record(posixpath.join(self._cwd, given))
        looked = self._inspector.look((here, there), roots=self._roots, digest_up_to=-1)
        elsewhere = looked[here].kind is None and looked[there].kind is not None
        return there if elsewhere else here


def _refuse_secret_names(verb: str, what: str, names: Iterable[str]) -> None:
    """Refuse what cannot be masked, since names are the keys of what is recorded.

    Raises:
        CommandInvalidError: A name looks like a secret; it is not repeated.
    """
    if any(isinstance(name, str) and looks_secret(name) for name in names):
        raise CommandInvalidError(
            verb,
            f"{what} has {UNNAMEABLE}",
            fix="write NAME=VALUE, with the name first; a secret is given as NAME=@secret:NAME",
        )


def _limits(given: Mapping[str, object] | None) -> Limits | None:
    try:
        return limits_of(given) if given else None
    except ValueError as wrong:
        raise CommandInvalidError(
            "configure", str(wrong), fix="memory=2GiB, cpu_s=60 or open_files=256"
        ) from wrong


def _output(text: str, nodes: tuple[NodeName, ...]) -> Output:
    """`Node.output/sub`."""
    head, _, subpath = text.partition("/")
    node, name = split_at_node(head, nodes)
    _refuse_secret_names("connect", "an output", (node, name))
    return Output(node, name, masked_text(subpath) or None)


def split_at_node(text: str, nodes: Iterable[NodeName]) -> tuple[str, str]:
    """`Node.name` in its parts; a node's name may hold dots, so the longest known one is taken."""
    known = [node for node in nodes if text.startswith(f"{node}.")]
    node = max(known, key=len) if known else text.partition(".")[0]
    return node, text[len(node) + 1 :]


_T = TypeVar("_T")
_R = TypeVar("_R")


def _each(values: Mapping[str, _T] | None, change: Callable[[_T], _R]) -> dict[str, _R] | None:
    if values is None:
        return None
    return {name: change(value) for name, value in values.items() if value != ""}


def _masked(values: Mapping[str, Value] | None) -> dict[str, JsonValue] | None:
    if values is None:
        return None
    return masked_values({name: _plain(value) for name, value in values.items()})


def _plain(value: Value) -> JsonValue:
    return {"secret": value.secret} if isinstance(value, Secret) else value


def kept_words(
    handler: CommandHandler, envelopes: Sequence[EventEnvelope], node: NodeName
) -> list[str]:
    """What was kept of an answer of which a part was rejected, as `name  old → new`."""
    taken = (ScriptConfigured, ConfigurationDrafted)
    if not any(isinstance(e.event, taken) and e.event.node == node for e in envelopes):
        return []
    session_id = envelopes[0].session_id
    ends = Version(envelopes[0].version - 1), envelopes[-1].version
    states = (handler.load(session_id, upto=version).state for version in ends)
    return changed_words(*(node_values(state, node) for state in states))
