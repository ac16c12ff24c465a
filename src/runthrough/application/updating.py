"""Another pipeline under a living session, and the session written as a pipeline."""

from collections.abc import Mapping
from copy import copy
from types import MappingProxyType

from runthrough.application.concerned_paths import Asked
from runthrough.application.definitions import placed, with_registered
from runthrough.application.likeness import Likeness
from runthrough.application.looking import World
from runthrough.application.reverting import RevertibleSession
from runthrough.application.shown import Recorded
from runthrough.core.commands import UpdatePipeline
from runthrough.core.decide.pipeline_updates import PipelineUpdate, pipeline_update
from runthrough.core.decide.updating import changed, rename_hints
from runthrough.core.events import EventEnvelope
from runthrough.core.pipeline import PipelineDefinition
from runthrough.core.state import SessionState
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.ids import NodeName, RecordedPath, Version
from runthrough.core.values.paths import below, shown
from runthrough.core.values.pipelines import PipelineDeclaration, declared_spec
from runthrough.core.views.particulars import Particulars
from runthrough.core.views.pipelines import declaration_of, unsaid
from runthrough.errors import (
    CommandInvalidError,
    CommandRefusedError,
    PipelineFileError,
    UnknownNodeError,
)

_NOTHING: Mapping[str, str] = MappingProxyType({})


class UpdatedSession(RevertibleSession):
    """A session whose pipeline can change."""

    registered: Mapping[str, str] = _NOTHING
    """Node or canonical name → absolute path of its script, as the caller's settings have it."""
    likeness: Likeness | None = None
    """What it took over from another session, where it was begun here."""

    def pipeline_file(self) -> str:
        """The absolute path of the session's own pipeline file.

        Raises:
            CommandInvalidError: It has none: it tests a DAG that was built in Python.
            PipelineFileError: The file is gone.
            NotAtHomeError: The session lives on another host.
            OutsideRootsError: It lies where the caller may not look.
        """
        self.refresh()
        self._needs_files("update")
        file = self.state.pipeline.file
        if file is None:
            raise CommandInvalidError(
                "update", "the session has no pipeline file", fix="runthrough update PIPELINE"
            )
        self._allowing.refuse(file, shown(file), "The pipeline file")
        seen = self._ports.inspector.look((file,), roots=self._roots, digest_up_to=-1)
        if seen[file].kind is None:
            raise PipelineFileError(
                self.locate(file),
                "the session's own pipeline file is gone",
                fix="put it back, or name another one: runthrough update PIPELINE",
            )
        return self.locate(file)

    def workspaces(self) -> tuple[str, ...]:
        """The absolute paths of the folders in which scripts are looked for."""
        return tuple(self.locate(place) for place in self.state.settings.workspaces)

    def update(
        self,
        definition: PipelineDefinition,
        *,
        renamed: Mapping[str, str] = _NOTHING,
        based_on: int | None = None,
    ) -> Recorded:
        """Test another pipeline, mostly the same one as its file has it now.

        What people answered stays; `told` of what was recorded says where the pipeline differs.
        `renamed` maps old names of nodes to new ones. Paths are taken from the folder of the
        pipeline's file; the session's own folders stay where they are.

        Raises:
            CommandRefusedError: Nothing differs, a name cannot be taken over, or a person's
                connection would close a cycle.
            UnknownNodeError: No node has the old name of one that is renamed.
            PipelineCycleError: The pipeline has a cycle.
            VersionConflictError: Somebody else changed the session after `based_on`.
            NotAtHomeError: The session lives on another host.
            OutsideRootsError: A path in the pipeline lies where the caller may not look.
        """
        self.refresh()
        self._needs_files("update")
        declared = placed(definition, self._roots)
        self._allowing.refuse_pipeline(declared)
        pipeline = with_registered(declared, self.registered, self._roots)
        command = UpdatePipeline(
            pipeline=pipeline,
            renamed={NodeName(old): NodeName(new) for old, new in renamed.items()},
            based_on=self._based_on(based_on, "update"),
        )
        command = command.model_copy(update={"facts": self._world_with(command)})
        stored = self._handle(command)
        recorded = Recorded(Version(stored[0].version - 1), stored[-1].version)
        before = self._handler.load(self.session_id, upto=recorded.after).state
        changing = pipeline_update(command, before)
        hints = rename_hints(changing, command.facts, before)
        return recorded._replace(told=(*map(str, changing.kept), *hints))

    def as_pipeline(self) -> PipelineDeclaration:
        """The session as a pipeline of which a new session would be configured equally."""
        self.refresh()
        return declaration_of(self.state)

    def unsaid(self) -> tuple[str, ...]:
        """What the session holds that `as_pipeline` cannot say, a line each."""
        return unsaid(self.state)

    def _world_with(self, command: UpdatePipeline) -> World:
        """A look at all nodes as the new pipeline has them; none where it will be refused."""
        names = {command.renamed.get(node, node): node for node in self.state.nodes}
        known = {
            node: NodeFacts(requirements=self.particulars.needs(old))
            for node, old in names.items()
        }
        try:
            changing = pipeline_update(command.model_copy(update={"facts": known}), self.state)
        except (CommandRefusedError, UnknownNodeError):
            return {}  # the decision refuses it too, and that is recorded
        ahead = changed(changing, self.state).state
        asked = _asked(changing, ahead)
        particulars = self._particulars_after(changing)
        return self._looking.at(ahead, particulars, asked, asked=asked)

    def _particulars_after(self, changing: PipelineUpdate) -> Particulars:
        """What is known of nodes, under their new names."""
        known = copy(self.particulars)
        metadata = self._caller.metadata()
        version = Version(self.version + 1)
        known.take(
            (EventEnvelope(version, self.session_id, version, changing.change, metadata, ""),)
        )
        return known


def _asked(changing: PipelineUpdate, ahead: SessionState) -> dict[NodeName, Asked]:
    """What is to be looked at of each node that is to run a script."""
    outside = _outside(changing, ahead)
    asked: dict[NodeName, Asked] = {}
    for node in ahead.nodes:
        if node in outside:
            continue
        there = changing.staying.get(node)
        declared = ahead.declared(node)
        spec = changing.coming.get(node) if there else declared_spec(declared)
        wires = [wire.source for wire in ahead.connections.get(node, {}).values()]
        sources = [
            *wires,
            *(source for source in declared.inputs.values() if isinstance(source, Output)),
        ]
        feeding = [
            below(outside[above][source.output], source.subpath)
            for source in sources
            if source.output in outside.get(above := NodeName(source.node), {})
        ]
        above_paths = (outside.get(above, {}) for above in ahead.predecessors.get(node, ()))
        asked[node] = Asked(
            spec=spec,
            paths=(
                *(spec.input_paths.values() if spec else ()),
                *feeding,
                *(path for paths in above_paths for path in paths.values()),
            ),
            discover=there is None or there.anew,
        )
    return asked


def _outside(
    changing: PipelineUpdate, ahead: SessionState
) -> dict[NodeName, Mapping[str, RecordedPath]]:
    """The nodes that are to stand for something outside, and where their outputs lie."""
    found: dict[NodeName, Mapping[str, RecordedPath]] = {}
    for node in ahead.nodes:
        there = changing.staying.get(node)
        declared = ahead.declared(node)
        if there.external if there else declared.external:
            found[node] = there.outputs if there else declared.outputs
    return found
