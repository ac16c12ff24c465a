"""What was taken back is as it was; what is done again is as if it had not been taken back."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.builders import configure, need, pipeline, script_info, start
from tests.support.diary import Diary, Land, configuration
from tests.support.scale import scaled

from runthrough.core.commands import (
    BindScript,
    ClearConfiguration,
    ConfirmConnections,
    Connect,
    Disconnect,
    MarkExternal,
    MarkInternal,
    RecordWorld,
    RejectConnections,
    Target,
    UpdatePipeline,
)
from runthrough.core.values.connections import Output
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.errors import RunthroughError

NODES = ("load", "clean", "train", "judge")
RAW, TIDY, GONE = "workspace:raw.csv", "workspace:tidy.csv", "workspace:gone.csv"
CONVENTION = "workspace:input/judge/truth"
SCRIPTS = {
    "load": (need("raw"), need("rows", "output", files=("rows.csv",))),
    "clean": (
        need("rows", files=("rows.csv",)),
        need("extra", level="optional"),
        need("tidy", "output", files=("a.csv",)),
        need("rest", "output", files=("b.csv",)),
    ),
    "train": (
        need("data"),
        need("rest", level="optional", files=("b.csv",)),
        need("depth", "job_arg"),
        need("model", "output"),
    ),
    "judge": (need("model", aliases=("m",)), need("truth"), need("report", "output")),
    "other": (need("data"), need("model", "output"), need("more", "output")),
}
DECLARED = pipeline(
    ("load", "clean"),
    ("clean", "train"),
    ("train", "judge"),
    load=NodeDeclaration(inputs={"raw": RAW}),
)

SMALLER = pipeline(("load", "clean"), ("clean", "judge"), load=NodeDeclaration())
RENAMED = pipeline(
    ("load", "clean"),
    ("clean", "learn"),
    ("learn", "judge"),
    ("load", "other"),
    load=NodeDeclaration(inputs={"raw": TIDY}),
    learn=NodeDeclaration(
        inputs={"data": Output("clean", "tidy")}, job_args={"depth": 2}, outputs={"model": GONE}
    ),
    other=NodeDeclaration(external=True, outputs={"rows": RAW}),
)

nodes = st.sampled_from(NODES)
INPUTS = {
    "load": ("raw",),
    "clean": ("rows", "extra"),
    "train": ("data", "rest"),
    "judge": ("model", "m", "truth"),
}
"""What each script reads; what else may be named is refused, and says nothing here."""
ends = st.sampled_from([(node, name) for node, read in INPUTS.items() for name in read])
sources = st.builds(
    Output,
    nodes,
    st.sampled_from(["rows", "tidy", "rest", "model", "more", "report"]),
    st.sampled_from([None, None, "part"]),
)
paths = st.sampled_from([RAW, TIDY, GONE, "workspace:out/tidy"])
targets = ends.map(lambda end: (Target(node=end[0], input=end[1]),))


def answers(node):
    """Configurations of a node that mostly hold."""
    return st.builds(
        configure,
        st.just(node),
        input_paths=st.none()
        | st.dictionaries(st.sampled_from(INPUTS[node]), paths | sources, max_size=2),
        output_paths=st.none()
        | st.dictionaries(st.sampled_from(["tidy", "rows", "model"]), paths, max_size=1),
        job_args=st.none() | st.dictionaries(st.just("depth"), st.integers(1, 3)),
        user_notes=st.none() | st.just("mine"),
        partial=st.booleans(),
        replace=st.sampled_from([False, False, False, True]),
    )


commands = st.one_of(
    nodes.flatmap(answers),
    st.builds(ClearConfiguration, node=nodes),
    st.tuples(ends, sources).map(
        lambda asked: Connect(node=asked[0][0], input=asked[0][1], source=asked[1])
    ),
    st.builds(ConfirmConnections, targets=targets),
    st.builds(RejectConnections, targets=targets),
    st.builds(Disconnect, targets=targets),
    st.builds(
        BindScript,
        node=nodes,
        path=st.sampled_from(["other", "train"]).map(lambda name: f"workspace:scripts/{name}.py"),
    ),
    st.builds(
        MarkExternal,
        node=nodes,
        outputs=st.dictionaries(st.sampled_from(["tidy", "model"]), paths, max_size=1),
    ),
    st.builds(MarkInternal, node=nodes),
    st.just(RecordWorld()),
    st.builds(
        UpdatePipeline,
        pipeline=st.sampled_from([DECLARED, SMALLER, RENAMED]),
        renamed=st.sampled_from([{}, {"train": "learn"}, {"learn": "train"}]),
    ),
)


def land():
    """A world in which some of what may be named is there."""
    return Land(
        scripts={
            script_info(name).path: (script_info(name), needs) for name, needs in SCRIPTS.items()
        },
        named={
            **{name: script_info(name).path for name in NODES},
            "learn": script_info("train").path,
        },
        files={RAW: True, TIDY: True, GONE: False, CONVENTION: True, "workspace:out/tidy": False},
        found={"judge": {"truth": CONVENTION}},
    )


def session_of(asked):
    """A session in which all of this was asked; what it does not allow is left out."""
    diary = Diary(land())
    diary.do(start(DECLARED, diary.land.look(dict.fromkeys(NODES))))
    for command, actor in asked:
        say(diary, command, actor)
    return diary


def say(diary, command, actor="ann"):
    """One command with what is seen of the world, if the session allows it."""
    world = diary.world()
    if isinstance(command, BindScript):
        world |= diary.land.look({command.node: command.path})
    if isinstance(command, MarkInternal):
        world |= diary.land.look({command.node: None})
    if isinstance(command, UpdatePipeline):
        called = {command.renamed.get(n, n): t.script for n, t in diary.state.nodes.items()}
        scripts = {n: called.get(n) for n in command.pipeline.nodes}
        world |= diary.land.look({n: script and script.path for n, script in scripts.items()})
    with suppress(RunthroughError):
        diary.do(command.model_copy(update={"facts": world}), actor)


histories = st.lists(st.tuples(commands, st.sampled_from(["ann", "bob"])), max_size=8)


@given(histories, st.data())
@settings(max_examples=scaled(40, 1200))
def test_undo_to_a_version_is_that_version(asked, data):
    """In a world that stays as it is, all that is configured is as it was then."""
    diary = session_of(asked)
    to = data.draw(st.sampled_from(diary.whole), "to")
    then = configuration(diary.as_of(to))
    try:
        diary.undo(to, anyone=True)
    except RunthroughError:
        assert not [action for action in diary.state.actions if action.version > to]
    assert configuration(diary.state) == then


@given(histories, st.data())
@settings(max_examples=scaled(40, 1200))
def test_redo_is_the_way_back(asked, data):
    """Undone and done again is as if nothing had happened, once or several times over."""
    diary = session_of(asked)
    stood = [configuration(diary.state)]
    times = data.draw(st.integers(1, 3), "times")
    for _ in range(times):
        if not diary.state.actions:
            break
        diary.undo(anyone=True)
        stood.append(configuration(diary.state))
    while len(stood) > 1:
        assert configuration(diary.state) == stood.pop()
        diary.redo()
    assert configuration(diary.state) == stood[0]
    assert not diary.state.taken_back


@given(histories, st.sets(st.sampled_from([RAW, TIDY, CONVENTION])), histories, st.data())
@settings(max_examples=scaled(25, 800))
def test_what_a_world_that_changed_forbids_holds_again_when_it_is_back(asked, gone, since, data):
    """Files go, people go on, all that is taken back, and the files come again."""
    diary = session_of(asked)
    to = data.draw(st.sampled_from(diary.whole), "to")
    then = configuration(diary.as_of(to))
    diary.land.files |= dict.fromkeys(gone, False)
    say(diary, RecordWorld())
    for command, actor in since:
        say(diary, command, actor)
    with suppress(RunthroughError):
        diary.undo(to, anyone=True)
    diary.land.files |= dict.fromkeys(gone, True)
    say(diary, RecordWorld())
    assert configuration(diary.state) == then
