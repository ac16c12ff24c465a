"""The demo: a real pipeline, driven through child processes as a user would drive it."""

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from runthrough.entrypoints.cli.failing import FAILED, PASSED, InterruptedVisitError
from runthrough.entrypoints.cli.screen import Screen
from runthrough.errors import RunnerUnavailableError

NEEDED = ("pandas", "sklearn", "xgboost")
"""What the demo's scripts import (extra `demo`)."""
SHIPPED = ("pipeline.yaml", "answers.yaml", "make_data.py", "scripts", "inference")
MADE = ("data", ".runthrough", "runthrough.schema.json", "runthrough.toml", "runthrough.db")
MARK = "# Written by `runthrough demo`, which makes this folder anew each time.\n"
SETTINGS = f"""{MARK}# The demo remembers here, so that your own database stays clean.
database_url = "sqlite:///runthrough.db"
"""
OURS = ("RUNTHROUGH_DATABASE_URL", "RUNTHROUGH_SESSION", "RUNTHROUGH_WORKSPACE")
"""Settings of yours that would lead the demo out of its folder."""
HALF = "+XGBoostModelEval_calibration"
"""Four of the seven scripts: a model, and its scores on rows it never saw."""
CHANGED = ("XGBoostTraining", "max_depth=3")
"""An argument that moves the model and so everything below it; answers.yaml says 4."""
JOBS = "2"
"""The pipeline has two branches, and the demo promises to be quick on two cores."""


def demo(
    folder: Annotated[
        str, typer.Option("--dir", metavar="DIR", help="Where the demo is put.")
    ] = "runthrough-demo",
) -> int:
    """Rehearse a real machine-learning pipeline end to end, step by step."""
    place = Path(folder).absolute()
    try:
        _require_extra()
        _lay_out(place, folder)
        return Rehearsal(place, folder).play()
    except KeyboardInterrupt as stopped:
        raise InterruptedVisitError(f"cd {shlex.quote(folder)} && runthrough run") from stopped


def _require_extra() -> None:
    """Refuse where the demo's scripts could not run.

    Raises:
        RunnerUnavailableError: A package that they import is not installed.
    """
    from importlib.util import find_spec  # noqa: PLC0415 - inside commands

    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise RunnerUnavailableError(
            f"The demo's scripts need {', '.join(missing)}, which is not installed here.",
            fix="pip install scikit-learn xgboost-cpu",
        )


def _lay_out(place: Path, given: str) -> None:
    """Copy the demo into a folder that is empty, or was a demo before.

    Raises:
        typer.BadParameter: The folder holds something else.
    """
    import shutil  # noqa: PLC0415 - inside commands

    import runthrough  # noqa: PLC0415 - its folder holds the demo
    from runthrough.bootstrap import lay_schema  # noqa: PLC0415 - heavy, so inside commands

    settings = place / "runthrough.toml"
    earlier = settings.is_file() and settings.read_text(encoding="utf-8").startswith(MARK)
    if place.exists() and not earlier and (not place.is_dir() or any(place.iterdir())):
        raise typer.BadParameter(
            f"{given} is there and is no earlier demo; name an empty folder",
            param_hint="'--dir'",
        )
    place.mkdir(parents=True, exist_ok=True)
    for name in (*SHIPPED, *MADE):
        for there in (place / name, *place.glob(f"{name}-*")):
            if there.is_dir():
                shutil.rmtree(there)
            else:
                there.unlink(missing_ok=True)
    source = Path(runthrough.__file__).parent / "demo"
    for name in SHIPPED:
        if (source / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source / name, place / name, ignore=ignored)
        else:
            shutil.copy(source / name, place / name)
    lay_schema(place)
    settings.write_text(SETTINGS, encoding="utf-8")


