"""What a script finds around it, and what it cannot disturb."""

import os
import sys
from pathlib import Path

import pytest
from tests.support.runners import LOCAL

from runthrough.adapters.runners.hosting import BASE_ENVIRONMENT, environment


@pytest.mark.parametrize("runner_url", LOCAL, indirect=True)
def test_the_environment_is_exactly_what_was_resolved(stage, monkeypatch):
    """A script sees the clean base, what it inherits and its variables; nothing else leaks."""
    monkeypatch.setenv("LEAK", "of the tester")
    monkeypatch.setenv("PYTHONPATH", "/of/the/tester")
    monkeypatch.setenv("CUDA_HOME", "/cuda")
    monkeypatch.setenv("LC_TIME", "C")
    rehearsal = stage.run(
        "import os\ndef main(environ_vars):\n    return [dict(os.environ), environ_vars]\n",
        environ_vars={"LABEL": "y", "TZ": "UTC"},
        inherit_env=("CUDA_HOME", "NOT_SET"),
    )
    seen, given = rehearsal.result.returned.value
    assert given == {"LABEL": "y", "TZ": "UTC"}
    assert seen == environment(rehearsal.request, ours=os.environ)
    assert {
        "LABEL": "y",
        "TZ": "UTC",
        "CUDA_HOME": "/cuda",
        "LC_TIME": "C",
    }.items() <= seen.items()
    extra = {"LABEL", "CUDA_HOME", "PYTHONUNBUFFERED"}
    others = {name for name in seen if name not in BASE_ENVIRONMENT | extra}
    assert all(name.startswith("LC_") for name in others)


def test_an_environment_that_cannot_be_passed_on_is_told(stage):
    """A variable that no system can carry is a failure to start, not an error of ours."""
    result = stage.run("def main():\n    pass\n", environ_vars={"LABEL": "a\0b"}).result
    assert (result.outcome, result.error.kind) == ("failed", "start")
    assert result.error.message.startswith("The environment cannot be passed on: ")


def test_a_script_works_in_a_fresh_folder_of_its_own(stage):
    """The working folder is the attempt's, and empty at the start."""
    rehearsal = stage.run("import os\ndef main():\n    return [os.getcwd(), os.listdir()]\n")
    assert rehearsal.result.returned.value == [str(rehearsal.work), []]


def test_what_a_script_changes_stays_with_it(stage):
    """A script may change folder, environment, limits and signals; the tester notices nothing."""
    before = (Path.cwd(), dict(os.environ), list(sys.path))
    rehearsal = stage.run("""
        import os, resource, shutil, signal, sys
        def main(input_paths):
            os.environ.clear()
            os.environ["LABEL"] = "changed"
            shutil.rmtree(os.getcwd())
            os.chdir("/")
            os.umask(0o777)
            resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            sys.path.clear()
            sys.stdout = sys.stderr = None
    """)
    assert rehearsal.result.outcome == "passed"
    assert (Path.cwd(), dict(os.environ), list(sys.path)) == before
    assert stage.run("def main():\n    return 1\n").result.returned.value == 1


def test_a_script_finds_nothing_of_the_one_before(stage):
    """What a script changed in its process, its folder or its modules is gone for the next."""
    changes = """
        import json, os, resource, sys, time
        def main(input_paths):
            os.environ["LABEL"] = os.environ["LEFT"] = "behind"
            os.environ["TZ"] = "Pacific/Chatham"
            time.tzset()
            os.chdir("/")
            os.umask(0o777)
            os.nice(3)
            sys.path.append("/left/behind")
            sys.setrecursionlimit(345)
            json.left = sys.left = True
    """
    looks = """
        import json, os, resource, sys, time
        def main(input_paths):
            umask = os.umask(0)
            return [dict(os.environ), time.tzname, os.getcwd(), umask, os.nice(0), sys.path[1:],
                    sys.getrecursionlimit(), hasattr(json, "left"), hasattr(sys, "left")]
    """
    first = stage.run(looks).result.returned.value
    assert stage.run(changes).result.outcome == "passed"
    later = stage.run(looks)
    cwd = str(later.work)
    assert later.result.returned.value == [*first[:2], cwd, *first[3:]]
    assert (first[0]["LABEL"], first[-2:]) == ("y", [False, False])


