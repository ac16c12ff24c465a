"""The page about the rules of a store against the rules, and its example as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.store_rules_page import PAGE, generated, written

from runthrough.entrypoints import store_suite

REPOSITORY = Path(__file__).parents[2]
TEXT = PAGE.read_text(encoding="utf-8")
MY_STORE = """
from contextlib import nullcontext

from tests.support.mutants import MUTANTS
from tests.support.stored import memory_stores


def open_store(folder):
    return nullcontext(memory_stores())
"""
BROKEN = """
    mutant = next(mutant for mutant in MUTANTS if mutant.name == "IncludesAfter")
    return nullcontext(mutant.stores())
"""


def outcome_of_the_example(folder, my_store):
    """The last line that pytest writes about the page's example, tried on some rules."""
    (program,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    (folder / "test_page.py").write_text(program, encoding="utf-8")
    (folder / "my_store.py").write_text(my_store, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-k", "reading", "test_page.py"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{REPOSITORY}{os.pathsep}{folder}", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.stdout.splitlines()[-1]


def test_the_page_of_rules_is_generated_from_the_rules():
    """The tables hold every rule with its sentence, module by module, and nothing else."""
    remedy = "run: python -m tests.support.store_rules_page"
    assert written(TEXT) == generated(), remedy
    assert generated().count("\n| `") == len(store_suite.RULES)


def test_the_public_names_of_the_suite_are_told():
    """The page names exactly what the package gives to others."""
    table = TEXT.split("| name | what |", 1)[1].split("\n\n", 1)[0]
    assert sorted(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == sorted(store_suite.__all__)


@pytest.mark.slow
def test_the_example_tries_a_store(tmp_path):
    """The program on the page passes for a store that keeps the rules."""
    assert re.match(r"\d+ passed, \d+ deselected", outcome_of_the_example(tmp_path, MY_STORE))


@pytest.mark.slow
def test_the_example_finds_out_a_broken_store(tmp_path):
    """The program on the page fails for a store that breaks two of the rules."""
    broken = MY_STORE.replace("    return nullcontext(memory_stores())\n", BROKEN.lstrip("\n"))
    assert outcome_of_the_example(tmp_path, broken).startswith("2 failed, ")
