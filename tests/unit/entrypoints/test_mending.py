"""What mends something, told by the page's own buttons and fields."""

import pytest

from runthrough.entrypoints.http.pages.mending import at_the_field, on_the_page
from runthrough.errors import SessionNameTakenError


@pytest.mark.parametrize(
    ("fix", "told"),
    [
        (SessionNameTakenError("October demand").fix, "open that session, or choose another name"),
        (
            "runthrough rename NAME, with a name that is free",
            "type another name, one that is free",
        ),
        (
            "ask an admin: runthrough token create vera --role tester",
            "ask an admin for a token with the role tester",
        ),
        ("runthrough history lists them", "History lists them"),
        (
            "look at what is there (runthrough history --node 'a b'), then repeat",
            "look at what is there (History), then repeat",
        ),
        (
            "set K in the environment, or runthrough configure Publish --env API=@secret:NAME",
            "set K in the environment, or name another secret for API in the form of Publish",
        ),
        (
            "put it there, or runthrough configure 'my node' --input data=PATH",
            "put it there, or give data in the form of 'my node'",
        ),
        (
            "move the session to this machine: runthrough resume --here",
            "move the session to this machine: Move it to this host, under Session",
        ),
        ("runthrough update PIPELINE", "runthrough update PIPELINE"),
    ],
)
def test_a_command_is_told_as_what_does_the_same_here(fix, told):
    """What the page has no button or field for stays a command."""
    assert on_the_page(fix) == told


@pytest.mark.parametrize(
    ("fix", "told"),
    [
        ("put it there, or runthrough configure a --input x=PATH", "put it there, or type a path"),
        ("runthrough configure a --arg top=VALUE, or wait", "type a value, or wait"),
        ("runthrough configure a --arg top=NUMBER", "type a number"),
        ("runthrough configure a --env K=@secret:NAME", "type the name of a secret"),
        ("runthrough configure a --env MODE=fast", "type fast"),
    ],
)
def test_at_a_field_it_is_told_what_to_type(fix, told):
    """A placeholder of a command is told in words."""
    assert at_the_field(fix) == told
