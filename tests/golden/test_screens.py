"""Every screen as it is kept in `screens/`, at three widths, and the laws that all of them keep.

Where a screen changed on purpose, `python -m tests.support.screens` takes its picture anew.
"""

import re
import shlex

import pytest
import typer
from rich.cells import cell_len
from tests.support.screen_list import SHOTS, STATES, verbs
from tests.support.screens import COLOURED, GOLDEN, WIDTHS, Studio, without_colours

from runthrough.entrypoints.cli.app import app

TYPED = re.compile(
    r"^(?:next|all of them|or answer step by step): +(runthrough .*)$", re.MULTILINE
)
"""Lines that hold a command to type and nothing behind it."""
OWN_LINES = re.compile(r"runthrough |^\S+$|^\S+:\d+ in |^(── standard error|log of the newest): ")
"""What is never wrapped: commands to copy, one word such as a path, where code stands."""
UNSEEN = {"demo"}
"""Commands whose screens are others': the demo's own tests look at it."""


@pytest.fixture(
    scope="module",  # so that all tests of one screen follow each other, in one state
    params=[
        pytest.param(shot, id=shot.name, marks=[] if shot.main else pytest.mark.slow)
        for shot in sorted(SHOTS, key=lambda shot: shot.state)
    ],
)
def shot(request):
    """One screen."""
    return request.param


@pytest.fixture(scope="module")
def studio():
    """Where the pictures are taken."""
    with Studio(STATES) as studio:
        yield studio


def test_a_screen_is_as_it_was(studio, shot):
    """Words at 60, 80 and 120 columns, and colours at 80, are those of the kept picture."""
    words, colours = shot.files
    if not shot.kept:
        assert not words.exists()
        return
    assert studio.words(shot) == words.read_text()
    assert studio.colours(shot) == colours.read_text()


def test_no_line_is_wider_than_the_screen(studio, shot):
    """But for commands to copy, paths, and lines of a file; and no line ends with blanks."""
    for columns in WIDTHS:
        for line in studio.look(shot, columns).splitlines():
            if shot.verbatim:
                continue
            assert line == line.rstrip()
            assert cell_len(line) <= columns or OWN_LINES.search(line.strip("→ -")), line


def test_colour_says_nothing_that_the_text_does_not(studio, shot):
    """Without colours there is no escape, and with them stripped the same words are left."""
    for columns in WIDTHS:
        plain = studio.look(shot, columns)
        assert "\x1b" not in plain
        coloured = without_colours(studio.look(shot, columns, colour=True))
        # What tells of the machine, such as its free space, is another one at each look.
        assert coloured == plain if shot.kept else "\x1b" not in coloured


@pytest.mark.slow
@pytest.mark.parametrize("columns", [20, 33])
@pytest.mark.parametrize("name", ["status-external", "plan-shop", "run-failed", "show", "history"])
def test_a_narrow_screen_is_served(studio, name, columns):
    """Where there is hardly any room lines still fit, and nothing fails."""
    (shot,) = [shot for shot in SHOTS if shot.name == name]
    for line in studio.look(shot, columns).splitlines():
        assert cell_len(line) <= columns or OWN_LINES.search(line.strip("→ -")), line


def test_what_is_to_be_typed_next_can_be_typed(studio, shot):
    """The next command, and the one that tells all, name a verb and options that it has."""
    for command in TYPED.findall(studio.look(shot, COLOURED)):
        _parse(typer.main.get_command(app), shlex.split(command))


def test_a_command_that_is_none_would_be_seen():
    """The parser refuses what nobody can type."""
    for wrong in ("runthrough statsu", "runthrough run --al", "runthrough configure"):
        with pytest.raises(typer.TyperException):
            _parse(typer.main.get_command(app), shlex.split(wrong))


def test_every_command_has_a_screen():
    """Each command and group shows its help, and each command is typed in a state of its own."""
    helped = {" ".join(shot.words[:-1]) for shot in SHOTS if shot.words[-1] == "--help"}
    typed = [" ".join(shot.words) for shot in SHOTS if shot.words[-1] != "--help"]
    groups = {verb.split()[0] for verb in verbs() if " " in verb}
    assert helped - {""} == set(verbs())
    seen = {verb for verb in verbs() if any(f"{words} ".startswith(f"{verb} ") for words in typed)}
    assert set(verbs()) - seen - groups == UNSEEN


def test_every_picture_is_of_a_screen():
    """No file is left of a screen that is gone, and no two screens share one."""
    names = [shot.name for shot in SHOTS]
    assert len(set(names)) == len(names)
    kept = {file for shot in SHOTS if shot.kept for file in shot.files}
    assert set(GOLDEN.iterdir()) == kept


def _parse(command, words):
    """Read a command line as the program would, and run nothing."""
    name, *rest = words
    context = command.make_context(name, list(rest))
    while hasattr(command, "commands"):
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, list(rest), parent=context)
