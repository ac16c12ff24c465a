"""The public face: what `import runthrough` gives, and what it costs."""

import builtins
import inspect
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


PROMISED = {
    "__init__": (
        "dag workspace_dir='test/integration/runtime' *, session_name=None database_url=None "
        "actor=None runner=None"
    ),
    "resume": "session",
    "open": "session at=None",
    "get_scripts_requiring_testing": "",
    "get_pending_script_configurations": "",
    "get_auto_configured_scripts": "",
    "get_script_testing_requirements": "node",
    "configure_script_testing": (
        "node *, expected_inputs=None input_paths=None expected_outputs=None output_paths=None "
        "environment_variables=None environ_vars=None job_arguments=None job_args=None "
        "user_notes=None timeout_s=None replace=False partial=False based_on=None"
    ),
    "execute_dag_guided_testing": "select=None *, jobs=None fail_fast=False reuse=True",
    "get_testing_factory_summary": "",
    "validate_configuration_preview": "node input_paths=None",
    "get_script_info": "node",
    "update": "",
    "check": "",
    "retry": "",
    "cancel": "",
    "logs": "node",
    "rename": "name",
    "reopen": "name=None",
    "archive": "",
    "worklist": "",
    "plan": "select=None",
    "why": "node",
    "history": "node=None actor=None type=None since=None",
    "as_of": "at",
    "fork": "at=None name=None",
    "undo": "to=None anyone=False",
    "redo": "",
    "diff": "other=None",
    "bind_script": "node path",
    "mark_external": "node outputs=None",
    "mark_internal": "node",
    "connect": "source target",
    "confirm": "*targets",
    "reject": "*targets",
    "disconnect": "*targets",
    "clear_configuration": "node",
    "accept_unchanged": "node",
    "note": "text",
    "approve": "version=None",
    "verify_audit": "",
    "export": "path",
    "close": "",
}
"""What programs may call, with what; `*,` is followed by what is given by name alone."""


@pytest.mark.parametrize("name", PROMISED)
def test_every_promised_method_takes_what_is_promised(name):
    """A program may rely on each parameter's name, place and default; more have defaults."""
    method = getattr(runthrough.InteractiveRuntimeTestingFactory, name)
    parameters = dict(inspect.signature(method).parameters)
    parameters.pop("self", None)
    places, _, keywords = PROMISED[name].partition("*,")
    given = [*parameters.values()]
    for number, promised in enumerate(places.split()):
        assert told(given[number]) == promised
        del parameters[given[number].name]
    for promised in keywords.split():
        assert told(parameters.pop(promised.partition("=")[0])) == promised
    more = [each for each in parameters.values() if each.kind is not each.VAR_KEYWORD]
    assert [each.name for each in more if each.default is each.empty] == []


def told(parameter):
    """A parameter without its annotation."""
    return str(parameter.replace(annotation=inspect.Parameter.empty))
