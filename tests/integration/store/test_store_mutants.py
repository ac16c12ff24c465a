"""The rules of a store, proved: each finds out a store that is broken on purpose."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest
from tests.support.mutants import MUTANTS

from runthrough.core.events import Event
from runthrough.entrypoints.store_suite import RULES, RuleBrokenError
from runthrough.entrypoints.store_suite.examples import EVERY_EVENT, FORKED
from runthrough.errors import RunthroughError

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[3]
BY_NAME = {rule.name: rule for rule in RULES}
OPTIMISED = """
import sys
from tests.support.mutants import MUTANTS
from runthrough.entrypoints.store_suite import RULES, RuleBrokenError

assert False, "assertions are on, so this shows nothing"
mutant = next(mutant for mutant in MUTANTS if mutant.name == "ForgetsCommands")
rule = next(rule for rule in RULES if rule.name == "retry_writes_nothing")
try:
    rule.check(mutant.stores())
except RuleBrokenError:
    print("found out", "pytest" in sys.modules)
"""


def failure(rule, mutant):
    """How a rule fails for a broken store; `None` where it does not."""
    try:
        rule.check(mutant.stores())
    except (RuleBrokenError, RunthroughError) as error:
        return error
    return None


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_fails_for_a_broken_store(rule):
    """Each rule finds out the stores that are broken for it, one at least by its own words."""
    meant = [mutant for mutant in MUTANTS if rule.name in mutant.breaks]
    failures = {mutant.name: failure(rule, mutant) for mutant in meant}
    assert None not in failures.values(), failures
    assert any(isinstance(error, RuleBrokenError) for error in failures.values()), failures


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_broken_store_is_found_out(mutant):
    """Each broken store is a sentence, and fails the first of the rules that it was made for."""
    assert mutant.sentence.endswith(".")
    assert set(mutant.breaks) <= set(BY_NAME)
    assert failure(BY_NAME[mutant.breaks[0]], mutant) is not None


def test_rules_and_broken_stores_have_names_of_their_own():
    """No name is used twice, and there are as many rules as the issue asks for."""
    counts = Counter(each.name for each in (*RULES, *MUTANTS))
    assert [name for name, count in counts.items() if count > 1] == []
    assert len(RULES) >= 60


def test_every_rule_is_a_sentence():
    """A rule tells its promise in one line that begins like a sentence and ends like one."""
    sentences = [rule.sentence for rule in RULES]
    assert [text for text in sentences if not re.fullmatch(r"[A-Z`].*[A-Za-z`]\.", text)] == []


def test_rules_know_every_type_of_event():
    """The examples hold each type of event, so that a new one is tried on every store."""
    assert {type(event) for event in (*EVERY_EVENT, FORKED)} == set(get_args(get_args(Event)[0]))


def test_rules_hold_without_assertions_and_without_pytest():
    """Under `python -O`, outside any test framework, a broken store is found out all the same."""
    done = subprocess.run(
        [sys.executable, "-O", "-c", OPTIMISED],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("found out False\n", "")


def test_message_of_a_broken_rule_tells_both_sides():
    """Whoever broke a rule reads what was expected and what was found, at no great length."""
    mutant = next(mutant for mutant in MUTANTS if mutant.name == "LeavesAHole")
    with pytest.raises(RuleBrokenError, match=r"expected \[1, 2, 3, .* found \[1, 3, 4, "):
        BY_NAME["later_commits_have_later_positions"].check(mutant.stores())
    long = next(mutant for mutant in MUTANTS if mutant.name == "CutsLongText")
    with pytest.raises(RuleBrokenError) as caught:
        BY_NAME["long_text_comes_back"].check(long.stores())
    assert len(str(caught.value)) < 1500
