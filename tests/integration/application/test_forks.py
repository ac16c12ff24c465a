"""Forks: sessions that go on from a version of another one."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.support.hanging import WRITES, hanging, on, quick, ran
from tests.support.stored import AT, HOST, memory_stores, said
from tests.support.testers import NAME, configured, outcomes

from runthrough.application.answers import Answers
from runthrough.core.commands import ForkSession
from runthrough.core.events import SessionForked
from runthrough.core.values.ids import HostId, SessionId, Version
from runthrough.errors import (
    CommandInvalidError,
    CommandRefusedError,
    ConfigurationInvalidError,
    SessionError,
    SessionNameTakenError,
    StoreError,
    UnknownVersionError,
)

OTHER_HOST = HostId("host-2")
FAILS = "def main(input_paths, output_paths, environ_vars, job_args):\n    raise LookupError\n"
READS = """
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    Path(output_paths["out"]).write_text(Path(input_paths["text"]).read_text() + "!")
"""


@pytest.fixture
def stores():
    """In memory: that every store forks alike is a rule of its own."""
    return memory_stores()


def told(studio):
    """A session over a script that says something."""
    studio.place.script("a", "import sys\n" + WRITES + "    print('told', file=sys.stderr)\n")
    session = studio.start("a")
    return configured(session, "a", job_args={"ran": str(ran(studio, "a"))})


def texts(studio, session):
    """What the store tells of a session."""
    return [envelope.event.type for envelope in studio.stores.events.read(session.session_id)]


def folder(studio, session):
    """The session's own folder."""
    return studio.place.workspace / ".runthrough" / session.session_id


def attempts(studio, session, node):
    """The attempts at a node in the session's own folder, oldest first."""
    found = folder(studio, session).glob(f"runs/*/{node}/*")
    return sorted(found, key=lambda attempt: attempt.name)


def version_of(session, kind, node=None):
    """The version of the last event of a type."""
    return next(
        row.version
        for row in reversed(session.history())
        if row.type == kind and node in {None, row.node}
    )


# ---- what a fork takes over


def test_a_fork_has_what_was_configured_and_what_passed(studio):
    """Nothing is asked again and nothing runs again, and the parent knows nothing of it."""
    parent = quick(studio, "a", "b")
    parent.run()
    before = texts(studio, parent)
    fork = studio.sessions("bob").fork(NAME, name="calm-owl")
    assert (fork.name, fork.version) == ("calm-owl", len(before) + 1)
    assert (fork.state.parent, fork.state.forked_at) == (parent.session_id, len(before))
    assert fork.state.nodes.keys() == parent.state.nodes.keys()
    assert outcomes(fork.run()) == {"a": "reused", "b": "reused"}
    assert ran(studio, "a").read_text() == "x", "it ran once"
    assert texts(studio, parent) == before
    assert texts(studio, fork)[: len(before) + 1] == [*before, "SessionForked"]


def test_a_fork_writes_to_its_own_folder(studio):
    """What it runs anew lies beside what the parent left, which stays as it was."""
    parent = quick(studio, "a")
    parent.run()
    fork = studio.sessions().fork(NAME)
    configured(fork, "a", job_args={"ran": str(ran(studio, "other"))})
    assert outcomes(fork.run()) == {"a": "passed"}
    assert len(attempts(studio, parent, "a")) == len(attempts(studio, fork, "a")) == 1
    assert studio.sessions().open(NAME).run()["outcomes"]["a"]["outcome"] == "reused"


def test_logs_of_what_the_parent_ran_are_read_in_the_fork(studio):
    """A log that was taken over lies where the parent wrote it, however deep the fork."""
    parent = told(studio)
    parent.run()
    fork = studio.sessions().fork(studio.sessions().fork(NAME).session_id)
    assert fork.log_texts("a") == parent.log_texts("a")
    assert fork.log_texts("a")[1] == "told\n"


def test_an_output_that_was_taken_over_is_handed_on(studio):
    """A consumer that runs in the fork reads what its producer left in the parent's folder."""
    studio.place.script("b", READS)
    parent = quick(studio, "a", session=studio_start(studio, "a", "b"))
    parent.connect("a.out", "b.text")
    parent.run(["a"])
    fork = studio.sessions().fork(NAME)
    assert outcomes(fork.run()) == {"a": "reused", "b": "passed"}
    (attempt,) = attempts(studio, fork, "b")
    assert (attempt / "out").read_text() == "x!"


