"""The local modules that running a script imports."""

import pytest

from runthrough.adapters.discovery.catalog import StepCatalog

MAIN = "\ndef main(input_paths, output_paths, environ_vars, job_args):\n    pass\n"


def write(folder, **files):
    """Files by their dotted names; `__` stands for a folder."""
    for name, text in files.items():
        file = folder / f"{name.replace('__', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def modules(folder, script="step"):
    return StepCatalog([folder]).find(script).modules


def test_modules_beside_the_script_are_found_through_others(tmp_path):
    """What a script imports, and what that imports, is told by its dotted name."""
    write(tmp_path, step="import rows" + MAIN, rows="from dates import day", dates="day = 1")
    write(tmp_path, other="unused = 1")
    assert list(modules(tmp_path)) == ["dates", "rows"]


def test_imports_inside_functions_count(tmp_path):
    """An import that comes late is one all the same."""
    write(tmp_path, step=MAIN.replace("pass", "import late"), late="x = 1")
    assert list(modules(tmp_path)) == ["late"]


@pytest.mark.parametrize(
    "call",
    [
        'importlib.import_module("pack.late")',
        'import_module(name="pack.late")',
        '__import__("pack.late")',
    ],
)
def test_modules_that_are_imported_by_a_call_count(tmp_path, call):
    """Where the name stands there whole, it is an import like any other, also through others."""
    write(tmp_path, step=MAIN.replace("pass", call), pack__late="import dates", dates="day = 1")
    assert list(modules(tmp_path)) == ["dates", "pack.late"]
    before = modules(tmp_path)
    write(tmp_path, pack__late="import dates\nx = 2")
    assert modules(tmp_path)["pack.late"] != before["pack.late"]


@pytest.mark.parametrize(
    "call",
    ["import_module(late)", "import_module()", 'import_module(".late", "pack")', "__import__(3)",
     '__import__("not a name")', 'load("late")', 'import_module(f"{late}")'],
)  # fmt: skip
def test_modules_under_a_name_that_is_made_at_run_time_are_not_seen(tmp_path, call):
    """Nor relative names, or other calls; none of them disturbs the reading."""
    write(tmp_path, step=MAIN.replace("pass", call), late="x = 1", load="x = 1")
    script = StepCatalog([tmp_path]).find("step")
    assert (script.modules, script.imports) == ({}, ())


def test_the_packages_around_a_module_are_run_by_its_import(tmp_path):
    """`import pack.sub.deep` runs the `__init__.py` of both packages."""
    write(tmp_path, step="import pack.sub.deep" + MAIN)
    (tmp_path / "pack" / "sub").mkdir(parents=True)
    (tmp_path / "pack" / "__init__.py").write_text("")
    (tmp_path / "pack" / "sub" / "__init__.py").write_text("from .. import shared")
    (tmp_path / "pack" / "sub" / "deep.py").write_text("")
    (tmp_path / "pack" / "shared.py").write_text("")
    assert list(modules(tmp_path)) == ["pack", "pack.shared", "pack.sub", "pack.sub.deep"]


def test_a_script_in_a_package_runs_the_packages_around_it(tmp_path):
    """Relative imports climb, and each package on the way has its `__init__.py` run."""
    folder = tmp_path / "scripts" / "team" / "steps"
    folder.mkdir(parents=True)
    for package in (folder, folder.parent):
        (package / "__init__.py").write_text("")
    (folder.parent / "rows.py").write_text("")
    (folder / "beside.py").write_text("")
    (folder / "step.py").write_text("from ..rows import *\nfrom . import beside" + MAIN)
    found = StepCatalog([folder]).find("step").modules
    assert list(found) == ["team", "team.rows", "team.steps", "team.steps.beside"]


def test_namespace_packages_are_followed(tmp_path):
    """A folder without `__init__.py` is a package too, and gives nothing of its own."""
    write(tmp_path, step="from tools import rows" + MAIN, tools__rows="")
    assert list(modules(tmp_path)) == ["tools.rows"]


def test_a_package_comes_before_a_module_of_its_name(tmp_path):
    """As for Python: `rows/__init__.py`, then `rows.py`, then a folder without it."""
    write(tmp_path, step="import rows" + MAIN, rows="1", rows__inner="2")
    assert len(modules(tmp_path)) == 1
    before = modules(tmp_path)["rows"]
    (tmp_path / "rows" / "__init__.py").write_text("x = 3")
    assert modules(tmp_path)["rows"] != before


def test_installed_and_standard_modules_are_none_of_them(tmp_path):
    """Only files that lie with the script are; a local file of a standard name is hidden."""
    write(tmp_path, step="import json, pydantic, os.path" + MAIN, json="x = 1")
    assert modules(tmp_path) == {}


def test_modules_that_import_each_other_are_told_once(tmp_path):
    """A ring of imports ends, also where it leads back to the script."""
    write(tmp_path, step="import a" + MAIN, a="import b", b="import a, step")
    assert list(modules(tmp_path)) == ["a", "b"]


@pytest.mark.parametrize("text", ["x = 1  # said", "'''A docstring.'''\nx = 1", "\n\nx = 1"])
def test_a_comment_in_a_module_changes_nothing(tmp_path, text):
    """A module is told by its syntax tree, like the script."""
    write(tmp_path, step="import rows" + MAIN, rows="x = 1")
    before = modules(tmp_path)
    write(tmp_path, rows=text)
    assert modules(tmp_path) == before


def test_a_module_that_does_not_parse_is_told_by_its_bytes(tmp_path):
    """So that mending it is a change like any other."""
    write(tmp_path, step="import rows" + MAIN, rows="x = (")
    before = modules(tmp_path)
    write(tmp_path, rows="x = ((")
    assert modules(tmp_path)["rows"] != before["rows"]


def test_a_catalog_that_lives_on_sees_a_module_change(tmp_path):
    """What was remembered of a script is told anew when a module that it imports moved."""
    write(tmp_path, step="import rows" + MAIN, rows="x = 1")
    catalog = StepCatalog([tmp_path])
    before = catalog.find("step")
    write(tmp_path, rows="x = 23")
    after = catalog.find("step")
    assert after.digest == before.digest
    assert after.modules != before.modules
