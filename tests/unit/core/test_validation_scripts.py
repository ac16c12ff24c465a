"""A node's script, its contract, and what either says of variables and arguments."""

import pytest
from tests.support.builders import need, node_facts
from tests.support.proposals import only, proposal

from runthrough.core.validation import problems_of
from runthrough.core.values.facts import NodeFacts
from runthrough.core.values.requirements import Drift
from runthrough.core.values.scripts import ScriptCandidate, SearchedFolder
from runthrough.core.values.secrets import MASK


def candidate(kind, path="workspace2:clean.py"):
    """A script that could have been meant."""
    return ScriptCandidate(path=path, kind=kind, score=1.0, reason="same name")


@pytest.mark.parametrize("kind", ["shadowed", "suggested"])
def test_a_script_of_lower_priority_is_no_problem(kind):
    """Only one that the name rules would take today is told."""
    assert not problems_of(proposal(facts=node_facts(candidates=(candidate(kind),))))


def test_a_script_that_comes_first_now_can_be_bound():
    """Paths with spaces are one word."""
    preferred = candidate("preferred", "workspace:my scripts/clean.py")
    problem = only(proposal(facts=node_facts(candidates=(preferred,))))
    assert problem.severity == "warning"
    assert problem.fix == "runthrough bind train 'my scripts/clean.py'"
    assert problem.candidates == ("my scripts/clean.py",)


def test_without_a_script_nothing_is_shadowed():
    """A node that has none is told of the suggestions alone."""
    candidates = (candidate("preferred"), candidate("suggested", "workspace:cleaning.py"))
    problem = only(proposal(facts=NodeFacts(candidates=candidates)))
    assert problem.code == "SCRIPT_NOT_FOUND"
    assert problem.fix == (
        "runthrough bind train cleaning.py, or runthrough external train --output NAME=PATH "
        "when it stands for something outside"
    )


@pytest.mark.parametrize(
    ("contract", "code", "name", "fix"),
    [
        ("DATA", "raw", "raw", "write raw instead of DATA in the contract"),
        ("DATA", None, "DATA", "take DATA out of the contract"),
        (None, "raw", "raw", "add raw to the contract"),
    ],
)
def test_a_drift_names_each_side_and_what_to_mend(contract, code, name, fix):
    """The code is what runs, so the contract is mended."""
    drift = Drift(kind="output", contract=contract, code=code)
    problem = only(proposal(facts=node_facts(drift=(drift,))))
    assert (problem.code, problem.severity) == ("CONTRACT_DRIFT", "warning")
    assert (problem.where.kind, problem.where.name) == ("output", name)
    assert problem.message == (
        f"Contract and code disagree: contract: {contract or 'none'} · code: {code or 'none'} "
        "(output)"
    )
    assert problem.fix == fix


def test_every_drift_is_told():
    """Name by name."""
    drift = tuple(Drift(kind="input", contract=name, code=None) for name in "ab")
    found = problems_of(proposal(facts=node_facts(drift=drift)))
    assert [problem.where.name for problem in found] == ["a", "b"]


@pytest.mark.parametrize(
    ("default", "told", "typed"),
    [(None, "None", "null"), (3, "3", "3"), ("a b", "'a b'", "'a b'")],
)
def test_a_recommended_variable_is_told_with_its_default(default, told, typed):
    """What the contract requires and the code can do without is never pending."""
    wanted = need("MODE", "environ_var", "optional", recommended=True, default=default)
    problem = only(proposal(wanted))
    assert (problem.code, problem.severity) == ("ENV_MISSING", "warning")
    assert problem.message.endswith(f"; the code has the default {told})")
    assert problem.fix == f"runthrough configure train --env MODE={typed}"
    assert not problems_of(proposal(wanted, environ_vars={"MODE": "x"}))
    assert not problems_of(proposal(wanted, inherited=frozenset({"MODE"})))


def test_a_default_that_looks_like_a_secret_is_not_told():
    """It stands in the script, and nowhere else."""
    wanted = need("DB_PASSWORD", "environ_var", "optional", recommended=True, default="hunter2")
    problem = only(proposal(wanted))
    assert "hunter2" not in str(problem)
    assert problem.fix == "runthrough configure train --env DB_PASSWORD=@secret:NAME"


@pytest.mark.parametrize(
    ("value", "typed"), [(True, "true"), (1.5, "1.5"), (None, "VALUE"), ([1, "a"], "'[1, \"a\"]'")]
)
def test_a_variable_that_is_no_text_is_typed_as_one(value, typed):
    """Whatever the command line takes for a variable is text."""
    problem = only(proposal(need("MODE", "environ_var"), environ_vars={"MODE": value}))
    assert problem.fix == f"runthrough configure train --env MODE={typed}"


@pytest.mark.parametrize(
    ("value", "choices", "typed"),
    [
        ("isotonik", ("platt", "isotonic"), "isotonic"),
        ("zzz", ("platt", "isotonic"), "platt"),
        (2, ("1", "2"), "'\"2\"'"),
        (5, (True, False), "true"),
    ],
)
def test_the_nearest_choice_is_the_one_to_type(value, choices, typed):
    """A text that JSON would read as a number is typed as text."""
    made = proposal(need("n", "job_arg", choices=choices), job_args={"n": value})
    problem = only(made)
    assert problem.code == "ARG_CHOICE"
    assert problem.fix == f"runthrough configure train --arg n={typed}"


@pytest.mark.parametrize("value", [{"secret": "NAME"}, f"a {MASK}"])
def test_a_secret_is_not_compared_with_choices(value):
    """What it holds is not known here."""
    made = proposal(need("n", "job_arg", choices=("a", "b")), job_args={"n": value})
    assert "ARG_CHOICE" not in {problem.code for problem in problems_of(made)}


def test_a_number_that_json_lacks_is_typed_as_text():
    """The command line keeps it as a text."""
    problem = only(proposal(need("n", "job_arg"), job_args={"n": float("inf")}))
    assert problem.fix == (
        "give it as text, and let the script read it: runthrough configure train --arg n=inf"
    )


def test_a_long_value_does_not_fill_the_screen():
    """The message stays a line."""
    made = proposal(need("n", "job_arg", choices=("a",)), job_args={"n": "x" * 10_000})
    assert len(only(made).message) < 200


def test_who_has_no_script_is_told_where_it_was_looked_for():
    """Each folder in its order, and one that is not there; none by its place on this host."""
    searched = (
        SearchedFolder(place="pipeline:src"),
        SearchedFolder(place="pipeline:."),
        SearchedFolder(place="workspace:.", has_scripts_folder=True, there=False),
        SearchedFolder(place="workspace2:.", has_scripts_folder=True),
    )
    problem = only(proposal(facts=NodeFacts(searched=searched)))
    assert problem.message == (
        "Script 'train' not found in discovered scripts, and the workspace does not exist"
    )
    assert problem.fix.endswith(
        "outside; scripts are looked for in src, in the pipeline's folder, in scripts/ of the "
        "workspace and in it, in scripts/ of the folder workspace2 and in it"
    )
