"""pytest over pipeline files: each node is a test."""

import subprocess
import sys

import pytest
from tests.support.cli import Shell
from tests.support.pytest_runs import Project


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """One run of a pipeline in which nodes end in every way, with the folder it ran in."""
    project = Project(tmp_path_factory.mktemp("mixed"))
    step = project.step
    project.pipeline(
        {
            "Source": {"external": True, "outputs": {"data": "source.txt"}},
            "Load": step("Load"),
            "Bad": step("Bad", "Load", fails=True),
            "Below": step("Below", "Bad"),
            "Deeper": step("Deeper", "Below"),
            "Asks": {"script": "scripts/asks.py"},
            "AfterAsks": step("AfterAsks", "Asks"),
            "Silent": step("Silent", writes=False),
            "Hungry": step("Hungry", "Silent"),
            "AfterHungry": step("AfterHungry", "Hungry"),
            "Fine": step("Fine", "Load"),
        }
    )
    project.file("source.txt", "rows")
    project.file(
        "scripts/asks.py",
        "def main(input_paths, output_paths, environ_vars, job_args):\n"
        "    open(output_paths['out'], 'w').write(environ_vars['LABEL'])\n",
    )
    return project, project.pytest("pipeline.yaml", "-v", "-o", "junit_duration_report=call")


def test_each_script_is_a_test_in_the_order_of_the_dag(mixed):
    """Items are named by their nodes; an external node runs no script and is none."""
    _, ended = mixed
    assert ended.code == 1
    assert ended.outcomes == {
        "Load": "passed",
        "Bad": "failure",
        "Below": "skipped",
        "Deeper": "skipped",
        "Asks": "failure",
        "AfterAsks": "skipped",
        "Silent": "passed",
        "Hungry": "failure",
        "AfterHungry": "skipped",
        "Fine": "passed",
    }
    told = [
        line.split()[0] for line in ended.out.splitlines() if line.startswith("pipeline.yaml::")
    ]
    assert told.index("pipeline.yaml::Load") < told.index("pipeline.yaml::Bad")
    assert told.index("pipeline.yaml::Bad") < told.index("pipeline.yaml::Below")


def test_a_failed_script_tells_its_error_its_frames_and_the_end_of_its_log(mixed):
    """What a person needs to mend the script stands in the report, and its reason in one line."""
    _, ended = mixed
    told = ended.text("Bad")
    assert "failed: ValueError: no label here" in told
    assert "scripts/step.py:15 in main" in told
    assert '>   15 │         raise ValueError("no label here")' in told
    assert "printed by Bad" in ended.out
    assert "FAILED pipeline.yaml::Bad - failed: ValueError: no label here" in ended.out


def test_what_a_failure_blocks_is_skipped_and_names_the_root_cause(mixed):
    """A report counts each fault once; what lies below says which one it waits for."""
    _, ended = mixed
    for below in ("Below", "Deeper"):
        assert "blocked: Bad did not pass" in ended.text(below)
    assert "blocked: Asks did not pass" in ended.text("AfterAsks")
    assert "blocked: Hungry did not pass" in ended.text("AfterHungry")


def test_data_that_does_not_fit_fails_the_test_of_its_reader(mixed):
    """The script that would have read it did not run, and its test says what is missing."""
    project, ended = mixed
    told = ended.text("Hungry")
    assert "Silent.out → Hungry.from_0 does not fit, so Hungry did not run:" in told
    assert "nothing was written" in told
    assert "make Silent write it" in told
    assert "Hungry" not in project.ran


@pytest.mark.slow
def test_a_test_takes_the_seconds_of_its_script(mixed):
    """The report's times are those that were recorded, not of waiting; a skip has none."""
    project, ended = mixed
    nodes = {node["node"]: node for node in recorded(project)["nodes"] if not node["external"]}
    assert nodes["Load"]["duration_s"]
    assert {name: case.attrib["time"] for name, case in ended.cases.items()} == {
        name: f"{nodes[name]['duration_s'] or 0.0:.3f}" for name in ended.cases
    }


def recorded(project):
    """What the throw-away session of a pytest run tells of its run."""
    (database,) = project.folder.glob("kept/*/runthrough.db")
    shell = Shell(project.folder)
    return shell.run("report", "--json", RUNTHROUGH_DATABASE_URL=f"sqlite:///{database}").json


def test_nothing_is_written_beside_the_pipeline_file(mixed):
    """Database, outputs and logs lie in pytest's own temporary folder."""
    project, _ = mixed
    assert not (project.folder / ".runthrough").exists()
    assert not list(project.folder.glob("*.db*"))
    kept = {path.name for path in (project.folder / "kept").glob("runthrough-*/*")}
    assert {"runthrough.db", "outputs"} <= kept