class Rehearsal:
    """The demo's steps; each is announced with the command that a user would type."""

    def __init__(self, place: Path, given: str) -> None:
        self._place = place
        self._given = given
        self._screen = Screen()

    def play(self) -> int:
        """All steps; 0 when every script passed and the log verifies."""
        for told, command in self._steps():
            code = self._step(told, command)
            if code != PASSED:
                self._screen.line(("✗ ", "bold red"), f"that step ended with exit code {code}")
                return code
        good = self._table()
        code = self._step("Nothing was lost or altered on the way:", "runthrough audit verify")
        self._farewell()
        return code if good else FAILED

    def _steps(self) -> Iterator[tuple[str, str]]:
        yield "Raw tables to learn from:", "python make_data.py"
        yield (
            "A session begins; most nodes configure themselves:",
            ("runthrough new pipeline.yaml --name demo"),
        )
        yield "Three nodes need you:", "runthrough status"
        for node, answers in self._answers().items():
            yield f"An answer for {node}:", _configure(node, answers)
        yield "Half of the pipeline:", f"runthrough run {HALF} -j {JOBS}"
        yield (
            "The session is left here. Only the database remembers; a new process goes on:",
            "runthrough resume",
        )
        yield "The rest; what passed is not run again:", f"runthrough run -j {JOBS}"
        node, argument = CHANGED
        yield "One argument changes:", f"runthrough configure {node} --arg {argument}"
        yield "… and this is what became stale:", "runthrough status"
        yield "Only that runs again:", f"runthrough run -j {JOBS}"

    def _answers(self) -> dict[str, dict[str, dict[str, object]]]:
        import yaml  # noqa: PLC0415 - inside commands

        text = (self._place / "answers.yaml").read_text(encoding="utf-8")
        answers: dict[str, dict[str, dict[str, object]]] = yaml.safe_load(text)
        return answers

    def _step(self, told: str, command: str) -> int:
        """Announce and run one command; its exit code."""
        self._screen.blank()
        self._screen.line((told, "bold"))
        self._screen.typed("$ ", command)
        sys.stdout.flush()
        return self._child(command)[0]

    def _child(self, command: str, *, read: bool = False) -> tuple[int, str]:
        """Run a command as a user's shell would, in the demo's folder; what it printed if read."""
        import subprocess  # noqa: PLC0415 - the demo is a user at a shell, no runner

        program, *arguments = shlex.split(command)
        module = ["-P", "-m", "runthrough"] if program == "runthrough" else []
        environ = {name: value for name, value in os.environ.items() if name not in OURS}
        done = subprocess.run(  # noqa: S603 - our own interpreter, no shell
            [sys.executable, *module, *arguments],
            cwd=self._place,
            env=environ,
            stdout=subprocess.PIPE if read else None,
            stderr=subprocess.PIPE if read else None,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout or ""

    def _table(self) -> bool:
        """Every node with state, outcome and seconds; whether all scripts passed."""
        _, text = self._child("runthrough status --json", read=True)
        view = json.loads(text)
        passed = {row["node"] for row in view["worklist"] if row["category"] == "passed"}
        self._screen.blank()
        self._screen.line(("All nodes:", "bold"))
        rows = [tuple((name, "dim") for name in ("node", "state", "outcome", "seconds"))]
        good = True
        for node, there in view["nodes"].items():
            if there["external"]:
                rows.append(((node, ""), ("external", "dim"), ("", ""), ("", "")))
                continue
            last = there["last"] or {"outcome": "never run", "duration_s": 0.0}
            fine = last["outcome"] == "passed" and node in passed
            good = good and fine
            outcome = (f"{'✓' if fine else '✗'} {last['outcome']}", "green" if fine else "red")
            rows.append(
                ((node, ""), (there["state"], ""), outcome, (f"{last['duration_s']:.1f}", ""))
            )
        self._screen.rows(rows)
        return good

    def _farewell(self) -> None:
        self._screen.blank()
        self._screen.line(("Go on by yourself:", "bold"))
        set_here = [name for name in OURS if os.environ.get(name)]
        if set_here:
            self._screen.typed("  ", f"unset {' '.join(set_here)}")
        if shutil.which("runthrough") is None:
            # `make demo` installs into a virtual environment that the user's shell is not in.
            place = shlex.quote(str(Path(sys.executable).parent))
            self._screen.typed("  ", f'export PATH={place}:"$PATH"')
        for command in (
            f"cd {shlex.quote(self._given)}",
            f"runthrough history --node {CHANGED[0]}",
            "runthrough requirements Package",
            "runthrough logs ModelCalibration_calibration",
            "runthrough configure ModelCalibration_calibration --env CALIBRATION_METHOD=platt",
            "runthrough run",
        ):
            self._screen.typed("  ", command)


_FLAGS = {"input_paths": "--input", "environ_vars": "--env", "job_args": "--arg"}


def _configure(node: str, answers: dict[str, dict[str, object]]) -> str:
    """The command that gives one node its answers."""
    pairs = [
        f"{_FLAGS[part]} {shlex.quote(f'{name}={value}')}"
        for part, values in answers.items()
        for name, value in values.items()
    ]
    return f"runthrough configure {shlex.quote(node)} {' '.join(pairs)}"


COMMANDS = (demo,)
