"""A week of one session: two people, two doors, files that come and go, and an auditor.

Each day is a child process or an object that believes it is that day; see `tests.support.days`.
"""

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support import days
from tests.support.cli import DEADLINE_S, Done, Shell
from tests.support.pipelines import CLEAN, ORDERS, TOTAL

from runthrough import InteractiveRuntimeTestingFactory, VersionConflictError

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
WEEK = """\
name: sales
scripts: [scripts]
nodes:
  clean:
    inputs: {orders: data/orders.csv, rates: data/rates.csv}
    environ_vars: {CURRENCY: EUR}
  total: {}
  report: {}
edges:
  - [clean, total]
  - [total, report]
"""
CONVERT = CLEAN.replace(
    '    currency = environ_vars["CURRENCY"]\n',
    '    currency = environ_vars["CURRENCY"]\n    Path(input_paths["rates"]).read_text()\n',
)
REPORT = '''
"""Name the best customers under a title."""
import json
from pathlib import Path


def main(input_paths, output_paths, environ_vars, job_args):
    totals = json.loads(Path(input_paths["totals"]).read_text())
    best = sorted(totals, key=totals.get, reverse=True)[: job_args.top]
    Path(output_paths["report"]).write_text("\\n".join([job_args.title, *best]))
'''
RATES = "currency,rate\nEUR,1\n"


