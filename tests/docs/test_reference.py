"""The reference pages against the code: nothing missing, nothing stale."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
import typer
from pydantic import BaseModel
from tests.support.lifecycle_page import generated, written
from tests.support.stored import A, B, Writer, alter, said, sql_stores, started

from runthrough import errors
from runthrough.adapters.pipeline_files.shape import NodeShape, PipelineShape
from runthrough.adapters.runners.hosting import BASE_ENVIRONMENT
from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.tables import METADATA
from runthrough.core.commands import Command
from runthrough.core.events import Event, NodeEvent, SessionForked
from runthrough.core.lifecycle import TRANSITIONS
from runthrough.core.values.outcomes import Outcome
from runthrough.core.values.problems import ProblemCode
from runthrough.entrypoints.cli.app import app
from runthrough.entrypoints.cli.failing import exit_code
from runthrough.settings import PREFIX, SETTING_NAMES

REPOSITORY = Path(__file__).parents[2]
CODE = re.compile(r"`([^`]+)`")
EVENTS = get_args(get_args(Event)[0])
COMMANDS = get_args(Command)
COLUMNS = {"type", "node"}
"""Fields of an event that stand beside its payload."""


@cache
def page(name: str) -> str:
    """A page of docs/reference."""
    return (REPOSITORY / "docs" / "reference" / f"{name}.md").read_text(encoding="utf-8")


def section(name: str, title: str) -> str:
    """The text below a heading, up to the next one of its level or above."""
    level = title.partition(" ")[0]
    tail = page(name).split(f"\n{title}\n", 1)[1]
    return re.split(rf"\n#{{1,{len(level)}}} ", tail)[0]


def headed(name: str) -> list[str]:
    """The code words that are headings of a page."""
    return re.findall(r"^### `(\w+)`$", page(name), re.MULTILINE)


def rows(text: str) -> list[list[str]]:
    """The cells of each table row that begins with a code word."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def named(text: str) -> list[str]:
    """The code words that table rows are about."""
    return [word for cells in rows(text) for word in CODE.findall(cells[0])]


def classes_below(root: type) -> Iterator[type]:
    """A class and all that derive from it."""
    yield root
    for derived in root.__subclasses__():
        yield from classes_below(derived)


def models_in(annotation: object) -> Iterator[type]:
    """The models and dataclasses that an annotation speaks of."""
    if isinstance(annotation, type) and (
        issubclass(annotation, BaseModel) or is_dataclass(annotation)
    ):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def field_types(model: type) -> dict[str, object]:
    """Name and annotation of each field of a model or dataclass."""
    if is_dataclass(model):
        return {field.name: field.type for field in fields(model)}
    return {name: field.annotation for name, field in model.model_fields.items()}


def models_below(annotations: list[object]) -> set[type]:
    """The models that can be reached from some annotations."""
    found: set[type] = set()
    waiting = [model for annotation in annotations for model in models_in(annotation)]
    while waiting:
        model = waiting.pop()
        if model not in found:
            found.add(model)
            waiting += [part for kind in field_types(model).values() for part in models_in(kind)]
    return found


def test_every_event_has_its_section():
    """The page of events is about exactly the events that can be recorded."""
    assert sorted(headed("events")) == sorted(event.__name__ for event in EVENTS)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_an_events_section_tells_its_payload_and_subject(event):
    """An event's section names exactly the fields of its payload, and what it is about."""
    text = section("events", f"### `{event.__name__}`")
    assert sorted(named(text)) == sorted(event.model_fields.keys() - COLUMNS)
    subject = "Subject: the node" if issubclass(event, NodeEvent) else "Subject: none."
    assert text.lstrip().startswith(subject)


def test_every_value_inside_events_is_told_with_its_fields():
    """The table of values holds exactly the models inside payloads, each with its fields."""
    annotations = [kind for event in EVENTS for kind in field_types(event).values()]
    expected = {model.__name__: sorted(field_types(model)) for model in models_below(annotations)}
    told = {
        CODE.findall(cells[0])[0]: sorted(CODE.findall(cells[1]))
        for cells in rows(section("events", "## Values"))
    }
    assert told == expected


