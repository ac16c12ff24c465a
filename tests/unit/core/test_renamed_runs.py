"""The last run, when nodes are called otherwise since."""

import pytest
from tests.support.builders import (
    claim_attempt,
    finish,
    need,
    node_facts,
    pipeline,
    script_info,
    start,
    start_run,
    written,
)
from tests.support.dsl import given

from runthrough.core.commands import FinishRun, UpdatePipeline
from runthrough.core.planning import retried

FACTS = {
    "make": node_facts(need("made", "output")),
    "train": node_facts(need("made"), need("model", "output"), script=script_info("train")),
    "tell": node_facts(need("model"), script=script_info("tell")),
}
EDGES = (("make", "train"), ("train", "tell"))
AGAIN = {"run": "run-2", "attempt": "attempt-2"}


def ran(*, failing):
    """A session whose first run passed, and whose second one failed at a node."""
    session = given().after(start(pipeline(*EDGES), FACTS), start_run(facts=FACTS))
    for node, output in (("make", "made"), ("train", "model"), ("tell", None)):
        outputs = (written(output, f"session:{output}"),) if output else ()
        session = session.after(claim_attempt(node), finish(node, outputs=outputs))
    return session.after(
        FinishRun(run="run-1", status="passed"),
        start_run(facts=FACTS, run="run-2", reuse=False),
        claim_attempt(failing, **AGAIN),
        finish(failing, "failed", run="run-2").model_copy(update={"attempt": "attempt-2"}),
        FinishRun(run="run-2", status="failed"),
    )


def update(**renamed):
    """The same pipeline, some of whose nodes are called otherwise."""
    names = {node: renamed.get(node, node) for node in FACTS}
    edges = tuple((names[one], names[other]) for one, other in EDGES)
    facts = {names[node]: seen for node, seen in FACTS.items()}
    return UpdatePipeline(pipeline=pipeline(*edges), renamed=renamed, facts=facts)


@pytest.mark.parametrize(
    "renamed", [{}, {"tell": "report"}, {"train": "fit", "tell": "report"}, {"make": "build"}]
)
def test_a_retry_runs_what_was_blocked_whatever_it_is_called_now(renamed):
    """What had passed before and was blocked by the failure runs again under its new name."""
    session = ran(failing="make")
    blocked = session.state.run.blocked_by
    assert set(blocked) == {"train", "tell"}
    after = session.after(update(**renamed)) if renamed else session
    names = [renamed.get(node, node) for node in FACTS]
    assert [*retried(after.state)] == names
    assert after.state.run.plan.order == tuple(names)
    assert set(after.state.run.outcomes) == set(names)
    assert after.state.run.blocked_by == {
        renamed.get(node, node): tuple(renamed.get(one, one) for one in by)
        for node, by in blocked.items()
    }