@dataclass
class Week:
    """Where it happens, and what time it is."""

    shell: Shell
    now: datetime = MONDAY

    def day(self, number: int, hour: int = 9) -> None:
        """Let it be another day; Monday is the first."""
        later = MONDAY.replace(hour=hour) + timedelta(days=number - 1)
        assert later > self.now
        self.now = later

    def typed(self, *words: str, actor: str = "ann", code: int = 0, **environ: str) -> Done:
        """A command at the shell, today."""
        self.now += timedelta(minutes=1)
        told = self.shell.environ(RUNTHROUGH_ACTOR=actor, PYTHONPATH=str(ROOT), **environ)
        line = [sys.executable, "-W", "error", "-m", "tests.support.days", self.now.isoformat()]
        done = subprocess.run(
            [*line, *words],
            cwd=self.shell.folder,
            env=told,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def python(self, actor: str):
        """A notebook that goes on with the session, today."""
        self.now += timedelta(minutes=1)
        with (
            days.by(lambda: self.now),
            InteractiveRuntimeTestingFactory.resume(
                "week", database_url=f"sqlite:///{self.shell.database}", actor=actor
            ) as factory,
        ):
            yield factory

    def path(self, name: str) -> Path:
        """A file of the pipeline."""
        return self.shell.folder / name


@pytest.fixture
def week(tmp_path, monkeypatch):
    """A folder with a pipeline on a Monday morning."""
    monkeypatch.setenv("RUNTHROUGH_HOST", "here")
    shell = Shell(tmp_path / "sales")
    shell.file("pipeline.yaml", WEEK)
    shell.file("data/orders.csv", ORDERS)
    shell.file("data/rates.csv", RATES)
    for name, source in (("clean", CONVERT), ("total", TOTAL), ("report", REPORT)):
        shell.file(f"scripts/{name}.py", source.lstrip())
    return Week(shell)


def screen(done):
    """The lines of a screen, each without the blanks that align its columns."""
    text = done.out if done.out[:1] not in ("{", "[") else done.err
    return [" ".join(line.split()) for line in text.splitlines()]


def begins(screen, *starts):
    """The screen has a line that begins so, for each, in this order."""
    lines = iter(screen)
    for start in starts:
        assert any(line.startswith(start) for line in lines), f"{start!r} in\n" + "\n".join(screen)


def test_a_week(week):
    """What is half done on Monday outlives days, people and doors, and is proved on Saturday."""
    half_configured_on_monday(week)
    nobody_looks_on_tuesday(week)
    another_person_goes_on_in_python_on_wednesday(week)
    two_people_meet_on_thursday(week)
    what_was_done_is_taken_back_on_thursday(week)
    it_runs_and_is_approved_on_friday(week)
    another_way_is_tried_in_a_fork_on_friday(week)
    a_script_was_edited_by_saturday(week)
    an_auditor_comes_on_saturday(week)


def half_configured_on_monday(week):
    """Ann begins, and can answer one of two questions."""
    new = week.typed("new", "pipeline.yaml", "--name", "week")
    begins(
        screen(new), "session week (", "next: runthrough configure report --arg top=VALUE --arg"
    )
    assert "3 scripts, 2 configured by themselves, 1 pending" in new.out

    part = week.typed("configure", "report", "--arg", "top=1", "--partial")
    begins(
        screen(part),
        "report is pending (version 13)",
        "arg.top not set → 1",
        "? Missing required argument: title",
        "next: runthrough configure report --arg title=VALUE",
    )
    begins(
        screen(week.typed("status")),
        "? needs you report title: no value",
        "… waiting total for clean.clean_orders",
        "• ready clean auto: orders ← data/orders.csv; rates ← data/rates.csv",
        "next: runthrough configure report --arg title=VALUE",
    )


def nobody_looks_on_tuesday(week):
    """An input changes, another one goes, and a script is edited."""
    week.path("data/orders.csv").write_text(f"{ORDERS}eve,EUR,70\n")
    week.path("data/rates.csv").unlink()
    script = week.path("scripts/total.py")
    script.write_text(f"{script.read_text()}\n\ndef spare():\n    return 1\n")


def another_person_goes_on_in_python_on_wednesday(week):
    """Bob sees what changed before it is recorded, records it, and answers the other question."""
    week.day(3)
    looked = screen(week.typed("status", actor="bob"))
    assert looked[0].endswith("open · version 13 · last: ann, 1 day ago")
    begins(looked, "seen now, not recorded: 1 node would be pending, 1 input changed, 1 script")

    with week.python("bob") as bob:
        told = [(row["type"], row["node"]) for row in bob.history(since=14)]
        assert told == [
            ("WorldChanged", "clean"),
            ("WorldChanged", "total"),
            ("WorldChanged", "clean"),
            ("ScriptMarkedPending", "clean"),
        ]
        assert bob.get_pending_script_configurations() == ["clean", "report"]
        bob.configure_script_testing("report", job_arguments={"title": "Best"}, partial=True)
        assert bob.get_pending_script_configurations() == ["clean"]

    week.path("data/rates.csv").write_text(RATES)
    week.day(3, 17)
    begins(
        screen(week.typed("resume")),
        "session week (",
        "1 node restored",
        "clean restored: what was missing is back",
        "next: runthrough run",
    )


def two_people_meet_on_thursday(week):
    """On one node the later one is told field by field; on two nodes both go on."""
    week.day(4)
    with week.python("ann") as ann:
        ann.status()
        seen = ann.version
        week.typed("configure", "report", "--arg", "top=2", actor="bob")
        with pytest.raises(VersionConflictError) as conflict:
            ann.configure_script_testing("report", job_arguments={"top": 3})
        assert conflict.value.fields == ({"field": "arg.top", "base": 1, "theirs": 2, "yours": 3},)
        late = ("configure", "report", "--arg", "top=4", "--based-on", str(seen))
        told = week.typed(*late, code=4).err
        assert "report was changed by bob" in told
        assert "arg.top: base 1, theirs 2, yours 4" in told
        error = week.typed(*late, "--json", code=4).json["error"]
        assert (error["code"], error["fields"]) == (
            "VERSION_CONFLICT",
            [{"field": "arg.top", "base": 1, "theirs": 2, "yours": 4}],
        )

        ann.status()
        seen = str(ann.version)
        week.typed("configure", "total", "--note", "adds up", "--based-on", seen, actor="bob")
        ann.configure_script_testing("clean", user_notes="euros only", based_on=int(seen))
        told = [
            (row["actor"], row["node"], row["after"]["user_notes"])
            for row in ann.history(since=int(seen) + 1)
        ]
        assert told == [("bob", "total", "adds up"), ("ann", "clean", "euros only")]


def what_was_done_is_taken_back_on_thursday(week):
    """Each takes back their own, another's only by saying so, and redo does it again."""
    week.day(4, 15)
    (listed,) = week.typed("sessions", "--json").json
    assert (listed["name"], listed["last_actor"], listed["version"]) == ("week", "ann", 25)
    begins(screen(week.typed("sessions")), "week ")
    assert "ann, 5 hours ago" in week.typed("sessions").out

    begins(
        screen(week.typed("undo")),
        "took back (version ",
        "25 2026-11-26",
        "user_notes euros only → not set",
    )
    refused = week.typed("undo", code=2).err
    assert "bob configured total (version 24): that is not yours" in refused
    assert "runthrough undo --anyone" in refused

    undone = week.typed("undo", "--json", actor="bob").json
    assert [(one["version"], one["nodes"]) for one in undone["undone"]] == [(24, ["total"])]
    redone = week.typed("redo", "--json", actor="bob").json
    assert redone["undone"] == undone["undone"]
    assert redone["version"] > undone["version"]
    begins(screen(week.typed("undo", "--anyone")), "took back", "24 2026-11-26", "total")
    begins(screen(week.typed("redo")), "did again", "24 2026-11-26", "total")
    week.typed("configure", "clean", "--note", "euros only")


def it_runs_and_is_approved_on_friday(week):
    """All passes, and bob signs it off."""
    week.day(5)
    begins(
        screen(week.typed("run")),
        "run of 3 nodes: 3 to run, 0 unchanged, 0 blocked",
        "passed: 3 passed",
        "next: runthrough report",
    )
    (report,) = week.shell.folder.rglob("report/*/report")
    assert report.read_text() == "Best\neve\nada"
    begins(screen(week.typed("approve", actor="bob")), "48 bob approved version 47 (3 nodes")
    assert "approved at 47 by bob" in screen(week.typed("status"))


def another_way_is_tried_in_a_fork_on_friday(week):
    """The fork runs only what differs; the session is as it was; the diff names one value."""
    week.day(5, 14)
    before = week.typed("status", "--json").json["version"]
    forked = week.typed("fork", "--name", "what-if", "--json", "--session", "week").json
    assert (forked["name"], forked["version"]) == ("what-if", before + 1)
    week.typed("configure", "report", "--arg", "top=1", "--session", "what-if")
    begins(
        screen(week.typed("run", "--session", "what-if")),
        "run of 3 nodes: 1 to run, 2 unchanged",
        "passed: 1 passed · 2 reused",
    )
    assert week.typed("status", "--session", "week", "--json").json["version"] == before
    differs = week.typed("diff", "week", "what-if", "--json").json
    assert {(row["node"], row["part"], row["name"]) for row in differs} - {
        ("report", "duration", "duration")
    } == {("report", "configuration", "arg.top"), ("report", "output", "report")}
    begins(
        screen(week.typed("diff", "week", "what-if")),
        "week, now → what-if, now",
        "report",
        "arg.top 2 → 1",
    )


def a_script_was_edited_by_saturday(week):
    """The approval is stale, and the diff with the last green run shows the edited lines."""
    week.day(6)
    script = week.path("scripts/total.py")
    script.write_text(script.read_text().replace("return 1", "return 2"))
    begins(
        screen(week.typed("resume", "--session", "week", actor="bob")),
        "session week (",
        "1 script edited",
        "total script edited",
        "2 nodes stale",
        "next: runthrough run",
    )
    begins(
        screen(week.typed("status", "--session", "week")),
        "sales · session week (",
        "~ stale total script total changed",
        "~ stale report total is to run again",
        "✓ passed clean",
        "approved at 47 by bob, stale since 49: total changed",
    )
    lines = screen(week.typed("diff", "--last-green", "--session", "week"))
    begins(lines, "version 47 → now", "total", "script total ", "- return 1", "+ return 2")


def an_auditor_comes_on_saturday(week):
    """The past is shown as it was, and the export is proved with nothing but the file."""
    week.day(6, 11)
    week.typed("note", "the auditor asks", "--session", "week")
    then = screen(week.typed("as-of", "2026-11-24", "--session", "week"))
    begins(then, "as it was at version 13", "sales · session week", "? needs you report title: no")
    rows = week.typed("history", "--session", "week", "--node", "report", "--json").json
    values = [
        (row["actor"], row["before"].get("arg.top"), row["after"]["arg.top"])
        for row in rows
        if "arg.top" in row["after"]
    ]
    assert values == [("ann", None, 1), ("bob", 1, 2)]
    since = week.typed("history", "--session", "week", "--since", "1d", "--json").json
    assert [(row["actor"], row["type"]) for row in since] == [
        ("bob", "WorldChanged"),
        ("ann", "NoteAdded"),
    ]

    week.typed("audit", "export", "--session", "week", "-o", "week.jsonl")
    nowhere = {"RUNTHROUGH_DATABASE_URL": f"sqlite:///{week.path('auditor.db')}"}
    proved = week.typed("audit", "verify", "week.jsonl", "--json", actor="audrey", **nowhere).json
    assert (proved["ok"], proved["first_bad"]) == (True, None)
    assert not week.path("auditor.db").exists()

    whole = week.path("week.jsonl").read_text()
    forged = week.shell.file("forged.jsonl", whole.replace("the auditor asks", "nobody asks"))
    broken = week.typed("audit", "verify", str(forged), "--json", code=6, **nowhere).json
    assert broken["first_bad"] == {"position": since[-1]["position"], "kind": "event_hash"}

    week.typed("audit", "import", "week.jsonl", actor="audrey", **nowhere)
    week.typed("audit", "verify", actor="audrey", **nowhere)
    kept = week.typed("history", "--session", "week", "--json", actor="audrey", **nowhere).json
    ours = week.typed("history", "--session", "week", "--json").json
    assert [row["sentence"] for row in kept[: len(ours)]] == [row["sentence"] for row in ours]
    assert [row["type"] for row in kept[len(ours) :]] == ["SessionImported"]
