"""Tokens: who is let in at the service; of their texts only hashes are kept."""

from dataclasses import replace
from datetime import timedelta, timezone

from runthrough.core.values.ids import TokenId
from runthrough.core.values.tokens import ROLES, Token
from runthrough.entrypoints.store_suite.rule import Rule, Stores, expect_equal, expect_error, rule
from runthrough.entrypoints.store_suite.writing import AT, A, B, Writer, said
from runthrough.errors import StoreError

RULES: list[Rule] = []
_ONE, _TWO, _THREE = (TokenId(text * 12) for text in "1a0")
_HASH, _OTHER_HASH = "1" * 64, "2" * 64
_LATER = AT + timedelta(days=1, microseconds=1)
_TOKEN = Token(
    token_id=_ONE,
    actor="größe 😀@ws",
    role="tester",
    sessions=(B, A),
    created_by="ann 'the admin'",
    created_at=AT,
    expires_at=_LATER,
    revoked_at=AT + timedelta(seconds=1),
    parent=_TWO,
    kind="browser",
)
_PLAIN = Token(
    token_id=_TWO,
    actor="bob",
    role="viewer",
    sessions=None,
    created_by="ann",
    created_at=AT,
    expires_at=None,
)


@rule(RULES)
def unknown_token_is_none(stores: Stores) -> None:
    """Nothing is found under an id of which no token is kept."""
    expect_equal(stores.tokens.tokens(), (), "tokens of a fresh store")
    stores.tokens.add(_PLAIN, text_hash=_HASH)
    expect_equal(stores.tokens.find(_ONE), None, "another token")


@rule(RULES)
def token_comes_back_as_it_was(stores: Stores) -> None:
    """All that is known of a token is found under its id, with the hash of its text."""
    for token, text_hash in ((_TOKEN, _HASH), (_PLAIN, _OTHER_HASH)):
        stores.tokens.add(token, text_hash=text_hash)
    expect_equal(stores.tokens.find(_ONE), (_TOKEN, _HASH), "token and hash")
    expect_equal(stores.tokens.find(_TWO), (_PLAIN, _OTHER_HASH), "plain token and hash")


@rule(RULES)
def tokens_are_kept_for_each_role(stores: Stores) -> None:
    """Viewers, testers and admins have tokens that tell so."""
    made = tuple(
        replace(_PLAIN, token_id=token_id, role=role)
        for token_id, role in zip(sorted((_ONE, _TWO, _THREE)), ROLES, strict=True)
    )
    for token in made:
        stores.tokens.add(token, text_hash=_HASH)
    expect_equal(stores.tokens.tokens(), made, "tokens")


@rule(RULES)
def scope_of_no_session_is_not_the_scope_of_all(stores: Stores) -> None:
    """A token that reaches no session stays apart from one that reaches every one."""
    stores.tokens.add(replace(_PLAIN, sessions=()), text_hash=_HASH)
    found = stores.tokens.find(_TWO)
    expect_equal(found and found[0].sessions, (), "scope")


@rule(RULES)
def times_of_tokens_come_back_in_utc(stores: Stores) -> None:
    """A time of another zone is the same moment when it is read, told in UTC."""
    there = timezone(timedelta(hours=5, minutes=45))
    stores.tokens.add(replace(_PLAIN, expires_at=_LATER.astimezone(there)), text_hash=_HASH)
    found = stores.tokens.find(_TWO)
    expires_at = found and found[0].expires_at
    told = expires_at and (expires_at, expires_at.utcoffset())
    expect_equal(told, (_LATER, timedelta(0)), "time and offset")


@rule(RULES)
def token_id_is_not_given_twice(stores: Stores) -> None:
    """A second token of an id is refused, and the first stays what it was."""
    stores.tokens.add(_PLAIN, text_hash=_HASH)
    again = replace(_PLAIN, actor="eve", role="admin")
    expect_error(StoreError, lambda: stores.tokens.add(again, text_hash=_OTHER_HASH))
    expect_equal(stores.tokens.find(_TWO), (_PLAIN, _HASH), "token and hash")


