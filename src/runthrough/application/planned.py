"""What a run would do and why, asked before it does."""

from collections.abc import Sequence

from runthrough.application.configured import ConfiguredSession
from runthrough.application.looking import World
from runthrough.application.shown import Recorded
from runthrough.core.commands import AcceptUnchanged
from runthrough.core.decide.looking import foreseen
from runthrough.core.planning import chosen, plan_run
from runthrough.core.state import SessionState
from runthrough.core.views.nodes import View
from runthrough.core.views.plans import plan_view, why_view


class PlannedSession(ConfiguredSession):
    """A session whose runs are planned."""

    def plan(
        self, select: Sequence[str] = (), *, reuse: bool = True, sagemaker: bool = False
    ) -> View:
        """What `run` with the same selection would do now; records nothing.

        See `views.plans.plan_view` for the shape; beside it: warnings, the problems of what would
        run that forbid nothing, such as a secret that is not set on this machine.

        Raises:
            SelectionError: A pattern selects no node.
        """
        state, world = self._as_a_run_would_look()
        nodes = chosen(state, select, world)
        plan = plan_run(state, nodes, world, reuse=reuse, sagemaker=sagemaker)
        warnings = self.unset_secrets(planned.node for planned in plan.run)
        return {
            **plan_view(state, plan, world, sagemaker=sagemaker),
            "warnings": [problem.model_dump(mode="json") for problem in warnings],
        }

    def why(self, node: str, *, sagemaker: bool | None = False) -> View:
        """What differs from what a node's last passed attempt depended on; records nothing.

        `sagemaker` is what a run would set; `None` takes each node as it last passed. See
        `views.plans.why_view` for the shape.
        """
        state, world = self._as_a_run_would_look()
        return why_view(state, self.node_named(node), world, sagemaker=sagemaker)

    def accept_unchanged(self, node: str, *, based_on: int | None = None) -> Recorded:
        """Let a node's last passed attempt stand although what it depended on has changed.

        Raises:
            CommandRefusedError: There is nothing that could stand, or nothing has changed.
            VersionConflictError: Somebody else changed the node after that version.
        """
        self.refresh()
        name = self.node_named(node)
        self._needs_files("accept")
        command = AcceptUnchanged(
            node=name,
            based_on=self._based_on(based_on, "accept"),
            facts=self._looking.glance(self.state, self.particulars, (name,), digest_up_to=None),
        )
        return self._record(command)

    def _as_a_run_would_look(self) -> tuple[SessionState, World]:
        """The world, and the state that it leads to; digests whatever the size."""
        self.refresh()
        world = self._looking.at(self.state, self.particulars, self.state.nodes, digest_up_to=None)
        return foreseen(world, self.state), world
