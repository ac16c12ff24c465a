"""What a shell is offered when a person presses TAB."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pexpect
import pytest
from tests.support.cli import answered
from tests.support.inside import Inside

from runthrough.adapters.store.sqlite import BUSY_TIMEOUT_S
from runthrough.core.views.history import event_types


@pytest.fixture
def desk(tmp_path):
    """A session `demo` with nothing left to answer."""
    answered(tmp_path)
    return Inside(tmp_path)


def asked(line, action="get-args"):
    """The variables by which fish, and our script for bash, ask what may stand at the end."""
    return {
        "_RUNTHROUGH_COMPLETE": "complete_fish",
        "_TYPER_COMPLETE_FISH_ACTION": action,
        "_TYPER_COMPLETE_ARGS": f"runthrough {line}",
    }


def offered(desk, line, **environ):
    """What is offered, without what is said of it; nothing may be said beside it."""
    done = desk.attempt(**asked(line), **environ)
    assert done.err == ""
    return [text.partition("\t")[0] for text in done.out.splitlines() if text]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("conf", ["configure", "confirm", "config"]),
        ("config ", ["show"]),
        ("audit ver", ["verify"]),
        ("show --ses", ["--session"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("show ", ["clean", "total", "report"]),
        ("show re", ["report"]),
        ("check t", ["total"]),
        ("history --node c", ["clean"]),
        ("run ", ["clean", "total", "report", "state:failed", "state:stale"]),
        ("run clean +t", ["+total"]),
        ("connect ", ["clean.clean_orders", "total.totals", "report.report"]),
        ("connect clean.clean_orders to", ["total.clean_orders"]),
        ("disconnect ", ["total.clean_orders", "report.totals"]),
        ("confirm ", []),
        ("configure clean --input ", ["orders="]),
        ("configure report --input totals=@t", ["totals=@total.totals"]),
        ("configure report --input totals=da", []),
        ("configure clean --env ", ["CURRENCY="]),
        ("configure report --note x --arg ", ["top="]),
        ("configure clean --output ", ["clean_orders="]),
        ("configure clean --unset ", ["input.orders", "env.CURRENCY"]),
        ("configure clean --limit ", ["memory=", "cpu_s=", "open_files="]),
        ("configure --session demo clean --env ", ["CURRENCY="]),
        ("status --session ", ["@last", "demo"]),
        ("new other.yaml --like d", ["demo"]),
        ("configure nobody --env ", []),
        ("show --session nobody ", []),
    ],
)
def test_what_fits_is_offered(desk, line, what):
    """Commands, options, and names of the session that the command would be about."""
    assert sorted(offered(desk, line)) == sorted(what)


def test_an_arguments_choices_are_offered(desk):
    """Behind the name of an argument that takes one of a few."""
    desk.file(
        "scripts/report.py",
        "import argparse\n\n\ndef main(input_paths, output_paths, environ_vars, job_args):\n"
        "    job_args.mode\n\n\nif __name__ == '__main__':\n"
        "    parser = argparse.ArgumentParser()\n"
        "    parser.add_argument('--mode', choices=['fast', 'slow'], required=True)\n"
        "    main({}, {}, {}, parser.parse_args())\n",
    )
    desk.run("resume")
    assert offered(desk, "configure report --arg ") == ["mode="]
    assert offered(desk, "configure report --arg mode=") == ["mode=fast", "mode=slow"]


def test_proposed_inputs_are_offered_to_confirm(desk):
    """Those that a person is asked about, and to reject also those that stand."""
    desk.run("reject", "total.clean_orders")
    desk.run("connect", "clean.clean_orders", "total.clean_orders")
    assert offered(desk, "reject ") == ["total.clean_orders", "report.totals"]


def test_types_of_events_are_offered(desk):
    """All of them, or those that begin so."""
    assert offered(desk, "history --type ") == list(event_types())
    assert offered(desk, "history --type NoteA") == ["NoteAdded"]


def test_completing_makes_nothing(tmp_path):
    """Neither a database nor an id of this machine; also where one was named."""
    desk = Inside(tmp_path)
    before = desk.snapshot(".")
    assert offered(desk, "show ", RUNTHROUGH_HOST="") == []
    assert offered(desk, f"show --database sqlite:///{tmp_path}/other.db ") == []
    assert offered(desk, "status --session ") == []
    assert desk.snapshot(".") == before


def test_completing_needs_no_id_of_this_machine(desk):
    """Where a database of others is named, none is made for it."""
    before = desk.snapshot(".")
    assert offered(desk, "show ", RUNTHROUGH_HOST="") == []
    assert desk.snapshot(".").keys() == before.keys()


def test_completing_migrates_nothing(desk):
    """A database of an older schema waits for a command that a person types."""
    with closing(sqlite3.connect(desk.database)) as database, database:
        database.execute("DROP TABLE api_tokens")  # what schema 0004 brought
        database.execute("UPDATE alembic_version SET version_num = '0003'")
    assert offered(desk, "show ") == []
    with closing(sqlite3.connect(desk.database)) as database:
        (found,) = database.execute("SELECT version_num FROM alembic_version").fetchall()
    assert found == ("0003",)
    desk.run("status")
    assert offered(desk, "show ") == ["clean", "total", "report"]


def test_completing_records_nothing(desk):
    """A session has the same events afterwards."""
    before = desk.run("history", "--json").out
    for line in ("show ", "disconnect ", "configure clean --env "):
        assert offered(desk, line)
    assert desk.run("history", "--json").out == before


@pytest.mark.parametrize(
    "environ",
    [
        {"RUNTHROUGH_DATABASE_URL": "nonsense"},
        {"RUNTHROUGH_DATABASE_URL": "postgresql://127.0.0.1:9/nobody"},
        {"RUNTHROUGH_JOBS": "many"},
    ],
)
def test_whatever_goes_wrong_is_silent(desk, environ):
    """A traceback, or a sentence, would stand in the middle of what the person types."""
    assert offered(desk, "show ", **environ) == []


def test_a_file_that_is_no_database_offers_nothing(desk):
    """It is left as it is, too."""
    desk.database.write_text("no database")
    assert offered(desk, "show ") == []
    assert desk.database.read_text() == "no database"


@pytest.mark.parametrize("instruction", ["complete_nosuchshell", "nonsense", "source_fish"])
def test_a_strange_question_is_answered_with_silence(desk, instruction):
    """No shell that we know asks so."""
    environ = {**asked("show "), "_RUNTHROUGH_COMPLETE": instruction}
    done = desk.attempt(**environ)
    assert done.err == ""
    assert "Traceback" not in done.out


@pytest.mark.parametrize(("line", "code"), [("show ", 0), ("configure clean --note ", 1)])
def test_fish_is_told_whether_to_complete_files(desk, line, code):
    """Where nothing of ours fits, the shell completes files itself."""
    assert desk.attempt(**asked(line, action="is-args")).code == code


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_printed(desk, shell):
    """It asks by our variable; with --json it comes with what keeps it."""
    script = desk.run("completion", shell).out
    assert "_RUNTHROUGH_COMPLETE=complete_" in script
    told = desk.run("completion", shell, "--json").json
    assert (told["script"], told["shell"]) == (script, shell)
    assert told["install"].startswith(f"runthrough completion {shell} >")


def test_a_shell_that_is_not_known_is_refused(desk):
    """Those that are known are named."""
    assert "'bash', 'zsh', 'fish'" in desk.run("completion", "tcsh", code=2).err


@pytest.mark.slow
def test_a_database_that_somebody_holds_is_not_waited_for(tmp_path):
    """SQLite would wait for half a minute; the person goes on typing while it is held."""
    shell = answered(tmp_path)
    with closing(sqlite3.connect(shell.database, isolation_level=None)) as held:
        held.execute("PRAGMA locking_mode = EXCLUSIVE")
        held.execute("BEGIN EXCLUSIVE")
        held.execute("CREATE TABLE own (a)")
        done = subprocess.run(
            [sys.executable, "-m", "runthrough"],
            cwd=tmp_path,
            env=shell.environ(**asked("show ")),
            capture_output=True,
            timeout=BUSY_TIMEOUT_S * 2 / 3,
            check=False,
        )
    assert (done.stdout, done.stderr) == (b"", b"")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_at_its_prompt(tmp_path):
    """A real bash, a real TAB: a node, a name up to its =, an output behind @, a file, quotes."""
    shell = answered(tmp_path)
    shell.run("rename", 'my "own" shop')
    script = shell.run("completion", "bash").out
    shell.file("rc", f"PS1='ready$ '\nbind 'set enable-bracketed-paste off'\n{script}")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    bash = pexpect.spawn(
        "bash",
        ["--noprofile", "--rcfile", "rc", "-i"],
        cwd=tmp_path,
        env=shell.environ(PATH=path, TERM="dumb"),
        encoding="utf-8",
        dimensions=(24, 200),
        timeout=60,
    )
    bash.expect_exact("ready$ ")
    for typed, line in (
        ("show re\t", "show report "),
        ("configure clean --input or\t", "configure clean --input orders="),
        (
            "configure total --input clean_orders=@cl\t",
            "configure total --input clean_orders=@clean.clean_orders ",
        ),
        ("configure clean --input orders=da\t", "configure clean --input orders=data/"),
        ("run state:st\t", "run state:stale "),
        ("status --session @la\t", "status --session @last "),
        ('status --session "my\t', 'status --session "my \\"own\\" shop" '),
    ):
        # What was completed is put into quotes and echoed, for a line that is drawn holds more.
        bash.sendline(f"runthrough {typed}\x01echo '\x05'")
        bash.expect_exact("\r\n")
        bash.expect_exact("\r\n")
        assert bash.before == f"runthrough {line}"
        bash.expect_exact("ready$ ")
    bash.close(force=True)