def test_every_command_has_its_section():
    """The page of commands is about exactly the commands that can be handled."""
    assert sorted(headed("commands")) == sorted(command.__name__ for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_a_commands_section_tells_its_fields_and_verb(command):
    """A command's section names exactly its fields; a person's command tells its verb."""
    text = section("commands", f"### `{command.__name__}`")
    assert sorted(named(text)) == sorted(command.model_fields)
    reports = section("commands", "## What the tester reports of a run")
    if f"### `{command.__name__}`" not in reports:
        assert f"Verb `{command.verb}`." in text


def test_the_lifecycle_page_is_generated_from_the_rows():
    """Diagram and tables of the lifecycle are what the rows in the code make of them."""
    remedy = "run: python -m tests.support.lifecycle_page"
    assert written(page("lifecycle")) == generated(), remedy


def test_every_trigger_is_told_with_its_events():
    """The table of recorded triggers holds each trigger once, with events that exist."""
    text = section("lifecycle", "## Recorded by")
    assert named(text) == [trigger for trigger, _, _ in TRANSITIONS]
    told = {word for cells in rows(text) for word in CODE.findall(cells[1])}
    assert told <= {event.__name__ for event in EVENTS}


def test_every_error_is_told_with_code_and_exit_code():
    """The table of errors holds exactly the classes that there are, with what they lead to."""
    expected = {
        kind.__name__: (f"`{kind.code}`", str(exit_code(kind.__new__(kind))))
        for kind in classes_below(errors.RunthroughError)
        if kind.__module__.startswith(f"{errors.__name__}.")
    }
    told = {name: (code, exit_) for name, code, exit_, *_ in map(unquoted, rows(page("errors")))}
    assert told == expected


def test_every_error_says_when_and_what_to_do():
    """No class of errors is told without its occasion and its remedy."""
    for cells in rows(page("errors").partition("\n## ")[0]):
        assert len(cells) == 5, cells
        assert all(cells), cells


def unquoted(cells: list[str]) -> list[str]:
    """Table cells, the first without its quotes."""
    return [cells[0].strip("`"), *cells[1:]]


def test_value_errors_are_told():
    """The page of errors names the classes through which errors are also a ValueError."""
    direct = {
        kind.__name__
        for kind in classes_below(errors.RunthroughError)
        if ValueError in kind.__bases__
    }
    line = next(text for text in page("errors").splitlines() if "are also `ValueError`" in text)
    assert set(CODE.findall(line)) == {*direct, "ValueError"}


def test_every_problem_is_told():
    """The table of problems holds exactly the codes that validation knows."""
    assert named(page("problems")) == list(get_args(ProblemCode))
    for _, severity, when, fix in rows(page("problems")):
        assert severity in {"error", "warning", "error or warning"}
        assert when
        assert fix


def test_every_table_and_column_is_told():
    """The page of the database holds exactly the tables and columns of the schema."""
    told = {name: named(section("database", f"### `{name}`")) for name in headed("database")}
    assert told == {name: list(table.columns.keys()) for name, table in METADATA.tables.items()}


def test_the_example_hash_is_the_golden_one():
    """The event hash that the page of the database shows is that of the sixth golden row."""
    text = (REPOSITORY / "tests" / "golden" / "hashes.json").read_text(encoding="utf-8")
    sixth = json.loads(text)[5]
    assert (sixth["type"], sixth["payload"]) == ("SessionClosed", "{}")
    assert sixth["event_hash"] in page("database")


def verified(database: Path) -> str:
    """What the page's program for verifying by hand says; empty when all is well."""
    program = re.search(r"```python\n(.*?)```", page("database"), re.DOTALL)
    assert program
    done = subprocess.run(
        [sys.executable, "-c", program[1], str(database)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert bool(done.returncode) == bool(done.stderr)
    return done.stderr.strip()


def test_the_log_can_be_verified_by_hand(tmp_path):
    """The program on the page accepts a log as written, and names what was changed in it."""
    path = tmp_path / "log.db"
    with open_database(f"sqlite:///{path}") as database:
        writer = Writer(sql_stores(database).events)
        for session, name in ((A, "größe"), (B, "loud-owl")):
            writer.append(session, started(name))
            writer.append(session, said("one"), said("two"))
        fork = SessionForked(parent=A, at=2, name="calm-heron")
        writer.append("fork", fork, at_version=2)
    assert verified(path) == ""
    alter(path, "DELETE FROM events WHERE position = 7")
    assert verified(path) == "the end of the log was dropped"
    alter(path, "UPDATE events SET actor = 'eve' WHERE position = 3")
    assert verified(path) == "position 3 is not what was written"


@pytest.mark.parametrize(
    ("title", "shape"), [("## The pipeline", PipelineShape), ("## A node", NodeShape)]
)
def test_every_key_of_a_pipeline_file_is_told(title, shape):
    """The page of the pipeline file holds exactly the keys that are read."""
    keys = [field.alias or name for name, field in shape.model_fields.items()]
    assert named(section("pipeline-file", title)) == keys


def test_every_outcome_is_told():
    """The page of the runner holds exactly the outcomes of an attempt."""
    assert sorted(named(section("runner", "## Outcomes"))) == sorted(get_args(Outcome))


def test_the_clean_environment_is_told():
    """The page of the runner holds exactly the variables that scripts get from the tester."""
    lines = section("runner", "## Environment").splitlines()
    told = next(CODE.findall(line) for line in lines if line.startswith("`PATH`"))
    assert set(told) == BASE_ENVIRONMENT | {"LC_*"}


def test_every_setting_is_told():
    """The table of settings holds exactly the settings, each with its variable."""
    told = {CODE.findall(cells[0])[0]: cells[2].strip("`") for cells in rows(page("settings"))}
    assert told == {name: PREFIX + name.upper() for name in SETTING_NAMES}


def test_the_flags_of_settings_exist():
    """Each flag in the table of settings is an option of some command."""
    told = {flag for cells in rows(page("settings")) for flag in CODE.findall(cells[1])}
    assert told <= set(options_of(typer.main.get_command(app)))


def options_of(command) -> Iterator[str]:
    """The options of a command and of all commands below it."""
    for parameter in command.params:
        yield from parameter.opts
    for below in getattr(command, "commands", {}).values():
        yield from options_of(below)
