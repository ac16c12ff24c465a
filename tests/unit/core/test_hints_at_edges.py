"""Hints where the words of a failure would mislead."""

import pytest
from tests.unit.core.test_hints import around, only, raised

from runthrough.core.validation.circumstances import TakenInput
from runthrough.core.validation.hints import CHARACTERS, hints
from runthrough.core.values.facts import ContentFacts
from runthrough.core.values.limits import Limits
from runthrough.core.values.outcomes import Frame, ScriptError

NO_PROGRAM = "[Errno 2] No such file or directory: 'git'"
STARTING = Frame(file="/usr/lib/python3.11/subprocess.py", line=9, function="_execute_child")


def test_a_script_that_its_time_limit_killed_is_not_told_of_memory():
    """It is ended by the same signal as a script for which the machine had no memory."""
    error = ScriptError(kind="timeout", message="it ran for longer than 60 s")
    told = only(error, around(timeout_s=60.0, signal=9, peak_rss_bytes=3 * 1024**3))
    assert told.startswith("its limit was 60 s;")


def test_a_long_time_limit_is_told_in_digits():
    """Nobody types a million seconds with an exponent."""
    error = ScriptError(kind="timeout", message="it ran for longer")
    told = only(error, around(timeout_s=1_234_567.0))
    assert told.endswith("runthrough configure Train --timeout 2469134")


def test_little_memory_is_told_in_mebibytes():
    """What is less than a gibibyte is not told as none."""
    error = raised("MemoryError", "")
    limits = Limits(memory_bytes=100 * 1024**2)
    told = only(error, around(limits=limits, peak_rss_bytes=3 * 1024**2 + 1))
    assert told.startswith("its memory limit was 100 MiB; at its peak it held 4 MiB; ")


@pytest.mark.parametrize("caught", [False, True])
def test_a_program_that_is_not_there_is_no_file(caught):
    """Python says of both the same; where it started a program, that is what is missing."""
    if caught:
        log = f'Traceback:\n  File "{STARTING.file}", line 9\nFileNotFoundError: {NO_PROGRAM}\n'
        error, circumstances = ScriptError(kind="exit", message="left"), around(stderr_tail=log)
    else:
        error, circumstances = raised("FileNotFoundError", NO_PROGRAM), around()
        error = error.model_copy(update={"frames": (*error.frames, STARTING)})
    told = only(error, circumstances)
    assert told == "there is no program git on PATH: install it, or start it by its whole path"


def test_a_hint_has_a_length_that_an_event_keeps():
    """Whoever writes columns with endless names gets the first of them."""
    columns = tuple(f"{place}{'x' * 999}" for place in range(9))
    table = TakenInput("/w/a.csv", content=ContentFacts(format="csv", columns=columns))
    (told,) = hints(raised("KeyError", "'rows'"), around(inputs={"data": table}))
    assert len(told) == CHARACTERS
    assert told.endswith("…")
