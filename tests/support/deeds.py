"""What a person does at a shared session: as it is asked for, and as dictionaries tell it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from hypothesis import strategies as st
from tests.support.shared_views import KINDS
from tests.support.sheets import (
    ABOVE,
    DECLARED,
    INPUTS,
    NEEDS,
    OUTPUTS,
    PLACES,
    SCRIPTS,
    Answer,
    Files,
    Sheet,
)

from runthrough.application.answers import Answers
from runthrough.application.session import Session

PATHS = ("data/one.csv", "data/two.csv")
NODES = st.sampled_from([*SCRIPTS, *SCRIPTS, "Extra", "Beside"])
"""Those of the first pipeline more often, because others are not always there."""
FED = st.sampled_from(list(ABOVE))
"""Nodes that another one feeds."""


@dataclass
class Deed:
    """Something that is asked of one node."""

    name: str
    node: str
    ask: Callable[[Session, int | None], object]
    """Do it, on what was there at a version."""
    tell: Callable[[Sheet, Files], None]

    def __repr__(self) -> str:
        return f"{self.name} {self.node}"


def configuring(answer: Answer) -> Deed:
    """Answer what a node needs."""

    def ask(session: Session, based_on: int | None) -> None:
        given: dict[str, Any] = {part: answer.part(kind) for kind, part in KINDS.items()}
        for name, path in (given["input_paths"] or {}).items():
            if not path.startswith("@"):
                given["input_paths"][name] = session.locate(f"workspace:{path}")
        how = {"partial": answer.partial, "replace": answer.replace, "based_on": based_on}
        session.configure(answer.node, Answers(**given, **how))

    def tell(sheet: Sheet, files: Files) -> None:
        sheet.configure(answer, files)

    return Deed(f"configure {answer}", answer.node, ask, tell)


def of_node(verb: str, tell: Callable[[Sheet, str, Files], None], node: str) -> Deed:
    """What is asked of a node by its name alone."""

    def ask(session: Session, based_on: int | None) -> None:
        getattr(session, verb)(node, based_on=based_on)

    return Deed(verb, node, ask, lambda sheet, files: tell(sheet, node, files))


def of_input(verb: str, tell: Callable[[Sheet, str, Files], None], node: str) -> Deed:
    """What is asked of the node's input."""

    def ask(session: Session, based_on: int | None) -> None:
        getattr(session, verb)([f"{node}.{INPUTS[node]}"], based_on=based_on)

    return Deed(verb, node, ask, lambda sheet, files: tell(sheet, node, files))


def connecting(node: str) -> Deed:
    """Feed a node from the one above."""

    def ask(session: Session, based_on: int | None) -> None:
        source = f"{ABOVE[node]}.{OUTPUTS[ABOVE[node]]}"
        session.connect(source, f"{node}.{INPUTS[node]}", based_on=based_on)

    return Deed("connect", node, ask, lambda sheet, files: sheet.connect(node, files))


def binding(node: str, script: str) -> Deed:
    """Choose a node's script."""

    def ask(session: Session, based_on: int | None) -> None:
        path = session.locate(f"workspace:scripts/{script}.py")
        session.bind(node, path, based_on=based_on)

    return Deed(
        f"bind {script} to", node, ask, lambda sheet, files: sheet.bind(node, script, files)
    )


def leaving(node: str) -> Deed:
    """Let a node stand for something outside."""

    def ask(session: Session, based_on: int | None) -> None:
        places = {OUTPUTS[node]: PLACES[node]} if node in PLACES else {}
        given = {name: session.locate(f"workspace:{path}") for name, path in places.items()}
        session.mark_external(node, given, based_on=based_on)

    return Deed("mark_external", node, ask, lambda sheet, files: sheet.mark_external(node, files))


def values(node: str, paths: tuple[str, ...]) -> dict[tuple[str, str], st.SearchStrategy[Any]]:
    """Kind and name of what a node may be told → what that may be."""
    wired = (f"@{ABOVE[node]}.{OUTPUTS[ABOVE[node]]}",) * 2 if node in ABOVE else ()
    told: dict[tuple[str, str], st.SearchStrategy[Any]] = {
        ("arg", "depth"): st.integers(1, 3),
        ("env", "MODE"): st.sampled_from(["fast", "slow"]),
        ("env", "PACE"): st.sampled_from(["fast", "slow"]),
    }
    if node in INPUTS:
        told["input", INPUTS[node]] = st.sampled_from((*paths, *wired))
    return told


@st.composite
def some_answers(draw: st.DrawFn) -> Answer:
    """What somebody says of a node: good, wrong, or a part of what it needs."""
    node = draw(NODES)
    told = values(node, (*PATHS, "data/nowhere.csv"))
    some = draw(st.fixed_dictionaries({}, optional=told).filter(bool))
    return Answer(node, some, partial=draw(st.booleans()), replace=draw(st.booleans()))


@st.composite
def whole_answers(draw: st.DrawFn, node: str) -> Answer:
    """All that a node needs."""
    told = values(node, PATHS)
    needed = {key: told[key] for key in sorted(NEEDS[{**SCRIPTS, **DECLARED}[node]])}
    return Answer(node, draw(st.fixed_dictionaries(needed)), partial=draw(st.booleans()))


WHOLE = NODES.flatmap(whole_answers)
CONFIGURING = st.one_of(some_answers(), WHOLE, WHOLE).map(configuring)
WIRING = st.one_of(
    FED.map(connecting),
    FED.map(partial(of_input, "confirm", Sheet.confirm)),
    FED.map(partial(of_input, "reject", Sheet.reject)),
    FED.map(partial(of_input, "disconnect", Sheet.disconnect)),
)
MARKING = st.one_of(
    NODES.map(leaving),
    *[NODES.map(partial(of_node, "mark_internal", Sheet.mark_internal))] * 3,
)
ANEW = st.one_of(
    st.builds(binding, st.sampled_from(["Aside", "Beside"]), st.sampled_from(["aside", "other"])),
    NODES.map(partial(of_node, "clear", Sheet.clear)),
)
ANY = st.one_of(CONFIGURING, WIRING, MARKING, ANEW)
