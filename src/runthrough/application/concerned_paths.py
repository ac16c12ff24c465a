"""Which paths a look at a node is about: what is recorded of it, and where inputs usually lie."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from runthrough.application.allowing import Allowing
from runthrough.core.staleness import looked_at
from runthrough.core.state import SessionState
from runthrough.core.values.connections import Output
from runthrough.core.values.ids import NodeName, RecordedPath
from runthrough.core.values.paths import WORKSPACE, below, child, record
from runthrough.core.values.pipelines import PipelineDeclaration
from runthrough.core.values.requirements import ScriptRequirements
from runthrough.core.values.specs import ScriptSpec


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command brings that must be looked at beside what the session knows."""

    spec: ScriptSpec | None = None
    """The configuration to be; its arguments and variables decide what the script reads."""
    paths: tuple[RecordedPath, ...] = ()
    script: RecordedPath | None = None
    """The script to be looked at instead of the one that the node has."""
    discover: bool = False
    """Whether the node is to be looked for as if it had no script."""


NOTHING_ASKED = Asked()


def declared_paths(pipeline: PipelineDeclaration, node: NodeName) -> list[RecordedPath]:
    """Paths of a node's inputs, and of external outputs that may come to feed it."""
    paths: list[RecordedPath] = []
    for given in pipeline.nodes[node].inputs.values():
        if not isinstance(given, Output):
            paths.append(given)
        elif path := pipeline.nodes[given.node].outputs.get(given.output):
            paths.append(below(path, given.subpath))
    for above, target in pipeline.edges:
        if target == node and pipeline.nodes[above].external:
            paths += pipeline.nodes[above].outputs.values()
    return paths


def conventional(
    node: NodeName,
    needs: ScriptRequirements,
    given: Mapping[str, RecordedPath],
    *,
    source: bool,
) -> list[tuple[str, RecordedPath]]:
    """Where an input may lie by convention (DESIGN § 6), best place first.

    Not those of an input that is given another path: nobody takes what lies there.
    """
    folder = record(WORKSPACE, "input")
    own = child(folder, node)
    places: list[tuple[str, RecordedPath]] = []
    for need in needs.of("input"):
        usual = [child(own, need.name), *([child(folder, need.name)] if source else ())]
        answer = next((given[n] for n in (need.name, *need.aliases) if n in given), None)
        if answer is None or answer in usual:
            places += ((need.name, path) for path in usual)
    return places


def forbidden(
    state: SessionState,
    nodes: Iterable[NodeName],
    asked: Mapping[NodeName, Asked],
    allowing: Allowing,
) -> dict[NodeName, tuple[RecordedPath, ...]]:
    """The nodes of which something may not be touched, and what: paths, or the interpreter."""
    if not allowing.confines:
        return {}
    found: dict[NodeName, tuple[RecordedPath, ...]] = {}
    for node in nodes:
        want = asked.get(node, NOTHING_ASKED)
        outside = [*allowing.outside(dict.fromkeys(_touched(state, node, want)))]
        python = python_of(state, want.spec or state.nodes[node].spec)
        if python is not None and not allowing.holds_python(python):
            outside.append(RecordedPath(python))
        if outside:
            found[node] = tuple(outside)
    return found


def _touched(state: SessionState, node: NodeName, want: Asked) -> Iterator[RecordedPath]:
    """Every recorded path that looking at a node and running it would touch.

    What other nodes hand over to it is known when it starts.
    """
    there, declared = state.nodes[node], state.declared(node)
    if there.external and not want.discover:
        yield from there.external_outputs.values()
        return
    present = there.script.path if there.script is not None else None
    yield from (path for path in (want.script or present, declared.script) if path is not None)
    held = want.spec or there.spec or there.draft
    if held is not None:
        yield from held.input_paths.values()
        yield from held.output_paths.values()
    if want.spec is None:  # what an earlier attempt left does not keep the next one from running
        left = there.passed.outputs.values() if there.passed is not None else ()
        yield from (path for path in looked_at(state, node) if path not in left)
    yield from want.paths


def python_of(state: SessionState, spec: ScriptSpec | None) -> str | None:
    """The interpreter that a node is to run with; `None` for the tester's own."""
    return (spec.python if spec else None) or state.pipeline.python
