"""A person at the wizard: one who answers from a sheet, and one who sits at a real terminal."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

import pexpect
import pyte
from tests.support.cli import DEADLINE_S, Shell

from runthrough.entrypoints.cli.asker import Move, Option, Prompt, Typed, moved

UP, DOWN, ENTER, TAB = "\x1b[A", "\x1b[B", "\r", "\t"
CTRL_C, CTRL_D, CTRL_N = "\x03", "\x04", "\x0e"
WIPED = "\x15"
"""Ctrl-U: takes away what stands in the line."""
Reply = str | Move | Typed | Callable[[], None]


@dataclass
class Sheet:
    """Answers in their order; a function among them is called before the next answer.

    In a list an answer is part of an option's text; in a line it is what is typed there.
    """

    replies: list[Reply]
    prompts: list[Prompt] = field(default_factory=list)
    lists: list[list[str]] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    """What stood in each line before it was answered."""

    def choose(
        self,
        prompt: Prompt,
        options: Sequence[Option],
        *,
        at: str | None = None,
        free: bool = False,
    ) -> str | Move | Typed:
        """The option that the sheet names."""
        self.lists.append([option.shown for option in options])
        reply = self._next(prompt)
        if isinstance(reply, Typed):
            assert free, f"nothing can be typed in the list of {prompt.title}"
        if isinstance(reply, Move | Typed):
            return reply
        fitting = [option for option in options if reply in option.shown]
        assert fitting, f"{reply!r} is none of {self.lists[-1]} for {prompt.title}"
        return fitting[0].value

    def text(self, prompt: Prompt, *, typed: str = "") -> str | Move:
        """What the sheet says."""
        self.typed.append(typed)
        reply = self._next(prompt)
        assert not isinstance(reply, Typed), f"{prompt.title} is asked in a line"
        return reply if isinstance(reply, Move) else moved(reply)

    def place(self, prompt: Prompt, *, typed: str = "", outputs: Sequence[str] = ()) -> str | Move:
        """What the sheet says."""
        return self.text(prompt, typed=typed)

    @property
    def titles(self) -> list[str]:
        """What was asked."""
        return [prompt.title for prompt in self.prompts]

    def _next(self, prompt: Prompt) -> str | Move | Typed:
        self.prompts.append(prompt)
        while self.replies:
            reply = self.replies.pop(0)
            if isinstance(reply, str | Move | Typed):
                return reply
            reply()
        return Move.QUIT


class Seat:
    """A command at a terminal of so many columns, as a person sees it."""

    def __init__(
        self, shell: Shell, *words: str, columns: int = 80, lines: int = 40, **environ: str
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.written = ""
        self._stream = pyte.Stream(self.screen)
        self._child = pexpect.spawn(
            sys.executable,
            ["-W", "error", "-m", "runthrough", *words],
            cwd=str(shell.folder),
            env=shell.environ(**{"TERM": "xterm-256color", **environ}),
            dimensions=(lines, columns),
            encoding="utf-8",
            timeout=DEADLINE_S,
        )
        self._child.delaybeforesend = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.close(force=True)

    @property
    def text(self) -> str:
        """What stands on the screen, a line each."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def see(self, text: str) -> str:
        """Wait until a text stands on the screen; all that stands there then."""
        deadline = time.monotonic() + DEADLINE_S
        while text not in self.text:
            left = deadline - time.monotonic()
            assert left > 0, f"{text!r} was not shown in {DEADLINE_S} s, but:\n{self.text}"
            assert self._take(left), f"the command ended without {text!r}, but:\n{self.text}"
        return self.text

    def type(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self._child.send(key)

    def answer(self, title: str, *keys: str) -> None:
        """Wait for a question, press keys, and wait until it is gone."""
        self.see(title)
        self.type(*keys)
        deadline = time.monotonic() + DEADLINE_S
        while title in self.text and time.monotonic() < deadline:
            if not self._take(deadline - time.monotonic()):
                return

    def left(self) -> int:
        """Wait until the command ends; its exit code."""
        while self._take(DEADLINE_S):
            pass
        self._child.wait()
        assert self._child.exitstatus is not None, f"ended by {self._child.signalstatus}"
        return int(self._child.exitstatus)

    def _take(self, timeout_s: float) -> bool:
        """Draw what the command writes next; `False` where it ended."""
        try:
            part = self._child.read_nonblocking(4096, timeout=timeout_s)
        except pexpect.EOF:
            return False
        if "\x1b[6n" in part:  # it asks where the cursor stands, as terminals tell
            at = self.screen.cursor
            self._child.send(f"\x1b[{at.y + 1};{at.x + 1}R")
        self.written += part
        self._stream.feed(part)
        return True
