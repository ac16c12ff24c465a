"""Laws of validation, tried on whatever a session may hold."""

import json
import shlex
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.support.builders import node_facts, script_info
from tests.support.strategies import JSON_VALUES, NAMES, PATHS, models

from runthrough.core.validation import Neighbour, Proposal, errors, problems_of
from runthrough.core.values.connections import Connection, Output, ProposedConnection
from runthrough.core.values.facts import NodeFacts, PathFacts
from runthrough.core.values.ids import RecordedPath
from runthrough.core.values.requirements import (
    Drift,
    DynamicRequirement,
    Requirement,
    ScriptRequirements,
)
from runthrough.core.values.scripts import ScriptCandidate
from runthrough.core.values.specs import ScriptSpec

PLACES = PATHS | st.sampled_from(
    [
        "abs:/",
        "abs:/a/b",
        "workspace:",
        "workspace:.",
        "workspace:a",
        "workspace:a/b",
        "pipeline:..",
    ]
)
FEW = st.sampled_from(["a", "b", "A", "a b", "-c", "ab\nc"]) | NAMES
OUTPUTS = st.builds(Output, node=FEW, output=FEW, subpath=st.none() | FEW)
CONNECTIONS = st.builds(
    Connection, FEW, FEW, OUTPUTS, st.just("confirmed"), st.none(), st.just("")
)
PROPOSED = st.builds(
    ProposedConnection,
    node=FEW,
    input=FEW,
    source=OUTPUTS,
    score=st.floats(0, 9),
    margin=st.floats(0, 9),
    reason=st.just("same words"),
    runner_up=st.none() | OUTPUTS,
    subpath_choices=st.lists(FEW, max_size=2).map(tuple),
    expected=st.booleans(),
    outside=st.booleans(),
)
SEEN = st.builds(
    PathFacts,
    path=PLACES,
    kind=st.sampled_from([None, "file", "folder", "other"]),
    empty=st.booleans(),
    readable=st.booleans(),
    writable=st.booleans(),
    inode=st.none() | st.just(1),
    format=st.sampled_from([None, "csv", "parquet", "binary", "text"]),
)


def by(keys, held):
    """Small mappings."""
    return st.dictionaries(keys, held, max_size=3)


SPECS = st.builds(
    ScriptSpec,
    input_paths=by(FEW, PLACES),
    output_paths=by(FEW, PLACES),
    environ_vars=by(FEW, st.text(max_size=5) | JSON_VALUES),
    job_args=by(FEW, st.floats() | JSON_VALUES),
    user_notes=st.none() | st.text(max_size=5),
)
WANTED = st.builds(
    Requirement,
    kind=st.sampled_from(["input", "output", "environ_var", "job_arg"]),
    name=FEW,
    level=st.sampled_from(["required", "fallback", "optional", "unread"]),
    sources=st.just(("code",)),
    default=JSON_VALUES,
    aliases=st.lists(FEW, max_size=1).map(tuple),
    container_path=st.none() | st.sampled_from(["/opt/a.csv", "/opt/a"]),
    choices=st.lists(JSON_VALUES, max_size=2).map(tuple),
    files=st.lists(FEW, max_size=1).map(tuple),
    recommended=st.booleans(),
)
FACTS = st.builds(
    NodeFacts,
    script=st.sampled_from([None, script_info()]),
    candidates=st.lists(models(ScriptCandidate), max_size=2).map(tuple),
    requirements=st.builds(
        ScriptRequirements,
        needs=st.lists(WANTED, max_size=4).map(tuple),
        dynamic=st.lists(models(DynamicRequirement), max_size=1).map(tuple),
    ),
    drift=st.lists(models(Drift), max_size=1).map(tuple),
    paths=st.lists(SEEN, max_size=4).map(lambda seen: {facts.path: facts for facts in seen}),
    checked_here=st.booleans(),
)
PROPOSALS = st.builds(
    Proposal,
    node=FEW,
    spec=SPECS,
    connections=by(FEW, CONNECTIONS),
    facts=FACTS,
    sources=by(FEW, st.builds(Neighbour, st.frozensets(FEW, max_size=2), st.booleans())),
    below=st.frozensets(FEW, max_size=1),
    claimed=by(PLACES, st.lists(OUTPUTS, max_size=2)),
    proposals=by(FEW, PROPOSED),
    inherited=st.frozensets(FEW, max_size=1),
    readers=by(PLACES, st.lists(st.tuples(FEW, FEW), max_size=2)),
)


@given(PROPOSALS)
def test_any_configuration_is_judged(made):
    """No name, path or value makes a rule fail, and each look tells the same."""
    found = problems_of(made)
    assert found == problems_of(made)
    assert all(problem.message and problem.fix for problem in found)
    assert {problem.where.node for problem in found} <= {made.node}


@given(PROPOSALS, SEEN)
def test_a_further_look_elsewhere_changes_nothing(made, further):
    """Only facts about paths that the configuration names are judged."""
    named = {*made.spec.input_paths.values(), *made.spec.output_paths.values()}
    if further.path in named or further.path in made.facts.paths:
        return
    paths = {**made.facts.paths, further.path: further}
    facts = made.facts.model_copy(update={"paths": paths})
    assert problems_of(replace(made, facts=facts)) == problems_of(made)


NEEDS = st.lists(
    st.builds(
        Requirement,
        kind=st.sampled_from(["input", "environ_var", "job_arg"]),
        name=NAMES.filter(lambda name: "=" not in name),
        level=st.sampled_from(["required", "fallback", "optional"]),
        sources=st.just(("code",)),
        choices=st.lists(st.integers() | NAMES, max_size=2).map(tuple),
        recommended=st.booleans(),
    ),
    max_size=5,
    unique_by=lambda need: (need.kind, need.name),
)


@given(NEEDS, by(NAMES.filter(lambda name: "=" not in name), st.integers()), NAMES)
def test_a_configuration_that_follows_its_fixes_is_accepted(needs, wrong, node):
    """What is missing, no text, or none of the choices is typed as told, and nothing is left."""
    spec = ScriptSpec(environ_vars=dict(wrong))
    facts = node_facts(*needs)
    for _ in range(2):  # once for what is missing, once for what was given outside its choices
        made = Proposal(node=node, spec=spec, connections={}, facts=facts)
        for problem in errors(problems_of(made)):
            spec = followed(spec, shlex.split(problem.fix))
    made = Proposal(node=node, spec=spec, connections={}, facts=facts)
    assert errors(problems_of(made)) == ()


def followed(spec, words):
    """The configuration after a fix was typed, as the command line reads it."""
    place = next(n for n, text in enumerate(words) if text in {"--input", "--env", "--arg"})
    flag, answer = words[place : place + 2]
    name, _, text = answer.partition("=")
    if flag == "--input":
        held, value = "input_paths", RecordedPath("workspace:" + text)
    elif flag == "--env":
        held, value = "environ_vars", text
    else:
        held, value = "job_args", read(text)
    return spec.model_copy(update={held: {**getattr(spec, held), name: value}})


def read(text):
    """An argument's value."""
    try:
        return json.loads(text)
    except ValueError:
        return text
