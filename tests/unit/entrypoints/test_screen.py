"""What a command writes for people, line by line."""

import io
from contextlib import redirect_stdout

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runthrough.entrypoints.cli.screen import Screen


def test_what_wraps_begins_where_the_lead_ends(capsys, monkeypatch):
    """A long text, one with line breaks and one without a blank all stay in their indent."""
    monkeypatch.setenv("COLUMNS", "40")
    text = f"{'word ' * 12}\nsecond line\n{'y' * 90}"
    Screen().line(("node", "bold"), f" failed: {text}", lead=("✗ ", "bold red"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("✗ node failed: word ")
    assert len(lines) > 5
    assert all(line.startswith("  ") and line[2] != " " for line in lines[1:])
    assert all(len(line) <= 40 for line in lines)
    assert "  second line" in lines


def test_source_keeps_its_own_indent(capsys, monkeypatch):
    """Blanks and tabs at the beginning of a line of source are kept behind the lead."""
    monkeypatch.setenv("COLUMNS", "40")
    for source, shown in (("    x = 1", "    x = 1"), ("\tx = 1", "        x = 1"), ("", "")):
        Screen().line(source, lead="    >    3 │ ")
        assert capsys.readouterr().out == f"    >    3 │ {shown}".rstrip() + "\n"


ORDERS = "a\x1b[2Jb\x07c\x9bd\x7f"
"""Clears a terminal, rings, and begins an order by the sign of eight bits."""


@pytest.mark.parametrize(
    "show",
    [
        lambda screen: screen.line(ORDERS, lead=(ORDERS, "bold")),
        lambda screen: screen.typed(ORDERS, ORDERS),
        lambda screen: screen.verbatim(ORDERS, (ORDERS, "dim")),
        lambda screen: screen.rows([(ORDERS, (ORDERS, "dim"))]),
        lambda screen: screen.parts(ORDERS, (ORDERS, "dim")),
    ],
    ids=["line", "typed", "verbatim", "rows", "parts"],
)
def test_nothing_that_is_told_gives_orders_to_the_terminal(capsys, show):
    """Names are read from scripts that anybody wrote, and are shown as source has them."""
    show(Screen())
    told = capsys.readouterr().out
    assert told.count("a\\x1b[2Jb\\x07c\\x9bd\\x7f") == 2
    assert all(sign.isprintable() for sign in told.rstrip("\n"))


def test_on_a_narrow_screen_nothing_is_lost(capsys, monkeypatch):
    """A lead that would take more than half of the columns is wrapped with its text."""
    monkeypatch.setenv("COLUMNS", "20")
    Screen().line("amounts[99] of orders", lead="    >    3 │ ")
    assert "".join(capsys.readouterr().out.split()) == ">3│amounts[99]oforders"


@given(words=st.lists(st.text("abc", min_size=1, max_size=60), min_size=1, max_size=20))
def test_nothing_is_lost_by_wrapping(words):
    """Every sign of a text is written, in order."""
    with redirect_stdout(io.StringIO()) as written:
        Screen().line(" ".join(words), lead="    ")
    assert "".join(written.getvalue().split()) == "".join(words)


class Glass(io.StringIO):
    """A terminal, or a pipe."""

    def __init__(self, *, terminal):
        super().__init__()
        self._terminal = terminal

    def isatty(self):
        return self._terminal


@pytest.mark.parametrize(
    ("terminal", "environ", "coloured"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"CI": "true"}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (False, {"CLICOLOR_FORCE": "1"}, True),
        (False, {"FORCE_COLOR": "0", "CLICOLOR_FORCE": ""}, False),
        (True, {"FORCE_COLOR": "1", "CI": "true", "TERM": "dumb"}, True),
        (True, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colours_are_for_who_wants_them(monkeypatch, terminal, environ, coloured):
    """Who asks for none gets none, then who asks for them gets them, then terminals do."""
    for name in ("CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **environ}.items():
        monkeypatch.setenv(name, value)
    glass = Glass(terminal=terminal)
    monkeypatch.setattr("sys.stdout", glass)
    Screen().line(("told", "bold red"))
    assert glass.getvalue() == ("\x1b[1;31mtold\x1b[0m\n" if coloured else "told\n")


@pytest.mark.parametrize("forced", [{}, {"FORCE_COLOR": "1", "TERM": "dumb"}])
def test_the_width_that_is_asked_for_is_kept(capsys, monkeypatch, forced):
    """Also where a terminal that knows nothing is made to show colours."""
    for name, value in {"COLUMNS": "30", **forced}.items():
        monkeypatch.setenv(name, value)
    Screen().line(("word " * 12, ""))
    assert max(len(line) for line in capsys.readouterr().out.splitlines()) == 29


def test_each_part_has_its_own_colour(capsys, monkeypatch):
    """What follows a coloured part, or a coloured lead, is as it would be alone."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    Screen().parts(("orders", "bold"), "session demo", ("open", "green"))
    Screen().line("clean failed", lead=("✗ ", "red"))
    assert capsys.readouterr().out.splitlines() == [
        "\x1b[1morders\x1b[0m · session demo · \x1b[32mopen\x1b[0m",
        "\x1b[31m✗ \x1b[0mclean failed",
    ]


def test_parts_are_broken_between_and_not_inside(capsys, monkeypatch):
    """A dot stands between two parts of one line, and none where the line ends."""
    monkeypatch.setenv("COLUMNS", "30")
    Screen().parts(("orders", "bold"), "session demo", "version 12", "last: ann, 1 day ago")
    assert capsys.readouterr().out.splitlines() == [
        "orders · session demo",
        "version 12",
        "last: ann, 1 day ago",
    ]
