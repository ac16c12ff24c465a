"""What is special to forked hosts: one server behind many scripts, which must not notice it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from tests.support.scripts import PATIENCE_S, Stage, has_content, until

from runthrough.adapters.runners import fork_link, fork_server, forkserver
from runthrough.adapters.runners.forkserver import ForkServerRunner

SERVER = """
    import os
    from pathlib import Path
    def main():
        return int(Path(f"/proc/{os.getppid()}/stat").read_text().split()[3])
"""
WAITS = """
    import time
    from pathlib import Path
    def main():
        Path("started").write_text("yes")
        while not Path("go").exists():
            time.sleep(0.005)
        return "went"
"""
TESTER = """
import json, sys
from runthrough.adapters.runners.forkserver import ForkServerRunner
from runthrough.core.values.attempts import ScriptRequest

request = ScriptRequest(**json.loads(sys.argv[1]))
print(ForkServerRunner(1, preload=sys.argv[2:]).submit(request).result())
"""


@pytest.fixture
def opened(tmp_path):
    """Give a stage over a fork server that preloads modules written for the test."""
    with contextlib.ExitStack() as runners:

        def open_(preload=(), *, jobs=2, **modules):
            for name, text in modules.items():
                (tmp_path / f"{name}.py").write_text(text)
            told = []
            runner = ForkServerRunner(jobs, preload=preload, told=told.append)
            stage = Stage(tmp_path, runners.enter_context(runner))
            stage.told = told
            return stage

        yield open_


def where(stage):
    """The variable by which a server finds the modules of the test."""
    return {"PYTHONPATH": str(stage.root)}


def servers(stage):
    return [link._server.pid for link in stage.runner._links.values()]


def open_files(pid):
    return list(Path(f"/proc/{pid}/fd").iterdir())


def gone(*pids):
    return not any(map(psutil.pid_exists, pids))


def test_scripts_of_one_interpreter_share_a_server(opened):
    """One server stands behind all scripts of an interpreter, another behind those of another."""
    stage = opened()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", stage.root], check=True)
    other = str(stage.root / "bin" / "python")
    first, second, third = (
        stage.run(SERVER, python=python).result.returned.value for python in (None, None, other)
    )
    assert first == second != third
    assert [first, third] == servers(stage)


def test_a_script_outlives_its_server(opened):
    """When the server is killed a running script goes on, and its result counts."""
    stage = opened()
    request = stage.request(WAITS)
    future = stage.runner.submit(request)
    work = Path(request.folder, "work")
    until((work / "started").exists, "the script runs")
    os.kill(servers(stage)[0], signal.SIGKILL)
    until(lambda: gone(*servers(stage)), "the server is gone")
    (work / "go").touch()
    result = future.result(PATIENCE_S)
    assert (result.outcome, result.returned.value) == ("passed", "went")


def test_a_server_that_died_is_replaced(opened):
    """After the server's death the next script runs by a new one."""
    stage = opened()
    first = stage.run(SERVER).result.returned.value
    os.kill(first, signal.SIGKILL)
    second = stage.run(SERVER).result.returned.value
    assert first != second
    assert servers(stage) == [second]
    assert stage.told == []


@pytest.mark.slow
def test_a_host_that_dies_with_its_server_is_told(opened):
    """When server and host are killed the attempt ends with words, and the script goes too."""
    stage = opened()
    request = stage.request(WAITS)
    future = stage.runner.submit(request)
    until(Path(request.folder, "work", "started").exists, "the script runs")
    host = int(Path(request.folder, "claim").read_text())
    script = psutil.Process(host).children()[0].pid
    for pid in (servers(stage)[0], host):
        os.kill(pid, signal.SIGKILL)
    result = future.result(PATIENCE_S)
    assert (result.outcome, result.error.kind) == ("crashed", "signal")
    assert result.error.message.startswith("The fork server was ended by SIGKILL (")
    assert result.error.message.endswith("left no result. Run the node again.")
    until(lambda: gone(script), "the script is gone")


def test_a_killed_host_leaves_nothing_behind(opened):
    """What hangs below a host that was killed is ended, also in sessions of its own."""
    stage = opened()
    request = stage.request("""
        import subprocess, time
        from pathlib import Path
        def main():
            child = subprocess.Popen(["sleep", "600"], start_new_session=True)
            Path("pid").write_text(str(child.pid))
            time.sleep(600)
    """)
    future = stage.runner.submit(request)
    pid = Path(request.folder, "work", "pid")
    until(lambda: has_content(pid), "the script runs")
    host = int(Path(request.folder, "claim").read_text())
    os.kill(host, signal.SIGKILL)
    assert future.result(PATIENCE_S).outcome == "crashed"
    until(lambda: gone(host, int(pid.read_text())), "all of them are gone")
    assert stage.run("def main():\n    pass\n").result.outcome == "passed"


