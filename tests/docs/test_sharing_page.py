"""The page about sharing a database, typed line by line on a server of its own."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from tests.support.cli import orders_shell
from tests.support.servers import own_server

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "share-a-database.md").read_text(
    encoding="utf-8"
)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FORBIDDEN = (
    "UPDATE events SET actor = 'eve'",
    "DELETE FROM events",
    "TRUNCATE events",
    "DROP TABLE snapshots",
    "ALTER TABLE events DISABLE TRIGGER ALL",
    "DROP TRIGGER events_no_change ON events",
    "DROP FUNCTION events_refuse_change() CASCADE",
    "SET session_replication_role = replica",
)
"""What would change history, or open the way to it."""


def script(folder):
    """All that the page says to type, as one script; the server is the one of the test."""
    blocks = BLOCK.findall(PAGE)
    (grants,) = [text for kind, text in blocks if kind == "sql"]
    (folder / "grants.sql").write_text(grants)
    typed = [
        line.removeprefix("$ ")
        for kind, text in blocks
        if kind == "console"
        for line in text.splitlines()
    ]
    host = os.environ["PGHOST"]
    lines = [
        re.sub(r"@db\.example/(\w+)", rf"@/\1?host={host}", line).replace(
            "--host=db.example", f"--host={host}"
        )
        for line in typed
    ]
    return "\n".join(["set -e", 'runthrough() { "$PYTHON" -m runthrough "$@"; }', *lines])


def prove_what_else_works(shell, host):
    """A member imports a log from elsewhere, and an auditor who may only read proves all of it."""
    shell.run("new", "pipeline.yaml", "--name", "solo")
    shell.run("audit", "export", "-o", "solo.jsonl")
    bob = {"RUNTHROUGH_DATABASE_URL": f"postgresql://bob@/runthrough?host={host}"}
    shell.run("audit", "import", "solo.jsonl", **bob)
    assert "solo" in shell.run("sessions", **bob).out
    theirs = {"RUNTHROUGH_DATABASE_URL": f"postgresql://auditor@/runthrough?host={host}"}
    shell.run("audit", "verify", **theirs)
    shell.run("history", "--session", "shared", **theirs)
    shell.run("audit", "export", "--session", "shared", "-o", "shared.jsonl", **theirs)
    done = shell.run("audit", "checkpoint", "-o", "note.json", "--json", **theirs)
    assert done.json["kept"] is False
    assert "the database does not keep it as well" in done.err
    shell.run("audit", "verify", "--against", "note.json", **theirs)
    shell.run("note", "a word", "--session", "shared", code=4, **theirs)
    kept = shell.run("audit", "checkpoint", "-o", "kept.json", "--json", **bob)
    assert kept.json["kept"] is True


@pytest.fixture
def server(tmp_path, monkeypatch, postgres):
    """A new server, to which the programs of PostgreSQL connect by themselves."""
    with own_server() as wheel:
        monkeypatch.setenv("PGHOST", wheel.admin.query["host"])
        monkeypatch.setenv("PGUSER", wheel.admin.username)
        monkeypatch.setenv("PYTHON", sys.executable)
        programs = wheel._server.bin_path
        monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
        yield wheel


def test_the_page_leads_to_a_database_that_a_team_uses(tmp_path, server):
    """Typed as it stands, the page makes a database; members work in it and cannot bend it."""
    done = subprocess.run(
        ["bash", "-c", script(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "XDG_DATA_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 errors" in done.stdout
    assert "the log verifies" in done.stdout
    host = os.environ["PGHOST"]
    shell = orders_shell(tmp_path / "work")
    for person, words in (
        ("ann", "new pipeline.yaml --name shared"),
        ("ann", "configure clean --env CURRENCY=EUR"),
        ("ann", "configure report --arg top=1"),
        ("ann", "run"),
        ("bob", "history --session shared"),
        ("bob", "doctor"),
        ("bob", "audit verify"),
    ):
        url = f"postgresql://{person}@/runthrough?host={host}"
        shell.run(*shlex.split(words), RUNTHROUGH_DATABASE_URL=url, RUNTHROUGH_ACTOR=person)
    prove_what_else_works(shell, host)
    with psycopg.connect(f"postgresql://bob@/runthrough?host={host}", autocommit=True) as bob:
        assert bob.execute("SELECT count(*) > 0 FROM events").fetchone() == (True,)
        for statement in FORBIDDEN:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                bob.execute(statement)