def studio_start(studio, *nodes):
    """A session over scripts that are written meanwhile."""
    studio.place.script("a", WRITES)
    return studio.start(*nodes)


def test_what_comes_later_in_one_is_not_in_the_other(studio):
    """Parent and fork are configured and run apart from each other."""
    parent = quick(studio, "a", "b")
    fork = studio.sessions("bob").fork(NAME)
    configured(parent, "a", environ_vars={"SIDE": "parent"})
    configured(fork, "a", environ_vars={"SIDE": "fork"})
    again = studio.sessions().open(fork.session_id)
    assert again.state.nodes["a"].spec.environ_vars == {"SIDE": "fork"}
    assert studio.enter().state.nodes["a"].spec.environ_vars == {"SIDE": "parent"}
    assert studio.stores.audit.verify().ok


def test_a_fork_of_a_session_that_runs(studio):
    """The parent's run is not the fork's; open attempts are not taken over, passed ones are."""
    session, made = hanging(studio, "quick"), []

    def fork(_event):
        made.append(studio.sessions("bob").fork(NAME, name="meanwhile"))
        (studio.place.folder / "hold").unlink()

    assert outcomes(session.run(told=on("ScriptStarted", fork, "hangs"))) == {
        "hangs": "passed",
        "quick": "passed",
    }
    (forked,) = made
    assert forked.state.running is None
    assert forked.state.nodes["hangs"].running is None
    assert studio.statuses() == ["passed"]
    assert outcomes(forked.run(["hangs"])) == {"hangs": "passed"}


def test_what_an_external_node_provides_stays_where_it_is(studio):
    """A file in the parent's folder that stands for a node's output is found by the fork."""
    studio.place.script("b", READS)
    parent = quick(studio, "a", session=studio_start(studio, "a", "b"))
    parent.run(["a"])
    (attempt,) = attempts(studio, parent, "a")
    parent.mark_external("a", {"out": str(attempt / "out")})
    parent.connect("a.out", "b.text")
    fork = studio.sessions().fork(NAME)
    path = fork.state.nodes["a"].external_outputs["out"]
    assert fork.locate(path) == str(attempt / "out")
    assert outcomes(fork.run()) == {"b": "passed"}


def test_a_fork_of_a_closed_session_is_open(studio):
    """Who wants to go on with what was put away need not reopen it."""
    quick(studio, "a").close()
    fork = studio.sessions().fork(NAME)
    assert fork.state.phase == "open"
    assert outcomes(fork.run()) == {"a": "passed"}
    assert studio.stores.directory.find(NAME).phase == "closed"


# ---- where it begins


def test_a_fork_of_an_earlier_version(studio):
    """What was done since is not in the fork."""
    session = quick(studio, "a")
    at = session.version
    configured(session, "a", environ_vars={"LATER": "1"})
    fork = studio.sessions().fork(NAME, at=at)
    assert fork.state.nodes["a"].spec.environ_vars == {}
    assert fork.version == at + 1


def test_a_fork_of_a_time(studio):
    """A time means the last version that was recorded up to then."""
    session = quick(studio, "a")
    at, version = studio.watch.now, session.version
    studio.watch.pass_by(60)
    configured(session, "a", environ_vars={"LATER": "1"})
    fork = studio.sessions().fork(NAME, at=at + timedelta(seconds=59))
    assert (fork.state.forked_at, fork.state.nodes["a"].spec.environ_vars) == (version, {})


@pytest.mark.parametrize("at", [0, -1, 999])
def test_versions_that_are_not_there_are_refused(studio, at):
    """The error tells which versions there are."""
    session = quick(studio, "a")
    with pytest.raises(UnknownVersionError, match=f"versions 1 to {session.version}, not {at}"):
        studio.sessions().fork(NAME, at=at)
    assert len(studio.stores.directory.sessions()) == 1


@pytest.mark.parametrize("at", [True, "3", 1.5, datetime(2026, 11, 22), AT - timedelta(days=1)])  # noqa: DTZ001 - that is what is tried
def test_what_is_no_version_and_no_time_is_refused(studio, at):
    """Neither a time without a zone, nor one before the session, nor any other value will do."""
    quick(studio, "a")
    with pytest.raises(SessionError):
        studio.sessions().fork(NAME, at=at)
    assert len(studio.stores.directory.sessions()) == 1


