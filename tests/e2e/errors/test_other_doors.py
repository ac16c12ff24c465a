"""Errors that the command line cannot meet, by construction, each at the door where it is met."""

import pytest
from tests.support.builders import need
from tests.support.pipelines import orders, orders_answers
from tests.support.proposals import proposal
from tests.support.provoked import met, provokes
from tests.support.service import service
from tests.support.stored import A, Writer, said, sql_stores, started

from runthrough import PipelineTestingSpecBuilder, RuntimeTester
from runthrough.adapters.store.opening import open_database
from runthrough.core.validation import problems_of
from runthrough.errors import (
    ArchiveError,
    CommandIdReusedError,
    ConfigurationInvalidError,
    OutsideRootsError,
    PipelineDiffersError,
    ScriptNotFoundError,
    UnknownAttemptError,
    UnknownKeywordError,
    UnknownRunError,
    WrongExpectedVersionError,
)


@provokes(UnknownKeywordError)
def test_a_keyword_that_no_method_has(tmp_path):
    """A slip in a keyword names the one that was meant, and that one is taken."""
    place, dag = orders(tmp_path)
    answers = orders_answers(place)["CleanOrders"]
    with place.factory(dag) as factory:
        with pytest.raises(UnknownKeywordError) as told:
            factory.configure_script_testing("CleanOrders", expected_input={}, **answers)
        meant = "Did you mean 'expected_inputs' or 'expected_outputs'?"
        assert told.value.message == f"Unknown keyword 'expected_input'. {meant}"
        met(UnknownKeywordError)
        factory.configure_script_testing("CleanOrders", **answers)
        assert "CleanOrders" not in factory.get_pending_script_configurations()


@provokes(PipelineDiffersError)
def test_a_session_of_that_name_over_another_dag(tmp_path):
    """What differs is named, and the update that is advised lets the session go on."""
    place, dag = orders(tmp_path)
    with place.factory(dag, session_name="demo"):
        pass
    dag.add_edge("WriteReport", "SendReport")
    with pytest.raises(PipelineDiffersError) as told:
        place.factory(dag, session_name="demo")
    differs = "Session 'demo' tests another pipeline: "
    assert told.value.message.startswith(f"{differs}new nodes SendReport")
    assert "resume('demo').update(dag)" in told.value.fix
    met(PipelineDiffersError)
    with place.resume("demo") as resumed:
        resumed.update(dag)
    with place.factory(dag, session_name="demo") as factory:
        assert "SendReport" in factory.get_pending_script_configurations()


@provokes(ScriptNotFoundError)
def test_a_script_that_is_nowhere(tmp_path):
    """The folder that was searched is named; a script that is put there is found."""
    place, _ = orders(tmp_path)
    builder = PipelineTestingSpecBuilder(place.workspace)
    with pytest.raises(ScriptNotFoundError) as told:
        builder.find_script_file("CleenOrders")
    assert told.value.message.startswith(
        f"Script 'CleenOrders' not found in discovered scripts: no cleen_orders.py lies in "
        f"{place.workspace}. Did you mean '{place.workspace}/scripts/clean_orders.py' or "
    )
    assert told.value.fix.startswith("put cleen_orders.py into scripts/ of such a folder")
    met(ScriptNotFoundError)
    path = place.script("cleen_orders", "def main(input_paths, output_paths): pass")
    again = PipelineTestingSpecBuilder(place.workspace)
    assert str(again.find_script_file("CleenOrders")) == str(path)


@provokes(ArchiveError)
def test_a_model_that_is_no_archive(tmp_path):
    """A model that cannot be unpacked is told with how to pack it."""
    place, _ = orders(tmp_path)
    handler = place.script("inference", "def model_fn(model_dir): pass")
    broken = place.file("model.tar.gz", "no archive")
    tester = RuntimeTester(place.workspace)
    with pytest.raises(ArchiveError) as told:
        tester.test_inference_handlers(
            handler_path=handler, model_archive=broken, payloads=place.workspace / "data"
        )
    assert told.value.message.startswith(f"The archive {broken} is not unpacked: ")
    assert "tar.gz or zip" in told.value.fix
    met(ArchiveError)


@provokes(WrongExpectedVersionError)
def test_others_appended_meanwhile(tmp_path):
    """The store tells its caller, which decides again; no person ever sees it."""
    with open_database(f"sqlite:///{tmp_path}/log.db") as database:
        writer = Writer(sql_stores(database).events)
        writer.append(A, started("owl"))
        with pytest.raises(WrongExpectedVersionError) as told:
            writer.append(A, said("late"), at_version=0)
    assert told.value.message == "Expected the session at version 0, found 1."
    met(WrongExpectedVersionError)


@provokes(CommandIdReusedError)
def test_one_command_id_and_two_requests(tmp_path):
    """Only a caller that gives its own command ids can give one twice."""
    with open_database(f"sqlite:///{tmp_path}/log.db") as database:
        writer = Writer(sql_stores(database).events)
        writer.append(A, started("owl"), command_id="mine")
        with pytest.raises(CommandIdReusedError) as told:
            writer.append(A, said("other"), command_id="mine", request="another")
    assert told.value.message == "Command id mine was used before for a different request."
    assert told.value.fix == "use a new id for a new command"
    met(CommandIdReusedError)