@pytest.mark.slow
def test_a_selected_test_runs_its_script_and_what_it_needs(tmp_path):
    """`-k` and node ids select: scripts above run too, others do not."""
    project = Project(tmp_path)
    step = project.step
    project.pipeline(
        {"A": step("A"), "B": step("B", "A"), "C": step("C", "B"), "D": step("D", "A")}
    )
    ended = project.pytest("pipeline.yaml::C", "pipeline.yaml::D", "-k", "not D")
    assert (ended.code, ended.outcomes) == (0, {"C": "passed"})
    assert project.ran == ["A", "B", "C"]


@pytest.mark.slow
def test_a_file_that_is_no_pipeline_is_a_collection_error_with_its_place(tmp_path):
    """A mistake in a pipeline file is told with line and column, and no test is made up."""
    project = Project(tmp_path)
    project.file("pipeline.yaml", "nodes:\n  Clean:\n    inptus: {}\n")
    ended = project.pytest("pipeline.yaml")
    assert ended.code == 2
    assert "pipeline.yaml:3:5: unknown key nodes.Clean.inptus" in ended.out
    assert "did you mean 'inputs'" in ended.out
    assert "Traceback" not in ended.out


def test_a_pytest_run_without_pipeline_files_imports_next_to_nothing():
    """Everybody who installed runthrough pays for the plug-in, so it costs next to nothing."""
    program = (
        "import pytest, sys; before = set(sys.modules);"
        "import runthrough.entrypoints.pytest_plugin; print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [
        "runthrough",
        "runthrough.entrypoints",
        "runthrough.entrypoints.pytest_plugin",
    ]


@pytest.mark.slow
def test_a_root_cause_without_a_test_fails_what_needs_it(tmp_path):
    """A green report never hides a failure: what was asked for cannot be skipped for it."""
    project = Project(tmp_path)
    step = project.step
    project.pipeline({"A": step("A", fails=True), "B": step("B", "A"), "C": step("C", "B")})
    ended = project.pytest("pipeline.yaml", "-k", "B or C")
    assert (ended.code, ended.outcomes) == (1, {"B": "failure", "C": "failure"})
    assert "A, which it needs, did not pass" in ended.text("C")
    assert "ValueError: no label here" in ended.text("C")


@pytest.mark.slow
def test_the_commands_that_a_pending_test_names_make_it_pass(tmp_path):
    """Typed in order, they answer in a session and write the answers into the pipeline file."""
    project = Project(tmp_path)
    step = project.step("Asks")
    del step["environ_vars"]["WHO"]
    project.pipeline({"Asks": step})
    ended = project.pytest("pipeline.yaml")
    assert ended.outcomes == {"Asks": "failure"}
    told = [line.strip() for line in ended.text("Asks").splitlines()]
    commands = list(dict.fromkeys(line for line in told if line.startswith("runthrough ")))
    assert commands == [
        "runthrough new pipeline.yaml",
        "runthrough configure Asks --env WHO=VALUE",
        "runthrough export --pipeline pipeline.yaml --force",
    ]
    shell = Shell(tmp_path)
    for command in commands:
        shell.run(*command.split()[1:])
    assert project.pytest("pipeline.yaml").outcomes == {"Asks": "passed"}


@pytest.mark.slow
def test_only_looking_at_the_tests_runs_and_writes_nothing(tmp_path):
    """`--collect-only` lists the nodes; there is no database, no folder and no script started."""
    project = Project(tmp_path)
    project.pipeline({"B": project.step("B", "A"), "A": project.step("A")})
    before = {path.name for path in tmp_path.rglob("*")}
    ended = project.pytest("pipeline.yaml", "--collect-only", "-q", "-p", "no:cacheprovider")
    assert ended.out.splitlines()[:2] == ["pipeline.yaml::A", "pipeline.yaml::B"]
    assert {path.name for path in tmp_path.rglob("*")} - before <= {"told.xml"}


