"""Runs over HTTP: planned, begun, followed, ended and looked back on."""

from pathlib import Path

import pytest
from tests.support.runs_on import FAILS, WAITS
from tests.support.scripts import has_content, until
from tests.support.senders import refused, senders, told


@pytest.fixture
def people(tmp_path):
    with senders(tmp_path) as people:
        told(people[1].configure("report", json={"job_args": {"top": 1}}))
        yield people


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory):
    """People before a session which the tests that share it leave as it is."""
    with senders(tmp_path_factory.mktemp("unchanged")) as people:
        before = people[0].version
        yield people
        assert people[0].version == before


def rewritten(sender, source: str, *, flag: str) -> Path:
    """Give the middle node another script, which looks at a file; that file."""
    desk = sender.counter.desk
    desk.script("total", source)
    file = desk.folder / flag
    file.write_text("x")
    return file


def waiting(sender) -> tuple[str, Path]:
    """Begin a run whose second script runs as long as a file is there; run and file."""
    hold = rewritten(sender, WAITS, flag="hold")
    run = told(sender.send("POST", "runs"), 202)["run"]
    until(lambda: has_content(hold.parent / "began"), "the second script runs")
    return run, hold


def test_a_plan_is_told_as_the_command_line_tells_it(people):
    """Selection and reuse are the query's, the answer is `plan --json`'s, nothing is recorded."""
    vera, _, _ = people
    before = vera.version
    plan = told(vera.get("plan", params={"select": ["clean", "total"]}))
    assert plan == vera.counter.desk.shell.run("plan", "clean", "total", "--json").json
    assert [row["node"] for row in plan["run"]] == ["clean", "total"]
    refused(vera.get("plan", params={"select": "nowhere"}), 422, "SELECTION_EMPTY")
    assert vera.version == before


def test_a_run_is_begun_and_its_results_are_those_of_the_command_line(people):
    """It is answered at once with its place; at its end it is what `run --json` tells."""
    vera, tim, _ = people
    begun = tim.send("POST", "runs", json={"jobs": 2})
    run = told(begun, 202)["run"]
    tim.over(run)
    results = told(
        vera.counter.client.get(begun.headers["location"], headers=vera.counter.as_("vera"))
    )
    assert results["pipeline_success"] is True
    assert (results["run"], results["status"], results["jobs"]) == (run, "passed", 2)
    again = tim.counter.desk.shell.run("run", "--json").json
    assert set(again) <= set(results)
    assert set(again["outcomes"]["clean"]) == set(results["outcomes"]["clean"])
    assert {node: row["outcome"] for node, row in results["outcomes"].items()} == dict.fromkeys(
        ("clean", "total", "report"), "passed"
    )
    assert results["data_flow_results"] == again["data_flow_results"]


@pytest.mark.slow
def test_a_past_run_is_told_as_it_was(people):
    """What was done since changes nothing of it: not its outcomes, not its connections."""
    vera, tim, _ = people
    first = tim.run()
    before = told(vera.get(f"runs/{first}"))
    told(tim.configure("report", json={"job_args": {"top": 2}}))
    second = tim.run(reuse=False, select=["report"])
    assert told(vera.get(f"runs/{first}")) == before
    assert list(told(vera.get(f"runs/{second}"))["outcomes"]) == ["report"]


def test_a_run_is_followed_while_it_is_on(people):
    """Its status and the node whose script runs are running; then it is over."""
    vera, tim, _ = people
    run, hold = waiting(tim)
    on = told(vera.get(f"runs/{run}"))
    assert (on["status"], on["finished_at"], on["pipeline_success"]) == ("running", None, False)
    assert {node: row["outcome"] for node, row in on["outcomes"].items()} == {
        "clean": "passed",
        "total": "running",
        "report": "not_run",
    }
    assert on["counts"] == {"passed": 1, "running": 1, "not_run": 1}
    hold.unlink()
    assert told(vera.get(f"runs/{tim.over(run)}"))["counts"] == {"passed": 3}


@pytest.mark.slow
def test_while_a_run_is_on_another_is_refused_and_it_can_be_ended(people):
    """A second run is a conflict; whoever ends the run is told in it."""
    _, tim, ada = people
    run, _ = waiting(tim)
    refused(ada.send("POST", "runs"), 409, "RUN_IN_PROGRESS")
    refused(ada.send("POST", "runs/another/cancel"), 409, "REFUSED")
    ended = told(ada.send("POST", f"runs/{run}/cancel", key="end it"))
    assert ended["run"] == run
    tim.over(run)
    told_run = told(tim.get(f"runs/{run}"))
    assert (told_run["status"], told_run["cancelled_by"]) == ("cancelled", "ada")
    assert told(ada.send("POST", f"runs/{run}/cancel", key="end it")) == ended
    refused(ada.send("POST", f"runs/{run}/cancel"), 409, "REFUSED")


