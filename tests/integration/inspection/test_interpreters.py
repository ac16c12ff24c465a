"""Interpreters, asked for their version by starting them."""

import os
import platform
import sys
from pathlib import Path

import pytest

from runthrough.adapters.inspection import LocalInspector
from runthrough.adapters.runners.interpreters import python_version
from runthrough.core.values.facts import InterpreterFacts
from runthrough.core.values.paths import Roots


@pytest.fixture
def asked():
    return []


@pytest.fixture
def inspector(asked):
    def probe(executable):
        asked.append(executable)
        return python_version(executable)

    made = LocalInspector(probe=probe)
    yield made
    made.close()


def program(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_the_testers_own_interpreter_is_not_started(inspector, asked):
    """Without an interpreter the tester's own is told, which it knows."""
    facts = inspector.interpreter(None, roots=Roots({}))
    assert facts == InterpreterFacts(version=platform.python_version())
    assert asked == []


def test_an_interpreter_is_asked_once_until_it_moves(inspector, asked, tmp_path):
    """An answer is kept until the interpreter's file is another."""
    tool = program(tmp_path / "python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    roots = Roots({"pipeline": str(tmp_path)})
    for _ in range(2):
        assert inspector.interpreter(str(tool), roots=roots).version == platform.python_version()
    assert asked == [str(tool)]
    os.utime(tool, ns=(1, 1))
    inspector.interpreter(str(tool), roots=roots)
    assert len(asked) == 2


@pytest.mark.parametrize("written", ["pipeline:env/python", "env/python", "./env/python"])
def test_a_path_starts_at_the_pipelines_folder(inspector, tmp_path, written):
    """A recorded or relative path is found below the pipeline's folder and told as configured."""
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "python").symlink_to(sys.executable)
    facts = inspector.interpreter(written, roots=Roots({"pipeline": str(tmp_path)}))
    assert facts == InterpreterFacts(python=written, version=platform.python_version())


def test_a_command_is_looked_for_on_the_path(inspector, tmp_path, monkeypatch):
    """A name without a slash is a command."""
    (tmp_path / "python-of-mine").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    facts = inspector.interpreter("python-of-mine", roots=Roots({}))
    assert facts.version == platform.python_version()


def test_what_cannot_be_started_has_no_version(inspector, tmp_path):
    """A missing file, a program that is no Python and one that fails have no version."""
    text = Path(tmp_path / "text")
    text.write_text("no program")
    talks = program(tmp_path / "talks", "#!/bin/sh\necho hello\n")
    fails = program(tmp_path / "fails", "#!/bin/sh\nexit 3\n")
    broken = program(tmp_path / "broken", "#!/nowhere/at/all\n")
    roots = Roots({"pipeline": str(tmp_path)})
    for python in ("./gone", "no-such-command", text, talks, fails, broken):
        assert inspector.interpreter(str(python), roots=roots).version is None


def test_starting_an_interpreter_runs_no_code_of_the_user(tmp_path, monkeypatch):
    """A module of the user's that shadows the standard library is not imported."""
    (tmp_path / "platform.py").write_text("raise SystemExit(1)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert python_version(sys.executable) == platform.python_version()