def test_a_version_amid_a_command_is_refused_with_its_neighbours(studio):
    """Half of what a command decided was never a state of the session."""
    session = quick(studio, "a", "b")
    envelopes = list(studio.stores.events.read(session.session_id))
    start = [
        e.version for e in envelopes if e.metadata.command_id == envelopes[0].metadata.command_id
    ]
    assert len(start) > 2
    with pytest.raises(SessionError, match=f"versions 1 to {start[-1]}") as caught:
        studio.sessions().fork(NAME, at=2)
    assert caught.value.fix == f"runthrough fork --at {start[-1]}"
    assert studio.sessions().fork(NAME, at=start[-1]).state.forked_at == start[-1]


def test_a_version_amid_the_last_command_is_refused(studio):
    """Also where nothing was recorded since, and both neighbours are named."""
    session = studio_start(studio, "a")
    before = session.version
    studio.place.script("b", READS)
    session = quick(studio, "a", session=session)
    configured(session, "a", job_args={"ran": "x"}, environ_vars={"A": "1"})
    stored = studio.stores.events.append(
        session.session_id,
        events=[said("x")] * 3,
        expected_version=session.version,
        metadata=replace(
            next(iter(studio.stores.events.read(session.session_id))).metadata, command_id="one"
        ),
        request_hash="0" * 64,
    )
    first, last = stored[0].version, stored[-1].version
    assert first > before
    with pytest.raises(SessionError, match=f"versions {first} to {last}") as caught:
        studio.sessions().fork(NAME, at=first + 1)
    assert caught.value.fix == f"runthrough fork --at {first - 1} or runthrough fork --at {last}"
    assert studio.sessions().fork(NAME, at=last).version == last + 1


@pytest.mark.parametrize("name", ["", " ", "@last", "a\nb"])
def test_a_name_that_cannot_be_typed_is_refused(studio, name):
    """Nothing is begun under it."""
    quick(studio, "a")
    with pytest.raises(CommandInvalidError, match="cannot be called"):
        studio.sessions().fork(NAME, name=name)
    assert len(studio.stores.directory.sessions()) == 1


def test_a_name_that_is_taken_is_refused(studio):
    """No refusal is recorded anywhere: the fork never began, and the parent was not asked."""
    session = quick(studio, "a")
    before = studio.stores.audit.head()
    with pytest.raises(SessionNameTakenError):
        studio.sessions().fork(NAME, name=NAME)
    assert studio.stores.audit.head() == before
    assert session.version == studio.stores.directory.find(NAME).version


def test_a_fork_that_is_refused_leaves_nothing(studio):
    """A session that does not begin has no history that could hold its refusal."""
    parent = quick(studio, "a")
    handler = parent._handler
    loaded = handler.load(parent.session_id)
    loaded.state.session_id = SessionId("fork")
    command = ForkSession(parent=parent.session_id, at=Version(1), name="calm-owl")
    before = studio.stores.audit.head()
    with pytest.raises(CommandRefusedError, match="begins with version 1"):
        handler.handle(loaded, command, parent._caller.metadata())
    assert studio.stores.audit.head() == before


# ---- forks of forks


def test_a_fork_of_what_a_fork_has_from_its_parent_is_the_parents(studio):
    """Versions before a fork are the ancestor's, and so are the folders that they speak of."""
    parent = told(studio)
    parent.run()
    at = version_of(parent, "RunFinished")
    fork = studio.sessions().fork(NAME, name="first")
    configured(fork, "a", environ_vars={"LATER": "1"})
    second = studio.sessions().fork("first", at=at, name="second")
    assert (second.state.parent, second.state.forked_at) == (parent.session_id, at)
    assert outcomes(second.run()) == {"a": "reused"}
    assert second.log_texts("a") == parent.log_texts("a")


