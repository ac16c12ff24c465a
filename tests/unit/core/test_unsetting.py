"""Single values taken back."""

import pytest
from tests.support.builders import configure, need, node_facts, pipeline, start
from tests.support.dsl import given

from runthrough.core.events import (
    ConfigurationDrafted,
    ConfigurationRejected,
    ScriptConfigured,
    ScriptMarkedPending,
)
from runthrough.core.lifecycle import Lifecycle
from runthrough.core.values.limits import Limits
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.errors import CommandRefusedError

FACTS = {
    "fit": node_facts(
        need("n", "job_arg"), need("MODE", "environ_var", "optional"), need("m", "output")
    )
}
SAID = pipeline(fit=NodeDeclaration(job_args={"n": 1}, timeout_s=5.0))
ANSWERED = (
    given()
    .after(start(SAID, FACTS))
    .after(
        configure(
            "fit",
            world=FACTS,
            job_args={"n": 2},
            environ_vars={"MODE": "fast"},
            timeout_s=9.0,
            user_notes="why",
            limits=Limits(cpu_s=3, open_files=9),
        )
    )
)


def unset(*names, **more):
    """The command that takes values of the node back."""
    return configure("fit", world=FACTS, unset=names, **more)


def spec(session):
    """The accepted configuration of the node."""
    return session.state.nodes["fit"].spec


def test_a_value_that_only_a_person_gave_is_gone():
    """A variable, a note and one limit go; all else stays as it was answered."""
    session = ANSWERED.after(unset("env.MODE", "user_notes", "limit.cpu_s"))
    after = spec(session)
    assert (after.environ_vars, after.user_notes, after.limits) == (
        {},
        None,
        Limits(open_files=9),
    )
    assert (after.job_args, after.timeout_s) == ({"n": 2}, 9.0)


def test_a_value_that_the_pipeline_says_is_that_again():
    """An argument and a time limit become what the file has."""
    after = spec(ANSWERED.after(unset("arg.n", "timeout_s")))
    assert (after.job_args, after.timeout_s) == ({"n": 1}, 5.0)


def test_it_is_an_answer_like_others():
    """One command takes back, gives, and leaves the ordinary event."""
    answer = ANSWERED.when(unset("env.MODE", job_args={"n": 3}))
    (event,) = answer.events
    assert isinstance(event, ScriptConfigured)
    assert (event.spec.environ_vars, event.spec.job_args) == ({}, {"n": 3})


def test_what_is_required_is_not_taken_back_alone():
    """A rejection names the need; with `partial` the node waits for another answer."""
    bare = pipeline(fit=None)
    session = given().after(start(bare, FACTS), configure("fit", world=FACTS, job_args={"n": 2}))
    (rejected,) = session.when(unset("arg.n")).events
    assert isinstance(rejected, ConfigurationRejected)
    assert spec(session.after(unset("arg.n"))).job_args == {"n": 2}
    kept = session.when(unset("arg.n", partial=True))
    assert {ScriptMarkedPending, ConfigurationDrafted} <= {type(e) for e in kept.events}
    pending = session.after(unset("arg.n", partial=True)).state.nodes["fit"]
    assert (pending.state, pending.draft.job_args) == (Lifecycle.PENDING, {})


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("env.MOD",), "Did you mean 'env.MODE'"),
        (("",), "no value ''"),
        (("limit.memory_bytes",), "no value 'limit.memory_bytes'"),
        (("python",), "no value 'python'"),
        (("input.x",), "no value 'input.x'"),
    ],
)
def test_a_value_that_is_not_there_is_refused(names, told):
    """The nearest one is named."""
    with pytest.raises(CommandRefusedError, match=told):
        ANSWERED.after(unset(*names))


def test_what_the_pipeline_says_is_no_answer():
    """It is changed in the file, and that is said."""
    with pytest.raises(CommandRefusedError, match="what the pipeline file says"):
        given().after(start(SAID, FACTS), unset("arg.n"))


def test_a_value_is_not_given_and_taken_back_at_once():
    """Nobody could say which of the two was meant."""
    with pytest.raises(CommandRefusedError, match="given and taken back"):
        ANSWERED.after(unset("arg.n", job_args={"n": 4}))
