"""Signing in with a browser: by a token or by the printed link, until it ends."""

import html
import json
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie

import pytest
from tests.support.service import HOST, OPTIONS, ROLES, service

from runthrough.bootstrap import clock, new_secret
from runthrough.entrypoints.http import ServiceOptions
from runthrough.entrypoints.http.limits import SIGN_INS_FAILED, Limits, network_of
from runthrough.entrypoints.http.one_time import OneTimeCode
from runthrough.entrypoints.http.signing_in import local_target

STATUS = "/api/v1/sessions/demo/status"
OWN = {"Origin": f"http://{HOST}"}


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A service with a session, whose browser follows no redirect by itself."""
    with service(tmp_path_factory.mktemp("signing") / "shop") as begun:
        begun.begin()
        begun.client.follow_redirects = False
        yield begun


@pytest.fixture
def counter(begun):
    """The service as a stranger finds it, with new tokens, and nothing tried yet."""
    begun.client.cookies.clear()
    begun.client.app.state.service.limits = Limits(clock.here)
    for actor, role in ROLES.items():
        begun.tokens[actor] = begun.application.tokens.create(
            actor, role, sessions=None, expires_in_s=3600, created_by="owner"
        )[0]
    return begun


def post(counter, path="/sign-in", **fields):
    return counter.client.post(path, data=fields, headers=OWN)


def issued(counter):
    return counter.client.app.state.service.code.issue(new_secret)


def test_a_sign_in_without_a_database_is_refused_by_a_screen(tmp_path):
    """A browser is told in words what a program is told as a problem document."""
    with service(tmp_path / "shop") as begun:
        with closing(sqlite3.connect(begun.desk.shell.database)) as database:
            database.execute("DROP TABLE api_tokens")
        asked = {**OWN, "Accept": "text/html"}
        answer = begun.client.post(
            "/sign-in", data={"token": begun.tokens["vera"]}, headers=asked, follow_redirects=False
        )
    assert answer.status_code >= 500
    assert answer.headers["content-type"].startswith("text/html")
    assert 'id="wrong"' in answer.text


def test_a_token_is_changed_for_a_cookie_of_its_own(counter):
    """Who shows a token gets another, which scripts cannot read, and goes where they wanted."""
    answer = post(counter, token=counter.tokens["vera"], next="/sessions/demo?at=3")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sessions/demo?at=3")
    cookie = SimpleCookie(answer.headers["set-cookie"])["runthrough"]
    assert cookie.value.startswith("rt_")
    assert cookie.value != counter.tokens["vera"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "lax", "/")
    assert not cookie["domain"]
    status = counter.client.get(STATUS)
    assert status.status_code == 200
    made = counter.application.tokens.known(cookie.value)
    assert (made.actor, made.role, made.kind) == ("vera", "viewer", "browser")


def test_behind_tls_the_cookie_travels_by_tls_only(tmp_path):
    """Its name has the prefix with which browsers keep it from other hosts and from plain HTTP."""
    options = ServiceOptions(
        OPTIONS.hosts, frozenset({f"https://{HOST}"}), secure=True, cookie="__Host-runthrough-1"
    )
    with service(tmp_path / "shop", options=options) as secured:
        answer = secured.client.post(
            "/sign-in",
            data={"token": secured.tokens["ada"]},
            headers={"Origin": f"https://{HOST}"},
            follow_redirects=False,
        )
    cookie = SimpleCookie(answer.headers["set-cookie"])["__Host-runthrough-1"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")


@pytest.mark.parametrize("text", ["", "rt_nonsense", "rt_000000000000_" + "a" * 43, "x" * 10_000])
def test_what_is_no_token_that_holds_signs_nobody_in(counter, text):
    """The form comes again and says so at its field; what was typed is not shown."""
    answer = post(counter, token=text)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "The token is unknown, has expired or was revoked." in html.unescape(answer.text)
    assert not text or text not in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_cookie_is_no_token_to_sign_in_with(counter):
    """A browser's token ends with its sign-in, so no further one is made of it."""
    post(counter, token=counter.tokens["ada"])
    taken = counter.client.cookies["runthrough"]
    counter.client.cookies.clear()
    assert post(counter, token=taken).status_code == 401


