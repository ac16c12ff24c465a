"""Connections that a person is asked about, and those that lead nowhere."""

import dataclasses

import pytest
from tests.support.builders import need
from tests.support.proposals import only, proposal

from runthrough.core.validation import problems_of
from runthrough.core.values.connections import Output, ProposedConnection
from runthrough.core.values.problems import Place

ASKED = ProposedConnection(
    node="train",
    input="raw",
    source=Output("clean", "cleaned"),
    score=2.35,
    margin=0.2,
    reason="file names train.csv",
)


def asked(need_of=None, **more):
    """One open input, and what is proposed for it."""
    question = dataclasses.replace(ASKED, **more)
    return proposal(need_of or need("raw"), proposals={question.input: question})


def test_a_proposal_is_told_with_all_that_decides_it():
    """Source, score, reasons and the runner-up stand in the message; both can be typed."""
    problem = only(asked(runner_up=Output("clean", "report")))
    assert problem.where == Place(node="train", kind="connection", name="raw")
    assert problem.message == (
        "Missing required input: raw (proposed: clean.cleaned, score 2.4, file names train.csv; "
        "next best clean.report)"
    )
    assert problem.fix == (
        "runthrough confirm train.raw, or runthrough connect clean.report train.raw"
    )
    assert problem.candidates == ("clean.cleaned", "clean.report")


def test_open_folders_are_told_one_by_one():
    """The likeliest comes first, no candidate comes twice, and none is to be confirmed."""
    source = Output("clean", "cleaned", "train")
    second = Output("clean", "report")
    problem = only(asked(source=source, subpath_choices=("train", "val"), runner_up=second))
    assert "proposed: clean.cleaned, score" in problem.message
    assert "; in one of train, val; next best clean.report)" in problem.message
    assert problem.candidates == ("clean.cleaned/train", "clean.cleaned/val", "clean.report")
    assert problem.fix == (
        "runthrough connect clean.cleaned/train train.raw, "
        "or runthrough connect clean.cleaned/val train.raw"
    )


def test_a_path_from_outside_is_a_choice_of_equal_rank():
    """Where nothing but structure speaks for the proposal."""
    problem = only(asked(outside=True))
    assert problem.message.endswith("; or from outside)")
    assert problem.fix == (
        "runthrough confirm train.raw, or runthrough configure train --input raw=PATH"
    )


@pytest.mark.parametrize(
    ("level", "expected", "told"),
    [
        ("required", False, ["CONNECTION_AMBIGUOUS"]),
        ("fallback", False, ["CONNECTION_AMBIGUOUS"]),
        ("optional", True, ["CONNECTION_AMBIGUOUS"]),
        ("optional", False, []),
        ("conditional", False, []),
    ],
)
def test_only_what_must_be_fed_is_asked_for(level, expected, told):
    """An optional input is asked for where its edge would carry nothing else."""
    made = asked(need("raw", level=level), expected=expected)
    assert [problem.code for problem in problems_of(made)] == told


@pytest.mark.parametrize(
    "answer",
    [{"input_paths": {"raw": "workspace:a"}}, {"connections": {"raw": Output("clean", "report")}}],
)
def test_what_is_fed_is_not_asked_for(answer):
    """The proposal is settled by the answer."""
    assert not problems_of(proposal(need("raw"), proposals={"raw": ASKED}, **answer))


def test_a_proposal_by_an_alias_is_one_of_the_need():
    """Contract and code may name an input differently."""
    question = dataclasses.replace(ASKED, input="RAW")
    made = proposal(need("raw", aliases=("RAW",)), proposals={"RAW": question})
    assert only(made).code == "CONNECTION_AMBIGUOUS"
    other = proposal(need("raw"), proposals={"other": question})
    assert only(other).code == "INPUT_MISSING"


def test_names_of_a_proposal_can_be_copied():
    """A node with a space is one word."""
    question = dataclasses.replace(ASKED, runner_up=Output("my node", "o"))
    problem = only(proposal(need("raw"), node="a b", proposals={"raw": question}))
    assert problem.fix == (
        "runthrough confirm 'a b.raw', or runthrough connect 'my node.o' 'a b.raw'"
    )


@pytest.mark.parametrize("subpath", ["..", "../other", "a/../../b", "/etc"])
def test_a_subpath_stays_inside_its_output(subpath):
    """Nothing else is an output of that node."""
    problem = only(proposal(need("raw"), connections={"raw": Output("clean", "report", subpath)}))
    assert problem.code == "CONNECTION_UNKNOWN"
    assert problem.message == (f"clean.report/{subpath} leads out of the output report of clean")
    assert problem.fix == "runthrough configure train --input raw=@clean.report"


@pytest.mark.parametrize("subpath", [None, "a", "a/../b", "..a/b", "./a"])
def test_a_subpath_inside_its_output_is_fine(subpath):
    """Dots inside a name lead nowhere."""
    assert not problems_of(
        proposal(need("raw"), connections={"raw": Output("clean", "report", subpath)})
    )
