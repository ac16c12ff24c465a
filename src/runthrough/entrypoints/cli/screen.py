"""Where a command writes: its result for machines, and text for people beside it."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from io import StringIO, UnsupportedOperation
from typing import IO, TYPE_CHECKING

from runthrough.entrypoints.cli.failing import OutputError, ReaderGoneError, give_up
from runthrough.entrypoints.cli.words import harmless, one_line

if TYPE_CHECKING:
    from pydantic import JsonValue
    from rich.console import Console, RenderableType

PIPED_WIDTH = 120
"""Columns where no terminal says how many: wide enough for logs, narrow enough to read."""
WIDEST = 4_000
"""Columns that no terminal has; lines are drawn in full width before their ends are cut."""
UNUSED_HEIGHT = 25
"""Rich takes a width of its own for some terminals, unless it is told both."""
FORCING = ("FORCE_COLOR", "CLICOLOR_FORCE")
"""Variables that ask for colours where there is no terminal; empty and `0` ask for nothing."""
INDENT = "    "
COMMAND_KEYS = frozenset({"fix", "next", "next_command"})
"""Keys of results whose values are commands to type, or hold some."""

Piece = tuple[str, str]
"""A text and its style; colour never says anything that the text does not."""


class Screen:
    """One command's output.

    With `as_json` the result goes to stdout and text for people to stderr. `typed` makes of a
    command what is to be typed from where this one was.
    """

    def __init__(self, *, as_json: bool = False, typed: Callable[[str], str] = str) -> None:
        self.as_json = as_json
        self._typed = typed

    def result(self, value: object) -> None:
        """The result for machines; nothing without `--json`.

        Commands in it are those that people are told beside it.
        """
        if self.as_json:
            with writing_to(sys.stdout):
                sys.stdout.write(json.dumps(self._with_typed(value), indent=2) + "\n")

    def _with_typed(self, value: object) -> object:
        if isinstance(value, list):
            return [self._with_typed(one) for one in value]
        if not isinstance(value, Mapping):
            return value
        return {
            name: self._typed(one)
            if name in COMMAND_KEYS and isinstance(one, str)
            else self._with_typed(one)
            for name, one in value.items()
        }

    @property
    def width(self) -> int:
        """Columns there are."""
        return self._console.width

    def terminal(self) -> "Console | None":
        """A console that redraws its lines in place; `None` where they are kept or piped.

        `NO_COLOR` is about colours only, so that there it redraws without any.
        """
        kept = self.as_json or bool(os.environ.get("CI")) or not self._stream.isatty()
        if kept or _is_dumb():
            return None
        from rich.console import Console  # noqa: PLC0415 - rich is imported inside commands

        class Steady(Console):
            """Never hides the cursor, so that a command that is killed leaves it behind."""

            def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002 - rich's signature
                return False

        # It asks the terminal for its size each time: COLUMNS does not know when that changes.
        return Steady(
            file=self._stream,
            force_terminal=True,
            color_system=None if is_plain(self._stream) else "auto",
            markup=False,
            highlight=False,
            emoji=False,
            _environ={"TERM": os.environ["TERM"]},
        )

    def line(self, *pieces: str | Piece, lead: str | Piece = "") -> None:
        """One line of styled pieces, wrapped at words; what wraps begins where `lead` ends.

        On a screen that is too narrow for that it begins at the first column.
        """
        from rich.text import Text  # noqa: PLC0415 - rich is imported inside commands

        first = Text.assemble(
            _harmless(lead)
        )  # its style is its own, and not that of what follows
        text = Text.assemble(*map(_harmless, pieces))
        if 2 * first.cell_len > self.width:
            first, text = Text(), first + text
        indent, room = " " * first.cell_len, self.width - first.cell_len
        lines = [Text(indent) + line for line in text.wrap(self._console, room, overflow="fold")]
        lines[:1] = [first + line[len(indent) :] for line in lines[:1]]
        for line in lines:
            line.rstrip()  # no blank is left where a line is broken, coloured or not
        self._draw(Text("\n").join(lines), soft_wrap=True)

    def typed(self, lead: str, command: str) -> None:
        """A command to be copied, so it is never wrapped."""
        from rich.text import Text  # noqa: PLC0415 - rich is imported inside commands

        told = Text.assemble(_harmless(lead), _harmless((command, "bold")))
        with self._console.capture() as drawn:
            self._console.print(told, soft_wrap=True)
        self._write(drawn.get())

    def verbatim(self, *pieces: str | Piece) -> None:
        """One line that is never wrapped, such as one of a file."""
        from rich.text import Text  # noqa: PLC0415 - rich is imported inside commands

        with self._console.capture() as drawn:
            self._console.print(Text.assemble(*map(_harmless, pieces)), soft_wrap=True)
        self._write(drawn.get())

    def blank(self) -> None:
        """An empty line."""
        self._write("\n")

    def rows(self, rows: Iterable[Sequence[str | Piece]], *, indent: str = "  ") -> None:
        """Rows with aligned columns; only the last column wraps, and nothing is cut."""
        from rich.text import Text  # noqa: PLC0415 - rich is imported inside commands

        from runthrough.entrypoints.cli.columns import aligned  # noqa: PLC0415 - as above

        cells = ([_styled(cell) for cell in row] for row in rows)
        lines = list(aligned(cells, console=self._console, indent=indent))
        if lines:
            self._draw(Text("\n").join(lines), soft_wrap=True)

    def parts(self, *pieces: str | Piece) -> None:
        """Parts of one line with dots between them; it is broken between two of them only."""
        from rich.text import Text  # noqa: PLC0415 - rich is imported inside commands

        told: list[Text] = []
        for piece in pieces:
            part = Text.assemble(_harmless(piece))
            longer = told[-1] + Text(" · ") + part if told else part
            if told and longer.cell_len <= self.width:
                told[-1] = longer
            else:
                told.append(part)
        for line in told:
            self._draw(line)

    def changes(self, before: Mapping[str, "JsonValue"], after: Mapping[str, "JsonValue"]) -> None:
        """Values that changed, one a line: `name  before → after`."""
        from runthrough.core.views.value_words import words_of  # noqa: PLC0415 - in commands

        for name in dict.fromkeys((*before, *after)):
            old, new = words_of(before, name), words_of(after, name)
            self.line((f"{INDENT}{one_line(name)}  ", "dim"), one_line(old), " → ", one_line(new))

    def raw(self, text: str) -> None:
        """A text as it is, such as a script's log; beside a result it goes to stderr."""
        self._write(text if text.endswith("\n") or not text else f"{text}\n")

    def lines(self, lines: Iterable[str]) -> None:
        """Lines for machines, as UTF-8 wherever they go."""
        for line in lines:
            with writing_to(sys.stdout):
                sys.stdout.buffer.write(line.encode())

    def _draw(self, drawing: "RenderableType", *, soft_wrap: bool = False) -> None:
        with self._console.capture() as drawn:
            self._console.print(drawing, soft_wrap=soft_wrap)
        # Lines are padded to their column; nobody wants those blanks when copying.
        self._write("".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines()))

    def _write(self, text: str) -> None:
        with writing_to(self._stream):
            self._stream.write(text)

    @property
    def _stream(self) -> IO[str]:
        return sys.stderr if self.as_json else sys.stdout

    @cached_property
    def _console(self) -> "Console":
        from rich.console import Console  # noqa: PLC0415 - rich is imported inside commands

        plain = is_plain(self._stream)
        return Console(
            file=StringIO(),  # rich only draws: it ends the process where nobody reads any more
            width=columns_of(self._stream) or PIPED_WIDTH,
            height=UNUSED_HEIGHT,
            color_system=None if plain else "standard",
            force_terminal=not plain,
            no_color=plain,
            markup=False,
            highlight=False,
            emoji=False,
        )


