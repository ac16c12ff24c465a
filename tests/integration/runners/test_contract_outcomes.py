"""How each way to end is told."""

import pytest
from tests.support.runners import CAPTURING, EVERY

HEAD = "def main(input_paths, output_paths, environ_vars, job_args):\n"


@pytest.fixture(params=EVERY)
def runner_url(request):
    """Every runner, the debugger's too."""
    return request.param


def ended(stage, body, **options):
    return stage.run(HEAD + f"    {body}\n", **options).result


def test_a_script_that_returns_has_passed(stage):
    """Returning from main is a pass, measured in time, processor and memory."""
    result = ended(stage, "sum(range(1000))")
    assert result.outcome == "passed"
    assert (result.exit_code, result.signal, result.error) == (0, None, None)
    assert result.duration_s > 0
    assert result.cpu_s > 0
    assert result.peak_rss_bytes > 1_000_000


@pytest.mark.parametrize("call", ["sys.exit()", "sys.exit(0)", "sys.exit(None)", "os._exit(0)"])
def test_leaving_with_zero_is_a_pass(stage, call):
    """A script may end itself: exit code 0 is a pass."""
    result = ended(stage, f"import os, sys; {call}")
    assert (result.outcome, result.exit_code, result.error) == ("passed", 0, None)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("sys.exit(1)", 1),
        ("sys.exit(256)", 256),
        ("sys.exit(-1)", -1),
        ("exit(3)", 3),
        ("os._exit(9)", 9),
    ],
)
def test_leaving_with_another_code_is_a_failure(stage, call, code):
    """Any other exit code is a failure that names it, also one of which the system keeps 0."""
    result = ended(stage, f"import os, sys; {call}")
    assert (result.outcome, result.exit_code) == ("failed", code)
    assert (result.error.kind, result.error.message) == ("exit", f"ended with exit code {code}")


@pytest.mark.parametrize("runner_url", CAPTURING, indirect=True)
def test_leaving_with_a_text_is_a_failure_in_these_words(stage):
    """A text given to sys.exit is the reason, and stands in the log as Python prints it."""
    rehearsal = stage.run(HEAD + "    raise SystemExit('no rows left')\n")
    assert (rehearsal.result.outcome, rehearsal.result.exit_code) == ("failed", 1)
    assert rehearsal.result.error.kind == "exit"
    assert rehearsal.result.error.message == "no rows left"
    assert rehearsal.stderr == "no rows left\n"


def test_leaving_while_imported_is_not_a_pass(stage):
    """A script that ends before its main was called has shown nothing."""
    result = stage.run("import sys; sys.exit(0)").result
    assert (result.outcome, result.error.kind) == ("failed", "exit")
    assert "while it was imported; main did not run" in result.error.message


@pytest.mark.parametrize("runner_url", CAPTURING, indirect=True)
def test_an_exception_is_told_with_the_users_frames_alone(stage):
    """An exception yields type, text and frames with a line before and after, none of ours."""
    rehearsal = stage.run("""
        class Unfit(ValueError):
            pass

        def check(rows):
            limit = 3
            raise Unfit(f"{rows} rows, {limit} wanted")
            return limit

        def main(input_paths, output_paths, environ_vars, job_args):
            check(rows=2)
    """)
    error = rehearsal.result.error
    assert rehearsal.result.outcome == "failed"
    assert rehearsal.result.exit_code == 1
    assert (error.kind, error.type, error.message) == (
        "exception",
        "train.Unfit",
        "2 rows, 3 wanted",
    )
    outer, inner = error.frames
    assert (outer.function, outer.line) == ("main", 11)
    assert (inner.function, inner.line, inner.file) == ("check", 7, rehearsal.request.script)
    assert inner.source == (
        "    limit = 3",
        '    raise Unfit(f"{rows} rows, {limit} wanted")',
        "    return limit",
    )
    assert "train.Unfit: 2 rows, 3 wanted" in rehearsal.stderr
    assert "script_host" not in rehearsal.stderr


def test_an_endless_recursion_is_told_in_few_frames(stage):
    """A thousand equal frames are not kept; the first and the last are."""
    result = stage.run(HEAD + "    main(1, 2, 3, 4)\n").result
    assert (result.outcome, result.error.type) == ("failed", "RecursionError")
    assert len(result.error.frames) == 30