def test_closing_ends_scripts_and_servers(opened):
    """Closing the runner ends what runs and leaves no process of its own."""
    before = set(psutil.Process().children(recursive=True))
    stage = opened()
    request = stage.request(WAITS)
    future = stage.runner.submit(request)
    until(Path(request.folder, "work", "started").exists, "the script runs")
    stage.runner.close()
    assert future.result(PATIENCE_S).outcome == "cancelled"
    assert set(psutil.Process().children(recursive=True)) <= before


def test_no_file_stays_open(opened):
    """After many scripts neither tester nor server holds more files than after the first."""
    stage = opened()
    text = "import os\ndef main():\n    return sorted(map(int, os.listdir('/proc/self/fd')))\n"

    def held():
        first = stage.run(text).result.returned.value
        return first, len(open_files("self"))

    once = held()
    (server,) = servers(stage)
    open_in_server = len(open_files(server))
    for _ in range(50):
        stage.run("def main():\n    pass\n")
    assert held() == once
    assert len(open_files(server)) <= open_in_server + 1  # for the process that waits
    assert len(once[0]) == 5  # three streams, the report, and the folder that is listed


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "import _thread, time\n_thread.start_new_thread(time.sleep, (600,))\n",
            "importing warm left 1 thread(s) running, and a fork would lose them",
        ),
        ("1 / 0\n", "warm cannot be imported: ZeroDivisionError: division by zero"),
        ("import nowhere\n", "warm cannot be imported: ModuleNotFoundError: No module named"),
        ("raise SystemExit(3)\n", "warm cannot be imported: SystemExit: 3"),
        ("import os\nos.abort()\n", "was ended by SIGABRT (aborted)"),
        (
            "import os, sys\nsys.stderr.write('no licence\\n')\nos._exit(3)\n",
            "ended with exit code 3: no licence",
        ),
    ],
)
def test_what_cannot_be_preloaded_is_told_once(opened, text, why):
    """Where a fork is unsafe that is told, and each script starts a fresh interpreter."""
    stage = opened(["warm"], warm=text)
    for _ in range(2):
        rehearsal = stage.run(
            "import sys\ndef main():\n    return 'warm' in sys.modules\n",
            environ_vars=where(stage),
        )
        assert (rehearsal.result.outcome, rehearsal.result.returned.value) == ("passed", False)
    (told,) = stage.told
    assert told.startswith(f"No fork server is used for {sys.executable}: {why}")
    assert told.endswith("Each of its scripts starts a fresh interpreter instead.")


def test_a_process_that_a_preloaded_module_starts_is_ended(opened, tmp_path):
    """Scripts may not share a child of their server, so it goes, and the server with it."""
    pid = tmp_path / "pid"
    module = f"""
import subprocess
child = subprocess.Popen(["sleep", "600"])
open({str(pid)!r}, "w").write(str(child.pid))
"""
    stage = opened(["warm"], warm=module)
    result = stage.run("def main():\n    pass\n", environ_vars=where(stage)).result
    assert result.outcome == "passed"
    assert "importing warm left a process running, which all scripts would share" in stage.told[0]
    until(lambda: gone(int(pid.read_text()), *servers(stage)), "both are gone")


def test_a_preloaded_module_is_there_already(opened):
    """A module that is preloaded is imported once, however many scripts import it."""
    stage = opened(["warm"], warm="import os\nPID = os.getpid()\n")
    text = "import warm\ndef main():\n    return warm.PID\n"
    pids = {stage.run(text, environ_vars=where(stage)).result.returned.value for _ in range(3)}
    assert list(pids) == servers(stage)


def test_nothing_that_a_script_changes_reaches_the_next(opened):
    """Folder, variables, modules, path and signals are as new for each script."""
    stage = opened(["warm"], warm="VALUE = 1\nLISTED = []\n")
    seen = """
        import json, os, signal, sys, warm
        def main():
            state = [
                dict(os.environ), os.path.basename(os.getcwd()), sorted(sys.modules), sys.path[1:],
                warm.VALUE, list(warm.LISTED), json.loads("1"),
                signal.getsignal(signal.SIGTERM).name,
                signal.getsignal(signal.SIGCHLD).name, sys.argv[1:],
            ]
            os.environ["LEFT"] = "behind"
            os.chdir("/")
            sys.modules["left"] = sys
            sys.path.append("/left")
            sys.argv.append("left")
            warm.VALUE = 2
            warm.LISTED.append(2)
            json.loads = lambda text: "patched"
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            os.umask(0o777)
            import builtins
            builtins.print = None
            return state
    """
    first, second = (
        stage.run(seen, environ_vars=where(stage)).result.returned.value for _ in range(2)
    )
    assert first == second
    assert first[4:] == [1, [], 1, "SIG_DFL", "SIG_DFL", []]


