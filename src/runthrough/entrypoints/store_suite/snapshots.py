"""Snapshots: a cache of folded sessions, trusted only where the log confirms it."""

from runthrough.core.state import SessionState
from runthrough.core.values.ids import SessionId, Version
from runthrough.core.views.loaded import Loaded
from runthrough.entrypoints.store_suite.examples import EVERY_EVENT
from runthrough.entrypoints.store_suite.rule import Rule, Stores, expect_equal, rule
from runthrough.entrypoints.store_suite.writing import NOBODYS, A, B, Writer, said, started

RULES: list[Rule] = []
_BLOCK = 1_000
"""Of so many versions one snapshot is kept for good."""


@rule(RULES)
def session_has_no_snapshot_at_first(stores: Stores) -> None:
    """A session of which none was kept has no snapshot, and neither has an unknown one."""
    writer = Writer(stores)
    writer.append(A, started("heron"))
    writer.append(B, started("owl"))
    stores.snapshots.keep(_folded(stores, B))
    found = [stores.snapshots.latest(session) for session in (A, NOBODYS)]
    expect_equal(found, [None, None], "snapshots")


@rule(RULES)
def kept_snapshot_comes_back_equal(stores: Stores) -> None:
    """A folded session with everything in it comes back equal, part by part."""
    Writer(stores).append(A, *EVERY_EVENT)
    kept = _folded(stores, A)
    stores.snapshots.keep(kept)
    expect_equal(stores.snapshots.latest(A), kept, "the snapshot")


@rule(RULES)
def newest_snapshot_wins(stores: Stores) -> None:
    """Of several snapshots the one of the highest version is given, whenever it was kept."""
    Writer(stores).append(A, *map(said, "abc"))
    for version in (2, 3, 1):
        stores.snapshots.keep(_folded(stores, A, version))
    expect_equal(_version(stores, A), 3, "version of the snapshot")


@rule(RULES)
def snapshots_are_kept_for_each_session(stores: Stores) -> None:
    """Each session has its own snapshot, at whatever version another one has one."""
    writer = Writer(stores)
    for session, name in ((A, "heron"), (B, "owl")):
        writer.append(session, started(name))
        stores.snapshots.keep(_folded(stores, session))
    found = [loaded and loaded.state.name for loaded in map(stores.snapshots.latest, (A, B))]
    expect_equal(found, ["heron", "owl"], "names in the snapshots")


@rule(RULES)
def snapshot_is_not_newer_than_asked(stores: Stores) -> None:
    """With `upto` the newest snapshot of that version or an earlier one is given."""
    Writer(stores).append(A, *map(said, "abcdef"))
    for version in (3, 5):
        stores.snapshots.keep(_folded(stores, A, version))
    found = [_version(stores, A, upto=upto) for upto in (2, 3, 4, 5, 6, None)]
    expect_equal(found, [None, 3, 3, 5, 5, 5], "versions up to 2, 3, 4, 5, 6 and any")


@rule(RULES)
def keeping_a_snapshot_again_replaces_it(stores: Stores) -> None:
    """Of two snapshots of one version the one that was kept last is given."""
    Writer(stores).append(A, started("heron"))
    for name in ("first", "second"):
        loaded = _folded(stores, A)
        loaded.state.name = name
        stores.snapshots.keep(loaded)
    found = stores.snapshots.latest(A)
    expect_equal(found and found.state.name, "second", "name in the snapshot")


@rule(RULES)
def changing_a_given_snapshot_changes_nothing_kept(stores: Stores) -> None:
    """Who got a snapshot owns it: folding on it changes no one else's."""
    Writer(stores).append(A, *EVERY_EVENT)
    wanted = _folded(stores, A)
    stores.snapshots.keep(wanted)
    given = stores.snapshots.latest(A)
    _spoil(given)
    expect_equal(stores.snapshots.latest(A), wanted, "the snapshot that was got next")


@rule(RULES)
def changing_a_kept_session_changes_no_snapshot(stores: Stores) -> None:
    """A snapshot is what was true when it was kept, though its session is folded on."""
    Writer(stores).append(A, *EVERY_EVENT)
    kept = _folded(stores, A)
    stores.snapshots.keep(kept)
    _spoil(kept)
    expect_equal(stores.snapshots.latest(A), _folded(stores, A), "the snapshot")


