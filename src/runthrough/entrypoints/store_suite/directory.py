"""The directory: which sessions there are, and how they are found."""

from datetime import timedelta

from runthrough.core.events import (
    SessionArchived,
    SessionClosed,
    SessionImported,
    SessionRenamed,
    SessionReopened,
)
from runthrough.core.values.ids import SessionId
from runthrough.core.values.metadata import Origin
from runthrough.entrypoints.store_suite.rule import (
    Rule,
    Stores,
    expect,
    expect_equal,
    expect_error,
    rule,
)
from runthrough.entrypoints.store_suite.writing import (
    AT,
    METADATA,
    A,
    B,
    C,
    Writer,
    numbered,
    said,
    started,
)
from runthrough.errors import SessionNameTakenError

RULES: list[Rule] = []


@rule(RULES)
def empty_store_lists_no_session(stores: Stores) -> None:
    """Where nobody started a session none is listed, and none is found."""
    there = stores.directory
    found = (there.sessions(), there.find(A), there.last_of("ann"))
    expect_equal(found, ((), None, None), "sessions, one of them, and the last one")


@rule(RULES)
def started_session_is_listed(stores: Stores) -> None:
    """A session is listed with its name, its pipeline, its phase, and when it began."""
    Writer(stores).append(A, started("heron", "zoo"))
    (found,) = stores.directory.sessions()
    told = (found.session_id, found.name, found.dag_name, found.phase, found.created_at)
    expect_equal(told, (A, "heron", "zoo", "open", AT), "the session")


@rule(RULES)
def latest_event_is_told(stores: Stores) -> None:
    """The directory tells each session's version, and who acted last and when."""
    writer, later = Writer(stores), AT + timedelta(minutes=1)
    writer.append(A, started("heron"))
    writer.append(B, started("owl"))
    writer.append(A, said("x"), said("y"), actor="bob@ws", recorded_at=later)
    found = {
        entry.name: (entry.version, entry.last_actor, entry.created_at, entry.updated_at)
        for entry in stores.directory.sessions()
    }
    wanted = {"heron": (3, "bob@ws", AT, later), "owl": (1, METADATA.actor, AT, AT)}
    expect_equal(found, wanted, "version, last actor, begin and last time")


@rule(RULES)
def session_with_the_latest_event_comes_first(stores: Stores) -> None:
    """Sessions are listed by their latest event, whichever was started first."""
    writer = Writer(stores)
    for session, name in ((A, "heron"), (B, "owl"), (C, "crane")):
        writer.append(session, started(name))
    expect_equal(_names(stores), ["crane", "owl", "heron"], "names as they were started")
    writer.append(A, said("x"))
    expect_equal(_names(stores), ["heron", "crane", "owl"], "names after another event")


@rule(RULES)
def open_names_are_unique(stores: Stores) -> None:
    """A second open session of one name is refused, and the error tells the name."""
    writer = Writer(stores)
    writer.append(A, started("heron"))
    error = expect_error(SessionNameTakenError, lambda: writer.append(B, started("heron")))
    expect("heron" in str(error), f"the error does not tell the name: {error}")


@rule(RULES)
def refused_name_leaves_nothing(stores: Stores) -> None:
    """A session whose name was taken leaves no event, no place in the directory and no hole."""
    writer = Writer(stores)
    writer.append(A, started("heron"))
    expect_error(SessionNameTakenError, lambda: writer.append(B, said("x"), started("heron")))
    found = (writer.texts(B), _names(stores), stores.audit.verify().head_position)
    expect_equal(found, ([], ["heron"], 1), "texts, names and the head")


@rule(RULES)
def names_are_told_apart_by_every_character(stores: Stores) -> None:
    """Case, accents and spaces make another name."""
    writer = Writer(stores)
    names = ["heron", "Heron", "héron", "heron ", "he_on"]
    for session, name in zip(numbered(len(names)), names, strict=True):
        writer.append(session, started(name))
    found = [entry and entry.name for entry in map(stores.directory.find, names)]
    expect_equal(found, names, "names that were found")


@rule(RULES)
def closed_session_is_listed_as_closed(stores: Stores) -> None:
    """A session that was closed stays in the directory, with the phase `closed`."""
    writer = Writer(stores)
    writer.append(A, started("heron"))
    writer.append(B, started("owl"))
    writer.append(A, SessionClosed())
    found = {entry.name: entry.phase for entry in stores.directory.sessions()}
    expect_equal(found, {"heron": "closed", "owl": "open"}, "phases")


