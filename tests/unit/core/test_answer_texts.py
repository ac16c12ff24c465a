"""Values as people type them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runthrough.core.values.answer_texts import argument_of, variable_of
from runthrough.core.views.candidates import value_text


@pytest.mark.parametrize(
    ("text", "variable", "argument"),
    [
        ("3", "3", 3),
        ("true", "true", True),
        ('"3"', '"3"', "3"),
        ("NaN", "NaN", "NaN"),
        ("1e999", "1e999", "1e999"),
        ("a b", "a b", "a b"),
        ("@secret:KEY", {"secret": "KEY"}, {"secret": "KEY"}),
        ("@plain:3", {"plain": "3"}, {"plain": 3}),
        ("[" * 3, "[" * 3, "[" * 3),
    ],
)
def test_a_variable_is_text_and_an_argument_is_json_where_it_is(text, variable, argument):
    """A secret is a reference in both, and what is marked as plain is taken as it is."""
    assert variable_of(text) == variable
    assert argument_of(text) == argument


@pytest.mark.parametrize("read", [variable_of, argument_of])
def test_a_secret_has_a_name(read):
    """A reference to nothing is told."""
    with pytest.raises(ValueError, match="name the secret"):
        read("@secret: ")


def plain(value):
    """A value without the mark that it is none of a secret's."""
    return value["plain"] if isinstance(value, dict) and set(value) == {"plain"} else value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=4,
)


@given(value=JSON | st.sampled_from(["@secret:x", "@plain:y", "12", "null"]))
def test_what_is_offered_for_an_argument_is_read_as_the_same_value(value):
    """Law: reading what was written gives the value again, also of a text like a number."""
    text = value_text("job_arg", value)
    if text is not None:
        assert json.dumps(plain(argument_of(text))) == json.dumps(value)


@given(value=st.text(min_size=1, max_size=12) | st.sampled_from(["@secret:x", "@plain:y"]))
def test_what_is_offered_for_a_variable_is_read_as_the_same_text(value):
    """Law: the same of a variable, whose value is text whatever it looks like."""
    text = value_text("environ_var", value)
    if text is not None:
        assert plain(variable_of(text)) == value
