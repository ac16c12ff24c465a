"""Undo and redo with real scripts, real files and a real database."""

import pytest
from tests.support.desk import outcomes, shop, states, top
from tests.support.diary import configuration
from tests.support.meanwhile import MeanwhileStore

from runthrough.application.answers import Answers
from runthrough.bootstrap import load_pipeline
from runthrough.core.values.connections import Output
from runthrough.errors import CommandRefusedError

PICKY = '''
def main(input_paths, output_paths, environ_vars, job_args):
    """Reads one more file when it is told to go deep."""
    text = open(input_paths["totals"]).read()
    if job_args.deep:
        text += open(input_paths["more"]).read()
    open(output_paths["report"], "w").write(text)
'''


@pytest.fixture
def desk(tmp_path):
    with shop(tmp_path) as desk:
        yield desk


def undone_and_redone(session, action):
    """Do something, take it back, and do it again: nothing else is left of it."""
    session.refresh()
    old = configuration(session.state)
    action()
    new = configuration(session.state)
    assert new != old
    session.undo()
    assert configuration(session.state) == old
    session.redo()
    assert configuration(session.state) == new


def test_what_is_done_at_a_session_is_taken_back_and_done_again(desk):
    """One after the other, with all scripts and files looked at each time."""
    session = desk.begin()
    other = desk.shell.file("data/other.csv", "customer,currency,amount\nada,EUR,1\n")
    for action in (
        lambda: session.configure("report", top(2)),
        lambda: session.configure("clean", Answers(input_paths={"orders": str(other)})),
        lambda: session.configure("clean", Answers(environ_vars={"CURRENCY": "USD"})),
        lambda: session.disconnect(["report.totals"]),
        lambda: session.connect("clean.clean_orders", "report.totals"),
        lambda: session.bind("total", "scripts/report.py"),
        lambda: session.mark_external("clean", {"clean_orders": "data/orders.csv"}),
        lambda: session.mark_internal("clean"),
        lambda: session.clear("clean"),
    ):
        undone_and_redone(session, action)
    assert len(session.state.actions) == 9
    assert desk.count("WorldChanged", "clean") == 0, "what stands again is held against nothing"


def test_all_is_taken_back_at_once_and_the_pipeline_runs(desk):
    """The configuration of then is whole: a run of it passes, and reuses what is unchanged."""
    session = desk.begin(report=top(2))
    assert session.run()["pipeline_success"]
    at = session.version
    session.configure("clean", Answers(environ_vars={"CURRENCY": "USD"}))
    session.configure("report", top(1))
    session.undo(to=at)
    assert outcomes(session.run()) == {"clean": "reused", "total": "reused", "report": "reused"}


def test_it_is_told_who_did_what_was_taken_back(desk):
    """Each action with its sentence, and each node with its values before and behind."""
    session = desk.begin(report=top(2))
    mine = desk.enter("bob")
    mine.configure("clean", Answers(environ_vars={"CURRENCY": "USD"}))
    with pytest.raises(CommandRefusedError, match="bob configured clean"):
        session.undo()
    recorded = session.undo(anyone=True)
    (action,) = session.undone(recorded)
    assert (action.actor, action.sentence, action.nodes) == ("bob", "configured clean", ("clean",))
    assert session.reverted_values(recorded)["clean"] == (
        {"state": "configured", "env.CURRENCY": "USD"},
        {"state": "auto_configured", "env.CURRENCY": "EUR"},
    )
    assert desk.count("CommandRefused") == 1
    again = session.redo()
    assert session.undone(again) == [action]


