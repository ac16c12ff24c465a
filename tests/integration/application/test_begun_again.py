"""Sessions that are begun by a request which is told twice."""

import pytest
from tests.support.hanging import quick
from tests.support.stored import HOST

from runthrough import PipelineDAG
from runthrough.application.caller import Caller
from runthrough.application.sessions import Sessions
from runthrough.core.pipeline import PipelineDefinition
from runthrough.errors import CommandIdReusedError


class Noting:
    """A directory that notes for which sessions it was told where roots lie."""

    def __init__(self, directory):
        self._directory = directory
        self.told = {}

    def set_roots(self, session_id, *, host, roots):
        self.told[session_id, host] = roots
        self._directory.set_roots(session_id, host=host, roots=roots)

    def kept(self):
        """The sessions of which it keeps where roots lie."""
        return {
            session_id
            for session_id, host in self.told
            if self._directory.roots_of(session_id, host=host)
        }

    def __getattr__(self, name):
        return getattr(self._directory, name)


@pytest.fixture
def directory(studio):
    return Noting(studio.stores.directory)


@pytest.fixture
def asking(studio, directory):
    """The sessions as those see them who ask with the same command again and again."""

    def ask(actor="ann", **other):
        ports = studio.ports(directory=directory, **other)
        caller = Caller(actor, "token", "http", HOST, "ws", "0", studio.watch, lambda: "request-1")
        return Sessions(ports, caller, cwd=str(studio.place.folder))

    return ask


def definition(studio, *nodes):
    for node in nodes:
        studio.place.script(node, "def main(input_paths, *_):\n    open(input_paths['raw'])\n")
    dag = PipelineDAG(nodes=nodes, edges=(), name="again")
    return PipelineDefinition.from_dag(dag, str(studio.place.folder))


def types(studio, session):
    return [each.event.type for each in studio.stores.events.read(session.session_id)]


@pytest.mark.parametrize("name", [None, "mine"])
def test_a_session_that_is_begun_again_is_the_one_of_the_first_time(
    studio, asking, directory, name
):
    """With a name of its own or a chosen one; it can be gone on with, and no root is orphaned."""
    pipeline = definition(studio, "one")
    first = asking().start(pipeline, name=name)
    recorded = types(studio, first)
    again = asking().start(pipeline, name=name)
    assert (again.session_id, again.name) == (first.session_id, first.name)
    assert (types(studio, again), again.version) == (recorded, len(recorded))
    assert len(directory.told) == 2
    assert directory.kept() == {first.session_id}
    studio.sessions("bob").open(again.name).note("it is there")
    again.refresh()
    assert again.version == len(recorded) + 1


@pytest.mark.parametrize("other", ["another pipeline", "another name", "another person"])
def test_the_command_that_began_a_session_begins_no_other(studio, asking, directory, other):
    """Another request with it is refused, and leaves no root behind."""
    first = asking().start(definition(studio, "one"), name="mine")
    nodes = ("one", "two") if other == "another pipeline" else ("one",)
    name = "yours" if other == "another name" else "mine"
    with pytest.raises(CommandIdReusedError):
        asking("bob" if other == "another person" else "ann").start(
            definition(studio, *nodes), name=name
        )
    assert directory.kept() == {first.session_id}
    assert len(studio.stores.directory.sessions()) == 1


@pytest.mark.slow
def test_a_long_session_that_is_begun_again_leaves_no_snapshot_of_none(studio, asking):
    """What was folded for the second was never a session."""
    pipeline = definition(studio, *(f"n{number}" for number in range(600)))
    first = asking().start(pipeline)
    kept = Snapshots(studio.stores.snapshots)
    again = asking(snapshots=kept).start(pipeline)
    assert again.session_id == first.session_id
    assert set(kept.of) <= {first.session_id}


class Snapshots:
    """A cache that tells of which sessions it was given a fold."""

    def __init__(self, snapshots):
        self._snapshots = snapshots
        self.of = []

    def keep(self, loaded):
        self.of.append(loaded.state.session_id)
        self._snapshots.keep(loaded)

    def __getattr__(self, name):
        return getattr(self._snapshots, name)


@pytest.mark.parametrize(("at", "name"), [(None, None), (1, None), (None, "mine")])
def test_a_fork_that_is_begun_again_is_the_one_of_the_first_time(
    studio, asking, directory, at, name
):
    """Also where its origin has gone on: the end that was meant is the one of then."""
    origin = quick(studio, "one")
    at = None if at is None else origin.version
    first = asking().fork(origin.name, at=at, name=name)
    origin.note("it goes on")
    again = asking().fork(origin.name, at=at, name=name)
    assert (again.session_id, again.name) == (first.session_id, first.name)
    assert again.version == first.version == origin.version
    assert directory.kept() == {first.session_id}
    assert len(studio.stores.directory.sessions()) == 2


@pytest.mark.parametrize("other", ["another origin", "another version", "another name"])
def test_the_command_that_began_a_fork_begins_no_other(studio, asking, directory, other):
    """Another request with it is refused, and leaves no root behind."""
    origin = quick(studio, "one")
    elsewhere = studio.sessions().start(definition(studio, "one"), name="elsewhere")
    first = asking().fork(origin.name)
    of = elsewhere.name if other == "another origin" else origin.name
    at = origin.version if other == "another version" else None
    with pytest.raises(CommandIdReusedError):
        asking().fork(of, at=at, name="mine" if other == "another name" else None)
    assert directory.kept() == {first.session_id}
