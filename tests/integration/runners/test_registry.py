"""The runner that a URL names: ours, others', and what is said of one that there is not."""

import importlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pydantic
import pytest
from tests.support.scripts import Stage

import runthrough
from runthrough.adapters.runners.process import ProcessRunner
from runthrough.adapters.runners.registry import OURS, check_runner, open_runner, shown_runner
from runthrough.bootstrap import wire
from runthrough.errors import RunnerUnavailableError

FOREIGN = """
    from runthrough.adapters.runners.process import ProcessRunner

    class Told(ProcessRunner):
        def __init__(self, url, jobs):
            super().__init__(jobs)
            self.told = (url, jobs)

    def half(url, jobs):
        return object()

    def broken(url, jobs):
        raise LookupError("no queue of that name")

    def refusing(url, jobs):
        from runthrough.errors import RunnerUnavailableError
        raise RunnerUnavailableError("The queue is full.", fix="wait")
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user's folders of the test's own."""
    for kind in ("DATA", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / "home" / kind.lower()))


@pytest.fixture
def bring(tmp_path, monkeypatch):
    """Puts a distribution with entry points on `sys.path`, as an installer leaves it."""

    def bring(distribution, module, **points):
        site = tmp_path / distribution
        metadata = site / f"{distribution}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (site / f"{module}.py").write_text(textwrap.dedent(FOREIGN))
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
        )
        lines = [f"{name} = {module}:{target}\n" for name, target in points.items()]
        (metadata / "entry_points.txt").write_text("[runthrough.runners]\n" + "".join(lines))
        monkeypatch.syspath_prepend(site)
        importlib.invalidate_caches()
        monkeypatch.delitem(sys.modules, module, raising=False)

    return bring


def refusal(url):
    """What a person is told, by the check and by the opening alike."""
    with pytest.raises(RunnerUnavailableError) as checked:
        check_runner(url)
    with pytest.raises(RunnerUnavailableError) as opened:
        open_runner(url, 1)
    assert str(checked.value) == str(opened.value)
    return str(checked.value)


def test_a_process_runner_is_opened_for_so_many_jobs(tmp_path):
    """`process:` gives a runner that runs scripts."""
    runner = open_runner("process:", 2)
    try:
        assert isinstance(runner, ProcessRunner)
        assert Stage(tmp_path, runner).run("def main():\n    pass\n").result.outcome == "passed"
    finally:
        runner.close()


@pytest.mark.parametrize("scheme", OURS)
def test_every_runner_of_ours_passes_the_check(scheme):
    """What a URL names is known without starting it, whatever its letters' case."""
    url = f"{scheme}://host:8786" if scheme in {"dask", "dask+tls"} else f"{scheme}:"
    check_runner(url)
    check_runner(url.upper())


def test_an_unknown_runner_is_told_with_those_there_are_the_nearest_first(bring):
    """A slip is answered with what was meant; others' runners are listed too."""
    bring("batch-queue", "queue_of_ann", batch="Told")
    told = refusal("forkserve:")
    assert told.startswith("There is no runner forkserve:. There are forkserver:, ")
    assert told.endswith("→ use the runner forkserver:")
    assert all(f"{scheme}:" in told for scheme in (*OURS, "batch"))
    assert refusal("zzz:").endswith("→ use the runner process:")


@pytest.mark.parametrize(
    "url",
    [
        "dask:",
        "dask://",
        "dask://host",
        "dask://:8786",
        "dask://host:port",
        "dask://host:99999",
        "dask://[::1:8786",
        "dask+tls:host:8786",
    ],
)
def test_a_scheduler_without_host_and_port_is_refused(url):
    """An address that nobody can connect to is told before a run, with an example."""
    told = refusal(url)
    assert f"The runner {url!r} names no scheduler by host and port." in told
    assert f"write it as in {url.partition(':')[0]}://scheduler:8786" in told


@pytest.mark.parametrize("more", ["/path", "?jobs=2", "#part"])
def test_a_scheduler_with_more_than_host_and_port_is_refused(more):
    """What Dask would not look at is not silently dropped."""
    assert "says more than a host and a port" in refusal(f"dask://host:8786{more}")


def test_no_password_is_shown_or_kept():
    """A URL that is refused, and one that is recorded, show no password."""
    told = refusal("dask://ann:s3cr3t-word@host:8786")
    assert "says more than a host and a port" in told
    assert "s3cr3t-word" not in told
    assert "s3cr3t-word" not in shown_runner("batch://ann:s3cr3t-word@host/queue")
    assert shown_runner("dask://host:8786") == "dask://host:8786"


