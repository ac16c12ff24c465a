"""The demo, as a new user meets it."""

import re

import pytest
from tests.support.cli import Shell

pytestmark = pytest.mark.demo
SCRIPTED = 7


def test_the_demo_runs_end_to_end(tmp_path):
    """Every scripted node ends passed, the log verifies, and the folder goes on by itself."""
    shell = Shell(tmp_path)
    told = shell.run("demo").out
    for command in (
        "$ python make_data.py",
        "$ runthrough new pipeline.yaml --name demo",
        "$ runthrough configure Package --input inference_scripts=inference",
        "$ runthrough run +XGBoostModelEval_calibration -j 2",
        "$ runthrough resume",
        "$ runthrough run -j 2",
        "$ runthrough audit verify",
    ):
        assert command in told
    assert re.search(r"^~ stale +XGBoostTraining +max_depth  4 → 3$", told, re.MULTILINE)
    table = told[told.index("All nodes:") :]
    assert table.count("✓ passed") == SCRIPTED
    assert "the log verifies" in table
    assert "Go on by yourself:" in table
    assert not shell.database.exists(), "the user's own database stays clean"
    place = tmp_path / "runthrough-demo"
    view = shell.run("status", "--json", cwd=place, RUNTHROUGH_DATABASE_URL="").json
    assert view["name"] == "demo"
    again = shell.run("demo").out
    assert again.count("✓ passed") >= SCRIPTED


def test_the_demo_spares_a_folder_that_is_not_its_own(tmp_path):
    """A folder with something else in it is refused, and stays as it was."""
    shell = Shell(tmp_path)
    mine = shell.file("mine/notes.txt", "keep me")
    assert "no earlier demo" in shell.run("demo", "--dir", "mine", code=2).err
    assert mine.read_text() == "keep me"
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]
