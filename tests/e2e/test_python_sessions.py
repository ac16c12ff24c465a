"""Sessions through the Python door: left, resumed, opened, shared, and released."""

import gc
import os
from datetime import datetime

import psutil
import pytest
from tests.support.pipelines import answered, chain, orders, orders_answers

from runthrough import (
    CommandInvalidError,
    CommandRefusedError,
    InteractiveRuntimeTestingFactory,
    PipelineDAG,
    PipelineDiffersError,
    RunInProgressError,
    SessionClosedError,
    SessionError,
    UnknownSessionError,
    VersionConflictError,
)

WAITS = """
    import signal
    def main(input_paths, output_paths, environ_vars, job_args):
        open({started!r}, "w").close()
        signal.pause()
"""
ANOTHER_MACHINE = """
    import os, sys, threading
    from runthrough import InteractiveRuntimeTestingFactory, PipelineDAG

    def gone_once_it_runs():
        open(sys.argv[1]).close()
        os._exit(0)

    dag = PipelineDAG(nodes=["wait"], edges=[], name="chain")
    factory = InteractiveRuntimeTestingFactory(dag, sys.argv[2], session_name="far")
    threading.Thread(target=gone_once_it_runs, daemon=True).start()
    factory.execute_dag_guided_testing()
"""
RESUME = """
import sys
from runthrough import InteractiveRuntimeTestingFactory

with InteractiveRuntimeTestingFactory.resume(sys.argv[1], actor="bob") as factory:
    factory.configure_script_testing("WriteReport", job_arguments={"top": 1})
    results = factory.execute_dag_guided_testing()
    print(results["pipeline_success"], results["execution_order"])
"""


def test_another_person_resumes_in_another_process(tmp_path):
    """What ann configured here, bob completes and runs there; history names both."""
    place, dag = orders(tmp_path)
    with place.factory(dag, session_name="tuesday") as factory:
        factory.configure_script_testing("CleanOrders", **orders_answers(place)["CleanOrders"])
    printed = place.python(RESUME, "tuesday")
    assert printed == "True ['CleanOrders', 'TotalOrders', 'WriteReport']\n"
    with place.open("tuesday") as shown:
        configured = {
            row["node"]: row["actor"]
            for row in shown.history()
            if row["type"] == "ScriptConfigured"
        }
        assert configured == {"CleanOrders": "ann", "WriteReport": "bob"}
        assert {row["category"] for row in shown.worklist()} == {"passed"}


def test_a_session_is_resumed_by_id_name_or_as_the_last_one(tmp_path):
    """All three lead to the same session, at its last version."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        session_id, name, version = factory.session_id, factory.session_name, factory.version
    for asked in (session_id, name, "@last"):
        with place.resume(asked) as found:
            assert (found.session_id, found.version) == (session_id, version)


def test_the_last_session_is_the_actors_own(tmp_path):
    """`@last` is the last one in which this actor has an event."""
    place, dag = orders(tmp_path)
    with place.factory(dag, session_name="of-ann", actor="ann"):
        pass
    with place.factory(dag, session_name="of-bob", actor="bob"):
        pass
    with place.resume("@last", actor="ann") as found:
        assert found.session_name == "of-ann"
    with pytest.raises(UnknownSessionError):
        place.resume("@last", actor="cy")


def test_resuming_records_what_changed_meanwhile(tmp_path):
    """An input that is gone makes its node pending again; once it is back the node is too."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        answered(factory, orders_answers(place))
    source = tmp_path / "workspace/data/orders.csv"
    kept = source.read_bytes()
    source.unlink()
    with place.resume() as factory:
        assert factory.get_pending_script_configurations() == ["CleanOrders"]
    source.write_bytes(kept)
    with place.resume() as factory:
        assert factory.get_pending_script_configurations() == []
        assert "ConfigurationRestored" in {row["type"] for row in factory.history("CleanOrders")}


def test_a_cell_that_is_run_twice_goes_on_with_its_session(tmp_path):
    """The same name over an equal DAG is the same session, and nothing happens to it."""
    place, dag = orders(tmp_path)
    with place.factory(dag, session_name="cell") as first:
        answered(first, orders_answers(place))
        version = first.version
    equal = PipelineDAG(dag.nodes, dag.edges, name=dag.name)
    with place.factory(equal, session_name="cell") as second:
        assert second.session_id == first.session_id
        assert second.version == version
        assert second.get_pending_script_configurations() == []


def test_a_cell_that_is_run_again_later_records_what_changed(tmp_path):
    """Going on by name looks at the world, as `resume` does."""
    place, dag = orders(tmp_path)
    with place.factory(dag, session_name="cell") as first:
        answered(first, orders_answers(place))
    (tmp_path / "workspace/data/orders.csv").unlink()
    with place.factory(dag, session_name="cell") as second:
        assert second.get_pending_script_configurations() == ["CleanOrders"]


def test_a_name_that_tests_another_pipeline_is_refused(tmp_path):
    """The open session of the name has another DAG: the difference is told, nothing starts."""
    place, dag = orders(tmp_path)
    with place.factory(dag, session_name="cell"):
        pass
    dag.add_edge("WriteReport", "SendReport")
    before = place.types()
    with pytest.raises(PipelineDiffersError, match="new nodes SendReport"):
        place.factory(dag, session_name="cell")
    assert place.types() == before


