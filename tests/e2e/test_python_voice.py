"""Whatever Python tells a person to do is Python, and works when it is done."""

import re

import pytest
from tests.support.pipelines import answered, orders, orders_answers

from runthrough import (
    CommandRefusedError,
    ConfigurationInvalidError,
    InteractiveRuntimeTestingFactory,
    Output,
    PipelineDAG,
    PipelineDiffersError,
    SessionClosedError,
    SessionNameTakenError,
    SettingError,
    UnknownNodeError,
    UnknownSessionError,
    load_pipeline,
)
from runthrough.core.views.python_calls import CLASS, SHELL
from runthrough.core.views.typed_commands import commands_in
from runthrough.errors import ConfigurationWarning

CALL = re.compile(r"(?:factory|InteractiveRuntimeTestingFactory)\b[\w.]*\(.*?\)(?=$|[\s,;)])")


@pytest.fixture
def place(tmp_path, monkeypatch):
    folder, dag = orders(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNTHROUGH_DATABASE_URL", folder.database_url)
    return folder, dag


@pytest.fixture
def factory(place):
    """A factory whose scripts have not run."""
    folder, dag = place
    with folder.factory(dag, session_name="demo") as factory:
        yield factory


def done(advice, factory, **words):
    """Do the first call that advice names, with what its capital words stand for."""
    names = {
        "factory": factory,
        "InteractiveRuntimeTestingFactory": InteractiveRuntimeTestingFactory,
        "Output": Output,
        "load_pipeline": load_pipeline,
        **words,
    }
    return eval(CALL.search(advice)[0], names)


def texts(told):
    """Every text in an answer."""
    if isinstance(told, str):
        yield told
    elif isinstance(told, dict):
        for value in told.values():
            yield from texts(value)
    elif isinstance(told, list | tuple):
        for value in told:
            yield from texts(value)


def for_a_shell_only(told):
    """Whether each command in an answer is said to be for a shell."""
    return all(
        text[: command.start].endswith(SHELL)
        for text in texts(told)
        for command in commands_in(text)
    )


def test_the_next_calls_lead_to_a_green_run(place, factory):
    """Who does nothing but what `status` says comes from a new session to its report."""
    folder, _ = place
    told = []
    while not told or not told[-1].startswith(SHELL):
        assert len(told) < 9, told
        told.append(factory.status()["next_command"])
        if not told[-1].startswith(SHELL):
            done(
                told[-1],
                factory,
                PATH=folder.workspace / "data/orders.csv",
                VALUE=1 if "job_args" in told[-1] else "EUR",
            )
    assert told[-1] == f"{SHELL}runthrough report --session demo"
    assert "factory.execute_dag_guided_testing()" in told
    assert {row["category"] for row in factory.worklist()} == {"passed"}


def test_no_answer_advises_a_command_unless_for_a_shell(place, factory, tmp_path):
    """At each stage of a session, and in every answer."""

    def answers():
        node = "CleanOrders"
        return [
            factory.status(),
            factory.worklist(),
            factory.check(),
            factory.proposals(),
            factory.get_script_testing_requirements(node),
            factory.get_testing_factory_summary(),
            factory.plan(),
            factory.why(node),
            factory.history(),
            factory.logs(node),
            factory.validate_configuration_preview(node, input_paths={"orders": "absent.csv"}),
        ]

    folder, _ = place
    assert for_a_shell_only(answers())
    answered(factory, orders_answers(folder))
    assert for_a_shell_only(answers())
    orders_file = folder.workspace / "data/orders.csv"
    orders_file.write_text("order_id,total\n1,none\n")
    results = factory.execute_dag_guided_testing()
    assert not results["pipeline_success"]
    assert for_a_shell_only([results, *answers()])
    orders_file.unlink()
    assert for_a_shell_only(answers())


def test_a_fix_of_a_problem_is_done_as_it_is_told(place, factory):
    """The fix that comes with a rejection is what makes the node configured."""
    folder, _ = place
    factory.configure_script_testing("CleanOrders", environ_vars={"CURRENCY": "EUR"}, partial=True)
    with pytest.raises(ConfigurationInvalidError) as rejected:
        factory.configure_script_testing("CleanOrders", user_notes="complete")
    (missing,) = rejected.value.problems
    assert missing["fix"] in str(rejected.value)
    given = folder.workspace / "data/orders.csv"
    spec = done(missing["fix"], factory, PATH=given)
    assert spec.input_paths == {"orders": str(given)}
    assert "CleanOrders" not in factory.get_pending_script_configurations()


def fix_of(refused, doing):
    """What an error advises."""
    with pytest.raises(refused) as error:
        doing()
    assert for_a_shell_only([str(error.value)])
    assert error.value.fix in str(error.value)
    return error.value.fix


def test_what_errors_advise_is_done_as_it_is_told(place, factory):
    """A closed session is opened again, another's act taken back, a version found."""
    folder, dag = place
    factory.close()
    reopen = fix_of(SessionClosedError, lambda: factory.mark_external("CleanOrders"))
    done(reopen, factory)
    assert factory.status()["phase"] == "open"
    with folder.factory(dag, session_name="demo", actor="bob") as other:
        other.configure_script_testing("WriteReport", job_args={"top": 2})
    factory.history()
    assert done(fix_of(CommandRefusedError, factory.undo), factory)["undone"]
    nodes = fix_of(UnknownNodeError, lambda: factory.why("Nothing"))
    assert "CleanOrders" in [row["node"] for row in done(nodes, factory)]
    past = factory.as_of(2)
    resumed = done(fix_of(CommandRefusedError, lambda: past.note("no")), past)
    assert resumed.session_name == "demo"
    resumed.release()
    past.release()


def test_errors_of_beginning_and_opening_are_in_python_too(place):
    """A session that is not there, and a name that is taken."""
    folder, dag = place
    with folder.factory(dag, session_name="demo") as factory:
        advice = fix_of(UnknownSessionError, lambda: folder.resume("nobody"))
        assert advice.startswith(f"{SHELL}runthrough sessions lists them")
        done(advice, factory, NAME="demo").release()
        with folder.factory(dag, session_name="other") as other:
            assert "factory.rename(NAME)" in fix_of(
                SessionNameTakenError, lambda: other.rename("demo")
            )


def test_who_holds_no_session_yet_is_told_how_to_come_by_it(place):
    """Calls that advice names begin with the class, and with the name that was asked for."""
    folder, dag = place
    with folder.factory(dag, session_name="demo"):
        other = PipelineDAG(nodes=["Other"])
        advice = fix_of(PipelineDiffersError, lambda: folder.factory(other, session_name="demo"))
        assert f"{CLASS}.resume('demo').update(load_pipeline(PIPELINE))" in advice
        assert "factory." not in advice
        done(advice, None, dag=PipelineDAG(nodes=["Other", "CleanOrders"]))


def test_a_setting_that_is_a_keyword_is_called_like_it(place):
    """Only the command line has flags."""
    _, dag = place
    with pytest.raises(SettingError, match=r"^database_url: must be a URL"):
        InteractiveRuntimeTestingFactory(dag, database_url="foo")


def test_a_missing_workspace_is_named(place, tmp_path):
    """Who misspells a folder does not look for the fault in each script."""
    _, dag = place
    with InteractiveRuntimeTestingFactory(dag, tmp_path / "workspac") as factory:
        texts = {row["text"] for row in factory.worklist() if row["category"] == "needs_you"}
    assert texts
    assert all(text.endswith(", and the workspace does not exist") for text in texts)


def test_the_session_itself_advises_commands(factory):
    """Only the Python door translates: what the command line shows is told as commands."""
    view = factory._session.status()
    assert view["next_command"].startswith("runthrough configure CleanOrders")


def test_a_warning_points_at_the_line_that_caused_it(factory):
    """Also through a method that translates: the file that is named is the caller's."""
    with pytest.warns(ConfigurationWarning) as told:
        factory.configure_script_testing("WriteReport", job_args={"not_read": 1, "top": 1})
    assert {warning.filename for warning in told} == {__file__}
    assert for_a_shell_only([str(warning.message) for warning in told])
