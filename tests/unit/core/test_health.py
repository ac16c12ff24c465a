"""Facts about versions, settings and database, judged."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runthrough.core.values.health import (
    DatabaseFacts,
    DiskUse,
    Fault,
    Finding,
    Health,
    LogFacts,
    PathRights,
    PostgresFacts,
    SqliteFacts,
    Versions,
)
from runthrough.core.views.health import judge
from runthrough.core.views.health_of_files import has_wal_reset_fault
from runthrough.core.views.health_words import size_words, span_words

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MIB = 2**20
VERSIONS = Versions("0.1.0", "3.11.7", "3.53.0", "2.1.9", "2.14.3", "3.3.9")
LOG = LogFacts(
    schema="0002",
    missing_triggers=(),
    last_recorded_at=NOW - timedelta(days=1),
    last_position=7,
    head_position=7,
    read=7,
)
FOLDER = PathRights("/d", "folder", True, True, True, False)
FILE = PathRights("/d/x y.db", "file", True, True, True, False)
SQLITE = SqliteFacts(
    path="/d/x y.db",
    size_bytes=3 * MIB,
    file_system="ext4",
    on_network=False,
    free_bytes=2**40,
    rights=(FILE, FOLDER),
    journal_mode="wal",
    synchronous="full",
)
POSTGRES = PostgresFacts(
    version=180_004,
    encoding="UTF8",
    fsync=True,
    full_page_writes=True,
    synchronous_commit="on",
    replica=False,
    read_only=False,
    database="team",
    user="ann",
    missing_rights=(),
    owner="olga",
    may_migrate=True,
    clock_ahead_s=0.01,
)


def of_file(log=LOG, *, origin="default", fault=None, version="3.53.0", **facts):
    """The findings about a SQLite file."""
    database = DatabaseFacts(
        "/d/x y.db", origin, "0002", fault=fault, log=log, sqlite=replace(SQLITE, **facts)
    )
    return judge(Health(NOW, replace(VERSIONS, sqlite=version), database=database))


def of_server(log=LOG, *, fault=None, **facts):
    """The findings about a PostgreSQL database."""
    place = "postgresql://ann@h/team"
    database = DatabaseFacts(
        place, "flag", "0002", fault=fault, log=log, postgres=replace(POSTGRES, **facts)
    )
    return judge(Health(NOW, VERSIONS, database=database))


def told(findings, check):
    """The findings of one check."""
    return [finding for finding in findings if finding.check == check]


def only(findings, check):
    """The one finding of a check."""
    (finding,) = told(findings, check)
    return finding


def levels(findings):
    """The checks whose findings are not ok, with their level."""
    return [(finding.check, finding.level) for finding in findings if finding.level != "ok"]


@pytest.mark.parametrize("findings", [of_file(), of_server()], ids=["sqlite", "postgres"])
def test_all_is_well(findings):
    """Where nothing is wrong, everything that was looked at is told as ok, without a fix."""
    assert levels(findings) == []
    assert all(finding.fix is None and finding.message for finding in findings)
    assert len({finding.check for finding in findings}) == len(findings)


@pytest.mark.parametrize(
    "findings",
    [
        of_file(LogFacts("9999"), journal_mode="rollback", free_bytes=0, on_network=True),
        of_server(LogFacts(None), encoding="LATIN1", fsync=False, replica=True, version=1),
    ],
    ids=["sqlite", "postgres"],
)
def test_whatever_is_wrong_has_a_fix(findings):
    """A warning or an error says what to do."""
    assert all(finding.fix for finding in findings if finding.level != "ok")
    assert len(levels(findings)) >= 4


def test_versions_of_all_that_takes_part_are_told():
    """Versions are told in one line; what is not there is left out."""
    assert judge(Health(NOW, replace(VERSIONS, psycopg=None))) == (
        Finding(
            "versions",
            "ok",
            "runthrough 0.1.0, Python 3.11.7, SQLite 3.53.0, SQLAlchemy 2.1.9, pydantic 2.14.3",
        ),
    )
    whole = judge(Health(NOW, replace(VERSIONS, postgresql="18.4")))
    assert whole[0].message.endswith("pydantic 2.14.3, psycopg 3.3.9, PostgreSQL 18.4")


def test_unusable_settings_are_an_error():
    """Settings that cannot be read are told as their error tells it; no database is judged."""
    findings = judge(Health(NOW, VERSIONS, settings_fault=Fault("jobs: no number", "mend it")))
    assert findings[1:] == (Finding("settings", "error", "jobs: no number", "mend it"),)


# ---- any database


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ("default", "(the default)"),
        ("flag", "(named by --database)"),
        ("RUNTHROUGH_DATABASE_URL", "(named by RUNTHROUGH_DATABASE_URL)"),
        ("/p/runthrough.toml", "(named by /p/runthrough.toml)"),
    ],
)
def test_place_and_origin_of_the_database_are_told(origin, words):
    """Which database it is, and where the setting came from."""
    assert only(of_file(origin=origin), "database").message == f"/d/x y.db {words}, 3.0 MiB"


def test_database_that_cannot_be_used_is_an_error():
    """What stood in the way is told as its error tells it, with the setting's origin."""
    facts = DatabaseFacts("p", "flag", "0002", fault=Fault("The database p is gone.", "start it"))
    assert judge(Health(NOW, VERSIONS, database=facts))[1:] == (
        Finding(
            "database",
            "error",
            "The database p is gone. It is named by --database.",
            "start it",
        ),
    )


