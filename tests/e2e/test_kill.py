"""SIGKILL of the tester at many moments: the same `run` typed again completes."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.support.scale import scaled

SCRIPT = """
import os, time
from pathlib import Path

def main(input_paths, output_paths, environ_vars, job_args):
    Path(environ_vars["SEEN"]).joinpath(Path.cwd().parent.name).open("x").close()
    time.sleep(0.15)
    while Path(environ_vars["HOLD"]).exists():
        time.sleep(0.02)
    text = Path(input_paths["text"]).read_text() + "x"
    Path(output_paths["text"]).write_text(text)
"""
NODES = ("a", "b", "c", "d")
EVENTS_OF_A_RUN = 1 + 2 * len(NODES) + len(NODES) - 1 + 1
"""RunStarted, two a node, a check an edge, RunFinished."""
DEADLINE_S = 60


def runthrough(folder, *words):
    env = {**os.environ, "RUNTHROUGH_DATABASE_URL": f"sqlite:///{folder}/log.db"}
    return subprocess.Popen(
        [sys.executable, "-m", "runthrough", *words],
        cwd=folder,
        env={**env, "RUNTHROUGH_ACTOR": "ann"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(process):
    printed, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, printed
    return printed


def pipeline(folder):
    folder.joinpath("scripts").mkdir()
    folder.joinpath("seen").mkdir()
    folder.joinpath("start.txt").write_text("x")
    lines = ["name: chain", "nodes:"]
    for above, node in zip((None, *NODES), NODES, strict=False):
        folder.joinpath("scripts", f"{node}.py").write_text(SCRIPT)
        source = f"{{from: {above}.text}}" if above else "start.txt"
        variables = f"{{SEEN: {folder}/seen, HOLD: {folder}/hold}}"
        lines.append(f"  {node}: {{inputs: {{text: {source}}}, environ_vars: {variables}}}")
    folder.joinpath("pipeline.yaml").write_text("\n".join(lines))
    finished(runthrough(folder, "new", "pipeline.yaml", "--name", "chain"))
    return folder


def events(folder):
    database = sqlite3.connect(f"file:{folder}/log.db?mode=ro", uri=True)
    try:
        rows = database.execute(
            "SELECT type, subject, payload, version FROM events ORDER BY position"
        ).fetchall()
    finally:
        database.close()
    return [(kind, node, json.loads(payload), version) for kind, node, payload, version in rows]


def until(condition, process):
    """Wait for a condition, or for the process to be through."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition() and process.poll() is None:
        assert time.monotonic() < deadline, "the moment never came"


def completed(folder):
    finished(runthrough(folder, "run"))
    finished(runthrough(folder, "audit", "verify"))
    log = events(folder)
    started = Counter(p["attempt"] for kind, _, p, _ in log if kind == "ScriptStarted")
    ended = Counter(p["attempt"] for kind, _, p, _ in log if kind == "ScriptExecuted")
    assert set(started.values()) == {1}
    assert started == ended, "an attempt without its end, or with two"
    passed = Counter(
        node for kind, node, p, _ in log if kind == "ScriptExecuted" and p["outcome"] == "passed"
    )
    assert passed == dict.fromkeys(NODES, 1), "a node that had passed ran again"
    ran = {file.name for file in folder.joinpath("seen").iterdir()}
    assert ran <= set(started), "a script ran that nobody had claimed"
    assert [version for *_, version in log] == list(range(1, len(log) + 1))
    assert Path(last_text(folder, log)).read_text() == "x" * (len(NODES) + 1)
    return log


def last_text(folder, log):
    (path,) = [
        p["outputs"][0]["path"]
        for kind, node, p, _ in log
        if kind == "ScriptExecuted" and node == NODES[-1] and p["outcome"] == "passed"
    ]
    (session,) = folder.joinpath(".runthrough").glob("*-*")
    return session / path.removeprefix("session:")


@pytest.mark.slow
@pytest.mark.parametrize("count", range(1, EVENTS_OF_A_RUN))
def test_a_run_killed_after_any_of_its_events_is_completed_by_the_next(tmp_path, count):
    """Killed as soon as so many events of the run are stored, the same run again completes it."""
    folder = pipeline(tmp_path)
    before = len(events(folder))
    process = runthrough(folder, "run")
    until(lambda: len(events(folder)) >= before + count, process)
    process.kill()
    process.communicate(timeout=DEADLINE_S)
    log = completed(folder)
    runs = [p["status"] for kind, _, p, _ in log if kind == "RunFinished"]
    assert runs[-1] == "passed"