def test_closing_ends_the_session_and_frees_its_name(tmp_path):
    """A closed session refuses work, shows itself, and its name may be used again."""
    place, dag = orders(tmp_path)
    with place.factory(dag, session_name="cell") as factory:
        factory.close()
        with pytest.raises(SessionClosedError):
            factory.configure_script_testing("WriteReport", job_args={"top": 1})
        with pytest.raises(SessionClosedError):
            factory.execute_dag_guided_testing()
        assert factory.status()["phase"] == "closed"
        assert "SessionClosed" in {row["type"] for row in factory.history()}
    with place.factory(dag, session_name="cell") as again:
        assert again.session_id != factory.session_id


def test_a_session_opened_to_be_read_refuses_and_records_nothing(tmp_path):
    """Everything can be seen; nothing can be done; no event is left."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        answered(factory, orders_answers(place))
        session_id = factory.session_id
    before = place.types()
    with place.open(session_id) as shown:
        assert shown.get_pending_script_configurations() == []
        assert shown.get_testing_factory_summary()["configured_scripts"] == 3
        assert shown.validate_configuration_preview("WriteReport") == []
        for refused in (
            lambda: shown.configure_script_testing("WriteReport", job_args={"top": 3}),
            shown.execute_dag_guided_testing,
            shown.close,
        ):
            with pytest.raises(CommandRefusedError, match="opened to be read"):
                refused()
    assert place.types() == before


def test_a_session_is_shown_as_it_was_at_a_version(tmp_path):
    """At an earlier version, what was configured later is still pending."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        first, name = factory.version, factory.session_name
        answered(factory, orders_answers(place))
        last = factory.version
    with place.open(name, at=first) as then:
        assert then.version == first
        assert then.get_pending_script_configurations() == ["CleanOrders", "WriteReport"]
        assert len(then.history()) == first
    with place.open(name, at=last) as now:
        assert now.get_pending_script_configurations() == []
    with pytest.raises(SessionError, match=f"versions 1 to {last}"):
        place.open(name, at=last + 1)


def test_a_session_is_shown_as_it_was_at_a_time(tmp_path):
    """An aware time shows what stood then; a naive one is refused."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        first, name = factory.version, factory.session_name
        between = datetime.fromisoformat(factory.history()[-1]["recorded_at"])
        answered(factory, orders_answers(place))
    with place.open(name, at=between) as then:
        assert then.version == first
        assert then.get_pending_script_configurations() == ["CleanOrders", "WriteReport"]
    with pytest.raises(SessionError, match="no time zone"):
        place.open(name, at=between.replace(tzinfo=None))


def test_two_people_may_configure_different_nodes_at_once(tmp_path):
    """Neither saw what the other did, and both succeed."""
    place, dag = orders(tmp_path)
    with (
        place.factory(dag, session_name="shared") as ann,
        place.resume("shared", actor="bob") as bob,
    ):
        bob.configure_script_testing("WriteReport", job_args={"top": 1})
        ann.configure_script_testing("CleanOrders", **orders_answers(place)["CleanOrders"])
        assert ann.get_pending_script_configurations() == []
        assert bob.get_pending_script_configurations() == []


def test_two_people_at_one_node_conflict_field_by_field(tmp_path):
    """The second is refused with base, theirs and yours; having looked, the repeat succeeds."""
    place, dag = orders(tmp_path)
    with (
        place.factory(dag, session_name="shared") as ann,
        place.resume("shared", actor="bob") as bob,
    ):
        base = ann.version
        bob.configure_script_testing("WriteReport", job_args={"top": 1})
        with pytest.raises(VersionConflictError) as conflict:
            ann.configure_script_testing("WriteReport", job_args={"top": 2})
        assert conflict.value.actor == "bob"
        assert conflict.value.based_on == base
        assert conflict.value.version == bob.version
        assert conflict.value.fields == (
            {"field": "arg.top", "base": None, "theirs": 1, "yours": 2},
        )
        needs = ann.get_script_testing_requirements("WriteReport")
        assert needs["job_arguments"][0]["current_value"] == 1
        ann.configure_script_testing("WriteReport", job_args={"top": 2})
        assert ann.status()["nodes"]["WriteReport"]["state"] == "configured"


def test_answering_one_node_does_not_count_as_having_seen_another(tmp_path):
    """What bob did to a node is unseen by ann, though she has since changed another node."""
    place, dag = orders(tmp_path)
    with (
        place.factory(dag, session_name="shared") as ann,
        place.resume("shared", actor="bob") as bob,
    ):
        bob.configure_script_testing("WriteReport", job_args={"top": 1})
        ann.configure_script_testing("CleanOrders", **orders_answers(place)["CleanOrders"])
        with pytest.raises(VersionConflictError):
            ann.configure_script_testing("WriteReport", job_args={"top": 2})


def test_a_base_that_is_given_is_taken(tmp_path):
    """`based_on` says what the person saw, whatever this object showed."""
    place, dag = orders(tmp_path)
    with (
        place.factory(dag, session_name="shared") as ann,
        place.resume("shared", actor="bob") as bob,
    ):
        seen = ann.version
        bob.configure_script_testing("WriteReport", job_args={"top": 1})
        ann.worklist()
        with pytest.raises(VersionConflictError):
            ann.configure_script_testing("WriteReport", job_args={"top": 2}, based_on=seen)
        ann.configure_script_testing("WriteReport", job_args={"top": 2}, based_on=bob.version)


def test_ones_own_run_is_no_conflict(tmp_path):
    """After a run the same object configures a node that ran."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        answered(factory, orders_answers(place)).execute_dag_guided_testing()
        spec = factory.configure_script_testing("WriteReport", job_args={"top": 2})
        assert spec.job_args == {"top": 2}


