"""`token create`, `token list` and `token revoke`; and where no secret may stand."""

import re
import shlex
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from tests.support.cli import begun, orders_shell
from tests.support.inside import Inside

from runthrough.bootstrap import wire

pytestmark = pytest.mark.slow

TEXT = re.compile(r"rt_[0-9a-f]{12}_[0-9A-Za-z_-]{43}")
SECRET_LENGTH = 43
KEYS = {
    "id",
    "actor",
    "role",
    "sessions",
    "created_by",
    "created_at",
    "expires_at",
    "revoked_at",
    "state",
    "kind",
    "parent",
}


@pytest.fixture
def desk(tmp_path):
    """A session called `demo`, and a user at the same folder whose commands run inside."""
    begun(tmp_path)
    return Inside(tmp_path)


def known(desk, text):
    """The token that the service would let in with a text, in a process of its own."""
    with wire("http", cwd=str(desk.folder), environ=desk.environ()) as application:
        return application.tokens.known(text)


def at(text):
    return datetime.fromisoformat(text)


def test_the_text_stands_alone_on_standard_output(desk):
    """A script may keep it with `$(…)`; what is told of it goes to standard error."""
    done = desk.run("token", "create", "ann@laptop")
    text = done.out.removesuffix("\n")
    assert TEXT.fullmatch(text)
    assert text not in done.err
    told = " ".join(done.err.split())
    token = known(desk, text)
    assert f"token {token.token_id} lets ann@laptop in as tester, in every session, until" in told
    assert "Authorization: Bearer TOKEN" in told
    assert "sign-in of the page that runthrough serve shows" in told
    assert done.err.endswith(f"to take it back:  runthrough token revoke {token.token_id}\n")
    assert (token.actor, token.role, token.sessions) == ("ann@laptop", "tester", None)
    assert token.expires_at - token.created_at == timedelta(days=90)
    assert token.created_by == "ann"


def test_the_text_stands_once_in_json(desk):
    """The result holds it beside what the list tells, and standard error does not."""
    done = desk.run(
        *("token", "create", "bob", "--role", "viewer", "--session", "demo"),
        *("--session", "demo", "--expires", "12h", "--json", "--as", "eve"),
    )
    told = done.json
    assert known(desk, told["token"]).token_id == told["id"]
    assert told.keys() == KEYS | {"token"}
    assert (told["role"], told["created_by"], told["state"]) == ("viewer", "eve", "active")
    (session,) = desk.run("sessions", "--json").json
    assert told["sessions"] == [session["session_id"]]
    assert at(told["expires_at"]) - at(told["created_at"]) == timedelta(hours=12)
    assert (done.out + done.err).count(told["token"]) == 1
    assert "in demo" in done.err
    (row,) = desk.run("token", "list", "--json").json
    assert row == {key: value for key, value in told.items() if key != "token"}


def test_a_token_may_last_until_a_day_or_without_end(desk):
    """A time is taken as it is written, in UTC; `never` has no end."""
    told = desk.run("token", "create", "ann", "--expires", "2999-12-31", "--json").json
    assert told["expires_at"].startswith("2999-12-31T00:00")
    told = desk.run("token", "create", "ann", "--expires", "never", "--json")
    assert told.json["expires_at"] is None
    assert "without end" in told.err


def test_the_list_tells_who_is_let_in(desk):
    """Active tokens by default, all with --all; the text and its hash never."""
    texts = [desk.run("token", "create", actor).out.strip() for actor in ("ann", "bob")]
    ids = [known(desk, text).token_id for text in texts]
    desk.run("token", "revoke", "bob")
    done = desk.run("token", "list")
    assert ids[0] in done.out
    assert ids[1] not in done.out
    assert "1 token expired or revoked: runthrough token list --all" in done.out
    everything = desk.run("token", "list", "--all")
    assert all(each in everything.out for each in (*ids, "revoked 2", "made 2", "by ann"))
    rows = desk.run("token", "list", "--all", "--json").json
    assert [(row["id"], row["state"]) for row in rows] == [(ids[0], "active"), (ids[1], "revoked")]
    assert all(row.keys() == KEYS for row in rows)
    with closing(sqlite3.connect(desk.database)) as database:
        hashes = [row[0] for row in database.execute("SELECT text_hash FROM api_tokens")]
    shown = f"{done.out}{everything.out}{rows}"
    assert not any(each in shown for each in (*texts, *hashes))


def test_browsers_that_are_signed_in_are_listed(desk):
    """With the token that they were let in with, or with the link of serve; they end with it."""
    with wire("http", cwd=str(desk.folder), environ=desk.environ()) as application:
        _, parent = application.tokens.create(
            "bob", "tester", sessions=None, expires_in_s=None, created_by="ann"
        )
        application.tokens.browser(parent, "bob", "tester", None)
        application.tokens.browser(None, "ann", "admin", None)
    told = " ".join(desk.run("token", "list").out.split())
    assert f"with {parent.token_id}" in told
    assert "with the link of serve" in told
    desk.run("token", "revoke", parent.token_id)
    rows = desk.run("token", "list", "--all", "--json").json
    assert {(row["kind"], row["parent"], row["state"]) for row in rows} == {
        ("api", None, "revoked"),
        ("browser", parent.token_id, "revoked"),
        ("browser", None, "active"),
    }
    told = " ".join(desk.run("token", "list", "--all").out.split())
    assert f"revoked with {parent.token_id}" in told