@pytest.mark.slow
@pytest.mark.parametrize("node", NODES)
def test_a_script_that_was_running_at_the_kill_is_lost_and_runs_anew(tmp_path, node):
    """Killed while a script sleeps, its attempt is `lost` and a second attempt passes."""
    folder = pipeline(tmp_path)
    process = runthrough(folder, "run")
    until(lambda: len(list(folder.joinpath("seen").iterdir())) > NODES.index(node), process)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=DEADLINE_S)
    log = completed(folder)
    outcomes = [p["outcome"] for kind, n, p, _ in log if kind == "ScriptExecuted" and n == node]
    assert outcomes in (["lost", "passed"], ["passed"])


@pytest.mark.slow
@pytest.mark.parametrize("node", NODES)
def test_a_script_whose_result_was_written_is_not_run_again(tmp_path, node):
    """Killed as soon as a script's result file is there, its outcome is adopted."""
    folder = pipeline(tmp_path)
    process = runthrough(folder, "run")
    until(lambda: list(folder.glob(f".runthrough/*/runs/*/{node}/*/result.json")), process)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=DEADLINE_S)
    log = completed(folder)
    outcomes = [p["outcome"] for kind, n, p, _ in log if kind == "ScriptExecuted" and n == node]
    assert outcomes == ["passed"]


@pytest.mark.slow
def test_a_run_whose_tester_lives_is_refused(tmp_path):
    """A second `run` beside a living one says who holds it, exits with 4, and changes nothing."""
    folder = pipeline(tmp_path)
    hold = folder / "hold"
    hold.touch()
    first = runthrough(folder, "run")
    until(lambda: list(folder.joinpath("seen").iterdir()), first)
    second = runthrough(folder, "run")
    printed, _ = second.communicate(timeout=DEADLINE_S)
    assert second.returncode == 4, printed
    assert "A run is in progress by ann" in printed
    hold.unlink()
    finished(first)
    completed_runs = [kind for kind, *_ in events(folder) if kind == "RunFinished"]
    assert completed_runs == ["RunFinished"]


# ---- every event of a run with parallel and failing parts

PART = """
import sys
from pathlib import Path

def main(input_paths, output_paths, environ_vars, job_args):
    folder = Path.cwd().parent
    Path(environ_vars["SEEN"], f"{folder.parent.name} {folder.name}").open("x").close()
    if {fails} and Path(environ_vars["BROKEN"]).exists():
        sys.exit("broken on purpose")
    texts = [{inputs}]
    Path(output_paths["text"]).write_text("".join(texts) + "x")
"""
ABOVE = {
    "root": (),
    "left": ("root",),
    "right": ("root",),
    "join": ("left", "right"),
    "end": ("join",),
    "bad": ("root",),
    "below_bad": ("bad",),
    "also_below": ("bad",),
    "worse": (),
    "last": ("worse",),
    "p": (),
    "pp": ("p",),
    "ppp": ("pp",),
    "q": (),
    "qq": ("q",),
    "qqq": ("qq",),
    "one": (),
    "two": (),
    "three": (),
    "four": (),
    "five": (),
}
"""Node → what feeds it: a diamond, chains, single nodes, and what fails or lies below it."""
FAILING = {"bad": 2, "worse": 1}
"""Node that fails in the first run → how many nodes are blocked by it."""
RAN_FIRST = set(ABOVE) - {"below_bad", "also_below", "last"}
POINTS = (
    1
    + 2 * len(RAN_FIRST)
    + sum(FAILING.values())
    + sum(above not in FAILING for feeds in ABOVE.values() for above in feeds)
    + 1
)
"""RunStarted; two a node that runs; one a blocked node; a check an edge; RunFinished."""
TESTER = """
import os, signal, sys
from runthrough.bootstrap import wire

recorded = []

def told(envelope):
    recorded.append(envelope)
    if len(recorded) == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)

with wire("cli", cwd=os.getcwd(), environ=os.environ) as application:
    application.sessions.open("@last").run(jobs=3, told=told)
"""


