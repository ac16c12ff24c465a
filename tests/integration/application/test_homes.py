"""A session that lives on one machine, and is looked at and configured from another."""

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.desk import NAME, Desk, outcomes, shop, states, top
from tests.support.pipelines import TOTAL

from runthrough import InteractiveRuntimeTestingFactory
from runthrough.application.answers import Answers
from runthrough.application.session import Session
from runthrough.application.taking_over import LEASE_S
from runthrough.bootstrap import load_pipeline, wire
from runthrough.core.commands import StartRun, StartScript
from runthrough.core.values.ids import RunId
from runthrough.core.values.metadata import Holder
from runthrough.errors import (
    CommandInvalidError,
    NotAtHomeError,
    RunInProgressError,
    SessionClosedError,
    SessionError,
)

AUTO, PERSON = "auto_configured", "configured"
OWN = shutil.ignore_patterns(".runthrough", "log.db*", "home")


@dataclass
class Colleagues:
    """Ann's machine with the session, and Bob's with nothing of it."""

    desk: Desk
    away: Path

    def bob(self, cwd: Path | None = None) -> Session:
        """Bob at the session, on his machine."""
        told = self.desk.shell.environ(RUNTHROUGH_ACTOR="bob", RUNTHROUGH_HOST="bobs")
        wired = wire("cli", cwd=str(cwd or self.away), environ=told)
        return self.desk.visitors.enter_context(wired).sessions.open(NAME)

    def clone(self, name: str = "clone") -> Path:
        """A copy of Ann's folder on Bob's machine."""
        return Path(shutil.copytree(self.desk.folder, self.away / name, ignore=OWN))


@pytest.fixture
def colleagues(tmp_path):
    """Both, at one database."""
    away = tmp_path / "away"
    away.mkdir()
    with shop(tmp_path / "shop") as desk:
        yield Colleagues(desk, away)


def moved(session):
    """What is recorded of the world and of the home."""
    kinds = {"WorldChanged", "ConfigurationRestored", "HomeMoved"}
    return [row.type for row in session.history() if row.type in kinds]


def test_elsewhere_nothing_is_looked_at(colleagues):
    """The session is shown as it stands; that its files are not here says nothing about it."""
    colleagues.desk.begin(report=top())
    bob = colleagues.bob()
    view = bob.status()
    assert {node: one["state"] for node, one in view["nodes"].items()} == {
        "clean": AUTO,
        "total": AUTO,
        "report": PERSON,
    }
    assert (view["at_home"], view["paths_not_looked_at"]) == (False, 4)
    assert not any(view["unrecorded"].values())
    assert view["next_command"] == "runthrough resume --here"
    assert bob.requirements("clean")["expected_inputs"][0]["name"] == "orders"
    assert bob.spec("report").job_args == {"top": 1}
    assert len(bob.history()) == bob.version


def test_a_home_that_goes_by_the_name_of_this_host_is_told_by_its_id(colleagues):
    """Nobody is told that the files are on the machine before them."""
    ann = colleagues.desk.begin(report=top())
    bob = colleagues.bob()
    name = ann.home_name
    assert (bob.home_name, bob.here_name) == (f"{name} (here)", f"{name} (bobs)")
    assert bob.away_words == f"the session lives on {name} (here)"
    with pytest.raises(NotAtHomeError, match=r"lives on .* \(here\), .* from .* \(bobs\)"):
        bob.run()


def test_a_session_whose_folders_are_not_known_here_says_so(colleagues):
    """As after an import on the machine where it was begun: it is on no other one."""
    ann = colleagues.desk.begin(report=top())
    directory = ann._ports.directory
    directory.set_roots(ann.session_id, host=ann._caller.host, roots={})
    again = colleagues.desk.enter("ann")
    assert (again.at_home, again.home_name) == (False, again.here_name)
    assert again.away_words == f"where the session's folders lie on {again.home_name} is not known"


def test_elsewhere_resume_only_shows(colleagues):
    """Even where the files of the home have changed or gone meanwhile."""
    ann = colleagues.desk.begin(report=top())
    colleagues.desk.orders.unlink()
    bob = colleagues.bob()
    assert bob.resume() == []
    assert bob.version == ann.version
    assert bob.resumed["next_command"] == "runthrough resume --here"


