"""Which process holds a run, and whether it lives."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runthrough.adapters.hosts import LocalHosts
from runthrough.core.values.ids import HostId
from runthrough.core.values.metadata import Holder

HERE = LocalHosts(HostId("host-1"), "ann-ws")
HOLDER = """
from runthrough.adapters.hosts import LocalHosts
print(LocalHosts("host-1", "ann-ws").me().model_dump_json(), flush=True)
input()
"""


def test_this_process_is_alive():
    """The tester names itself so that others can find it."""
    me = HERE.me()
    assert (me.host, me.host_name, me.pid) == ("host-1", "ann-ws", os.getpid())
    assert HERE.alive(me) is True
    assert LocalHosts(HostId("host-1"), "").alive(me) is True


def test_a_process_that_ended_is_dead():
    """Another process is alive until it is killed, and dead even before it is collected."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        holder = Holder.model_validate_json(process.stdout.readline())
        assert HERE.alive(holder) is True
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert HERE.alive(holder) is False
    assert HERE.alive(holder) is False


def test_a_pid_used_again_is_another_process():
    """A process with the pid of a dead one is told by the time it started."""
    me = HERE.me()
    assert HERE.alive(me.model_copy(update={"started_at": me.started_at - 60})) is False


def test_another_boot_is_not_judged():
    """A host id may be that of a clone as well, and a clone that runs has a boot of its own."""
    assert HERE.alive(HERE.me().model_copy(update={"boot_id": "before"})) is None


def test_processes_of_another_pid_namespace_are_not_judged():
    """A container with the same home has the same host id, and sees its own processes only."""
    me = HERE.me()
    assert me.pid_namespace == str(Path("/proc/self/ns/pid").stat().st_ino)
    assert HERE.alive(me.model_copy(update={"pid": 2**30, "pid_namespace": "1"})) is None


def test_a_tester_in_a_container_is_not_seen_from_outside():
    """Its pid is that of another process here, or of none, and yet it lives."""
    unshare = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody make a pid namespace")
    process = subprocess.Popen(
        [*unshare, sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        inside = Holder.model_validate_json(process.stdout.readline())
        assert (inside.host, inside.boot_id) == ("host-1", HERE.me().boot_id)
        assert HERE.alive(inside) is None
        process.communicate(b"\n")


def test_a_holder_that_names_no_pid_namespace_is_judged_by_its_pid():
    """Runs of older versions name none: they are told apart as they were."""
    older = HERE.me().model_copy(update={"pid_namespace": ""})
    assert HERE.alive(older) is True
    assert HERE.alive(older.model_copy(update={"pid": 2**30})) is False


def test_other_hosts_are_not_judged():
    """Whether a process on another machine lives cannot be seen from here."""
    assert HERE.alive(HERE.me().model_copy(update={"host": "host-2"})) is None