def branching(folder):
    """A session over nodes of which two fail as long as the file `broken` is there."""
    folder.joinpath("scripts").mkdir()
    folder.joinpath("seen").mkdir()
    folder.joinpath("broken").touch()
    lines = ["name: branching", "nodes:"]
    variables = f"{{SEEN: {folder}/seen, BROKEN: {folder}/broken}}"
    for node, feeds in ABOVE.items():
        reads = "".join(f"Path(input_paths['{above}']).read_text()," for above in feeds)
        source = PART.replace("{fails}", repr(node in FAILING)).replace("{inputs}", reads)
        folder.joinpath("scripts", f"{node}.py").write_text(source)
        wired = ", ".join(f"{above}: {{from: {above}.text}}" for above in feeds)
        lines.append(f"  {node}: {{inputs: {{{wired}}}, environ_vars: {variables}}}")
    folder.joinpath("pipeline.yaml").write_text("\n".join(lines))
    finished(runthrough(folder, "new", "pipeline.yaml", "--name", "branching"))
    return folder


def ran_by_node(folder):
    """How many attempts at each node have begun to run."""
    return Counter(file.name.split()[0] for file in folder.joinpath("seen").iterdir())


def passed_by_result(folder):
    """The nodes that have a whole result which says that they passed."""
    written = folder.glob(".runthrough/*/runs/*/*/*/result.json")
    return {
        path.parents[1].name
        for path in written
        if json.loads(path.read_text())["outcome"] == "passed"
    }


def points():
    """So many of all moments as the scale asks for, evenly spread; one belongs to `make test`."""
    count = scaled(6, POINTS)
    spread = sorted({1 + (POINTS - 1) * number // (count - 1) for number in range(count)})
    quick = spread[len(spread) // 2]
    return [
        pytest.param(point, marks=() if point == quick else pytest.mark.slow) for point in spread
    ]


@pytest.mark.parametrize("point", points())
def test_a_tester_killed_at_an_event_is_succeeded_without_running_anything_twice(tmp_path, point):
    """Killed right after an event of a run was recorded; the same run completes what is left."""
    folder = branching(tmp_path)
    before = len(events(folder))
    command = [sys.executable, "-c", TESTER, str(point)]
    env = {**os.environ, "RUNTHROUGH_DATABASE_URL": f"sqlite:///{folder}/log.db"}
    killed = subprocess.run(
        command,
        cwd=folder,
        env={**env, "RUNTHROUGH_ACTOR": "ann"},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert len(events(folder)) - before >= point
    passed, ran = passed_by_result(folder), ran_by_node(folder)
    folder.joinpath("broken").unlink()
    finished(runthrough(folder, "run", "-j", "3"))
    finished(runthrough(folder, "audit", "verify"))

    again = {node: ran_by_node(folder)[node] - ran[node] for node in passed}
    assert again == dict.fromkeys(passed, 0), "a node whose result was complete ran again"
    log = events(folder)
    started = Counter(p["attempt"] for kind, _, p, _ in log if kind == "ScriptStarted")
    ended = Counter(p["attempt"] for kind, _, p, _ in log if kind == "ScriptExecuted")
    assert set(started.values()) == {1}
    assert started == ended, "an attempt without its end, or with two"
    assert {f.name.split()[1] for f in folder.joinpath("seen").iterdir()} <= set(started)
    ends = [(node, p) for kind, node, p, _ in log if kind == "ScriptExecuted"]
    assert Counter(node for node, p in ends if p["outcome"] == "passed") == Counter(list(ABOVE))
    assert [p["status"] for kind, _, p, _ in log if kind == "RunFinished"][-1] == "passed"
    (text,) = [p["outputs"][0]["path"] for node, p in ends if node == "end" and p["outputs"]]
    (session,) = folder.joinpath(".runthrough").glob("*-*")
    assert (session / text.removeprefix("session:")).read_text() == "x" * 6


@pytest.mark.slow
def test_the_moments_are_all_events_of_the_run(tmp_path):
    """A run that nobody kills has exactly as many events as there are moments to kill it."""
    folder = branching(tmp_path)
    before = len(events(folder))
    failed = runthrough(folder, "run", "-j", "3")
    printed, _ = failed.communicate(timeout=DEADLINE_S)
    assert failed.returncode == 1, printed
    assert len(events(folder)) - before == POINTS
