"""Tokens over every store: the whole life of one, and what a second process sees of it."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.support.stored import sql_stores
from tests.support.testers import Watch

from runthrough.adapters.store.opening import open_database
from runthrough.adapters.store.tables import METADATA
from runthrough.application.tokens import Tokens
from runthrough.bootstrap import clock
from runthrough.core.values.ids import SessionId
from runthrough.errors import StoreError


def gate(stores, watch):
    """The tokens of a store, by a clock that is told to go."""
    return Tokens(
        stores.tokens, clock=watch, new_id=clock.new_token_id, new_secret=clock.new_secret
    )


def made(tokens, **other):
    asked = {"sessions": None, "expires_in_s": 3600, "created_by": "root"} | other
    return tokens.create("größe@ws", "tester", **asked)


def cells_of(database):
    """Every cell of every table, as text."""
    with database.reading() as connection:
        return [
            str(cell)
            for table in METADATA.sorted_tables
            for row in connection.execute(select(table))
            for cell in row
        ]


def test_a_token_lives_its_life_in_every_store(stores):
    """Made, known, signed in with, expired or revoked: the same in memory and in databases."""
    watch = Watch()
    tokens = gate(stores, watch)
    text, token = made(tokens, sessions=[SessionId("a")])
    cookie, signed_in = tokens.browser(token, token.actor, "viewer", token.sessions)
    assert (tokens.known(text), tokens.known(cookie)) == (token, signed_in)
    watch.pass_by(1)  # what is made at one moment is listed by its id
    other_text, other = made(tokens, expires_in_s=None)
    assert tokens.list()[-1] == other
    assert tokens.revoke(token.token_id) == (token,)
    assert (tokens.known(text), tokens.known(cookie)) == (None, None)
    assert tokens.found(token.token_id).revoked_at == watch.now
    assert tokens.known(other_text) == other
    late, short = made(tokens, expires_in_s=1)
    watch.pass_by(1)
    assert tokens.known(late) is None
    assert tokens.state_of(short) == "expired"
    assert short.expires_at - short.created_at == timedelta(seconds=1)


def test_an_id_that_was_drawn_twice_is_told_as_such(stores):
    """It is no fault of the log, as a broken constraint would be; the first token stays."""
    tokens = Tokens(
        stores.tokens, clock=Watch(), new_id=lambda: "a" * 12, new_secret=clock.new_secret
    )
    text, token = made(tokens)
    with pytest.raises(StoreError, match="There is a token aaaaaaaaaaaa already"):
        made(tokens)
    assert tokens.known(text) == token


@pytest.mark.parametrize("backend", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def test_another_process_sees_it_at_once(request, url, backend):
    """Two processes share the database and nothing else: what one makes or revokes both know."""
    place = url if backend == "sqlite" else request.getfixturevalue("postgres_url")
    watch = Watch()
    with open_database(place) as here, open_database(place) as there:
        service, command_line = gate(sql_stores(here), watch), gate(sql_stores(there), watch)
        text, token = made(command_line)
        cookie, _ = service.browser(service.known(text), token.actor, "tester", None)
        assert command_line.known(cookie) is not None
        command_line.revoke(token.actor)
        assert (service.known(text), service.known(cookie)) == (None, None)


@pytest.mark.parametrize("backend", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def test_no_table_holds_a_secret(request, url, backend):
    """Every cell of every table is read: the text is nowhere, and its hash in one place."""
    place = url if backend == "sqlite" else request.getfixturevalue("postgres_url")
    with open_database(place) as database:
        tokens = gate(sql_stores(database), Watch())
        text, token = made(tokens)
        cookie, _ = tokens.browser(token, token.actor, "tester", None)
        cells = cells_of(database)
    for each in (text, cookie):
        assert not any(each[16:36] in cell for cell in cells)
    assert sum(token.token_id in cell for cell in cells) == 2  # its own row, and the sign-in's
