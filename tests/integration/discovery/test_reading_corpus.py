"""How well needs are read from the labelled pipelines, in figures."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from tests.support.corpus import pipelines

from runthrough import load_pipeline
from runthrough.adapters.discovery.catalog import StepCatalog
from runthrough.core.values.ids import NodeName
from runthrough.core.values.metadata import SessionSettings
from runthrough.core.values.paths import PIPELINE, Roots

KINDS = {
    "inputs": "input",
    "outputs": "output",
    "environ_vars": "environ_var",
    "job_args": "job_arg",
}
MUST = {"required", "fallback"}


@dataclass
class Score:
    """What was read against what people labelled."""

    counts: Counter = field(default_factory=Counter)
    wrong: list = field(default_factory=list)

    def share(self, part, whole):
        return self.counts[part] / (self.counts[whole] or 1)

    def __str__(self):
        return (
            f"names read {self.counts['read']} of {self.counts['names']}, "
            f"required called required {self.counts['called']} of {self.counts['required']}, "
            f"levels equal {self.counts['level']} of {self.counts['names']}, "
            f"falsely required {self.counts['falsely']}, names beyond {self.counts['beyond']}"
        )


def score_of(half):
    score = Score()
    for pipeline in pipelines(half):
        for node, found in needs_of(pipeline).items():
            judge(score, f"{pipeline.name}/{node}", pipeline.needs[node], found)
    return score


def needs_of(pipeline):
    """What is read of each labelled node, from the code alone."""
    declaration = load_pipeline(pipeline.file).declaration
    catalog, roots = StepCatalog(), Roots({PIPELINE: str(pipeline.folder)})
    nodes = [NodeName(node) for node in pipeline.needs]
    settings = SessionSettings(workspaces=("pipeline:.",))
    found = catalog.discover(nodes, pipeline=declaration, settings=settings, roots=roots)
    return {
        node: catalog.requirements(
            found[node].script,
            roots=roots,
            job_args=declaration.nodes[node].job_args,
            environ_vars=declaration.nodes[node].environ_vars,
        )
        for node in nodes
    }


def judge(score, where, labels, found):
    labelled = {
        (KINDS[kind], name): level
        for kind, names in labels.items()
        for name, level in names.items()
    }
    read = {
        (need.kind, name): need.level
        for need in found.needs
        for name in (*need.aliases, need.name)
        if need.level != "unread"
    }
    named = {(need.kind, need.name) for need in found.needs if need.level != "unread"}
    for key, level in labelled.items():
        score.counts["names"] += 1
        score.counts["read"] += key in read
        score.counts["level"] += read.get(key) == level
        if level in MUST:
            score.counts["required"] += 1
            score.counts["called"] += read.get(key) in MUST
        elif read.get(key) in MUST:
            score.counts["falsely"] += 1
        if read.get(key) != level:
            score.wrong.append(f"{where} {' '.join(key)}: {level}, read as {read.get(key)}")
    for key in sorted(named - labelled.keys()):
        score.counts["beyond"] += 1
        score.counts["falsely"] += read[key] in MUST
        score.wrong.append(f"{where} {' '.join(key)}: not labelled, read as {read[key]}")


@pytest.mark.parametrize("half", ["building", "reporting", "traps"])
def test_needs_are_read_as_people_read_them(half):
    """All names with a constant key are read, required ones as required, and no other one so."""
    score = score_of(half)
    print(f"\n{half}: {score}", *score.wrong, sep="\n  ")  # noqa: T201 - the figures for the docs
    assert score.share("read", "names") == 1, score.wrong
    assert score.counts["falsely"] == 0, score.wrong
    assert score.share("called", "required") >= 0.95, score.wrong
