"""The wizard's questions where a cursor cannot be moved."""

import pytest

from runthrough.entrypoints.cli.asker import Move, Option, Prompt
from runthrough.entrypoints.cli.plain_prompts import PlainAsker

PROMPT = Prompt("What is mode?", ("argument",))
OPTIONS = (Option("f", "fast"), Option("e", "exact", "as in train"))


class Typist:
    """Types lines, and keeps what is shown."""

    def __init__(self, *lines):
        self.lines, self.shown = list(lines), []

    def read(self, label):
        self.shown.append(label)
        if not self.lines:
            raise EOFError
        return self.lines.pop(0)

    @property
    def asker(self):
        return PlainAsker(self.shown.append, self.read)


@pytest.mark.parametrize(
    ("line", "answer"),
    [("1", "f"), ("2", "e"), ("", "e"), ("<", Move.BACK), (">>", Move.NEXT_NODE)],
)
def test_a_list_is_answered_by_a_number(line, answer):
    """Enter alone takes what the list opens at, and the moves are signs."""
    assert Typist(line).asker.choose(PROMPT, OPTIONS, at="e") == answer


def test_a_number_that_is_none_is_asked_again():
    """Neither letters nor numbers beyond the list choose anything."""
    typist = Typist("0", "n", "q", "3", "2")
    assert typist.asker.choose(PROMPT, OPTIONS) == "e"
    assert typist.shown.count("  type a number from 1 to 2") == 4


def test_everything_is_told_in_lines():
    """The question, what it is about, the keys, and the options with what speaks for them."""
    typist = Typist("1")
    typist.asker.choose(PROMPT, OPTIONS)
    assert typist.shown == [
        "? What is mode?",
        "  argument",
        "  < back  > skip  >> next node  Ctrl-D quit",
        "  * 1  fast",
        "    2  exact  as in train",
        "number [1]: ",
    ]


def test_a_line_keeps_what_was_typed_before():
    """Enter alone repeats it; the end of the input quits."""
    assert Typist("").asker.text(PROMPT, typed="EUR") == "EUR"
    assert Typist("USD").asker.text(PROMPT, typed="EUR") == "USD"
    assert Typist().asker.text(PROMPT) is Move.QUIT


def test_a_path_is_asked_for_below_the_outputs():
    """What may be named with @ is told, since nothing completes it."""
    typist = Typist("@a.b")
    assert typist.asker.place(PROMPT, outputs=("@a.b",)) == "@a.b"
    assert "  outputs: @a.b" in typist.shown


def test_yes_or_no_has_no_other_moves_to_tell():
    """The keys are not told where only one of two is wanted."""
    typist = Typist("1")
    typist.asker.choose(Prompt("Sure?", sure=True), OPTIONS)
    assert not any("back" in line for line in typist.shown)
