"""The public face: what `import runthrough` gives, and what it costs."""

import builtins
import json
import os
import re
import subprocess
import sys

import pytest

import runthrough

HEAVY = ("pydantic", "sqlalchemy", "alembic", "networkx", "structlog", "transitions", "rapidfuzz")


def modules_after(program):
    """The modules that a new process has loaded after a program."""
    told = "import json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\n{told}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": ""},
    )
    return set(json.loads(done.stdout))


def test_importing_the_package_imports_nothing_else():
    """`import runthrough` loads one module of ours and none of what we stand on."""
    loaded = modules_after("import runthrough; runthrough.__version__")
    assert not loaded & set(HEAVY)
    assert {name for name in loaded if name.startswith("runthrough")} == {"runthrough"}


def test_errors_and_dags_come_without_the_database():
    """A name loads only the room that it lives in."""
    loaded = modules_after("from runthrough import PipelineDAG, RunthroughError")
    assert "runthrough.core.pipeline" in loaded
    assert not loaded & {"sqlalchemy", "alembic", "networkx", "transitions"}


@pytest.mark.parametrize("name", runthrough.__all__)
def test_every_public_name_can_be_had(name):
    """Each name of `__all__` leads to something, which is then kept."""
    assert getattr(runthrough, name) is getattr(runthrough, name)
    assert name in dir(runthrough)


def test_another_name_is_an_attribute_error():
    """What is not public is not there."""
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = runthrough.Nothing


def test_every_public_error_has_one_root():
    """Whoever catches `RunthroughError` catches all errors raised on purpose."""
    errors = [getattr(runthrough, name) for name in runthrough.__all__ if name.endswith("Error")]
    assert len(errors) > 10
    assert all(issubclass(error, runthrough.RunthroughError) for error in errors)


@pytest.mark.parametrize(
    "door", [runthrough.InteractiveRuntimeTestingFactory, runthrough.RuntimeTester]
)
def test_every_error_that_a_method_tells_of_is_public(door):
    """Whoever reads what a method raises can catch it by a name of the package."""
    methods = [getattr(door, name) for name in dir(door) if not name.startswith("_")]
    told = {
        name
        for method in (door, *methods)
        for name in re.findall(r"\b[A-Z]\w+Error\b", method.__doc__ or "")
    }
    assert told
    assert {name for name in told if not hasattr(builtins, name)} <= set(runthrough.__all__)