def test_signing_out_ends_the_token_and_not_only_the_cookie(counter):
    """A copy of the cookie lets nobody in afterwards; the token signed in with still does."""
    post(counter, token=counter.tokens["tim"])
    copied = counter.client.cookies["runthrough"]
    answer = post(counter, "/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert "runthrough" not in counter.client.cookies
    stolen = counter.client.get(STATUS, headers={"Cookie": f"runthrough={copied}"})
    assert stolen.status_code == 401
    assert counter.client.get(STATUS, headers=counter.as_("tim")).status_code == 200


def test_signing_out_with_a_token_as_cookie_revokes_nothing(counter):
    """Only what a sign-in made ends with a sign-out."""
    counter.client.cookies.set("runthrough", counter.tokens["tim"])
    post(counter, "/sign-out")
    assert counter.application.tokens.known(counter.tokens["tim"]) is not None


def test_a_revoked_token_ends_what_was_signed_in_with_it(counter):
    """An admin takes one token back, and the browser is out."""
    post(counter, token=counter.tokens["tim"])
    assert counter.client.get(STATUS).status_code == 200
    counter.application.tokens.revoke(counter.tokens["tim"])
    assert counter.client.get(STATUS).status_code == 401


def test_the_link_shows_a_button_and_is_used_up_by_it_alone(counter):
    """A preview of the link changes nothing; the button signs in as who started the service."""
    code = issued(counter)
    for _ in range(2):
        shown = counter.client.get(f"/sign-in?code={code}")
        assert shown.status_code == 200
        assert f'name="code" value="{code}"' in shown.text
        assert "set-cookie" not in shown.headers
    assert post(counter, code=code).status_code == 303
    kept = counter.application.tokens.known(counter.client.cookies["runthrough"])
    assert (kept.actor, kept.role, kept.parent) == ("owner", "admin", None)


def test_the_link_signs_in_once(counter):
    """Who finds it in a terminal's text later does not come in."""
    code = issued(counter)
    assert post(counter, code=code).status_code == 303
    counter.client.cookies.clear()
    again = post(counter, code=code)
    assert again.status_code == 401
    assert "The link was used" in again.text


def test_the_link_holds_for_ten_minutes():
    """After that it signs nobody in, also when it was never used."""
    now = datetime(2026, 11, 28, 12, tzinfo=UTC)
    code = OneTimeCode(lambda: now)
    early, late = code.issue(lambda: "early"), "late"
    now += timedelta(minutes=9, seconds=59)
    assert code.use(early)
    code.issue(lambda: late)
    now += timedelta(minutes=10)
    assert not code.use(late)


def test_a_wrong_code_uses_up_nothing():
    """Somebody who guesses does not lock out who has the link; a new link ends the one before."""
    code = OneTimeCode(lambda: datetime(2026, 11, 28, tzinfo=UTC))
    assert not code.use("")
    code.issue(lambda: "first")
    assert not code.use("guess")
    assert not code.use("\ud800")
    code.issue(lambda: "second")
    assert not code.use("first")
    assert code.use("second")


def test_signed_in_visitors_are_led_on(counter):
    """The form is for strangers; who is in goes where they wanted."""
    post(counter, token=counter.tokens["vera"])
    answer = counter.client.get("/sign-in?next=/sessions/demo")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sessions/demo")


@pytest.mark.parametrize(
    "asked",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/\t/evil.example",
        "/\r\nSet-Cookie: a=b",
        " //evil.example",
        "/a\u202eb",
        "/" + "a" * 2_000,
        "http:/evil.example",
        "/sign-in?next=/",
        "/sign-out",
        "//[",
        "",
        None,
    ],
)
def test_signing_in_leads_nowhere_else(asked):
    """Whatever a link asked for, the way goes on inside of this service."""
    assert local_target(asked) == "/"


@pytest.mark.parametrize("asked", ["/", "/sessions/demo?at=3", "/a//b", "/sessions/é?x=http://b"])
def test_signing_in_leads_back_to_pages_of_ours(asked):
    """Paths of our own are kept as they were asked for."""
    assert local_target(asked) == asked


