"""A run as JUnit XML, for CI systems; the only room of junitparser."""

import io

import junitparser
from junitparser import xunit2

from runthrough.entrypoints.reports import words
from runthrough.entrypoints.reports.words import Near, Told

_REASONS = {
    "blocked": "blocked",
    "not_run": "not run: the run ended before its turn",
    "not_selected": "not selected",
    "running": "still running",
}


class _Case(xunit2.TestCase):
    """A test case with the file that GitLab links to."""

    file = junitparser.Attr()


def junit_xml(view: Told, near: Near = str) -> str:
    """XML for UTF-8: one suite with a case a node, one with a case a checked connection.

    External nodes run no script and are left out. A script that failed is a failure; one that
    was ended, by a time limit, a signal or a person, is an error. The document of a partial run
    is named by its verdict; suites and cases keep their names, by which CI systems compare runs.
    """
    name = words.readable(view["pipeline"]) or "pipeline"
    part = words.partial(view)
    document = junitparser.JUnitXml(f"{name}: {words.verdict(view)}" if part else name)
    scripts = _suite(view, name)
    # All at once: with each call a suite counts all that it holds.
    scripts.add_testcases(
        [_node_case(node, name, near) for node in view["nodes"] if not node["external"]]
    )
    document.add_testsuite(scripts)
    checked = [wire for wire in view["connections"] if wire["check"] is not None]
    if checked:
        flows = _suite(view, f"{name} data flow")
        flows.add_testcases([_flow_case(wire, name) for wire in checked])
        document.add_testsuite(flows)
    document.update_statistics()  # type: ignore[no-untyped-call]  # it has no annotations
    written = io.BytesIO()
    document.write(written, pretty=True)
    return written.getvalue().decode()


def _suite(view: Told, name: str) -> junitparser.TestSuite:
    run, session = view["run"], view["session"]
    suite = junitparser.TestSuite(name)
    suite.timestamp = run["started_at"][:19]  # UTC; the schema allows no time zone
    suite.hostname = words.readable(run["host"])
    told = {
        "session": f"{session['name']} ({session['session_id']})",
        "version": session["version"],
        "run": run["run"],
        "status": run["status"],
        "verdict": words.verdict(view),
        "failed outside this run": ", ".join(view["selection"]["failed_outside"]),
        "actor": run["actor"],
        "runner": run["runner"],
    }
    for key, value in told.items():
        if value == "":
            continue
        suite.add_property(key, words.readable(str(value)))
    return suite


def _node_case(node: Told, name: str, near: Near) -> _Case:
    case = _Case(words.readable(node["node"]), name, _rounded(node))
    outcome = node["outcome"]
    if node["script_path"]:
        case.file = words.readable(near(node["script_path"]))
    if outcome == "reused":
        case.add_property("reused", node["reused_from"]["attempt"])
    elif outcome in words.IDLE:
        mark = ", " if outcome == "not_selected" else " "
        why = mark.join(filter(None, (_REASONS.get(outcome, outcome), words.aside(node))))
        case.result = junitparser.Skipped(words.one_line(why))
        return case
    elif outcome != "passed":
        case.result = _failure(node, near)
    for stream, text, _ in words.tails(node):
        if stream == "standard output":
            case.system_out = text
        else:
            case.system_err = text
    return case


def _rounded(node: Told) -> float:
    return round(node["duration_s"] or 0.0, 3)


def _failure(node: Told, near: Near) -> junitparser.Failure | junitparser.Error:
    kind = junitparser.Failure if node["outcome"] == "failed" else junitparser.Error
    error = node["error"]
    told = kind(f"{words.word(node['outcome'])}: {words.headline(node)}")
    told.type = words.readable((error["type"] or error["kind"]) if error else node["outcome"])
    parts = [words.ending(node)]
    if error:
        parts = [words.reason(node), *error["hints"], *words.frames(error, near), *parts]
    told.text = words.readable("\n".join(filter(None, parts)))
    return told


def _flow_case(wire: Told, name: str) -> _Case:
    check = wire["check"]
    case = _Case(words.readable(words.edge_name(wire)), f"{name}.data_flow", 0.0)
    issues = [words.readable(f"{one['severity']}: {one['message']}") for one in check["issues"]]
    if not check["compatible"]:
        told = junitparser.Failure(words.one_line(issues[0] if issues else "does not fit"))
        told.type = "data flow"
        told.text = "\n".join(issues)
        case.result = told
    elif check["unchecked"]:
        case.result = junitparser.Skipped(words.one_line(f"not checked: {check['unchecked']}"))
    elif issues:
        case.system_out = "\n".join(issues)
    return case
