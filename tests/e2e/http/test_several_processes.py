"""Several services on one PostgreSQL database: what one does, the others know."""

import asyncio
import signal

import pytest
from tests.support import servers
from tests.support.audience import Writer, audience, pid_lives, texts_of
from tests.support.held import RUNS, begun_run, let_go
from tests.support.served import until
from tests.support.several import heard_by, team

pytestmark = pytest.mark.slow
EACH = 3
"""Listeners at each service."""
STATUS = "/api/v1/sessions/demo/status"
PUBLIC = {"Host": "team.example", "Origin": "https://team.example"}


@pytest.fixture
def shared(tmp_path, postgres_url):
    """A team with a session that lacks nothing."""
    with team(tmp_path / "shop", postgres_url) as begun:
        begun.begin("demo")
        yield begun


@pytest.fixture
def pair(shared):
    """Two services on the team's database."""
    with shared.served() as one, shared.served() as other:
        yield one, other


def test_what_one_records_reaches_the_listeners_of_the_other(shared, pair):
    """All of it, in the order of the log, whichever of them was asked; nothing comes twice."""
    one, other = pair
    shared.begin("s0", "s1", "s2", "s3")
    tester, viewers = shared.token("tim", "tester"), shared.tokens(EACH)
    writers = [Writer(pair[n % 2].place, tester, f"s{n}") for n in range(4)]

    async def story():
        async with audience(one.place, viewers) as here, audience(other.place, viewers) as there:
            await asyncio.gather(*(w.write(texts_of(n, 20)) for n, w in enumerate(writers)))
            told = await heard_by([*here, *there], writers)
            return told, {tuple(e.position for e in each.heard) for each in (*here, *there)}

    told, orders = asyncio.run(story())
    assert told == []
    assert [len(order) for order in orders] == [80]


def test_a_run_is_driven_by_one_and_cancelled_through_the_other(shared, pair):
    """The other refuses a second run, and its request to end the first one is heeded."""
    one, other = pair
    shared.hold()
    admin = shared.token("ada", "admin")
    run, pid = begun_run(one, shared.desk, admin)
    with other.client(admin) as client:
        refused = client.post(RUNS)
        assert (refused.status_code, refused.json()["code"]) == (409, "RUN_IN_PROGRESS")
        assert client.post(f"{RUNS}/{run}/cancel").status_code == 200
        ended = until(lambda: over(client, run))
    assert ended["status"] == "cancelled"
    until(lambda: not pid_lives(pid))


def over(client, run):
    """The results of a run that is over, as they are told through a service."""
    told = client.get(f"{RUNS}/{run}").json()
    return told if told["status"] != "running" else None


def test_who_signed_in_at_one_is_signed_in_at_the_other(shared):
    """Behind one public address the cookie is the same, and signing out ends it at both."""
    made = shared.token("tim", "tester")
    words = ("--behind-proxy", "--public-url", "https://team.example")
    with shared.served(*words) as one, shared.served(*words) as other:
        with one.client() as client:
            signed = client.post("/sign-in", data={"token": made}, headers=PUBLIC)
        assert signed.status_code == 303, signed.text
        cookie = {"Cookie": signed.headers["set-cookie"].partition(";")[0], **PUBLIC}
        with one.client() as here, other.client() as there:
            assert there.get(STATUS, headers=cookie).status_code == 200
            assert there.post("/sign-out", headers=cookie).status_code == 303
            assert here.get(STATUS, headers=cookie).status_code == 401


def test_a_token_that_is_revoked_through_one_is_refused_by_the_other(shared, pair):
    """From the next request on, and what was signed in with it too."""
    one, other = pair
    made = shared.token("tim", "tester")
    token_id = made.split("_")[1]
    with one.client(shared.token("ada", "admin")) as admin, other.client(made) as tim:
        assert tim.get(STATUS).status_code == 200
        with other.client() as browser:
            sent = {"data": {"token": made}, "headers": {"Origin": other.url}}
            assert browser.post("/sign-in", **sent).status_code == 303
            assert browser.get(STATUS).status_code == 200
            assert admin.delete(f"/api/v1/tokens/{token_id}").status_code == 200
            assert tim.get(STATUS).status_code == 401
            assert browser.get(STATUS).status_code == 401


def test_what_a_killed_one_left_open_the_other_closes_and_goes_on(shared, pair):
    """On the same machine nobody waits for a lease to end."""
    one, other = pair
    shared.hold()
    admin = shared.token("ada", "admin")
    run, pid = begun_run(one, shared.desk, admin)
    one.signed(signal.SIGKILL)
    one.ended()
    until(lambda: not pid_lives(pid))
    let_go(shared.desk)
    with other.client(admin) as client:
        begun = client.post(RUNS)
        assert begun.status_code == 202, begun.text
        second = until(lambda: over(client, begun.json()["run"]))
        first = over(client, run)
    assert first["outcomes"]["clean"]["outcome"] == "lost"
    assert first["status"] != "passed"
    assert {row["outcome"] for row in second["outcomes"].values()} == {"passed"}
    assert shared.application.auditing.verify().ok


def test_a_stream_goes_on_without_a_gap_when_the_database_was_restarted(tmp_path, postgres):
    """What is recorded after that is heard by who listened before, once and in order."""
    del postgres  # where there can be none, this test is skipped as all are
    if why := servers.why_missing():
        pytest.skip(f"a server that is named cannot be stopped: {why}")
    with servers.own_server() as wheel:
        url = servers.Postgres(wheel.admin).migrated()
        with team(tmp_path / "shop", url) as shared:
            shared.begin("demo")
            with shared.served() as one, shared.served() as other:
                assert asyncio.run(restarted(shared, wheel, one, other)) == []


async def restarted(shared, wheel, one, other):
    """What is wrong with what listeners of one heard of a writer at the other."""
    writer = Writer(other.place, shared.token("tim", "tester"), "demo")
    async with audience(one.place, shared.tokens(EACH)) as listeners:
        await writer.write(["0-before"])
        await heard_by(listeners, [writer])
        await asyncio.to_thread(wheel.stop_immediately)
        with one.client() as here, other.client() as there:
            assert here.get("/readyz").status_code == 503
            await asyncio.to_thread(wheel.start)
            until(lambda: here.get("/readyz").status_code == 200)
            until(lambda: there.get("/readyz").status_code == 200)
        await writer.write([f"0-after-{number}" for number in range(10)])
        return await heard_by(listeners, [writer])