def test_a_script_leads_a_group_of_its_own(stage):
    """Signals to its group reach it and what it starts, and nobody else."""
    text = "import os\ndef main():\n    return [os.getpid(), os.getpgrp(), os.getsid(0)]\n"
    pid, group, session = stage.run(text).result.returned.value
    assert pid == group == session
    assert group != os.getpgrp()


def test_a_script_that_removes_its_own_folder_is_told(stage):
    """Where the attempt's folder is gone there is no result, and the words say so."""
    result = stage.run("""
        import os, shutil
        def main(input_paths):
            shutil.rmtree(os.path.dirname(os.getcwd()))
    """).result
    assert (result.outcome, result.error.kind) == ("failed", "start")
    assert "left no result" in result.error.message


def test_standard_input_is_empty(stage):
    """A script that reads from the terminal reads nothing; the tester's pipe is not its own."""
    result = stage.run("""
        import os, sys
        def main(input_paths):
            read = [sys.stdin.read(), os.read(0, 10).decode(), open(0, closefd=False).read()]
            os.close(0)
            return read
    """).result
    assert (result.outcome, result.returned.value) == ("passed", ["", "", ""])


def test_asking_the_terminal_fails_at_once(stage):
    """A script that asks a question does not hang."""
    result = stage.run("def main():\n    input('sure? ')\n").result
    assert (result.outcome, result.error.type) == ("failed", "EOFError")


def test_all_that_is_printed_is_in_the_logs(stage):
    """Output of Python, of C and of children is caught, in order, even when cut off."""
    rehearsal = stage.run("""
        import ctypes, os, subprocess, sys
        def main(input_paths):
            print("python")
            ctypes.CDLL(None).write(1, b"c\\n", 2)
            subprocess.run(["echo", "child"])
            print("to stderr", file=sys.stderr)
            print("no end of line", end="")
            os._exit(0)
    """)
    assert rehearsal.stdout == "python\nc\nchild\nno end of line"
    assert rehearsal.stderr == "to stderr\n"
    result = rehearsal.result
    assert (result.stdout_tail, result.stdout_bytes) == (rehearsal.stdout, 29)
    assert (result.stderr_tail, result.stderr_bytes) == (rehearsal.stderr, 10)


def test_any_bytes_can_be_printed(stage):
    """Text that is not Unicode and bytes that are no text are logged and shown replaced."""
    rehearsal = stage.run(
        """
        import sys
        def main(input_paths):
            print("ä \\udc80")
            sys.stdout.buffer.write(b"\\xff\\xfe\\n")
        """,
        environ_vars={"LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    )
    assert rehearsal.result.outcome == "passed"
    assert (rehearsal.folder / "stdout.log").read_bytes() == b"\xc3\xa4 \\udc80\n\xff\xfe\n"
    assert rehearsal.result.stdout_tail == "ä \\udc80\n\ufffd\ufffd\n"


def test_long_logs_are_whole_as_files_and_short_as_tails(stage):
    """The result carries the last 8 KiB, from a whole character on; the file has all."""
    result = stage.run("def main():\n    print('ä' * 10_000, end='!')\n").result
    assert result.stdout_bytes == 20_001
    assert result.stdout_tail == "ä" * 4095 + "!"


def test_removing_the_root_loggers_handlers_does_no_harm(stage):
    """Scripts that set logging up anew log as they wish."""
    rehearsal = stage.run("""
        import logging, sys
        def main(input_paths):
            for handler in logging.root.handlers[:]:
                logging.root.removeHandler(handler)
            logging.basicConfig(stream=sys.stdout, level="INFO", format="%(message)s")
            logging.info("own words")
    """)
    assert (rehearsal.result.outcome, rehearsal.stdout) == ("passed", "own words\n")


@pytest.mark.parametrize("place", ["os.mkfifo(log)", "os.symlink('/dev/zero', log)"])
def test_a_log_that_is_no_file_any_more_holds_nobody_up(stage, place):
    """Where a script put something endless in place of its log, the result has no tail."""
    result = stage.run(f"""
        import os
        def main(input_paths):
            log = os.path.join(os.path.dirname(os.getcwd()), "stdout.log")
            os.unlink(log)
            {place}
    """).result
    assert (result.outcome, result.stdout_tail, result.stdout_bytes) == ("passed", "", 0)
