"""Handing the log over at the command line: parts of it, tables, and sessions for elsewhere."""

import csv
import json
import sqlite3
from contextlib import closing

import pytest
from tests.support.cli import answered

pytestmark = pytest.mark.slow


@pytest.fixture
def shell(tmp_path):
    """A session `demo` with nothing left to answer, and a fork of it called `copy`."""
    begun = answered(tmp_path)
    begun.run("fork", "--name", "copy", "--session", "demo")
    return begun


STATES = {"clean": "configured", "total": "auto_configured", "report": "configured"}
"""Of the session in the database that it comes from."""


def url(shell, name="other.db"):
    return f"sqlite:///{shell.folder / name}"


def lines(shell, name):
    return [json.loads(line) for line in (shell.folder / name).read_text().splitlines()]


def test_filtered_export_is_refused_without_its_database_and_proved_with_it(shell):
    """By itself it proves nothing (2); with the database it is compared, what is missing too."""
    words = ("--type", "ScriptConfigured", "--node", "clean", "--node", "report")
    done = shell.run("audit", "export", "-o", "some.jsonl", *words, "--json")
    assert done.json == {
        "file": "some.jsonl",
        "session_id": None,
        "events": 2,
        "format": "jsonl",
        "filtered": True,
        "verifiable": False,
    }
    assert "cannot be verified by themselves" in done.err
    assert "runthrough audit verify some.jsonl --database URL" in done.err
    refused = shell.run("audit", "verify", "some.jsonl", code=2).err
    assert "only events with node clean or report, type ScriptConfigured" in refused
    assert "runthrough audit verify some.jsonl --database URL" in refused
    held = shell.run("audit", "verify", "some.jsonl", "--database", url(shell, "log.db"), "--json")
    assert (held.json["ok"], held.json["scope"], held.json["checked"]) == (True, "filtered", 2)
    assert held.json["database"].endswith("log.db")


def test_export_about_a_node_tells_who_took_something_back(shell):
    """It holds as many events as the node's history; a name that no node had is an error."""
    shell.run("configure", "clean", "--env", "CURRENCY=USD", "--session", "demo")
    shell.run("undo", "--session", "demo", "--as", "bob", "--anyone")
    words = ("--session", "demo", "--node", "clean")
    count = len(shell.run("history", *words, "--json").json)
    done = shell.run("audit", "export", "-o", "clean.jsonl", *words, "--json")
    assert done.json["events"] == count
    assert any(
        line["type"].endswith(".ConfigurationReverted") for line in lines(shell, "clean.jsonl")
    )
    shell.run("audit", "verify", "clean.jsonl", "--database", url(shell, "log.db"))
    for more in ((), ("--format", "csv")):
        refused = shell.run("audit", "export", "-o", "no.jsonl", "--node", "claen", *more, code=2)
        assert "No node is called 'claen', nor was one." in refused.err
        assert "clean" in refused.err
    assert not (shell.folder / "no.jsonl").exists()


def edited(shell, name, change):
    """The export as `change` leaves its lines, in another file."""
    told = (shell.folder / name).read_text().splitlines(keepends=True)
    change(told)
    shell.file(f"edited-{name}", "".join(told))
    return f"edited-{name}"


def counted_down(told):
    """Let the last line tell one event less, as who takes one out would."""
    end = json.loads(told[-1])["data"]["events"]
    told[-1] = told[-1].replace(f'"events":{end}', f'"events":{end - 1}')


def drop(told):
    del told[1]
    counted_down(told)


def edit(told):
    told[1] = told[1].replace('"rtdoor":"cli"', '"rtdoor":"page"')


@pytest.mark.parametrize(("change", "kind"), [(drop, "left_out"), (edit, "differs")])
def test_edited_filtered_export_is_found_by_the_database(shell, change, kind):
    """What was changed in it, or taken out of it, is named with its position; exit 6."""
    shell.run("audit", "export", "-o", "some.jsonl", "--type", "ScriptConfigured")
    first = int(lines(shell, "some.jsonl")[1]["rtposition"])
    name = edited(shell, "some.jsonl", change)
    done = shell.run("audit", "verify", name, "--database", url(shell, "log.db"), "--json", code=6)
    assert done.json["first_bad"] == {"position": first, "kind": kind}
    assert f"from position {first} on ({kind})" in done.err


