"""Tokens over a store in memory and a clock that a test sets: who is let in, and until when."""

import itertools
import re
import string
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.stored import memory_stores
from tests.support.testers import Watch

from runthrough.application.tokens import BROWSER_S, Tokens
from runthrough.bootstrap import clock
from runthrough.core.values.ids import SessionId
from runthrough.core.values.tokens import ROLES, hash_of, split_text
from runthrough.errors import CommandInvalidError, UnknownTokenError

HOUR_S = 3600
A, B = SessionId("session-a"), SessionId("session-b")


class Gate:
    """The tokens of one database, and the clock they go by."""

    def __init__(self):
        self.watch = Watch()
        self.store = memory_stores().tokens
        self.tokens = Tokens(
            self.store, clock=self.watch, new_id=clock.new_token_id, new_secret=clock.new_secret
        )

    def create(self, actor="ann", role="tester", *, sessions=None, lasts_s=HOUR_S):
        return self.tokens.create(
            actor, role, sessions=sessions, expires_in_s=lasts_s, created_by="root"
        )

    def sign_in(self, parent):
        return self.tokens.browser(parent, parent.actor, parent.role, parent.sessions)


@pytest.fixture
def gate():
    return Gate()


def test_a_token_that_was_given_out_is_known(gate):
    """Its text brings back all that was said of it when it was made."""
    text, token = gate.create(role="viewer", sessions=[B, A, B])
    assert gate.tokens.known(text) == token
    assert (token.actor, token.role, token.created_by) == ("ann", "viewer", "root")
    assert token.sessions == (B, A)
    assert token.created_at == gate.watch.now
    assert token.expires_at == gate.watch.now + timedelta(hours=1)
    assert (token.kind, token.parent, token.revoked_at) == ("api", None, None)


def test_only_the_hash_of_a_text_is_kept(gate):
    """Nothing in the store holds the secret, or a part of it that could be guessed on."""
    text, token = gate.create()
    found, kept = gate.store.find(token.token_id)
    assert kept == hash_of(text)
    assert split_text(text).secret[:8] not in repr((found, kept))


def test_no_two_tokens_are_alike(gate):
    """Each has an id and a secret of its own, though all else is equal."""
    texts = [gate.create()[0] for _ in range(50)]
    parts = [split_text(text) for text in texts]
    assert len({part.token_id for part in parts}) == len({part.secret for part in parts}) == 50


def test_a_sign_in_forgets_those_that_are_long_over(gate):
    """30 days after its end a sign-in is gone with the next one; what people made stays."""
    _, parent = gate.create(lasts_s=None)
    _, short = gate.create(lasts_s=HOUR_S)
    first = gate.sign_in(parent)[1]
    gate.watch.pass_by(BROWSER_S + 30 * 24 * HOUR_S)
    second = gate.sign_in(parent)[1]
    kept = {token.token_id for token in gate.tokens.list()}
    assert kept == {token.token_id for token in (parent, short, first, second)}
    gate.watch.pass_by(1)
    third = gate.sign_in(parent)[1]
    kept = {token.token_id for token in gate.tokens.list()}
    assert kept == {token.token_id for token in (parent, short, second, third)}


def test_a_token_lets_in_until_its_end(gate):
    """One microsecond before it does, at it nobody is known."""
    text, token = gate.create()
    gate.watch.pass_by(HOUR_S - 1e-6)
    assert gate.tokens.known(text) == token
    gate.watch.pass_by(1e-6)
    assert gate.tokens.known(text) is None
    assert gate.tokens.state_of(token) == "expired"


def test_a_token_without_end_lets_in_for_ever(gate):
    """A century later it does still."""
    text, token = gate.create(lasts_s=None)
    gate.watch.pass_by(100 * 365 * 24 * HOUR_S)
    assert gate.tokens.known(text) == token


def test_a_right_id_with_a_wrong_secret_lets_nobody_in(gate):
    """The id is shown in lists; it takes every character of the secret."""
    text, _ = gate.create()
    other, _ = gate.create("bob")
    token_id, secret = split_text(text)
    assert gate.tokens.known(f"rt_{token_id}_{split_text(other).secret}") is None
    for place in range(len(secret)):
        wrong = "A" if secret[place] != "A" else "B"
        assert (
            gate.tokens.known(f"rt_{token_id}_{secret[:place]}{wrong}{secret[place + 1 :]}")
            is None
        )