def test_history_tells_who_did_what_from_what_to_what(tmp_path):
    """Each row has the documented keys; a node's history holds that node's events only."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        answered(factory, orders_answers(place))
        factory.configure_script_testing("WriteReport", job_args={"top": 2})
        rows = factory.history("WriteReport")
        assert [row["version"] for row in factory.history()] == list(range(1, factory.version + 1))
    assert {row["node"] for row in rows} == {"WriteReport"}
    last = rows[-1]
    assert set(last) == {
        "position",
        "version",
        "type",
        "node",
        "actor",
        "door",
        "host",
        "recorded_at",
        "sentence",
        "before",
        "after",
    }
    assert (last["type"], last["actor"], last["door"]) == ("ScriptConfigured", "ann", "python")
    assert (last["before"], last["after"]) == ({"arg.top": 1}, {"arg.top": 2})


def test_the_worklist_says_what_each_node_waits_for(tmp_path):
    """Each node is in one category, with its text and the next command."""
    place, dag = orders(tmp_path)
    with place.factory(dag) as factory:
        rows = factory.worklist()
    assert [(row["node"], row["category"]) for row in rows] == [
        ("CleanOrders", "needs_you"),
        ("WriteReport", "needs_you"),
        ("TotalOrders", "blocked"),
    ]
    assert set(rows[0]) == {"node", "category", "text", "needs", "evidence", "by", "next"}
    assert rows[0]["text"] == "orders: no path; CURRENCY: no value"


def test_a_released_object_says_how_to_go_on(tmp_path):
    """Leaving the `with` block lets go of the database, not of the session."""
    place, dag = orders(tmp_path)
    with place.factory(dag, session_name="left") as factory:
        pass
    with pytest.raises(SessionError, match=r"resume\('left'\)"):
        factory.worklist()
    factory.release()
    assert repr(factory) == (
        f"<InteractiveRuntimeTestingFactory left over orders, open, version {factory.version}: "
        "1 of 3 scripts configured>"
    )
    with place.resume("left") as again:
        assert again.status()["phase"] == "open"


@pytest.mark.slow
def test_an_object_that_is_forgotten_lets_go_of_its_files(tmp_path):
    """Neither a lost object nor a constructor that fails leaves the database open or warns."""
    place, dag = orders(tmp_path)

    def opened():
        return [file for file in psutil.Process().open_files() if file.path == str(place.database)]

    factory = answered(place.factory(dag, session_name="cell"), orders_answers(place))
    factory.execute_dag_guided_testing(jobs=2)
    assert opened()
    del factory
    gc.collect()
    assert opened() == []
    with pytest.raises(PipelineDiffersError):
        place.factory(PipelineDAG(["other"]), session_name="cell")
    gc.collect()
    assert opened() == []


def test_the_actor_and_the_database_come_from_the_environment(tmp_path, monkeypatch):
    """Without keywords the settings decide, as for every door."""
    place, dag = orders(tmp_path)
    monkeypatch.setenv("RUNTHROUGH_DATABASE_URL", place.database_url)
    monkeypatch.setenv("RUNTHROUGH_ACTOR", "eve")
    with InteractiveRuntimeTestingFactory(dag, place.workspace) as factory:
        assert {row["actor"] for row in factory.history()} == {"eve"}
    assert place.types()


def test_a_run_on_another_machine_is_taken_over_where_that_is_insisted_on(tmp_path):
    """Nobody here can know whether its tester lives; who says so goes on with the session."""
    started = tmp_path / "started"
    os.mkfifo(started)
    place, _ = chain(tmp_path, ["wait"], WAITS.format(started=str(started)))
    place.python(ANOTHER_MACHINE, str(started), str(place.workspace), RUNTHROUGH_HOST="other")
    with pytest.raises(RunInProgressError) as held:
        place.resume("far", here=True, workspace_dir=place.workspace)
    assert "with take_over=True" in held.value.fix
    with place.resume("far", here=True, workspace_dir=place.workspace, take_over=True) as factory:
        status = factory.status()
        assert (status["phase"], status["at_home"]) == ("open", True)
    assert place.types()[-4:].count("RunFinished") == 1
    with pytest.raises(CommandInvalidError, match="taking a run over goes with a move"):
        place.resume("far", take_over=True)
