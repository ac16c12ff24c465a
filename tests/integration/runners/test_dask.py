"""Scripts on the workers of a Dask cluster: run once, ended with their worker, told truly."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import dask.config
import psutil
import pytest
from distributed import Client, LocalCluster
from hypothesis import given
from hypothesis import strategies as st
from tests.support.scripts import Stage, has_content, until

from runthrough.adapters.runners import dask_worker
from runthrough.adapters.runners.dask_worker import Sealed, answered, run_attempt, sealed
from runthrough.adapters.runners.registry import open_runner
from runthrough.adapters.session_files import LocalSessionFiles
from runthrough.core.values.attempts import ScriptRequest
from runthrough.core.values.limits import Limits
from runthrough.errors import RunnerUnavailableError

HANGS = """
    import os, time
    from pathlib import Path
    def main(job_args):
        with Path(job_args.counter).open("a") as counter:
            counter.write(f"{os.getpid()} {os.getppid()}\\n")
        time.sleep(600)
"""
SECRET = "s3cr3t-key-of-ann"


@pytest.fixture(scope="module")
def cluster():
    """A cluster of two workers with Dask's own rules: a dead worker's task starts on the other."""
    with (
        dask.config.set({"distributed.nanny.pre-spawn-environ": {}}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
            memory_limit=0,
        ) as cluster,
    ):
        assert cluster.scheduler.allowed_failures > 0
        yield cluster


@pytest.fixture
def url(cluster):
    return cluster.scheduler_address.replace("tcp://", "dask://")


@pytest.fixture
def stage(url, tmp_path):
    runner = open_runner(url, 2)
    try:
        yield Stage(tmp_path, runner)
    finally:
        runner.close()


@pytest.fixture
def client(cluster):
    with Client(cluster, set_as_default=False) as client:
        yield client


@pytest.fixture
def local(tmp_path):
    """A cluster of the runner's own."""
    runner = open_runner("dask-local:", 2)
    try:
        yield Stage(tmp_path, runner)
    finally:
        runner.close()


@pytest.fixture
def program(tmp_path):
    """Starts a Python program of its own; all of them have ended when the test has."""
    started = []

    def program(source, *args, **options):
        file = tmp_path / f"program{len(started)}.py"
        file.write_text(textwrap.dedent(source))
        child = subprocess.Popen([sys.executable, str(file), *args], **options)
        started.append(child)
        return child

    yield program
    for child in started:
        child.kill()
        child.communicate()


@pytest.fixture
def hanging(tmp_path):
    """Makes requests for scripts that hang, and tells where each one counts its starts."""

    def hanging(stage, name="hangs.py"):
        counter = tmp_path / f"{name}.starts"
        request = stage.request(HANGS, name=name, job_args={"counter": str(counter)})
        return request, counter

    return hanging


def below(counter):
    """The script and its host, as numbers."""
    until(lambda: has_content(counter), "the script runs")
    return [int(pid) for pid in counter.read_text().split()]


def gone(pids):
    """Wait until none of these processes is left."""
    until(lambda: not any(map(psutil.pid_exists, pids)), "all of them are gone")


def test_a_script_runs_on_a_worker(stage, cluster):
    """It is called as everywhere, in its own folder, and what it said and gave comes back."""
    rehearsal = stage.run(
        """
        import os
        from pathlib import Path
        def main(input_paths, output_paths, environ_vars, job_args):
            print("said")
            Path("here").touch()
            host = Path(f"/proc/{os.getppid()}/stat").read_text().split()[3]
            return [input_paths, output_paths, environ_vars, job_args, host, "OMP_NUM_THREADS" in
                    os.environ]
        """
    )
    result = rehearsal.result
    request = rehearsal.request
    assert result.outcome == "passed"
    assert rehearsal.stdout == result.stdout_tail == "said\n"
    assert (rehearsal.work / "here").exists()
    *told, host, has_engines_variables = result.returned.value
    assert told == [
        request.input_paths,
        request.output_paths,
        request.environ_vars,
        request.job_args,
    ]
    workers = [nanny.pid for nanny in cluster.workers.values()]
    assert int(host) in workers
    assert not has_engines_variables
    assert result.peak_rss_bytes > 0


