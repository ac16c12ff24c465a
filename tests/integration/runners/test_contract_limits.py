"""What a script may use, and how it is told that it came to that."""

import sys

import psutil
import pytest

from runthrough.core.values.limits import Limits

MIB = 1 << 20
SMALL = Limits(memory_bytes=64 * MIB)


def test_a_script_that_asks_for_too_much_memory_gets_none(stage):
    """What a script may not have raises as on a full machine, and names the limit."""
    rehearsal = stage.run("def main():\n    bytearray(200 << 20)\n", limits=SMALL)
    result = rehearsal.result
    assert (result.outcome, result.error.type) == ("failed", "MemoryError")
    words = "the script may use 64 MiB of memory; raise limits.memory, or let it use less"
    assert result.error.message == words
    assert [frame.line for frame in result.error.frames] == [2]
    assert rehearsal.stderr.endswith(f"MemoryError\nrunthrough: {words}\n")
    assert result.peak_rss_bytes < 64 * MIB


@pytest.mark.parametrize(
    "raised",
    [
        "OSError(12, 'Cannot allocate memory')",
        "ImportError('libx.so: Cannot allocate memory')",
        'RuntimeError("can\'t start new thread")',
    ],
)
def test_memory_that_ran_out_in_other_words_names_the_limit(stage, raised):
    """Libraries, threads and processes that do not fit in say so in words of their own."""
    text = f"def main():\n    raise {raised}\n"
    message = stage.run(text, limits=SMALL).result.error.message
    assert message.endswith("; the script may use 64 MiB of memory; raise limits.memory, "
                            "or let it use less")  # fmt: skip
    assert "limits" not in stage.run(text).result.error.message


def test_a_script_may_catch_what_it_cannot_have(stage):
    """Who goes on with less has passed."""
    text = """
        def main(input_paths):
            try:
                bytearray(200 << 20)
            except MemoryError:
                return "in blocks, then"
    """
    assert stage.run(text, limits=SMALL).result.returned.value == "in blocks, then"


def test_what_is_below_a_script_counts_together(stage):
    """Children that each keep the limit are ended with the script when their sum does not."""
    child = "x = bytearray(b'1' * (20 << 20)); import time; time.sleep(600)"
    rehearsal = stage.run(
        f"""
        import subprocess, time
        from pathlib import Path
        def main(input_paths):
            children = [subprocess.Popen([{sys.executable!r}, "-c", {child!r}]) for _ in "abcd"]
            Path("pids").write_text(" ".join(str(child.pid) for child in children))
            time.sleep(600)
        """,
        limits=SMALL,
    )
    result = rehearsal.result
    assert (result.outcome, result.error.kind, result.signal) == ("failed", "signal", 15)
    assert result.error.message == (
        "used more than 64 MiB of memory, together with all that it started; "
        "raise limits.memory, or let it use less"
    )
    assert "in main" in rehearsal.stderr
    pids = map(int, (rehearsal.work / "pids").read_text().split())
    assert not any(map(psutil.pid_exists, pids))


def test_memory_that_processes_share_counts_once(stage):
    """Forked workers that read what their parent holds are not taken for copies of it."""
    rehearsal = stage.run(
        """
        import os, time
        def main(input_paths):
            rows = bytearray(b"1" * (30 << 20))
            for _ in range(4):
                if os.fork() == 0:
                    time.sleep(0.6)
                    os._exit(0)
            time.sleep(0.6)
        """,
        limits=Limits(memory_bytes=100 * MIB),
    )
    assert (rehearsal.result.outcome, rehearsal.result.error) == ("passed", None)


def test_a_crash_under_a_limit_of_memory_names_it(stage):
    """A library that crashes where it gets no memory does not say why; the words do."""
    result = stage.run("import os\ndef main():\n    os.abort()\n", limits=SMALL).result
    assert result.outcome == "crashed"
    assert result.error.message == "ended by SIGABRT (aborted); its limit of memory is 64 MiB"


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (3 << 30, "3 GiB"),
        (1536 * MIB, "1536 MiB"),
        (99_999 << 10, "99999 KiB"),
        (10**10 + 1, None),
    ],
)
def test_a_size_is_told_as_it_was_meant(stage, size, words):
    """Sizes are told in the largest unit in which they are whole."""
    text = "def main():\n    raise MemoryError('no rows')\n"
    message = stage.run(text, limits=Limits(memory_bytes=size)).result.error.message
    told = words or f"{size} bytes"
    assert message.startswith(f"no rows; the script may use {told} of memory; ")