def test_a_fork_knows_the_folders_of_all_its_ancestors(studio):
    """On each host that knows the parent the fork has the parent's folders, and one of its own."""
    parent = quick(studio, "a")
    parent.run()
    there = {"pipeline": "/p", "workspace": "/w", "workspace2": "/v", "session": "/w/own"}
    studio.stores.directory.set_roots(parent.session_id, host=OTHER_HOST, roots=there)
    moved = studio.stores.directory.roots_of(parent.session_id, host=HOST)
    home = parent.state.home.host
    assert home == HOST
    fork = studio.sessions().fork(NAME)
    deep = studio.sessions().fork(fork.session_id)
    roots = studio.stores.directory.roots_of(deep.session_id, host=HOST)
    assert roots == {
        "pipeline": moved["pipeline"],
        "workspace": moved["workspace"],
        "session": str(folder(studio, deep)),
        f"session@{fork.session_id}": str(folder(studio, fork)),
        f"session@{parent.session_id}": str(folder(studio, parent)),
    }
    assert studio.stores.directory.roots_of(deep.session_id, host=OTHER_HOST) == {}


def test_a_fork_that_is_made_elsewhere_lives_where_its_parent_lives(studio):
    """Both hosts know its folders, each as it knows the parent's."""
    parent = quick(studio, "a")
    there = {"pipeline": "/p", "workspace": "/w/", "session": "/w/own", "workspace2": "/v"}
    studio.stores.directory.set_roots(parent.session_id, host=OTHER_HOST, roots=there)
    sessions = studio.sessions("bob")
    sessions._caller = replace(sessions._caller, host=OTHER_HOST)
    fork = sessions.fork(NAME)
    assert fork.state.home.host == HOST
    roots = studio.stores.directory.roots_of(fork.session_id, host=OTHER_HOST)
    own = f"/w/.runthrough/{fork.session_id}"
    inherited = {f"session@{parent.session_id}": "/w/own"}
    assert (
        roots
        == {"pipeline": "/p", "workspace": "/w/", "workspace2": "/v", "session": own} | inherited
    )
    here = studio.stores.directory.roots_of(fork.session_id, host=HOST)
    assert here["session"] == str(folder(studio, fork))


def test_nothing_may_be_written_into_an_ancestors_folder(studio):
    """What an ancestor left is its own, as every session's folder is."""
    parent = quick(studio, "a")
    parent.run()
    fork = studio.sessions().fork(NAME)
    (attempt,) = attempts(studio, parent, "a")
    for place in (attempt / "out", attempt.parents[2] / "new"):
        with pytest.raises(ConfigurationInvalidError, match="keeps for itself"):
            fork.configure("a", Answers(output_paths={"out": str(place)}))


# ---- looking at the past


def test_a_version_of_the_parents_is_looked_at_in_the_fork(studio):
    """State, history and logs of a shared version are the parent's."""
    parent = told(studio)
    parent.run()
    at = parent.version
    fork = studio.sessions().fork(studio.sessions().fork(NAME).session_id)
    past = studio.sessions().open_at(fork.session_id, at)
    assert past.log_texts("a") == parent.log_texts("a") == ("", "told\n")
    theirs, its = parent.state, past.state
    assert (its.session_id, its.version) == (fork.session_id, at)
    its.session_id = theirs.session_id
    assert its == theirs
    assert [row.sentence for row in past.history()] == [row.sentence for row in parent.history()]


def test_every_version_of_a_fork_is_the_same_with_and_without_snapshots(studio):
    """Snapshots of the fork and of its ancestors are a cache, and never more than that."""
    parent = quick(studio, "a")
    parent.run()
    fork = studio.sessions().fork(NAME, at=version_of(parent, "RunFinished"))
    configured(fork, "a", environ_vars={"A": "1"})
    deep = studio.sessions().fork(fork.session_id)
    configured(deep, "a", environ_vars={"B": "1"})
    asked = [None, *range(1, deep.version + 1)]
    studio.stores.snapshots.drop()

    def seen():
        shown = [studio.sessions().open_at(deep.session_id, at) for at in asked]
        return [(each.state, each.particulars) for each in shown]

    without = seen()
    handler = deep._handler
    for session, upto in ((parent, 3), (parent, None), (fork, None), (deep, None)):
        handler.keep(handler.load(session.session_id, upto=upto))
    assert seen() == without


