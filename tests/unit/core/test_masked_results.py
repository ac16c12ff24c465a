"""What an attempt ended with, after every text of it went through a mask."""

from runthrough.core.values.attempts import ScriptResult, masked
from runthrough.core.values.outcomes import Frame, ReturnValue, ScriptError


def mask(text):
    """Hides one word."""
    return text.replace("hunter2", "***")


def test_every_text_of_an_end_is_masked():
    """Message, source lines, both logs, and the value and reason that `main` left."""
    frame = Frame(file="a.py", line=1, function="main", source=("key = 'hunter2'", "go(key)"))
    told = masked(
        ScriptResult(
            outcome="failed",
            duration_s=1.0,
            error=ScriptError(kind="exception", message="no hunter2", frames=(frame,)),
            returned=ReturnValue(
                value={"hunter2": ["hunter2", 1, None, True]}, reason="too hunter2"
            ),
            stdout_tail="out hunter2",
            stderr_tail="err hunter2",
        ),
        mask,
    )
    assert told.error.message == "no ***"
    assert told.error.frames[0].source == ("key = '***'", "go(key)")
    assert told.returned == ReturnValue(value={"***": ["***", 1, None, True]}, reason="too ***")
    assert (told.stdout_tail, told.stderr_tail) == ("out ***", "err ***")


def test_an_end_without_an_error_stays_one():
    """A number that a mask would change is masked as a text; what it leaves keeps its type."""
    passed = ScriptResult(outcome="passed", duration_s=1.0, returned=ReturnValue(value=[12, 345]))
    told = masked(passed, lambda text: text.replace("345", "***"))
    assert (told.error, told.returned.reason) == (None, None)
    assert told.returned.value == [12, "***"]
