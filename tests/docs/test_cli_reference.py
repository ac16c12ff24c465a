"""The page of the command line against the program: nothing missing, nothing stale."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from tests.support.cli import PIPELINE, answered

from runthrough.entrypoints.cli import failing, planning
from runthrough.entrypoints.cli.app import app, run_command_line

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
CODE = re.compile(r"`([^`]+)`")
HELP = {"--help", "-h"}


def leaves(command=None, path=()) -> Iterator[tuple[str, object]]:
    """Every command by what is typed for it."""
    command = command or typer.main.get_command(app)
    below = getattr(command, "commands", {})
    for name, each in below.items():
        yield from leaves(each, (*path, name))
    if not below:
        yield " ".join(path), command


COMMANDS = dict(leaves())


def section(title):
    """The text below a heading, up to the next heading."""
    return re.split(r"\n##", PAGE.split(f"\n{title}\n", 1)[1])[0]


def cells(text):
    """The first two cells of each table row that begins with a code word."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ", 1)] for line in lines]


def told_options(text):
    return {option for first, _ in cells(text) for option in CODE.findall(first)}


def options_of(command):
    return {option for given in command.params for option in given.opts if option.startswith("-")}


def test_every_command_is_told():
    """The page holds exactly the commands that there are."""
    assert sorted(re.findall(r"^### `(.+)`$", PAGE, re.MULTILINE)) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_told(name):
    """A command's table holds exactly the options that it does not share with all others."""
    shared = told_options(section("## Options that all commands share")) - {"--version"}
    own = options_of(COMMANDS[name]) - shared
    assert told_options(section(f"### `{name}`")) == own


def test_the_shared_options_are_shared():
    """Each shared option belongs to every command but `demo`, or to every one on a session."""
    shared = told_options(section("## Options that all commands share")) - HELP
    of_session = {"--session", "--no-input"}
    for name, command in COMMANDS.items():
        given = options_of(command) & shared
        assert given in ({*shared}, shared - of_session, set()), name
        assert (not given) == (name == "demo")


def test_arguments_are_told():
    """The sentence of a command shows its arguments."""
    for name, command in COMMANDS.items():
        for given in command.params:
            if not given.opts[0].startswith("-"):
                words = re.findall(r"\w+", (given.metavar or given.name).upper())
                assert [w for w in words if w not in section(f"### `{name}`")] == [], name


def test_every_exit_code_is_told():
    """The table of exit codes holds every code that errors and runs can end with, and 0."""
    told = {int(CODE.findall(first)[0]) for first, _ in cells(section("## Exit codes"))}
    ours = {failing.PASSED, failing.FAILED, failing.AUDIT_BROKEN, planning.WORK}
    assert told == ours | set(failing.EXIT_CODES.values())


def shapes():
    """The keys that the page tells, by command or by key inside one."""
    return {
        CODE.findall(first)[0]: CODE.findall(rest.replace("(as `history`)", ""))
        for first, rest in cells(section("## JSON shapes"))
    }


def first_of(value):
    """The mapping itself, or the first one of a list."""
    return value[0] if isinstance(value, list) else value


def test_the_json_shapes_are_what_the_commands_answer(tmp_path, monkeypatch, capsys):
    """Each command's --json has exactly the keys of the page, at every level that it tells."""
    shell = answered(tmp_path)
    shell.file("other.yaml", PIPELINE.replace("name: orders", "name: others"))
    monkeypatch.chdir(tmp_path)
    for name, value in shell.environ().items():
        monkeypatch.setenv(name, value)
    words = {
        "new": ["new", "pipeline.yaml"],
        "requirements": ["requirements", "report"],
        "logs": ["logs", "report"],
        "why": ["why", "report"],
        "configure": ["configure", "report", "--arg", "top=2"],
        "reject": ["reject", "total.clean_orders"],
        "connect": ["connect", "clean.clean_orders", "total.clean_orders"],
        "confirm": ["confirm", "total.clean_orders"],
        "disconnect": ["disconnect", "total.clean_orders"],
        "clear": ["clear", "total"],
        "bind": ["bind", "total", "scripts/total.py"],
        "external": ["external", "total", "--output", "totals=totals.json"],
        "internal": ["internal", "total"],
        "audit export": ["audit", "export", "--output", "log.jsonl"],
        "update": ["update", "other.yaml"],
        "export": ["export", "--pipeline", "written.yaml"],
        "as-of": ["as-of", "3"],
        "diff": ["diff", "3"],
        "note": ["note", "looks fine"],
        "rename": ["rename", "renamed"],
        "close": ["close", "--session", "renamed"],
        "archive": ["archive", "--session", "renamed"],
        "reopen": ["reopen", "--session", "renamed"],
        "audit import": f"audit import log.jsonl --database sqlite:///{tmp_path}/other.db".split(),
    }

    def answer(name):
        assert run_command_line([*words.get(name, name.split()), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    told = shapes()
    inside = {"nodes", "connections", "worklist", "outcomes", "root_causes"}
    assert set(told) - inside == set(COMMANDS) - {"demo"}
    keeping = ("approve", "rename", "close", "archive", "reopen")
    apart = {"new", "retry", "accept", "cancel", *keeping}  # cancel: tests/e2e/test_cli_signals.py
    for name in [name for name in told if name not in inside | apart]:
        assert list(first_of(answer(name))) == told[name], name
    view = answer("status")
    assert list(view["nodes"]["clean"]) == told["nodes"]
    for key in ("connections", "worklist"):
        assert list(first_of(view[key])) == told[key]
    script = tmp_path / "scripts" / "total.py"
    assert run_command_line(["run"]) == 0
    capsys.readouterr()
    for name in keeping:  # only what has passed is approved, only what is closed is archived
        assert list(answer(name)) == told[name], name
    script.write_text(script.read_text() + "\nUNUSED = 1\n")
    capsys.readouterr()
    words["accept"] = ["accept", "total"]
    assert list(answer("accept")) == told["accept"]
    (tmp_path / "scripts" / "report.py").write_text(
        "def main(a, b, c, d):\n    raise ValueError\n"
    )
    assert run_command_line(["run", "--json"]) == failing.FAILED
    result = json.loads(capsys.readouterr().out)
    assert list(result["outcomes"]["report"]) == told["outcomes"]
    assert list(first_of(result["root_causes"])) == told["root_causes"]
    assert run_command_line(["retry", "--json"]) == failing.FAILED
    assert list(json.loads(capsys.readouterr().out)) == told["retry"]
    assert list(answer("new")) == told["new"]
