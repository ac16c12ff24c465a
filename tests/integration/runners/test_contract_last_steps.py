"""What a script's process does after `main`, over every runner: as a plain interpreter does."""


def test_a_script_ends_as_an_interpreter_does(stage):
    """Handlers are called, globals let go of, and every stream is flushed."""
    rehearsal = stage.run("""
        import atexit, ctypes, sys
        class Last:
            def __del__(self):
                print("let go of", NAME, file=sys.stderr)
        NAME = "globals"
        last = Last()
        last.itself = last
        kept_open = open("rows.csv", "w")
        kept_open.write("1,2")
        def main():
            atexit.register(print, "handler")
            libc = ctypes.CDLL(None)
            libc.fopen.restype = ctypes.c_void_p
            libc.fputs(b"from C", ctypes.c_void_p(libc.fopen(b"c.txt", b"w")))
            print("main")
    """)
    assert rehearsal.result.outcome == "passed"
    assert rehearsal.stdout == "main\nhandler\n"
    assert rehearsal.stderr == "let go of globals\n"
    assert (rehearsal.work / "rows.csv").read_text() == "1,2"
    assert (rehearsal.work / "c.txt").read_text() == "from C"


def test_threads_are_waited_for(stage):
    """A script ends when its threads have, and then calls its handlers."""
    rehearsal = stage.run("""
        import atexit, threading, time
        def slow():
            while not started:
                time.sleep(0.005)
            print("thread")
        started = []
        def main():
            atexit.register(print, "handler")
            threading.Thread(target=slow).start()
            threading.Timer(0.05, started.append, [1]).start()
    """)
    assert (rehearsal.result.outcome, rehearsal.stdout) == ("passed", "thread\nhandler\n")


def test_handlers_that_a_library_gave_to_c_are_called(stage):
    """Where a script loads a library of its own, the process ends with all that C does then."""
    rehearsal = stage.run("""
        import ctypes, os, _crypt
        said = ctypes.CFUNCTYPE(None)(lambda: os.write(1, b"at exit") and None)
        kept = ctypes.pythonapi.Py_IncRef(ctypes.py_object(said))
        def main():
            assert ctypes.CDLL(None).__cxa_atexit(said, None, None) == 0
    """)
    assert (rehearsal.result.outcome, rehearsal.stdout) == ("passed", "at exit")


def test_a_daemon_thread_does_not_keep_a_script(stage):
    """A script whose daemon threads go on ends at once, as in an interpreter of its own."""
    rehearsal = stage.run("""
        import atexit, threading, time
        def main():
            atexit.register(print, "handler")
            threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    """)
    assert (rehearsal.result.outcome, rehearsal.stdout) == ("passed", "handler\n")
