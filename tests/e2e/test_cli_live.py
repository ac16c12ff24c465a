"""What a run shows on a terminal while it is on, and what is left there when it is over."""

import os
import re

import pytest
from tests.support.cli import Shell
from tests.support.panes import Pane

pytestmark = pytest.mark.slow

WAITS = '''
"""Talk a lot, and wait until somebody opens the gate, whoever asks to end."""
import signal
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    signal.signal(signal.SIGTERM, lambda *_: None)
    print("much to say\\n" * 2000)
    told = Path(environ_vars["GATE"]).read_text()
    if told == "fail":
        raise ValueError(f"{Path(environ_vars['GATE']).name} did not open")
    Path(output_paths["done"]).write_text(told)
'''
LONG = "MonthlyStatement_production_europe_and_some_more_words_behind_it"


def gated(folder, *names, jobs=1):
    """A session whose nodes each wait at a gate of their own."""
    shell = Shell(folder)
    shell.file("scripts/wait.py", WAITS.lstrip())
    nodes = "".join(
        f"  {name}: {{script: scripts/wait.py, environ_vars: {{GATE: '{folder}/gate_{name}'}}}}\n"
        for name in names
    )
    shell.file("pipeline.yaml", f"name: gates\nscripts: [scripts]\nnodes:\n{nodes}edges: []\n")
    shell.file("runthrough.toml", f"jobs = {jobs}\n")
    for name in names:
        os.mkfifo(folder / f"gate_{name}")
    shell.run("new", "pipeline.yaml", "--name", "demo")
    return shell


def open_gate(shell, pane, name, told="pass"):
    """Let a node go on, as soon as it stands at its gate."""
    pane.hand(told, shell.folder / f"gate_{name}")


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_in_the_middle_of_a_run_its_state_is_on_the_screen(tmp_path, columns):
    """What is done and what runs, each once and in its line; what has passed leaves no line."""
    shell = gated(tmp_path, "first", "second", LONG)
    with Pane(shell, "run", columns=columns) as pane:
        open_gate(shell, pane, "first")
        shown = pane.until(lambda lines: any("1/3 done" in line for line in lines))
        shown = pane.until_told("▶ second")
        assert shown[0] == "run of 3 nodes: 3 to run, 0 unchanged, 0 blocked"
        assert len(shown) == 3
        assert "much to say" not in "".join(shown)
        open_gate(shell, pane, "second")
        shown = pane.until_told("2/3 done")
        pane.until(lambda lines: len(lines) == 3 and lines[2].startswith(f"▶ {LONG[:30]}"))
        open_gate(shell, pane, LONG)
        assert pane.end() == 0
        lines = pane.lines
        assert not any("▶" in line or "done" in line for line in lines)
        assert lines[1] == ""
        assert [line.split()[:2] for line in lines if "✓" in line] == [["✓", "passed"]] * 3
        assert sum(LONG in line for line in lines) == (columns > len(LONG))
        assert lines[-1] == "next:  runthrough report"


def test_what_fails_stays_on_the_screen_above_what_runs(tmp_path):
    """A failure is told as it happens, and once."""
    shell = gated(tmp_path, "first", "second")
    with Pane(shell, "run") as pane:
        open_gate(shell, pane, "first", "fail")
        shown = pane.until_told("▶ second")
        assert shown[1].startswith("✗ first  failed  ")
        assert shown[1].endswith("ValueError: gate_first did not open")
        assert "1/2 done · 1 failed" in shown[2]
        open_gate(shell, pane, "second")
        assert pane.end() == 1
        assert sum(line.startswith("✗ first  failed") for line in pane.lines) == 1


def test_more_running_nodes_than_lines_do_not_tear_the_screen(tmp_path):
    """On a low terminal the live lines are cut to it, and nothing of them is left."""
    names = [f"node_{number:02}" for number in range(12)]
    shell = gated(tmp_path, *names, jobs=12)
    with Pane(shell, "run", lines=8) as pane:
        pane.until_told("0/12 done")
        for name in names[:6]:
            open_gate(shell, pane, name)
        shown = pane.until_told("6/12 done")
        assert len(shown) <= 8
        for name in names[6:]:
            open_gate(shell, pane, name)
        assert pane.end() == 0
        assert not any("▶" in line or "done" in line for line in pane.lines)
        assert sum("✓ passed" in line for line in pane.lines) == 12


def test_a_window_that_becomes_another_size_is_drawn_anew(tmp_path):
    """After it shrank all that is drawn fits, and nothing of before is left at the end."""
    shell = gated(tmp_path, "first", "second")
    with Pane(shell, "run", columns=120) as pane:
        pane.until_told("▶ first")
        pane.resize(60, 12)
        open_gate(shell, pane, "first")
        pane.until_told("1/2 done")
        open_gate(shell, pane, "second")
        assert pane.end() == 0
        assert not any("▶" in line or "done" in line for line in pane.lines)
        assert sum("✓ passed" in line for line in pane.lines) == 2


def test_ctrl_c_leaves_a_whole_screen(tmp_path):
    """That it ends is told among the live lines, and the table tells how far the run came."""
    shell = gated(tmp_path, "first", "second")
    with Pane(shell, "run") as pane:
        open_gate(shell, pane, "first")
        pane.until_told("▶ second")
        pane.press("\x03")
        shown = pane.until_told("ending the scripts; once more ends them at once")
        assert len(shown) == 4
        open_gate(shell, pane, "second")
        assert pane.end() == 130
        lines = pane.lines
        assert not any("▶" in line or "done" in line or "^C" in line for line in lines)
        at = lines.index("")
        assert [line.split()[2] for line in lines[at + 1 : at + 3]] == ["first", "second"]


def test_without_colours_it_still_redraws(tmp_path):
    """NO_COLOR is about colours only: the lines are redrawn, and not one is coloured."""
    shell = gated(tmp_path, "first")
    with Pane(shell, "run", NO_COLOR="1") as pane:
        pane.until_told("▶ first")
        open_gate(shell, pane, "first")
        assert pane.end() == 0
        assert not re.search(rb"\x1b\[[0-9;]*m", pane.written)
        assert b"\x1b[2K" in pane.written


@pytest.mark.parametrize("columns", [60, 120])
def test_a_real_terminal_shows_what_the_pictures_show(tmp_path, columns):
    """Its width and colours are found without any variable, for results and for errors."""
    shell = gated(tmp_path, "first", LONG)
    for words, code in (("status",), 0), (("status", "--session", "other"), 2):
        asked = shell.run(*words, code=code, COLUMNS=str(columns), FORCE_COLOR="1", TERM="xterm")
        with Pane(shell, *words, columns=columns, lines=50) as pane:
            assert pane.end() == code
            assert pane.written.decode().replace("\r\n", "\n") == asked.out + asked.err
            assert "\x1b[" in asked.out + asked.err


@pytest.mark.parametrize("environ", [{"CI": "true"}, {"TERM": "dumb"}])
def test_where_lines_are_kept_each_thing_has_one(tmp_path, environ):
    """In a CI system, and where the cursor cannot move, nothing is redrawn or coloured."""
    shell = gated(tmp_path, "first")
    with Pane(shell, "run", **environ) as pane:
        open_gate(shell, pane, "first")
        assert pane.end() == 0
        assert b"\x1b" not in pane.written
        assert pane.lines[1:3] == ["▶ first", pane.lines[2]]
        assert pane.lines[2].startswith("✓ first  passed  ")
