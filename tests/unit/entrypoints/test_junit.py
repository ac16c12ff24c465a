"""A run as JUnit XML, read back the way CI systems do."""

from xml.etree import ElementTree as ET

import junitparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.told_runs import (
    begun,
    checked,
    executed,
    failed_run,
    finished,
    log_of,
    partial_run,
    reused_run,
    run_started,
    view_of,
    whole_run,
)

from runthrough.core.values.outcomes import ScriptError, SeamResult
from runthrough.core.values.problems import Place, Problem
from runthrough.entrypoints.reports.junit import junit_xml


def read(view):
    return ET.fromstring(junit_xml(view).encode())


def cases(view):
    return {case.get("name"): case for case in read(view).iter("testcase")}


def test_each_script_is_a_case_of_a_suite_that_counts_them():
    """The first suite is the pipeline's; its counts are those of its cases; no external node."""
    suite = read(view_of(failed_run())).find("testsuite")
    assert suite.get("name") == "churn"
    names = [case.get("name") for case in suite.iter("testcase")]
    assert names == ["aside", "clean", "total", "report"]
    counts = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "4", "failures": "1", "errors": "0", "skipped": "2"}
    assert suite.get("timestamp") == "2026-11-22T12:00:13"
    assert suite.get("hostname") == "ann-ws"
    assert all(case.get("classname") == "churn" for case in suite.iter("testcase"))


def properties(document):
    found = document.find("testsuite").iterfind("properties/property")
    return {one.get("name"): one.get("value") for one in found}


def test_a_run_of_a_part_names_what_failed_outside():
    """The document's name and properties say so; suites keep the names that CI systems compare."""
    document = read(view_of(partial_run()))
    assert document.get("name") == "churn: passed, 1 of 4 nodes selected"
    assert document.find("testsuite").get("name") == "churn"
    told = properties(document)
    assert told["verdict"] == "passed, 1 of 4 nodes selected"
    assert told["failed outside this run"] == "total"
    skipped = cases(view_of(partial_run()))["total"].find("skipped")
    assert skipped.get("message") == "not selected, its last attempt: failed"
    whole = read(view_of(whole_run()))
    assert whole.get("name") == "churn"
    assert properties(whole)["verdict"] == "passed"
    assert "failed outside this run" not in properties(whole)


def test_a_case_has_what_ci_systems_show():
    """Time in seconds, the script's file as the reader has it, and both ends of the log."""
    view = view_of(failed_run())
    text = junit_xml(view, near=lambda path: path.removeprefix("/repo/"))
    clean = ET.fromstring(text.encode()).find(".//testcase[@name='clean']")
    assert (clean.get("time"), clean.get("file")) == ("1.25", "scripts/clean.py")
    assert clean.findtext("system-out") == "clean says hello\n"
    assert clean.findtext("system-err") == "a warning\n"


def test_a_failure_says_why_and_where():
    """Class and message as attributes; hint, frames and exit code as text."""
    failure = cases(view_of(failed_run()))["total"].find("failure")
    assert failure.get("message") == "failed: IndexError: list index out of range"
    assert failure.get("type") == "IndexError"
    for told in ("clean_orders has 2 rows", "total.py:9 in main", ">    9 │ ", "exit code 1"):
        assert told in failure.text
    assert "decoder.py" not in failure.text


def test_cases_are_not_counted_anew_with_each(monkeypatch):
    """The work grows as the nodes do."""
    view = view_of(failed_run())
    view["nodes"] = [{**view["nodes"][1], "node": f"n{place}"} for place in range(50)]
    counted = []
    counting = junitparser.TestSuite.update_statistics

    def counts(suite):
        counted.append(len(list(suite)))
        counting(suite)

    monkeypatch.setattr(junitparser.TestSuite, "update_statistics", counts)
    assert len(cases(view)) == 50 + 1
    assert sum(counted) <= 4 * 51


@pytest.mark.parametrize("outcome", ["timed_out", "crashed", "lost", "cancelled"])
def test_a_script_that_was_ended_is_an_error(outcome):
    """What ended from outside is an error, not a failure."""
    events = [*begun(), run_started(), executed("clean", outcome, error=None)]
    clean = cases(view_of(events))["clean"]
    assert clean.find("failure") is None
    assert clean.find("error").get("message").startswith(outcome.replace("_", " "))


def test_what_did_not_run_is_skipped_with_its_reason():
    """Blocked, not selected, and not come to: each is a skip that says which."""
    events = [*begun(), run_started(), executed("clean"), finished("interrupted")]
    told = cases(view_of(events))
    assert "not run" in told["total"].find("skipped").get("message")
    told = cases(view_of(failed_run()))
    assert told["report"].find("skipped").get("message") == "blocked by total"
    assert told["aside"].find("skipped").get("message") == "not selected"


def test_what_was_reused_passes_and_says_so():
    """A reused node is a pass of no time and no logs, with the attempt in a property."""
    clean = cases(view_of(reused_run()))["clean"]
    assert clean.get("time") == "0.0"
    assert {child.tag for child in clean} == {"properties"}
    assert clean.find("properties/property").get("name") == "reused"


def test_connections_are_a_suite_of_their_own():
    """A connection that did not fit is a failure beside the scripts, with every issue."""
    flows = read(view_of(failed_run())).findall("testsuite")[1]
    assert flows.get("name") == "churn data flow"
    assert (flows.get("tests"), flows.get("failures")) == ("1", "1")
    case = flows.find("testcase")
    assert case.get("name") == "clean.clean_orders → total.clean_orders"
    assert case.get("classname") == "churn.data_flow"
    assert "clean_orders is JSON" in case.findtext("failure")


def test_a_connection_that_was_not_looked_into_is_skipped():
    """Not checked is never told as passed; a warning alone fails nothing."""
    warning = Problem(
        code="INPUT_FORMAT",
        severity="warning",
        where=Place(node="total", kind="input", name="clean_orders"),
        message="has no rows",
        fix="look",
    )
    unchecked = SeamResult(compatible=True, unchecked="pyarrow is not installed")
    for result, tag, told in (
        (unchecked, "skipped", "not checked: pyarrow is not installed"),
        (SeamResult(compatible=True, issues=(warning,)), "system-out", "warning: has no rows"),
    ):
        events = [*begun(), run_started(), executed("clean"), checked(result)]
        case = read(view_of(events)).findall("testsuite")[1].find("testcase")
        assert [child.tag for child in case] == [tag]
        assert told in (case[0].get("message") or case[0].text)


@given(text=st.text(st.characters(exclude_categories=()), min_size=1))
def test_any_text_of_a_script_gives_well_formed_xml(text):
    """Control signs, lone surrogates and markup in logs and errors never break the document."""
    error = ScriptError(kind="exception", type=f"E{text}", message=text, hints=(text,))
    view = view_of(failed_run(error, log=log_of("total", text, text)))
    document = junitparser.JUnitXml.fromstring(junit_xml(view).encode())
    assert (document.tests, document.failures) == (5, 2)