@pytest.mark.parametrize("place", [0, 31, 63])
def test_the_whole_hash_is_compared(gate, place):
    """One sign of it that differs, wherever it stands, lets nobody in."""
    text, token = gate.create()
    kept = hash_of(text)
    other = f"{kept[:place]}{'0' if kept[place] != '0' else '1'}{kept[place + 1 :]}"
    with gate.store._database.writing() as tables:
        tables.tokens[token.token_id] = (token, other)
    assert gate.tokens.known(text) is None


def test_a_hash_is_no_token(gate):
    """Whoever reads the table has nothing that lets them in."""
    text, token = gate.create()
    _, kept = gate.store.find(token.token_id)
    assert [gate.tokens.known(each) for each in (kept, f"rt_{token.token_id}_{kept[:43]}")] == [
        None,
        None,
    ]
    assert gate.tokens.known(text) == token


@pytest.mark.parametrize(
    "text",
    ["", "rt_", "rt__", "rt_" + "0" * 12, "Bearer x", "\0", "\ud800", "é" * 59, "rt_" * 10**5],
)
def test_malformed_texts_are_unknown_and_no_error(gate, text):
    """Whatever a header holds, it is only not a token."""
    gate.create()
    assert gate.tokens.known(text) is None


GIVEN_OUT = Gate()
TEXTS = tuple(GIVEN_OUT.create(role=role)[0] for role in ROLES)
SHAPED = st.builds(
    "rt_{}_{}".format,
    st.sampled_from([split_text(text).token_id for text in TEXTS])
    | st.text("0123456789abcdef", min_size=12, max_size=12),
    st.text(string.ascii_letters + string.digits + "-_", min_size=43, max_size=43),
)


@given(st.text() | SHAPED | st.sampled_from(TEXTS).flatmap(st.permutations).map("".join))
def test_any_text_that_was_not_given_out_is_unknown(text):
    """Of the right form, with an id that is kept, or a given text in another order."""
    found = GIVEN_OUT.tokens.known(text)
    assert (found is not None) == (text in TEXTS)


class Counting:
    """A store that counts what is asked of it."""

    def __init__(self, store):
        self._store = store
        self.asked = []

    def find(self, token_id):
        self.asked.append(token_id)
        return self._store.find(token_id)


def test_what_is_unknown_takes_the_same_looks(gate):
    """One look at the table, for a known id, another one, or none at all: time tells nothing."""
    text, token = gate.create()
    counting = Counting(gate.store)
    tokens = Tokens(
        counting, clock=gate.watch, new_id=clock.new_token_id, new_secret=clock.new_secret
    )
    secret = split_text(text).secret
    for asked in (text, f"rt_{'f' * 12}_{secret}", f"rt_{token.token_id}_{'x' * 43}", "nonsense"):
        counting.asked.clear()
        tokens.known(asked)
        assert len(counting.asked) == 1, asked


# ---- sign-ins


def test_a_sign_in_is_a_token_of_its_own(gate):
    """It has its parent's actor, role and scope, and another text."""
    text, parent = gate.create(sessions=[A])
    cookie, signed_in = gate.sign_in(parent)
    assert cookie != text
    assert gate.tokens.known(cookie) == signed_in
    assert (signed_in.actor, signed_in.role, signed_in.sessions) == ("ann", "tester", (A,))
    assert (signed_in.kind, signed_in.parent) == ("browser", parent.token_id)


def test_a_sign_in_lasts_twelve_hours(gate):
    """With a parent without end, and with none."""
    _, parent = gate.create(lasts_s=None)
    cookies = [gate.sign_in(parent)[0], gate.tokens.browser(None, "ann", "admin", None)[0]]
    gate.watch.pass_by(BROWSER_S - 1)
    assert None not in map(gate.tokens.known, cookies)
    gate.watch.pass_by(1)
    assert list(map(gate.tokens.known, cookies)) == [None, None]
    assert BROWSER_S == 12 * HOUR_S


def test_a_sign_in_never_outlives_its_parent(gate):
    """A token that ends in an hour gives sign-ins that end with it."""
    _, parent = gate.create(lasts_s=HOUR_S)
    gate.watch.pass_by(HOUR_S / 2)
    cookie, signed_in = gate.sign_in(parent)
    assert signed_in.expires_at == parent.expires_at
    gate.watch.pass_by(HOUR_S / 2)
    assert gate.tokens.known(cookie) is None