@pytest.mark.parametrize(
    ("end", "ended"),
    [
        ("raise ValueError('no')", ("failed", 1, None)),
        ("sys.exit(3)", ("failed", 3, None)),
        ("os._exit(4)", ("failed", 4, None)),
        ("os.kill(os.getpid(), signal.SIGKILL)", ("crashed", None, signal.SIGKILL)),
    ],
)
def test_a_script_that_falls_runs_once(stage, tmp_path, end, ended):
    """The engine starts nothing again for what a script did, and its worker lives on."""
    starts = tmp_path / "starts"
    result = stage.run(
        f"""
        import os, signal, sys
        def main(job_args):
            with open(job_args.starts, "a") as starts:
                starts.write("started ")
            {end}
        """,
        job_args={"starts": str(starts)},
    ).result
    assert (result.outcome, result.exit_code, result.signal) == ended
    assert stage.run("def main():\n    pass\n").result.outcome == "passed"
    assert starts.read_text() == "started "


def test_a_running_script_is_cancelled(stage, hanging):
    """It ends on its worker with all that is below it."""
    request, counter = hanging(stage)
    ending = stage.runner.submit(request)
    pids = below(counter)
    stage.runner.cancel(request.attempt)
    assert ending.result(timeout=20).outcome == "cancelled"
    gone(pids)


def test_a_waiting_script_is_cancelled_and_never_starts(stage, hanging):
    """What did not come to its turn leaves no claim."""
    running = [hanging(stage, f"{name}.py") for name in "ab"]
    for request, counter in running:
        stage.runner.submit(request)
        below(counter)
    request, counter = hanging(stage, "c.py")
    ending = stage.runner.submit(request)
    stage.runner.cancel(request.attempt)
    for other, _ in running:
        stage.runner.cancel(other.attempt)
    assert ending.result(timeout=20).outcome == "cancelled"
    assert not counter.exists()
    assert not Path(request.folder, "claim").exists()


def test_a_file_in_its_folder_ends_an_attempt(stage, hanging):
    """Whoever takes a run over ends its attempts by that file; the first tester calls it lost."""
    request, counter = hanging(stage)
    ending = stage.runner.submit(request)
    pids = below(counter)
    LocalSessionFiles().cancel(request.folder)
    result = ending.result(timeout=20)
    gone(pids)
    assert (result.outcome, result.error.kind) == ("lost", "lost")
    assert LocalSessionFiles().result(request.folder).outcome == "cancelled"


def test_an_attempt_that_was_cancelled_before_its_worker_looked_never_starts(client, stage):
    """A worker that comes to a task late finds the file and starts nothing."""
    request = stage.request("def main():\n    pass\n")
    LocalSessionFiles().cancel(request.folder)
    told = client.submit(run_attempt, sealed(request), pure=False).result()
    assert answered(told).outcome == "cancelled"
    assert not Path(request.folder, "claim").exists()


def test_a_second_submission_of_an_attempt_is_refused(stage, url, hanging):
    """Neither this runner nor another one starts an attempt again."""
    request, counter = hanging(stage)
    first = stage.runner.submit(request)
    below(counter)
    again = stage.runner.submit(request).result(timeout=20)
    other = open_runner(url, 1)
    try:
        elsewhere = other.submit(request).result(timeout=20)
    finally:
        other.close()
    for refused in (again, elsewhere):
        assert (refused.outcome, refused.error.kind) == ("failed", "start")
        assert "no attempt runs twice" in refused.error.message
    assert not first.done()
    stage.runner.cancel(request.attempt)
    assert first.result(timeout=20).outcome == "cancelled"
    assert len(counter.read_text().splitlines()) == 1


def test_a_worker_does_not_start_a_claimed_attempt(client, stage):
    """A task that Dask starts again finds the claim and says so."""
    request = stage.request("def main():\n    pass\n")
    Path(request.folder, "claim").touch()
    assert client.submit(run_attempt, sealed(request), pure=False).result() == "null"
    assert not Path(request.folder, "result.json").exists()