@rule(RULES)
def snapshot_of_an_unknown_event_is_not_given(stores: Stores) -> None:
    """A snapshot whose event the log does not hold at that version is none."""
    writer = Writer(stores)
    (one, two) = writer.append(A, said("a"), said("b"))
    writer.append(B, said("x"), said("y"))
    for version, event_hash in ((1, two.event_hash), (2, "f" * 64), (3, two.event_hash)):
        stores.snapshots.keep(_by_hand(A, version, event_hash))
        expect_equal(_version(stores, A), None, f"snapshot of version {version}")
    stores.snapshots.keep(_by_hand(B, 1, one.event_hash))
    expect_equal(_version(stores, B), None, "snapshot of another session's event")


@rule(RULES)
def doubtful_snapshot_hides_no_older_one(stores: Stores) -> None:
    """Where the newest snapshot cannot be trusted the next older one is given."""
    Writer(stores).append(A, said("a"), said("b"))
    stores.snapshots.keep(_folded(stores, A, 1))
    stores.snapshots.keep(_by_hand(A, 2, "f" * 64))
    expect_equal(_version(stores, A), 1, "version of the snapshot")


@rule(RULES)
def dropping_deletes_all_snapshots(stores: Stores) -> None:
    """After a drop no session has a snapshot, and new ones may be kept."""
    writer = Writer(stores)
    for session in (A, B):
        writer.append(session, said("x"))
        stores.snapshots.keep(_folded(stores, session))
    stores.snapshots.drop()
    found = [_version(stores, session) for session in (A, B)]
    expect_equal(found, [None, None], "snapshots")
    stores.snapshots.keep(_folded(stores, A))
    expect_equal(_version(stores, A), 1, "version of a new snapshot")


@rule(RULES)
def snapshots_change_nothing_else(stores: Stores) -> None:
    """Keeping and dropping snapshots leaves events, directory and chain as they were."""
    writer = Writer(stores)
    writer.append(A, started("heron"), said("x"))

    def seen() -> tuple[object, ...]:
        return (
            [*stores.events.read(A)],
            stores.directory.sessions(),
            stores.audit.head(),
            stores.audit.verify(),
        )

    before = seen()
    stores.snapshots.keep(_folded(stores, A))
    expect_equal(seen(), before, "the store after a snapshot was kept")
    stores.snapshots.drop()
    expect_equal(seen(), before, "the store after snapshots were dropped")


@rule(RULES)
def two_newest_snapshots_are_kept(stores: Stores) -> None:
    """The newest snapshot and the one before it stay, for readers of a moment ago."""
    Writer(stores).append(A, *map(said, "abcdef"))
    for version in range(1, 6):
        stores.snapshots.keep(_folded(stores, A, version))
    found = [_version(stores, A, upto=upto) for upto in (5, 4)]
    expect_equal(found, [5, 4], "versions of the two newest")


@rule(RULES)
def older_snapshots_go(stores: Stores) -> None:
    """A snapshot behind the two newest is deleted, so that a session does not pile them up."""
    Writer(stores).append(A, *map(said, "abcdef"))
    for version in range(1, 6):
        stores.snapshots.keep(_folded(stores, A, version))
    # A first one may be kept for good.
    found = {_version(stores, A, upto=upto) for upto in (2, 3)}
    expect_equal(found - {None, 1}, set(), "versions of snapshots that should be gone")


@rule(RULES)
def one_snapshot_of_each_block_is_kept(stores: Stores) -> None:
    """Of 1,000 versions one snapshot stays, so that a look at the past begins near it."""
    log = Writer(stores).fill(A, _BLOCK + 20)
    for version in (_BLOCK, _BLOCK + 5, _BLOCK + 10, _BLOCK + 20):
        stores.snapshots.keep(_by_hand(A, version, log[version - 1].event_hash))
    found = [_version(stores, A, upto=_BLOCK + behind) for behind in (20, 19, 9)]
    wanted = [_BLOCK + 20, _BLOCK + 10, _BLOCK]
    expect_equal(found, wanted, "the newest, the one before it, and one of the block")


def _folded(stores: Stores, session_id: SessionId, upto: int | None = None) -> Loaded:
    """A session as replaying its events gives it."""
    loaded = Loaded(SessionState(session_id))
    loaded.fold(stores.events.read(session_id, upto=upto))
    return loaded


def _by_hand(session_id: SessionId, version: int, event_hash: str) -> Loaded:
    """A snapshot that says it was folded up to an event, whatever the log says."""
    state = SessionState(session_id, version=Version(version))
    return Loaded(state, event_hash=event_hash)


def _version(stores: Stores, session_id: SessionId, upto: int | None = None) -> int | None:
    loaded = stores.snapshots.latest(session_id, upto=upto)
    return None if loaded is None else loaded.state.version


def _spoil(loaded: Loaded | None) -> None:
    if loaded is not None:
        loaded.state.name = "spoilt"
        loaded.state.nodes.clear()
        loaded.particulars.evidence.clear()
