"""What the wizard asks of whoever shows its questions."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Move(Enum):
    """What a person does instead of giving a value."""

    BACK = "<"
    SKIP = ">"
    NEXT_NODE = ">>"
    QUIT = "quit"


MOVES = {move.value: move for move in (Move.BACK, Move.SKIP, Move.NEXT_NODE)}
"""Moves as they are typed alone in a line; no letter is one, and what ends the input quits."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed in a list, where a line answers the question too."""

    text: str


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a list."""

    value: str
    shown: str
    about: str = ""
    """What speaks for it."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is said while an answer is waited for; it goes once there is one."""

    title: str
    lines: tuple[str, ...] = ()
    sure: bool = False
    """Whether only yes or no is wanted, so that no move but quitting makes sense."""


class Asker(Protocol):
    """Shows one question and waits for the answer; Ctrl-C is a `KeyboardInterrupt`."""

    def choose(
        self,
        prompt: Prompt,
        options: Sequence[Option],
        *,
        at: str | None = None,
        free: bool = False,
    ) -> str | Move | Typed:
        """The value of the option that is chosen; the list opens at the one of value `at`.

        Where it is `free`, what is typed may come back instead, to be gone on with in a line.
        """
        ...

    def text(self, prompt: Prompt, *, typed: str = "") -> str | Move:
        """A line of text; `typed` stands there to be edited."""
        ...

    def place(self, prompt: Prompt, *, typed: str = "", outputs: Sequence[str] = ()) -> str | Move:
        """A path, or one of the outputs, each `@Node.output`, completed while it is typed."""
        ...


def moved(text: str) -> str | Move:
    """A line as it was typed, without blanks around it: an answer, or one of the moves."""
    return MOVES.get(text.strip(), text.strip())