def test_siblings_draw_different_numbers(opened):
    """Scripts that share a server do not share its random numbers."""
    stage = opened(["random"])
    text = "import random\ndef main():\n    return random.random()\n"
    assert len({stage.run(text).result.returned.value for _ in range(5)}) == 5


@pytest.mark.demo
def test_siblings_draw_different_numbers_from_numpy(opened):
    """The same holds for numpy, whose old generator would be copied with the process."""
    stage = opened(["numpy.random"])
    text = "import numpy\ndef main():\n    return numpy.random.rand()\n"
    assert len({stage.run(text).result.returned.value for _ in range(5)}) == 5
    assert stage.told == []


@pytest.mark.demo
def test_pandas_can_be_preloaded(opened):
    """Numerical libraries start no threads in the server; the script's variables stay its own."""
    stage = opened(["pandas"])
    rehearsal = stage.run("""
        import os, sys
        loaded = "pandas" in sys.modules
        import pandas
        def main(output_paths):
            frame = pandas.DataFrame({"a": [1, 2]})
            threads = [name for name in os.environ if name.endswith("_NUM_THREADS")]
            return [loaded, int(frame.a.sum()), threads]
    """)
    assert (rehearsal.result.returned.value, stage.told) == ([True, 3, []], [])


def test_what_an_interpreter_reads_at_its_start_is_heeded(opened):
    """Variables that only a new interpreter heeds get a server of their own."""
    stage = opened()
    text = """
        import os, sys
        def main():
            return [hash("text"), sys.flags.optimize, os.environ.get("TZ")]
    """
    given = {"PYTHONHASHSEED": "7", "PYTHONOPTIMIZE": "2", "TZ": "UTC+3"}
    one, two = (stage.run(text, environ_vars=given).result.returned.value for _ in range(2))
    plain = stage.run(text).result.returned.value
    assert one == two
    assert (one[1], one[2]) == (2, "UTC+3")
    assert (plain[1], plain[2]) == (0, os.environ.get("TZ"))
    assert one[0] != plain[0]
    assert len(servers(stage)) == 2


def test_the_time_zone_is_the_scripts_own(opened):
    """A zone among the variables is that of local time, though the server has another."""
    stage = opened()
    text = "import time\ndef main():\n    return time.timezone\n"
    zones = [
        stage.run(text, environ_vars={"TZ": zone}).result.returned.value
        for zone in ("AAA+3", "BBB-2", "CCC+0")
    ]
    assert zones == [3 * 3600, -2 * 3600, 0]
    assert len(servers(stage)) == 1


def test_more_kinds_of_environment_than_servers_still_run(opened, monkeypatch):
    """Who comes when there are enough servers gets a fresh interpreter."""
    monkeypatch.setattr(forkserver, "SERVERS_AT_MOST", 1)
    stage = opened()
    text = "import sys\ndef main():\n    return sys.flags.optimize\n"
    levels = [
        stage.run(text, environ_vars={"PYTHONOPTIMIZE": level}).result.returned.value
        for level in ("1", "2", "1")
    ]
    assert levels == [1, 2, 1]
    assert len(servers(stage)) == 1


def test_no_secret_stays_with_the_server(opened):
    """A secret is masked in the logs, and the server shows nothing of it to other processes."""
    stage = opened()
    rehearsal = stage.run(
        "def main(environ_vars):\n    print(environ_vars['KEY'])\n",
        environ_vars={"KEY": "s3cr3t-key"},
        secrets=("s3cr3t-key",),
    )
    assert rehearsal.stdout == "[masked]\n"
    for pid in servers(stage):
        for file in ("environ", "cmdline"):
            assert b"s3cr3t" not in Path(f"/proc/{pid}/{file}").read_bytes()


@pytest.mark.parametrize("name", ["warm", "decimal"])
def test_a_helper_beside_the_script_wins_over_a_preloaded_module(opened, name):
    """A script finds its own file where a fresh interpreter would, whatever was preloaded."""
    stage = opened([name], warm="PLACE = 'preloaded'\n")
    stage.write(f"{name}.py", "PLACE = 'beside'\n")
    text = f"import {name}\ndef main():\n    return {name}.PLACE\n"
    assert stage.run(text, environ_vars=where(stage)).result.returned.value == "beside"
    assert stage.told == []