def test_the_history_of_an_undo_tells_only_what_changed_in_the_end(desk):
    """What is cleared and set again in one command is no change; a redo is told as one."""
    session = desk.begin(report=top(2))
    session.configure("report", Answers(job_args={"top": 1}, user_notes="stays"))
    session.configure("report", top(3))
    net = {"report.arg.top": 3}, {"report.arg.top": 1}
    undo, redo = session.undo(), session.redo()
    for recorded, (before, after), words in (
        (undo, net, "went back to the configuration of version"),
        (redo, net[::-1], f"did again what version {undo.after + 1} had taken back: report"),
    ):
        first, *rest = session.recorded(recorded)
        assert (first.before, first.after) == (before, after)
        assert first.sentence.startswith(words)
        assert rest
        assert all(row.before == row.after == {} for row in rest)
    (alone,) = session.history("report", type="ScriptConfigured", since=redo.after + 1)
    assert (alone.before, alone.after) == ({"arg.top": 1}, {"arg.top": 3})


def test_an_action_is_named_where_the_history_tells_it(desk):
    """What a look found first stands before it, and is not what somebody did."""
    session = desk.begin(report=top(2))
    assert session.run()["pipeline_success"]
    desk.script("clean", (desk.folder / "scripts/clean.py").read_text() + "UNUSED = 1\n")
    session.configure("clean", Answers(environ_vars={"CURRENCY": "USD"}))
    at = next(row.version for row in reversed(session.history()) if row.type == "ScriptConfigured")
    with pytest.raises(CommandRefusedError, match=rf"configured clean.* \(version {at}\)"):
        desk.enter("bob").undo()
    (action,) = session.undone(session.undo())
    assert action.version == at > session.state.taken_back[-1].actions[0].version


def test_what_is_read_of_a_script_follows_the_arguments_of_then(desk):
    """Its needs are those that it has with them, for the screen and for the next look."""
    desk.script("report", PICKY)
    session = desk.begin()
    more = desk.shell.file("data/more.txt", "more")
    session.configure("report", Answers(job_args={"deep": False}))
    given = Answers(job_args={"deep": True}, input_paths={"more": str(more)})
    session.configure("report", given)
    session.undo()
    needed = {need.name for need in session.particulars.needs("report").of("input")}
    assert needed == {"totals"}
    before = session.version
    session.resume()
    assert session.version == before
    assert states(session)["report"] == "configured"


def test_an_input_that_is_gone_is_asked_for_and_the_answer_stays(desk):
    """With the file back the answer holds again by itself."""
    session = desk.begin(report=top(2))
    other = desk.shell.file("data/other.csv", "customer,currency,amount\nada,EUR,1\n")
    session.configure("clean", Answers(input_paths={"orders": str(other)}, user_notes="why"))
    session.clear("clean")
    kept = other.read_bytes()
    other.unlink()
    session.undo()
    clean = session.state.nodes["clean"]
    assert [need.code for need in clean.needs] == ["INPUT_NOT_FOUND"]
    assert clean.draft.user_notes == "why"
    other.write_bytes(kept)
    session.resume()
    clean = session.state.nodes["clean"]
    assert (states(session)["clean"], clean.configured_by) == ("configured", "person")
    assert clean.spec.input_paths == {"orders": "pipeline:data/other.csv"}


def test_a_script_that_is_gone_is_asked_for(desk):
    """What was bound cannot be bound again; the answers stay."""
    special = desk.script("special", PICKY)
    session = desk.begin(report=top(2))
    session.bind("report", str(special))
    session.bind("report", "scripts/report.py")
    special.unlink()
    session.undo()
    report = session.state.nodes["report"]
    assert [need.code for need in report.needs] == ["SCRIPT_NOT_FOUND", "ARG_MISSING"]
    assert report.draft.job_args == {"top": 2}


