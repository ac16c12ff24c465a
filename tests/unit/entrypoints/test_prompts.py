"""Lists and lines of the wizard as they are drawn: what fits, and what completes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.utils import get_cwidth

from runthrough.entrypoints.cli.asker import Option, Prompt
from runthrough.entrypoints.cli.prompts import _TYPED_HINT, _below, _Places, _titles


def drawn(options, width):
    """The lines of a list."""
    return ["".join(text for _, text in title) for title in _titles(options, width)]


def test_what_speaks_for_options_stands_in_one_column():
    """Options without a reason take no part in it."""
    options = (Option("1", "a.csv", "one"), Option("2", "bb.csv", "two"), Option("3", "type …"))
    assert drawn(options, 40) == ["a.csv   one", "bb.csv  two", "type …"]


def test_of_a_long_path_the_end_is_shown_and_of_a_sentence_the_beginning():
    """Both are the parts that tell most."""
    (line,) = drawn((Option("1", "deep/orders.csv", "file names orders.csv, and more"),), 30)
    assert line == "deep/orders.csv  file names o…"
    (short,) = drawn((Option("1", "data/very/very/deep/orders.csv", "its name"),), 24)
    assert short.startswith("…")
    assert "orders.csv" in short


@given(
    options=st.lists(
        st.builds(
            Option, st.just("1"), st.text("abc日本é", min_size=1), st.text("xyz語", max_size=30)
        ),
        min_size=1,
        max_size=4,
    ),
    width=st.integers(min_value=12, max_value=60),
)
def test_no_line_is_wider_than_there_is_room(options, width):
    """Law: whatever the names, in columns of the terminal, also for wide letters."""
    assert all(get_cwidth(line) <= width for line in drawn(options, width))


@given(width=st.integers(min_value=16, max_value=60))
def test_the_keys_are_told_whole_on_a_narrow_screen(width):
    """A terminal cuts what is too long above a line that is typed, so it is broken before."""
    told = _below(Prompt("?", ("environment variable: how many",)), _TYPED_HINT, width)
    assert all(len(line) < width for line in told.splitlines())
    assert told.split()[-len(_TYPED_HINT.split()) :] == _TYPED_HINT.split()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("@", ["@a.x", "@b.y"]), ("@b", ["@b.y"]), ("@c", []), ("sub/or", ["ders.csv"])],
)
def test_outputs_complete_behind_an_at_sign_and_paths_elsewhere(
    tmp_path, monkeypatch, typed, offered
):
    """The tabulator knows both."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/orders.csv").write_text("x")
    monkeypatch.chdir(tmp_path)
    found = _Places(["@a.x", "@b.y"]).get_completions(Document(typed), CompleteEvent())
    assert [completion.text for completion in found] == offered
