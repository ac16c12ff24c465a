"""Mutants that keep, give or trust snapshots wrongly."""

from copy import deepcopy
from dataclasses import replace

from tests.support.mutants.frame import breaks
from tests.support.stored import METADATA, REQUEST, said

from runthrough.adapters.store import snapshots
from runthrough.adapters.store.memory import MemoryEventStore, MemorySnapshotCache
from runthrough.core.state import SessionState
from runthrough.core.views.loaded import Loaded
from runthrough.core.views.particulars import Particulars


class Objects(MemorySnapshotCache):
    """Keeps objects beside what is kept."""

    def __init__(self, database):
        super().__init__(database)
        self.objects: dict[tuple[str, int], Loaded] = {}

    def _instead(self, found: Loaded | None) -> Loaded | None:
        return found and self.objects[found.state.session_id, found.state.version]


@breaks("session_has_no_snapshot_at_first")
class GivesAnEmptySession(MemorySnapshotCache):
    """Where there is no snapshot an empty session is given."""

    def latest(self, session_id, *, upto=None):
        return super().latest(session_id, upto=upto) or Loaded(SessionState(session_id))


@breaks("kept_snapshot_comes_back_equal")
class ForgetsParticulars(MemorySnapshotCache):
    """The state alone is kept."""

    def keep(self, loaded):
        super().keep(replace(loaded, particulars=Particulars()))


@breaks("kept_snapshot_comes_back_equal", "changing_a_given_snapshot_changes_nothing_kept")
class KeepsNothing(MemorySnapshotCache):
    """A snapshot is dropped at once."""

    def keep(self, loaded):
        return


@breaks("newest_snapshot_wins")
class LastKeptWins(MemorySnapshotCache):
    """The snapshot that was kept last is given, whatever its version."""

    last: int | None = None

    def keep(self, loaded):
        super().keep(loaded)
        self.last = loaded.state.version

    def latest(self, session_id, *, upto=None):
        return super().latest(session_id, upto=self.last)


@breaks("snapshots_are_kept_for_each_session")
class OneSnapshotForAll(MemorySnapshotCache):
    """A snapshot is known by its version alone."""

    def keep(self, loaded):
        self._database._committed.snapshots.clear()
        super().keep(loaded)


@breaks("snapshot_is_not_newer_than_asked")
class IgnoresUpto(MemorySnapshotCache):
    """The newest snapshot is given, however old it was to be."""

    def latest(self, session_id, *, upto=None):
        return super().latest(session_id)


@breaks("snapshot_is_not_newer_than_asked")
class SnapshotsLeaveOutUpto(MemorySnapshotCache):
    """A snapshot of the version `upto` itself is not given."""

    def latest(self, session_id, *, upto=None):
        return super().latest(session_id, upto=upto and upto - 1)


@breaks("keeping_a_snapshot_again_replaces_it")
class FirstSnapshotStays(MemorySnapshotCache):
    """A snapshot is not replaced by a later one of its version."""

    def keep(self, loaded):
        place = (loaded.state.session_id, loaded.state.version)
        if place not in self._database.tables.snapshots:
            super().keep(loaded)


@breaks("changing_a_given_snapshot_changes_nothing_kept")
class GivesByReference(Objects):
    """Everybody gets the same object."""

    def keep(self, loaded):
        super().keep(loaded)
        self.objects[loaded.state.session_id, loaded.state.version] = deepcopy(loaded)

    def latest(self, session_id, *, upto=None):
        return self._instead(super().latest(session_id, upto=upto))


@breaks("changing_a_kept_session_changes_no_snapshot")
class KeepsByReference(Objects):
    """What is kept is the session itself, which is folded on."""

    def keep(self, loaded):
        super().keep(loaded)
        self.objects[loaded.state.session_id, loaded.state.version] = loaded

    def latest(self, session_id, *, upto=None):
        return deepcopy(self._instead(super().latest(session_id, upto=upto)))


@breaks("snapshot_of_an_unknown_event_is_not_given")
class TrustsAnySnapshot(MemorySnapshotCache):
    """A snapshot is not compared with the log."""

    def latest(self, session_id, *, upto=None):
        there = self._database.tables.snapshots
        found = [version for session, version in there if session == session_id]
        return snapshots.decoded(there[session_id, max(found)]) if found else None


@breaks("snapshot_of_an_unknown_event_is_not_given")
class TrustsTheHashOfAnyEvent(MemorySnapshotCache):
    """The event of a snapshot may be any event of the log."""

    def latest(self, session_id, *, upto=None):
        there = self._database.tables.snapshots
        known = {row.event_hash for row in self._database.tables.log}
        for session, version in sorted(there, reverse=True):
            loaded = snapshots.decoded(there[session, version])
            if session == session_id and loaded and loaded.event_hash in known:
                return loaded
        return None


@breaks("doubtful_snapshot_hides_no_older_one")
class GivesUpOnDoubt(MemorySnapshotCache):
    """Where the newest snapshot cannot be trusted there is none."""

    def latest(self, session_id, *, upto=None):
        newest = max((v for s, v in self._database.tables.snapshots if s == session_id), default=0)
        found = super().latest(session_id, upto=upto)
        return found if found and found.state.version == newest else None


@breaks("dropping_deletes_all_snapshots")
class DropsOne(MemorySnapshotCache):
    """A drop deletes the snapshots of one session."""

    def drop(self):
        with self._database.writing() as tables:
            one = next(session for session, _ in tables.snapshots)
            for place in [place for place in tables.snapshots if place[0] == one]:
                del tables.snapshots[place]


@breaks("dropping_deletes_all_snapshots")
class DropsForGood(MemorySnapshotCache):
    """After a drop nothing is kept any more."""

    dropped = False

    def drop(self):
        super().drop()
        self.dropped = True

    def keep(self, loaded):
        if not self.dropped:
            super().keep(loaded)


@breaks("snapshots_change_nothing_else")
class RecordsSnapshots(MemorySnapshotCache):
    """Keeping a snapshot is an event of its session."""

    def keep(self, loaded):
        super().keep(loaded)
        MemoryEventStore(self._database).append(
            loaded.state.session_id,
            events=[said("kept")],
            expected_version=loaded.state.version,
            metadata=METADATA,
            request_hash=REQUEST,
        )


@breaks("snapshots_change_nothing_else")
class DropsTheDirectory(MemorySnapshotCache):
    """A drop empties the directory as well."""

    def drop(self):
        super().drop()
        self._database.tables.sessions.clear()


@breaks("two_newest_snapshots_are_kept")
class KeepsTheNewestAlone(MemorySnapshotCache):
    """A new snapshot deletes the one before it."""

    def keep(self, loaded):
        with self._database.writing():
            super().keep(loaded)
            there = self._database.tables.snapshots
            for place in list(there):
                if place != (loaded.state.session_id, loaded.state.version):
                    del there[place]


@breaks("older_snapshots_go")
class KeepsThemAll(MemorySnapshotCache):
    """No snapshot is ever deleted."""

    def keep(self, loaded):
        with self._database.writing() as tables:
            content = snapshots.encoded(loaded)
            tables.snapshots[loaded.state.session_id, loaded.state.version] = content


@breaks("one_snapshot_of_each_block_is_kept")
class KeepsTwoAlone(MemorySnapshotCache):
    """Only the two newest snapshots stay."""

    def keep(self, loaded):
        with self._database.writing():
            super().keep(loaded)
            there = self._database.tables.snapshots
            for place in sorted(there)[:-2]:
                del there[place]
