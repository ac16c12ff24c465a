"""The wiring rules on labelled pipelines: what is taken is right, and most of it is taken."""

from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pytest
from tests.support.corpus import LabelledPipeline, pipelines

from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.adapters.inspection import LocalInspector
from runthrough.adapters.pipeline_files import load_pipeline
from runthrough.application.looking import Looking
from runthrough.core.values.connections import Output
from runthrough.core.values.metadata import SessionSettings
from runthrough.core.values.paths import Roots
from runthrough.core.values.requirements import Requirement
from runthrough.core.wiring import Producer, Wiring, wire

HALVES = ("building", "reporting", "traps")


@dataclass
class Outcome:
    """What the rules made of one pipeline; connections that it declares are left out."""

    name: str
    right: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    proposed: list[str] = field(default_factory=list)
    """Right as the first proposal."""
    missed: list[str] = field(default_factory=list)
    unfair: list[str] = field(default_factory=list)
    """Proposed for an input where a person must choose something else."""

    @property
    def total(self) -> int:
        """The true connections that were to be found."""
        return len(self.right) + len(self.proposed) + len(self.missed)


@dataclass(frozen=True)
class Question:
    """What the rules are asked about one node."""

    node: str
    inputs: tuple[Requirement, ...]
    producers: tuple[Producer, ...]
    script: str | None
    fixed: dict[str, Output | None]

    def answer(self) -> Wiring:
        """What the rules say."""
        return wire(
            self.node,
            inputs=self.inputs,
            producers=self.producers,
            script=self.script,
            fixed=self.fixed,
        )

    def without(self, node: str, output: str) -> "Question":
        """The question as it is when a producer has no such output."""
        return replace(
            self,
            producers=tuple(
                replace(one, outputs=tuple(o for o in one.outputs if o.name != output))
                if one.node == node
                else one
                for one in self.producers
            ),
        )


@cache
def questions(folder: Path) -> tuple[Question, ...]:
    """One for each scripted node, from its script and those of its predecessors."""
    definition = load_pipeline(folder / "pipeline.yaml")
    declared, dag = definition.declaration.nodes, definition.dag
    roots = Roots({"pipeline": definition.folder, "workspace": definition.folder})
    looking = Looking(StepCatalog(), LocalInspector(probe=lambda _: None), roots)
    facts = looking.at_start(definition.declaration, SessionSettings())

    def producer(node: str) -> Producer:
        if declared[node].external:
            outputs = tuple(
                Requirement(kind="output", name=name, level="required", sources=("pipeline",))
                for name in declared[node].outputs
            )
            return Producer(node, outputs, external=True)
        script = facts[node].script
        outputs = facts[node].requirements.of("output")
        return Producer(node, outputs, script.name if script else None)

    return tuple(
        Question(
            node,
            facts[node].requirements.of("input"),
            tuple(producer(above) for above in dag.get_dependencies(node)),
            facts[node].script.name if facts[node].script else None,
            {
                name: source if isinstance(source, Output) else None
                for name, source in declared[node].inputs.items()
            },
        )
        for node in facts
    )


def outcome(labelled: LabelledPipeline) -> Outcome:
    """The wirings of a pipeline against its labels."""
    found = Outcome(labelled.name)
    asked = questions(labelled.folder)
    fixed = {f"{question.node}.{name}" for question in asked for name in question.fixed}
    to_find = {name: source for name, source in labelled.connections.items() if name not in fixed}
    left = dict(to_find)
    for question in asked:
        node, wiring = question.node, question.answer()
        for taken in wiring.connections:
            name = f"{node}.{taken.input}"
            if left.pop(name, None) == str(taken.source):
                found.right.append(name)
            else:
                found.wrong.append(
                    f"{name} ← {taken.source}, not {to_find.get(name)} "
                    f"({taken.score}, {taken.margin}: {taken.reason})"
                )
        for proposal in wiring.proposals:
            name = f"{node}.{proposal.input}"
            source = str(proposal.source)
            if left.get(name) == source:
                found.proposed.append(name)
                del left[name]
            fair = labelled.open.get(name)
            if fair is not None and source not in fair and not proposal.outside:
                found.unfair.append(f"{name} ← {source}")
    found.missed += [f"{name} ← {source}" for name, source in left.items()]
    return found


@cache
def outcomes(half: str) -> tuple[Outcome, ...]:
    """The outcomes of all pipelines of a half."""
    return tuple(outcome(labelled) for labelled in pipelines(half))


def table(half: str) -> str:
    """The figures of a half, as they are written in the docs."""
    found = outcomes(half)
    rows = [f"{half:<26}{'to find':>8}{'accepted':>9}{'proposed':>9}{'missed':>7}{'wrong':>6}"]
    rows += [
        f"  {one.name:<24}{one.total:>8}{len(one.right):>9}{len(one.proposed):>9}"
        f"{len(one.missed):>7}{len(one.wrong):>6}"
        for one in found
    ]
    total = sum(one.total for one in found) or 1
    right = sum(len(one.right) for one in found)
    first = right + sum(len(one.proposed) for one in found)
    rows.append(
        f"  {total} connections: {right / total:.1%} accepted, "
        f"{first / total:.1%} accepted or proposed first"
    )
    rows += [f"  wrong: {one.name} {wrong}" for one in found for wrong in one.wrong]
    rows += [f"  missed: {one.name} {missed}" for one in found for missed in one.missed]
    return "\n".join(rows)


@pytest.mark.parametrize("half", HALVES)
def test_no_wrong_connection_is_taken(half):
    """A wrong silent connection is worse than a question, and a missing sub-folder is wrong."""
    print(f"\n{table(half)}")  # noqa: T201 - shown by `-s`, as the figures of the docs
    assert not [wrong for one in outcomes(half) for wrong in one.wrong], table(half)


@pytest.mark.parametrize("half", ["building", "reporting"])
def test_most_connections_are_taken_or_proposed_first(half):
    """A person confirms few, and names fewer still."""
    found = outcomes(half)
    total = sum(one.total for one in found)
    right = sum(len(one.right) for one in found)
    first = right + sum(len(one.proposed) for one in found)
    assert right >= 0.80 * total, table(half)
    assert first >= 0.95 * total, table(half)


def test_what_must_stay_open_is_proposed_fairly_or_not_at_all():
    """A proposal says one of the things that a person may mean, or that nothing speaks for it."""
    assert not [unfair for one in outcomes("traps") for unfair in one.unfair]


@pytest.mark.parametrize("half", ["building", "reporting"])
def test_an_input_whose_true_source_is_missing_is_fed_by_no_other(half):
    """Each true connection is a trap as well, once its output is not offered."""
    wrong, tried = [], 0
    for labelled in pipelines(half):
        for question in questions(labelled.folder):
            true = {
                name.partition(".")[2]: source
                for name, source in labelled.connections.items()
                if name.partition(".")[0] == question.node
            }
            for source in true.values():
                producer, _, output = source.partition("/")[0].partition(".")
                tried += 1
                wrong += [
                    f"{labelled.name}: {question.node}.{taken.input} ← {taken.source}"
                    for taken in question.without(producer, output).answer().connections
                    if true.get(taken.input) != str(taken.source)
                ]
    assert not wrong
    assert tried > 0
