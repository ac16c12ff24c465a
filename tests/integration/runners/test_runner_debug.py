"""A script at the terminal, with a person and a debugger."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tests.support.scripts import Stage, has_content, until
from tests.support.terminal import CTRL_C, CTRL_Z, Terminal

from runthrough.adapters.runners.debug import NOT_KEPT, DebugRunner
from runthrough.core.values.limits import Limits

TESTER = """
import json, os, signal, sys, termios
from runthrough.adapters.runners.debug import DebugRunner
from runthrough.core.values.attempts import ScriptRequest

def on_interrupt(*_):
    os.write(1, b"the tester was interrupted")

signal.signal(signal.SIGINT, on_interrupt)
before = termios.tcgetattr(0) if os.isatty(0) else None
with DebugRunner() as runner:
    result = runner.submit(ScriptRequest(**json.loads(sys.argv[1]))).result()
error = result.error and [result.error.type, result.error.message]
after = termios.tcgetattr(0) if os.isatty(0) else None
mine = before is None or os.tcgetpgrp(0) == os.getpgrp()
print("ENDED", json.dumps([result.outcome, result.returned.value, error, mine, before == after]))
"""
BREAKS = """
    def main(input_paths, output_paths, environ_vars, job_args):
        rows = 6
        breakpoint()
        return rows
