"""What becomes of a node that lost what it stood on."""

from tests.support.builders import file_at, need, node_facts, pipeline, script_info, start
from tests.support.dsl import given

from runthrough.core.commands import RecordWorld, RejectConnections, Target
from runthrough.core.lifecycle import Lifecycle

KEPT = "workspace:input/train/tidy"
WORLD = {
    "clean": node_facts(need("tidy", "output")),
    "train": node_facts(
        need("tidy"),
        script=script_info("train"),
        paths=[file_at(KEPT)],
        found={"tidy": KEPT},
    ),
}
READY = given().after(start(pipeline(("clean", "train")), WORLD))
REJECTED = READY.after(
    RejectConnections(targets=(Target(node="train", input="tidy"),), facts=WORLD)
)


def test_an_input_that_no_output_feeds_takes_what_lies_there_by_convention():
    """In one step: the next look has nothing to add."""
    assert "tidy" in READY.state.connections["train"]
    train = REJECTED.node("train")
    assert train.state is Lifecycle.AUTO_CONFIGURED
    assert train.spec.input_paths == {"tidy": KEPT}
    assert REJECTED.when(RecordWorld(facts=WORLD)).names == []
