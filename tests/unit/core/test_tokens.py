"""Tokens as values: roles, scope, how long they let in, and the form of their texts."""

import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runthrough.core.values.ids import SessionId, TokenId
from runthrough.core.values.tokens import (
    ROLES,
    Token,
    hash_of,
    includes,
    is_role,
    split_text,
    token_text,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
ID, SECRET = "0123456789ab", "Aa0-_" * 8 + "xyz"
A, B = SessionId("a"), SessionId("b")
TOKEN = Token(
    token_id=TokenId(ID),
    actor="ann",
    role="tester",
    sessions=None,
    created_by="bob",
    created_at=NOW,
    expires_at=NOW + timedelta(hours=1),
)
IDS = st.text("0123456789abcdef", min_size=12, max_size=12)
SECRETS = st.text(string.ascii_letters + string.digits + "-_", min_size=43, max_size=43)


@pytest.mark.parametrize("place", range(3))
def test_each_role_includes_those_before_it_and_no_other(place):
    """A viewer is included by all, an admin by admins alone."""
    able = [includes(ROLES[place], needed) for needed in ROLES]
    assert able == [each <= place for each in range(3)]


@pytest.mark.parametrize("text", ["", "Admin", "admin ", "owner", "viewer,admin"])
def test_a_role_is_told_by_its_exact_name(text):
    """Nothing that only looks like a role is one."""
    assert not is_role(text)
    assert all(map(is_role, ROLES))


def test_a_token_lets_in_until_its_end_and_not_at_it():
    """The end is the first moment at which it does not let in."""
    ends = NOW + timedelta(hours=1)
    assert TOKEN.state_at(ends - MOMENT) == "active"
    assert TOKEN.state_at(ends) == "expired"
    assert replace(TOKEN, expires_at=None).state_at(datetime.max.replace(tzinfo=UTC)) == "active"


def test_a_revoked_token_is_revoked_whatever_the_time_is():
    """Also by a clock that stands before the moment, and behind the end."""
    revoked = replace(TOKEN, revoked_at=NOW)
    for at in (NOW - timedelta(days=1), NOW, NOW + timedelta(days=1)):
        assert revoked.state_at(at) == "revoked"


def test_a_scope_holds_its_sessions_and_no_other():
    """Without one every session is reached, with an empty one none."""
    assert TOKEN.reaches(A)
    scoped = replace(TOKEN, sessions=(A,))
    assert (scoped.reaches(A), scoped.reaches(B)) == (True, False)
    assert not replace(TOKEN, sessions=()).reaches(A)


@given(IDS, SECRETS)
def test_a_text_is_taken_apart_into_what_it_was_made_of(token_id, secret):
    """Whatever is drawn: the secret may hold `_` and `-`, at its ends as well."""
    assert split_text(token_text(token_id, secret)) == (token_id, secret)


@pytest.mark.parametrize(
    ("token_id", "secret"),
    [
        ("", SECRET),
        (ID, ""),
        (ID[:-1], SECRET),
        (ID.upper(), SECRET),
        (ID[:-1] + "_", SECRET),
        (ID, SECRET + "x"),
        (ID, SECRET[:-1] + "="),
        (ID, SECRET[:-1] + "\n"),
    ],
)
def test_parts_of_another_form_make_no_text(token_id, secret):
    """A text that could not be taken apart again is not given out."""
    with pytest.raises(ValueError, match="12 hex characters and 43"):
        token_text(token_id, secret)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text + "x",
        lambda text: text[:-1],
        lambda text: text.upper(),
        lambda text: text.replace("rt_", "rt-", 1),
        lambda text: f"Bearer {text}",
        lambda text: text.replace("0", "\u0660", 1),
        lambda text: text.replace("A", "\uff21", 1),
        lambda text: text[:-1] + "\udcff",
        lambda text: text[:-1] + "\0",
        lambda text: f"{text},{text}",
    ],
)
def test_a_text_of_another_form_has_no_parts(change):
    """Nothing is stripped, folded or cut until it fits."""
    assert split_text(change(token_text(ID, SECRET))) is None


@given(st.text(max_size=80) | st.binary(max_size=80).map(lambda raw: raw.decode("latin-1")))
def test_no_text_is_too_strange_to_be_looked_at(text):
    """Any text at all is split or not, and hashed."""
    parts = split_text(text)
    assert parts is None or token_text(*parts) == text
    assert len(hash_of(text)) == 64


def test_a_hash_is_that_of_the_whole_text():
    """One that knows the text can compute it with any tool; every character counts."""
    text = token_text(ID, SECRET)
    assert hash_of(text) == sha256(text.encode("ascii")).hexdigest()
    assert hash_of(text) != hash_of(text[:-1] + "y")
    assert len(hash_of("\ud800")) == 64


def test_what_is_shown_of_a_token_holds_no_secret():
    """The value has no field for the text or its hash."""
    assert not {"text", "secret", "hash", "text_hash"} & set(Token.__dataclass_fields__)
