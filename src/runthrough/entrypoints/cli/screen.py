"""Where a command writes: its result for machines, and text for people beside it."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from io import StringIO
from typing import IO, TYPE_CHECKING

from runthrough.entrypoints.cli.failing import OutputError, ReaderGoneError, give_up
from runthrough.entrypoints.cli.words import one_line

if TYPE_CHECKING:
    from pydantic import JsonValue
    from rich.console import Console, RenderableType

PIPED_WIDTH = 120
"""Columns where no terminal says how many: wide enough for logs, narrow enough to read."""
INDENT = "    "
COMMAND_KEYS = frozenset({"next", "next_command"})
"""Keys of results whose values are commands to type."""

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
        """A console that redraws its lines in place; `None` where they are kept or piped."""
        plain = self._plain or self.as_json or os.environ.get("TERM", "dumb") == "dumb"
        if plain:
            return None
        from rich.console import Console  # noqa: PLC0415 - rich is imported inside commands

        class Steady(Console):
            """Never hides the cursor, so that a command that is killed leaves it behind."""

            def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002 - rich's signature
                return False

        return Steady(file=self._stream, markup=False, highlight=False, emoji=False)

    def line(self, *pieces: str | Piece, lead: str | Piece = "") -> None:
        """One line of styled pieces, wrapped at words; what wraps begins where `lead` ends.

        On a screen that is too narrow for that it begins at the first column.
        """
        from rich.text import Text  # noqa: PLC0415 - rich is imported inside commands

        first = Text(*lead) if isinstance(lead, tuple) else Text(lead)
        text = Text.assemble(*pieces)
        if not lead or 2 * first.cell_len > self.width:
            self._draw(first + text)
            return
        from rich.table import Table  # noqa: PLC0415 - as above

        text.expand_tabs(8)
        hanging = Table.grid()
        hanging.add_column(width=first.cell_len, no_wrap=True)
        hanging.add_column(overflow="fold")
        hanging.add_row(first, text)
        self._draw(hanging)

    def typed(self, lead: str, command: str) -> None:
        """A command to be copied, so it is never wrapped."""
        from rich.text import Text  # noqa: PLC0415 - rich is imported inside commands

        told = Text.assemble(lead, (command, "bold"))
        with self._console.capture() as drawn:
            self._console.print(told, soft_wrap=True)
        self._write(drawn.get())

    def verbatim(self, *pieces: str | Piece) -> None:
        """One line that is never wrapped, such as one of a file."""
        from rich.text import Text  # noqa: PLC0415 - rich is imported inside commands

        with self._console.capture() as drawn:
            self._console.print(Text.assemble(*pieces), soft_wrap=True)
        self._write(drawn.get())

    def blank(self) -> None:
        """An empty line."""
        self._write("\n")

    def rows(self, rows: Iterable[Sequence[str | Piece]], *, indent: str = "  ") -> None:
        """Rows with aligned columns; only the last column wraps."""
        from rich.padding import Padding  # noqa: PLC0415 - rich is imported inside commands
        from rich.table import Table  # noqa: PLC0415 - rich is imported inside commands
        from rich.text import Text  # noqa: PLC0415 - rich is imported inside commands

        table: Table | None = None
        for row in rows:
            if table is None:
                table = Table.grid(padding=(0, 3, 0, 0))
                for place in range(len(row)):
                    last = place == len(row) - 1
                    table.add_column(no_wrap=not last, overflow="fold")
            cells = [cell if isinstance(cell, tuple) else (cell, "") for cell in row]
            table.add_row(*(Text(text, style) for text, style in cells))
        if table is not None:
            self._draw(Padding(table, (0, 0, 0, len(indent))))

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

    def _draw(self, drawing: "RenderableType") -> None:
        with self._console.capture() as drawn:
            self._console.print(drawing)
        # Lines are padded to their column; nobody wants those blanks when copying.
        self._write("".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines()))

    def _write(self, text: str) -> None:
        with writing_to(self._stream):
            self._stream.write(text)

    @property
    def _stream(self) -> IO[str]:
        return sys.stderr if self.as_json else sys.stdout

    @property
    def _plain(self) -> bool:
        """Whether text is written without colours."""
        asked = any(os.environ.get(name) for name in ("NO_COLOR", "CI"))
        return asked or not self._stream.isatty()

    @cached_property
    def _console(self) -> "Console":
        from rich.console import Console  # noqa: PLC0415 - rich is imported inside commands

        terminal, plain = self._stream.isatty(), self._plain
        asked = os.environ.get("COLUMNS", "")
        width = int(asked) if asked.isdecimal() else None if terminal else PIPED_WIDTH
        return Console(
            file=StringIO(),  # rich only draws: it ends the process where nobody reads any more
            width=width,
            color_system=None if plain else "auto",
            force_terminal=not plain,
            no_color=plain,
            markup=False,
            highlight=False,
            emoji=False,
        )


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
