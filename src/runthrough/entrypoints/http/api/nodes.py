"""Nodes as resources: what they are, need and run, and what stands for them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from runthrough.application.session import Session
from runthrough.core.views.nodes import View
from runthrough.entrypoints.http.api.asked import MANY, NAME_CHARACTERS, Body, Name, Place
from runthrough.entrypoints.http.api.shapes import answers
from runthrough.entrypoints.http.etags import BasedOn, tag
from runthrough.entrypoints.http.settling import settle
from runthrough.entrypoints.http.visitor import SessionAsked, Tester, Viewer

router = APIRouter(tags=["nodes"])
NodeAsked = Annotated[
    str,
    Path(max_length=NAME_CHARACTERS, description="A node, or a script that only one node runs."),
]


class ScriptGiven(Body):
    """The script that a node is to run."""

    path: Annotated[
        Place, Field(min_length=1, description="Absolute, or from the session's workspace.")
    ]


class OutsideGiven(Body):
    """What a node provides that stands for something outside."""

    outputs: dict[Name, Place] = Field(
        default_factory=dict, max_length=MANY, description="Output → where it lies."
    )


@router.get("/sessions/{session}/nodes", responses=answers("NodesAnswer"))
def list_nodes(session: SessionAsked, visitor: Viewer) -> JSONResponse:
    """Tell every node in brief, in an order in which they could run, as seen now."""
    with visitor.opened(session) as opened:
        response = JSONResponse({"nodes": opened.status()["nodes"]})
        tag(response, opened.concerned_at)
        return response


@router.get("/sessions/{session}/nodes/{node}", responses=answers("show"))
def read_node(session: SessionAsked, node: NodeAsked, visitor: Viewer) -> JSONResponse:
    """Tell all that is known of a node: script, values, connections, problems, attempts."""
    with visitor.opened(session) as opened:
        view = opened.whole_node(node)
        return of_node({**view, "next_command": opened.next_for(node)}, opened, node)


@router.get("/sessions/{session}/nodes/{node}/requirements", responses=answers("requirements"))
def read_requirements(session: SessionAsked, node: NodeAsked, visitor: Viewer) -> JSONResponse:
    """Tell what a node needs, and what it has."""
    with visitor.opened(session) as opened:
        return of_node(opened.needed(node), opened, node)


@router.get("/sessions/{session}/nodes/{node}/questions", responses=answers("QuestionsAnswer"))
def read_questions(
    session: SessionAsked,
    node: NodeAsked,
    visitor: Viewer,
    *,
    everything: Annotated[
        bool, Query(description="Also what is answered, or what the node can do without.")
    ] = False,
) -> JSONResponse:
    """Tell what a node waits for, question by question, with the likeliest answers."""
    with visitor.opened(session) as opened:
        asked = opened.questions(node, everything=everything)
        view: View = {
            "node": opened.node_named(node),
            "questions": [question.view() for question in asked],
        }
        return of_node(view, opened, node)


@router.get("/sessions/{session}/nodes/{node}/why", responses=answers("why"))
def read_why(
    session: SessionAsked,
    node: NodeAsked,
    visitor: Viewer,
    *,
    sagemaker: Annotated[
        bool, Query(description="Compare with a run that sets SageMaker's variables.")
    ] = False,
) -> JSONResponse:
    """Tell what differs from what a node's last passed attempt depended on; records nothing."""
    with visitor.opened(session) as opened:
        return of_node(opened.why(node, sagemaker=sagemaker), opened, node)


@router.put("/sessions/{session}/nodes/{node}/script", responses=answers("bind"))
def bind_script(
    session: SessionAsked,
    node: NodeAsked,
    given: ScriptGiven,
    visitor: Tester,
    based_on: BasedOn,
) -> JSONResponse:
    """Choose the script that a node runs."""
    return settle(
        visitor,
        session,
        lambda opened: opened.bind(node, given.path, based_on=based_on),
        based_on=based_on,
        node=node,
    )


@router.put("/sessions/{session}/nodes/{node}/external", responses=answers("external"))
def mark_external(
    session: SessionAsked,
    node: NodeAsked,
    visitor: Tester,
    based_on: BasedOn,
    given: OutsideGiven | None = None,
) -> JSONResponse:
    """Let a node stand for something outside that provides paths."""
    outputs = {} if given is None else given.outputs
    return settle(
        visitor,
        session,
        lambda opened: opened.mark_external(node, outputs, based_on=based_on),
        based_on=based_on,
        node=node,
    )


@router.delete("/sessions/{session}/nodes/{node}/external", responses=answers("internal"))
def mark_internal(
    session: SessionAsked, node: NodeAsked, visitor: Tester, based_on: BasedOn
) -> JSONResponse:
    """Let an external node run a script again."""
    return settle(
        visitor,
        session,
        lambda opened: opened.mark_internal(node, based_on=based_on),
        based_on=based_on,
        node=node,
    )


@router.post("/sessions/{session}/nodes/{node}/acceptance", responses=answers("Settled"))
def accept_unchanged(
    session: SessionAsked, node: NodeAsked, visitor: Tester, based_on: BasedOn
) -> JSONResponse:
    """Let a node's last passed attempt stand although what it depended on has changed."""
    return settle(
        visitor,
        session,
        lambda opened: opened.accept_unchanged(node, based_on=based_on),
        based_on=based_on,
        node=node,
    )


def of_node(view: View, session: Session, node: str) -> JSONResponse:
    """What is shown of a node, with the version that it stands for."""
    response = JSONResponse(view)
    tag(response, session.node_concerned_at(node))
    return response