def test_a_package_of_a_preloaded_name_is_the_scripts_own(opened):
    """A script in a package that has a preloaded one's name gets its own siblings."""
    stage = opened(["xml.dom.minidom"])
    stage.write("xml/__init__.py", "")
    stage.write("xml/dom/__init__.py", "")
    stage.write("xml/dom/minidom.py", "PLACE = 'own'\n")
    rehearsal = stage.run(
        "from .minidom import PLACE\ndef main():\n    return [PLACE, __name__]\n",
        name="xml/dom/train.py",
        module="xml.dom.train",
    )
    assert rehearsal.result.returned.value == ["own", "xml.dom.train"]


def test_peak_memory_is_the_scripts(opened):
    """What the server needed for a moment is nobody's peak; what a script needs is its own."""
    stage = opened(["warm"], warm="bytes(300_000_000).count(1)\n")
    small, large = (
        stage.run(
            f"def main():\n    bytearray({size}).count(1)\n", environ_vars=where(stage)
        ).result.peak_rss_bytes
        for size in (1, 200_000_000)
    )
    assert small < 100_000_000
    assert 200_000_000 < large < 300_000_000


HANGS = "import time\nopen({mark!r}, 'w').write('x')\ntime.sleep(600)\n"


def test_what_waits_for_a_slow_server_can_be_cancelled(opened, tmp_path):
    """An attempt whose server still imports is cancelled at once; closing ends that server."""
    mark = tmp_path / "mark"
    stage = opened(["warm"], warm=HANGS.format(mark=str(mark)))
    request = stage.request("def main():\n    pass\n", environ_vars=where(stage))
    future = stage.runner.submit(request)
    until(lambda: has_content(mark), "the server imports")
    stage.runner.cancel(request.attempt)
    assert future.result(PATIENCE_S).outcome == "cancelled"
    (server,) = servers(stage)
    stage.runner.close()
    assert gone(server)
    assert not Path(request.folder, "claim").exists()


@pytest.mark.slow
@pytest.mark.parametrize("hangs", ["script", "import"])
def test_server_and_script_die_with_their_tester(tmp_path, hangs):
    """When the tester is killed nothing of it stays, whether scripts run or modules load."""
    mark = tmp_path / "mark"
    text = HANGS.format(mark=str(mark))
    (tmp_path / "warm.py").write_text(text if hangs == "import" else "")
    request = Stage(tmp_path, None).request(
        f"def main():\n    exec({text!r})\n", environ_vars={"PYTHONPATH": str(tmp_path)}
    )
    fields = {name: getattr(request, name) for name in request.__slots__ if name != "limits"}
    tester = subprocess.Popen(
        [sys.executable, "-c", TESTER, json.dumps(fields), "warm"], stdout=subprocess.DEVNULL
    )
    try:
        until(lambda: has_content(mark), "it hangs")
        below = [one.pid for one in psutil.Process(tester.pid).children(recursive=True)]
        tester.kill()
        until(lambda: gone(*below), "all of them are gone")
    finally:
        tester.kill()
        tester.wait()
    # Server, host, script, and on a machine that is not busy the next host.
    assert len(below) in {"script": (3, 4), "import": (1,)}[hangs]


def test_an_order_of_a_tester_that_died_meanwhile_leaves_no_process(tmp_path):
    """A server that takes an order when nobody hears of it any more ends, and so does the host."""
    ours, theirs = socket.socketpair()
    files = [os.open(os.devnull, os.O_RDWR) for _ in range(3)] + [os.open(tmp_path, os.O_RDONLY)]
    with ours, theirs, (tmp_path / "words").open("wb") as words:
        server = fork_link._started(sys.executable, dict(os.environ), theirs, words)
        theirs.close()
        fork_server.send(ours, 0, b'{"preload": []}', ())
        assert json.loads(ours.recv(100)) == {"ready": True}
        until(lambda: psutil.Process(server.pid).children(), "the next host waits")
        (host,) = psutil.Process(server.pid).children()
        server.send_signal(signal.SIGSTOP)
        fork_server.send(ours, 1, b"{}", files)
    for file in files:
        os.close(file)
    server.send_signal(signal.SIGCONT)
    try:
        assert server.wait(PATIENCE_S) == 0
        until(lambda: gone(host.pid), "the host is gone")
    finally:
        server.kill()
        server.wait()
    assert (tmp_path / "words").read_text() == ""


def test_many_scripts_at_once_get_their_own_ends(opened):
    """Ends of scripts that run at the same time are not mixed up."""
    stage = opened(jobs=8)
    text = """
        import time
        def main(job_args):
            time.sleep(job_args.s)
            raise SystemExit(job_args.code)
    """
    requests = [
        stage.request(text, job_args={"code": code, "s": (code % 3) / 100})
        for code in range(1, 25)
    ]
    futures = [stage.runner.submit(request) for request in requests]
    codes = [future.result(PATIENCE_S).exit_code for future in futures]
    assert codes == list(range(1, 25))
    assert threading.active_count() < 40
