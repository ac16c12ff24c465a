"""Connections as resources: what feeds what, and what a person says of it."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import Field

from runthrough.entrypoints.http.api.asked import MANY, NAME_CHARACTERS, Body, Place
from runthrough.entrypoints.http.api.nodes import NodeAsked
from runthrough.entrypoints.http.api.shapes import answers
from runthrough.entrypoints.http.etags import BasedOn, tag
from runthrough.entrypoints.http.settling import settle
from runthrough.entrypoints.http.visitor import SessionAsked, Tester, Viewer

router = APIRouter(tags=["connections"])
TARGET_CHARACTERS = 2 * NAME_CHARACTERS + 1
InputAsked = Annotated[str, Path(max_length=NAME_CHARACTERS, description="An input of the node.")]


class SourceGiven(Body):
    """What an input is fed from."""

    source: Annotated[
        Place,
        Field(alias="from", min_length=1, description="`Node.output`, or `Node.output/folder`."),
    ]
    subpath: Annotated[Place | None, Field(description="A folder or file below it.")] = None

    @property
    def as_text(self) -> str:
        """The output as people type it."""
        output = f"@{self.source.removeprefix('@')}"
        return f"{output}/{self.subpath}" if self.subpath else output


class TargetsGiven(Body):
    """The inputs that are meant, each `Node.input`; none for all that there are."""

    targets: list[Annotated[str, Field(max_length=TARGET_CHARACTERS)]] = Field(
        default_factory=list, max_length=MANY
    )


@router.get("/sessions/{session}/connections", responses=answers("ConnectionsAnswer"))
def list_connections(session: SessionAsked, visitor: Viewer) -> JSONResponse:
    """Tell each connection, and each that is proposed, with the reason."""
    with visitor.opened(session) as opened:
        response = JSONResponse({"connections": opened.connections()})
        tag(response, opened.concerned_at)
        return response


@router.put(
    "/sessions/{session}/nodes/{node}/inputs/{name}/connection", responses=answers("connect")
)
def connect(
    session: SessionAsked,
    node: NodeAsked,
    name: InputAsked,
    *,
    given: SourceGiven,
    visitor: Tester,
    based_on: BasedOn,
) -> JSONResponse:
    """Feed an input from an output, whatever fed it before."""
    return settle(
        visitor,
        session,
        lambda opened: opened.connect(
            given.as_text, f"{opened.node_named(node)}.{name}", based_on=based_on
        ),
        based_on=based_on,
        node=node,
    )


@router.delete(
    "/sessions/{session}/nodes/{node}/inputs/{name}/connection", responses=answers("disconnect")
)
def disconnect(
    session: SessionAsked,
    node: NodeAsked,
    name: InputAsked,
    visitor: Tester,
    based_on: BasedOn,
) -> JSONResponse:
    """Leave an input open that an output feeds; the connection does not come back by itself."""
    return settle(
        visitor,
        session,
        lambda opened: opened.disconnect([f"{opened.node_named(node)}.{name}"], based_on=based_on),
        based_on=based_on,
        node=node,
    )


@router.post("/sessions/{session}/connections/confirm", responses=answers("confirm"))
def confirm(
    session: SessionAsked,
    visitor: Tester,
    based_on: BasedOn,
    given: TargetsGiven | None = None,
) -> JSONResponse:
    """Take what is proposed for inputs; of all, those with an open sub-folder are left out."""
    targets = [] if given is None else given.targets
    return settle(
        visitor,
        session,
        lambda opened: opened.confirm(targets, based_on=based_on),
        based_on=based_on,
    )


@router.post("/sessions/{session}/connections/reject", responses=answers("reject"))
def reject(
    session: SessionAsked,
    visitor: Tester,
    based_on: BasedOn,
    given: TargetsGiven | None = None,
) -> JSONResponse:
    """Say that the outputs proposed for inputs, or connected to them, do not feed them."""
    targets = [] if given is None else given.targets
    return settle(
        visitor,
        session,
        lambda opened: opened.reject(targets, based_on=based_on),
        based_on=based_on,
    )
