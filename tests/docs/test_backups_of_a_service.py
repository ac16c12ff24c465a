"""Copies as the page about deploying makes them, while a service writes; it goes on with them."""

import os
import re
import sqlite3
import subprocess
from contextlib import closing

import pytest
from tests.support.audience import pid_lives
from tests.support.pages import DOCS, typed_in
from tests.support.served import served
from tests.support.servers import own_server, why_missing
from tests.support.several import team

pytestmark = pytest.mark.slow
PAGE = (DOCS / "how-to" / "deploy-the-service.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Back up, and try the copy\n")[2].partition("\n## ")[0]
COMMANDS = [
    command
    for block in re.findall(r"^```console\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
    for command, _ in typed_in(block)
]
PROGRAMS = [c for c in COMMANDS if c.startswith(("pg_", "createdb"))]
"""What the page has typed of PostgreSQL's own programs."""
TOLD = [c for c in COMMANDS if c.startswith("runthrough ") and "postgresql:" in c]
"""What it then asks about the copy."""
STATUS, NOTES = "/api/v1/sessions/demo/status", "/api/v1/sessions/demo/notes"


def noted(begun, token, text):
    """Record something through a service."""
    with begun.client(token) as client:
        answer = client.post(NOTES, json={"text": text})
    assert answer.status_code == 200, answer.text
    return answer.json()["version"]


def goes_on(shell, url, token, revoked, copied_at):
    """A service over the copy knows its tokens and its session, and records on."""
    told = {"RUNTHROUGH_DATABASE_URL": url}
    with served(shell, **told) as begun:
        with begun.client(revoked) as client:
            assert client.get(STATUS).status_code == 200, "revoked after the copy was made"
        with begun.client(token) as client:
            assert client.get("/readyz").json()["status"] == "ready"
        assert noted(begun, token, "over the copy") == copied_at + 1
    shell.run("audit", "verify", **told)
    listed = shell.run("token", "list", "--json", **told)
    assert {row["actor"] for row in listed.json} == {"tim", "eve"}


@pytest.fixture
def server(monkeypatch):
    """A server of its own, to which PostgreSQL's programs connect by themselves."""
    if why := why_missing():
        pytest.skip(why)
    with own_server() as wheel:
        programs = wheel._server.bin_path
        if not (programs / "pg_dump").exists():
            pytest.skip("this server came without pg_dump")
        monkeypatch.setenv("PGHOST", wheel.admin.query["host"])
        monkeypatch.setenv("PGUSER", wheel.admin.username)
        monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
        yield wheel


def test_a_copy_of_postgresql_is_restored_verifies_and_is_gone_on_with(tmp_path, server):
    """Typed as the page has it, while a service records; what came later is not in the copy."""
    host = os.environ["PGHOST"]
    for words in ("createuser runthrough_owner", "createdb --owner=runthrough_owner runthrough"):
        subprocess.run(words.split(), check=True)
    url = f"postgresql://runthrough_owner@/runthrough?host={host}"
    from runthrough.bootstrap import upgrade_database

    upgrade_database(url)
    with team(tmp_path / "shop", url) as shared:
        shared.begin("demo")
        tim, eve = shared.token("tim", "tester"), shared.token("eve", "tester")
        with shared.served() as begun:
            copied_at = noted(begun, tim, "before the copy")
            for command in PROGRAMS:
                typed = command.replace("--host=db.example", f"--host={host}")
                subprocess.run(typed.split(), cwd=tmp_path, check=True)
            noted(begun, tim, "after the copy")
            assert pid_lives(begun.process.pid)
        shared.application.tokens.revoke("eve")
        shell = shared.desk.shell
        copy = f"postgresql://runthrough_owner@/runthrough_copy?host={host}"
        for command in TOLD:
            words = re.sub(r"postgresql://\S+@db\.example/runthrough_copy", copy, command).split()
            assert copy in words
            told = shell.run(*words[1:])
        assert "demo" in told.out
        goes_on(shell, copy, tim, eve, copied_at)


def test_a_copy_of_sqlite_verifies_and_is_gone_on_with(tmp_path):
    """By the backup interface, as its program has it, while a service records."""
    from tests.support.desk import shop

    assert any(".backup" in command for command in COMMANDS)
    with shop(tmp_path / "shop") as desk:
        desk.begin()
        tokens = desk.application("owner").tokens
        tim, eve = (
            tokens.create(who, "tester", sessions=None, expires_in_s=600, created_by="owner")[0]
            for who in ("tim", "eve")
        )
        with served(desk.shell) as begun:
            copied_at = noted(begun, tim, "before the copy")
            copy = tmp_path / "copy.db"
            with (
                closing(sqlite3.connect(desk.shell.database)) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
            noted(begun, tim, "after the copy")
        tokens.revoke("eve")
        told = desk.shell.run("audit", "verify", "--database", f"sqlite:///{copy}")
        assert "the log verifies" in told.out
        goes_on(desk.shell, f"sqlite:///{copy}", tim, eve, copied_at)
