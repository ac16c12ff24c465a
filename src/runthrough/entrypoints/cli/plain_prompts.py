"""Questions where a cursor cannot be moved: printed lines, and answers typed below them."""

from collections.abc import Callable, Sequence

from runthrough.entrypoints.cli.asker import Move, Option, Prompt, moved
from runthrough.entrypoints.cli.words import one_line

_HINT = "< back  > skip  >> next node  Ctrl-D quit"


class PlainAsker:
    """Asks by printing lines and reading one; for `TERM=dumb`, and editors that act so."""

    def __init__(self, show: Callable[[str], None], read: Callable[[str], str] = input) -> None:
        self._show = show
        self._read = read

    def choose(
        self,
        prompt: Prompt,
        options: Sequence[Option],
        *,
        at: str | None = None,
        free: bool = False,  # noqa: ARG002 - a text could not be told from a number
    ) -> str | Move:
        """One of the options by its number; Enter alone takes the one that is marked."""
        first = next((n for n, option in enumerate(options) if option.value == at), 0)
        self._tell(prompt)
        for number, option in enumerate(options):
            about = f"  {option.about}" if option.about else ""
            mark = "*" if number == first else " "
            self._show(f"  {mark} {number + 1}  {option.shown}{about}")
        while True:
            answer = self._answer(f"number [{first + 1}]: ")
            if isinstance(answer, Move):
                return answer
            number = first + 1 if not answer else int(answer) if answer.isdecimal() else 0
            if 1 <= number <= len(options):
                return options[number - 1].value
            self._show(f"  type a number from 1 to {len(options)}")

    def text(self, prompt: Prompt, *, typed: str = "") -> str | Move:
        """A line; Enter alone repeats what was typed."""
        self._tell(prompt)
        answer = self._answer(f"value [{one_line(typed)}]: " if typed else "value: ")
        return answer or typed

    def place(self, prompt: Prompt, *, typed: str = "", outputs: Sequence[str] = ()) -> str | Move:
        """A line, below the outputs that may be named."""
        if outputs:
            self._show(f"  outputs: {one_line(', '.join(outputs))}")
        return self.text(prompt, typed=typed)

    def _tell(self, prompt: Prompt) -> None:
        hint = () if prompt.sure else (_HINT,)
        self._show(f"? {prompt.title}")
        for line in (*prompt.lines, *hint):
            self._show(f"  {line}")

    def _answer(self, label: str) -> str | Move:
        try:
            return moved(self._read(label))
        except EOFError:
            return Move.QUIT
