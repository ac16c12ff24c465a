"""A session's past over a real database and real scripts: history, as-of, diff, approval."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.support import days
from tests.support.desk import shop, top

from runthrough.adapters.exports.excerpts import passes
from runthrough.application.answers import Answers
from runthrough.application.comparing import NOW
from runthrough.bootstrap import export_lines, load_pipeline, open_export, write_export
from runthrough.core.values.store import EventFilter
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
    with pytest.raises(CommandInvalidError, match="did you mean 'ScriptConfigured'"):
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


def test_an_export_about_a_node_holds_what_its_history_tells(desk, green):
    """Undo, redo, update and what a renamed node was called before are in, in a fork as well."""
    path = desk.folder / "pipeline.yaml"
    green.configure("report", top(4))
    green.undo()
    green.redo()
    fork = desk.application("bob").sessions.fork("demo", name="other")
    for session in (green, fork):
        path.write_text(path.read_text().replace("report", "summary"))
        session.update(load_pipeline(path), renamed={"report": "summary"})
        path.write_text(path.read_text().replace("summary", "report"))
    auditing = desk.application().auditing
    wanted = EventFilter(nodes=("summary",))
    for session in (green, fork):
        told = [row.version for row in session.history("summary")]
        naming, upto = auditing.naming(session.session_id)
        rows = list(auditing.stored(session.session_id, upto=upto))
        fits = passes(wanted, naming=naming, session_id=session.session_id)
        assert [row.version for row in rows if fits(row)] == told
        types = {row.type for row in rows if fits(row)}
        assert {"ConfigurationReverted", "PipelineChanged", "ScriptConfigured"} <= types
        lines = export_lines(rows, session_id=session.session_id, wanted=wanted, naming=naming)
        export = desk.folder / f"{session.name}.jsonl"
        write_export(export, lines)
        opened = open_export(export)
        assert opened.verified().verdict.ok
        green.note("later")
        verdict = auditing.compare(opened, fits=opened.fits, ends_at=upto)
        assert (verdict.ok, verdict.checked) == (True, len(told))
    naming, _ = auditing.naming()
    fits = passes(wanted, naming=naming)
    whole = {row.position for row in auditing.stored() if fits(row)}
    assert whole >= {row.position for s in (green, fork) for row in s.history("summary")}


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


def test_a_script_that_is_not_there_now_is_told_in_words(desk, green):
    """Beside another version of the same session, and beside another session."""
    (desk.folder / "scripts/total.py").unlink()
    offered = desk.application().sessions
    (row,) = (row for row in offered.diff(green).rows if row.part == "script")
    assert row.reason == "there is no script now"
    fork = offered.fork("demo", at=green.state.green_at, name="other")
    at = f"other@{fork.state.version}"
    (row,) = (row for row in offered.diff(green, at, NOW).rows if row.part == "script")
    assert row.reason == "there is no script in demo now"


def test_the_files_of_a_session_that_lives_elsewhere_are_told_as_not_looked_at(desk, green):
    """With where it lives; the source is not said to be lost."""
    edit(desk, "total")
    green.resume()
    bob = desk.application("bob", "bobs").sessions
    compared = bob.diff(bob.open("demo"))
    home = f"the session lives on {green.home_name} (here)"
    assert compared.other.unseen == home
    (row,) = (row for row in compared.rows if row.part == "script")
    assert row.reason == f"the source of version {compared.one.version} was not looked at: {home}"
    beside = compared.one
    assert compared.other.without_source(beside=beside).startswith("the source as it is now was")


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


def test_a_renamed_node_is_compared_under_both_its_names(desk, green):
    """Between two versions and between forks it is one node, and what feeds it is not another."""
    before = green.version
    fork = desk.application("bob").sessions.fork("demo", name="other")
    path = desk.folder / "pipeline.yaml"
    path.write_text(path.read_text().replace("total", "sum"))
    green.update(load_pipeline(path), renamed={"total": "sum"})
    green.configure("sum", Answers(user_notes="by another name"))
    sessions = desk.application().sessions
    for sides in ((str(before), NOW), ("other", NOW), (NOW, "other")):
        rows = sessions.diff(green, *sides).rows
        told = {(row.node, row.part, row.name, row.old, row.new) for row in rows}
        old, new = ("total", "sum") if sides[1] == NOW else ("sum", "total")
        assert (new, "node", new, old, new) in told
        assert {(row.node, row.name) for row in rows if row.part == "configuration"} == {
            (new, "state"),
            (new, "user_notes"),
        }
    assert fork.version == before + 1


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
        ("9" * 5000, UnknownSessionError, "No session fits"),
        (f"demo@{'9' * 5000}", UnknownSessionError, "No session fits"),
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


def test_what_did_not_run_on_what_its_producer_wrote_last_is_not_approved(desk, green):
    """All have passed, and yet not with each other."""
    source = desk.folder / "scripts/total.py"
    source.write_text(source.read_text().replace("json.dumps(totals)", "json.dumps(totals) + ' '"))
    green.run(["total"])
    with pytest.raises(CommandRefusedError, match="not every script had passed: report"):
        green.approve()
    green.run()
    green.approve()
    assert green.status()["approval"]["stale"] is False


def test_a_note_keeps_no_secret(desk, green):
    """It is masked before anything is recorded."""
    secret = "ghp_" + "a1" * 18
    green.note(f"the key is {secret}")
    assert green.history()[-1].sentence == "noted: the key is [masked]"
    assert secret.encode() not in desk.shell.database.read_bytes()
    green.note("ran with DB_PASSWORD=hunter2, as bob asked")
    assert green.history()[-1].sentence == "noted: ran with DB_PASSWORD=[masked], as bob asked"
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


def test_whoever_archives_second_leaves_no_file(desk, green):
    """Of two at once one is refused: what it exported is taken back, and the other's stays."""
    green.close()
    files = ["theirs"]

    def export():
        desk.application().sessions.open(green.session_id).archive()
        files.append("mine")

    with pytest.raises(CommandRefusedError):
        green.archive(export=export, withdraw=lambda: files.remove("mine"))
    assert files == ["theirs"]
    with pytest.raises(CommandRefusedError):
        green.archive(export=files.clear, withdraw=files.clear)
    assert files == ["theirs"]


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