def test_a_worker_without_the_folder_says_so(stage):
    """Storage that is not shared is told with the worker that lacks it."""
    request = stage.request("def main():\n    pass\n")
    away = Path(request.folder).rename(Path(request.folder).with_name("elsewhere"))
    result = stage.runner.submit(request).result(timeout=20)
    assert (result.outcome, result.error.kind) == ("failed", "start")
    assert f"The folder {request.folder} is not there on the worker tcp://" in result.error.message
    assert not (away / "claim").exists()


def test_a_worker_of_another_version_says_so(client, stage):
    """Two versions do not guess at each other's requests."""
    told = json.loads(sealed(stage.request("def main():\n    pass\n")).text) | {"version": "0.0.7"}
    answer = client.submit(run_attempt, Sealed(json.dumps(told).encode()), pure=False).result()
    assert "and this tester has 0.0.7. Install the same version" in answered(answer).error.message


def test_nothing_of_a_secret_is_shown_by_dask(stage, cluster, client, tmp_path):
    """While a script with a secret runs and after it, tasks, keys and logs hold none of it."""
    starts, go_on = tmp_path / "starts", tmp_path / "go on"
    request = stage.request(
        """
        import time
        from pathlib import Path
        def main(environ_vars, job_args):
            Path(job_args.starts).write_text("1")
            while not Path(job_args.go_on).exists():
                time.sleep(0.005)
            raise ValueError(environ_vars["KEY"])
        """,
        environ_vars={"KEY": SECRET},
        job_args={"starts": str(starts), "go_on": str(go_on)},
        secrets=(SECRET,),
    )
    ending = stage.runner.submit(request)
    until(lambda: has_content(starts), "the script runs")
    tasks = {key: repr(vars_of(task)) for key, task in cluster.scheduler.tasks.items()}
    assert set(tasks) == {f"runthrough-{request.attempt}"}
    assert "Sealed()" in "".join(tasks.values())
    go_on.touch()
    assert ending.result(timeout=20).error.message == "[masked]"
    # Of a task that raises, workers log the arguments: ours cannot, so one is made that does.
    with pytest.raises(json.JSONDecodeError):
        client.submit(run_attempt, Sealed(f"not JSON {SECRET}".encode()), pure=False).result()
    logs = repr([client.get_worker_logs(), client.get_scheduler_logs(), *tasks.values()])
    assert "Compute Failed" in logs
    assert SECRET not in logs


def vars_of(task):
    """Whatever the scheduler knows of a task."""
    return {name: getattr(task, name, None) for name in type(task).__slots__}


@pytest.mark.slow
def test_variables_of_dask_do_not_stay_behind():
    """What it sets for its workers is taken back, for scripts may be given our environment."""
    before = dict(os.environ)
    open_runner("dask-local:", 1).close()
    assert dict(os.environ) == before


def killed_in_the_middle(stage, hanging, tmp_path):
    """Kill the worker of one of two scripts; the result of both, and how often each started."""
    request, counter = hanging(stage)
    ending = stage.runner.submit(request)
    script, host = below(counter)
    go_on, starts = tmp_path / "go on", tmp_path / "starts"
    healthy = stage.runner.submit(
        stage.request(
            """
            import time
            from pathlib import Path
            def main(job_args):
                with open(job_args.starts, "a") as starts:
                    starts.write("started ")
                while not Path(job_args.go_on).exists():
                    time.sleep(0.005)
            """,
            name="healthy.py",
            job_args={"go_on": str(go_on), "starts": str(starts)},
        )
    )
    until(lambda: has_content(starts), "the sibling runs")
    os.kill(psutil.Process(host).ppid(), signal.SIGKILL)
    gone([script, host])
    lost = ending.result(timeout=30)
    go_on.touch()
    passed = healthy.result(timeout=30)
    return lost, len(counter.read_text().splitlines()), passed, starts.read_text()


