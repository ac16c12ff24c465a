"""Errors of who is let in at the service."""

import pytest
from tests.support.provoked import provokes, with_questions

from runthrough.errors import CommandInvalidError, UnknownTokenError

pytestmark = pytest.mark.slow


@provokes(UnknownTokenError)
def test_a_token_that_is_none(tmp_path):
    """Who has tokens stands in the error; the list that is told shows what can be revoked."""
    victim = with_questions(tmp_path)
    victim.line("token create bob --expires 1h")
    told = victim.refused(
        "token revoke bop",
        UnknownTokenError,
        "No token has the id 'bop', and no actor of that name has one. Tokens were made for: bob.",
        "runthrough token list --all lists them",
    )
    assert "bob" in victim.follow(told, "runthrough token list --all").out
    victim.line("token revoke bob")


@provokes(UnknownTokenError)
def test_no_token_at_all(tmp_path):
    """Where nobody was given one, the command that makes one is told."""
    victim = with_questions(tmp_path)
    told = victim.refused(
        "token revoke bob",
        UnknownTokenError,
        "No token has the id 'bob', and no actor of that name has one. There is no token.",
        "runthrough token create ACTOR makes one",
    )
    victim.follow(told, "runthrough token create ACTOR", ACTOR="bob")
    victim.line("token revoke bob")


@provokes(CommandInvalidError)
def test_a_token_that_would_have_expired(tmp_path):
    """The end lies in the past; one that lies ahead is taken."""
    victim = with_questions(tmp_path)
    victim.refused(
        "token create ann --expires 2020-01-01",
        CommandInvalidError,
        "'token create' cannot be done as asked: the token would have expired already.",
        "let it last longer, such as 12 hours or 90 days",
    )
    victim.line("token create ann --expires 12h")


@provokes(CommandInvalidError)
def test_a_token_that_no_calendar_ends(tmp_path):
    """It cannot be told when that is; `never` can."""
    victim = with_questions(tmp_path)
    victim.refused(
        "token create ann --expires 9999999d",
        CommandInvalidError,
        "'token create' cannot be done as asked: no calendar tells when the token would expire.",
        "let it expire sooner, or never",
    )
    victim.line("token create ann --expires never")


@provokes(CommandInvalidError)
def test_an_actor_that_nobody_can_be(tmp_path):
    """A name of blanks, and one that holds a secret, which is not repeated."""
    victim = with_questions(tmp_path)
    victim.refused(
        "token create ' '",
        CommandInvalidError,
        "'token create' cannot be done as asked: nobody can be called ''.",
        "give a name of letters and digits, such as ann@laptop",
    )
    victim.refused(
        "token create postgresql://ann:hunter2@db/x",
        CommandInvalidError,
        "'token create' cannot be done as asked: the name of the actor looks as if it held a "
        "secret, and every event names its actor.",
        "choose another name",
    )
    victim.line("token create ann@laptop")