def _harmless(piece: str | Piece) -> str | Piece:
    """A piece that gives the terminal no orders."""
    if isinstance(piece, str):
        return harmless(piece)
    return harmless(piece[0]), piece[1]


def _styled(piece: str | Piece) -> Piece:
    shown = _harmless(piece)
    return shown if isinstance(shown, tuple) else (shown, "")


def columns_of(stream: IO[str]) -> int | None:
    """Columns as `COLUMNS` says, else as the terminal says; `None` where none is told."""
    if (asked := _asked_width()) is not None:
        return asked
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, UnsupportedOperation):  # a pipe, a file, or what only stands for one
        return None


def is_plain(stream: IO[str]) -> bool:
    """Whether text goes there without colours."""
    if os.environ.get("NO_COLOR"):
        return True
    if any(os.environ.get(name, "0") not in {"", "0"} for name in FORCING):
        return False
    return bool(os.environ.get("CI")) or not stream.isatty() or _is_dumb()


def _is_dumb() -> bool:
    """Whether the terminal knows no escapes."""
    return os.environ.get("TERM", "dumb") in {"", "dumb", "unknown"}


def _asked_width() -> int | None:
    """Columns as `COLUMNS` says; `None` where it says nothing that is a width."""
    asked = os.environ.get("COLUMNS", "")
    return min(int(asked), WIDEST) or None if asked.isdecimal() and len(asked) < WIDEST else None


@contextmanager
def writing_to(stream: IO[str]) -> Iterator[None]:
    """Tell apart what goes wrong with the output from what goes wrong with the work.

    Raises:
        ReaderGoneError: Nobody reads any more, as behind `| head`.
        OutputError: The output cannot be written, as on a full disk.
    """
    try:
        yield
    except OSError as exc:
        give_up(stream)
        if isinstance(exc, BrokenPipeError):
            raise ReaderGoneError from exc
        raise OutputError(str(exc.strerror)) from exc