@pytest.mark.slow
def test_yaml_files_are_not_collected_by_surprise(tmp_path):
    """A folder's pipeline files are left alone until they are named, or the ini key names them."""
    project = Project(tmp_path)
    project.pipeline({"A": project.step("A")}, name="flows/a.yaml")
    project.pipeline({"B": project.step("B")}, name="flows/b.yaml")
    project.file("flows/other.yaml", "stages: [build]\n")
    assert project.pytest(".").code == pytest.ExitCode.NO_TESTS_COLLECTED
    assert project.pytest("flows/other.yaml").cases == {}
    project.file(
        "flows/compact.json", '{"name":"c","nodes":{"C":{"script":"../scripts/step.py"}}}'
    )
    assert "compact.json::C" in project.pytest("flows/compact.json", "--collect-only", "-q").out
    project.file("pytest.ini", "[pytest]\nrunthrough_pipelines = flows/a*.yaml\n")
    collected = project.pytest(".", "--collect-only", "-q").out
    assert "flows/a.yaml::A" in collected
    assert "flows/b.yaml" not in collected


@pytest.mark.slow
def test_the_option_names_files_beside_tests_or_alone(tmp_path):
    """`--runthrough FILE` alone runs that file; with other arguments it is added to them."""
    project = Project(tmp_path)
    project.pipeline({"A": project.step("A")})
    project.file("test_own.py", "def test_own():\n    pass\n")
    alone = project.pytest("--runthrough", "pipeline.yaml")
    assert alone.outcomes == {"A": "passed"}
    beside = project.pytest("test_own.py", "--runthrough", "pipeline.yaml")
    assert beside.outcomes == {"test_own": "passed", "A": "passed"}
    project.file("broken.yaml", "stages: [build]\n")
    told = project.pytest("--runthrough", "broken.yaml")
    assert "broken.yaml:1:1: unknown key stages" in told.out


@pytest.mark.slow
def test_the_first_failure_ends_the_run_where_pytest_stops_at_it(tmp_path):
    """With `-x` no further script is started."""
    project = Project(tmp_path)
    step = project.step
    project.pipeline({"A": step("A"), "Bad": step("Bad", fails=True), "C": step("C")})
    ended = project.pytest("pipeline.yaml", "-x")
    assert ended.outcomes == {"A": "passed", "Bad": "failure"}
    assert project.ran == ["A", "Bad"]
    assert recorded(project)["run"]["fail_fast"]


@pytest.mark.slow
def test_several_workers_run_the_pipeline_once(tmp_path):
    """Under pytest-xdist one worker runs it, and all tell what it found."""
    project = Project(tmp_path)
    step = project.step
    nodes = {f"N{n}": step(f"N{n}", *([f"N{n - 1}"] if n else [])) for n in range(6)}
    project.pipeline({**nodes, "Bad": step("Bad", fails=True), "After": step("After", "Bad")})
    ended = project.pytest("pipeline.yaml", "-n", "2")
    told = dict.fromkeys(nodes, "passed")
    assert ended.outcomes == {**told, "Bad": "failure", "After": "skipped"}
    assert sorted(project.ran) == ["Bad", *nodes]
    assert "FAILED pipeline.yaml::Bad - failed: ValueError: no label here" in ended.out


@pytest.mark.slow
def test_the_last_failures_can_be_tried_again(tmp_path):
    """`--lf` selects the failed node, which runs with what it needs."""
    project = Project(tmp_path)
    step = project.step
    nodes = {"A": step("A"), "Bad": step("Bad", "A", fails=True), "C": step("C")}
    project.pipeline(nodes)
    assert project.pytest("pipeline.yaml").code == 1
    project.pipeline({**nodes, "Bad": step("Bad", "A")})
    again = project.pytest("pipeline.yaml", "--lf")
    assert (again.code, again.outcomes) == (0, {"Bad": "passed"})
    assert project.ran == ["A", "Bad", "C", "A", "Bad"]


@pytest.mark.slow
def test_a_named_session_is_gone_on_with(tmp_path):
    """What passed unchanged is not run again, and both runs stand in the session's history."""
    project = Project(tmp_path)
    project.pipeline({"A": project.step("A"), "B": project.step("B", "A")})
    shell = Shell(tmp_path)
    url = {"RUNTHROUGH_DATABASE_URL": f"sqlite:///{shell.database}"}
    words = ("pipeline.yaml", "--runthrough-session", "nightly", "-v")
    first, again = (project.pytest(*words, **url) for _ in range(2))
    assert (first.code, again.code) == (0, 0)
    assert project.ran == ["A", "B"]
    assert "pipeline.yaml::A REUSED" in again.out
    assert "unchanged since it passed" in again.text("B")
    told = shell.run("history", "--session", "nightly", "--json").json
    types = [row["type"] for row in told]
    assert types.count("RunStarted") == 2
    shell.run("external", "A", "--output", "out=trace.txt", "--session", "nightly")
    third = project.pytest(*words, **url)
    assert third.outcomes == {"A": "skipped", "B": "passed"}
    assert "external in this session" in third.text("A")


