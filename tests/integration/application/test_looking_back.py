"""A session's past over a real database and real scripts: history, as-of, diff, approval."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.support import days
from tests.support.desk import shop, top

from runthrough.application.answers import Answers
from runthrough.application.comparing import NOW
from runthrough.bootstrap import load_pipeline
from runthrough.errors import (
    CommandInvalidError,
    CommandRefusedError,
    NotClosedError,
    SessionError,
    SessionNameTakenError,
    UnknownNodeError,
    UnknownSessionError,
    UnknownVersionError,
)

TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path):
    with shop(tmp_path) as desk:
        yield desk


@pytest.fixture
def green(desk):
    """A session whose run has passed."""
    session = desk.begin(report=top(1))
    session.run()
    return session


def edit(desk, name, line="UNUSED = 1"):
    path = desk.folder / f"scripts/{name}.py"
    path.write_text(f"{path.read_text()}\n{line}\n")


def differing(compared, *parts):
    return [
        (row.node, row.part, row.name) for row in compared.rows if not parts or row.part in parts
    ]


def sessions(session, desk):
    """What the same person is offered."""
    return desk.application(session.state.last_actor).sessions


# ---- history


def test_history_is_narrowed_by_node_actor_type_and_version(desk, green):
    """Filters go together, and values before are true whatever is left out."""
    bob = desk.enter("bob")
    bob.configure("report", top(2))
    rows = green.history("report", actor="bob", type="ScriptConfigured")
    assert [(row.before["arg.top"], row.after["arg.top"]) for row in rows] == [(1, 2)]
    assert green.history("report", since=rows[0].version) == rows
    assert green.history(actor="carol") == []
    assert green.history(since=10**9) == []
    assert green.history(since=-3) == green.history()


def test_history_since_a_moment_begins_with_what_was_recorded_then(desk):
    """What was recorded at that very moment is in, what came before is not."""
    with days.on(TUESDAY):
        desk.begin()
    with days.on(TUESDAY + timedelta(days=2)):
        late = desk.enter("bob")
        late.note("back again")
    (row,) = late.history(since=TUESDAY + timedelta(days=1))
    assert row.type == "NoteAdded"
    assert late.history(since=row.recorded_at) == [row]
    assert late.history(since=row.recorded_at + timedelta(microseconds=1)) == []


def test_history_refuses_what_it_cannot_narrow_by(green):
    """A mistyped type is met with the nearest ones, a time must have a zone."""
    with pytest.raises(CommandInvalidError, match="did you mean ScriptConfigured"):
        green.history(type="ScriptConfigure")
    with pytest.raises(CommandInvalidError, match="no time zone"):
        green.history(since=datetime(2026, 1, 1))  # noqa: DTZ001 - it is the fault
    for wrong in ("2d", True, 1.5):
        with pytest.raises(CommandInvalidError, match="version or an aware time"):
            green.history(since=wrong)
    with pytest.raises(UnknownNodeError, match="repotr"):
        green.history("repotr")


def test_the_history_of_a_node_goes_through_its_names_and_beyond_its_end(desk, green):
    """A renamed node keeps its past, and one that was removed has one still."""
    path = desk.folder / "pipeline.yaml"
    path.write_text(path.read_text().replace("report", "summary"))
    desk.folder.joinpath("scripts/report.py").rename(desk.folder / "scripts/summary.py")
    green.update(load_pipeline(path), renamed={"report": "summary"})
    told = green.history("summary")
    assert told[0].node == "report"
    assert [row.version for row in told] == sorted(row.version for row in told)
    assert {row.node for row in told} == {"report", "summary", None}
    smaller = path.read_text().replace("  summary: {}\n", "").replace("  - [total, summary]\n", "")
    path.write_text(smaller)
    green.update(load_pipeline(path))
    assert "summary" not in green.state.nodes
    assert green.history("summary")[-1].type == "PipelineChanged"


def test_the_history_of_a_node_follows_a_name_that_was_taken_back_and_given_again(desk, green):
    """What was done under the old name in between is not left out."""
    path = desk.folder / "pipeline.yaml"
    old = path.read_text()
    new = old.replace("report", "summary")
    path.write_text(new)
    desk.folder.joinpath("scripts/summary.py").write_bytes(
        desk.folder.joinpath("scripts/report.py").read_bytes()
    )
    green.update(load_pipeline(path), renamed={"report": "summary"})
    path.write_text(old)
    green.update(load_pipeline(path), renamed={"summary": "report"})
    between = green.configure("report", Answers(user_notes="in between")).version
    path.write_text(new)
    green.update(load_pipeline(path), renamed={"report": "summary"})
    told = [row.version for row in green.history("summary")]
    assert between in told
    assert told == sorted(set(told))


# ---- as of


def test_as_of_a_version_is_what_was_seen_then(desk, green):
    """Also when the files are others by now: nothing of today is looked at."""
    seen = green.status()
    desk.orders.unlink()
    edit(desk, "total")
    desk.enter("bob").configure("report", top(2))
    then = sessions(green, desk).open_at("demo", seen["version"])
    view = then.status()
    assert view["as_of"] == {"version": seen["version"], "at": seen["last_at"]}
    for key in ("nodes", "worklist", "connections", "phase", "approval", "unrecorded"):
        assert view[key] == seen[key], key
    assert seen["as_of"] is None


def test_as_of_shows_what_was_waiting_for_a_run(desk, green):
    """A configuration that was changed after a run was stale then, and is told so."""
    green.configure("report", top(2))
    changed = green.version
    green.run()
    assert green.status()["nodes"]["report"]["stale"] == []
    then = sessions(green, desk).open_at("demo", changed)
    (row,) = (row for row in then.worklist() if row.node == "report")
    assert (row.category, row.text) == ("stale", "top  1 → 2")


def test_as_of_a_moment_is_the_last_version_before_the_first_event_after_it(desk):
    """Between two days nothing happened, so all moments between them show the same."""
    with days.on(TUESDAY):
        begun = desk.begin().version
    with days.on(TUESDAY + timedelta(days=2)):
        desk.enter("bob").note("back again")
    opened = desk.application().sessions.open_at
    assert opened("demo", TUESDAY + timedelta(days=1)).version == begun
    assert opened("demo", TUESDAY + timedelta(days=3)).version == begun + 1


def test_as_of_refuses_what_never_was(desk):
    """A version beyond the end, a time before the beginning, one without a zone, nonsense."""
    with days.on(TUESDAY):
        desk.begin()
    opened = desk.application().sessions.open_at
    for wrong in (0, -1, 99):
        with pytest.raises(UnknownVersionError, match="has versions 1 to"):
            opened("demo", wrong)
    with pytest.raises(SessionError, match=r"was not there yet.*it began at 2026-11-24"):
        opened("demo", TUESDAY - timedelta(seconds=1))
    with pytest.raises(SessionError, match="no time zone"):
        opened("demo", TUESDAY.replace(tzinfo=None))
    for wrong in ("yesterday", True, 2.5):
        with pytest.raises(SessionError, match="version or an aware time"):
            opened("demo", wrong)


def test_a_past_session_is_only_read(desk, green):
    """Whatever would record something is refused, and nothing is recorded of that."""
    then = sessions(green, desk).open_at("demo", green.version)
    before = green.version
    for act in (lambda: then.note("x"), then.approve, lambda: then.rename("x"), then.close):
        with pytest.raises(CommandRefusedError, match="opened to be read"):
            act()
    green.refresh()
    assert green.version == before


# ---- diff


def test_an_edited_script_shows_against_the_last_green_run_without_a_run(desk, green):
    """The text that ran was kept beside its attempt, the present one lies where it is."""
    edit(desk, "total")
    compared = desk.application().sessions.diff(green)
    assert (compared.one.version, compared.other.now) == (green.state.green_at, True)
    assert differing(compared) == [("total", "script", "total")]
    (row,) = compared.rows
    assert row.diff.splitlines()[-1] == "+UNUSED = 1"
    assert row.diff.startswith(f"--- total (version {compared.one.version})\n+++ total (now)\n")


def test_a_failed_run_shows_what_differs_from_the_green_one(desk, green):
    """Outcome, script and duration; what came before is the same and is not told."""
    edit(desk, "total", "raise SystemExit(3)")
    green.run()
    compared = desk.application().sessions.diff(green)
    assert {node for node, *_ in differing(compared)} == {"total"}
    assert {part for _, part, _ in differing(compared)} >= {"outcome", "script"}
    between = desk.application().sessions.diff(green, compared.one.version, green.version)
    (script,) = (row for row in between.rows if row.part == "script")
    assert "+raise SystemExit(3)" in script.diff


def test_another_input_shows_in_what_came_of_it(desk, green):
    """Digests of the input, of the outputs below it, with rows where they were counted."""
    desk.orders.write_text(desk.orders.read_text() + "eve,EUR,7\n")
    compared = desk.application().sessions.diff(green, None, NOW)
    assert differing(compared) == [("clean", "input", "orders")]
    green.run()
    compared = desk.application().sessions.diff(green, compared.one.version, green.state.version)
    outputs = {row.name: row for row in compared.rows if row.part == "output"}
    rows = outputs["clean_orders"]
    assert rows.new["rows"] == rows.old["rows"] + 1
    assert rows.new["columns"] == rows.old["columns"] > 1


def test_a_source_that_was_not_kept_is_told(desk, green):
    """The digests differ all the same."""
    for kept in desk.folder.rglob("runs/*/*/*/script.py"):
        kept.unlink()
    edit(desk, "total")
    (row,) = desk.application().sessions.diff(green).rows
    assert row.diff is None
    assert row.old != row.new
    assert row.reason == f"the source of version {green.state.green_at} was not kept"


def test_an_attempt_keeps_its_script_beside_its_outputs(desk, green):
    """The bytes as they were, in a file that no output can have."""
    (kept,) = desk.folder.rglob("runs/*/total/*/script.py")
    assert kept.read_bytes() == (desk.folder / "scripts/total.py").read_bytes()
    edit(desk, "total")
    assert kept.read_bytes() != (desk.folder / "scripts/total.py").read_bytes()


def test_sessions_are_compared_with_each_other(desk, green):
    """A fork that goes another way, a session of another pipeline, each at any version."""
    offered = desk.application("bob").sessions
    fork = offered.fork("demo", name="other")
    assert offered.diff(fork, "demo", NOW).rows == ()
    fork.configure("report", top(5))
    assert ("report", "configuration", "arg.top") in differing(offered.diff(fork, "demo", NOW))
    path = desk.folder / "small.yaml"
    path.write_text(
        "name: small\nscripts: [scripts]\nnodes:\n  clean: {}\n  extra: {external: true}\n"
    )
    offered.start(load_pipeline(path), name="small")
    compared = offered.diff(fork, f"demo@{green.version}", "small")
    assert {(row.node, row.old, row.new) for row in compared.rows if row.part == "node"} == {
        ("total", "total", None),
        ("report", "report", None),
        ("extra", None, "external"),
    }
    assert compared.one.told(beside=compared.other) == f"demo, version {green.version}"


def test_without_a_green_run_there_is_nothing_to_compare_with(desk):
    """It is said, with what to do."""
    session = desk.begin()
    with pytest.raises(SessionError, match="No run of session demo has passed yet") as told:
        desk.application().sessions.diff(session)
    assert told.value.fix == "runthrough run"


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ("99", UnknownVersionError, "versions 1 to"),
        ("demo@99", UnknownVersionError, "versions 1 to"),
        ("nobody", UnknownSessionError, "nobody"),
        ("nobody@3", UnknownSessionError, "nobody"),
        ("", SessionError, "empty"),
        (2.5, SessionError, "2.5"),
    ],
)
def test_a_side_that_never_was_is_an_error(desk, asked, error, words):
    """Versions, sessions and nonsense alike."""
    session = desk.begin()
    with pytest.raises(error, match=words):
        desk.application().sessions.diff(session, asked)


def test_from_elsewhere_no_file_is_looked_at(desk, green):
    """What differs is told as far as history holds it, and that it was not looked at."""
    edit(desk, "total")
    away = desk.enter("bob", "elsewhere")
    compared = desk.application("bob", "elsewhere").sessions.diff(away)
    assert not compared.other.looked
    assert compared.rows == ()


# ---- approval


def test_an_approval_stands_until_what_passed_is_another_one(desk, green):
    """A file's change shows in `status`, without a version; a person's, with it."""
    desk.enter("bob").approve()
    told = green.status()["approval"]
    assert (told["by"], told["stale"]) == ("bob", False)
    edit(desk, "total")
    told = green.status()["approval"]
    assert (told["stale"], told["since"], told["nodes"]) == (True, None, ["total"])
    version = green.configure("report", top(9)).version
    told = green.status()["approval"]
    assert (told["since"], told["nodes"]) == (version, ["total", "report"])


def test_an_older_version_is_approved_with_what_had_passed_then(desk, green):
    """What was changed since makes it stale at once."""
    passed = green.version
    green.configure("report", top(2))
    green.approve(passed)
    told = green.status()["approval"]
    assert (told["version"], told["nodes"]) == (passed, ["report"])


def test_what_had_not_passed_as_it_is_set_up_is_not_approved(desk, green):
    """Neither before the run, nor with answers that no attempt used."""
    with pytest.raises(CommandRefusedError, match="clean, total, report"):
        green.approve(1 + next(r.version for r in green.history(type="ScriptConfigured")))
    green.configure("report", top(2))
    with pytest.raises(CommandRefusedError, match="not every script had passed: report"):
        green.approve()
    for wrong in (0, 99, True, "1"):
        with pytest.raises(CommandInvalidError, match="has versions 1 to"):
            green.approve(wrong)


# ---- what is said of a session, and what becomes of it


def test_a_note_keeps_no_secret(desk, green):
    """It is masked before anything is recorded."""
    secret = "ghp_" + "a1" * 18
    green.note(f"the key is {secret}")
    assert green.history()[-1].sentence == "noted: the key is [masked]"
    assert secret.encode() not in desk.shell.database.read_bytes()
    with pytest.raises(CommandInvalidError, match="a note is text"):
        green.note(None)
    with pytest.raises(CommandRefusedError, match="says nothing"):
        green.note(" ")


@pytest.mark.parametrize("name", ["", " ", "@last", "two\nlines", None, 7, "ghp_" + "a1" * 18])
def test_a_name_is_one_that_can_be_typed(green, name):
    """The same for renaming and reopening; a secret is no name."""
    with pytest.raises(CommandInvalidError):
        green.rename(name)
    green.close()
    if name is not None:
        with pytest.raises(CommandInvalidError):
            green.reopen(name=name)


def test_a_taken_name_is_refused_with_the_way_out(desk, green):
    """Reopening under another name renames in the same command."""
    green.close()
    desk.begin("bob")
    with pytest.raises(SessionNameTakenError) as taken:
        green.reopen()
    assert "--name" in taken.value.fix
    recorded = green.reopen(name="again")
    assert recorded.version == recorded.after + 2
    assert green.name == "again"
    entries = {entry.name: entry.phase for entry in desk.application().sessions.entries()}
    assert entries == {"again": "open", "demo": "open"}


def test_what_is_archived_was_exported_before(desk, green):
    """An open session is neither; where the export fails nothing is recorded."""
    exported = []
    with pytest.raises(NotClosedError) as refused:
        green.archive(export=lambda: exported.append("x"))
    assert (exported, refused.value.fix) == ([], "close it first: runthrough close")
    green.close()
    before = green.version

    def fail():
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        green.archive(export=fail)
    assert green.version == before
    green.archive(export=lambda: exported.append("x"))
    assert exported == ["x"]
    assert green.state.archived
    (entry,) = desk.application().sessions.entries()
    assert entry.archived