def test_revoking_ends_a_token_in_every_process(desk):
    """A service that runs already asks the table: the next request is not let in."""
    with wire("http", cwd=str(desk.folder), environ=desk.environ()) as service:
        text = desk.run("token", "create", "ann").out.strip()
        token = service.tokens.known(text)
        assert token is not None
        done = desk.run("token", "revoke", token.token_id, "--json")
        assert service.tokens.known(text) is None
    (row,) = done.json["revoked"]
    assert (row["id"], row["state"]) == (token.token_id, "revoked")
    assert row["revoked_at"] is not None
    assert f"token {token.token_id} of ann lets nobody in any more" in done.err
    again = desk.run("token", "revoke", token.token_id, "--json")
    assert again.json == {"revoked": []}
    assert "Nothing was to be done" in again.err


def test_all_tokens_of_an_actor_are_revoked_together(desk):
    """By the name that events know; others' go on."""
    texts = [desk.run("token", "create", actor).out.strip() for actor in ("ann", "ann", "bob")]
    assert desk.run("token", "revoke", "ann").out.count("lets nobody in any more") == 2
    assert [known(desk, text) is not None for text in texts] == [False, False, True]


def test_advice_names_the_database_that_was_named(tmp_path):
    """Whoever gave --database types it again by what is told."""
    desk = Inside(tmp_path)
    other = f"sqlite:///{tmp_path}/other.db"
    desk.run("db", "upgrade", "--database", other)
    told = desk.run("token", "create", "ann", "--database", other).err
    command = told.rpartition("to take it back:  ")[2]
    assert shlex.split(command)[-2:] == ["--database", other]
    desk.run(*shlex.split(command)[1:])
    assert not desk.database.exists()


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    """A mistyped path is no new log: what makes one is told."""
    desk = Inside(orders_shell(tmp_path).folder)
    for words in (("create", "ann"), ("revoke", "ann")):
        assert "runthrough db upgrade" in desk.run("token", *words, code=4).err
    assert not desk.database.exists()
    named = {"RUNTHROUGH_DATABASE_URL": ""}
    assert "There is no token yet" in desk.run("token", "list", **named).out


@pytest.mark.parametrize(
    ("option", "given", "words"),
    [
        ("--role", "owner", "give viewer, tester or admin"),
        ("--role", "", "give viewer, tester or admin"),
        ("--expires", "soon", "write never, 90d or 12h"),
        ("--expires", "", "write never, 90d or 12h"),
        ("--expires", "0d", "expired already"),
        ("--expires", "2020-01-01", "expired already"),
        ("--expires", "9999999d", "no calendar tells"),
        ("--session", "nobodys", "No session fits 'nobodys'. Sessions: demo"),
        ("--session", "", "No session fits ''"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_no_token(desk, option, given, words):
    """Each error says what may be given; nothing was made and nothing is printed."""
    done = desk.run("token", "create", "ann", option, given, code=2)
    assert words in " ".join(done.err.split())
    assert done.out == ""
    assert desk.run("token", "list", "--all", "--json").json == []


def test_names_give_the_terminal_no_orders(desk):
    """An actor whose name holds one is refused, and the error shows it harmlessly."""
    done = desk.run("token", "create", "ann\x1b[2J", code=2)
    assert "\x1b" not in done.err
    assert "nobody can be called" in done.err


def everything_kept(desk):
    """Every byte that commands left below the folder: databases, caches, logs, exports."""
    files = [path for path in desk.folder.rglob("*") if path.is_file()]
    return b"".join(path.read_bytes() for path in files)


def test_no_secret_stands_anywhere_but_in_the_one_print(desk):
    """No table, event, log line, export, report or later screen holds a part of it."""
    listens = {"RUNTHROUGH_LOG_LEVEL": "debug"}
    made = desk.run("token", "create", "ann", **listens)
    text = made.out.strip()
    secret = text[-SECRET_LENGTH:]
    with wire("http", cwd=str(desk.folder), environ=desk.environ()) as application:
        token = application.tokens.known(text)
        cookie, _ = application.tokens.browser(token, "ann", "tester", None)
    screens = [made.err]
    for words in (
        ("token", "list", "--all"),
        ("token", "list", "--json"),
        ("token", "revoke", text),
        ("token", "revoke", text, "--json"),
        ("token", "revoke", text[:-1] + ("A" if text[-1] != "A" else "B")),
        ("note", f"my token is {text}"),
        ("history",),
        ("history", "--json"),
        ("audit", "export", "-o", "log.jsonl"),
        ("doctor",),
    ):
        done = desk.attempt(*words, **listens)
        screens += [done.out, done.err]
    kept = everything_kept(desk)
    for each in (secret[:20], secret[-20:], cookie[-SECRET_LENGTH:]):
        assert each.encode() not in kept
        assert not any(each in screen for screen in screens)
    assert b"my token is [masked]" in kept


def test_an_unknown_text_is_not_repeated(desk):
    """Whoever pastes a token of another database sees its id at most."""
    foreign = "rt_" + "0" * 12 + "_" + "q" * 43
    for words in (("revoke", foreign), ("create", foreign)):
        done = desk.run("token", *words, "--json", code=2)
        assert "q" * 20 not in done.out + done.err