def test_fault_of_the_log_hides_nothing_else():
    """What was found out about the place is told beside the fault."""
    fault = Fault("The database is damaged.", "put back a copy")
    assert levels(of_file(None, fault=fault, free_bytes=0)) == [
        ("database", "error"),
        ("free_space", "error"),
    ]
    assert levels(of_server(None, fault=fault, fsync=False)) == [
        ("database", "error"),
        ("fsync", "error"),
    ]


@pytest.mark.parametrize(
    ("found", "of_sqlite", "of_postgres"),
    [
        ("0002", "ok", "ok"),
        ("0001", "ok", "error"),
        (None, "ok", "error"),
        ("0003", "error", "error"),
    ],
)
def test_schema_is_judged_by_who_migrates(found, of_sqlite, of_postgres):
    """SQLite is migrated by the next command, PostgreSQL by a person; a newer one by nobody."""
    assert only(of_file(LogFacts(found)), "schema").level == of_sqlite
    finding = only(of_server(LogFacts(found)), "schema")
    assert finding.level == of_postgres
    if found in {"0001", None}:
        assert finding.fix == "runthrough db upgrade"
    if found == "0003":
        assert "upgrade runthrough" in finding.fix


@pytest.mark.parametrize(
    ("log", "check"),
    [
        (replace(LOG, schema="0001"), "schema"),
        (LogFacts(None), "schema"),
        (replace(LOG, missing_triggers=("events_no_change",)), "triggers"),
    ],
)
def test_member_of_a_team_is_sent_to_the_owner(log, check):
    """Who cannot change the tables is told who can, not a command that would be refused."""
    assert "olga" not in only(of_server(log), check).fix
    fix = only(of_server(log, may_migrate=False), check).fix
    assert "let olga do it" in fix
    assert not fix.startswith("runthrough db upgrade")


def test_end_of_the_log_is_compared_with_its_last_event():
    """A row of log_head that is gone or says something else is an error."""
    assert only(of_file(), "log_head").level == "ok"
    gone = only(of_file(replace(LOG, head_position=None)), "log_head")
    assert (gone.level, "gone or spoilt" in gone.message) == ("error", True)
    other = only(of_server(replace(LOG, head_position=9)), "log_head")
    assert "ends at position 9, and its last event is at 7" in other.message
    assert (other.level, "put back a copy" in other.fix) == ("error", True)


def test_event_that_cannot_be_read_back_is_an_error():
    """It is told as its error tells it; else how many of the log were read back."""
    bad = Fault("The event at position 3 cannot be read.", "audit it")
    finding = only(of_file(replace(LOG, unreadable=bad, read=4)), "events")
    assert (finding.level, finding.message, finding.fix) == ("error", bad.message, bad.fix)
    assert only(of_file(), "events").message == "7 can be read back"
    long = only(of_file(replace(LOG, last_position=90, head_position=90)), "events")
    assert long.message == "7, the newest of 90, can be read back"


@pytest.mark.parametrize("schema", [None, "9999"])
def test_log_of_another_schema_is_not_read(schema):
    """Where there are no tables, or those of a newer runthrough, the log is not judged."""
    findings = of_file(LogFacts(schema))
    assert told(findings, "log_head") == told(findings, "events") == []


def test_schema_to_come_is_told():
    """Of an older file it is told what the next command does; of an empty one that it has none."""
    assert (
        "0001; the next command brings it to 0002"
        in only(of_file(LogFacts("0001")), "schema").message
    )
    assert only(of_file(LogFacts(None)), "schema").message == "none yet"


def test_missing_triggers_are_an_error():
    """Triggers that somebody took off are named; without them events can be changed."""
    finding = only(of_file(replace(LOG, missing_triggers=("events_no_update",))), "triggers")
    assert finding.level == "error"
    assert "events_no_update" in finding.message
    assert "runthrough db upgrade" in finding.fix
    assert told(of_file(replace(LOG, missing_triggers=None)), "triggers") == []


