"""A node's configuration as a resource: answered, tried and taken back."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field, JsonValue

from runthrough.application.answers import Answers
from runthrough.application.session import Session
from runthrough.application.shown import Recorded
from runthrough.core.names import nearest
from runthrough.core.values.answer_texts import argument_of, value_given, variable_of
from runthrough.core.values.secrets import masked_prose
from runthrough.core.views.questions import Question, QuestionKind
from runthrough.entrypoints.given import answers_of
from runthrough.entrypoints.http.api.asked import MANY, TEXT_CHARACTERS, Body, Name, Place
from runthrough.entrypoints.http.api.connections import SourceGiven
from runthrough.entrypoints.http.api.nodes import NodeAsked, of_node
from runthrough.entrypoints.http.api.shapes import answers
from runthrough.entrypoints.http.etags import BasedOn, Unconditional
from runthrough.entrypoints.http.settling import settle
from runthrough.entrypoints.http.visitor import SessionAsked, Tester, Visitor
from runthrough.errors import CommandInvalidError, UnknownKeywordError

router = APIRouter(tags=["configuration"])
Values = Annotated[dict[Name, JsonValue], Field(max_length=MANY)]


class ConfigurationGiven(Body):
    """What a person gives for one node; what is left out, or null, says nothing.

    A value may be `{"secret": NAME}`, which is looked up when the script starts, or
    `{"plain": V}`, where V only looks like a secret.
    """

    # An unknown name is refused below, with the nearest one.
    model_config = ConfigDict(
        extra="allow", strict=True, json_schema_extra={"additionalProperties": False}
    )

    input_paths: Annotated[
        dict[Name, Place | SourceGiven] | None,
        Field(
            max_length=MANY,
            description="Input → a path, absolute or from the session's workspace, or an output: "
            '`"@Node.output/folder"` or `{"from": "Node.output", "subpath": "folder"}`.',
        ),
    ] = None
    output_paths: Annotated[
        dict[Name, Place] | None, Field(max_length=MANY, description="Output → where it goes.")
    ] = None
    environ_vars: Values | None = None
    job_args: Values | None = None
    user_notes: Annotated[str, Field(max_length=TEXT_CHARACTERS)] | None = None
    timeout_s: float | None = None
    limits: Annotated[
        dict[Name, str | int | float] | None,
        Field(description="Of `memory` (bytes, or `2GiB`), `cpu_s` and `open_files`."),
    ] = None
    unset: list[Name] = Field(
        default_factory=list,
        max_length=MANY,
        description="Values to take back, as `show` names them.",
    )

    def answers(self, node: str, *, replace: bool, partial: bool, based_on: int | None) -> Answers:
        """The same as a session takes it.

        Raises:
            UnknownKeywordError: There is no such thing to be given.
            ConfigurationInvalidError: A value cannot be kept.
            SettingError: The time limit is none.
            CommandInvalidError: A value refers to a secret without a name.
        """
        inputs = None
        if self.input_paths is not None:
            inputs = {
                name: given if isinstance(given, str) else given.as_text
                for name, given in self.input_paths.items()
            }
        for unknown in self.__pydantic_extra__ or ():
            raise UnknownKeywordError(unknown, nearest(unknown, type(self).model_fields))
        return answers_of(
            node,
            input_paths=inputs,
            output_paths=self.output_paths,
            environ_vars=_values(self.environ_vars, variable_of),
            job_args=_values(self.job_args, argument_of),
            user_notes=self.user_notes,
            timeout_s=self.timeout_s,
            limits=self.limits,
            unset=self.unset,
            replace=replace,
            partial=partial,
            based_on=based_on,
        )


def _values(
    given: dict[str, JsonValue] | None, read: Callable[[str], JsonValue]
) -> dict[str, JsonValue] | None:
    """Values with the references in them that the command line takes: `@secret:NAME`, `@plain:V`.

    Raises:
        CommandInvalidError: One refers to a secret without a name.
    """
    if given is None:
        return None
    found: dict[str, JsonValue] = {}
    for name, value in given.items():
        try:
            found[name] = value_given(value, read)
        except ValueError as wrong:
            raise CommandInvalidError("configure", masked_prose(f"{name}: {wrong}")) from wrong
    return found


class PartialConfigurationGiven(ConfigurationGiven):
    """The same, of which a part may be kept."""

    partial: Annotated[
        bool, Field(description="Keep what holds, though something is missing or wrong.")
    ] = False


class TriedConfiguration(ConfigurationGiven):
    """The same, to be looked at only."""

    replace: Annotated[bool, Field(description="As `PUT` would, not as `PATCH`.")] = False


class AnswerGiven(Body):
    """The answer to one question, as a person types it."""

    kind: QuestionKind
    name: Name
    answer: Annotated[
        str | None,
        Field(
            max_length=TEXT_CHARACTERS,
            description="A path, `@Node.output`, `@secret:NAME`, `@plain:VALUE`, or a value; null "
            "says that none of what is proposed feeds the input.",
        ),
    ]


@router.put("/sessions/{session}/nodes/{node}/configuration", responses=answers("Settled"))
def replace_configuration(
    session: SessionAsked,
    node: NodeAsked,
    given: PartialConfigurationGiven,
    visitor: Tester,
    based_on: BasedOn,
) -> JSONResponse:
    """Answer what a node needs; each mapping that is given stands for all that was there of it."""
    answered = given.answers(node, replace=True, partial=given.partial, based_on=based_on)
    return _configured(visitor, session, node, answered)


@router.patch("/sessions/{session}/nodes/{node}/configuration", responses=answers("Settled"))
def merge_configuration(
    session: SessionAsked,
    node: NodeAsked,
    given: PartialConfigurationGiven,
    visitor: Tester,
    based_on: BasedOn,
) -> JSONResponse:
    """Answer what a node needs, merged over what is there."""
    answered = given.answers(node, replace=False, partial=given.partial, based_on=based_on)
    return _configured(visitor, session, node, answered)


def _configured(visitor: Visitor, session: str, node: str, answered: Answers) -> JSONResponse:
    return settle(
        visitor,
        session,
        lambda opened: opened.configure(node, answered),
        based_on=answered.based_on,
        node=node,
    )


@router.delete("/sessions/{session}/nodes/{node}/configuration", responses=answers("clear"))
def clear_configuration(
    session: SessionAsked, node: NodeAsked, visitor: Tester, based_on: BasedOn
) -> JSONResponse:
    """Take back all that was answered for a node, and decide it anew."""
    return settle(
        visitor,
        session,
        lambda opened: opened.clear(node, based_on=based_on),
        based_on=based_on,
        node=node,
    )


@router.post(
    "/sessions/{session}/nodes/{node}/configuration/preview",
    responses=answers("ProblemsAnswer"),
    dependencies=[Unconditional],
)
def preview_configuration(
    session: SessionAsked, node: NodeAsked, given: TriedConfiguration, visitor: Tester
) -> JSONResponse:
    """Find every problem that an answer would have; records nothing."""
    answered = given.answers(node, replace=given.replace, partial=False, based_on=None)
    with visitor.opened(session) as opened:
        problems = opened.preview(node, answered)
        told = [problem.model_dump(mode="json") for problem in problems]
        return of_node({"problems": [*told]}, opened, node)


@router.post("/sessions/{session}/nodes/{node}/answers", responses=answers("Settled"))
def answer_question(
    session: SessionAsked,
    node: NodeAsked,
    given: AnswerGiven,
    visitor: Tester,
    based_on: BasedOn,
) -> JSONResponse:
    """Answer one question of a node; what else it lacks stays missing."""

    def answer(opened: Session) -> Recorded:
        question = _asked(opened, node, given)
        if given.answer is None:
            return opened.leave_open(question, based_on=based_on)
        return opened.answer(question, given.answer, based_on=based_on)

    return settle(visitor, session, answer, based_on=based_on, node=node)


def _asked(session: Session, node: str, given: AnswerGiven) -> Question:
    """The question that is answered, as it is asked now.

    An input is asked for whether or not an output is proposed for it.

    Raises:
        CommandInvalidError: The node has no such question.
    """
    asked = {question.key: question for question in session.questions(node, everything=True)}
    other: QuestionKind = "input" if given.kind == "connection" else "connection"
    found = asked.get((given.kind, given.name))
    if found is None and given.kind in {"input", "connection"}:
        found = asked.get((other, given.name))
    if found is not None:
        return found
    near = nearest(given.name, [name for _, name in asked])
    meant = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
    raise CommandInvalidError(
        "answer",
        f"{node} has no question {given.name!r} of kind {given.kind}{meant}",
        fix="GET …/questions?everything=true lists them",
    )
