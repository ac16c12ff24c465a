"""A run as Markdown, rendered the way a job's summary is."""

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.support.told_runs import (
    begun,
    executed,
    failed_run,
    log_of,
    partial_run,
    passed_run,
    reused_run,
    run_started,
    view_of,
    whole_run,
)

from runthrough.core.values.outcomes import Frame, ScriptError
from runthrough.entrypoints.reports import words
from runthrough.entrypoints.reports.markdown import (
    FAILURES,
    LOG_COLUMNS,
    LOG_LINES,
    ROWS,
    markdown,
)

RENDERER = MarkdownIt("commonmark").enable("table")
OURS = {"<details><summary>standard output</summary>\n", "</details>\n"}
OURS |= {"<details><summary>standard error</summary>\n"}
OURS |= {"<details><summary>1 frame in libraries</summary>\n"}


def parts(text, kind):
    """The contents of all tokens of a kind, at any depth."""
    found = []
    for token in RENDERER.parse(text):
        found += [one.content for one in (token, *(token.children or ())) if one.type == kind]
    return found


def test_it_begins_with_how_the_run_ended():
    """The first line says pipeline and status, the next one counts, time, session and actor."""
    lines = markdown(view_of(failed_run())).splitlines()
    assert lines[0] == "## ✗ churn: failed, 3 of 4 nodes selected"
    assert "1 passed · 1 failed · 1 blocked" in lines[2]
    assert "4.50 s · session `quiet-heron` · by ann" in lines[2]
    assert "1 connection does not fit" in lines[2]


def test_failures_come_before_the_table():
    """Message, hint and frames of a failure, in a fence, stand above the nodes."""
    text = markdown(view_of(failed_run()), near=lambda path: path.removeprefix("/repo/"))
    assert text.index("#### ✗ `total` failed") < text.index("### Nodes")
    fence = parts(text, "fence")[0]
    assert fence.startswith("IndexError: list index out of range\n\nscripts/total.py:9 in main\n")
    assert ">    9 │     spend([1, 2])" in fence
    assert "decoder.py" not in fence
    assert "- clean_orders has 2 rows" in text
    assert "- blocked: `report`" in text


def test_each_node_is_a_row():
    """Outcome with its mark, time where it ran, and what blocked or reused it."""
    text = markdown(view_of(failed_run()))
    assert "| `clean` | ✓ passed | 1.25 s |  |" in text
    assert "| `report` | ⊘ blocked |  | by total |" in text
    assert "| `aside` | · not selected |  |  |" in text
    assert "unchanged since 2026-11-22" in markdown(view_of(reused_run()))


def test_issues_between_scripts_have_a_table():
    """Each thing found at a connection is told with its severity."""
    text = markdown(view_of(failed_run()))
    assert "| `clean.clean_orders → total.clean_orders` | error | " in text
    assert "clean_orders is JSON, and a .csv is read" in text
    assert "### Data flow" not in markdown(view_of(passed_run()))


@given(text=st.text(min_size=1))
def test_no_text_of_a_script_becomes_markup(text):
    """Whatever errors, hints and logs hold, it is shown, and only our own tags are HTML."""
    error = ScriptError(kind="exception", message=f"<b>{text}", hints=(f"<i>{text}",))
    log = log_of("total", f"x{text}", f"</details>{text}")
    told = markdown(view_of(failed_run(error, log=log)))
    assert {*parts(told, "html_block")} <= OURS
    assert parts(told, "html_inline") == []
    assert parts(told, "image") == parts(told, "link_open") == []
    assert len(parts(told, "fence")) == 3
    headings = [token for token in RENDERER.parse(told) if token.type == "heading_open"]
    assert len(headings) == 5


def test_a_fence_in_a_log_does_not_end_ours():
    """Backticks of a text are outnumbered."""
    told = markdown(view_of(failed_run(log=log_of("total", "```\n# not a heading\n````\n"))))
    assert "```\n# not a heading\n````\n" in parts(told, "fence")


def test_a_pipe_does_not_add_a_column():
    """What stands in a cell stays in it."""
    error = ScriptError(kind="exit", message="a | b")
    told = markdown(view_of(failed_run(error)))
    cells = [token for token in RENDERER.parse(told) if token.type == "td_open"]
    assert len(cells) == 3 + 5 * 4


