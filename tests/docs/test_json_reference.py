"""The page of JSON shapes against what every command answers; and a promise that is kept."""

import pytest
import typer
from tests.support.json_answers import all_answers
from tests.support.json_page import JsonPage, golden

from runthrough.entrypoints.cli.app import app

NEVER_HERE = {"FirstBad", "SeamIssue", "OutdatedNode"}
"""Shapes of things that go wrong; tests of `audit verify`, of seams and of plans hold them."""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What each command answered, by verb."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        return all_answers(tmp_path_factory.mktemp("json"), monkeypatch)


def verbs(command=None, path=()):
    """Every command by what is typed for it."""
    command = command or typer.main.get_command(app)
    below = getattr(command, "commands", {})
    for name, each in below.items():
        yield from verbs(each, (*path, name))
    if not below:
        yield " ".join(path)


def test_every_command_is_on_the_page():
    """The page has a section for each command that answers, and for errors."""
    assert sorted(JsonPage().answers) == sorted({*verbs(), "error"} - {"demo"})


@pytest.mark.slow
def test_every_command_answers_what_the_page_tells(answers):
    """At every depth: no key that the page does not tell, none missing, each of its type."""
    page = JsonPage()
    assert sorted(answers) == sorted(page.answers)
    wrong = [
        page.misfit(value, page.answers[verb], verb)
        for verb, values in answers.items()
        for value in values
    ]
    assert [one for one in wrong if one] == []


@pytest.mark.slow
def test_every_shape_of_the_page_is_answered(answers):
    """No shape is told that no command answers."""
    page = JsonPage()
    for verb, values in answers.items():
        for value in values:
            page.misfit(value, page.answers[verb], verb)
    assert set(page.shapes) - page.seen == NEVER_HERE


def test_no_key_that_was_promised_is_gone():
    """A key that is renamed or removed breaks what people wrote: the golden file never shrinks."""
    told = JsonPage().key_paths()
    gone = {
        verb: [path for path in paths if path not in told.get(verb, ())]
        for verb, paths in golden().items()
    }
    assert {verb: paths for verb, paths in gone.items() if paths} == {}


def test_every_key_is_promised():
    """A new key is added to the golden file, so that it stays."""
    promised = golden()
    new = {
        verb: [path for path in paths if path not in promised.get(verb, ())]
        for verb, paths in JsonPage().key_paths().items()
    }
    remedy = "run: python -m tests.support.json_page"
    assert {verb: paths for verb, paths in new.items() if paths} == {}, remedy