@rule(RULES)
def closing_frees_the_name(stores: Stores) -> None:
    """The name of a closed session may be used by another one."""
    writer = Writer(stores)
    writer.append(A, started("heron"))
    writer.append(A, SessionClosed())
    writer.append(B, started("heron"))
    expect_equal(_names(stores), ["heron", "heron"], "names")


@rule(RULES)
def reopened_session_is_open(stores: Stores) -> None:
    """A closed session that goes on is listed as open, and its name is taken again."""
    writer = Writer(stores)
    writer.append(A, started("heron"))
    writer.append(A, SessionClosed(), SessionReopened())
    (found,) = stores.directory.sessions()
    expect_equal(found.phase, "open", "phase")
    expect_error(SessionNameTakenError, lambda: writer.append(B, started("heron")))


@rule(RULES)
def reopening_needs_the_name(stores: Stores) -> None:
    """A closed session does not come back while another open one has its name."""
    writer = Writer(stores)
    writer.append(A, started("heron"))
    writer.append(A, SessionClosed())
    writer.append(B, started("heron"))
    expect_error(SessionNameTakenError, lambda: writer.append(A, SessionReopened()))
    expect_equal(writer.texts(A), ["SessionStarted", "SessionClosed"], "events")
    writer.append(B, SessionClosed())
    writer.append(A, SessionReopened())
    expect_equal(_found(stores, A), A, "the session that was found")


@rule(RULES)
def session_is_found_by_its_id(stores: Stores) -> None:
    """The whole id finds its session, also when another one is called like that."""
    writer = Writer(stores)
    writer.append(A, started("heron"))
    writer.append(B, started(A))
    expect_equal((_found(stores, A), _found(stores, B)), (A, B), "sessions by their ids")


@rule(RULES)
def session_is_found_by_the_start_of_its_id(stores: Stores) -> None:
    """Four characters or more that only one id begins with are enough; three are not."""
    writer = Writer(stores)
    writer.append(A, started("heron"))
    writer.append(B, started("owl"))
    asked = ("019a", A[:-1], "019", "", f"{A}0", "9a00")
    found = [_found(stores, text) for text in asked]
    expect_equal(found, [A, A, None, None, None, None], f"sessions by {asked}")


@rule(RULES)
def ambiguous_start_finds_nothing(stores: Stores) -> None:
    """A start that two ids have finds neither; a longer one does."""
    writer = Writer(stores)
    writer.append(B, started("owl"))
    writer.append(C, started("crane"))
    found = [_found(stores, text) for text in ("019b", B[:-1], B, C)]
    expect_equal(found, [None, None, B, C], "sessions by the start of their ids")


@rule(RULES)
def session_is_found_by_its_whole_name(stores: Stores) -> None:
    """A name is matched from its first to its last character, and nothing in it is a pattern."""
    writer = Writer(stores)
    writer.append(A, started("heron"))
    writer.append(B, started("größe %"))
    asked = ("heron", "größe %", "hero", "eron", "%", "h_ron", "heron%", "her*")
    found = [_found(stores, text) for text in asked]
    expect_equal(found, [A, B, *[None] * 6], f"sessions by {asked}")


@rule(RULES)
def open_session_of_a_name_goes_first(stores: Stores) -> None:
    """Of two sessions with one name the open one is found, whichever had the latest event."""
    writer = Writer(stores)
    writer.append(A, started("heron"))
    writer.append(A, SessionClosed())
    writer.append(B, started("heron"))
    writer.append(A, said("a note"))
    expect_equal(_found(stores, "heron"), B, "the session that was found")


@rule(RULES)
def latest_closed_session_of_a_name_is_found(stores: Stores) -> None:
    """Where all sessions of a name are closed, the one with the latest event is found."""
    writer = Writer(stores)
    for session in (A, B, C):
        writer.append(session, started("heron"))
        writer.append(session, SessionClosed())
    expect_equal(_found(stores, "heron"), C, "the session that was closed last")
    writer.append(A, said("a note"))
    expect_equal(_found(stores, "heron"), A, "the session with the latest event")