@rule(RULES)
def tokens_are_listed_as_they_were_made(stores: Stores) -> None:
    """All tokens are told in the order of their making, in whatever order they were kept."""
    made = [
        replace(_PLAIN, token_id=token_id, created_at=AT + timedelta(microseconds=late))
        for late, token_id in enumerate((_TWO, _THREE, _ONE))
    ]
    for token in (made[1], made[2], made[0]):
        stores.tokens.add(token, text_hash=_HASH)
    expect_equal(stores.tokens.tokens(), tuple(made), "tokens")


@rule(RULES)
def revoked_token_tells_when(stores: Stores) -> None:
    """A token that was revoked is found and listed with the time, and is else what it was."""
    stores.tokens.add(_PLAIN, text_hash=_HASH)
    stores.tokens.revoke(_TWO, at=_LATER)
    revoked = replace(_PLAIN, revoked_at=_LATER)
    expect_equal(stores.tokens.find(_TWO), (revoked, _HASH), "token and hash")
    expect_equal(stores.tokens.tokens(), (revoked,), "tokens")


@rule(RULES)
def revoking_again_changes_nothing(stores: Stores) -> None:
    """A token was revoked when it was revoked first."""
    stores.tokens.add(_PLAIN, text_hash=_HASH)
    for at in (AT, _LATER):
        stores.tokens.revoke(_TWO, at=at)
    expect_equal(stores.tokens.tokens(), (replace(_PLAIN, revoked_at=AT),), "tokens")


@rule(RULES)
def revoking_touches_no_other_token(stores: Stores) -> None:
    """The end of one token is none of another one, of the same actor either."""
    other = replace(_PLAIN, token_id=_THREE)
    for token in (_PLAIN, other):
        stores.tokens.add(token, text_hash=_HASH)
    stores.tokens.revoke(_TWO, at=_LATER)
    expect_equal(stores.tokens.find(_THREE), (other, _HASH), "the other token")


@rule(RULES)
def revoking_an_unknown_token_does_nothing(stores: Stores) -> None:
    """No token is made of one that is taken back and is not kept."""
    stores.tokens.add(_PLAIN, text_hash=_HASH)
    stores.tokens.revoke(_ONE, at=_LATER)
    expect_equal(stores.tokens.tokens(), (_PLAIN,), "tokens")


@rule(RULES)
def sign_ins_that_are_long_over_are_forgotten(stores: Stores) -> None:
    """Browser tokens that expired or were revoked before the moment are gone; no others are."""
    before, at = _LATER - timedelta(microseconds=1), _LATER
    sign_in = replace(_PLAIN, kind="browser")
    gone = [replace(sign_in, expires_at=before), replace(sign_in, revoked_at=before)]
    kept = [
        replace(sign_in, expires_at=at, revoked_at=at),
        sign_in,
        replace(_PLAIN, expires_at=before),
        replace(_PLAIN, revoked_at=before),
    ]
    tokens = [
        replace(token, token_id=TokenId(f"{number:012x}"))
        for number, token in enumerate([*gone, *kept])
    ]
    for token in tokens:
        stores.tokens.add(token, text_hash=_HASH)
    for _ in range(2):
        stores.tokens.forget_sign_ins(ended_before=at)
        expect_equal(stores.tokens.tokens(), tuple(tokens[len(gone) :]), "tokens that are kept")


@rule(RULES)
def tokens_leave_the_log_alone(stores: Stores) -> None:
    """Making and revoking a token is no event: the head stays, and the log verifies."""
    Writer(stores).append(A, said("x"))
    head = stores.audit.head()
    stores.tokens.add(_PLAIN, text_hash=_HASH)
    stores.tokens.revoke(_TWO, at=_LATER)
    expect_equal(stores.audit.head(), head, "head")
    verdict = stores.audit.verify()
    expect_equal((verdict.ok, verdict.checked), (True, 1), "verdict and events")