@pytest.mark.slow
def test_names_that_look_like_something_else_are_names(tmp_path):
    """Spaces, brackets, colons and letters of other alphabets in a node's name are only that."""
    project = Project(tmp_path)
    names = ["-k", "a b", "x::y", "it[1]", "Ünï", "'q'", "state:failed", "A+", "A"]
    project.pipeline({name: project.step(name) for name in names})
    ended = project.pytest("pipeline.yaml")
    told = ["y" if name == "x::y" else name for name in names]  # as pytest's JUnit files have it
    assert ended.outcomes == dict.fromkeys(told, "passed")
    assert sorted(project.ran) == sorted(names)
    one = project.pytest("pipeline.yaml::it[1]", "pipeline.yaml::a b")
    assert one.outcomes == {"it[1]": "passed", "a b": "passed"}


@pytest.mark.slow
def test_a_run_that_cannot_begin_fails_its_tests_with_the_reason(tmp_path):
    """A runner that is not there is told with what to type instead, and no traceback.

    A mistyped option is told once, before any test.
    """
    project = Project(tmp_path)
    project.pipeline({"A": project.step("A")})
    usage = project.pytest("pipeline.yaml", "--runthrough-runner", "rocket:")
    assert (usage.code, usage.cases) == (pytest.ExitCode.USAGE_ERROR, {})
    assert "ERROR: " in usage.out
    assert "rocket" in usage.out
    ended = project.pytest("pipeline.yaml", RUNTHROUGH_RUNNER="rocket:")
    assert ended.outcomes == {"A": "failure"}
    assert "rocket" in ended.text("A")
    assert "Traceback" not in ended.out
    ended = project.pytest("pipeline.yaml", "-p", "no:tmpdir", basetemp=None)
    assert "leave out -p no:tmpdir" in ended.text("A")
    assert "Traceback" not in ended.out


@pytest.mark.slow
def test_a_node_that_there_is_not_is_told_with_the_nearest(tmp_path):
    """A nodeid of nothing is answered with more than pytest itself would say."""
    project = Project(tmp_path)
    project.file("pipeline.yaml", "nodes: {Clean: {}, Train: {}}\n")
    ended = project.pytest("pipeline.yaml::Trian")
    assert ended.code == pytest.ExitCode.USAGE_ERROR
    assert "No node that runs a script is called 'Trian'; did you mean 'Train'?" in ended.out
    assert "pytest pipeline.yaml --collect-only -q lists them" in ended.out


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["0", "-1", "two"])
def test_jobs_that_are_no_number_from_one_are_a_mistake_of_usage(tmp_path, jobs):
    """It is told once, and no test begins."""
    project = Project(tmp_path)
    project.file("pipeline.yaml", "nodes: {Clean: {}}\n")
    ended = project.pytest("pipeline.yaml", f"--runthrough-jobs={jobs}")
    assert ended.code == pytest.ExitCode.USAGE_ERROR
    assert ended.cases == {}


@pytest.mark.slow
def test_a_machine_without_a_home_runs_it_too(tmp_path):
    """A throw-away session needs neither the user's data folder nor an id of the machine."""
    project = Project(tmp_path)
    project.pipeline({"A": project.step("A")})
    nowhere = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"), "/proc/nobody")
    ended = project.pytest("pipeline.yaml", **nowhere, RUNTHROUGH_HOST="", RUNTHROUGH_ACTOR="")
    assert ended.outcomes == {"A": "passed"}


@pytest.mark.slow
def test_ctrl_c_ends_the_scripts_too(tmp_path):
    """When pytest is interrupted its scripts are ended and the run is closed as interrupted."""
    project = Project(tmp_path)
    project.pipeline({"A": project.step("A")})
    project.file(
        "scripts/step.py",
        "import os, signal\n\n\n"
        "def main(input_paths, output_paths, environ_vars, job_args):\n"
        "    with open(environ_vars['TRACE'], 'w') as trace:\n"
        "        trace.write(environ_vars['WHO'] + ' ' + str(job_args.fails))\n"
        "    print(output_paths['out'])\n"
        f"    os.kill(int(open({str(tmp_path / 'pid')!r}).read()), signal.SIGINT)\n"
        "    signal.pause()\n",
    )
    project.file(
        "conftest.py",
        f"import os\n\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n",
    )
    ended = project.pytest("pipeline.yaml")
    assert ended.code == pytest.ExitCode.INTERRUPTED
    assert recorded(project)["run"]["status"] == "interrupted"