@pytest.mark.parametrize("scheme", ["process", "forkserver", "debug", "dask-local"])
def test_what_stands_behind_a_local_runner_is_refused(scheme):
    """A runner of this machine has nothing to be told in its URL."""
    told = refusal(f"{scheme}:4")
    assert told.startswith(f"The runner {scheme}: takes nothing behind its colon")
    assert told.endswith(f"→ use the runner {scheme}:")


def without(packages, tmp_path):
    """An environment in which these packages were never installed."""
    site = tmp_path / "site-packages"
    site.mkdir()
    for part in Path(pydantic.__file__).parent.parent.iterdir():
        if part.name not in packages:
            (site / part.name).symlink_to(part)
    source = Path(runthrough.__file__).parent.parent
    return os.environ | {"PYTHONPATH": f"{source}{os.pathsep}{site}"}


@pytest.mark.parametrize(
    ("url", "missing"),
    [
        ("dask-local:", "distributed"),
        ("dask-local:", "cryptography"),
        ("dask://host:8786", "distributed"),
    ],
)
def test_an_engine_that_is_not_installed_is_told_with_the_extra(url, missing, tmp_path):
    """Without what the extra brings, its runners name what to install; others are untouched."""
    program = """
        import sys
        from runthrough.adapters.runners.registry import check_runner
        from runthrough.errors import RunnerUnavailableError
        check_runner("process:")
        try:
            check_runner(sys.argv[1])
        except RunnerUnavailableError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-S", "-c", textwrap.dedent(program), url],
        env=without({missing}, tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"needs {missing}, which is not installed" in done.stdout
    assert done.stdout.endswith("→ pip install 'runthrough[dask]'\n")


def test_another_distributions_runner_is_opened_by_its_scheme(bring, tmp_path):
    """Its object gets the whole URL and the number of jobs, and runs scripts for us."""
    bring("batch-queue", "queue_of_ann", batch="Told")
    check_runner("batch://host/queue?size=2")
    runner = open_runner("batch://host/queue?size=2", 3)
    try:
        assert runner.told == ("batch://host/queue?size=2", 3)
        assert Stage(tmp_path, runner).run("def main():\n    pass\n").result.outcome == "passed"
    finally:
        runner.close()


def test_a_runner_of_ours_cannot_be_taken_over(bring):
    """An entry point called as one of ours changes nothing."""
    bring("batch-queue", "queue_of_ann", process="broken")
    open_runner("process:", 1).close()


def test_two_distributions_with_one_scheme_are_refused(bring):
    """Nobody can know which one is meant, so none is taken."""
    bring("batch-queue", "queue_of_ann", batch="Told")
    bring("other-queue", "queue_of_bob", batch="Told")
    told = refusal("batch:")
    assert "batch-queue, other-queue" in told
    assert told.endswith("→ uninstall all but one of them")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("broken", "LookupError: no queue of that name"),
        ("absent", "AttributeError: module 'queue_of_ann' has no attribute 'absent'"),
        ("half", "has no submit and no cancel and no close"),
        ("refusing", "The queue is full."),
    ],
)
def test_another_distributions_fault_is_told_as_its_own(bring, target, words):
    """What fails in a runner of others names them, and how to go on."""
    bring("batch-queue", "queue_of_ann", batch=target)
    check_runner("batch:")
    with pytest.raises(RunnerUnavailableError) as refused:
        open_runner("batch:", 1)
    assert words in str(refused.value)
    if target != "refusing":
        assert "batch-queue" in refused.value.message
        assert refused.value.fix == ("mend or uninstall batch-queue, or use the runner process:")


def test_an_unusable_runner_is_told_before_anything_is_made(tmp_path, home):
    """The setting is looked at before the database, by every command."""
    database = tmp_path / "runs.db"
    flags = {"runner": "forkserve:", "database_url": f"sqlite:///{database}"}
    with pytest.raises(RunnerUnavailableError, match="There is no runner forkserve:"):
        wire("python", cwd=str(tmp_path), environ={}, flags=flags)
    assert not database.exists()


def test_the_wired_runner_is_the_one_that_is_set(tmp_path, bring, home):
    """What the setting names is what runs scripts, and what is recorded shows no password."""
    bring("batch-queue", "queue_of_ann", batch="Told")
    flags = {
        "runner": "batch://ann:s3cr3t-word@host/queue",
        "database_url": f"sqlite:///{tmp_path / 'runs.db'}",
    }
    with wire("python", cwd=str(tmp_path), environ={}, flags=flags) as application:
        ports = application.sessions._ports
        runner = ports.runner(2)
        runner.close()
    assert runner.told == ("batch://ann:s3cr3t-word@host/queue", 2)
    assert ports.runner_name == shown_runner("batch://ann:s3cr3t-word@host/queue")