def test_elsewhere_problems_of_paths_are_warnings(colleagues):
    """They name the command that would let them be looked at."""
    colleagues.desk.begin()
    problems = colleagues.bob().check()
    unseen = [problem for problem in problems if problem.code == "NOT_CHECKED_HERE"]
    assert [(p.where.node, p.severity, p.fix) for p in unseen] == [
        ("clean", "warning", "runthrough resume --here")
    ]
    assert [p.code for p in problems if p.severity == "error"] == ["ARG_MISSING"]


def test_elsewhere_values_are_configured_and_connected(colleagues):
    """Needs and scripts are those that history holds."""
    colleagues.desk.begin()
    bob = colleagues.bob()
    recorded = bob.configure("report", top(2))
    assert states(bob)["report"] == PERSON
    assert recorded.warnings == ()
    bob.connect("clean.clean_orders", "report.totals")
    assert str(bob.state.connections["report"]["totals"].source) == "clean.clean_orders"
    bob.clear("report")
    assert states(bob) == {"clean": AUTO, "total": AUTO, "report": "pending"}


def test_elsewhere_paths_are_recorded_as_they_are_typed(colleagues):
    """A relative one lies below the workspace, wherever that is; nothing is looked for here."""
    colleagues.desk.begin(report=top())
    bob = colleagues.bob()
    (colleagues.away / "mine.csv").write_text("x")
    recorded = bob.configure("clean", Answers(input_paths={"orders": "mine.csv"}))
    assert bob.state.nodes["clean"].spec.input_paths == {"orders": "workspace:mine.csv"}
    assert [problem.code for problem in recorded.warnings] == ["NOT_CHECKED_HERE"]
    bob.configure("clean", Answers(input_paths={"orders": "/data/mine.csv"}))
    assert bob.state.nodes["clean"].spec.input_paths == {"orders": "abs:/data/mine.csv"}
    bob.configure("total", Answers(output_paths={"totals": "out/totals.json"}))
    assert bob.state.nodes["total"].spec.output_paths == {"totals": "workspace:out/totals.json"}


def test_what_was_typed_elsewhere_is_looked_at_when_the_home_looks(colleagues):
    """A path that is not there demotes then; one that is there is seen for the first time."""
    ann = colleagues.desk.begin(report=top())
    bob = colleagues.bob()
    bob.configure("clean", Answers(input_paths={"orders": "data/other.csv"}))
    ann.resume()
    assert [n.code for n in ann.state.nodes["clean"].needs] == ["INPUT_NOT_FOUND"]
    shutil.copy(colleagues.desk.orders, colleagues.desk.folder / "data/other.csv")
    assert [row.type for row in ann.resume()] == ["WorldChanged", "ConfigurationRestored"]
    assert ann.resumed["nodes"] == {
        "clean": "input orders seen for the first time; restored: what was missing is back"
    }
    assert ann.resume() == []


@pytest.mark.parametrize(
    "attempt",
    [
        lambda session: session.run(),
        lambda session: session.to_retry(),
        lambda session: session.accept_unchanged("clean"),
        lambda session: session.pipeline_file(),
        lambda session: session.bind("clean", "other.py"),
        lambda session: session.mark_internal("clean"),
    ],
    ids=["run", "retry", "accept", "update", "bind", "internal"],
)
def test_elsewhere_what_needs_files_is_refused_and_recorded(colleagues, attempt, request):
    """The refusal is an event, and names the command that moves the home."""
    colleagues.desk.begin(report=top())
    bob = colleagues.bob()
    with pytest.raises(NotAtHomeError, match="resume --here") as refused:
        attempt(bob)
    assert refused.value.code == "NOT_AT_HOME"
    verb = request.node.callspec.id
    assert colleagues.desk.events("CommandRefused")[-1][2] == {
        "command": verb,
        "code": "NOT_AT_HOME",
        "message": refused.value.message,
    }


def test_an_update_is_refused_where_the_session_has_just_left(colleagues):
    """Where it lives is what the log says by then, not what was seen before."""
    ann = colleagues.desk.begin(report=top())
    clone = colleagues.clone()
    colleagues.bob().move_home(workspaces=[str(clone)])
    path = colleagues.desk.folder / "pipeline.yaml"
    path.write_text(path.read_text().replace("report", "summary"))
    with pytest.raises(NotAtHomeError, match="resume --here"):
        ann.update(load_pipeline(path))
    assert "report" in ann.state.nodes


