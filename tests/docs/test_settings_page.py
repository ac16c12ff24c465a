"""The page of settings: defaults, flags and file keys as the program has them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from runthrough.core.names import COMPOUNDS
from runthrough.core.values.metadata import SessionSettings
from runthrough.entrypoints.cli.app import app
from runthrough.settings import DEFAULT, FILE, SETTING_NAMES, load_settings
from runthrough.settings.written import WrittenSettings

PAGE = (Path(__file__).parents[2] / "docs/reference/settings.md").read_text(encoding="utf-8")
CODE = re.compile(r"`([^`]+)`")
ROWS = {
    cells[0].strip("` "): [cell.strip() for cell in cells[1:]]
    for cells in (line.strip("| ").split(" | ") for line in PAGE.splitlines())
    if cells[0].strip("` ") in SETTING_NAMES
}
WORKED_OUT = {"database_url", "actor", "session", "workspace", "suffixes", "compounds", "host"}
"""Settings whose default depends on where and by whom runthrough is used, or is a list."""
NAMESAKES = {("serve", "--host")}
"""It says where the service listens; the setting names this machine."""


def flags(command=None) -> Iterator[str]:
    """Every option of every command, but for one that is called like a setting and is none."""
    command = command or typer.main.get_command(app)
    for parameter in command.params:
        yield from (flag for flag in parameter.opts if (command.name, flag) not in NAMESAKES)
    for below in getattr(command, "commands", {}).values():
        yield from flags(below)


@pytest.mark.parametrize("name", sorted(set(SETTING_NAMES) - WORKED_OUT))
def test_the_default_is_told(name):
    """A default that is a plain value is told as it is, and one that is empty as `none`."""
    default = WrittenSettings().model_dump()[name]
    assert ROWS[name][2].strip("`") == str(default or "none")


def test_the_lists_that_hold_by_default_are_told():
    """The page has every job type and every compound word that holds where nothing is said."""
    assert tuple(CODE.findall(ROWS["suffixes"][2])) == SessionSettings().suffixes
    told = ROWS["compounds"][2].removeprefix("none beyond ")
    assert tuple(told.split(", ")) == COMPOUNDS


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row[0] == "none"])
def test_a_setting_without_a_flag_has_none(name):
    """What the table says has no flag is no option of any command."""
    assert f"--{name.replace('_', '-')}" not in set(flags())


def test_the_settings_file_on_the_page_is_read(tmp_path):
    """Each key of the example is taken, from the file that the page names."""
    (shown,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert f"`{FILE}`" in PAGE
    (tmp_path / FILE).write_text(shown, encoding="utf-8")
    read = load_settings(tmp_path, {}, None, data_folder=tmp_path)
    keys = set(re.findall(r"^\[?(\w+)", shown, re.MULTILINE)) & set(SETTING_NAMES)
    assert keys == {name for name, origin in read.origins.items() if origin != DEFAULT}
    assert read.database_url == f"sqlite:///{tmp_path}/runs.db"