@pytest.mark.parametrize(("seconds", "level"), [(-1, "ok"), (60, "ok"), (61, "warning")])
def test_clock_behind_the_last_event_is_a_warning(seconds, level):
    """More than a minute behind what was recorded last, history by time reads oddly."""
    log = replace(LOG, last_recorded_at=NOW + timedelta(seconds=seconds))
    assert only(of_file(log), "clock").level == level


def test_how_far_the_clock_is_behind_is_told():
    """The warning says how far, and when the last event was recorded."""
    log = replace(LOG, last_recorded_at=NOW + timedelta(hours=3))
    finding = only(of_server(log), "clock")
    assert "3 hours behind the last event (2026-11-22 15:00:00Z)" in finding.message


def test_clock_of_an_empty_log_is_not_judged():
    """Without an event there is nothing to compare with."""
    assert told(of_file(replace(LOG, last_recorded_at=None)), "clock") == []


# ---- a file


def test_file_to_be_made_is_well():
    """The default database may be missing; one that was named is looked for in vain."""
    absent = {"size_bytes": None, "journal_mode": None, "synchronous": None, "rights": (FOLDER,)}
    findings = of_file(LogFacts(None), **absent)
    assert levels(findings) == []
    assert "is not there yet" in only(findings, "database").message
    for origin, setting in (("flag", "--database"), ("/p/x.toml", "database_url in /p/x.toml")):
        findings = of_file(LogFacts(None), origin=origin, **absent)
        assert levels(findings) == [("database", "error")]
        assert "there is no database at /d/x y.db" in only(findings, "database").message
        assert f"with {setting};" in only(findings, "database").fix


def test_file_that_cannot_be_seen_is_not_called_missing():
    """In a folder that may not be entered, nobody can tell whether there is a file."""
    findings = of_file(None, size_bytes=None, rights=(replace(FOLDER, readable=False),))
    assert "cannot be seen from here" in only(findings, "database").message
    assert levels(findings) == [("permissions", "error")]


def test_empty_file_is_a_warning():
    """An empty file may have been a log before."""
    findings = of_file(LogFacts(None), size_bytes=0)
    assert levels(findings) == [("database", "warning")]
    assert "put back a copy" in only(findings, "database").fix


@pytest.mark.parametrize(
    ("version", "faulty"),
    [
        ("3.6.23", False),
        ("3.7.0", True),
        ("3.40.1", True),
        ("3.44.5", True),
        ("3.44.6", False),
        ("3.45.0", True),
        ("3.50.6", True),
        ("3.50.7", False),
        ("3.51.0", True),
        ("3.51.2", True),
        ("3.51.3", False),
        ("3.52.0", False),
    ],
)
def test_versions_with_the_wal_reset_fault_are_known(version, faulty):
    """The fault is in 3.7.0 to 3.51.2, but not where it was mended in an older line."""
    assert has_wal_reset_fault(version) is faulty
    finding = only(of_file(version=version), "sqlite_fault")
    assert finding.level == ("warning" if faulty else "ok")
    assert version in finding.message


def test_rollback_journal_is_a_warning():
    """A file that is not in WAL mode is told with the command that switches it back."""
    finding = only(of_file(journal_mode="rollback"), "journal_mode")
    assert finding.level == "warning"
    assert "sqlite3 '/d/x y.db' 'PRAGMA journal_mode = WAL'" in finding.fix


@pytest.mark.parametrize(
    ("found", "level"),
    [("off", "error"), ("normal", "error"), ("full", "ok"), ("extra", "ok")],
)
def test_commits_that_power_cuts_can_take_are_an_error(found, level):
    """Less than `full` loses what was acknowledged."""
    assert only(of_file(synchronous=found), "synchronous").level == level


def test_damage_is_an_error():
    """The first complaint of SQLite's own check is told."""
    finding = only(of_file(damage="Page 17: error code 11"), "content")
    assert (finding.level, finding.message) == (
        "error",
        "the file is damaged: Page 17: error code 11",
    )
    assert told(of_file(), "content") == []


@pytest.mark.parametrize(
    ("kind", "on_network", "level"),
    [
        ("ext4", False, "ok"),
        (None, False, "ok"),
        ("nfs4", True, "error"),
        ("tmpfs", False, "warning"),
        ("ramfs", False, "warning"),
    ],
)
def test_file_system_is_judged_by_its_kind(kind, on_network, level):
    """A network file system is an error, one in memory a warning."""
    finding = only(of_file(file_system=kind, on_network=on_network), "file_system")
    assert finding.level == level
    assert (kind or "of a kind that the system does not tell") in finding.message