def test_elsewhere_staleness_is_what_history_tells(colleagues):
    """A changed variable is known, and what was recorded at home; unseen contents are not."""
    ann = colleagues.desk.begin(report=top())
    ann.run()
    bob = colleagues.bob()
    assert {row.category for row in bob.worklist()} == {"passed"}
    bob.configure("report", top(2))
    assert {row.node: row.category for row in bob.worklist()}["report"] == "stale"
    assert {node["node"] for node in bob.plan()["run"]} == {"report"}
    colleagues.desk.script("total", f"{TOTAL}\nEDITED = True\n")
    assert {row.node: row.category for row in bob.worklist()}["total"] == "passed"
    ann.resume()
    assert {row.node: row.category for row in bob.worklist()}["total"] == "stale"
    assert [c["part"] for c in bob.why("total")["changes"]] == ["script"]


def test_a_failed_node_is_failed_elsewhere_too(colleagues):
    """Its reason is in the log; its log file is where the session lives."""
    colleagues.desk.script("report", "def main(input_paths, job_args):\n    1 / job_args.top\n")
    colleagues.desk.begin(report=top(0)).run()
    bob = colleagues.bob()
    row = next(row for row in bob.worklist() if row.node == "report")
    assert (row.category, "ZeroDivisionError" in row.text) == ("failed", True)
    with pytest.raises(SessionError, match="lies on"):
        bob.log_texts("report")
    assert bob.report()["run"]


def test_a_move_brings_the_session_here(colleagues):
    """The home is an event; files are found by their places below the roots, and it runs here."""
    ann = colleagues.desk.begin(report=top())
    ann.run()
    clone = colleagues.clone()
    bob = colleagues.bob()
    rows = bob.move_home(workspaces=["clone"])
    assert [row.type for row in rows] == ["HomeMoved"]
    assert (bob.at_home, bob.state.home.host) == (True, "bobs")
    assert {row.category for row in bob.worklist()} == {"stale"}
    assert outcomes(bob.run()) == dict.fromkeys(("clean", "total", "report"), "passed")
    assert (clone / ".runthrough" / bob.session_id).is_dir()
    ann.refresh()
    assert not ann.at_home
    with pytest.raises(NotAtHomeError):
        ann.run()


def test_a_move_records_what_the_world_is_here(colleagues):
    """What differs from the former home is told by digest; what is missing demotes."""
    colleagues.desk.begin(report=top())
    clone = colleagues.clone()
    (clone / "scripts/report.py").unlink()
    with (clone / "data/orders.csv").open("a") as orders:
        orders.write("eve,EUR,1\n")
    bob = colleagues.bob()
    bob.move_home(workspaces=[str(clone)])
    assert bob.resumed["inputs_changed"] == 1
    assert bob.resumed["pending_again"] == ["report"]
    assert bob.resume() == []


def test_a_session_goes_home_again(colleagues):
    """Where its folders lie on each machine is remembered."""
    ann = colleagues.desk.begin(report=top())
    ann.run()
    colleagues.clone()
    colleagues.bob().move_home(workspaces=["clone"])
    assert [row.type for row in ann.move_home()] == ["HomeMoved"]
    assert {row.category for row in ann.worklist()} == {"passed"}
    assert set(outcomes(ann.run()).values()) == {"reused"}


def test_the_current_folder_is_the_workspace_when_none_is_named(colleagues):
    """A colleague types the move in the checkout."""
    colleagues.desk.begin(report=top())
    bob = colleagues.bob(cwd=colleagues.clone())
    bob.move_home()
    assert set(outcomes(bob.run()).values()) == {"passed"}


def test_a_move_to_a_folder_of_something_else_is_refused(colleagues):
    """It would demote every node; nothing is recorded, and the home stays."""
    ann = colleagues.desk.begin(report=top())
    bob = colleagues.bob()
    with pytest.raises(CommandInvalidError, match="none of the session's scripts"):
        bob.move_home()
    with pytest.raises(CommandInvalidError, match="no folder 'nowhere'"):
        bob.move_home(workspaces=["nowhere"])
    with pytest.raises(CommandInvalidError, match="no file 'nowhere'"):
        bob.move_home(workspaces=[str(colleagues.clone())], pipeline="nowhere")
    with pytest.raises(CommandInvalidError, match="the session has 1"):
        bob.move_home(workspaces=["clone", "clone"])
    ann.refresh()
    assert (ann.at_home, moved(ann)) == (True, [])


