"""Commands that stand in advice: where each ends, and what a shell makes of its words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.typed import options_of, verbs_of

from runthrough.core.validation.words import command, word
from runthrough.core.views.typed_commands import SHAPES, commands_in


def only(text):
    """The one command in a text."""
    (told,) = commands_in(text)
    return told


@pytest.mark.parametrize(
    ("text", "places", "behind"),
    [
        ("runthrough run starts a new attempt", (), " starts a new attempt"),
        ("runthrough run clean, or wait", ("clean",), ", or wait"),
        ("look (runthrough run +clean), then", ("+clean",), "), then"),
        ("runthrough run Clean Total to see", ("Clean", "Total"), " to see"),
        ("runthrough new PIPELINE starts one", ("PIPELINE",), " starts one"),
        ("runthrough history lists them", (), " lists them"),
        ("runthrough bind clean PATH, with a path", ("clean", "PATH"), ", with a path"),
        ("runthrough run -- -odd", ("-odd",), ""),
        ("runthrough status; then", (), "; then"),
        ("runthrough run Clean --jobs 2 lets two run", ("Clean",), " lets two run"),
        (r"""runthrough bind "a \"b" it\'s""", ('a "b', "it's"), ""),
    ],
)
def test_places_are_told_from_what_is_said(text, places, behind):
    """A place that may follow is one before punctuation; what a command does is a sentence."""
    told = only(text)
    assert told.places == places
    assert text[told.end :] == behind


def test_an_option_ends_where_it_is_none_of_the_verbs():
    """An option that the verb does not take is no part of the command."""
    told = only("runthrough undo --to 3 --anyone --here, please")
    assert told.options == (("--to", "3"), ("--anyone", ""))
    assert only("runthrough undo --to").options == ()


def test_other_words_are_no_commands():
    """Only what begins with a verb that there is."""
    assert [*commands_in("runthrough asks; runthrough history-of-art; arunthrough run")] == []


told_of_no_command = st.text(min_size=1).filter(lambda text: "runthrough" not in text)


@given(told_of_no_command, told_of_no_command, told_of_no_command)
def test_whatever_was_quoted_is_read_back(node, name, value):
    """Names and values of any letters come back as they were written into advice."""
    text = command("configure", node, options=f"--input {word(name)}={word(value)}")
    told = only(f"give it: {text}, or leave it")
    assert told.places == (node,)
    assert told.options == (("--input", f"{name}={value}"),)


def test_every_verb_and_option_of_the_command_line_is_known():
    """A verb that is added later, or an option of one, cannot be forgotten here."""
    assert set(SHAPES) == verbs_of()
    for verb, shape in SHAPES.items():
        own = {option: what for option, what in shape.options.items() if option != "--session"}
        assert (verb, own) == (verb, options_of(verb))
