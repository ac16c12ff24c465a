"""Time limits, cancelling, and what scripts leave behind."""

import signal
import threading
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest
from tests.support.scripts import has_content, until

from runthrough.adapters.runners.registry import open_runner
from runthrough.errors import RunnerUnavailableError

HANGS = """
    import subprocess, time
    from pathlib import Path

    def main(input_paths, output_paths, environ_vars, job_args):
        child = subprocess.Popen(["sleep", "600"])
        Path("child").write_text(str(child.pid))
        wait_for_ever()

    def wait_for_ever():
        time.sleep(600)
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"


def pid_in(path):
    until(lambda: has_content(path), f"{path} is written")
    return int(path.read_text())


def is_gone(pid):
    return not psutil.pid_exists(pid)


@pytest.mark.slow
def test_a_script_past_its_limit_is_ended_with_all_its_children(stage):
    """A script that hangs is ended at its limit, and the log says where it hung."""
    rehearsal = stage.run(HANGS, timeout_s=1.0)
    result = rehearsal.result
    assert (result.outcome, result.signal) == ("timed_out", signal.SIGTERM)
    assert (result.error.kind, result.error.message) == ("timeout", "did not end within 1 s")
    assert 1.0 <= result.duration_s < 10
    assert "most recent call first" in rehearsal.stderr
    assert f'{rehearsal.request.script}", line 11 in wait_for_ever' in result.stderr_tail
    assert is_gone(pid_in(rehearsal.work / "child"))


@pytest.mark.slow
def test_a_script_that_ignores_sigterm_is_killed_after_the_grace(stage):
    """SIGTERM is a request; SIGKILL follows when the grace is over."""
    text = STUBBORN + "import time\ndef main():\n    time.sleep(600)\n"
    result = stage.run(text, timeout_s=1.0, grace_s=0.2).result
    assert (result.outcome, result.signal) == ("timed_out", signal.SIGKILL)
    assert "line 4 in main" in result.stderr_tail


@pytest.mark.slow
def test_a_script_may_tidy_up_in_its_grace(stage):
    """What a script does on SIGTERM is done, and the outcome stays a time-out."""
    rehearsal = stage.run(
        """
        import sys, time, signal
        def main(input_paths):
            signal.signal(signal.SIGTERM, lambda *_: (print("tidy"), sys.exit(0)))
            time.sleep(600)
        """,
        timeout_s=1.0,
    )
    assert (rehearsal.result.outcome, rehearsal.stdout) == ("timed_out", "tidy\n")


@pytest.mark.slow
def test_a_script_stuck_in_c_is_ended(stage):
    """Code that never comes back to Python is ended and its stack is in the log."""
    text = "import ctypes\ndef main():\n    ctypes.PyDLL(None).sleep(600)\n"
    result = stage.run(text, timeout_s=1.0, grace_s=0.1).result
    assert result.outcome == "timed_out"
    assert "line 3 in main" in result.stderr_tail


def test_a_running_attempt_can_be_cancelled(stage):
    """Cancelling ends the script and all below it; the future yields cancelled."""
    request = stage.request(HANGS)
    future = stage.runner.submit(request)
    child = pid_in(Path(request.folder, "work", "child"))
    stage.runner.cancel(request.attempt)
    result = future.result(timeout=10)
    assert (result.outcome, result.error) == ("cancelled", None)
    assert is_gone(child)


def test_a_waiting_attempt_can_be_cancelled(stage, runner_url):
    """An attempt that is cancelled before its turn is never started."""
    with closing(open_runner(runner_url, 1)) as runner:
        first = stage.request(HANGS)
        second = stage.request("def main():\n    pass\n", name="second.py")
        running, waiting = runner.submit(first), runner.submit(second)
        runner.cancel(second.attempt)
        runner.cancel(first.attempt)
        assert running.result(timeout=10).outcome == "cancelled"
        assert waiting.result(timeout=10).outcome == "cancelled"
    assert not Path(second.folder, "claim").exists()


def test_cancelling_at_once_is_heard(stage):
    """A cancel that arrives with the request, while the interpreter starts, is not lost."""
    request = stage.request(HANGS)
    future = stage.runner.submit(request)
    until(lambda: Path(request.folder, "stderr.log").exists(), "the interpreter starts")
    stage.runner.cancel(request.attempt)
    assert future.result(timeout=10).outcome == "cancelled"


def test_cancelling_what_ended_or_never_was_does_nothing(stage):
    """An attempt that is over stays as it ended."""
    rehearsal = stage.run("def main():\n    pass\n")
    stage.runner.cancel(rehearsal.request.attempt)
    stage.runner.cancel("never heard of")
    assert rehearsal.result.outcome == "passed"


def test_closing_ends_everything(stage, runner_url):
    """Closing a runner cancels what runs, and it starts nothing more."""
    runner = open_runner(runner_url, 1)
    request = stage.request(HANGS)
    future = runner.submit(request)
    child = pid_in(Path(request.folder, "work", "child"))
    runner.close()
    assert future.result().outcome == "cancelled"
    assert is_gone(child)
    with pytest.raises(RunnerUnavailableError, match="was closed"):
        runner.submit(stage.request("def main():\n    pass\n"))


@pytest.mark.parametrize("new_session", [False, True])
def test_grandchildren_do_not_outlive_the_script(stage, new_session):
    """What a script leaves running is ended, also where it left the group; the log says so."""
    rehearsal = stage.run(
        f"""
        import subprocess
        def main(input_paths):
            return subprocess.Popen(["sleep", "600"], start_new_session={new_session}).pid
        """
    )
    assert rehearsal.result.outcome == "passed"
    assert is_gone(rehearsal.result.returned.value)
    assert "ended 1 process(es) that the script left behind" in rehearsal.stderr


def test_a_daemon_forked_twice_is_found(stage):
    """A process that cut every tie to the script is ended all the same."""
    rehearsal = stage.run("""
        import os, time
        def main(input_paths):
            ends, begins = os.pipe()
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.write(begins, str(os.getpid()).encode())
                    time.sleep(600)
                os._exit(0)
            os.wait()
            return int(os.read(ends, 20))
    """)
    assert is_gone(rehearsal.result.returned.value)


def test_what_is_about_to_end_may_end_by_itself(stage):
    """A child that needs a moment more than the script finishes its work."""
    rehearsal = stage.run("""
        import subprocess
        def main(input_paths):
            subprocess.Popen(["sh", "-c", "sleep 0.01; echo done"])
    """)
    assert (rehearsal.stdout, rehearsal.stderr) == ("done\n", "")


def test_nobody_is_left_as_a_zombie(stage):
    """Soon after the result no process of the attempt is left, not even a dead one."""

    def children():
        return {process.pid for process in psutil.Process().children(recursive=True)}

    before = children()
    stage.run("def main():\n    pass\n")
    kept = 2  # by a runner: a server, and a process that waits for the next script
    hosts = set()
    for body in ("pass", "import os; os.abort()", "import os; os.fork() or os._exit(0)"):
        rehearsal = stage.run(f"def main():\n    {body}\n")
        hosts.add(int((rehearsal.folder / "claim").read_text()))
    until(lambda: not hosts & children(), "the hosts are gone")
    until(lambda: len(children()) <= len(before) + kept, "all else is gone")


def test_an_attempt_does_not_run_twice(stage):
    """The folder of an attempt is claimed once; a second try is refused and runs nothing."""
    text = "def main():\n    print('ran')\n    return 1\n"
    first = stage.run(text)
    second = stage.runner.submit(first.request).result()
    assert (second.outcome, second.error.kind) == ("failed", "start")
    assert "was started before, and no attempt runs twice" in second.error.message
    assert first.stdout == "ran\n"


def test_of_two_at_once_one_runs(stage):
    """Two testers that start the same attempt at the same moment run it once."""
    request = stage.request("import time\ndef main():\n    print('ran'); time.sleep(0.1)\n")
    ends = [stage.runner.submit(request) for _ in range(2)]
    assert sorted(end.result().outcome for end in ends) == ["failed", "passed"]
    assert Path(request.folder, "stdout.log").read_text() == "ran\n"


def test_two_run_side_by_side(stage):
    """With two jobs, two scripts that wait for each other both pass."""
    text = """
        import time
        from pathlib import Path
        def main(input_paths, output_paths, environ_vars, job_args):
            Path(output_paths["mine"]).touch()
            while not Path(output_paths["other"]).exists():
                time.sleep(0.01)
    """
    one, two = str(stage.root / "one"), str(stage.root / "two")
    ends = [
        stage.runner.submit(stage.request(text, output_paths=paths, timeout_s=15.0))
        for paths in ({"mine": one, "other": two}, {"mine": two, "other": one})
    ]
    assert [end.result().outcome for end in ends] == ["passed", "passed"]


def test_the_script_dies_with_its_host(stage):
    """When the host is killed the script does not go on, and the future says what happened."""
    request = stage.request(
        "import os, time\nfrom pathlib import Path\n"
        "def main():\n    Path('pid').write_text(str(os.getpid()))\n    time.sleep(600)\n"
    )
    future = stage.runner.submit(request)
    script = pid_in(Path(request.folder, "work", "pid"))
    psutil.Process(int(Path(request.folder, "claim").read_text())).kill()
    result = future.result(timeout=10)
    assert (result.outcome, result.signal, result.error.kind) == ("crashed", 9, "signal")
    assert "watched over the script was ended by SIGKILL" in result.error.message
    until(lambda: is_gone(script), "the script is gone")


def test_a_closed_runner_keeps_nothing(stage, runner_url):
    """Closing frees the threads that waited for scripts, and the processes that ran them."""
    threads = set(threading.enumerate())
    children = set(psutil.Process().children(recursive=True))
    runner = open_runner(runner_url, 2)
    ends = [runner.submit(stage.request("def main():\n    pass\n")) for _ in range(2)]
    assert [end.result().outcome for end in ends] == ["passed", "passed"]
    runner.close()
    kept = {one for one in set(threading.enumerate()) - threads if "runthrough" in one.name}
    assert kept == set()
    assert set(psutil.Process().children(recursive=True)) <= children


def test_fifty_scripts_leave_no_file_open(stage):
    """Neither the tester nor what it keeps running has more files open than before."""

    def opened():
        count = 0
        for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
            with suppress(psutil.NoSuchProcess):  # it ended while we looked
                count += process.num_fds()
        return count

    texts = ["def main():\n    pass\n", "import os\ndef main():\n    os.abort()\n"]
    for text in texts:  # a runner may open something for good when it is first used
        stage.run(text)
    before = opened()
    room = 12  # for a process that waits for the next script, or one that is about to end
    for text in texts * 25:
        stage.run(text)
    until(lambda: opened() <= before + room, "no more files are open")