def apart(colleagues):
    """A session whose workspace is a folder beside the one of its pipeline file."""
    desk = colleagues.desk
    (desk.folder / "work").mkdir()
    definition = load_pipeline(desk.folder / "pipeline.yaml")
    sessions = desk.application().sessions
    session = sessions.start(definition, name=NAME, workspaces=[str(desk.folder / "work")])
    session.configure("report", top())
    return session


def test_the_pipelines_folder_lies_to_the_workspace_as_it_did(colleagues):
    """Nobody has to name both."""
    apart(colleagues)
    clone = colleagues.clone()
    bob = colleagues.bob()
    bob.move_home(workspaces=[str(clone / "work")])
    assert set(outcomes(bob.run()).values()) == {"passed"}
    assert bob.locate("pipeline:data/orders.csv") == str(clone / "data/orders.csv")


@pytest.mark.parametrize("named", ["pipeline.yaml", "."])
def test_the_pipeline_file_is_named_where_it_lies_elsewhere(colleagues, named):
    """By the file, or by its folder."""
    apart(colleagues)
    clone = colleagues.clone()
    (colleagues.away / "here").mkdir()
    bob = colleagues.bob()
    with pytest.raises(CommandInvalidError, match="none of the session's scripts"):
        bob.move_home(workspaces=["here"])
    bob.move_home(workspaces=["here"], pipeline=str(clone / named))
    assert set(outcomes(bob.run()).values()) == {"passed"}
    assert (colleagues.away / "here/.runthrough").is_dir()


@pytest.mark.parametrize("place", ["clone", "work/deeper"])
def test_a_session_without_roots_finds_its_pipeline_file(colleagues, place):
    """As from an export: in the current folder, or at the only place below it."""
    colleagues.desk.begin(report=top())
    clone = colleagues.clone(place)
    bob = colleagues.bob(cwd=clone if place == "clone" else colleagues.away / "work")
    bob._ports.directory.set_roots(bob.session_id, host="here", roots={})
    bob.move_home()
    assert set(outcomes(bob.run()).values()) == {"passed"}
    assert bob.locate("pipeline:pipeline.yaml") == str(clone / "pipeline.yaml")


def test_a_pipeline_that_nothing_relates_must_be_named(colleagues):
    """A session that came without its roots, where two folders hold such a file."""
    colleagues.desk.begin(report=top())
    colleagues.clone("other")
    clone = colleagues.clone("clone")
    bob = colleagues.bob(cwd=colleagues.away)
    bob._ports.directory.set_roots(bob.session_id, host="here", roots={})
    with pytest.raises(CommandInvalidError, match="where the folder of its pipeline file lies"):
        bob.move_home()
    bob.move_home(workspaces=["clone"], pipeline=str(clone / "pipeline.yaml"))
    assert set(outcomes(bob.run()).values()) == {"passed"}


def test_a_session_whose_folders_are_not_known_at_home_asks_for_them(colleagues):
    """It is shown like one that lives elsewhere, and told where it lies without a move."""
    ann = colleagues.desk.begin(report=top())
    ann._ports.directory.set_roots(ann.session_id, host="here", roots={})
    again = colleagues.desk.enter("ann")
    assert not again.at_home
    with pytest.raises(NotAtHomeError, match="is not known"):
        again.run()
    again.move_home(workspaces=[str(colleagues.desk.folder)], pipeline="pipeline.yaml")
    assert set(outcomes(again.run()).values()) == {"passed"}
    assert "HomeMoved" not in moved(again)


def test_a_folder_that_was_moved_on_the_same_machine_is_told(colleagues):
    """The session goes on there; a home that stays is no event."""
    ann = colleagues.desk.begin(report=top())
    there = colleagues.clone("elsewhere")
    shutil.rmtree(colleagues.desk.folder / "scripts")
    ann.move_home(workspaces=[str(there)])
    assert set(outcomes(ann.run()).values()) == {"passed"}
    assert moved(ann) == []


def test_a_closed_session_does_not_move(colleagues):
    """It is only shown, on any machine."""
    colleagues.desk.begin(report=top()).close()
    bob = colleagues.bob(cwd=colleagues.clone())
    assert bob.resume() == []
    with pytest.raises(SessionClosedError):
        bob.move_home()


def running(ann):
    """Ann's machine begins a run, of which another one sees nothing but signs of life."""
    holder = Holder(host="here", boot_id="boot", pid=1, started_at=1.0, host_name="ann-ws")
    run, leases, clock = RunId("r"), ann._ports.leases, ann._ports.clock
    leases.take(run, session_id=ann.session_id, holder=holder, at=clock())
    ann._handle(StartRun(run=run, holder=holder, runner="process:"))
    ann._handle(
        StartScript(
            run=run, node="clean", attempt="a", fingerprint=(), runner="process:", outputs={}
        )
    )
    return run, leases, clock


