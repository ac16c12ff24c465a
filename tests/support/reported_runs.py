"""Runs of a shared session, as their testers report them, without a process."""

from collections.abc import Iterator, Sequence

from tests.support.shared_sessions import Branch
from tests.support.sheets import OUTPUTS
from tests.support.testers import Machine
from uuid_utils import uuid7

from runthrough.core.commands import FinishScript, ReuseScript, StartRun, StartScript
from runthrough.core.staleness import fingerprint
from runthrough.core.state import NodeState
from runthrough.core.values.outcomes import Outcome, WrittenOutput
from runthrough.core.views.loaded import Loaded


def run_begun(branch: Branch, loaded: Loaded, select: Sequence[str]) -> StartRun:
    """A new tester, who lives until it is told to be gone, begins a run."""
    living = branch.shop.living
    tester = Machine(pid=max(living) + 1)
    living.add(tester.pid)
    return StartRun(
        run=str(uuid7()),
        select=tuple(select),
        holder=tester.me(),
        runner="process:",
        facts=branch.world(loaded),
    )


def next_report(
    branch: Branch, node: str, outcome: Outcome
) -> ReuseScript | StartScript | FinishScript:
    """What a tester says of a node whose turn it is: reused, claimed, or ended."""
    run, there = branch.state.running, branch.state.nodes[node]
    if there.running is not None:
        return FinishScript(
            run=run.run,
            node=node,
            attempt=there.running.attempt,
            outcome=outcome,
            duration_s=1,
            outputs=tuple(_written(branch, there)) if outcome == "passed" else (),
        )
    if node in run.plan.reuse:
        return ReuseScript(run=run.run, node=node, fingerprint=there.passed.fingerprint)
    attempt, name = str(uuid7()), OUTPUTS.get(node, "report")
    return StartScript(
        run=run.run,
        node=node,
        attempt=attempt,
        fingerprint=fingerprint(branch.state, node, branch.world(branch.tester)[node]) or (),
        runner="process:",
        outputs={name: f"session:runs/{run.run}/{node}/{attempt}/{name}"},
    )


def _written(branch: Branch, there: NodeState) -> Iterator[WrittenOutput]:
    """What the node's open attempt leaves."""
    for name, path in there.running.outputs.items():
        digest = branch.write(path, f"by {there.running.attempt}\n")
        yield WrittenOutput(name=name, path=path, digest=digest)
