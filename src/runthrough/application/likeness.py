"""Beginning a session from the answers of another one."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from runthrough.application.definitions import Move, all_moved, python_moved, relocated
from runthrough.core.decide.taking import TakenNode
from runthrough.core.standing import standing
from runthrough.core.state import SessionState
from runthrough.core.values.ids import NodeName, RecordedPath, SessionId
from runthrough.core.values.paths import ABSOLUTE, SESSION, Roots, ancestor_root, split
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.specs import ScriptSpec
from runthrough.core.values.standing import Standing, StandingNode

_ANCESTORS = ancestor_root(SessionId(""))


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a session took over from another one when it began."""

    name: str
    """What the other one is called."""
    answers: int
    told: tuple[str, ...] = ()
    """Where the pipeline says otherwise than those who answered, a line each."""


def likeness(name: str, answers: Mapping[NodeName, TakenNode]) -> Likeness:
    """What was taken over, for people."""
    return Likeness(
        name,
        sum(one.answers for one in answers.values()),
        tuple(str(kept) for one in answers.values() for kept in one.kept),
    )


def standing_here(other: SessionState, theirs: Roots, ours: Roots) -> Standing:
    """What stands in another session, with its paths below the roots of one that begins.

    What lies in the other session's own folder was written by its runs, and is nobody's answer.
    """
    moved = _move(theirs, ours)
    stood = standing(other)
    pipeline = relocated(stood.pipeline, moved)
    return stood.model_copy(
        update={
            "pipeline": pipeline,
            "nodes": {
                node: _moved(there, pipeline.nodes.get(node) or NodeDeclaration(), moved)
                for node, there in stood.nodes.items()
            },
        }
    )


def _move(theirs: Roots, ours: Roots) -> Move:
    def moved(path: RecordedPath) -> RecordedPath | None:
        root, relative = split(path)
        place = theirs.places.get(root)
        if root == ABSOLUTE or (place is not None and ours.places.get(root) == place):
            return path
        if place is None or root == SESSION or root.startswith(_ANCESTORS):
            return None
        return ours.record(posixpath.join(place, relative))

    return moved


def _moved(there: StandingNode, declared: NodeDeclaration, moved: Move) -> StandingNode:
    return there.model_copy(
        update={
            "external_outputs": _kept(there.external_outputs, declared.outputs, moved),
            "script": there.script and moved(there.script),
            "spec": there.spec and _spec_moved(there.spec, declared, moved),
        }
    )


def _spec_moved(spec: ScriptSpec, declared: NodeDeclaration, moved: Move) -> ScriptSpec:
    paths = {n: p for n, p in declared.inputs.items() if isinstance(p, str)}
    return spec.model_copy(
        update={
            "input_paths": _kept(spec.input_paths, paths, moved),
            "output_paths": _kept(spec.output_paths, declared.outputs, moved),
            "python": python_moved(spec.python, moved),
        }
    )


def _kept(
    given: Mapping[str, RecordedPath], declared: Mapping[str, RecordedPath], moved: Move
) -> dict[str, RecordedPath]:
    """Paths that have a place here; of one that has none, what the pipeline said before it."""
    found = all_moved(given, moved)
    lost = {name: declared[name] for name in given if name not in found and name in declared}
    return {**found, **lost}
