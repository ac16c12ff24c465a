"""What values say about themselves."""

import pytest
from tests.support.builders import need

from runthrough.core.values.attempts import GRACE_S, ScriptRequest, ScriptResult
from runthrough.core.values.connections import Output
from runthrough.core.values.interpreters import executable
from runthrough.core.values.outcomes import ReturnValue, ScriptError
from runthrough.core.values.paths import Roots
from runthrough.core.values.requirements import DynamicRequirement, ScriptRequirements
from runthrough.core.values.store import AuditVerdict


def test_an_output_is_written_as_the_command_line_takes_it():
    """Node, output, and the path inside it where there is one."""
    assert str(Output("clean", "data")) == "clean.data"
    assert str(Output("clean", "data", "train/x")) == "clean.data/train/x"


def test_needs_are_told_by_kind():
    """In the order in which the script names them."""
    needs = ScriptRequirements(
        needs=(need("b"), need("m", "output"), need("a")),
        dynamic=(DynamicRequirement(kind="environ_var", prefix="P_"),),
    )
    assert [found.name for found in needs.of("input")] == ["b", "a"]
    assert needs.open_ended("environ_var")
    assert not needs.open_ended("input")


def test_a_fallback_is_required():
    """Its default holds only inside a container."""
    levels = ("required", "fallback", "conditional", "optional", "unread")
    assert [need("x", level=level).required for level in levels] == [True, True] + [False] * 3


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        ("pipeline:env/bin/python", "/p/env/bin/python"),
        ("abs:/opt/python", "/opt/python"),
        ("/usr/bin/python3", "/usr/bin/python3"),
        ("python3.12", "python3.12"),
        ("../env/bin/python", "/env/bin/python"),
        ("env/a:b/python", "/p/env/a:b/python"),
    ],
)
def test_an_interpreter_is_a_path_or_a_command(python, expected):
    """Relative to the pipeline's folder; without a slash it is looked up on PATH."""
    assert executable(python, Roots({"pipeline": "/p"})) == expected


def test_an_interpreter_below_an_unknown_root_cannot_be_started():
    """This host does not know where it is."""
    with pytest.raises(KeyError):
        executable("workspace:python", Roots({}))


def test_a_request_asks_for_nothing_that_is_not_said():
    """No limit, no secret, the tester's own interpreter."""
    request = ScriptRequest("a", "1", "/a.py", "/", "a", "/f", {}, {}, {}, {})
    assert (request.timeout_s, request.secrets, request.python) == (None, (), None)
    assert request.grace_s == GRACE_S


def test_a_result_holds_what_is_known():
    """A return value that was not kept says so."""
    result = ScriptResult("passed", 0.5)
    assert result.returned == ReturnValue(value=None, kept=False)


def test_a_sound_log_has_no_first_bad_position():
    """What was checked is counted."""
    assert AuditVerdict(ok=True, checked=3, head_position=3).first_bad is None


@pytest.mark.parametrize(
    ("kind", "message", "expected"),
    [
        ("ValueError", "no rows\nat all", "ValueError: no rows"),
        (None, "exit code 3", "exit code 3"),
        ("KeyError", "", "KeyError"),
    ],
)
def test_an_error_has_a_headline(kind, message, expected):
    """The exception's class, if it was one, and the first line of its words."""
    assert ScriptError(kind="exception", type=kind, message=message).headline == expected