@pytest.mark.slow
def test_a_script_dies_with_its_worker_and_runs_once(stage, hanging, tmp_path):
    """Where Dask starts it again, the claim stops it; its sibling passes, and others run on."""
    lost, starts, passed, sibling = killed_in_the_middle(stage, hanging, tmp_path)
    assert (lost.outcome, lost.error.kind, starts) == ("lost", "lost", 1)
    assert "the worker that began it died" in lost.error.message
    assert (passed.outcome, sibling) == ("passed", "started ")
    assert stage.run("def main():\n    pass\n").result.outcome == "passed"


@pytest.mark.slow
def test_a_script_dies_with_its_worker_on_a_cluster_of_our_own(local, hanging, tmp_path):
    """There the engine does not even try; the worker is named, and a new one takes its place."""
    lost, starts, passed, sibling = killed_in_the_middle(local, hanging, tmp_path)
    assert (lost.outcome, lost.error.kind, starts) == ("lost", "lost", 1)
    assert re.search(r"the worker tls://127\.0\.0\.1:\d+, which ran it, died", lost.error.message)
    assert (passed.outcome, sibling) == ("passed", "started ")
    assert local.run("def main():\n    pass\n").result.outcome == "passed"


@pytest.mark.slow
def test_a_result_that_was_written_counts_although_its_worker_died(stage, tmp_path):
    """The worker dies between the result and the answer: the result is what counts."""
    request = stage.request(
        """
        import os, signal, time
        from pathlib import Path
        def main(job_args):
            # Outlives the script, waits for its result, then kills the worker above its host.
            host = os.getppid()
            worker = int(Path(f"/proc/{host}/stat").read_text().split()[3])
            os.kill(worker, signal.SIGSTOP)
            Path(job_args.worker).write_text(str(worker))
        """,
        job_args={"worker": str(tmp_path / "worker")},
    )
    ending = stage.runner.submit(request)
    until(Path(request.folder, "result.json").exists, "the result is written")
    os.kill(int((tmp_path / "worker").read_text()), signal.SIGKILL)
    assert ending.result(timeout=30).outcome == "passed"


@pytest.mark.slow
def test_a_script_ends_with_a_worker_that_is_closed(local, hanging):
    """A cluster that shrinks waits for nobody; the script is ended and does not start again."""
    request, counter = hanging(local)
    ending = local.runner.submit(request)
    pids = below(counter)
    client = local.runner._client
    running = [worker for worker, keys in client.processing().items() if keys]
    client.retire_workers(running)
    result = ending.result(timeout=30)
    gone(pids)
    assert (result.outcome, result.error.kind) == ("lost", "lost")
    assert len(counter.read_text().splitlines()) == 1


@pytest.mark.slow
def test_a_tester_survives_its_scheduler(tmp_path, hanging, program):
    """When the scheduler is killed, what ran is ended and lost, and what comes next is told."""
    engine = program(
        """
        import sys, time
        from distributed import LocalCluster
        if __name__ == "__main__":
            with LocalCluster(n_workers=1, dashboard_address="127.0.0.1:0") as cluster:
                print(cluster.scheduler_address, flush=True)
                sys.stdin.read()
        """,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    address = engine.stdout.readline().strip()
    runner = open_runner(address.replace("tcp:", "dask:"), 1)
    try:
        stage = Stage(tmp_path, runner)
        request, counter = hanging(stage)
        ending = runner.submit(request)
        pids = below(counter)
        engine.kill()
        result = ending.result(timeout=30)
        gone(pids)
        assert (result.outcome, result.error.kind) == ("lost", "lost")
        assert "the scheduler does not answer any more" in result.error.message
        later = stage.run("def main():\n    pass\n").result
        assert (later.outcome, later.error.kind) == ("failed", "start")
        assert "the scheduler does not answer any more" in later.error.message
    finally:
        runner.close()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["dask", "dask+tls"])
