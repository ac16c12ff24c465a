"""Beginning a session from the answers of another one."""

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runthrough.application.allowing import OUTSIDE, Allowing
from runthrough.application.definitions import Move, all_moved, python_moved, relocated
from runthrough.core.decide.surroundings import World
from runthrough.core.decide.taking import taken, with_answers
from runthrough.core.standing import standing
from runthrough.core.state import SessionState
from runthrough.core.values.ids import RecordedPath, SessionId
from runthrough.core.values.paths import ABSOLUTE, SESSION, Roots, ancestor_root, shown, split
from runthrough.core.values.pipelines import NodeDeclaration, PipelineDeclaration
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


@dataclass(frozen=True, slots=True)
class Model:
    """Another session, as one that begins like it sees it: with its paths below its own roots."""

    session_id: SessionId
    name: str
    stood: Standing
    left: Sequence[str]
    """Paths, in words, that may not be touched, and so are not taken over."""

    def answered(self, pipeline: PipelineDeclaration) -> PipelineDeclaration:
        """A pipeline with the answers of this session, so that what they name is looked at."""
        return with_answers(pipeline, taken(self.stood, pipeline, {}))

    def likeness(self, pipeline: PipelineDeclaration, facts: World) -> Likeness:
        """What a session takes over that begins with a pipeline and sees these facts."""
        answers = taken(self.stood, pipeline, facts).values()
        return Likeness(
            self.name,
            sum(one.answers for one in answers),
            (
                *(str(kept) for one in answers for kept in one.kept),
                *(f"{path} was not taken over: it {OUTSIDE}" for path in self.left),
            ),
        )


def model(other: SessionState, theirs: Roots, ours: Roots, *, allowing: Allowing) -> Model:
    """Another session, whose folders lie at `theirs`, for one that begins at `ours`.

    What lies in the other session's own folder was written by its runs, and is nobody's answer.
    What may not be touched is left out too, and told beside it.
    """
    moved, left = _move(theirs, ours), dict[str, None]()

    def kept(path: RecordedPath) -> RecordedPath | None:
        here = moved(path)
        if here is not None and not allowing.holds(here):
            left[shown(path)] = None
            return None
        return here

    stood = _standing(standing(other), kept)
    return Model(other.session_id, other.name, stood, list(left))


def _standing(stood: Standing, moved: Move) -> Standing:
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
