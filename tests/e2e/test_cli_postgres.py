"""A team's session: kept in PostgreSQL, seen from several machines, through the command line."""

import threading

import pytest
from tests.support.cli import orders_shell

pytestmark = pytest.mark.slow

ANSWERS = (
    ("configure", "clean", "--env", "CURRENCY=EUR"),
    ("configure", "report", "--arg", "top=1"),
)


def test_a_team_rehearses_on_postgresql(tmp_path, empty_postgres_url):
    """Set up once; then new, configure, run, history and audit as on a file of one's own."""
    shell = orders_shell(tmp_path)
    shared = {"RUNTHROUGH_DATABASE_URL": empty_postgres_url}
    refused = shell.run("sessions", code=4, **shared)
    assert refused.err.splitlines()[-1] == "  → runthrough db upgrade"
    shell.run("db", "upgrade", **shared)
    shell.run("new", "pipeline.yaml", "--name", "demo", **shared)
    for words in ANSWERS:
        shell.run(*words, **shared)
    done = shell.run("run", "--json", **shared)
    assert done.json["pipeline_success"]
    bob = shell.run(
        "sessions", "--json", RUNTHROUGH_ACTOR="bob", RUNTHROUGH_HOST="there", **shared
    )
    assert [(s["name"], s["last_actor"]) for s in bob.json] == [("demo", "ann")]
    told = shell.run("history", "--json", **shared).json
    assert [row["version"] for row in told] == list(range(1, len(told) + 1))
    verified = shell.run("audit", "verify", "--json", **shared).json
    assert (verified["ok"], verified["checked"]) == (True, len(told))
    assert not shell.database.exists()


def test_two_who_configure_at_once_both_succeed(tmp_path, postgres_url):
    """Commands of two people on different nodes take turns at the log, and neither is lost."""
    shell = orders_shell(tmp_path)
    shared = {"RUNTHROUGH_DATABASE_URL": postgres_url}
    shell.run("new", "pipeline.yaml", "--name", "demo", **shared)
    actors = ("ann", "bob")
    threads = [
        threading.Thread(
            target=shell.run, args=words, kwargs={"RUNTHROUGH_ACTOR": actor, **shared}
        )
        for actor, words in zip(actors, ANSWERS, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history = shell.run("history", "--json", **shared).json
    configured = {
        row["node"]: row["actor"] for row in history if row["type"] == "ScriptConfigured"
    }
    assert configured == {"clean": "ann", "report": "bob"}


@pytest.mark.parametrize("back_end", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def test_each_of_many_at_one_node_is_told_their_own_version(tmp_path, back_end, request):
    """What `configure` says it recorded is its own event, with the value that stood before it."""
    url = f"sqlite:///{tmp_path}/log.db"
    if back_end == "postgres":
        url = request.getfixturevalue("postgres_url")
    shell = orders_shell(tmp_path)
    shared = {"RUNTHROUGH_DATABASE_URL": url}
    shell.run("new", "pipeline.yaml", "--name", "demo", **shared)
    shell.run("configure", "report", "--arg", "top=1", **shared)
    told = {}

    def answer(top):
        words = ("configure", "report", "--arg", f"top={top}", "--session", "demo", "--json")
        told[top] = shell.run(*words, RUNTHROUGH_ACTOR=f"user-{top}", **shared)

    threads = [threading.Thread(target=answer, args=(top,)) for top in range(10, 16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = shell.run("history", "--json", **shared).json
    recorded = {row["version"]: row for row in rows}
    for top, done in told.items():
        row = recorded[done.json["version"]]
        assert (row["actor"], row["after"]["arg.top"]) == (f"user-{top}", top)
        assert done.json["values"]["arg.top"] == top
        assert f"{row['before']['arg.top']} → {top}" in done.err
