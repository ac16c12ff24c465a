"""Questions in a terminal: lists, lines and paths by questionary; the only room that knows it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Any

import questionary
from prompt_toolkit.application import Application
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import get_cwidth

from runthrough.entrypoints.cli.asker import Move, Option, Prompt, Typed, moved

_STYLE = Style(
    [
        ("qmark", "fg:ansiyellow bold"),
        ("question", "bold"),
        ("instruction", "fg:ansibrightblack"),
        ("pointer", "fg:ansicyan bold"),
        ("highlighted", "bold"),
        ("about", "fg:ansibrightblack"),
        ("answer", ""),
    ]
)
_PLAIN = Style([("question", "bold"), ("highlighted", "bold")])
_POINTER_COLUMNS = 4
"""What stands left of a line of a list, and a blank right of it."""
_GAP = "  "
_HINT = "< back  > skip  Ctrl-N next node  Ctrl-D quit"
"""Said with every question, on a line of its own."""
_TYPED_HINT = f"type it, or {_HINT}"
"""Said where something may be typed."""


class TerminalAsker:
    """Asks in a terminal that can move its cursor; what was asked is wiped once it is answered."""

    def __init__(self, *, width: int, colours: bool) -> None:
        self._width = width
        self._look: dict[str, Any] = {"style": _STYLE if colours else _PLAIN}
        if not colours:
            self._look["color_depth"] = ColorDepth.DEPTH_1_BIT

    def choose(
        self,
        prompt: Prompt,
        options: Sequence[Option],
        *,
        at: str | None = None,
        free: bool = False,
    ) -> str | Move | Typed:
        """One of the options, by the arrow keys; the moves are keys, and a letter decides nothing.

        In a `free` list the first letter comes back; those behind it wait for the line.
        """
        choices = [
            questionary.Choice(title, value=place)
            for place, title in enumerate(_titles(options, self._width - _POINTER_COLUMNS))
        ]
        first = next((place for place, option in enumerate(options) if option.value == at), 0)
        question = questionary.select(
            prompt.title,
            choices,
            default=choices[first],
            instruction=_below(prompt, _TYPED_HINT if free else _HINT, self._width),
            use_jk_keys=False,
            **self._look,
        )
        keys = _QUIT_KEYS if prompt.sure else _LIST_KEYS
        answer = _asked(question.application, keys, free=free)
        if isinstance(answer, Typed):
            return answer
        return options[answer].value if isinstance(answer, int) else Move(answer)

    def text(self, prompt: Prompt, *, typed: str = "") -> str | Move:
        """A line."""
        return self._line(prompt, typed, None)

    def place(self, prompt: Prompt, *, typed: str = "", outputs: Sequence[str] = ()) -> str | Move:
        """A line, with paths and outputs completed by the tabulator."""
        return self._line(prompt, typed, _Places(outputs))

    def _line(self, prompt: Prompt, typed: str, completer: Completer | None) -> str | Move:
        question = questionary.text(
            prompt.title,
            default=typed,
            instruction=f"{_below(prompt, _TYPED_HINT, self._width)}\n  »",
            completer=completer,
            complete_while_typing=False,
            **self._look,
        )
        answer = _asked(question.application, _LINE_KEYS)
        return answer if isinstance(answer, Move) else moved(str(answer))


_QUIT_KEYS = {"c-d": Move.QUIT}
_LINE_KEYS = {"c-n": Move.NEXT_NODE, **_QUIT_KEYS}
"""Keys that end a line at once, whatever stands in it."""
_LIST_KEYS = {"<": Move.BACK, ">": Move.SKIP, **_LINE_KEYS}
"""Keys that answer a list at once."""


def _asked(
    application: "Application[Any]", keys: dict[str, Move], *, free: bool = False
) -> object:
    """The answer; the question is wiped, for what comes of it is told below."""
    bindings = KeyBindings()
    if free:
        bindings.add(Keys.Any)(_end_typed)
        bindings.add(Keys.BracketedPaste)(_end_typed)
    for key, move in keys.items():
        bindings.add(key, eager=True)(_ending(move))
    given = [application.key_bindings] if application.key_bindings is not None else []
    application.key_bindings = merge_key_bindings([*given, bindings])
    application.erase_when_done = True
    return application.run()


def _ending(move: Move) -> Callable[[KeyPressEvent], None]:
    def end(event: KeyPressEvent) -> None:
        event.app.exit(result=move)

    return end


def _end_typed(event: KeyPressEvent) -> None:
    """A letter, or what was pasted; keys that write nothing, and blanks, do nothing."""
    text = event.data.strip()
    if text and text.isprintable():
        event.app.exit(result=Typed(text))


def _below(prompt: Prompt, hint: str, width: int) -> str:
    """What stands below the title, on lines of its own: one that is too long loses its end."""
    room = max(width - len(_GAP) - 1, len(_GAP) * 4)
    told = (*prompt.lines, *(() if prompt.sure else (hint,)))
    return "".join(f"\n{_GAP}{part}" for line in told for part in wrap(line, room))


def _titles(options: Sequence[Option], width: int) -> Iterator[list[tuple[str, str]]]:
    """Each option on one line: what it is, and beside it, as far as there is room, why."""
    told = [option for option in options if option.about]
    about_width = max((get_cwidth(option.about) for option in told), default=0)
    room = max(width * 2 // 3, width - len(_GAP) - about_width)
    column = min(max((get_cwidth(option.shown) for option in told), default=0), room)
    for option in options:
        if not option.about:
            yield [("class:text", _end_of(option.shown, width))]
            continue
        shown = _end_of(option.shown, column)
        shown += " " * (column - get_cwidth(shown))
        about = _beginning_of(option.about, width - column - len(_GAP))
        yield [("class:text", shown), ("class:about", f"{_GAP}{about}" if about else "")]


def _beginning_of(text: str, width: int) -> str:
    """As much of a sentence as there is room for."""
    if get_cwidth(text) <= width:
        return text
    while text and get_cwidth(text) > width - 1:
        text = text[:-1]
    return f"{text}…" if text else ""


def _end_of(text: str, width: int) -> str:
    """As much of a path as there is room for: its end tells more than its beginning."""
    if get_cwidth(text) <= width:
        return text
    while text and get_cwidth(text) > width - 1:
        text = text[1:]
    return f"…{text}"


class _Places(Completer):
    """Completes paths, and behind `@` the outputs that there are."""

    def __init__(self, outputs: Iterable[str]) -> None:
        self._outputs = tuple(outputs)
        self._paths = PathCompleter(expanduser=True)

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """What the text may become."""
        text = document.text_before_cursor
        if not text.startswith("@"):
            yield from self._paths.get_completions(document, complete_event)
            return
        for output in self._outputs:
            if output.startswith(text):
                yield Completion(output, start_position=-len(text))