def test_another_pipeline_is_taken_back_with_its_names(desk):
    """Added nodes go, removed ones come back with their answers, all are called as then."""
    session = desk.begin(report=top(2))
    old = configuration(session.state)
    file = desk.folder / "pipeline.yaml"
    text = file.read_text()
    desk.script("extra", "def main(input_paths, output_paths, environ_vars, job_args): ...\n")
    file.write_text(
        "name: shop\nscripts: [scripts]\nnodes:\n"
        "  tidy: {script: scripts/clean.py, inputs: {orders: data/orders.csv}, "
        "environ_vars: {CURRENCY: USD}}\n"
        "  total: {}\n  extra: {}\nedges:\n  - [tidy, total]\n"
    )
    session.update(load_pipeline(file), renamed={"clean": "tidy"})
    assert set(session.state.nodes) == {"tidy", "total", "extra"}
    new = configuration(session.state)
    session.undo()
    assert configuration(session.state) == old
    needed = {need.name for need in session.particulars.needs("clean").of("input")}
    assert needed == {"orders"}
    session.redo()
    assert configuration(session.state) == new
    session.undo()
    file.write_text(text)
    assert session.run()["pipeline_success"]


def test_what_a_removed_node_had_done_is_back_with_it(desk):
    """Its passed attempt is reused, and what was approved stands again."""
    session = desk.begin(report=top(2))
    assert session.run()["pipeline_success"]
    session.approve()
    file = desk.folder / "pipeline.yaml"
    file.write_text("name: shop\nscripts: [scripts]\nnodes:\n  clean: {}\n")
    session.update(load_pipeline(file))
    assert session.status()["approval"]["stale"]
    session.undo()
    assert not session.status()["approval"]["stale"]
    assert outcomes(session.run()) == {"clean": "reused", "total": "reused", "report": "reused"}


def test_an_acceptance_is_taken_back(desk):
    """What was let stand is stale again."""
    session = desk.begin(report=top(2))
    session.run()
    desk.orders.write_text(desk.orders.read_text() + "dan,EUR,7\n")
    session.accept_unchanged("clean")
    assert not session.why("clean")["stale"]
    session.undo()
    assert session.why("clean")["stale"]
    assert states(session)["clean"] == "executed"
    session.redo()
    assert not session.why("clean")["stale"]


def test_a_version_within_one_command_is_none_to_go_back_to(desk):
    """The start is one command: what stood is named, and the refusal is recorded."""
    session = desk.begin(report=top(2))
    whole = session.state.actions[0].version - 1
    with pytest.raises(CommandRefusedError, match=f"one command, 1 to {whole}") as refused:
        session.undo(to=3)
    assert refused.value.fix == f"runthrough undo --to {whole}"
    assert desk.events("CommandRefused")[-1][2]["command"] == "undo"


def test_a_version_within_an_earlier_undo_names_both_ends(desk):
    """Neither what was there before it was half taken back, nor what it led to, is meant."""
    session = desk.begin(report=top(2))
    recorded = session.undo()
    session.configure("report", top(3))
    with pytest.raises(CommandRefusedError, match="lies within the events of one") as refused:
        session.undo(to=recorded.after + 1)
    assert refused.value.fix == f"runthrough undo --to {recorded.after} or --to {recorded.version}"


@pytest.mark.parametrize("to", [-1, 0, 999])
def test_a_version_that_never_was_is_refused(desk, to):
    """The session stays as it is."""
    session = desk.begin(report=top(2))
    stood = configuration(session.state)
    with pytest.raises(CommandRefusedError, match="version"):
        session.undo(to=to)
    assert configuration(session.state) == stood


def test_a_session_that_is_read_takes_nothing_back(desk):
    """Neither undo nor redo; no event is left."""
    desk.begin(report=top(2))
    past = desk.application().sessions.open_at("demo")
    for verb in (past.undo, past.redo):
        with pytest.raises(CommandRefusedError, match="opened to be read"):
            verb()
    assert desk.count("CommandRefused") == 0


def test_redo_without_an_undo_is_refused_and_recorded(desk):
    """It says so."""
    session = desk.begin(report=top(2))
    with pytest.raises(CommandRefusedError, match="Nothing was undone"):
        session.redo()
    assert desk.events("CommandRefused")[-1][2]["command"] == "redo"