def test_a_scheduler_that_is_not_there_is_told(scheme):
    """The address and what to do are told, and nothing is left behind."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(RunnerUnavailableError) as refused:
        open_runner(f"{scheme}://127.0.0.1:{port}", 1)
    protocol = "tls" if scheme == "dask+tls" else "tcp"
    assert f"No Dask scheduler can be used at {protocol}://127.0.0.1:{port}" in str(refused.value)
    assert "dask scheduler" in refused.value.fix


@pytest.mark.slow
def test_closing_leaves_no_process(tmp_path, hanging):
    """Scripts, hosts, workers and threads end with the runner, also while a script runs."""
    before = others()
    runner = open_runner("dask-local:", 2)
    request, counter = hanging(Stage(tmp_path, runner))
    ending = runner.submit(request)
    below(counter)
    assert others() > before
    runner.close()
    assert ending.result(timeout=0).outcome == "cancelled"
    assert others() == before
    later, _ = hanging(Stage(tmp_path / "later", None))
    with pytest.raises(RunnerUnavailableError, match="The runner was closed"):
        runner.submit(replace(later, attempt="later"))


def others():
    """Processes below this one, but for Python's own tracker, which lives as long as we do."""
    return {
        one
        for one in psutil.Process().children(recursive=True)
        if "resource_tracker" not in " ".join(one.cmdline())
    }


TESTER = """
    import json, sys
    from runthrough.adapters.runners.registry import open_runner
    from runthrough.core.values.attempts import ScriptRequest

    if __name__ == "__main__":
        order = json.loads(sys.argv[2])
        open_runner(sys.argv[1], 1).submit(ScriptRequest(**order)).result()
"""


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["own", "shared"])
def test_a_script_dies_with_its_tester(url, hanging, tmp_path, program, engine):
    """Whether the cluster dies too or serves others: a script that nobody waits for is ended."""
    request, counter = hanging(Stage(tmp_path, None))
    order = json.loads(sealed(request).text)["request"]
    del order["limits"]
    tester = program(TESTER, "dask-local:" if engine == "own" else url, json.dumps(order))
    pids = below(counter)
    workers = psutil.Process(tester.pid).children(recursive=True)
    tester.kill()
    gone(pids)
    until(lambda: not any(one.is_running() for one in workers), "its workers are gone")
    assert len(counter.read_text().splitlines()) == 1


@pytest.mark.slow
def test_workers_do_not_import_the_program_that_starts_them(program, tmp_path):
    """A program without `if __name__ == "__main__"` does its work once."""
    done = program(
        """
        import sys
        from runthrough.adapters.runners.registry import open_runner
        with open(sys.argv[1], "a") as starts:
            starts.write("started ")
        open_runner("dask-local:", 2).close()
        """,
        str(tmp_path / "starts"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    told, _ = done.communicate(timeout=60)
    assert (done.returncode, told) == (0, "")
    assert (tmp_path / "starts").read_text() == "started "


@pytest.mark.slow
def test_a_cluster_of_our_own_is_nobody_elses(local):
    """It listens on the loopback alone, and turns away who does not have its key."""
    below = psutil.Process().children(recursive=True)
    listening = {
        one.laddr
        for process in (psutil.Process(), *below)
        for one in process.net_connections("tcp")
        if one.status == psutil.CONN_LISTEN
    }
    assert {place.ip for place in listening} == {"127.0.0.1"}
    address = local.runner._client.scheduler.address
    stranger = address.replace("tls:", "dask:")
    with pytest.raises(RunnerUnavailableError):
        open_runner(stranger, 1)


REQUESTS = st.builds(
    ScriptRequest,
    **dict.fromkeys(("node", "attempt", "script", "package_root", "module", "folder"), st.text()),
    **dict.fromkeys(
        ("input_paths", "output_paths", "environ_vars"), st.dictionaries(st.text(), st.text())
    ),
    job_args=st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=5,
        ),
    ),
    **dict.fromkeys(("made", "inherit_env", "secrets"), st.lists(st.text()).map(tuple)),
    python=st.none() | st.text(),
    timeout_s=st.none() | st.floats(min_value=0),
    limits=st.builds(Limits, memory_bytes=st.none() | st.integers(min_value=1)),
)


@given(REQUESTS)
def test_a_request_arrives_as_it_was_sent(request):
    """Whatever a request holds, the worker reads the same, and nothing of it is shown."""
    order = sealed(request)
    assert repr(order) == "Sealed()"
    assert dask_worker._request(json.loads(order.text)["request"]) == request
