"""Tokens over HTTP: made, listed, revoked, and who the sender is."""

import pytest
from tests.support.api import Asker, token_for
from tests.support.service import service


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    """A service with a session; each test makes tokens of its own."""
    with service(tmp_path_factory.mktemp("tokens") / "shop") as begun:
        begun.begin()
        yield begun


@pytest.fixture
def ada(counter):
    """An admin."""
    return Asker(counter, "ada")


def listed(asker, told="", **params):
    """The tokens that are listed, on one page."""
    return asker.get("/tokens", told, params={"limit": 1000, **params})["items"]


def test_everybody_learns_who_they_are(counter):
    """Actor, role and scope of the token, and never its text."""
    for actor, role in (("vera", "viewer"), ("tim", "tester"), ("ada", "admin")):
        me = Asker(counter, actor).get("/me", "TokenRow")
        assert (me["actor"], me["role"], me["sessions"]) == (actor, role, None)
        assert counter.tokens[actor] not in str(me)


def test_a_token_is_made_and_lets_in(counter, ada):
    """Its text is told once; the list has all of it but that."""
    asked = {"actor": "eve", "role": "viewer", "sessions": ["demo"], "expires_in_s": 60}
    answer = ada.send("POST", "/tokens", json=asked)
    assert answer.status_code == 201
    told = answer.json()
    assert told["created_by"] == "ada"
    counter.tokens["eve"] = told.pop("token")
    assert Asker(counter, "eve").get("/sessions/demo")["name"] == "demo"
    rows = listed(ada, "TokensPage")
    assert told in rows
    assert told == ada.get(f"/tokens/{told['id']}", "TokenRow")
    assert counter.tokens["eve"] not in str(rows)


def test_a_revoked_token_lets_nobody_in(counter, ada):
    """At the next request; it is listed with all, and revoking it again changes nothing."""
    told = ada.post("/tokens", "token create", json={"actor": "eve"})
    counter.tokens["eve"] = told["token"]
    (revoked,) = ada.ask("DELETE", f"/tokens/{told['id']}", "token revoke")["revoked"]
    assert (revoked["id"], revoked["state"]) == (told["id"], "revoked")
    assert Asker(counter, "eve").refused("GET", "/me") == (401, "TOKEN_UNKNOWN")
    assert ada.ask("DELETE", f"/tokens/{told['id']}")["revoked"] == []
    assert told["id"] not in [row["id"] for row in listed(ada)]
    assert told["id"] in [row["id"] for row in listed(ada, all=True)]
    assert ada.get(f"/tokens/{told['id']}", "TokenRow") == revoked


def test_an_actor_called_like_an_id_is_not_revoked_by_it(ada):
    """An id is an id: nobody's tokens end because of their name."""
    told = ada.post("/tokens", json={"actor": "0123456789ab"})
    assert ada.refused("DELETE", "/tokens/0123456789ab") == (404, "TOKEN_UNKNOWN")
    assert ada.refused("GET", "/tokens/0123456789ab") == (404, "TOKEN_UNKNOWN")
    assert told["id"] in [row["id"] for row in listed(ada)]


def test_tokens_come_in_pages(counter, ada):
    """Each once and the oldest first, whatever is made and revoked on the way."""
    made = [ada.post("/tokens", json={"actor": f"page{n}"})["id"] for n in range(3)]
    whole = listed(ada)
    first = ada.get("/tokens", "TokensPage", params={"limit": 2})
    assert first["items"] == whole[:2]
    ada.ask("DELETE", f"/tokens/{made[1]}")
    ada.post("/tokens", json={"actor": "later"})
    rest, cursor = [], first["next_cursor"]
    while cursor:
        page = ada.get("/tokens", "TokensPage", params={"limit": 2, "cursor": cursor})
        rest += page["items"]
        cursor = page["next_cursor"]
    before = [row["id"] for row in whole[2:]]
    assert [row["id"] for row in rest][:-1] == [one for one in before if one != made[1]]
    assert rest[-1]["actor"] == "later"
    assert ada.refused("GET", "/tokens", params={"cursor": "xxxx"}) == (422, "CURSOR_INVALID")


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({}, (422, "REQUEST_INVALID")),
        ({"actor": ""}, (422, "COMMAND_INVALID")),
        ({"actor": "eve", "role": "owner"}, (422, "REQUEST_INVALID")),
        ({"actor": "eve", "sessions": []}, (422, "COMMAND_INVALID")),
        ({"actor": "eve", "sessions": ["nobody"]}, (404, "SESSION_UNKNOWN")),
        ({"actor": "eve", "expires_in_s": 0}, (422, "REQUEST_INVALID")),
        ({"actor": "eve", "expires_in_s": 1e300}, (422, "COMMAND_INVALID")),
        ({"actor": "eve", "expires_in_s": "1"}, (422, "REQUEST_INVALID")),
        ({"actor": "eve", "token": "rt_mine"}, (422, "REQUEST_INVALID")),
    ],
)
def test_no_token_is_made_of_what_is_none(ada, asked, problem):
    """Each is told with its code, and nothing is made."""
    before = listed(ada)
    assert ada.refused("POST", "/tokens", json=asked) == problem
    assert listed(ada) == before


def test_a_token_is_not_made_twice_by_a_key(ada):
    """Its text cannot be told again, so a key is refused instead of making another one."""
    headers = {"Idempotency-Key": "once"}
    refused = ada.refused("POST", "/tokens", json={"actor": "eve"}, headers=headers)
    assert refused == (400, "IDEMPOTENCY_KEY_UNUSABLE")


def test_a_scoped_admin_looks_after_no_tokens(counter):
    """Else it could make itself one that reaches everything."""
    token_for(counter, "sue", "admin", "demo")
    sue = Asker(counter, "sue")
    token_id = counter.tokens["ada"].split("_")[1]
    assert sue.refused("GET", "/tokens") == (403, "TOKEN_SCOPED")
    assert sue.refused("POST", "/tokens", json={"actor": "sue"}) == (403, "TOKEN_SCOPED")
    assert sue.refused("GET", f"/tokens/{token_id}") == (403, "TOKEN_SCOPED")
    assert sue.refused("DELETE", f"/tokens/{token_id}") == (403, "TOKEN_SCOPED")
    assert sue.get("/me")["sessions"] == [counter.application.sessions.found("demo").session_id]
