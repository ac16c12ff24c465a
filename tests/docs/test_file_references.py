"""The pages about files that people write or are given, against what is read and written."""

import json
import re
from pathlib import Path

import pytest
from tests.support.cli import begun

from runthrough import StepCatalog
from runthrough.adapters.discovery.contract_shape import FIELDS, SAID
from runthrough.core.names import COMPOUNDS
from runthrough.core.values.metadata import SessionSettings
from runthrough.settings import load_settings

PAGES = Path(__file__).parents[2] / "docs" / "reference"
CODE = re.compile(r"`([^`]+)`")


def page(name):
    """The text of a page of the reference."""
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def first_cells(text):
    """The code words in the first cell of each table row."""
    rows = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return [word for cell in rows for word in CODE.findall(cell)]


def section(name, title):
    """The text below a heading, up to the next one of its level."""
    return page(name).split(f"\n## {title}\n", 1)[1].split("\n## ")[0]


def test_every_key_of_a_contract_is_told():
    """The table holds exactly the keys that are read, and the sentence below it the inner ones."""
    text = section("contracts", "As YAML or JSON")
    assert first_cells(text) == list(FIELDS)
    (sentence,) = [line for line in text.splitlines() if line.startswith("A name may lead")]
    assert tuple(CODE.findall(sentence)) == SAID


@pytest.mark.parametrize(
    ("title", "language", "file"),
    [("As YAML or JSON", "yaml", "train.contract.yaml"), ("As Python", "python", "contract.py")],
)
def test_the_examples_of_contracts_are_read(title, language, file, tmp_path):
    """Both examples speak of the same script, and are found beside it."""
    (shown,) = re.findall(rf"```{language}\n(.*?)```", section("contracts", title), re.DOTALL)
    (tmp_path / "train.py").write_text("def main(**given):\n    pass\n")
    (tmp_path / file).write_text(shown)
    catalog = StepCatalog([tmp_path])
    told = catalog.contract(catalog.find("train"), roots=catalog.roots)
    names = {need.name for need in told.requirements.needs}
    assert {"training_data", "model", "LABEL_FIELD", "SEED", "job_type"} <= names
    assert told.problems == ()


def test_every_attribute_of_an_export_is_told(tmp_path):
    """The table of the envelope names each attribute that a line has, and no other."""
    shell = begun(tmp_path)
    shell.run("audit", "export", "-o", "log.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    events = lines[1:-1]
    told = {*first_cells(section("export", "Export").split("###")[0])}
    every = {key for event in events for key in event}
    constant = {"specversion", "datacontenttype"}
    assert every - constant <= told
    assert told - every <= {"rtcausation", "rtcorrelation", "subject"}
    assert [line["type"] for line in (lines[0], lines[-1])] == [
        "io.runthrough.export.began",
        "io.runthrough.export.ended",
    ]


def test_the_defaults_of_settings_are_told(tmp_path):
    """What runner, jobs, runs, level and names are before anybody set them."""
    rows = [
        row.strip("| ").split(" | ") for row in page("settings").splitlines() if row[:2] == "| "
    ]
    told = {row[0].strip("`"): row[3].replace("`", "") for row in rows[2:]}
    settings = load_settings(tmp_path, {}, data_folder=tmp_path)
    for name in ("runner", "jobs", "keep_runs", "log_level"):
        assert told[name] == str(getattr(settings, name))
    assert set(told["suffixes"].split()) == set(SessionSettings().suffixes)
    assert told["compounds"].removeprefix("none beyond ").split(", ") == list(COMPOUNDS)