@pytest.mark.parametrize(
    ("free", "level"),
    [
        (0, "error"),
        (16 * MIB - 1, "error"),
        (16 * MIB, "warning"),
        (512 * MIB - 1, "warning"),
        (512 * MIB, "ok"),
    ],
)
def test_free_space_is_judged_by_what_is_written(free, level):
    """Scarce space is a warning, none to speak of an error."""
    assert only(of_file(free_bytes=free), "free_space").level == level


@pytest.mark.parametrize(
    ("rights", "level", "words"),
    [
        (replace(FILE, readable=False), "error", "you may not read /d/x y.db"),
        (replace(FILE, writable=False), "error", "you may not write /d/x y.db"),
        (replace(FOLDER, readable=False), "error", "you may not enter /d"),
        (replace(FOLDER, writable=False), "error", "you may not write /d"),
        (replace(FOLDER, kind="other"), "error", "/d is neither a file nor a folder"),
        (replace(FILE, open_to_all=True), "warning", "every user of this machine may write"),
        (replace(FILE, writable=False, must_be_writable=False), "ok", "what is needed"),
    ],
)
def test_rights_are_judged_by_what_is_needed(rights, level, words):
    """What this process may not do is an error, what everybody may do is a warning."""
    finding = only(of_file(rights=(rights,)), "permissions")
    assert finding.level == level
    assert words in finding.message


def test_each_path_has_its_own_finding():
    """Faults of several files, and several of one, are all told."""
    findings = of_file(
        rights=(
            replace(FILE, writable=False, open_to_all=True),
            replace(FOLDER, open_to_all=True),
        )
    )
    assert [finding.level for finding in told(findings, "permissions")] == [
        "error",
        "warning",
        "warning",
    ]
    assert "chmod o-w '/d/x y.db'" in told(findings, "permissions")[1].fix


# ---- a server


@pytest.mark.parametrize(
    ("facts", "check", "level", "words"),
    [
        ({"version": 130_021}, "server_version", "error", "PostgreSQL 13.21 is too old"),
        ({"version": 140_000}, "server_version", "ok", "PostgreSQL 14.0"),
        ({"encoding": "SQL_ASCII"}, "encoding", "error", "SQL_ASCII cannot hold all text"),
        ({"fsync": False}, "fsync", "error", "off"),
        ({"full_page_writes": False}, "full_page_writes", "warning", "off"),
        ({"synchronous_commit": "off"}, "synchronous_commit", "ok", "switches it on"),
        ({"synchronous_commit": "local"}, "synchronous_commit", "ok", "local"),
        ({"replica": True, "read_only": True}, "writable", "error", "a replica"),
        ({"read_only": True}, "writable", "error", "begin as read-only ones"),
        (
            {"missing_rights": ("INSERT on events", "UPDATE on log_head")},
            "rights",
            "error",
            "ann lacks INSERT on events; UPDATE on log_head",
        ),
        ({"clock_ahead_s": 5.0}, "server_clock", "ok", "fits"),
        ({"clock_ahead_s": 5.1}, "server_clock", "warning", "5 seconds ahead of"),
        ({"clock_ahead_s": -7200.0}, "server_clock", "warning", "2 hours behind"),
    ],
)
def test_server_is_judged(facts, check, level, words):
    """Each setting of a server that can cost history, or keeps this user from writing it."""
    finding = only(of_server(**facts), check)
    assert finding.level == level
    assert words in finding.message


def test_read_only_database_is_told_the_way_back():
    """The fix of a database that was set to read-only names it."""
    assert 'ALTER DATABASE "team" RESET' in only(of_server(read_only=True), "writable").fix


# ---- folders


@pytest.mark.parametrize(("free", "level"), [(2**30, "ok"), (2**28, "warning")])
def test_the_room_that_sessions_take_is_told(free, level):
    """Number, size and the largest folder are told; little room beside it is a warning."""
    disk = DiskUse(2, 3 * 2**30, "/w/.runthrough/s", 2 * 2**30, free)
    finding = only(judge(Health(NOW, VERSIONS, disk=disk)), "disk_use")
    assert finding.level == level
    assert "2 session folders of 3.0 GiB in all, the largest 2.0 GiB: /w/" in finding.message
    assert ("keep_runs" in (finding.fix or "")) is (level == "warning")


# ---- words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1536, "1.5 KiB"),
        (5 * MIB, "5.0 MiB"),
        (3 * 2**30, "3.0 GiB"),
        (2**41, "2.0 TiB"),
    ],
)
def test_sizes_have_few_digits(size, words):
    """A size is told in the largest unit that it fills."""
    assert size_words(size) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7_200, "2 hours"),
        (200_000, "2 days"),
    ],
)
def test_spans_are_told_in_their_largest_unit(seconds, words):
    """A length of time is told in the largest unit of which it has two."""
    assert span_words(seconds) == words
