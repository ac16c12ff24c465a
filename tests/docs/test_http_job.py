"""The job over HTTP that the reference begins with, typed as it stands."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support.cli import Shell
from tests.support.databases import lay
from tests.support.http_page import PAGE
from tests.support.served import DEADLINE_S, served

ADDRESS = "http://127.0.0.1:8642"
ANSWER = re.compile(r"^ask -X PATCH .*\n", re.MULTILINE)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("curl") and shutil.which("jq")), reason="curl and jq are not installed"
    ),
]


@pytest.fixture
def shell(tmp_path):
    """An empty folder in which the project of the page was begun."""
    started = Shell(tmp_path)
    lay(started.database)
    started.run("init", "orders")
    return started


def typed(shell: Shell, job: str) -> subprocess.CompletedProcess[str]:
    """Run a job against a service of the folder."""
    token = shell.run("token", "create", "ci", "--role", "tester", "--json").json["token"]
    with served(shell) as service:
        program = job.replace(ADDRESS, service.listens.rstrip("/"))
        return subprocess.run(
            ["bash", "-c", program],
            cwd=shell.folder,
            env=shell.environ(RUNTHROUGH_TOKEN=token),
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )


def job() -> str:
    """The program on the page."""
    found = re.search(
        r"## A job from begin to end\n.*?```bash\n(.*?)```", PAGE.read_text(), re.DOTALL
    )
    return found[1]


def test_the_job_rehearses_the_pipeline_each_time_it_is_typed(shell):
    """It passes, and the next night's does too."""
    for _ in range(2):
        done = typed(shell, job())
        assert done.returncode == 0, done.stdout + done.stderr
        assert '"outcome": "passed"' in done.stdout


def test_the_job_fails_where_a_node_still_waits(shell):
    """Nothing ran, and that is no success."""
    pipeline = shell.folder / "orders/pipeline.yaml"
    pipeline.write_text(pipeline.read_text().replace("job_args: {top: 2}", "{}"))
    done = typed(shell, ANSWER.sub("", job()))
    assert done.returncode != 0
    assert "PENDING_SCRIPTS" in done.stderr


def test_the_job_fails_where_a_script_does(shell):
    """A run that did not pass ends the job with its status."""
    (script,) = Path(shell.folder, "orders/scripts").glob("*ummarize*")
    script.write_text(script.read_text().replace("def main(", "raise OSError\n\n\ndef main("))
    done = typed(shell, job())
    assert done.returncode != 0
    assert '"outcome": "failed"' in done.stdout
