"""What scripts say: all of it in the log files, little of it anywhere else."""

from pathlib import Path

import psutil
import pytest
from tests.support.scripts import until

from runthrough.core.values.outcomes import LOG_TAIL_BYTES

MIB = 1 << 20
TALKS = """
    import os
    from pathlib import Path
    def main(input_paths, output_paths, environ_vars, job_args):
        line = ("x" * 1023 + "\\n").encode() * 1024
        for _ in range(job_args.mib):
            os.write(1, line)
        print("the end")
        status = Path("/proc", str(os.getppid()), "status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
"""


@pytest.mark.slow
@pytest.mark.parametrize("secrets", [(), ("s3cr3t-key",)])
def test_a_gibibyte_of_output_takes_no_memory(stage, secrets):
    """The file has all that was said; tester and host hold next to nothing of it."""
    before = psutil.Process().memory_info().rss
    request = stage.request(TALKS, job_args={"mib": 1024}, secrets=secrets)
    result = stage.runner.submit(request).result(timeout=300)
    assert result.outcome == "passed"
    assert result.stdout_bytes == 1024 * MIB + len("the end\n")
    assert len(result.stdout_tail.encode()) == LOG_TAIL_BYTES
    assert result.stdout_tail.endswith("x\nthe end\n")
    assert result.returned.value < 64 * MIB
    assert psutil.Process().memory_info().rss - before < 32 * MIB
    log = Path(request.folder, "stdout.log")
    assert log.stat().st_size == result.stdout_bytes
    log.unlink()


@pytest.mark.parametrize("secrets", [(), ("s3cr3t-key",)])
def test_each_log_is_in_the_order_of_what_was_said(stage, secrets):
    """Python, C, children and threads: what was said first stands first."""
    rehearsal = stage.run(
        """
        import ctypes, os, subprocess, sys, threading
        def main(input_paths):
            for n in range(3):
                print("python", n)
                os.write(1, f"system {n}\\n".encode())
                subprocess.run(["echo", "child", str(n)])
                thread = threading.Thread(target=print, args=("thread", n))
                thread.start()
                thread.join()
                ctypes.CDLL(None).write(1, b"c\\n", 2)
                print("error", n, file=sys.stderr)
        """,
        secrets=secrets,
    )
    said = ("python {}", "system {}", "child {}", "thread {}", "c")
    assert rehearsal.stdout.splitlines() == [
        word.format(n) for n in range(3) for word in said
    ]  # fmt: skip
    assert rehearsal.stderr == "error 0\nerror 1\nerror 2\n"


def test_a_line_can_be_read_while_the_script_runs(stage, tmp_path):
    """Whoever watches a script sees each line when it was said."""
    go_on = tmp_path / "go on"
    request = stage.request(
        """
        import time
        from pathlib import Path
        def main(job_args):
            print("first")
            while not Path(job_args.go_on).exists():
                time.sleep(0.005)
        """,
        job_args={"go_on": str(go_on)},
    )
    ending = stage.runner.submit(request)
    log = Path(request.folder, "stdout.log")
    until(lambda: log.exists() and log.read_text() == "first\n", "the line is there")
    assert not ending.done()
    go_on.touch()
    assert ending.result(timeout=20).outcome == "passed"


def test_what_was_said_before_a_kill_is_kept(stage):
    """No line waits in a buffer that a kill would empty."""
    rehearsal = stage.run(
        "import os, sys\ndef main():\n    print('out', end=''); sys.stderr.write('err')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    assert (rehearsal.result.stdout_tail, rehearsal.result.stderr_tail) == ("out", "err")


def test_a_full_disk_is_the_scripts_error(stage):
    """A log that cannot grow fails the script that writes it, in the system's words."""
    request = stage.request("def main():\n    print('a line')\n")
    Path(request.folder, "stdout.log").symlink_to("/dev/full")
    result = stage.runner.submit(request).result(timeout=20)
    assert (result.outcome, result.error.type) == ("failed", "OSError")
    assert result.error.message == "[Errno 28] No space left on device"