@pytest.mark.slow
def test_a_script_that_computes_for_too_long_is_ended(stage):
    """Processor time is bounded; the log shows where it went."""
    rehearsal = stage.run("def main():\n    while True: pass\n", limits=Limits(cpu_s=1))
    result = rehearsal.result
    assert (result.outcome, result.signal) == ("crashed", 24)
    assert result.error.message == (
        "used more than 1 s of processor time; raise limits.cpu_s, or let it compute less"
    )
    assert f'File "{rehearsal.request.script}", line 2 in main' in rehearsal.stderr
    assert 0.5 < result.cpu_s < 2  # the kernel counts in ticks what the limit is compared with


@pytest.mark.slow
def test_a_script_that_does_not_listen_is_killed_in_the_same_words(stage):
    """SIGKILL follows SIGXCPU, and is not taken for a machine without memory."""
    text = (
        "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\n"
        "def main():\n    while True: pass\n"
    )
    result = stage.run(text, limits=Limits(cpu_s=1), grace_s=0.0).result
    assert (result.outcome, result.signal) == ("crashed", 9)
    assert result.error.message.startswith("used more than 1 s of processor time; raise")


@pytest.mark.slow
def test_waiting_costs_no_processor_time(stage):
    """A script that sleeps past its processor seconds has used none of them."""
    text = "import time\ndef main():\n    time.sleep(1.1)\n"
    assert stage.run(text, limits=Limits(cpu_s=1)).result.outcome == "passed"


def test_a_kill_long_before_the_limit_is_a_kill(stage):
    """Words about processor time are for those who used it up."""
    text = "import os\ndef main():\n    os.kill(os.getpid(), 9)\n"
    message = stage.run(text, limits=Limits(cpu_s=1)).result.error.message
    assert message.startswith("ended by SIGKILL (killed; often the system")


def test_a_script_that_opens_too_many_files_is_told_the_limit(stage):
    """Files are bounded; the error names the limit, and the frames have their sources."""
    text = """
        def main(input_paths):
            kept = []
            for _ in range(100):
                kept.append(open('/dev/null'))
    """
    result = stage.run(text, limits=Limits(open_files=32)).result
    assert (result.outcome, result.error.type) == ("failed", "OSError")
    assert result.error.message == (
        "[Errno 24] Too many open files: '/dev/null'; the script may have 32 open files; "
        "raise limits.open_files, or let it close those it has done with"
    )
    assert "open('/dev/null')" in "".join(result.error.frames[0].source)
    assert stage.run(text, limits=Limits(open_files=200)).result.outcome == "passed"


def test_limits_hold_for_what_a_script_starts(stage):
    """A child cannot have what its script may not have."""
    text = """
        import subprocess, sys
        def main(input_paths):
            code = "import resource as r; print(*[r.getrlimit(x)[0] for x in ({names})])"
            return subprocess.check_output([sys.executable, "-c", code], text=True).split()
    """.format(names="r.RLIMIT_DATA, r.RLIMIT_CPU, r.RLIMIT_NOFILE")
    limits = Limits(memory_bytes=100 * MIB, cpu_s=7, open_files=99)
    found = stage.run(text, limits=limits).result.returned.value
    assert found == [str(100 * MIB), "7", "99"]


@pytest.mark.parametrize("runner_url", ["process:"], indirect=True)
def test_who_has_no_limits_pays_for_none(stage):
    """Nothing that limits need is imported where there are none."""
    text = """
        import sys
        def main(input_paths):
            return sorted({"resource", "errno", "json", "signal", "select"} & set(sys.modules))
    """
    assert stage.run(text).result.returned.value == []
    assert stage.run(text, limits=Limits(open_files=99)).result.returned.value == ["resource"]


def test_limits_that_no_machine_has_bound_nothing(stage):
    """A number that the system cannot hold is no error."""
    limits = Limits(memory_bytes=1 << 70, cpu_s=1 << 70, open_files=1 << 70)
    assert stage.run("def main():\n    return 1\n", limits=limits).result.outcome == "passed"


@pytest.mark.parametrize("limits", [Limits(memory_bytes=1), Limits(open_files=1)])
def test_a_limit_below_what_an_interpreter_takes_is_told(stage, limits):
    """A script that cannot even be imported fails in words that name the limit."""
    text = "import decimal, difflib\ndef main():\n    return [0] * 10_000_000\n"
    result = stage.run(text, limits=limits).result
    assert result.outcome == "failed"
    assert "raise limits." in result.error.message
