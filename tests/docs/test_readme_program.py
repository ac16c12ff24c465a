"""The program of the README runs as it stands there, and prints what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
PROGRAM = re.compile(r"<!-- program -->\n(.*?)<!-- /program -->", re.DOTALL)
FILE = re.compile(r"^`([\w./-]+)`\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PRINTED = re.compile(r"^```text\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_readme_program_prints_what_the_readme_says(tmp_path):
    """Its files are written as shown; the last one runs and prints the text below it."""
    (told,) = PROGRAM.findall(README.read_text())
    files = FILE.findall(told)
    (expected,) = PRINTED.findall(told)
    for name, content in files:
        tmp_path.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        tmp_path.joinpath(name).write_text(content)
    program, _ = files[-1]
    done = subprocess.run(
        [sys.executable, "-W", "error", program],
        cwd=tmp_path,
        env={**os.environ, "RUNTHROUGH_DATABASE_URL": f"sqlite:///{tmp_path}/log.db"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == expected
