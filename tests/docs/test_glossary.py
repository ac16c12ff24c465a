"""The glossary and the list of decisions: complete, in order, and about words that are used."""

import re
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
import yaml
from tests.support import adr_page

from runthrough.core.lifecycle import Lifecycle
from runthrough.core.values.outcomes import Outcome

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
LINE = re.compile(r"^\*\*(.+?)\*\* · (.+)$", re.MULTILINE)
TERMS = dict(LINE.findall((DOCS / "glossary.md").read_text(encoding="utf-8")))
HOUSE = """
    Session, Node, Script, Command, Event, EventEnvelope, Version, Position, Metadata, State,
    Replay, Snapshot, View, Upcaster, Lifecycle state, Outcome, Facts, Problem, Requirement,
    Connection, Run, Attempt, Fingerprint, Stale, Fork, Home, Host, Root, Draft, Evidence, Drift,
    Contract, Proposal, Candidate, Checkpoint, Approval, Actor, Door, Lease, Claim, Runner, Secret,
    Workspace, Pipeline, Pipeline file, Selection, External node, Work list
"""
"""The words that names in the code are made of."""


@cache
def read():
    """All that the pages and the source say, but the glossary itself."""
    paths = [*DOCS.rglob("*.md"), *(REPOSITORY / "src").rglob("*.py")]
    texts = (path.read_text(encoding="utf-8") for path in paths if path.name != "glossary.md")
    return "\n".join(texts).lower()


@pytest.mark.parametrize("word", re.split(r",\s+", HOUSE.strip()))
def test_every_word_of_the_house_is_explained(word):
    """Each word that the design has one meaning for has a line, which leads to more about it."""
    assert word in TERMS
    assert re.search(r"\]\([\w/.-]+\.md[#)]", TERMS[word])


def test_states_and_outcomes_are_named():
    """The lines about states and outcomes name each of them."""
    for state in Lifecycle:
        assert state.value.replace("_", "-") in TERMS["Lifecycle state"].lower()
    for outcome in get_args(Outcome):
        assert outcome.replace("_", " ") in TERMS["Outcome"]


@pytest.mark.parametrize("word", TERMS)
def test_every_explained_word_is_used(word):
    """No line explains a word that neither the pages nor the code have."""
    spelt = re.escape(word.lower()).replace(r"\-", "[- _]?").replace(r"\ ", "[ _-]?")
    assert re.search(rf"(?<![a-z]){spelt}", read())


def test_the_glossary_is_in_order():
    """Words stand in the order of the alphabet, each once, each with one sentence."""
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    assert [word for word, _ in LINE.findall(text)] == sorted(TERMS, key=str.lower)
    assert [word for word, told in TERMS.items() if not told.endswith(".")] == []
    assert len(re.findall(r"^\*\*", text, re.MULTILINE)) == len(TERMS)


def test_the_list_of_decisions_is_complete():
    """The page of decisions has each of them, with its title, what it decides, and its status."""
    remedy = "run: python -m tests.support.adr_page"
    assert adr_page.PAGE.read_text(encoding="utf-8") == adr_page.generated(), remedy


def test_the_map_has_the_decisions_in_their_order():
    """The site's navigation begins with the list, and then goes by number."""
    site = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8"))
    (decisions,) = [part["Decisions"] for part in site["nav"] if "Decisions" in part]
    names = [page for each in decisions for page in each.values()]
    expected = [f"adr/{name}" for *_, name in adr_page.decisions()]
    assert names == ["adr/index.md", *expected]