def test_revoking_a_token_ends_its_sign_ins_at_once(gate):
    """Also the sign-in that was made with a sign-in; other people's go on."""
    _, parent = gate.create()
    first, signed_in = gate.sign_in(parent)
    second, grandchild = gate.sign_in(signed_in)
    _, other = gate.create("bob")
    theirs, _ = gate.sign_in(other)
    assert None not in map(gate.tokens.known, (first, second, theirs))
    gate.tokens.revoke(parent.token_id)
    assert [gate.tokens.known(each) for each in (first, second)] == [None, None]
    assert [gate.tokens.state_of(each) for each in (signed_in, grandchild)] == ["revoked"] * 2
    assert gate.tokens.known(theirs) is not None


def test_revoking_a_sign_in_leaves_the_token(gate):
    """Signing out ends this browser alone."""
    text, parent = gate.create()
    (first, signed_in), (second, _) = gate.sign_in(parent), gate.sign_in(parent)
    assert gate.tokens.revoke(signed_in.token_id) == (signed_in,)
    assert gate.tokens.known(first) is None
    assert None not in (gate.tokens.known(text), gate.tokens.known(second))


def test_a_sign_in_whose_parent_is_gone_lets_nobody_in(gate):
    """Where somebody deleted the row of the parent by hand, nobody can vouch any more."""
    _, parent = gate.create()
    cookie, signed_in = gate.sign_in(parent)
    with gate.store._database.writing() as tables:
        del tables.tokens[parent.token_id]
    assert gate.tokens.known(cookie) is None
    assert gate.tokens.state_of(signed_in) == "revoked"


@pytest.mark.parametrize(
    ("actor", "role", "sessions"),
    [
        ("bob", "tester", (A,)),
        ("ann", "admin", (A,)),
        ("ann", "tester", None),
        ("ann", "tester", (A, B)),
    ],
)
def test_a_sign_in_allows_no_more_than_its_parent(gate, actor, role, sessions):
    """No other actor, no higher role, no session beyond the scope; less may be asked for."""
    _, parent = gate.create(sessions=[A])
    with pytest.raises(ValueError, match="gives no more"):
        gate.tokens.browser(parent, actor, role, sessions)
    assert gate.tokens.list() == (parent,)
    _, less = gate.tokens.browser(parent, "ann", "viewer", ())
    assert (less.role, less.sessions) == ("viewer", ())


# ---- what cannot be made


@pytest.mark.parametrize("actor", ["", "  ", "a\nb", "a\x1b[1mb", "a\0", "\ud800"])
def test_nobody_is_called_so(gate, actor):
    """Every event will name the actor, in headers and on terminals too."""
    with pytest.raises(CommandInvalidError, match="nobody can be called"):
        gate.create(actor)
    assert gate.tokens.list() == ()


def test_a_secret_is_no_name_and_is_not_repeated(gate):
    """Also another token: whoever mistakes the place of the text does not write it down."""
    text, token = gate.create()
    with pytest.raises(CommandInvalidError) as refused:
        gate.create(text)
    assert split_text(text).secret not in str(refused.value)
    assert gate.tokens.list() == (token,)


def test_names_of_any_language_are_taken(gate):
    """Blanks around a name are none of it."""
    assert gate.create("  größe 😀@ws ")[1].actor == "größe 😀@ws"


@pytest.mark.parametrize("lasts_s", [0, -1, -1e30, float("nan")])
def test_an_end_that_has_passed_makes_no_token(gate, lasts_s):
    """It would have expired before anybody saw it."""
    with pytest.raises(CommandInvalidError, match="expired already"):
        gate.create(lasts_s=lasts_s)
    assert gate.tokens.list() == ()


@pytest.mark.parametrize("lasts_s", [1e12, 1e30, float("inf")])
def test_an_end_beyond_the_calendar_makes_no_token(gate, lasts_s):
    """What lasts longer than years can be told says so, and can be said."""
    with pytest.raises(CommandInvalidError, match="no calendar tells"):
        gate.create(lasts_s=lasts_s)
    assert gate.tokens.list() == ()