@provokes(OutsideRootsError)
def test_a_path_outside_of_what_the_service_may_touch(tmp_path):
    """The answer repeats what was given, and does not tell whether anything lies there."""
    url = "/api/v1/sessions/demo/nodes/clean/configuration"
    (tmp_path / "there.csv").write_text("secret")
    with service(tmp_path / "shop") as counter:
        counter.begin()
        before = len(counter.desk.events())
        for given in ("../there.csv", "../absent.csv"):
            answers = {"input_paths": {"orders": given}}
            refused = counter.client.patch(url, json=answers, headers=counter.as_("tim"))
            told = refused.json()
            assert (refused.status_code, told["code"]) == (422, OutsideRootsError.code)
            assert told["detail"] == (
                f"{given!r} does not lie inside the folders that this service may touch: "
                f"{tmp_path}/shop."
            )
            assert told["fix"] == (
                "give a path inside them, or let the service use another folder: "
                "runthrough serve --root DIR"
            )
        met(OutsideRootsError)
        assert len(counter.desk.events()) == before
        answers = {"input_paths": {"orders": "data/orders.csv"}}
        taken = counter.client.patch(url, json=answers, headers=counter.as_("tim"))
        assert taken.is_success


@provokes(UnknownRunError)
def test_a_run_that_the_session_has_not_had(tmp_path):
    """The service names the run that was asked for, and what lists those there are."""
    with service(tmp_path / "shop") as counter:
        counter.begin()
        runs = "/api/v1/sessions/demo/runs"
        told = counter.client.get(f"{runs}/another", headers=counter.as_("vera")).json()
        assert (told["status"], told["code"]) == (404, UnknownRunError.code)
        assert told["detail"] == "The session has had no run 'another'."
        assert told["fix"] == "runthrough history lists its runs"
        met(UnknownRunError)
        assert counter.client.get(runs, headers=counter.as_("vera")).is_success


@provokes(UnknownAttemptError)
def test_an_attempt_that_the_node_has_not_had(tmp_path):
    """The service names the attempt whose log was asked for, and what lists those there are."""
    with service(tmp_path / "shop") as counter:
        counter.begin()
        logs = "/api/v1/sessions/demo/nodes/clean/logs"
        told = counter.client.get(f"{logs}?attempt=another", headers=counter.as_("vera")).json()
        assert (told["status"], told["code"]) == (404, UnknownAttemptError.code)
        assert told["detail"] == "There was no attempt 'another' at clean."
        assert told["fix"] == "runthrough show clean lists its attempts"
        met(UnknownAttemptError)
        assert counter.client.get(logs, headers=counter.as_("vera")).is_success


@pytest.mark.parametrize(
    ("code", "answers", "message", "fix", "mended"),
    [
        (
            "ENV_NOT_TEXT",
            {"environ_vars": {"CURRENCY": 5}},
            "Environment variable CURRENCY is not text: 5",
            "factory.configure_script_testing('CleanOrders', environ_vars={'CURRENCY': '5'})",
            {"environ_vars": {"CURRENCY": "5"}},
        ),
        (
            "ARG_NOT_JSON",
            {"environ_vars": {"CURRENCY": "EUR"}, "job_args": {"rate": float("nan")}},
            "rate cannot be recorded: nan is no number that JSON has",
            "give texts, numbers, true or false, None, or lists and mappings of these",
            {"environ_vars": {"CURRENCY": "EUR"}},
        ),
    ],
)
@provokes("ENV_NOT_TEXT", "ARG_NOT_JSON", one=True)
def test_a_value_that_only_python_can_give(tmp_path, code, answers, *, message, fix, mended):
    """What no history can keep is rejected, and the node is configured without it."""
    place, dag = orders(tmp_path)
    paths = {"input_paths": {"orders": place.workspace / "data/orders.csv"}}
    with place.factory(dag) as factory:
        with pytest.raises(ConfigurationInvalidError) as told:
            factory.configure_script_testing("CleanOrders", **paths, **answers)
        (problem,) = told.value.problems
        assert (problem["code"], problem["message"], problem["fix"]) == (code, message, fix)
        met(code)
        factory.configure_script_testing("CleanOrders", **paths, **mended)
        assert "CleanOrders" not in factory.get_pending_script_configurations()


@provokes("OUTPUT_MISSING")
def test_an_output_that_goes_nowhere():
    """The doors pass over an empty path; the rule guards what a log from elsewhere holds."""
    given = proposal(need("model", "output"), output_paths={"model": "workspace:"})
    (problem,) = (one for one in problems_of(given) if one.code == "OUTPUT_MISSING")
    assert problem.message == "Missing required output: model is named without a path"
    assert problem.fix == "leave it out, or runthrough configure train --output model=PATH"
    met("OUTPUT_MISSING")