"""


@pytest.fixture
def stage(tmp_path):
    """Scripts and attempts; whoever runs them is another program."""
    return Stage(tmp_path, None)


def told(request):
    fields = {name: getattr(request, name) for name in request.__slots__ if name != "limits"}
    return json.dumps(fields)


def ended(text):
    return json.loads(text.partition("ENDED ")[2])


def ending(terminal):
    terminal.read("ENDED ")
    return json.loads(terminal.read("\n"))


def test_breakpoint_stops_where_a_person_can_look(stage):
    """At `breakpoint()` a person types, the debugger answers, and the script goes on."""
    request = stage.request(BREAKS, timeout_s=0.01)
    with Terminal(TESTER, told(request)) as terminal:
        terminal.read("(Pdb) ")
        terminal.type("p rows * 7\n")
        assert "42" in terminal.read("(Pdb) ")
        terminal.type("rows = 7\n")
        terminal.read("(Pdb) ")
        terminal.type("c\n")
        assert ending(terminal) == ["passed", 7, None, True, True]


def test_leaving_the_debugger_ends_the_script(stage):
    """Quitting is a failure of the script, told as Python tells it."""
    request = stage.request(BREAKS)
    with Terminal(TESTER, told(request)) as terminal:
        terminal.read("(Pdb) ")
        terminal.type("q\n")
        assert ending(terminal) == ["failed", None, ["bdb.BdbQuit", ""], True, True]


def test_the_keys_of_the_terminal_are_the_scripts(stage):
    """Ctrl-C interrupts the debugger and not the tester; Ctrl-Z, which nobody answers, nothing."""
    request = stage.request(BREAKS)
    with Terminal(TESTER, told(request)) as terminal:
        terminal.read("(Pdb) ")
        shown = terminal.insist(CTRL_C, "--KeyboardInterrupt--")
        terminal.type(CTRL_Z)
        shown += terminal.insist("c\n", "ENDED ")
        assert json.loads(terminal.read("\n"))[:2] == ["passed", 6]
        assert "the tester was interrupted" not in shown


def test_ctrl_c_ends_a_script_that_runs(stage):
    """A script that does not stop by itself is interrupted, and fails as that."""
    text = "import time\ndef main():\n    print('begins')\n    time.sleep(600)\n"
    with Terminal(TESTER, told(stage.request(text))) as terminal:
        terminal.read("begins")
        terminal.type(CTRL_C)
        assert "the tester was interrupted" not in terminal.read("ENDED ")
        outcome, _, (kind, _), mine, same = json.loads(terminal.read("\n"))
        assert (outcome, kind, mine, same) == ("failed", "KeyboardInterrupt", True, True)


def test_the_terminal_comes_back_as_it_was(stage):
    """A script that is killed while it draws leaves a terminal that can be used."""
    text = "import os, tty\ndef main():\n    tty.setraw(0)\n    os.abort()\n"
    with Terminal(TESTER, told(stage.request(text))) as terminal:
        outcome, _, (_, words), mine, same = ending(terminal)
        assert (outcome, words) == ("crashed", "ended by SIGABRT (aborted)")
        assert (mine, same) == (True, True)


@pytest.mark.slow
def test_a_script_at_the_terminal_dies_with_its_tester(stage):
    """When the tester is killed nothing of the script goes on at its terminal."""
    text = """
        import os, signal, time
        from pathlib import Path
        def main(input_paths):
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            Path("pid").write_text(str(os.getpid()))
            time.sleep(600)
    """
    request = stage.request(text)
    pid, claim = Path(request.folder, "work", "pid"), Path(request.folder, "claim")
    with Terminal(TESTER, told(request)) as terminal:
        until(lambda: has_content(pid), "the script runs")
        both = int(pid.read_text()), int(claim.read_text())
        terminal.program.send_signal(signal.SIGKILL)
        until(lambda: not any(map(psutil.pid_exists, both)), "script and host are gone")


def test_a_tester_in_the_background_is_refused(stage):
    """Who does not have the terminal cannot hand it on, and is told what to type."""
    code = (
        "import subprocess, sys; "
        "subprocess.run([sys.executable, '-c', sys.argv[1], sys.argv[2]], process_group=0)"
    )
    with Terminal(code, TESTER, told(stage.request(BREAKS))) as terminal:
        terminal.read("RunnerUnavailableError: The runner debug: needs the terminal, and")
        terminal.read("bring it to the foreground (fg), or use the runner process:")


def test_a_debugger_can_be_led_by_a_file(stage):
    """Without a terminal the script reads what the tester would have read."""
    request = stage.request(BREAKS)
    tester = subprocess.run(
        [sys.executable, "-c", TESTER, told(request)],
        input="p rows * 7\nc\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "(Pdb) 42" in tester.stdout
    assert ended(tester.stdout)[:2] == ["passed", 6]


def test_what_is_said_at_the_terminal_is_in_no_log(stage):
    """Nothing is captured, and the log says why it is empty."""
    text = "import sys\ndef main():\n    print('seen')\n    print('too', file=sys.stderr)\n"
    request = stage.request(text)
    tester = subprocess.run(
        [sys.executable, "-c", TESTER, told(request)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert tester.stdout.startswith("seen\n")
    assert tester.stderr == "too\n"
    assert Path(request.folder, "stderr.log").read_bytes() == NOT_KEPT
    assert not Path(request.folder, "stdout.log").exists()


def test_a_person_may_take_their_time(stage):
    """Neither the clock nor the processor's time ends a script; other limits stay."""
    text = """
        import resource, time
        def main(input_paths):
            time.sleep(0.1)
            return [resource.getrlimit(resource.RLIMIT_CPU)[0],
                    resource.getrlimit(resource.RLIMIT_NOFILE)[0]]
    """
    request = stage.request(text, timeout_s=0.01, limits=Limits(cpu_s=1, open_files=77))
    with DebugRunner() as runner:
        assert runner.submit(request).result().returned.value == [-1, 77]


def test_one_script_has_the_terminal_at_a_time(stage):
    """Whatever is asked for, a second script waits until the first has ended."""
    text = """
        import time
        def main(input_paths):
            begun = time.monotonic()
            time.sleep(0.05)
            return [begun, time.monotonic()]
    """
    with DebugRunner(jobs=4) as runner:
        ends = [runner.submit(stage.request(text, name=f"s{n}.py")) for n in range(3)]
        times = [end.result().returned.value for end in ends]
    in_turn = [time for both in times for time in both]
    assert in_turn == sorted(in_turn)


def test_a_script_at_the_terminal_can_be_cancelled(stage):
    """Another thread of the tester may end the script that has the terminal."""
    text = "import time\nfrom pathlib import Path\ndef main():\n    Path('on').write_text('1')\n"
    request = stage.request(text + "    time.sleep(600)\n")
    with DebugRunner() as runner:
        end = runner.submit(request)
        until(lambda: has_content(Path(request.folder, "work", "on")), "the script runs")
        runner.cancel(request.attempt)
        assert end.result(timeout=10).outcome == "cancelled"