def test_filter_that_was_made_narrower_is_told(shell):
    """Who leaves out events and says so in the first line is seen by the filter that is told."""
    node = ("--node", "clean", "--node", "report")
    shell.run("audit", "export", "-o", "some.jsonl", "--type", "ScriptConfigured", *node)

    def narrow(told):
        told[0] = told[0].replace('["clean","report"]', '["report"]')
        told[:] = [line for line in told if '"subject":"clean"' not in line]
        counted_down(told)

    name = edited(shell, "some.jsonl", narrow)
    asked = ("audit", "verify", name, "--database", url(shell, "log.db"))
    assert "log.db holds with node report, type ScriptConfigured: 1 event, none" in " ".join(
        shell.run(*asked).out.split()
    )
    assert shell.run(*asked, "--json").json["filter"] == "node report, type ScriptConfigured"


def test_export_of_another_log_is_found_by_the_database(shell):
    """A file that is whole in itself is not what another database holds."""
    shell.run("audit", "export", "-o", "all.jsonl")
    shell.run("new", "pipeline.yaml", "--database", url(shell))
    assert shell.run("audit", "verify", "all.jsonl").out.startswith("✓ the log verifies")
    done = shell.run("audit", "verify", "all.jsonl", "--database", url(shell), code=6)
    assert "position 1 on (differs)" in done.out
    longer = shell.run("audit", "verify", "all.jsonl", "--database", url(shell, "log.db"))
    assert "the export is what" in longer.out