def test_a_person_who_knows_that_the_machine_is_gone_need_not_wait(colleagues):
    """With `take_over` the run is closed whatever its lease says, and the session moves."""
    ann = colleagues.desk.begin(report=top())
    running(ann)
    bob = colleagues.bob(cwd=colleagues.clone())
    told = [row.type for row in bob.move_home(take_over=True) if row.type != "ScriptBlocked"]
    assert told == ["ScriptExecuted", "RunFinished", "HomeMoved"]
    assert bob.at_home


def test_a_run_is_closed_before_its_session_moves(colleagues):
    """Refused while its tester gives signs of life; once these are over its attempts are lost."""
    ann = colleagues.desk.begin(report=top())
    run, leases, clock = running(ann)
    bob = colleagues.bob(cwd=colleagues.clone())
    with pytest.raises(RunInProgressError, match="on ann-ws"):
        bob.move_home()
    assert not bob.at_home
    leases.renew(run, at=clock() - timedelta(seconds=LEASE_S + 1))
    rows = bob.move_home()
    told = [row.type for row in rows if row.type != "ScriptBlocked"]
    assert told == ["ScriptExecuted", "RunFinished", "HomeMoved"]
    assert bob.resumed["attempts_closed"] == 1
    assert bob.state.nodes["clean"].last.outcome == "lost"


def test_a_further_workspace_lies_as_it_did_or_is_named(tmp_path):
    """Each in the order in which the session was begun with them."""
    with shop(tmp_path / "shop") as desk:
        for name in ("one", "two"):
            (desk.folder / name).mkdir()
        (desk.folder / "scripts/total.py").rename(desk.folder / "two/total.py")
        definition = load_pipeline(desk.folder / "pipeline.yaml")
        places = [str(desk.folder / name) for name in ("one", "two")]
        desk.application().sessions.start(definition, name=NAME, workspaces=places)
        clone = Path(shutil.copytree(desk.folder, tmp_path / "clone", ignore=OWN))
        bob = desk.enter("bob", host="bobs")
        bob.move_home(workspaces=[str(clone / "one")])
        assert bob.locate("workspace2:total.py") == str(clone / "two/total.py")
        (clone / "two").rename(clone / "moved")
        bob.move_home(workspaces=[str(clone / "one"), str(clone / "moved")])
        assert states(bob)["total"] == AUTO


def test_a_fork_moves_without_the_files_of_its_parent(colleagues):
    """What the parent wrote is not here, so that its outcomes are stale, and run again."""
    desk = colleagues.desk
    desk.begin(report=top()).run()
    fork = desk.application().sessions.fork(NAME, name="other")
    assert {row.category for row in fork.worklist()} == {"passed"}
    clone = colleagues.clone()
    told = desk.shell.environ(RUNTHROUGH_ACTOR="bob", RUNTHROUGH_HOST="bobs")
    with wire("cli", cwd=str(clone), environ=told) as bobs:
        there = bobs.sessions.open("other")
        there.move_home()
        assert {row.category for row in there.worklist()} == {"stale"}
        assert set(outcomes(there.run()).values()) == {"passed"}
        assert (clone / ".runthrough" / fork.session_id).is_dir()
        assert not (clone / ".runthrough" / fork.state.parent).exists()


def test_python_moves_a_session_too(colleagues, monkeypatch):
    """With a folder as text or as a path; a place without a move is refused."""
    colleagues.desk.begin(report=top())
    clone = colleagues.clone()
    for name, value in colleagues.desk.shell.environ(RUNTHROUGH_HOST="bobs").items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(colleagues.away)
    resume = InteractiveRuntimeTestingFactory.resume
    with pytest.raises(CommandInvalidError, match="goes with a move"):
        resume(NAME, workspace_dir="clone")
    with resume(NAME) as elsewhere:
        assert elsewhere.status()["at_home"] is False
    with resume(NAME, here=True, workspace_dir=clone, pipeline="clone/pipeline.yaml") as here:
        assert here.status()["at_home"] is True
        assert here.execute_dag_guided_testing()["pipeline_success"] is True
    with resume(NAME, here=True, workspace_dir=["clone"]) as again:
        assert again.status()["at_home"] is True
