"""`report` at the command line, and what a run shows on a terminal."""

import json
import os
import pty
import re
import select
import stat
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest
from tests.support.cli import DEADLINE_S, answered, begun

pytestmark = pytest.mark.slow

BROKEN = """\
import os

def main(input_paths, output_paths, environ_vars, job_args):
    print("<script>alert(1)</script>")
    raise ValueError("no: 100%")
"""


def failed(tmp_path):
    """A session whose last run failed at `total`."""
    shell = answered(tmp_path)
    shell.file("scripts/total.py", BROKEN)
    shell.run("run", code=1)
    return shell


def test_each_format_tells_the_last_run(tmp_path):
    """Markdown by default; a page, JUnit XML and annotations when asked for; JSON with --json."""
    shell = failed(tmp_path)
    assert shell.run("report").out.startswith("## ✗ orders: failed\n")
    document = ET.fromstring(shell.run("report", "--junit").out.encode())
    assert (document.get("tests"), document.get("failures")) == ("4", "1")
    github = shell.run("report", "--github", GITHUB_WORKSPACE=str(tmp_path), cwd=tmp_path.parent)
    assert github.out.startswith(
        "::error file=scripts/total.py,line=5,title=total failed::ValueError: no: 100%25"
    )
    view = shell.run("report", "--json").json
    assert view["root_causes"] == [{"node": "total", "blocked": ["report"]}]
    page = shell.run("report", "--html", "-o", "report.html")
    assert page.out == "wrote report.html\n"
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "<script" not in text


def test_a_run_of_a_part_is_no_verdict_on_the_whole(tmp_path):
    """After a failure, a run of one node that passed says of how many, and what still failed."""
    shell = failed(tmp_path)
    shell.run("run", "clean")
    told = shell.run("report", "--markdown").out
    assert told.startswith("## ✓ orders: passed, 1 of 3 nodes selected\n")
    assert "**Outside this run, still failed: `total`**" in told
    selection = shell.run("report", "--json").json["selection"]
    assert selection == {"selected": 1, "scripts": 3, "failed_outside": ["total"]}


def test_a_long_reason_wraps_within_its_indent(tmp_path):
    """At the end of a run nothing that belongs to a failure begins at the first column."""
    shell = answered(tmp_path)
    shell.file("scripts/total.py", BROKEN.replace("no: 100%", "far too long " * 20))
    lines = shell.run("run", code=1, COLUMNS="70").out.splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("✗ total failed: V"))
    told = lines[first : lines.index("", first)]
    assert sum("too long" in line for line in told) > 3
    assert all(line.startswith("  ") for line in told[1:])
    assert told[-1] == "    → runthrough logs total"


def test_a_report_is_of_the_run_whatever_came_later(tmp_path):
    """A configuration after the run does not change what the report says of it."""
    shell = failed(tmp_path)
    before = shell.run("report", "--markdown").out
    shell.run("configure", "clean", "--env", "CURRENCY=USD")
    assert shell.run("report", "--markdown").out == before
    clean = next(n for n in shell.run("report", "--json").json["nodes"] if n["node"] == "clean")
    assert clean["values"]["env.CURRENCY"] == "EUR"


def test_a_file_is_written_over_whole_or_not_at_all(tmp_path):
    """Each report takes the place of the last one and keeps its mode; none is left half."""
    shell = failed(tmp_path)
    target = shell.file("report.xml", "old")
    target.chmod(0o600)
    shell.run("report", "--junit", "-o", "report.xml")
    assert target.read_text(encoding="utf-8").startswith("<?xml")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.part"))
    told = shell.run("report", "--junit", "-o", "nowhere/report.xml", code=2).err
    assert "The report nowhere/report.xml cannot be written: its folder is not there." in told
    told = shell.run("report", "--junit", "-o", "scripts", code=2).err
    assert "Is a directory" in told


def test_without_a_run_or_with_two_formats_it_is_refused(tmp_path):
    """A session that never ran names `run`; two formats are a usage error."""
    shell = begun(tmp_path)
    error = json.loads(shell.run("report", "--json", code=2).out)["error"]
    assert (error["code"], error["fix"]) == ("NO_RUN", "runthrough run")
    told = shell.run("report", "--html", "--junit", code=2).err
    assert "one format at a time, not --html and --junit" in told


def on_terminal(shell, *words, **environ):
    """What a command writes to a terminal, with its codes."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "runthrough", *words],
        cwd=shell.folder,
        env=shell.environ(**{"TERM": "xterm-256color", "COLUMNS": "100", **environ}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        close_fds=True,
    )
    os.close(theirs)
    told = b""
    while select.select([ours], [], [], DEADLINE_S)[0]:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not part:
            break
        told += part
    os.close(ours)
    assert child.wait(DEADLINE_S) in {0, 1}
    return told.decode()


def test_on_a_terminal_a_run_is_drawn_in_place(tmp_path):
    """What runs is counted and wiped away; failures and the table stay; the cursor never goes."""
    shell = answered(tmp_path)
    shell.file("scripts/total.py", BROKEN)
    told = on_terminal(shell, "run")
    assert "0/3 done" in told
    assert "\x1b[2K" in told
    assert "total  failed" in told
    assert "ValueError: no: 100%" in told
    assert "\x1b[?25l" not in told
    assert told.index("0/3 done") < told.index("1 blocked")
    assert "▶ clean\r\n" not in told


def test_where_nothing_is_to_be_redrawn_lines_are_plain(tmp_path):
    """CI, a dumb terminal: a line for each thing, and no codes to move about."""
    shell = answered(tmp_path)
    for environ in ({"CI": "true"}, {"TERM": "dumb"}):
        told = on_terminal(shell, "run", "--no-reuse", **environ)
        assert "▶ clean" in told
        assert "done" not in told
        assert "\x1b[2K" not in told


def test_without_colours_a_terminal_still_redraws(tmp_path):
    """NO_COLOR takes the colours, not what is drawn in place."""
    told = on_terminal(answered(tmp_path), "run", NO_COLOR="1")
    assert "3/3 done" in told
    assert "\x1b[2K" in told
    assert not re.search(r"\x1b\[[\d;]*m", told)
