"""Nodes over HTTP: looked at, bound to scripts, and standing for something outside."""

import pytest
from tests.support.desk import top
from tests.support.senders import refused, senders, told


@pytest.fixture
def people(tmp_path):
    with senders(tmp_path) as people:
        yield people


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory):
    """People before a session which the tests that share it leave as it is."""
    with senders(tmp_path_factory.mktemp("unchanged")) as people:
        before = people[0].version
        yield people
        assert people[0].version == before


def test_nodes_are_told_as_the_status_tells_them(unchanged):
    """The list is the status's, in topological order, with the version that it stands for."""
    vera, _, _ = unchanged
    listed = vera.get("nodes")
    assert told(listed)["nodes"] == told(vera.get("status"))["nodes"]
    assert list(told(listed)["nodes"]) == ["clean", "total", "report"]
    assert listed.headers["etag"] == f'"{vera.version}"'


@pytest.mark.parametrize(
    ("path", "word"),
    [("nodes/report", "show"), ("nodes/report/requirements", "requirements")],
)
def test_a_node_is_told_as_the_command_line_tells_it(unchanged, path, word):
    """All that `--json` has stands under the same keys, with the same values."""
    vera, _, _ = unchanged
    shell = vera.counter.desk.shell
    assert told(vera.get(path)) == shell.run(word, "report", "--json").json


def test_a_node_is_known_by_the_script_that_it_alone_runs(unchanged):
    """A script's name names its only node; an unknown one is refused with the nearest names."""
    vera, _, _ = unchanged
    problem = refused(vera.get("nodes/reprot"), 404, "NODE_UNKNOWN")
    assert "report" in problem["detail"]
    for path in ("requirements", "questions", "why", "logs", "logs/stdout"):
        refused(vera.get(f"nodes/nowhere/{path}"), 404, "NODE_UNKNOWN")


def test_a_nodes_version_is_that_of_the_last_event_that_concerns_it(people):
    """What somebody does to another node leaves a node's tag as it was."""
    vera, tim, _ = people
    before = {node: vera.get(f"nodes/{node}").headers["etag"] for node in ("clean", "report")}
    settled = tim.configure("report", json={"job_args": {"top": 1}})
    after = {node: vera.get(f"nodes/{node}").headers["etag"] for node in before}
    assert after["clean"] == before["clean"]
    assert after["report"] == settled.headers["etag"] == f'"{told(settled)["version"]}"'
    assert after["report"] != before["report"]


def test_questions_are_those_that_a_node_waits_for_or_all(unchanged):
    """What is missing is asked; with `everything` also what is answered."""
    vera, _, _ = unchanged
    (asked,) = told(vera.get("nodes/report/questions"))["questions"]
    assert (asked["kind"], asked["name"], asked["code"]) == ("job_arg", "top", "ARG_MISSING")
    everything = told(vera.get("nodes/report/questions?everything=true"))["questions"]
    assert {(one["kind"], one["name"]) for one in everything} == {
        ("input", "totals"),
        ("output", "report"),
        ("job_arg", "top"),
    }


def test_the_services_own_environment_is_never_offered_as_an_answer(tmp_path):
    """A variable of the process that serves stands in no candidate."""
    with senders(tmp_path, environ={"REGION": "of-the-service"}) as (vera, tim, _):
        desk = tim.counter.desk
        desk.script(
            "clean",
            desk.folder.joinpath("scripts/clean.py")
            .read_text()
            .replace(
                'environ_vars["CURRENCY"]', 'environ_vars["CURRENCY"] + environ_vars["REGION"]'
            ),
        )
        told(tim.send("PUT", "nodes/clean/script", json={"path": "scripts/clean.py"}))
        answer = vera.get("nodes/clean/questions")
        assert "REGION" in answer.text
        assert "of-the-service" not in answer.text


def test_why_tells_what_changed_since_a_node_passed(people):
    """A script that was edited after its run is named, and nothing is recorded by asking."""
    vera, tim, _ = people
    told(tim.configure("report", json={"job_args": {"top": 1}}))
    tim.run()
    desk = tim.counter.desk
    desk.script("report", desk.folder.joinpath("scripts/report.py").read_text() + "\nPAUSE = 1\n")
    before = vera.version
    why = told(vera.get("nodes/report/why"))
    assert [change["part"] for change in why["changes"]] == ["script"]
    assert vera.version == before


