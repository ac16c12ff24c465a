"""The pages about CI, editors and pytest: what they tell to type is typed here."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import yaml
from tests.support.cli import DEADLINE_S, answered, orders_shell
from tests.support.pytest_runs import Project

from runthrough.adapters.pipeline_files import load_pipeline, pipeline_schema

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "how-to" / "rehearse-in-ci.md").read_text()
WORKFLOW = (DOCS / "examples" / "rehearse.yml").read_text()
KEYS = {
    "workflow": {
        *("name", "run-name", "on", "permissions", "env", "defaults", "concurrency", "jobs"),
    },
    "job": {
        *(
            "name",
            "runs-on",
            "needs",
            "if",
            "permissions",
            "environment",
            "concurrency",
            "outputs",
        ),
        *("env", "defaults", "timeout-minutes", "strategy", "continue-on-error", "container"),
        *("services", "uses", "with", "secrets", "steps"),
    },
    "step": {
        *("id", "if", "name", "uses", "run", "working-directory", "shell", "with", "env"),
        *("continue-on-error", "timeout-minutes"),
    },
}
"""What a workflow, a job and a step of GitHub may say."""


def blocks(text, kind):
    """The fenced blocks of a page that are of one kind."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block for fenced, block in found if fenced == kind]


@dataclass
class Job:
    """A job that is followed: each step in a shell of its own, in a clone without history."""

    folder: Path
    environ: dict[str, str]
    outcomes: dict[str, str] = field(default_factory=dict)
    told: str = ""

    def step(self, name, script, *, shell):
        """Run one step's lines as the CI system does."""
        done = subprocess.run(
            [*shell, script],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=DEADLINE_S,
            check=False,
        )
        self.told += done.stdout + done.stderr
        self.outcomes[name] = "failure" if done.returncode else "success"

    @property
    def outputs(self):
        """What steps have told others by now."""
        told = Path(self.environ["GITHUB_OUTPUT"])
        lines = told.read_text().splitlines() if told.exists() else []
        return dict(line.split("=", 1) for line in lines)


GITHUB_SHELL = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c")


def machine(folder, **more):
    """A job on a bare machine: no settings, no home of anybody, runthrough on PATH."""
    return Job(
        folder,
        {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder.parent / "home"),
            "CI": "true",
            **more,
        },
    )


def followed_on_github(folder):
    """The workflow's own steps; those that only bring code of others are left out."""
    job = machine(
        folder,
        GITHUB_ACTIONS="true",
        GITHUB_WORKSPACE=str(folder),
        GITHUB_STEP_SUMMARY=str(folder.parent / "summary.md"),
        GITHUB_OUTPUT=str(folder.parent / "outputs"),
    )
    told = yaml.safe_load(WORKFLOW)["jobs"]["rehearse"]
    job.environ |= told["env"]
    for step in told["steps"]:
        if "uses" in step or "pip install" in step["run"]:
            continue
        if goes_on(step.get("if"), job.outcomes, job.outputs):
            job.step(step["name"].lower(), step["run"], shell=GITHUB_SHELL)
        else:
            job.outcomes[step["name"].lower()] = "skipped"
    return job


def goes_on(condition, outcomes, outputs):
    """Whether a step runs, for the two conditions that the workflow has."""
    if condition is None:
        return "failure" not in outcomes.values()
    asked = re.fullmatch(
        r"\$\{\{ !cancelled\(\) && "
        r"contains\(fromJSON\('(.+)'\), steps\.\w+\.outputs\.(\w+)\) \}\}",
        condition,
    )
    assert asked, condition
    return outputs.get(asked[2]) in json.loads(asked[1])


def checkout(tmp_path, *, broken=False):
    """A clone of a project whose pipeline file was exported from a session."""
    shell = answered(tmp_path / "clone")
    shell.run("export", "--pipeline", "pipeline.yaml", "--force")
    shell.database.unlink()
    if broken:
        shell.file(
            "scripts/total.py", (shell.folder / "scripts/total.py").read_text() + "    1 / 0\n"
        )
    return shell.folder


def test_the_page_shows_the_workflow_that_is_copied():
    """The file that people take and the one that they read are the same."""
    assert WORKFLOW in blocks(PAGE, "yaml")


def test_the_workflow_says_only_what_github_knows():
    """Keys of workflow, job and steps are GitHub's, and each step is an action or a command."""
    told = yaml.safe_load(WORKFLOW)
    told["on"] = told.pop(True)  # YAML 1.1 takes it for a truth value; GitHub does not
    assert set(told) <= KEYS["workflow"]
    assert {"on", "jobs"} <= set(told)
    for job in told["jobs"].values():
        assert set(job) <= KEYS["job"]
        assert job["runs-on"]
        for step in job["steps"]:
            assert set(step) <= KEYS["step"]
            assert ("uses" in step) != ("run" in step)
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step.get("uses", "a/b@v1"))
            assert "${{" not in step.get("run", ""), "a shell would run what others named so"


@pytest.mark.slow
def test_the_workflow_publishes_what_a_green_run_was(tmp_path):
    """Every command works on a bare machine, and JUnit, page, log and summary are there."""
    folder = checkout(tmp_path)
    job = followed_on_github(folder)
    assert job.outcomes == dict.fromkeys(("begin", "rehearse", "report"), "success"), job.told
    cases = list(ET.parse(folder / "reports" / "junit.xml").iter("testcase"))
    assert {"clean", "total", "report"} <= {case.attrib["name"] for case in cases}
    assert "<html" in (folder / "reports" / "rehearsal.html").read_text()
    assert "passed" in (tmp_path / "summary.md").read_text()
    job.step("verify", "runthrough audit verify reports/log.jsonl", shell=GITHUB_SHELL)
    assert job.outcomes["verify"] == "success", job.told


