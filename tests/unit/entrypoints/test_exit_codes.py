"""With which exit code a run ends at the command line."""

import pytest
from tests.support.builders import (
    RUN,
    claim_attempt,
    finish,
    node_facts,
    pipeline,
    script_info,
    start,
    start_run,
)
from tests.support.dsl import given

from runthrough.core.commands import FinishRun
from runthrough.entrypoints.cli.running import _exit_code

NODES = pipeline(("a", "b"), c=None)
WORLD = {name: node_facts(script=script_info(name)) for name in "abc"}


def ended(*select, ends=(), status="as_it_went"):
    """A run over a selection, in which some nodes came to an end."""
    session = given().after(start(NODES, WORLD), start_run(*select, facts=WORLD))
    for node, outcome in ends:
        session = session.after(claim_attempt(node), finish(node, outcome))
    return session.after(FinishRun(run=RUN, status=status)).state.run


@pytest.mark.parametrize(
    ("ran", "code"),
    [
        (ended("c", ends=[("c", "passed")]), 0),
        (ended("c", ends=[("c", "failed")]), 1),
        (ended("a", "c", ends=[("a", "failed"), ("c", "passed")]), 1),
        (ended("b", "c", ends=[("c", "passed")]), 3),
        (ended("b", "c", ends=[("c", "crashed")]), 1),
        (ended("b", "c", status="cancelled"), 1),
        (ended("c", status="cancelled"), 1),
    ],
    ids=[
        "all passed",
        "one failed",
        "one of two failed",
        "a result outside the selection is missing",
        "that, and one crashed",
        "that, and the run was cancelled",
        "nothing came to an end",
    ],
)
def test_a_run_ends_with_the_code_that_tells_the_worst(ran, code):
    """A failure and a cancelled run win over a result that is only missing."""
    assert _exit_code(ran) == code