def test_runs_are_listed_from_the_latest_on(people):
    """Pages fit together, also where another run is begun between two of them."""
    vera, tim, _ = people
    runs = [tim.run() for _ in range(3)]
    page = told(vera.get("runs?limit=2"))
    assert [row["run"] for row in page["items"]] == [runs[2], runs[1]]
    tim.run()
    rest = told(vera.get("runs", params={"limit": 2, "cursor": page["next_cursor"]}))
    assert [row["run"] for row in rest["items"]] == [runs[0]]
    assert rest["next_cursor"] is None
    assert page["items"][0]["counts"] == {"reused": 3}
    refused(vera.get("runs?cursor=abc"), 422, "CURSOR_INVALID")
    refused(vera.get("runs?limit=0"), 422, "REQUEST_INVALID")


@pytest.mark.slow
def test_a_run_that_never_was_is_not_found(people):
    """An unknown id is told, and one of another session is unknown too."""
    vera, tim, _ = people
    refused(vera.get("runs/nothing"), 404, "RUN_UNKNOWN")
    run = tim.run()
    vera.counter.begin(name="other")
    other = type(vera)(vera.counter, "vera", session="other")
    refused(other.get(f"runs/{run}"), 404, "RUN_UNKNOWN")


def test_what_failed_is_told_and_run_again(people):
    """The cause and what it blocked are named; a retry runs just these, until none is left."""
    vera, tim, _ = people
    broken = rewritten(tim, FAILS, flag="broken")
    failed = told(vera.get(f"runs/{tim.run()}"))
    assert failed["root_causes"] == [{"node": "total", "blocked": ["report"]}]
    assert "was told to" in failed["script_results"]["total"]["error_message"]
    assert failed["counts"] == {"passed": 1, "failed": 1, "blocked": 1}
    broken.unlink()
    again = told(tim.send("POST", "retry", json={"fail_fast": True}), 202)["run"]
    results = told(vera.get(f"runs/{tim.over(again)}"))
    assert (list(results["outcomes"]), results["fail_fast"]) == (["total", "report"], True)
    refused(tim.send("POST", "retry"), 409, "SELECTION_EMPTY")


def test_a_run_with_pending_nodes_is_refused_with_what_they_need(tmp_path):
    """Nothing runs, and the answer names the nodes and the first thing to do."""
    with senders(tmp_path) as (_, tim, _):
        problem = refused(tim.send("POST", "runs"), 409, "PENDING_SCRIPTS")
        assert "report" in problem["detail"]
        assert told(tim.get("runs"))["items"] == []
        assert tim.counter.desk.count("RunStarted") == 0


def test_only_an_admin_takes_a_run_over(people):
    """A tester who wants to is refused before anything is looked at."""
    _, tim, ada = people
    for path in ("runs", "retry"):
        refused(tim.send("POST", path, json={"take_over": True}), 403, "ROLE_TOO_LOW")
    assert ada.run(take_over=True)


@pytest.mark.parametrize(
    "body",
    [
        {"jobs": 0},
        {"jobs": 1000},
        {"jobs": "2"},
        {"jobs": True},
        {"select": "clean"},
        {"select": [1]},
        {"fail_fast": 1},
        {"runner": "process:"},
    ],
)
def test_a_run_that_is_wanted_otherwise_is_refused(unchanged, body):
    """A number that is none, a text for a list and an unknown wish are told."""
    _, tim, _ = unchanged
    refused(tim.send("POST", "runs", json=body), 422, "REQUEST_INVALID")


def test_a_selection_of_nothing_is_refused(people):
    """A pattern that selects no node begins no run."""
    _, tim, _ = people
    refused(tim.send("POST", "runs", json={"select": ["nowhere"]}), 422, "SELECTION_EMPTY")
    assert tim.counter.desk.count("RunStarted") == 0


def test_a_run_is_not_begun_on_what_others_changed_meanwhile(people):
    """With the version that was seen a run is refused once anything was changed after it."""
    vera, tim, _ = people
    seen = vera.get("status").headers["etag"]
    told(tim.configure("report", json={"job_args": {"top": 2}}))
    refused(tim.send("POST", "runs", match=seen), 412, "VERSION_CONFLICT")
    assert tim.counter.desk.count("RunStarted") == 0
    now = vera.get("status").headers["etag"]
    tim.over(told(tim.send("POST", "runs", match=now), 202)["run"])


@pytest.mark.slow
def test_a_session_elsewhere_runs_nothing(people):
    """One that lives on another host is told, and a run of it is refused."""
    vera, tim, _ = people
    desk = vera.counter.desk
    desk.application("bob", "there").sessions.open("demo").move_home(workspaces=[str(desk.folder)])
    refused(tim.send("POST", "runs"), 409, "NOT_AT_HOME")
    assert told(vera.get("nodes"))["nodes"]["clean"]
