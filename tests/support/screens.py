"""Screens as pictures in text: each command at three widths, without colour and with it.

`python -m tests.support.screens [NAME…]` writes them anew; look at the diff before you keep it.
What a screen shows of a machine (its folder, times, ids, seconds) is replaced by text of the
same length, so that the picture is of the same width everywhere.
"""

import contextlib
import io
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from tests.support import days
from tests.support.inside import Inside, only

from runthrough.bootstrap import clock as wired
from runthrough.entrypoints.cli.app import run_command_line

GOLDEN = Path(__file__).parents[1] / "golden" / "screens"
WIDTHS = (60, 80, 120)
COLOURED = 80
"""Colours are kept at one width: that they change no word is a law of its own."""
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""When what a screen shows was done, a minute a command."""
LOOKED = MONDAY + timedelta(days=2)
"""When it is looked at."""
HOST = "desk"
HOME = "/home/ann/orders"
"""What the folder is called in pictures; the real one's path is as long."""
SECRET = "a-secret-of-forty-three-random-characters-x"
"""What every token of a picture ends in."""
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
_BREAK = r"(?:(?:\x1b\[[0-9;]*m| *\n *)*)"
"""What may stand inside of a word where a line had no room for all of it."""
_HASH = re.compile(rf"(?<![0-9a-f])(?:[0-9a-f]{_BREAK}){{63}}[0-9a-f](?![0-9a-f])")
_SHORT_HASH = re.compile(r"(?<=sha256:)[0-9a-f]{8,}|(?<![0-9a-f-])[0-9a-f]{12}(?![0-9a-f-])")
_SECONDS = re.compile(r"\b\d\.\d+(?= s\b| *$|\x1b\[0m *$)", re.MULTILINE)


@dataclass(frozen=True)
class Shot:
    """One screen: what is typed, from where, and how it ends."""

    name: str
    state: str
    words: tuple[str, ...]
    code: int = 0
    main: bool = False
    """Whether it belongs to the few that every test run looks at."""
    environ: Mapping[str, str] = field(default_factory=dict)
    kept: bool = True
    """Whether its picture is kept; one that tells much of a machine only has to keep the laws."""

    @property
    def verbatim(self) -> bool:
        """Whether it shows the lines of a file or of a script, which are left as they are."""
        first = self.words[0]
        return first in {"logs", "diff", "report", "completion"} or self.name == "audit-checkpoint"

    @property
    def files(self) -> tuple[Path, Path]:
        """Where its picture is kept: the words at all widths, and the colours at one."""
        return GOLDEN / f"{self.name}.txt", GOLDEN / f"{self.name}.ansi"


@dataclass
class Stage:
    """One folder in which each state is set up in turn; a state is made once and kept.

    All states lie at one path, so that one can be made from another.
    """

    makers: Mapping[str, Callable[["Stage"], None]]
    folder: Path
    kept: Path
    made: dict[str, tuple[int, int]] = field(default_factory=dict)
    """State → commands typed and ids made until it stood."""
    present: str | None = None
    """The state that lies in the folder untouched."""
    typed: int = 0
    ids: int = 0

    @property
    def user(self) -> Inside:
        """Who types."""
        return Inside(self.folder)

    def type(self, *words: str, code: int = 0, **environ: str) -> None:
        """One command on the way to a state, a minute after the last one."""
        self.typed += 1
        moment = MONDAY + timedelta(minutes=self.typed)
        with days.by(lambda: moment), self._own_ids(), _on_host(HOST):
            self.user.run(*words, code=code, **environ)

    def file(self, name: str, content: str) -> None:
        """A file of the user's."""
        self.user.file(name, content)

    def set_up(self, state: str) -> None:
        """Let a state lie in the folder, which is made if it was not yet."""
        if state not in self.made:
            _empty(self.folder)
            self.typed = self.ids = 0
            self.makers[state](self)
            shutil.copytree(self.folder, self.kept / state, symlinks=True)
            self.made[state] = self.typed, self.ids
        elif self.present != state:
            _empty(self.folder)
            shutil.copytree(self.kept / state, self.folder, symlinks=True, dirs_exist_ok=True)
        self.typed, self.ids = self.made[state]
        self.present = state

    def look(self, shot: Shot, columns: int, *, colour: bool) -> str:
        """What one command writes, both streams as a terminal would show them."""
        self.set_up(shot.state)
        before = _stamps(self.folder)
        drawn = {"FORCE_COLOR": "1"} if colour else {}
        environ = self.user.environ(COLUMNS=str(columns), TERM="xterm", **drawn, **shot.environ)
        with (
            contextlib.chdir(self.folder),
            only(environ),
            days.by(lambda: LOOKED),
            self._own_ids(),
            _on_host(HOST),
            _one_sink() as sink,
        ):
            code = run_command_line(shot.words)
        if _stamps(self.folder) != before:
            self.present = None
        told = sink.getvalue().decode()
        assert code == shot.code, f"{shot.name}: {code}\n{told}"
        return told_everywhere(told, self.folder)

    @contextlib.contextmanager
    def _own_ids(self) -> Iterator[None]:
        real = wired.new_id, wired.new_secret
        wired.new_id, wired.new_secret = self._new_id, lambda: SECRET
        try:
            yield
        finally:
            wired.new_id, wired.new_secret = real

    def _new_id(self) -> str:
        self.ids += 1
        end = 0x7F3A00000000 + self.ids * 0x9E37 % 0x10000  # short ids differ at both ends
        return f"019a{self.ids:04x}-0000-7000-8000-{end:012x}"


