"""Fixes that can be copied: words of a shell, values of an argument, paths on one line."""

import json
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runthrough.core.validation.words import VALUE_SHOWN, command, told, told_value, typed, word

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@given(TEXTS)
def test_a_word_is_one_word_of_a_shell(text):
    """Without control characters any shell takes it, and gives the text back."""
    if any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 for letter in text):
        return
    assert shlex.split(word(text)) == [text]


@pytest.mark.parametrize(
    "text",
    ["a\\x41\n", "two\nlines", "it's\ta \\ tab", "\x1b[31m", "caf\u00e9\n'", "-x", "", "a b"],
)
def test_a_shell_gives_the_text_back(text):
    """Control characters are typed as escapes."""
    done = subprocess.run(
        ["bash", "-c", f"printf %s {word(text)}"], capture_output=True, check=True
    )
    assert done.stdout.decode() == text
    assert "\n" not in word(text)


def test_a_control_character_beyond_ascii_is_an_escape():
    """It is written by its number."""
    assert word("a\x85b") == "$'a\\u0085b'"


@given(JSON)
def test_a_typed_value_is_read_back(value):
    """As the command line reads an argument: as JSON, else as text."""
    text = typed(value)
    try:
        read = json.loads(text)
    except ValueError:
        read = text
    assert read == value
    assert type(read) is type(value)


def test_a_path_is_told_on_one_line():
    """Letters of all scripts stay, and what hides or turns the text does not."""
    assert told("workspace:a\nb\u202ec\u2028d \u00e9\u4e2d") == (
        "a\\nb\\u202ec\\u2028d \u00e9\u4e2d"
    )
    assert told("abs:/x\ud83d") == "/x\\ud83d"


def test_a_long_value_is_cut():
    """A message stays a line."""
    assert told_value("short") == "'short'"
    assert len(told_value("x" * 1000)) == VALUE_SHOWN
    assert told_value("x" * 1000).endswith("…")


def test_a_name_that_looks_like_an_option_comes_last():
    """Whatever stands behind `--` is none."""
    assert command("configure", "-n", options="--env A=1") == (
        "runthrough configure --env A=1 -- -n"
    )
    assert command("bind", "a", "-b") == "runthrough bind -- a -b"
    assert command("confirm", "a.b") == "runthrough confirm a.b"