def test_an_undo_in_a_fork_stops_where_it_began(desk):
    """What was done there before is the parent's; what passed there is not lost."""
    parent = desk.begin(report=top(2))
    parent.run()
    fork = desk.application().sessions.fork("demo", name="branch")
    begun = fork.version
    with pytest.raises(CommandRefusedError, match="since the fork"):
        fork.undo()
    with pytest.raises(CommandRefusedError, match="an undo stops there"):
        fork.undo(to=begun - 1)
    stood = configuration(fork.state)
    fork.configure("report", top(1))
    fork.undo(to=begun)
    assert configuration(fork.state) == stood
    assert outcomes(fork.run())["clean"] == "reused"


def test_undo_after_a_resume_recorded_what_changed(desk):
    """The look between is nobody's action; what it demoted stays demoted."""
    session = desk.begin(report=top(2))
    session.configure("report", top(3))
    desk.orders.unlink()
    session.resume()
    assert states(session)["clean"] == "pending"
    session.undo()
    assert session.state.nodes["report"].spec.job_args == {"top": 2}
    assert states(session)["clean"] == "pending"


def test_a_connection_from_outside_is_made_again_with_its_path_looked_at(desk):
    """What an external node provides is there, so that its consumer is configured."""
    session = desk.begin(report=top(2))
    session.mark_external("clean", {"clean_orders": "data/orders.csv"})
    session.disconnect(["total.clean_orders"])
    assert states(session)["total"] == "pending"
    session.undo()
    source = session.state.connections["total"]["clean_orders"].source
    assert source == Output("clean", "clean_orders")
    assert states(session)["total"] == "auto_configured"


def test_on_another_machine_what_stood_is_believed(desk):
    """Where nothing can be looked at, scripts and what was missing are what history holds."""
    special = desk.script("special", PICKY)
    session = desk.begin(report=top(2))
    session.bind("report", str(special))
    given = Answers(job_args={"deep": False}, user_notes="why")
    session.configure("report", given)
    desk.orders.unlink()
    session.resume()
    assert [need.code for need in session.state.nodes["clean"].needs] == ["INPUT_NOT_FOUND"]
    answer = Answers(environ_vars={"CURRENCY": "USD"}, partial=True)
    session.configure("clean", answer)
    old = configuration(session.state)
    session.bind("report", "scripts/report.py")
    session.clear("clean")
    away = desk.enter("bob", "there")
    away.undo(anyone=True)
    away.undo(anyone=True)
    assert configuration(away.state) == old
    session.redo()
    assert session.state.nodes["report"].script.path == "pipeline:scripts/report.py"


def test_after_a_move_the_files_are_looked_at_where_the_session_lives_now(desk):
    """Whether what stood holds is asked at home, wherever that was at the time."""
    session = desk.begin(report=top(2))
    other = desk.shell.file("data/other.csv", "customer,currency,amount\nada,EUR,1\n")
    session.configure("clean", Answers(input_paths={"orders": str(other)}))
    session.configure("clean", Answers(input_paths={"orders": str(desk.orders)}))
    there = desk.enter("bob", "there")
    there.move_home(workspaces=[str(desk.folder)], pipeline=str(desk.folder / "pipeline.yaml"))
    other.unlink()
    there.undo(anyone=True)
    assert [need.code for need in there.state.nodes["clean"].needs] == ["INPUT_NOT_FOUND"]


def test_who_acts_while_an_undo_looks_is_named(desk):
    """The undo is refused, that is recorded, and what the other one did stands."""
    session = desk.begin(report=top(2))
    other = desk.enter("bob")
    store = session._ports.store
    meanwhile = MeanwhileStore(store)
    meanwhile.meanwhile = lambda: other.configure("report", top(9))
    session._handler._store = meanwhile
    with pytest.raises(CommandRefusedError, match=r"bob configured report .*meanwhile"):
        session.undo()
    assert session.state.nodes["report"].spec.job_args == {"top": 9}
    assert desk.count("CommandRefused") == 1