def test_an_exception_whose_text_is_broken_is_told_still(stage):
    """An exception that cannot say what it is does not stop us from saying so."""
    result = stage.run("""
        class Mute(Exception):
            def __str__(self):
                raise KeyError("text")

        def main(input_paths, output_paths, environ_vars, job_args):
            raise Mute
    """).result
    assert (result.outcome, result.error.type) == ("failed", "train.Mute")
    assert result.error.message == "<Mute whose text cannot be had: KeyError>"


def test_an_immense_text_is_cut_and_says_so(stage):
    """Texts are cut at 64 KiB, with the whole length stated."""
    result = ended(stage, "raise ValueError('x' * 100_000)")
    assert len(result.error.message.encode()) <= 64 * 1024
    assert result.error.message.endswith("… [cut: 100000 bytes in all]")


def test_an_import_that_fails_is_told_where(stage):
    """A script whose import fails is told with the line that imports."""
    result = stage.run("import no_such_library\n\ndef main():\n    pass\n").result
    assert (result.outcome, result.error.kind) == ("failed", "exception")
    assert result.error.type == "ModuleNotFoundError"
    assert "no_such_library" in result.error.message
    assert [frame.line for frame in result.error.frames] == [1]


def test_a_syntax_error_is_told_where(stage):
    """A script that is no Python is told with the line that is not."""
    rehearsal = stage.run("x = 1\ndef main(:\n    pass\n")
    error = rehearsal.result.error
    assert (rehearsal.result.outcome, error.type) == ("failed", "SyntaxError")
    assert [(frame.file, frame.line) for frame in error.frames] == [(rehearsal.request.script, 2)]


def test_a_script_without_main_is_told_what_to_define(stage):
    """Without a main there is nothing to run, and the fix is named."""
    result = stage.run("x = 1\n").result
    assert (result.outcome, result.error.kind) == ("failed", "start")
    assert "has no main: define main(input_paths, output_paths," in result.error.message


def test_a_script_that_is_gone_is_told(stage):
    """A script that was removed since it was found is a failure to start."""
    request = stage.request("x = 1\n")
    (stage.scripts / "train.py").unlink()
    result = stage.runner.submit(request).result()
    assert (result.outcome, result.error.kind) == ("failed", "start")
    assert result.error.message == f"The script {request.script} is not there."


@pytest.mark.parametrize(
    ("body", "number", "words"),
    [
        ("import ctypes; ctypes.string_at(0)", 11, "ended by SIGSEGV (segmentation fault)"),
        ("import os; os.abort()", 6, "ended by SIGABRT (aborted)"),
        ("import os; os.kill(os.getpid(), 15)", 15, "ended by SIGTERM (terminated)"),
        ("import os; os.kill(os.getpid(), 9)", 9, "ended by SIGKILL (killed; often the system"),
        ("import os; os.kill(os.getpid(), 34)", 34, "ended by SIGRTMIN ("),
        ("import os; os.kill(os.getpid(), 40)", 40, "ended by signal 40 ("),
    ],
)
def test_a_signal_is_a_crash_in_words(stage, body, number, words):
    """A script that a signal ends has crashed, and the signal is said in words."""
    result = ended(stage, body)
    assert (result.outcome, result.signal, result.exit_code) == ("crashed", number, None)
    assert result.error.kind == "signal"
    assert result.error.message.startswith(words)


@pytest.mark.parametrize("runner_url", CAPTURING, indirect=True)
def test_a_segmentation_fault_leaves_the_stack_in_the_log(stage):
    """Where a crash happened in Python can be read in the log."""
    rehearsal = stage.run(HEAD + "    import ctypes; ctypes.string_at(0)\n")
    assert "Fatal Python error: Segmentation fault" in rehearsal.result.stderr_tail
    assert f'File "{rehearsal.request.script}", line 2 in main' in rehearsal.stderr


