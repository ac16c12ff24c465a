"""Which process holds a run, and whether it lives."""

import os
import subprocess
import sys

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


def test_nobody_outlives_a_boot():
    """After the machine was started anew all its holders are dead."""
    assert HERE.alive(HERE.me().model_copy(update={"boot_id": "before"})) is False


def test_other_hosts_are_not_judged():
    """Whether a process on another machine lives cannot be seen from here."""
    assert HERE.alive(HERE.me().model_copy(update={"host": "host-2"})) is None