@dataclass
class Studio:
    """Takes pictures of screens."""

    makers: Mapping[str, Callable[[Stage], None]]
    stack: ExitStack = field(default_factory=ExitStack)
    seen: dict[tuple[str, int, bool], str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        # Not below pytest's folders: its path must be as long on every machine.
        folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="rt-", dir="/tmp"))
        kept = self.stack.enter_context(tempfile.TemporaryDirectory())
        assert len(folder) == len(HOME), folder
        self.stage = Stage(self.makers, Path(folder), Path(kept))
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def look(self, shot: Shot, columns: int, *, colour: bool = False) -> str:
        """What the screen shows; it is typed once only."""
        key = shot.name, columns, colour
        if key not in self.seen:
            self.seen[key] = self.stage.look(shot, columns, colour=colour)
        return self.seen[key]

    def words(self, shot: Shot) -> str:
        """The picture without colour, at all widths."""
        parts = [
            f"── {columns} columns ── {' '.join(('runthrough', *shot.words))}\n"
            f"{self.look(shot, columns)}"
            for columns in WIDTHS
        ]
        return "\n".join([*parts, f"── ends with {shot.code}\n"])

    def colours(self, shot: Shot) -> str:
        """The picture with colour, at one width."""
        return self.look(shot, COLOURED, colour=True)


def told_everywhere(told: str, folder: Path) -> str:
    """A screen with what differs between machines and moments replaced, sign for sign."""
    told = _home_of(folder).sub(_with_signs_of(HOME), told)
    told = _HASH.sub(_with_signs_of("0123456789abcdef" * 4), told)
    told = _SHORT_HASH.sub(lambda found: ("0123456789abcdef" * 4)[: len(found[0])], told)
    return _SECONDS.sub(lambda found: "0.1" + "0" * (len(found[0]) - 3), told)


def _home_of(folder: Path) -> re.Pattern[str]:
    return re.compile(_BREAK.join(re.escape(sign) for sign in str(folder)))


def _with_signs_of(text: str) -> Callable[[re.Match[str]], str]:
    """Replaces the signs of what was found one by one; line breaks and colours in it stay."""

    def replaced(found: re.Match[str]) -> str:
        signs = iter(text)
        return "".join(
            part if index % 2 else "".join(next(signs) for _ in part)
            for index, part in enumerate(re.split(r"((?:\x1b\[[0-9;]*m| *\n *)+)", found[0]))
        )

    return replaced


def without_colours(told: str) -> str:
    """What is left for a terminal that knows no colours."""
    return ESCAPE.sub("", told)


@contextlib.contextmanager
def _one_sink() -> Iterator[io.BytesIO]:
    """Both output streams in one place, in the order in which they are written."""
    sink = io.BytesIO()
    writers = [
        io.TextIOWrapper(sink, encoding="utf-8", write_through=True, newline="") for _ in "oe"
    ]
    stdin = sys.stdin
    with Path("/dev/null").open(encoding="utf-8") as nothing:
        sys.stdin = nothing
        try:
            with contextlib.redirect_stdout(writers[0]), contextlib.redirect_stderr(writers[1]):
                yield sink
        finally:
            sys.stdin = stdin
            for writer in writers:
                writer.detach()


@contextlib.contextmanager
def _on_host(name: str) -> Iterator[None]:
    """Let this machine be called so."""
    real = platform.node
    platform.node = lambda: name
    try:
        yield
    finally:
        platform.node = real


def _stamps(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.stat().st_size)
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def main(names: list[str]) -> None:
    """Take the pictures anew: all, or those that are named; remove those of no screen."""
    from tests.support.screen_list import SHOTS, STATES

    GOLDEN.mkdir(exist_ok=True)
    with Studio(STATES) as studio:
        for shot in sorted(SHOTS, key=lambda shot: shot.state):
            if names and not any(shot.name.startswith(name) for name in names):
                continue
            words, colours = shot.files
            if shot.kept:
                words.write_text(studio.words(shot))
                colours.write_text(studio.colours(shot))
    known = {file for shot in SHOTS if shot.kept for file in shot.files}
    for file in GOLDEN.iterdir():
        if file not in known:
            file.unlink()


if __name__ == "__main__":
    main(sys.argv[1:])