@rule(RULES)
def last_session_is_the_actors_own(stores: Stores) -> None:
    """The last session of an actor holds that actor's latest event, whoever acted since."""
    writer = Writer(stores)
    writer.append(A, started("heron"), actor="ann")
    writer.append(B, started("owl"), actor="bob")
    expect_equal(_last(stores, "ann"), A, "where ann was last")
    writer.append(B, said("x"), actor="ann")
    writer.append(A, said("x"), actor="bob")
    found = [_last(stores, actor) for actor in ("ann", "bob", "eve", "an", "")]
    expect_equal(found, [B, A, None, None, None], "where ann, bob and strangers were last")


@rule(RULES)
def renamed_session_has_its_new_name(stores: Stores) -> None:
    """A session that was renamed is listed and found by its new name, and the old one is free."""
    writer = Writer(stores)
    writer.append(A, started("heron"))
    writer.append(A, SessionRenamed(name="crane"))
    expect_equal((_names(stores), _found(stores, "crane")), (["crane"], A), "names and session")
    expect_equal(_found(stores, "heron"), None, "the session of the old name")
    writer.append(B, started("heron"))
    expect_equal(_found(stores, "heron"), B, "the new session of the old name")


@rule(RULES)
def renaming_needs_a_free_name(stores: Stores) -> None:
    """An open session is not renamed to another open one's name; to its own it may be."""
    writer = Writer(stores)
    writer.append(A, started("heron"))
    writer.append(B, started("owl"))
    renamed = SessionRenamed(name="owl")
    error = expect_error(SessionNameTakenError, lambda: writer.append(A, renamed))
    expect("owl" in str(error), f"the error does not tell the name: {error}")
    expect_equal((writer.texts(A), _names(stores)), (["SessionStarted"], ["owl", "heron"]), "A")
    writer.append(B, renamed)
    writer.append(B, SessionClosed())
    writer.append(A, renamed)
    expect_equal(_found(stores, "owl"), A, "the session once the name was free")


@rule(RULES)
def session_is_reopened_under_another_name(stores: Stores) -> None:
    """Only the name that a session has behind a command needs to be free, in whatever order."""
    writer = Writer(stores)
    for session, name in ((A, "heron"), (C, "crane")):
        writer.append(session, started(name))
        writer.append(session, SessionClosed())
    writer.append(B, started("heron"), said("x"))
    writer.append(A, SessionReopened(), SessionRenamed(name="owl"))
    writer.append(C, SessionRenamed(name="finch"), SessionReopened())
    found = {entry.session_id: (entry.name, entry.phase) for entry in stores.directory.sessions()}
    wanted = {A: ("owl", "open"), B: ("heron", "open"), C: ("finch", "open")}
    expect_equal(found, wanted, "names and phases")


@rule(RULES)
def archived_session_is_listed_as_such(stores: Stores) -> None:
    """A session that was put away stays in the directory, marked, and is found as before."""
    writer = Writer(stores)
    writer.append(A, started("heron"))
    writer.append(A, SessionClosed())
    writer.append(B, started("owl"))
    writer.append(A, SessionArchived())
    found = {entry.name: (entry.archived, entry.phase) for entry in stores.directory.sessions()}
    expect_equal(found, {"heron": (True, "closed"), "owl": (False, "open")}, "archived and phase")
    expect_equal([_found(stores, asked) for asked in (A, "heron")], [A, A], "by id and name")
    writer.append(A, SessionReopened())
    found = {entry.name: (entry.archived, entry.phase) for entry in stores.directory.sessions()}
    expect_equal(found["heron"], (False, "open"), "once it goes on")


@rule(RULES)
def imported_part_is_put_away(stores: Stores) -> None:
    """A part of a session that was taken over is closed and archived; a whole one is neither."""
    writer = Writer(stores)
    for session, name, whole in ((A, "heron", False), (B, "owl", True)):
        writer.append(session, started(name))
        origin = Origin(exported_at=AT, app_version="0.1.0", whole=whole)
        writer.append(session, SessionImported(origin=origin))
    found = {entry.name: (entry.archived, entry.phase) for entry in stores.directory.sessions()}
    expect_equal(found, {"heron": (True, "closed"), "owl": (False, "open")}, "archived and phase")


def _names(stores: Stores) -> list[str]:
    return [entry.name for entry in stores.directory.sessions()]


def _found(stores: Stores, asked: str) -> SessionId | None:
    entry = stores.directory.find(asked)
    return None if entry is None else entry.session_id


def _last(stores: Stores, actor: str) -> SessionId | None:
    entry = stores.directory.last_of(actor)
    return None if entry is None else entry.session_id
