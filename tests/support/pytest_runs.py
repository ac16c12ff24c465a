"""pytest as a user starts it, on pipeline files, in a child process."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

DEADLINE_S = 120
"""For what takes seconds: two cores may be busy with other tests."""
SCRIPT = '''\
"""Does as its arguments say, and leaves a trace of having run."""
import os
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    with open(environ_vars["TRACE"], "a") as trace:
        trace.write(environ_vars["WHO"] + "\\n")
    print("printed by " + environ_vars["WHO"])
    for text in input_paths.values():
        Path(text).read_text()
    if job_args.writes:
        Path(output_paths["out"]).write_text("written")
    if job_args.fails:
        raise ValueError("no label here")
'''


@dataclass(frozen=True)
class Ended:
    """How one pytest run ended."""

    code: int
    out: str
    cases: dict[str, ET.Element]
    """Of its JUnit file, by name."""

    def outcome(self, name: str) -> str:
        """`passed`, `failure`, `error` or `skipped`."""
        told = [part.tag for part in self.cases[name] if part.tag in OUTCOMES]
        return told[0] if told else "passed"

    def text(self, name: str) -> str:
        """All that its JUnit file says of a case."""
        parts = list(self.cases[name].iter())
        return "\n".join(
            str(value) for part in parts for value in (*part.attrib.values(), part.text)
        )

    @property
    def outcomes(self) -> dict[str, str]:
        """Of all cases."""
        return {name: self.outcome(name) for name in self.cases}


OUTCOMES = {"failure", "error", "skipped"}


@dataclass(frozen=True)
class Project:
    """A folder with pipeline files, in which pytest is started."""

    folder: Path

    @property
    def ran(self) -> list[str]:
        """The nodes whose scripts were run, in order."""
        trace = self.folder / "trace.txt"
        return trace.read_text().splitlines() if trace.exists() else []

    def file(self, name: str, content: str) -> Path:
        """Write a file below the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def pipeline(self, nodes: dict[str, dict[str, object]], name: str = "pipeline.yaml") -> Path:
        """A pipeline file, and the scripts that its nodes run."""
        self.file("scripts/step.py", SCRIPT)
        return self.file(name, json.dumps({"name": "orders", "nodes": nodes}, indent=2))

    def step(
        self, who: str, *above: str, fails: bool = False, writes: bool = True
    ) -> dict[str, object]:
        """A node that reads what is `above` it, writes its output or not, and passes or fails."""
        return {
            "script": "scripts/step.py",
            "inputs": {f"from_{n}": {"from": f"{one}.out"} for n, one in enumerate(above)},
            "environ_vars": {"TRACE": str(self.folder / "trace.txt"), "WHO": who},
            "job_args": {"fails": fails, "writes": writes},
        }

    def pytest(self, *words: str, basetemp: str | None = "kept", **environ: str) -> Ended:
        """Type one pytest command; the report is read from its JUnit file."""
        report = self.folder / "told.xml"
        report.unlink(missing_ok=True)
        kept = [f"--basetemp={basetemp}"] if basetemp else []
        done = subprocess.run(
            [sys.executable, "-m", "pytest", f"--junitxml={report}", *words, *FIXED, *kept],
            cwd=self.folder,
            env={**_environ(self.folder), **environ},
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        cases = {}
        if report.exists():
            told = ET.parse(report).iter("testcase")
            cases = {one.attrib["name"]: one for one in told if "name" in one.attrib}
        return Ended(done.returncode, done.stdout + done.stderr, cases)


FIXED = ("-p", "no:randomly", "-W", "error")
_DISTURBING = ("RUNTHROUGH_", "XDG_", "PYTEST_")


def _environ(folder: Path) -> dict[str, str]:
    kept = {n: v for n, v in os.environ.items() if not n.startswith(_DISTURBING)}
    homes = {f"XDG_{kind}_HOME": str(folder / "home") for kind in ("DATA", "CACHE")}
    told = {"RUNTHROUGH_HOST": "here", "RUNTHROUGH_ACTOR": "ann"}
    return {**kept, **homes, **told, "COLUMNS": "200"}
