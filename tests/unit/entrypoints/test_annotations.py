"""A run's failures as workflow commands of GitHub."""

import re
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st
from tests.support.told_runs import (
    ERROR,
    begun,
    executed,
    failed_run,
    partial_run,
    passed_run,
    run_started,
    view_of,
    whole_run,
)

from runthrough.core.values.outcomes import ScriptError
from runthrough.entrypoints.reports.annotations import annotations
from runthrough.entrypoints.reports.words import readable

COMMAND = re.compile(r"::(\w+) ([^\n]*?)::([^\n]*)\n")


def near(path):
    return path.removeprefix("/repo/")


def test_a_failure_marks_the_innermost_line_of_the_repository():
    """Frames of libraries are left out; message, hint, exit code and what it blocked are told."""
    first = annotations(view_of(failed_run()), near).splitlines()[0]
    assert first == (
        "::error file=scripts/total.py,line=9,title=total failed::"
        "IndexError: list index out of range"
        "%0Aclean_orders has 2 rows%0Aexit code 1%0Ablocked: report"
    )


def test_a_failure_without_frames_marks_the_script():
    """What has no traceback is told at the script, without a line."""
    error = ScriptError(kind="timeout", message="took longer than 3 s")
    events = [*begun(), run_started(), executed("clean", "timed_out", error=error)]
    assert annotations(view_of(events), near).startswith(
        "::error file=scripts/clean.py,title=clean timed out::took longer than 3 s%0Aexit code 1\n"
    )


def test_a_connection_that_does_not_fit_is_an_error():
    """Its name is the title, each issue a line."""
    second = annotations(view_of(failed_run())).splitlines()[1]
    assert second == (
        "::error title=clean.clean_orders → total.clean_orders::"
        "clean_orders is JSON, and a .csv is read"
    )


def test_a_whole_run_that_passed_has_none():
    """Nothing is printed where nothing is wrong."""
    assert annotations(view_of(whole_run())) == ""


def test_a_run_of_a_part_says_so():
    """As a notice, and as a warning where nodes outside the run failed before."""
    assert annotations(view_of(passed_run())) == (
        "::notice title=churn%3A passed%2C 3 of 4 nodes selected::"
        "1 external · 1 not selected · 3 passed\n"
    )
    assert annotations(view_of(partial_run())) == (
        "::warning title=churn%3A passed%2C 1 of 4 nodes selected::"
        "outside this run, still failed: total\n"
    )


@given(text=st.text(min_size=1))
def test_no_text_gets_out_of_its_place(text):
    """Each failure is one command on one line, and is read back as it was."""
    error = ScriptError(kind="exception", message=f"{text}::warning ::x", hints=(text,))
    told = annotations(view_of(failed_run(error)), near)
    kinds = COMMAND.findall(told)
    assert told.count("\n") == len(kinds) == 3
    assert "\r" not in told
    message = f"{text}::warning ::x\n{text}\nexit code 1\nblocked: report"
    assert unquote(kinds[0][2]) == readable(message)


def test_properties_are_escaped_further():
    """A comma or colon in a path does not end the property."""
    error = ScriptError(kind="exit", message="50% done, really: no")
    told = annotations(view_of(failed_run(error)), lambda path: f"C:,{near(path)}")
    assert told.startswith(
        "::error file=C%3A%2Cscripts/total.py,title=total failed::50%25 done, r"
    )


def test_a_library_within_the_repository_is_not_marked():
    """An environment below the checkout holds nothing that a pull request could mend."""
    own, library = ERROR.frames
    inside = library.model_copy(update={"file": "/repo/.venv/lib/python3.11/site-packages/x.py"})
    error = ERROR.model_copy(update={"frames": (own, inside)})
    first = annotations(view_of(failed_run(error)), near).splitlines()[0]
    assert first.startswith("::error file=scripts/total.py,line=9,")
