"""Errors and problems as a user meets them: provoked by a command, read whole, and mended."""

import functools
import platform
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.cli import Done, answered, begun, orders_shell
from tests.support.inside import Inside

from runthrough.errors import RunthroughError

Kind = type[RunthroughError] | str
"""A class of error, or the code of a problem or of an error of the command line alone."""
_PLACED = re.compile(r"\S+?(?::\d+:\d+)?: |\S+ (?:is|cannot|was|has) |[a-z_]+ \(\S+\): |mysql")
_TWICE = re.compile(r"\b([a-z]{2,}) \1\b")
_OURS = re.compile(r"\b(?:stream|fold|folded|projection|envelope|aggregate|payload)\b")
"""Words for what is inside of the house."""
REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
_MET: list[str] = []
"""The codes that were asserted since the running test began."""
_UNLIKE = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "TIME"),
)
"""What differs from run to run."""


def provokes(
    *kinds: Kind, one: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Say which errors or problems a test meets; it fails where it does not assert them.

    Each run of a test over parameters may meet `one` of them.
    """

    def marked(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def checked(*args: Any, **given: Any) -> None:
            _MET.clear()
            test(*args, **given)
            said = {code_of(kind) for kind in kinds}
            missing = said - set(_MET)
            assert len(missing) < len(said) if one else not missing, f"{missing} is not met"

        checked.provokes = kinds  # type: ignore[attr-defined]  # read by the test of completeness
        return checked

    return marked


def code_of(kind: Kind) -> str:
    """The stable code of a class of errors, or the code itself."""
    return kind if isinstance(kind, str) else kind.code


def met(kind: Kind, severity: str | None = None) -> None:
    """Note that an error or problem was asserted, which its page of the reference must tell."""
    _MET.append(code_of(kind))
    if severity is not None:
        assert severity in _told_of("problems", code_of(kind))[1], "docs/reference/problems.md"


def heard(message: str, fix: str | None) -> None:
    """Assert that an error speaks as all do: a sentence, or a place and what is wrong there.

    What is advised goes on behind an arrow, so it begins small and ends without a full stop.
    """
    first, *others = message.splitlines()
    placed = _PLACED.match(first)
    assert placed or others or first.endswith((".", "?")) or ": " in first, message
    for text in (message, fix or ""):
        assert not _TWICE.search(text), text
        assert not _OURS.search(text), text
    assert not fix or not (fix[0].isupper() or fix.endswith(".")), fix


def _told_of(page: str, code: str) -> list[str]:
    """The cells of the row that a page of the reference has for a code."""
    text = (REFERENCE / f"{page}.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if f"`{code}`" in line]
    return next(cells for cells in rows if f"`{code}`" in cells[:2])


@dataclass(frozen=True)
class Told:
    """What a person reads of one error or problem."""

    message: str
    fix: str


@dataclass(frozen=True)
class Victim(Inside):
    """A user to whom things happen, and who types what is advised."""

    def near(self, text: str) -> str:
        """A text without what differs from run to run."""
        text = text.replace(str(self.folder), "FOLDER").replace(platform.node(), "HOST")
        for pattern, name in _UNLIKE:
            text = pattern.sub(name, text)
        return text

    def line(self, line: str, *, code: int = 0, **how: Any) -> Done:
        """Type a line as a shell reads it."""
        return self.run(*shlex.split(line), code=code, **how)

    def refused(
        self, line: str, kind: Kind, message: str, fix: str | None, *, code: int = 2, **how: Any
    ) -> Told:
        """Type a line that ends in exactly this error, for machines and for people."""
        words = shlex.split(line)
        at = words.index("--") if "--" in words else len(words)
        done = self.run(*words[:at], "--json", *words[at:], code=code, **how)
        return self.read(done, kind, message, fix)

    def read(self, done: Done, kind: Kind, message: str, fix: str | None) -> Told:
        """Read how a command ended that was typed with `--json`: in exactly this error."""
        error = done.json["error"]
        heard(error["message"], error["fix"])
        told = {"code": error["code"], "message": error["message"], "fix": error["fix"]}
        expected = {"code": code_of(kind), "message": message, "fix": fix}
        assert {name: value and self.near(value) for name, value in told.items()} == expected
        advice = f"\n  → {fix}" if fix else ""
        assert self.near(done.err).endswith(f"error: {message}{advice}\n")
        if isinstance(kind, type):
            assert str(done.code) == _told_of("errors", f"{kind.__name__}")[2], "errors.md"
        met(kind)
        return Told(error["message"], error["fix"] or "")

    def rejected(
        self, line: str, problem: str, message: str, fix: str, *, severity: str = "error"
    ) -> Told:
        """Type a line whose configuration is rejected for exactly this problem, or more."""
        done = self.run(*shlex.split(line), "--json", code=2)
        error = done.json["error"]
        assert error["code"] == "CONFIGURATION_INVALID"
        told = self._only(error["problems"], problem)
        assert self._facts(told) == (severity, message, fix)
        assert f"  - {message}\n      → {fix}\n" in f"{self.near(done.err)}\n"
        met(problem, severity)
        return Told(told["message"], told["fix"])

    def warned(self, line: str, problem: str, message: str, fix: str) -> Told:
        """Type a line that is accepted, with exactly this warning."""
        done = self.run(*shlex.split(line), COLUMNS="400")
        advice = f"  ! warning: {message}\n      → {fix}\n"
        assert advice in self.near(done.out)
        return self.found(problem, message, fix, severity="warning")

    def found(
        self, problem: str, message: str, fix: str, *, severity: str = "error", **how: Any
    ) -> Told:
        """`check` tells exactly this problem, for machines and for people."""
        problems, done = self._checked(**how)
        told = self._only(problems, problem)
        assert self._facts(told) == (severity, message, fix)
        mark, node = "?" if severity == "error" else "!", told["where"]["node"]
        line = f"{mark} {node}  {message}  ({problem})\n    → {fix}\n"
        assert line in self.near(done.err)
        met(problem, severity)
        return Told(told["message"], told["fix"])

    def seam(
        self, line: str, problem: str, message: str, fix: str, *, severity: str = "error"
    ) -> Told:
        """A run tells exactly this problem of a connection, for machines and for people."""
        done = self.run(*shlex.split(line), "--json", code=1, COLUMNS="400")
        flows = done.json["data_flow_results"].values()
        issues = [i for flow in flows for one in flow["connections"] for i in one["issues"]]
        told = self._only(issues, problem)
        assert self._facts(told) == (severity, message, fix)
        assert f"    {message}\n      → {fix}\n" in self.near(done.err)
        met(problem, severity)
        return Told(told["message"], told["fix"])

    def gone(self, problem: str, **how: Any) -> None:
        """`check` tells the problem no longer."""
        problems, _ = self._checked(**how)
        assert problem not in {one["code"] for one in problems}

    def follow(
        self, told: Told, command: str, *, code: int = 0, environ: Any = None, **filled: str
    ) -> Done:
        """Type a command that stands in the fix, with its places filled in; it ends well."""
        assert command in told.fix, told.fix
        words = shlex.split(command)
        assert words[0] == "runthrough", command
        for place, value in filled.items():
            assert re.search(rf"\b{place}\b", command), f"no {place} in {command}"
            words = [re.sub(rf"\b{place}\b", value, word) for word in words]
        return self.run(*words[1:], code=code, **(environ or {}))

    def _checked(self, **how: Any) -> tuple[list[dict[str, Any]], Done]:
        done = self.attempt("check", "--json", COLUMNS="400", **how)
        problems = done.json["problems"]
        assert done.code == int(any(one["severity"] == "error" for one in problems))
        return problems, done

    def _only(self, problems: list[dict[str, Any]], code: str) -> dict[str, Any]:
        fitting = [one for one in problems if one["code"] == code]
        assert len(fitting) == 1, problems
        return fitting[0]

    def _facts(self, told: dict[str, Any]) -> tuple[str, str, str]:
        return told["severity"], self.near(told["message"]), self.near(told["fix"])


def at_the_start(folder: Path) -> Victim:
    """Three scripts in a row, and no session yet."""
    return Victim(orders_shell(folder).folder)


def with_questions(folder: Path) -> Victim:
    """A session called `demo` in which `clean` and `report` need a person."""
    return Victim(begun(folder).folder)


def with_answers(folder: Path) -> Victim:
    """The session with nothing left to answer."""
    return Victim(answered(folder).folder)
