"""What a command writes for people, line by line."""

import io
from contextlib import redirect_stdout

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