@pytest.mark.slow
def test_the_workflow_tells_a_failure_and_fails(tmp_path):
    """The run's step is red, and the report comes all the same, with an annotation."""
    folder = checkout(tmp_path, broken=True)
    job = followed_on_github(folder)
    assert job.outcomes == {"begin": "success", "rehearse": "failure", "report": "success"}
    assert re.search(r"^::error file=scripts/total\.py,line=\d+", job.told, re.MULTILINE)
    assert "ZeroDivisionError" in (folder / "reports" / "junit.xml").read_text()


@pytest.mark.slow
def test_an_open_question_is_told_and_nothing_waits_for_an_answer(tmp_path):
    """Where somebody must answer first, one step is red, says what, and annotates the file."""
    folder = orders_shell(tmp_path / "clone").folder
    job = followed_on_github(folder)
    assert job.outcomes == {"begin": "success", "rehearse": "failure", "report": "skipped"}
    assert re.search(r"^::error file=pipeline\.yaml::Somebody must", job.told, re.MULTILINE)
    assert "CURRENCY" in job.told
    assert "runthrough configure" in job.told


@pytest.mark.slow
def test_the_gitlab_job_publishes_its_junit_file(tmp_path):
    """Its commands work one after the other, and the file that it names is there."""
    folder = checkout(tmp_path)
    told = next(yaml.safe_load(b) for b in blocks(PAGE, "yaml") if b.startswith("rehearse:"))
    rehearse = told["rehearse"]
    job = machine(folder, CI_PROJECT_DIR=str(folder))
    assert all("pip install" in line for line in rehearse["before_script"])
    for part in ("script", "after_script"):
        job.step(part, "\n".join(rehearse[part]), shell=("bash", "-e", "-c"))
    assert job.outcomes == {"script": "success", "after_script": "success"}, job.told
    assert (folder / rehearse["artifacts"]["reports"]["junit"]).is_file()


@pytest.mark.slow
def test_other_places_take_what_a_checkout_cannot(tmp_path):
    """With the places that the page names, nothing is written into the checkout."""
    folder = checkout(tmp_path)
    file = folder / "pipeline.yaml"
    by_name, replaced = re.subn(r"^ +script: .*\n", "", file.read_text(), flags=re.MULTILINE)
    assert replaced == 3
    file.write_text(by_name)
    elsewhere = next(block for block in blocks(PAGE, "") if "--workspace" in block)
    before = sorted(folder.rglob("*"))
    script = elsewhere.replace("/tmp/rehearsal", str(tmp_path / "elsewhere"))
    job = machine(folder)
    job.environ["HOME"] = "/proc/nobody"
    job.step("all", f"{script}runthrough run --no-input", shell=GITHUB_SHELL)
    assert job.outcomes == {"all": "success"}, job.told
    assert sorted(folder.rglob("*")) == before
    assert list((tmp_path / "elsewhere").glob(".runthrough/*/runs/*"))


def test_the_editor_page_shows_a_json_file_that_is_one(tmp_path):
    """The example with `$schema` is taken by the loader and fits the schema."""
    page = (DOCS / "how-to" / "edit-with-help.md").read_text()
    (shown,) = blocks(page, "json")
    (tmp_path / "pipeline.json").write_text(shown)
    assert list(load_pipeline(tmp_path / "pipeline.json").dag.nodes) == ["Clean"]
    assert jsonschema.Draft7Validator(pipeline_schema()).is_valid(json.loads(shown))


def test_the_editor_page_names_a_command_that_writes_the_schema(tmp_path):
    """The command for files of one's own works, and tells the line that the page shows."""
    page = (DOCS / "how-to" / "edit-with-help.md").read_text()
    command = next(block for block in blocks(page, "") if "--schema" in block).split()
    done = orders_shell(tmp_path).run(*command[1:])
    assert (tmp_path / command[-1]).is_file()
    assert blocks(page, "yaml")[0].splitlines()[0] in done.out


@pytest.mark.slow
def test_the_project_settings_of_the_pytest_page_collect_both(tmp_path):
    """With them a plain `pytest` takes the project's tests and its pipeline files."""
    page = (DOCS / "how-to" / "test-with-pytest.md").read_text()
    (shown,) = blocks(page, "toml")
    project = Project(tmp_path)
    project.file("pyproject.toml", shown)
    project.file("tests/test_own.py", "def test_own():\n    pass\n")
    project.file("elsewhere/other.yaml", "nodes: {Other: {}}\n")
    project.file("pipelines/orders.yaml", "nodes: {Clean: {}}\n")
    collected = project.pytest("--collect-only", "-q").out.splitlines()
    assert collected[:2] == ["tests/test_own.py::test_own", "pipelines/orders.yaml::Clean"]
    assert "2 tests collected" in collected[-1]


@pytest.mark.slow
def test_every_option_of_the_plug_in_is_told_and_exists():
    """The reference of the pytest plug-in and `pytest --help` name the same options and keys."""
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "--help", "-p", "no:cacheprovider"],
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    page = (DOCS / "reference" / "pytest.md").read_text()
    options = dict(re.findall(r"^  (--runthrough[\w-]*)[ =](\w+)", told, re.MULTILINE))
    assert len(options) == 4
    assert dict(re.findall(r"^\| `(--[\w-]+)` \| `(\w+)`:", page, re.MULTILINE)) == options
    keys = re.findall(r"^  (runthrough_\w+) \(", told, re.MULTILINE)
    assert keys
    assert re.findall(r"^\| `(runthrough_\w+)` \|", page, re.MULTILINE) == keys