def test_a_changed_node_is_accepted_as_unchanged(people):
    """What passed stands although its script changed, and the history says who said so."""
    _, tim, _ = people
    told(tim.configure("report", json={"job_args": {"top": 1}}))
    tim.run()
    desk = tim.counter.desk
    desk.script("report", desk.folder.joinpath("scripts/report.py").read_text() + "\nPAUSE = 1\n")
    settled = told(tim.send("POST", "nodes/report/acceptance"))
    assert [(row["type"], row["actor"], row["door"]) for row in settled["recorded"]] == [
        ("ReuseAccepted", "tim", "http")
    ]
    assert told(tim.get("plan"))["run"] == []


def test_a_node_is_bound_to_another_script(people):
    """The script is chosen by its path, taken from the service's first root."""
    _, tim, _ = people
    tim.counter.desk.script(
        "other", "def main(input_paths, output_paths, environ_vars, job_args):\n    pass\n"
    )
    settled = told(tim.send("PUT", "nodes/report/script", json={"path": "scripts/other.py"}))
    assert settled["recorded"][0]["type"] == "ScriptBound"
    assert settled["nodes"]["report"] == {
        "state": "auto_configured",
        "external": False,
        "problems": [],
    }
    assert told(tim.get("nodes/report"))["script"]["module"] == "other"


def test_a_script_outside_the_roots_is_not_bound(people, tmp_path_factory):
    """A path that leads out is refused, whatever lies there, and nothing is recorded of it."""
    _, tim, _ = people
    outside = tmp_path_factory.mktemp("outside") / "theirs.py"
    outside.write_text("def main(): pass\n")
    inside = tim.counter.desk.folder / "scripts/link.py"
    inside.symlink_to(outside)
    for path in (str(outside), "../outside0/theirs.py", "scripts/link.py"):
        answer = tim.send("PUT", "nodes/report/script", json={"path": path})
        refused(answer, 422, "OUTSIDE_ROOTS")
    assert told(tim.get("nodes/report"))["script"]["module"] == "report"


def test_a_node_stands_for_something_outside_and_runs_a_script_again(people):
    """Marked external it provides a path; marked internal its script is found again."""
    _, tim, _ = people
    (tim.counter.desk.folder / "totals.json").write_text("{}")
    outputs = {"outputs": {"totals": "totals.json"}}
    marked = told(tim.send("PUT", "nodes/total/external", json=outputs))
    assert marked["nodes"]["total"]["external"] is True
    refused(
        tim.send("PUT", "nodes/total/script", json={"path": "scripts/total.py"}), 409, "REFUSED"
    )
    back = told(tim.send("DELETE", "nodes/total/external"))
    assert back["nodes"]["total"] == {
        "state": "auto_configured",
        "external": False,
        "problems": [],
    }
    refused(tim.send("DELETE", "nodes/total/external"), 409, "REFUSED")


def test_what_the_cli_did_is_seen_at_once(people):
    """A node that another door configured is told as it is now, from the kept session too."""
    vera, _, _ = people
    before = told(vera.get("nodes/report"))["state"]
    vera.counter.desk.enter("bob").configure("report", top(2))
    assert (before, told(vera.get("nodes/report"))["state"]) == ("pending", "configured")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "nodes/report/script", {"path": 3}),
        ("PUT", "nodes/report/script", {"path": ""}),
        ("PUT", "nodes/report/script", {}),
        ("PUT", "nodes/report/script", {"path": "a.py", "force": True}),
        ("PUT", "nodes/total/external", {"outputs": {"totals": None}}),
        ("PUT", "nodes/total/external", {"outputs": ["totals"]}),
        ("PUT", "nodes/total/external", []),
    ],
)
def test_a_body_of_another_shape_is_refused(unchanged, method, path, body):
    """A wrong kind, a missing key or one too many is told by its place, and records nothing."""
    _, tim, _ = unchanged
    problem = refused(tim.send(method, path, json=body), 422, "REQUEST_INVALID")
    assert all(wrong["where"][0] == "body" for wrong in problem["errors"])
