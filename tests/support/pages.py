"""Pages for readers, followed as a reader would: files are written, commands typed, and compared.

What a page may hold (the blocks are found by sybil, all others are read over):

- A paragraph that is only a path in code, with a block behind it: the file is written.
- A `console` block: each line that begins with `$ ` is typed. What stands below it must be what
  the command prints; below a command that must only work, nothing stands.
- A line `…` in what is printed: any number of lines.
- `<!-- skip: next -->`: the next block is not followed, such as one that installs.

`tests.support.followed` lists the pages, and writes what commands print now into them.
"""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from difflib import ndiff
from pathlib import Path

from sybil import Document, Example
from sybil.parsers.markdown import CodeBlockParser, SkipParser
from tests.support.cli import DEADLINE_S, DISTURBING, Shell

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
NAMED = re.compile(r"^`([\w./-]+)`\n\n\Z", re.MULTILINE)
LANGUAGES = ("csv", "dockerfile", "json", "python", "toml", "yaml")
"""Of blocks that may be files."""
ANYTHING = "…"
CHANGING = (
    (re.compile(r"\b[0-9a-f]{4}…[0-9a-f]{4}\b"), "ID"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f-]{4,28}\b"), "ID"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "DIGEST"),
    (re.compile(r"\b[0-9a-f]{12}\b"), "DIGEST"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\.\d+)?( UTC|Z)?"), "WHEN"),
    (re.compile(r"\bjust now\b|\b\d+ (second|minute)s? ago\b"), "AGO"),
    (re.compile(r"\b\d+(\.\d+)? m?s\b"), "DURATION"),
    (re.compile(r" {2,}"), "  "),
    (re.compile(r"\b(Python|version) \d+\.\d+\.\d+"), r"\1 N"),
)
"""What is another one each time, and the widths of columns that hold it."""


def compared(text: str) -> list[str]:
    """The lines of an output without what differs from time to time."""
    for changing, word in CHANGING:
        text = changing.sub(word, text)
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def fits(shown: list[str], printed: list[str]) -> bool:
    """Whether lines are what is shown; `…` stands for any number of lines."""
    if not shown:
        return not printed
    if shown[0] == ANYTHING:
        return any(fits(shown[1:], printed[at:]) for at in range(len(printed) + 1))
    return bool(printed) and shown[0] == printed[0] and fits(shown[1:], printed[1:])


def typed_in(block: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with what is shown below it."""
    found: list[tuple[str, str]] = []
    for line in block.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append((line[2:].rstrip("\n"), ""))
        elif found:
            command, shown = found[-1]
            found[-1] = (command, shown + line)
    return found


@dataclass
class Follower:
    """Somebody who types what a page says, in one shell that keeps its folder and variables."""

    folder: Path
    environ: dict[str, str]
    renewed: dict[tuple[int, int], str] = field(default_factory=dict)
    """Console blocks by their place in the page, as they would be written today."""
    renews: bool = False
    typed: list[str] = field(default_factory=list)

    @property
    def here(self) -> Path:
        """The current folder of the shell."""
        kept = self.environ["FOLLOWED"] + ".folder"
        return Path(Path(kept).read_text()) if Path(kept).exists() else self.folder

    def follow(self, page: Path) -> None:
        """Do all that a page says, and compare; the first difference ends it."""
        parsers = [CodeBlockParser(language, self.write) for language in LANGUAGES]
        for example in Document.parse(
            str(page), SkipParser(), CodeBlockParser("console", self.converse), *parsers
        ):
            example.evaluate()
        assert self.typed or self.renewed, f"{page} says nothing to type"

    def take_files(self, page: Path) -> None:
        """Write the files of a page, the last of each name, and type nothing."""
        parsers = [CodeBlockParser(language, self.write) for language in LANGUAGES]
        for example in Document.parse(str(page), *parsers):
            example.evaluate()

    def write(self, example: Example) -> None:
        """Write the file that is named above a block; a block without a name is only read."""
        named = NAMED.search(example.document.text[: example.region.start])
        if named:
            path = self.here / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(example.parsed)

    def converse(self, example: Example) -> str | None:
        """Type the commands of a block, and tell the first whose output is not what is shown."""
        lines: list[str] = []
        for command, shown in typed_in(example.parsed):
            code, printed = self.type(command)
            lines.append(f"$ {command}\n")
            if shown.strip():
                kept = ANYTHING in shown.splitlines() or fits(compared(shown), compared(printed))
                lines.append(shown if kept else printed.rstrip("\n") + "\n")
            if not self.renews and (told := difference(command, shown, code, printed)):
                return told
        begin = example.region.start + example.parsed.offset
        self.renewed[begin, begin + len(example.parsed)] = "".join(lines)
        return None

    def type(self, command: str) -> tuple[int, str]:
        """Type one command, and give its exit code and all that it printed."""
        kept = shlex.quote(self.environ["FOLLOWED"])
        script = (
            f'[ -f {kept} ] && . {kept} && cd "$(cat {kept}.folder)"\n{command}\ncode=$?\n'
            f'export -p > {kept}; printf %s "$PWD" > {kept}.folder; exit $code\n'
        )
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        self.typed.append(command)
        return done.returncode, done.stdout


def difference(command: str, shown: str, code: int, printed: str) -> str | None:
    """What is wrong with how a command ended; nothing when it is as shown."""
    if not shown.strip():
        return f"$ {command}\nended with {code}:\n{printed}" if code else None
    if fits(compared(shown), compared(printed)):
        return None
    return f"$ {command}\n" + "\n".join(ndiff(compared(shown), compared(printed)))


def follower(folder: Path, programs: Path | None = None, *, renews: bool = False) -> Follower:
    """Somebody in a folder, with `runthrough` and `python` from one environment: ours, or another.

    Nothing that is set for whoever runs the tests is set for them. They are called ann, and their
    home, where the database is made, is a folder of the test.
    """
    away = folder.parent / f"{folder.name}-home"
    for place in (folder, away):
        place.mkdir(parents=True, exist_ok=True)
    environ = Shell(away).environ(
        PATH=f"{programs or Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        HOME=str(away),
        FOLLOWED=str(away / "shell"),
        PYTHONWARNINGS="error",
        COLUMNS="100",
    )
    given = {"PYTHONPATH", "VIRTUAL_ENV", "RUNTHROUGH_DATABASE_URL", "RUNTHROUGH_HOST"}
    unwanted = {*DISTURBING, *given} - {"PYTHONWARNINGS", "COLUMNS"}
    return Follower(folder, {k: v for k, v in environ.items() if k not in unwanted}, renews=renews)


def renewed(page: Path, someone: Follower) -> str:
    """A page with what its commands print now."""
    someone.follow(page)
    text = page.read_text(encoding="utf-8")
    for (begin, end), block in sorted(someone.renewed.items(), reverse=True):
        text = text[:begin] + block + text[end:]
    return text
