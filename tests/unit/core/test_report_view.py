"""What a report is told of a run."""

import json
from datetime import datetime

import pytest
from tests.support.builders import attempt_at, envelopes
from tests.support.told_runs import (
    begun,
    checked,
    executed,
    failed_run,
    finished,
    node_of,
    partial_run,
    passed_run,
    reused_run,
    run_started,
    started,
    view_of,
    whole_run,
)

from runthrough.core.state import SessionState
from runthrough.core.values.ids import SessionId
from runthrough.core.values.outcomes import SeamResult
from runthrough.core.views.particulars import Particulars
from runthrough.core.views.report import RunRecord, durations, report_view


def test_it_says_who_ran_what_when_and_how_it_ended():
    """The run's actor, host, status, times and settings stand in one place."""
    view = view_of(failed_run())
    assert view["pipeline"] == "churn"
    assert view["session"]["name"] == "quiet-heron"
    run = view["run"]
    assert (run["status"], run["actor"], run["host"], run["jobs"]) == (
        "failed",
        "ann",
        "ann-ws",
        2,
    )
    assert run["duration_s"] == 4.5
    assert run["started_at"] < run["finished_at"]
    assert run["started_at"].endswith("+00:00")


def test_every_node_has_its_outcome():
    """Nodes of the run, nodes that were not selected and external ones are all told apart."""
    view = view_of(failed_run())
    assert {node["node"]: node["outcome"] for node in view["nodes"]} == {
        "source": "external",
        "clean": "passed",
        "total": "failed",
        "report": "blocked",
        "aside": "not_selected",
    }
    assert view["counts"] == {
        "external": 1,
        "passed": 1,
        "failed": 1,
        "blocked": 1,
        "not_selected": 1,
    }


def test_a_failure_is_told_with_all_that_helps():
    """Error, hints, frames, ends of the logs and what it blocked are in the view."""
    view = view_of(failed_run())
    total = node_of(view, "total")
    assert total["error"]["headline"] == "IndexError: list index out of range"
    assert total["error"]["hints"] == ["clean_orders has 2 rows"]
    assert total["error"]["frames"][0]["line"] == 9
    assert total["log"]["stdout_tail"] == "total says hello\n"
    assert total["log"]["stderr"] == "/repo/runs/total/stderr.log"
    assert view["root_causes"] == [{"node": "total", "blocked": ["report"]}]
    assert node_of(view, "report")["blocked_by"] == ["total"]


def test_nodes_have_places_on_a_timeline():
    """Start and end are seconds since the run began, from the times of the events."""
    view = view_of(failed_run())
    clean, total = node_of(view, "clean"), node_of(view, "total")
    assert (clean["start_s"], clean["end_s"]) == (1.0, 2.0)
    assert (total["start_s"], total["end_s"]) == (4.0, 5.0)
    assert node_of(view, "report")["start_s"] is None


def test_a_connection_has_what_the_run_found_at_it():
    """Issues and formats of a checked connection; an unchecked one has none."""
    wires = {wire["node"]: wire for wire in view_of(failed_run())["connections"]}
    assert wires["total"]["check"]["compatible"] is False
    assert wires["total"]["check"]["format_written"] == "json"
    assert wires["total"]["check"]["issues"][0]["fix"] == "look at clean"
    assert wires["clean"]["check"] is None


def test_configuration_and_evidence_are_told_and_secrets_by_name():
    """Values stand by dotted names, each with where it is from; of a secret only the name."""
    clean = node_of(view_of(failed_run()), "clean")
    assert clean["values"] == {
        "input.orders": "@source.orders",
        "env.TOKEN": {"secret": "NAME"},
        "env.PACE": "fast",
    }
    assert clean["evidence"] == [{"kind": "environ_var", "name": "PACE", "source": "pipeline"}]
    assert clean["reasons"] == ["changed"]
    assert clean["script_path"] == "/repo/scripts/clean.py"


def test_what_was_reused_names_the_attempt_that_serves():
    """A reused node names the attempt whose outputs it gave; numbers of its own it has none."""
    clean = node_of(view_of(reused_run()), "clean")
    assert clean["outcome"] == "reused"
    assert clean["reused_from"]["attempt"] == attempt_at("clean")
    assert clean["reused_from"]["run"] == "run-1"
    assert clean["reused_from"]["duration_s"] == 1.25
    own = ("start_s", "end_s", "duration_s", "exit_code", "peak_rss_bytes", "cpu_s", "log")
    assert [clean[name] for name in own] == [None] * len(own)


