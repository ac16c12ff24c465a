"""User scripts written for one test, and the attempts that run them."""

import itertools
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runthrough.adapters.runners.registry import Runner
from runthrough.adapters.session_files import LocalSessionFiles
from runthrough.core.values.attempts import ScriptRequest, ScriptResult
from runthrough.core.values.ids import AttemptId, NodeName

PATIENCE_S = 20.0
"""Long enough for a busy machine; only a failing test waits that long."""


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until the condition holds.

    Raises:
        AssertionError: It did not come true in time.
    """
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S} s in vain until {what}"
        time.sleep(0.005)


def has_content(path: Path) -> bool:
    """Tell whether the file was written, not only opened."""
    return path.exists() and path.stat().st_size > 0


@dataclass
class Rehearsal:
    """One attempt at one script: its folder, and how it ended."""

    request: ScriptRequest
    result: ScriptResult

    @property
    def folder(self) -> Path:
        return Path(self.request.folder)

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def stdout(self) -> str:
        return (self.folder / "stdout.log").read_text()

    @property
    def stderr(self) -> str:
        return (self.folder / "stderr.log").read_text()


@dataclass
class Stage:
    """A folder for scripts and one for attempts, and a runner over them."""

    root: Path
    runner: Runner
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def scripts(self) -> Path:
        return self.root / "scripts"

    def write(self, name: str, text: str) -> Path:
        """Write a file of the user's."""
        path = self.scripts / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def request(
        self, text: str, *, name: str = "train.py", module: str | None = None, **options: Any
    ) -> ScriptRequest:
        """Write a script and make an attempt at it; a dotted `module` hangs below `scripts`."""
        script = self.write(name, text)
        number = next(self._numbers)
        folder = self.root / "attempts" / str(number)
        LocalSessionFiles().begin(str(folder), parents_of=())
        plain = ScriptRequest(
            node=NodeName("node"),
            attempt=AttemptId(f"attempt-{number}"),
            script=str(script),
            package_root=str(self.scripts if module else script.parent),
            module=module or script.stem,
            folder=str(folder),
            input_paths={"raw": "/in/raw.csv"},
            output_paths={"clean": "/out/clean.csv"},
            environ_vars={"LABEL": "y"},
            job_args={"depth": 3},
        )
        return replace(plain, **options)

    def run(self, text: str, **options: Any) -> Rehearsal:
        """Write a script, run it, and wait for its end."""
        request = self.request(text, **options)
        ending = self.runner.submit(request)
        try:
            return Rehearsal(request, ending.result(timeout=PATIENCE_S))
        except TimeoutError:
            self.runner.cancel(request.attempt)  # or it stands in the way of the next
            raise
