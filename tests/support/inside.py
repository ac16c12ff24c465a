"""The command line without a child process: the same program path, in a tenth of the time."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.cli import Done, Shell

from runthrough.entrypoints.cli.app import run_command_line


@dataclass(frozen=True)
class Inside(Shell):
    """A user whose commands run in this process: own folder, environment, input and output.

    What needs a process of its own, such as a signal, is typed in a plain `Shell`.
    """

    def run(self, *words: str, code: int = 0, cwd: Path | None = None, **environ: str) -> Done:
        """Type one command, which must end with `code`."""
        done = self.attempt(*words, cwd=cwd, **environ)
        assert done.code == code, f"{words}: {done.code}\n{done.out}{done.err}"
        return done

    def attempt(self, *words: str, cwd: Path | None = None, **environ: str) -> Done:
        """Type one command, however it ends; a traceback is no way to end."""
        with (
            contextlib.chdir(cwd or self.folder),
            only(self.environ(**environ)),
            captured() as (out, err),
        ):
            found = run_command_line(words)
        done = Done(found, out.getvalue().decode(), err.getvalue().decode())
        assert "Traceback" not in done.err or words[0] == "logs", done.err
        return done


@contextlib.contextmanager
def only(environ: Mapping[str, str]) -> Iterator[None]:
    """An environment of exactly these variables, for as long as it takes."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def captured() -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    """What is written to standard output and error; nothing can be read from standard input."""
    out, err = io.BytesIO(), io.BytesIO()
    writers = [io.TextIOWrapper(sink, encoding="utf-8", write_through=True) for sink in (out, err)]
    stdin = sys.stdin
    with Path(os.devnull).open(encoding="utf-8") as nothing:
        sys.stdin = nothing
        try:
            with contextlib.redirect_stdout(writers[0]), contextlib.redirect_stderr(writers[1]):
                yield out, err
        finally:
            sys.stdin = stdin
            for writer in writers:
                writer.detach()