def test_long_runs_and_logs_are_cut():
    """Failures, rows, lines and columns have limits, and what is left out is counted."""
    view = view_of(failed_run(log=log_of("total", "x" * 1000 + "\nline\n" * 100)))
    told = markdown(view)
    assert f"… {200 - LOG_LINES} lines before" in told
    total = next(node for node in view["nodes"] if node["node"] == "total")
    total["log"]["stdout_tail"] = "x" * 1000
    assert "x" * LOG_COLUMNS + "…" in markdown(view)
    many = ROWS + 50
    view["nodes"] = [{**total, "node": f"n{place}"} for place in range(many)]
    view["root_causes"] = [{"node": f"n{place}", "blocked": []} for place in range(many)]
    told = markdown(view)
    assert told.count("####") == FAILURES
    assert f"… and {many - FAILURES} more failures." in told
    assert told.count("\n| `n") == ROWS
    assert len(told.encode()) < 1024 * 1024


def test_a_run_that_is_on_says_so():
    """A report of a run that has not ended shows what runs."""
    events = [*begun(), run_started(), executed("clean")]
    assert markdown(view_of(events)).startswith("## ▶ churn: running, 3 of 4 nodes selected\n")


def test_a_run_of_a_part_names_what_failed_outside():
    """The headline says how much was run; nodes that failed before and were left out are named."""
    text = markdown(view_of(partial_run()))
    assert text.startswith("## ✓ churn: passed, 1 of 4 nodes selected\n")
    assert "\n**Outside this run, still failed: `total`**\n" in text
    assert "| `total` | · not selected |  | its last attempt: failed |" in text
    whole = markdown(view_of(whole_run()))
    assert whole.startswith("## ✓ churn: passed\n")
    assert "utside this run" not in whole


def test_very_many_nodes_that_failed_outside_are_counted():
    """A sentence names twenty at most, and says how many more there are."""
    view = view_of(partial_run())
    view["selection"]["failed_outside"] = [f"n{place}" for place in range(23)]
    told = words.failed_outside(view)
    assert told.startswith("outside this run, still failed: n0, n1, ")
    assert told.endswith(", n19 and 3 more")


def test_frames_of_libraries_are_folded():
    """They stand below the user's own; where there are only such, the innermost one is shown."""
    text = markdown(view_of(failed_run()))
    shown, hidden = parts(text, "fence")[:2]
    assert "total.py:9 in main" in shown
    assert hidden.startswith("/usr/lib/python3.11/json/decoder.py:1 in decode\n")
    assert "<details><summary>1 frame in libraries</summary>" in text
    frames = tuple(
        Frame(file=f"/usr/lib/python3.11/lib{place}.py", line=1, function="f")
        for place in range(3)
    )
    error = ScriptError(kind="exception", message="no", frames=frames)
    text = markdown(view_of(failed_run(error)))
    shown, hidden = parts(text, "fence")[:2]
    assert "lib2.py" in shown
    assert "lib0.py" not in shown
    assert "lib0.py" in hidden
    assert "lib2.py" not in hidden
    assert "<details><summary>2 frames in libraries</summary>" in text


def test_seconds_are_told_in_the_unit_that_fits():
    """Hundredths for short ones, minutes and hours for long ones."""
    told = [words.seconds(value) for value in (None, 0.004, 9.5, 59.94, 65, 3725.0)]
    assert told == ["", "0.00 s", "9.50 s", "59.9 s", "1 min 05 s", "1 h 02 min"]


def test_what_a_terminal_would_not_show_is_gone():
    """Colours, and what a progress bar drew over, are left out."""
    assert words.readable("\x1b[31mred\x1b[0m\x1b]0;title\x07") == "red"
    assert words.readable("\x9b31mred\x9b0m\x9d0;title\x9c\x85\x7f") == "red"
    assert words.readable("\x1b]0;never ended\nthe rest\x9d1") == "0;never ended\nthe rest1"
    assert words.readable("10%\r50%\r100%\ndone\r\n") == "100%\ndone\n"
    assert words.readable("a\x00b\ud800\x0b") == "ab"


def test_backticks_in_a_name_do_not_end_its_code():
    """A node is shown as it is called, whatever stands in its name."""
    view = view_of(failed_run())
    for node in view["nodes"]:
        node["node"] = node["node"].replace("aside", "a`<b>``c`")
    told = markdown(view)
    assert "a`<b>``c`" in parts(told, "code_inline")
    assert parts(told, "html_inline") == []
