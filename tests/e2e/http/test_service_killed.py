"""A service that is killed while a run is on: the next one tells the truth, and goes on."""

import os
import signal

import pytest
from tests.support.held import RUNS, begun_run, held_shop, let_go, token
from tests.support.served import served, until

pytestmark = pytest.mark.slow


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_run_that_lost_its_service_is_told_and_can_go_on(tmp_path):
    """After kill -9 the run counts as on no longer than it is looked for, and a retry ends it."""
    with held_shop(tmp_path / "shop") as desk:
        made = token(desk)
        with served(desk.shell) as begun:
            run, pid = begun_run(begun, desk, made)
            begun.signed(signal.SIGKILL)
            assert begun.ended() == -signal.SIGKILL
        until(lambda: gone(pid))
        assert desk.count("RunFinished") == 0
        let_go(desk)
        with served(desk.shell) as again, again.client(made) as client:
            assert client.get("/readyz").json()["status"] == "ready"
            status = client.get("/api/v1/sessions/demo/status")
            assert status.status_code == 200
            resumed = client.post("/api/v1/sessions/demo/resume", json={})
            assert resumed.status_code == 200, resumed.text
            (ended,) = desk.events("RunFinished")
            assert ended[2]["run"] == run
            assert ended[2]["status"] != "passed"
            first = client.get(f"{RUNS}/{run}").json()
            assert first["outcomes"]["clean"]["outcome"] == "lost"
            begun = client.post("/api/v1/sessions/demo/retry", json={})
            assert begun.status_code == 202, begun.text
            second = f"{RUNS}/{begun.json()['run']}"
            told = until(
                lambda: (
                    client.get(second).json().get("status") == "passed"
                    and client.get(second).json()
                )
            )
        assert {row["outcome"] for row in told["outcomes"].values()} == {"passed"}
        assert desk.application("ann").auditing.verify().ok


def test_what_was_signed_in_holds_after_a_restart(tmp_path):
    """A browser's token is in the database, so that a new process knows it; the link is new."""
    with held_shop(tmp_path / "shop") as desk:
        with served(desk.shell) as begun, begun.client() as client:
            code = begun.link.partition("code=")[2]
            client.post("/sign-in", data={"code": code}, headers={"Origin": begun.url})
            (cookie,) = client.cookies.values()
            begun.signed(signal.SIGKILL)
            begun.ended()
        with served(desk.shell) as again, again.client() as client:
            assert again.link.partition("code=")[2] != code
            name = f"runthrough-{again.place[1]}"
            status = client.get(
                "/api/v1/sessions/demo/status", headers={"Cookie": f"{name}={cookie}"}
            )
            assert status.status_code == 200