def test_a_fork_is_opened_from_its_own_snapshot(studio):
    """One is kept as soon as it is made, so that opening it need not read its ancestors."""
    quick(studio, "a")
    fork = studio.sessions().fork(NAME)
    kept = studio.stores.snapshots.latest(fork.session_id)
    assert (kept.state.session_id, kept.state.version) == (fork.session_id, fork.version)
    assert kept.state == fork.state


# ---- pruning


def again(session, runs):
    """Run everything anew, so many times."""
    for _ in range(runs):
        session.run(reuse=False)


def test_what_a_fork_refers_to_outlives_the_parents_runs(studio):
    """An attempt that a fork of a fork took over stays, whatever the parent runs later."""
    parent = quick(studio, "a")
    parent.run()
    (first,) = attempts(studio, parent, "a")
    fork = studio.sessions().fork(NAME)
    deep = studio.sessions().fork(fork.session_id)
    configured(fork, "a", environ_vars={"ONLY": "the deep one refers to it"})
    fork.run()
    again(studio.enter("ann", keep_runs=1), 3)
    assert attempts(studio, parent, "a")[0] == first
    assert len(attempts(studio, parent, "a")) == 2
    assert outcomes(studio.sessions().open(deep.session_id).run()) == {"a": "reused"}


def test_what_no_fork_refers_to_any_more_is_deleted(studio):
    """Once the fork has results of its own the parent's older ones may go."""
    parent = quick(studio, "a")
    parent.run()
    fork = studio.sessions().fork(NAME)
    fork.run(reuse=False)
    again(studio.enter("ann", keep_runs=1), 2)
    assert len(attempts(studio, parent, "a")) == 1
    assert len(attempts(studio, fork, "a")) == 1


def test_a_fork_prunes_its_own_runs_only(studio):
    """Nothing of an ancestor's folder is deleted by a fork."""
    parent = quick(studio, "a")
    again(parent, 2)
    before = attempts(studio, parent, "a")
    fork = studio.sessions(keep_runs=1).fork(NAME)
    again(fork, 3)
    assert len(attempts(studio, fork, "a")) == 1
    assert attempts(studio, parent, "a") == before


def test_an_input_in_the_parents_folder_is_kept_for_the_fork(studio):
    """A path that a person gave into an older attempt is referred to from the fork as well."""
    studio.place.script("reads", READS)
    parent = quick(studio, "a", session=studio_start(studio, "a", "reads"))
    parent.run(["a"])
    (first,) = attempts(studio, parent, "a")
    fork = studio.sessions().fork(NAME)
    fork.run(["a"], reuse=False)
    configured(fork, "reads", input_paths={"text": str(first / "out")})
    again_a = studio.enter("ann", keep_runs=1)
    for _ in range(2):
        again_a.run(["a"], reuse=False)
    assert first in attempts(studio, parent, "a")
    assert outcomes(fork.run(["reads"])) == {"reads": "passed"}


class Unreadable:
    """A store in which some sessions cannot be read."""

    def __init__(self, store, sessions):
        self._store, self._sessions = store, sessions

    def __getattr__(self, name):
        return getattr(self._store, name)

    def read(self, session_id, **asked):
        if session_id in self._sessions:
            raise StoreError("written by a newer one")
        return self._store.read(session_id, **asked)


def test_where_a_fork_cannot_be_read_nothing_is_deleted(studio):
    """What it refers to is not known; the run ended as it went, and the program's log tells it."""
    parent = quick(studio, "a")
    parent.run()
    fork = studio.sessions().fork(NAME)
    studio.stores.snapshots.drop()
    told = []
    store = Unreadable(studio.stores.events, {fork.session_id})
    session = studio.enter(
        "ann", keep_runs=1, store=store, log=lambda event, **values: told.append((event, values))
    )
    again(session, 2)
    assert len(attempts(studio, parent, "a")) == 3
    assert "written by a newer one" in [v.get("failed") for event, v in told if event == "prune"]


def test_the_fork_says_where_it_comes_from(studio):
    """The first thing that it recorded itself names its parent, the version and its name."""
    parent = quick(studio, "a")
    fork = studio.sessions("bob").fork(NAME, name="calm-owl")
    (own,) = studio.stores.events.read(fork.session_id, after=fork.version - 1)
    assert own.event == SessionForked(parent=parent.session_id, at=parent.version, name="calm-owl")
    assert own.metadata.actor == "bob"