@pytest.mark.parametrize("runner_url", CAPTURING, indirect=True)
def test_what_happens_after_main_counts(stage):
    """Threads and exit handlers run to their end, and a crash among them is a crash."""
    passed = stage.run("""
        import atexit, threading, time
        def main(input_paths):
            atexit.register(print, "handler")
            threading.Thread(target=lambda: (time.sleep(0.05), print("thread"))).start()
            print("main", end="")
    """)
    crashed = stage.run("""
        import atexit, os
        def main(input_paths):
            atexit.register(os.abort)
            return "fine"
    """)
    assert (passed.result.outcome, passed.stdout) == ("passed", "mainthread\nhandler\n")
    assert (crashed.result.outcome, crashed.result.returned.kept) == ("crashed", False)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("{'rows': [1, 2.5, None, True, 'ä']}", {"rows": [1, 2.5, None, True, "ä"]}),
        ("(1, 2)", [1, 2]),
        ("0", 0),
        ("'x' * 65534", "x" * 65534),
    ],
)
def test_what_main_returns_is_kept_where_it_is_json(stage, value, kept):
    """JSON of up to 64 KiB is kept with the result."""
    returned = ended(stage, f"return {value}").returned
    assert (returned.kept, returned.value, returned.reason) == (True, kept, None)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("'x' * 65535", "its JSON has 65537 bytes; 65536 are kept"),
        ("{1, 2}", "it is not JSON: Object of type set is not JSON serializable"),
        ("float('nan')", "it is not JSON: "),
        ("'\\udc80'", "it is not JSON: "),
    ],
)
def test_what_is_not_kept_says_why(stage, value, reason):
    """A value that is too large or no JSON is left out with the reason; the script passed."""
    result = ended(stage, f"return {value}")
    assert (result.outcome, result.returned.kept) == ("passed", False)
    assert result.returned.reason.startswith(reason)


def test_returning_nothing_needs_no_words(stage):
    """Most scripts return nothing, which is neither kept nor explained."""
    returned = ended(stage, "pass").returned
    assert (returned.kept, returned.reason) == (False, None)


def test_a_script_that_forks_is_told_once(stage):
    """What becomes of a second process that comes back from main is not told as the script's."""
    result = stage.run("""
        import os
        def main(input_paths):
            child = os.fork()
            if child == 0:
                raise ValueError("child")
            os.waitpid(child, 0)
    """).result
    assert (result.outcome, result.error) == ("passed", None)


def test_a_script_that_signals_its_group_ends_itself_alone(stage):
    """A script is the head of its own group: ending that does not reach the host."""
    result = ended(stage, "import os; os.killpg(0, 9)")
    assert (result.outcome, result.signal) == ("crashed", 9)
    assert result.error.message.startswith("ended by SIGKILL")


def test_a_script_that_closes_every_file_is_told_still(stage):
    """A script that turns itself into a daemon overwrites no file of its own with our report."""
    rehearsal = stage.run("""
        import os
        def main(input_paths):
            os.closerange(3, 256)
            files = [os.open(f"own-{n}", os.O_CREAT | os.O_RDWR) for n in range(5)]
            return {"a": 1}
    """)
    assert (rehearsal.result.outcome, rehearsal.result.returned.value) == ("passed", {"a": 1})
    assert [path.stat().st_size for path in rehearsal.work.iterdir()] == [0] * 5


def test_a_script_that_left_itself_no_output_is_told_still(stage):
    """Without standard output and error, too, the result says what became of it."""
    closes = "import os; os.closerange(0, 256)\n    "
    failed = ended(stage, closes + "raise ValueError('after all')")
    assert (failed.outcome, failed.error.type) == ("failed", "ValueError")
    assert failed.error.message == "after all"
    assert ended(stage, closes + "return 1").returned.value == 1
    for taken in ("import sys; sys.stderr = None", "import sys; sys.stderr.close()"):
        result = ended(stage, taken + "\n    sys.exit('no rows left')")
        assert (result.outcome, result.error.message) == ("failed", "no rows left")


def test_leaving_from_a_thread_ends_the_thread_alone(stage):
    """As in Python everywhere, `sys.exit` in a thread ends that and nothing else."""
    result = ended(
        stage,
        "import sys, threading\n"
        "    thread = threading.Thread(target=sys.exit, args=[3])\n"
        "    thread.start(); thread.join()\n"
        "    return 'went on'",
    )
    assert (result.outcome, result.exit_code, result.returned.value) == ("passed", 0, "went on")