def test_what_is_shown_of_a_link_is_text(counter):
    """A link cannot bring marks into the form."""
    answer = counter.client.get('/sign-in?code="><script>alert(1)</script>&next=/"><b>')
    assert "<script>alert" not in answer.text
    assert "<b>" not in answer.text


def test_tries_are_bounded_by_address(counter, capfd):
    """After ten that failed within a minute the eleventh waits, also with the right token."""
    for _ in range(10):
        assert post(counter, token="rt_wrong").status_code == 401
    answer = post(counter, token=counter.tokens["ada"])
    assert answer.status_code == 429
    wait_s = int(answer.headers["retry-after"])
    assert 1 <= wait_s <= 60
    assert f"Wait {wait_s} s" in answer.text
    assert "set-cookie" not in answer.headers


def test_sign_ins_that_go_well_keep_nobody_of_their_address_out(counter):
    """A team behind one address comes in, however many they are at nine."""
    for _ in range(SIGN_INS_FAILED.amount + 2):
        assert post(counter, token=counter.tokens["tim"]).status_code == 303


def test_signing_in_anew_ends_the_sign_in_before(counter):
    """What another service of the machine may have been shown lets nobody in any more."""
    post(counter, token=counter.tokens["tim"])
    before = counter.client.cookies["runthrough"]
    post(counter, token=counter.tokens["tim"])
    assert counter.application.tokens.known(before) is None
    assert counter.client.get(STATUS).status_code == 200


def test_addresses_are_counted_by_what_their_owner_has():
    """One who has a network of IPv6 is one; an IPv4 address is the same in both writings."""
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1")
    assert network_of("2001:db8::1") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:10.0.0.7") == network_of("10.0.0.7") == "10.0.0.7"
    assert network_of("testclient") == "testclient"


def test_windows_of_two_actors_do_not_touch():
    """Who starts too many runs waits; another one does not."""
    from runthrough.entrypoints.http.limits import RUN_STARTS

    limits = Limits(clock.here)
    assert [limits.take(RUN_STARTS, "ann") for _ in range(30)] == [None] * 30
    assert 1 <= limits.take(RUN_STARTS, "ann") <= 60
    assert limits.take(RUN_STARTS, "bob") is None


def test_refused_tries_are_logged_unasked(tmp_path, capfd):
    """At the default level the log has who tries in vain, and nobody who comes in."""
    with service(tmp_path / "shop") as begun:
        post(begun, token="rt_123456789abc_" + "S" * 43)
        post(begun, token=begun.tokens["ada"], next="/healthz")
    told = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [(one["event"], one["level"]) for one in told] == [("sign_in_refused", "warning")]


def test_refused_tries_are_logged_without_what_was_typed(tmp_path, capfd):
    """Who looks after the service sees that somebody tries, and no secret."""
    with service(tmp_path / "shop", environ={"RUNTHROUGH_LOG_LEVEL": "info"}) as begun:
        post(begun, token="rt_123456789abc_" + "S" * 43)
        post(begun, token=begun.tokens["ada"], next="/healthz")
        secret = begun.tokens["ada"]
    text = capfd.readouterr().err
    told = [json.loads(line) for line in text.splitlines()]
    assert [one["way"] for one in told if one["event"] == "sign_in_refused"] == ["token"]
    assert [one["actor"] for one in told if one["event"] == "signed_in"] == ["ada"]
    assert "SSSS" not in text
    assert secret not in text
    assert re.search(r"rt_[0-9a-f]{12}_", text) is None


def test_a_token_in_the_address_signs_nobody_in(counter):
    """Addresses are kept in histories and logs, so no token is taken from one."""
    for path in (f"{STATUS}?token={counter.tokens['ada']}", f"{STATUS}?access_token=x"):
        assert counter.client.get(path).status_code == 401
    shown = counter.client.get(f"/sign-in?token={counter.tokens['ada']}")
    assert shown.status_code == 200
    assert counter.tokens["ada"] not in shown.text
