"""How a user's own names find their scripts, set in runthrough.toml."""

import pytest
from tests.support.cli import Shell

pytestmark = pytest.mark.slow

STEP = "def main(input_paths, output_paths, environ_vars, job_args):\n    pass\n"
PIPELINE = "name: named\nscripts: [scripts]\nnodes: {%s: {}}\n"


def found(tmp_path, node, script, settings):
    """The script that a node gets in a new session under these settings."""
    shell = Shell(tmp_path)
    shell.file(script, STEP)
    shell.file("pipeline.yaml", PIPELINE % node)
    shell.file("runthrough.toml", settings)
    shell.run("new", "pipeline.yaml", "--name", "demo")
    return shell.run("status", "--json").json["nodes"][node]["script_path"]


def test_a_compound_of_the_user_stays_whole(tmp_path):
    """Otherwise the script would have to be called `cat_boost_training`."""
    path = found(
        tmp_path, "CatBoostTraining", "scripts/catboost_training.py", 'compounds = ["CatBoost"]'
    )
    assert path == "scripts/catboost_training.py"


def test_a_job_type_of_the_user_is_left_out(tmp_path):
    """A node of another cadence runs the script without it."""
    path = found(tmp_path, "Load_daily", "scripts/load.py", 'suffixes = ["_daily"]')
    assert path == "scripts/load.py"


def test_a_registry_names_the_script(tmp_path):
    """By the name without its job type, with a path that starts at the settings file."""
    registry = '[registry]\nLoad = "lib/fetch_v2.py"'
    assert found(tmp_path, "Load_training", "lib/fetch_v2.py", registry) == "lib/fetch_v2.py"


def test_a_package_is_searched_last(tmp_path):
    """Its scripts are found without importing it."""
    shell = Shell(tmp_path)
    shell.file("lib/steps/__init__.py", "raise SystemExit('imported')\n")
    shell.file("lib/steps/load.py", STEP)
    shell.file("pipeline.yaml", PIPELINE % "Load")
    shell.file("runthrough.toml", 'packages = ["steps"]')
    shell.run("new", "pipeline.yaml", "--name", "demo", PYTHONPATH=str(tmp_path / "lib"))
    status = shell.run("status", "--json").json
    assert status["nodes"]["Load"]["script_path"].endswith("lib/steps/load.py")