def test_a_token_that_reaches_nothing_is_not_made(gate):
    """A list of sessions that came out empty is no list of all."""
    with pytest.raises(CommandInvalidError, match="reaches no session"):
        gate.create(sessions=[])
    assert gate.tokens.list() == ()


# ---- taking back


def test_all_tokens_of_an_actor_are_revoked(gate):
    """Those that still let in are told; those that had ended are left as they are."""
    _, short = gate.create(lasts_s=1)
    gate.watch.pass_by(1)
    first, second = gate.create()[1], gate.create()[1]
    text, _ = gate.create("bob")
    assert set(gate.tokens.revoke("ann")) == {first, second}
    assert gate.tokens.known(text) is not None
    revoked_at = {token.token_id: token.revoked_at for token in gate.tokens.list()}
    assert revoked_at[short.token_id] is None
    assert revoked_at[first.token_id] == revoked_at[second.token_id] == gate.watch.now


def test_sign_ins_of_a_revoked_actor_are_told_with_their_tokens(gate):
    """A browser that was let in is named among what ended, once."""
    _, parent = gate.create()
    _, signed_in = gate.sign_in(parent)
    assert set(gate.tokens.revoke("ann")) == {parent, signed_in}
    assert gate.tokens.revoke("ann") == ()


def test_a_token_is_revoked_by_the_text_that_was_found(gate):
    """Whoever finds one in a log need not know which id it has."""
    text, token = gate.create()
    assert gate.tokens.revoke(text) == (token,)
    assert gate.tokens.known(text) is None


def test_an_id_goes_before_a_name(gate):
    """An actor who is called like a token's id does not stand in its way."""
    _, token = gate.create()
    _, other = gate.create(token.token_id)
    assert gate.tokens.revoke(token.token_id) == (token,)
    assert gate.tokens.state_of(other) == "active"


def test_what_is_no_token_is_told_with_the_actors_there_are(gate):
    """The error names who has tokens; where there is none it says how one is made."""
    with pytest.raises(UnknownTokenError, match="There is no token") as refused:
        gate.tokens.revoke("zoe")
    assert refused.value.fix == "runthrough token create ACTOR makes one"
    for actor in ("bob", "ann", "ann"):
        gate.create(actor)
    with pytest.raises(UnknownTokenError, match="made for: ann, bob") as refused:
        gate.tokens.revoke("zoe")
    assert refused.value.fix == "runthrough token list --all lists them"


def test_an_unknown_text_is_not_repeated(gate):
    """A token of another database, mistaken for one of this, is not written down."""
    foreign, token = Gate().create()
    for ask in (gate.tokens.revoke, gate.tokens.found):
        with pytest.raises(UnknownTokenError) as refused:
            ask(foreign)
        assert split_text(foreign).secret not in str(refused.value)
    with pytest.raises(UnknownTokenError, match=token.token_id):
        gate.tokens.found(token.token_id)


def test_tokens_are_listed_in_the_order_of_their_making(gate):
    """Ended ones too."""
    made = []
    for lasts_s in (1, None, HOUR_S):
        made.append(gate.create(lasts_s=lasts_s)[1])
        gate.watch.pass_by(1)
    assert gate.tokens.list() == tuple(made)
    assert [gate.tokens.state_of(one) for one in made] == ["expired", "active", "active"]
    assert gate.tokens.found(made[0].token_id) == made[0]


def test_an_id_that_was_drawn_twice_is_an_error_and_no_second_token():
    """The first holder goes on; nobody is let in as somebody else."""
    gate = Gate()
    ids = itertools.repeat("a" * 12)
    tokens = Tokens(
        gate.store, clock=gate.watch, new_id=lambda: next(ids), new_secret=clock.new_secret
    )
    text, token = tokens.create(
        "ann", "tester", sessions=None, expires_in_s=None, created_by="root"
    )
    with pytest.raises(Exception, match="already"):
        tokens.create("eve", "admin", sessions=None, expires_in_s=None, created_by="eve")
    assert tokens.known(text) == token


def test_what_bootstrap_draws_has_the_form_that_is_needed():
    """Ids and secrets of the wired randomness make texts, and do not repeat."""
    assert re.fullmatch("[0-9a-f]{12}", clock.new_token_id())
    assert re.fullmatch("[0-9A-Za-z_-]{43}", clock.new_secret())
    assert clock.new_secret() != clock.new_secret()
