"""What a session may be called."""

import re

import pytest

from runthrough.application.keeping import checked_name
from runthrough.errors import CommandInvalidError


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a/b", "holds /"),
        ("a@3", "holds @"),
        ("2024", "has digits only"),
        ("now", "is now"),
        (" a", "begins or ends with a space"),
        ("a ", "begins or ends with a space"),
        ("a\tb", "holds the unprintable sign U+0009"),
        ("", "is empty"),
    ],
)
def test_a_name_that_addresses_nothing_is_refused(name, why):
    """The refusal says which sign is in the way, and what is allowed."""
    with pytest.raises(CommandInvalidError, match=re.escape(f"its name {why}")) as refused:
        checked_name("rename", name)
    assert "letters, digits" in str(refused.value.fix)


@pytest.mark.parametrize("name", ["quiet-heron", "v1.2", "a b", "2024-11", "été_3"])
def test_a_name_that_can_be_typed_is_taken(name):
    """As it is."""
    assert checked_name("rename", name) == name