def test_database_that_is_broken_proves_nothing(shell):
    """Before an export is held against a database, the database itself must verify."""
    shell.run("audit", "export", "-o", "all.jsonl")
    with closing(sqlite3.connect(shell.database, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER events_no_update")
        connection.execute("UPDATE events SET actor = 'eve' WHERE position = 3")
    done = shell.run("audit", "verify", "all.jsonl", "--database", url(shell, "log.db"), code=6)
    assert "does not verify, so that nothing can be held against it" in " ".join(done.out.split())
    assert "from position 3 on (event_hash)" in done.out


def test_times_of_a_filter_take_days_and_zones(shell):
    """A day is all of it for `--until`, and a time with a zone is that time."""
    today = lines_of_stdout(shell)[1]["time"][:10]
    assert len(lines_of_stdout(shell, "--since", today, "--until", today)) > 2
    assert len(lines_of_stdout(shell, "--until", f"{today}T00:00+14:00")) == 2
    wrong = shell.run("audit", "export", "--since", "yesterday", code=2).err
    assert "is no time; write 2d or 3h for so long ago, 2026-11-28" in wrong


def lines_of_stdout(shell, *words):
    done = shell.run("audit", "export", *words)
    return [json.loads(line) for line in done.out.splitlines()]


def test_table_holds_all_events_and_is_refused_as_proof(shell):
    """A spreadsheet gets every column; verifying or importing it says what to export instead."""
    shell.run("note", "=1+1", "--session", "demo", "--as", "=cmd|' /C calc'!A0")
    done = shell.run("audit", "export", "--format", "csv", "-o", "log.csv")
    assert "a table cannot be verified" in done.err
    with (shell.folder / "log.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["position"]) for row in rows] == list(range(1, len(rows) + 1))
    assert rows[-1]["actor"] == "'=cmd|' /C calc'!A0"
    assert json.loads(rows[-1]["payload"]) == {"text": "=1+1"}
    printed = shell.run("audit", "export", "--format", "csv").out
    assert printed == (shell.folder / "log.csv").read_text(encoding="utf-8")
    for verb in ("verify", "import"):
        assert "is a table" in shell.run("audit", verb, "log.csv", code=2).err


def test_session_is_read_in_the_database_it_was_imported_into(shell):
    """There it is told, as it was and as it is; the log verifies, and the importer is named."""
    shell.run("audit", "export", "-o", "demo.jsonl", "--session", "demo")
    done = shell.run(
        "audit", "import", "demo.jsonl", "--database", url(shell), "--as", "eve", "--json"
    )
    (came,) = done.json["sessions"]
    events = len(lines(shell, "demo.jsonl")) - 2
    assert done.json["events"] == events
    assert (came["name"], came["version"], came["renamed_from"]) == ("demo", events + 1, None)
    there = ("--session", "demo", "--database", url(shell))
    history = shell.run("history", *there, "--json").json
    assert [row["actor"] for row in history] == [*["ann"] * events, "eve"]
    assert "imported from an export of" in history[-1]["sentence"]
    now = shell.run("status", *there, "--json").json
    assert {node: view["state"] for node, view in now["nodes"].items()} == STATES
    shell.run("as-of", "3", *there)
    shell.run("diff", "3", "now", *there)
    assert shell.run("audit", "verify", "--database", url(shell), "--json").json["ok"]


def test_fork_is_imported_with_what_it_goes_on_from(shell):
    """Its history is told from its ancestor's beginning, and only the fork is listed."""
    shell.run("audit", "export", "-o", "copy.jsonl", "--session", "copy")
    shell.run("audit", "verify", "copy.jsonl")
    came = shell.run("audit", "import", "copy.jsonl", "--database", url(shell))
    assert "! demo came only up to version" in came.out
    assert "can no longer be imported here" in " ".join(came.out.split())
    shell.run("audit", "export", "-o", "whole.jsonl")
    again = shell.run("audit", "import", "copy.jsonl", "--database", url(shell), code=2)
    assert "--all lists what is here, archived ones too" in again.err
    shell.run("audit", "import", "whole.jsonl", "--database", url(shell), code=2)
    listed = shell.run("sessions", "--database", url(shell), "--json").json
    assert [session["name"] for session in listed] == ["copy"]
    history = shell.run("history", "--session", "copy", "--database", url(shell), "--json").json
    assert history[0]["sentence"].startswith("started demo")
    assert any(row["type"] == "SessionForked" for row in history)
    assert shell.run("audit", "verify", "--database", url(shell), "--json").json["ok"]


def test_import_goes_between_sqlite_and_a_server(shell, postgres_url):
    """From a file to a server and back: each event has the hash that it began with."""
    shell.run("audit", "export", "-o", "all.jsonl")
    shell.run("audit", "import", "all.jsonl", "--database", postgres_url)
    shell.run("audit", "export", "-o", "back.jsonl", "--database", postgres_url)
    shell.run("audit", "import", "back.jsonl", "--database", url(shell))
    shell.run("audit", "export", "-o", "end.jsonl", "--database", url(shell))
    first, *_ = (lines(shell, name) for name in ("all.jsonl",))
    hashes = [line["rteventhash"] for line in first[1:-1]]
    end = [line.get("rteventhash") for line in lines(shell, "end.jsonl")]
    assert end[1 : len(hashes) + 1] == hashes
    assert shell.run("audit", "verify", "end.jsonl", "--json").json["ok"]


def test_import_is_all_or_nothing(shell):
    """A broken file (6), a filtered one and one whose session is here (2) leave nothing."""
    shell.run("audit", "export", "-o", "all.jsonl")
    shell.run("audit", "export", "-o", "some.jsonl", "--actor", "ann")
    name = edited(shell, "all.jsonl", edit)
    broken = shell.run("audit", "import", name, "--database", url(shell), code=6)
    assert "nothing was imported" in broken.out
    told = shell.run("audit", "import", "some.jsonl", "--database", url(shell), code=2).err
    assert "imported whole or not at all" in told
    known = shell.run("audit", "import", "all.jsonl", code=2).err
    assert "already: demo, copy. Nothing was imported" in known
    assert not (shell.folder / "other.db").exists()


def test_session_is_renamed_where_its_name_is_taken(shell):
    """It gets a number, or the name that was asked for; both are told."""
    shell.run("audit", "export", "-o", "demo.jsonl", "--session", "demo")
    shell.run("new", "pipeline.yaml", "--name", "demo", "--database", url(shell))
    taken = ("audit", "import", "demo.jsonl", "--database", url(shell))
    wrong = shell.run(*taken, "--rename", "demo=demo", code=2).err
    assert "demo" in wrong
    done = shell.run(*taken)
    assert "demo-2 (in the export: demo)" in done.out
    shell.run(
        "audit",
        "import",
        "demo.jsonl",
        "--database",
        url(shell, "third.db"),
        "--rename",
        "demo=ibis",
    )
    listed = shell.run("sessions", "--database", url(shell, "third.db"), "--json").json
    assert [session["name"] for session in listed] == ["ibis"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("export", "--type", "ScriptConfigurd"), "did you mean 'ScriptConfigured'"),
        (("export", "--format", "xml"), "'xml'"),
        (("export", "--until", "2026-13-01"), "is no time"),
        (("import", "nowhere.jsonl"), "cannot be read"),
        (("import", "pipeline.yaml"), "is no export"),
        (("import", "pipeline.yaml", "--rename", "demo"), "write OLD=NEW"),
    ],
)
def test_mistakes_are_told_with_exit_2(shell, words, told):
    """A wrong filter, file or name says what is wrong."""
    assert told in shell.run("audit", *words, code=2).err