def test_only_the_last_run_is_told():
    """What an earlier run found does not show in a later one."""
    view = view_of([*failed_run(), run_started("run-2"), started("clean", "run-2")])
    assert view["run"]["status"] == "running"
    assert view["run"]["finished_at"] is None
    assert node_of(view, "clean")["outcome"] == "running"
    assert node_of(view, "total")["outcome"] == "not_run"
    assert node_of(view, "total")["error"] is None
    assert all(wire["check"] is None for wire in view["connections"])
    assert view["root_causes"] == []


def test_a_run_of_a_part_says_of_how_much_and_what_failed_outside():
    """Scripts are counted without external nodes; what was blocked before has not failed."""
    view = view_of(partial_run())
    assert view["run"]["status"] == "passed"
    assert view["selection"] == {"selected": 1, "scripts": 4, "failed_outside": ["total"]}
    assert node_of(view, "total")["last_outcome"] == "failed"
    assert node_of(view, "report")["last_outcome"] is None
    assert view["root_causes"] == []


@pytest.mark.parametrize(
    ("outcome", "named"),
    [("timed_out", ["total"]), ("crashed", ["total"]), ("lost", ["total"]), ("cancelled", [])],
)
def test_what_a_person_cancelled_has_not_failed(outcome, named):
    """Each other end that is no pass is named while it lies outside the run."""
    events = [*begun(), run_started(), executed("total", outcome), finished()]
    events += [run_started("run-2", names=("clean",)), finished("passed", "run-2")]
    assert view_of(events)["selection"]["failed_outside"] == named


def test_what_passed_since_has_not_failed():
    """Only the latest attempt at a node counts, in whatever run."""
    mended = [run_started("run-2", names=("total",)), executed("total", run="run-2")]
    last = [run_started("run-3", names=("clean",)), finished("passed", "run-3")]
    events = [*failed_run(), *mended, finished("passed", "run-2"), *last]
    assert view_of(events)["selection"]["failed_outside"] == []


def test_a_run_of_everything_left_out_nothing():
    """Its selection is the whole pipeline."""
    selection = view_of(whole_run())["selection"]
    assert selection == {"selected": 4, "scripts": 4, "failed_outside": []}


def test_a_view_is_json():
    """Whatever it holds can be written as JSON, as `report --json` does."""
    view = view_of(failed_run())
    assert json.loads(json.dumps(view)) == view


def test_the_record_ends_with_the_run():
    """What happens after a run does not move the version that the report is of."""
    events = [*passed_run(), *begun()[1:3]]
    record = RunRecord()
    record.take(envelopes(events))
    assert record.version == len(passed_run())


def test_durations_are_those_of_the_last_pass():
    """A failure after a pass leaves the time of the pass."""
    events = [
        *begun(),
        run_started(),
        executed("clean", duration_s=3.0),
        executed("total", "failed"),
        finished(),
        run_started("run-2"),
        executed("clean", "failed", "run-2", duration_s=0.1),
    ]
    record = RunRecord()
    record.take(envelopes(events))
    assert durations(record) == {"clean": 3.0}


def test_an_interrupted_run_ended_when_it_ended_not_when_it_was_closed():
    """Its end may be recorded days later, by the next who came by: all figures tell one story."""
    run = view_of([*begun(), run_started(), started("clean"), finished("interrupted")])["run"]
    lived = datetime.fromisoformat(run["finished_at"]) - datetime.fromisoformat(run["started_at"])
    assert lived.total_seconds() == run["duration_s"] == 4.5


def test_without_a_run_there_is_no_view():
    """A session that never ran has nothing to be reported."""
    with pytest.raises(ValueError, match="no run"):
        report_view(SessionState(SessionId("s")), Particulars(), RunRecord(), locate=str)


def test_rows_and_columns_of_the_data_are_told():
    """What was read of the content at a connection stands beside its format."""
    seam = SeamResult(compatible=True, format_written="csv", rows=12, columns=("a", "b"))
    events = [*begun(), run_started(), executed("clean"), checked(seam)]
    check = view_of(events)["connections"][1]["check"]
    assert (check["rows"], check["columns"]) == (12, ["a", "b"])
