"""What the screens look like: width, colour, pipes; and what a command may import."""

import os
import pty
import subprocess
import sys

import pytest
from tests.support.cli import DEADLINE_S, Shell, answered, begun, orders_shell

pytestmark = pytest.mark.slow

HEAVY = (
    "sqlalchemy",
    "alembic",
    "pydantic",
    "networkx",
    "structlog",
    "transitions",
    "rich",
    "questionary",
    "prompt_toolkit",
)
FOR_OTHER_COMMANDS = (
    "alembic",
    "networkx",
    "structlog",
    "transitions",
    "yaml",
    "sqlalchemy.dialects.postgresql",
    "pydantic_settings",
    "runthrough.adapters.discovery.reading",
    "runthrough.adapters.runners.process",
    "runthrough.core.validation.hints",
    "runthrough.core.values.health",
    "questionary",
    "prompt_toolkit",
    "fastapi",
    "starlette",
    "uvicorn",
    "jinja2",
)
IMPORTED = """
import sys
from runthrough.entrypoints.cli.app import run_command_line
code = run_command_line(sys.argv[1:])
print(code, *sys.modules, file=sys.stderr)
"""


def imported(shell, *words):
    """The modules that a command imports."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *words],
        cwd=shell.folder,
        env=shell.environ(),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=True,
    )
    code, *names = done.stderr.splitlines()[-1].split()
    assert code == "0", done.stderr
    return set(names)


def on_a_terminal(shell, *words, **environ):
    """What a command writes to a terminal."""
    reader, writer = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "runthrough", *words],
        cwd=shell.folder,
        env=shell.environ(TERM="xterm-256color", COLUMNS="100", **environ),
        stdin=writer,
        stdout=writer,
        stderr=writer,
    ):
        os.close(writer)
        told = b""
        while True:
            try:
                part = os.read(reader, 65536)
            except OSError:  # on Linux a terminal whose other end is closed
                break
            if not part:
                break
            told += part
    os.close(reader)
    return told.decode()


@pytest.mark.parametrize("words", [("--help",), ("--version",)])
def test_help_imports_nothing_heavy(tmp_path, words):
    """--help and --version stay cheap: no store, no models, no graph library, no rich."""
    assert imported(Shell(tmp_path), *words) & set(HEAVY) == set()


def test_status_imports_only_what_it_needs(tmp_path):
    """`status` imports nothing that only migrating, wiring, reading or running needs."""
    shell = answered(tmp_path)
    shell.run("run")
    names = imported(shell, "status")
    assert "sqlalchemy" in names
    assert names.isdisjoint(FOR_OTHER_COMMANDS)


def test_without_words_the_help_is_shown(tmp_path):
    """`runthrough` alone is `runthrough --help`."""
    shell = Shell(tmp_path)
    assert shell.run().out == shell.run("--help").out


def test_the_version_is_told(tmp_path):
    """--version tells name and version."""
    assert Shell(tmp_path).run("--version").out.startswith("runthrough ")


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_status_screen_fits_its_terminal(tmp_path, columns):
    """At 60, 80 and 120 columns no line but commands is wider, and no word is lost."""
    shell = orders_shell(tmp_path)
    long = "A_step_with_quite_a_long_name_training"
    shell.file("scripts/far.py", (tmp_path / "scripts" / "total.py").read_text())
    shell.file(
        "wide.yaml",
        f"name: wide\nscripts: [scripts]\nnodes:\n  {long}: {{script: scripts/far.py}}\n"
        "  clean: {inputs: {orders: data/orders.csv}}\nedges: []\n",
    )
    shell.run("new", "wide.yaml")
    told = shell.run("status", COLUMNS=str(columns)).out
    lines = [line for line in told.splitlines() if not line.startswith("next:")]
    assert max(len(line) for line in lines) <= columns
    assert long in told
    assert "clean_orders: no path" in told
    assert "CURRENCY: no value" in told


def test_the_status_screen_has_its_form(tmp_path):
    """One line of who and when, a row a node by category, one next command."""
    lines = begun(tmp_path).run("status").out.splitlines()
    assert lines[0].startswith("orders · session demo (")
    assert " · open · version " in lines[0]
    assert lines[0].endswith(" · last: ann, just now")
    assert lines[1] == ""
    assert lines[2] == "? needs you   clean    CURRENCY: no value"
    assert lines[3] == "? needs you   report   top: no value"
    assert lines[4].startswith("⊘ blocked     total")
    assert lines[-1] == "next:  runthrough configure clean --env CURRENCY=VALUE"


def test_colour_is_for_terminals_that_want_it(tmp_path):
    """A terminal gets colours; a pipe, NO_COLOR and CI get none, and the same words."""
    shell = begun(tmp_path)
    assert "\x1b[" in on_a_terminal(shell, "status")
    for plain in ({"NO_COLOR": "1"}, {"CI": "true"}):
        told = on_a_terminal(shell, "status", **plain)
        assert "\x1b[" not in told
        assert "needs you" in told
    assert "\x1b[" not in shell.run("status").out


def test_a_node_in_brackets_is_shown_as_it_is(tmp_path):
    """Names are never taken for markup."""
    shell = orders_shell(tmp_path)
    shell.file("odd.yaml", "name: '[bold]odd[/bold]'\nnodes: {'[red]a': {}}\nedges: []\n")
    shell.run("new", "odd.yaml")
    told = shell.run("status").out
    assert "[bold]odd[/bold]" in told
    assert "[red]a" in told


def test_a_terminal_without_arrows_is_served(tmp_path):
    """Where the encoding has no arrow, a question mark stands for it."""
    told = begun(tmp_path).run("status", PYTHONIOENCODING="ascii").out
    assert "needs you" in told


def test_a_reader_that_has_enough_is_no_error(tmp_path):
    """`runthrough history | head -1` ends quietly."""
    shell = answered(tmp_path)
    done = subprocess.run(
        f"{sys.executable} -m runthrough history | head -c 2",
        shell=True,
        cwd=tmp_path,
        env=shell.environ(),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.stdout == " 1"
    assert done.stderr == ""
