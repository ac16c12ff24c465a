"""Runners without root's rights, for whom neither permissions nor process limits hold."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

NOBODY = 65534
TESTER = f"""
import os, resource, sys
from pathlib import Path
from tests.support.scripts import Stage
from runthrough.adapters.runners.process import ProcessRunner
from runthrough.core.values.limits import Limits

root, python = Path(sys.argv[1]), sys.argv[2]
if os.getuid() == 0:
    os.setgroups([])
    os.setgid({NOBODY})
    os.setuid({NOBODY})

def run(text, *, prepare=None, **options):
    with ProcessRunner(1) as runner:
        stage = Stage(root, runner)
        request = stage.request(text, python=python, **options)
        if prepare is not None:
            prepare(request)
        return runner.submit(request).result(timeout=20)
"""


def usable_python():
    """An interpreter that whoever has no rights may start; `None` where there is none."""
    who = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
    names = ("python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3")
    found = [shutil.which(name, path="/usr/bin:/usr/local/bin:/bin") for name in names]
    for python in filter(None, [sys.executable, *found]):
        try:
            subprocess.run([python, "-c", ""], check=True, capture_output=True, **who)
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    return None


@pytest.fixture
def told():
    """Run code without rights, in a folder of its own, and return what it prints."""
    python = usable_python()
    if python is None:
        pytest.skip("no interpreter on this machine may be started by everybody")
    root = Path(tempfile.mkdtemp(prefix="unprivileged-"))
    if os.getuid() == 0:
        os.chown(root, NOBODY, NOBODY)

    def run(code):
        ended = subprocess.run(
            [sys.executable, "-c", TESTER + code, str(root), python],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.splitlines()

    try:
        yield run
    finally:
        shutil.rmtree(root)


def test_a_script_that_may_not_be_read_is_told(told):
    """A script without permission to read it fails in the system's words, with its path."""
    outcome, kind, message = told("""
result = run("def main():\\n    pass\\n", prepare=lambda request: os.chmod(request.script, 0))
print(result.outcome, result.error.type, result.error.message, sep="\\n")
""")
    assert (outcome, kind) == ("failed", "PermissionError")
    assert message.startswith("[Errno 13] Permission denied: ")
    assert message.endswith("train.py'")


def test_an_attempt_whose_folder_may_not_be_written_is_told(told):
    """An attempt that cannot have its logs is a failure to start that says what to look at."""
    outcome, message = told("""
result = run("def main():\\n    pass\\n", prepare=lambda request: os.chmod(request.folder, 0o555))
print(result.outcome, result.error.message, sep="\\n")
""")
    assert outcome == "failed"
    assert "stdout.log: Permission denied. See that the attempt's folder is there" in message


def test_a_script_that_may_start_nothing_is_told(told):
    """A script at its user's limit of processes fails in the system's words."""
    outcome, message = told("""
result = run(
    "import os, resource\\ndef main():\\n"
    "    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))\\n    os.fork()\\n"
)
print(result.outcome, result.error.message, sep="\\n")
""")
    assert (outcome, message) == ("failed", "[Errno 11] Resource temporarily unavailable")


def test_a_tester_that_may_start_nothing_is_told(told):
    """Where not even a host can be started, the attempt says so and is no exception."""
    outcome, message = told("""
with ProcessRunner(1) as runner:
    stage = Stage(root, runner)
    runner.submit(stage.request("def main():\\n    pass\\n", python=python)).result(timeout=20)
    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
    request = stage.request("def main():\\n    pass\\n", python=python)
    result = runner.submit(request).result(timeout=20)
print(result.outcome, result.error.message, sep="\\n")
""")
    assert outcome == "failed"
    assert "Resource temporarily unavailable" in message


def test_a_limit_above_the_systems_own_is_no_error(told):
    """What the system allows at most stays what it is where a limit asks for more."""
    outcome, value = told("""
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
result = run(
    "import resource as r\\ndef main():\\n"
    "    return [r.getrlimit(r.RLIMIT_NOFILE), r.getrlimit(r.RLIMIT_CPU)]\\n",
    limits=Limits(open_files=100_000, cpu_s=1000),
)
print(result.outcome, result.returned.value, sep="\\n")
""")
    assert (outcome, value) == ("passed", "[[64, 64], [30, 30]]")


def test_a_script_cannot_take_its_limits_back(told):
    """Without root's rights what was bounded stays bounded."""
    outcome, value = told("""
result = run('''
import resource
def main():
    refused = []
    for what in (resource.RLIMIT_NOFILE, resource.RLIMIT_CPU, resource.RLIMIT_DATA):
        try:
            resource.setrlimit(what, (2**40, 2**40))
        except (ValueError, OSError) as error:
            refused.append(type(error).__name__)
    return refused
''', limits=Limits(open_files=50, cpu_s=5, memory_bytes=1 << 27))
print(result.outcome, result.returned.value, sep="\\n")
""")
    assert (outcome, value) == ("passed", "['ValueError', 'ValueError', 'ValueError']")
