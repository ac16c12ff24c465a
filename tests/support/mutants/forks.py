"""Mutants that fork sessions, or list what became of them, wrongly."""

from dataclasses import replace
from datetime import timedelta

from tests.support.mutants.frame import breaks

from runthrough.adapters.store import chain, codec
from runthrough.adapters.store.memory import (
    MemoryAuditLog,
    MemoryEventStore,
    MemorySessionDirectory,
    MemorySnapshotCache,
)
from runthrough.core.events import SessionForked, SessionRenamed, SessionReopened
from runthrough.core.values.store import AuditVerdict
from runthrough.errors import UnknownVersionError, WrongExpectedVersionError

PAGE = 1000


def forks(events):
    """Whether a session begins as a fork with these events."""
    return isinstance(events[0], SessionForked)


class Hiding(MemoryEventStore):
    """Looks at no other session for some events."""

    def append_alone(self, session_id, **asked):
        """Append as if there were no other session in the directory."""
        with self._database.writing() as tables:
            sessions = tables.sessions
            entries = dict(sessions)
            for key, entry in entries.items():
                if key != session_id:
                    sessions[key] = replace(entry, name=f"{entry.name} of another")
            stored = super().append(session_id, **asked)
            now = self._database.tables.sessions
            now.update({key: entry for key, entry in entries.items() if key != session_id})
        return stored


@breaks("fork_goes_on_with_the_parents_versions")
class CountsAForkAnew(MemoryEventStore):
    """The events of a fork are told with versions that begin at 1."""

    def append(self, session_id, **asked):
        stored = super().append(session_id, **asked)
        at = asked["expected_version"] if forks(asked["events"]) else 0
        return tuple(replace(each, version=each.version - at) for each in stored)


@breaks("fork_is_read_with_its_ancestors", "parts_of_forks_are_read")
class ReadsAForkAlone(MemoryEventStore):
    """Of a fork only what it recorded itself is read."""

    def read(self, session_id, *, after=0, upto=None):
        own = super().read(session_id, after=after, upto=upto)
        return (each for each in own if each.session_id == session_id)


@breaks("fork_is_read_with_its_ancestors")
class ReadsTheWholeParent(MemoryEventStore):
    """A fork is read with what its parent recorded later."""

    def read(self, session_id, *, after=0, upto=None):
        for each in super().read(session_id, after=after, upto=upto):
            if isinstance(each.event, SessionForked):
                yield from super().read(each.event.parent, after=each.event.at)
            yield each


@breaks("fork_is_read_with_its_ancestors")
class TakesAncestorsEventsForItsOwn(MemoryEventStore):
    """What an ancestor recorded is read with the id of the fork."""

    def read(self, session_id, *, after=0, upto=None):
        for each in super().read(session_id, after=after, upto=upto):
            yield replace(each, session_id=session_id)


@breaks("forks_of_forks_are_read_whole")
class KnowsNoGrandparents(MemoryEventStore):
    """Of a fork only its parent is read before it."""

    def read(self, session_id, *, after=0, upto=None):
        known = {session_id}
        first = self._database.tables.first_of(session_id)
        if first is not None and first.type == "SessionForked":
            known.add(codec.decode(first).event.parent)
        told = super().read(session_id, after=after, upto=upto)
        return (each for each in told if each.session_id in known)


@breaks("parts_of_forks_are_read")
class ReadsAllOfTheAncestors(MemoryEventStore):
    """A part of a fork begins with the first event of its ancestors, whatever was asked."""

    def read(self, session_id, *, after=0, upto=None):
        for each in super().read(session_id, upto=upto):
            if each.version > after or each.session_id != session_id:
                yield each


@breaks("long_ancestors_are_read_whole")
class ReadsAPageOfAncestors(MemoryEventStore):
    """Of what came before a fork no more than a page is read."""

    def read(self, session_id, *, after=0, upto=None):
        left = PAGE
        for each in super().read(session_id, after=after, upto=upto):
            left -= each.session_id != session_id
            if left >= 0 or each.session_id == session_id:
                yield each


@breaks("fork_needs_a_version_of_its_parent")
class ForksWhatIsNotThere(MemoryEventStore):
    """A fork of a version that nobody recorded is acknowledged."""

    def append(self, session_id, **asked):
        try:
            return super().append(session_id, **asked)
        except UnknownVersionError:
            return ()


@breaks("fork_needs_a_version_of_its_parent")
class DoesNotTellTheVersion(MemoryEventStore):
    """The error about a version that is not there does not say which one."""

    def append(self, session_id, **asked):
        try:
            return super().append(session_id, **asked)
        except UnknownVersionError as error:
            raise UnknownVersionError("?", 0) from error


@breaks("fork_is_appended_at_the_version_it_names")
class ExpectsWhatTheForkNames(MemoryEventStore):
    """A fork is appended at the version that it names, whatever version was expected."""

    def append(self, session_id, **asked):
        first = asked["events"][0]
        if forks(asked["events"]):
            asked = asked | {"expected_version": first.at}
        return super().append(session_id, **asked)


@breaks("session_does_not_become_a_fork")
class ForksAmid(MemoryEventStore):
    """A fork in the midst of a session is acknowledged."""

    def append(self, session_id, **asked):
        try:
            return super().append(session_id, **asked)
        except ValueError:
            return ()


@breaks("appends_to_a_fork_expect_its_version")
class CountsOwnEvents(MemoryEventStore):
    """The error about another version tells how many events the fork recorded itself."""

    def append(self, session_id, **asked):
        try:
            return super().append(session_id, **asked)
        except WrongExpectedVersionError as error:
            own = len(self._database.tables.of_session(session_id))
            raise WrongExpectedVersionError(error.expected, own) from error


@breaks("retried_fork_is_made_once")
class AnswersNoRetriedFork(MemoryEventStore):
    """A fork that comes again is answered with nothing."""

    def append(self, session_id, **asked):
        begun = self._database.tables.of_session(session_id)
        stored = super().append(session_id, **asked)
        return () if begun and forks(asked["events"]) else stored


@breaks("fork_is_listed")
class ForgetsTheParent(MemorySessionDirectory):
    """A fork is listed as a session that began by itself."""

    def sessions(self):
        return tuple(replace(each, parent=None, forked_at=0) for each in super().sessions())


@breaks("fork_is_listed")
class ForkIsAsOldAsItsParent(MemorySessionDirectory):
    """A fork is listed as begun when its parent was."""

    def sessions(self):
        listed = super().sessions()
        begun = {each.session_id: each.created_at for each in listed}
        return tuple(
            replace(each, created_at=begun.get(each.parent, each.created_at)) for each in listed
        )


@breaks("forks_of_put_away_sessions_are_open")
class ForksArePutAwayToo(MemorySessionDirectory):
    """A fork is as closed and as archived as its parent."""

    def sessions(self):
        listed = super().sessions()
        known = {each.session_id: each for each in listed}
        return tuple(
            replace(each, phase=parent.phase, archived=parent.archived)
            for each in listed
            for parent in [known.get(each.parent, each)]
        )


@breaks("fork_needs_a_free_name")
class ForksTakeAnyName(Hiding):
    """A fork may have the name of an open session."""

    def append(self, session_id, **asked):
        if not forks(asked["events"]):
            return super().append(session_id, **asked)
        parent = asked["events"][0].parent
        if parent not in self._database.tables.sessions:
            return super().append(session_id, **asked)
        return self.append_alone(session_id, **asked)


@breaks("log_with_forks_verifies")
class VerifiesNoForks(MemoryAuditLog):
    """A log that holds a fork is never whole."""

    def verify(self, **asked):
        verdict = super().verify(**asked)
        forked = any(row.type == "SessionForked" for row in self._database.tables.log)
        return replace(verdict, ok=verdict.ok and not forked)


@breaks("log_with_forks_verifies")
class TrustsForks(MemoryAuditLog):
    """The events of a fork are not checked."""

    def verify(self, **asked):
        verdict: AuditVerdict = super().verify(**asked)
        since = verdict.since
        own = [row for row in self._database.tables.log[since:] if row.type == "SessionForked"]
        return replace(verdict, checked=verdict.checked - len(own))


@breaks("fork_is_chained_to_its_parents_hash")
class ChainsAForkToNothing(MemoryEventStore):
    """A fork's first event hash follows no other, as that of a session that began by itself."""

    def append(self, session_id, **asked):
        with self._database.writing() as tables:
            begun = len(tables.log)
            stored = super().append(session_id, **asked)
            log = self._database.tables.log
            if forks(asked["events"]) and len(log) > begun:
                event = chain.event_hash(bytes(32), chain.content_hash(log[begun]))
                log[begun] = log[begun]._replace(event_hash=event.hex())
        return stored


@breaks("stored_rows_of_a_fork_come_with_its_ancestors")
class StoresAForkAlone(MemoryAuditLog):
    """Of a fork only the rows that it recorded itself are told."""

    def stored(self, session_id=None):
        rows = super().stored(session_id)
        return (row for row in rows if session_id in {None, row.session_id})


@breaks("fork_has_its_ancestors_snapshots")
class AncestorsSnapshotsAreTheirOwn(MemorySnapshotCache):
    """A fork is given no snapshot of an ancestor."""

    def latest(self, session_id, *, upto=None):
        found = super().latest(session_id, upto=upto)
        return found if found and found.state.session_id == session_id else None


@breaks("fork_has_its_ancestors_snapshots")
class GivesWhatIsNotShared(MemorySnapshotCache):
    """A fork is given its parent's newest snapshot, also of what came after it was forked."""

    def latest(self, session_id, *, upto=None):
        found = super().latest(session_id, upto=upto)
        if found is None or found.state.session_id == session_id:
            return found
        return super().latest(found.state.session_id, upto=upto)


@breaks("forks_own_snapshot_goes_first")
class AncestorsSnapshotGoesFirst(MemorySnapshotCache):
    """A fork is given its ancestors' snapshot also where it has one of its own."""

    def latest(self, session_id, *, upto=None):
        first = self._database.tables.first_of(session_id)
        if first is not None and first.version > 1:
            upto = min(upto or first.version, first.version - 1)
        return super().latest(session_id, upto=upto)


@breaks("version_at_a_time_is_the_last_up_to_then")
class LeavesThatTimeOut(MemoryEventStore):
    """What was recorded at the very time is taken for later."""

    def version_at(self, session_id, *, at):
        return super().version_at(session_id, at=at - timedelta(microseconds=1))


@breaks("version_at_a_time_is_the_last_up_to_then")
class ReadsTimesOfOtherZones(MemoryEventStore):
    """A time is compared by its digits, whatever zone it is of."""

    def version_at(self, session_id, *, at):
        return super().version_at(session_id, at=at.replace(tzinfo=codec.UTC))


@breaks("clock_that_went_back_hides_nothing")
class TrustsTheClock(MemoryEventStore):
    """The last event that was recorded up to a time counts, also behind a later one."""

    def version_at(self, session_id, *, at):
        told = self.read(session_id)
        return max((each.version for each in told if each.metadata.recorded_at <= at), default=0)


@breaks("version_at_a_time_before_a_fork_is_its_ancestors")
class AForkWasNotBefore(MemoryEventStore):
    """Before a fork was made it had no version."""

    def version_at(self, session_id, *, at):
        found = super().version_at(session_id, at=at)
        first = self._database.tables.first_of(session_id)
        return found if first is not None and found >= first.version else 0


@breaks("renamed_session_has_its_new_name")
class KeepsTheOldName(MemorySessionDirectory):
    """A session is listed by the name that it began with."""

    def sessions(self):
        first = self._database.tables.first_of
        return tuple(
            replace(each, name=codec.decode(first(each.session_id)).event.name)
            for each in super().sessions()
        )


@breaks("renaming_needs_a_free_name")
class RenamesToAnyName(Hiding):
    """A session may be renamed to another open one's name."""

    def append(self, session_id, **asked):
        if isinstance(asked["events"][0], SessionRenamed):
            return self.append_alone(session_id, **asked)
        return super().append(session_id, **asked)


@breaks("renaming_needs_a_free_name")
class FindsTheFirstThatWasRenamed(MemorySessionDirectory):
    """Of sessions that were renamed only the first is found."""

    def find(self, asked):
        renamed = [row for row in self._database.tables.log if row.type == "SessionRenamed"]
        found = super().find(asked)
        if found and len(renamed) > 1 and found.session_id != renamed[0].session_id:
            return None
        return found


@breaks("session_is_reopened_under_another_name")
class RenamesInsteadOfReopening(MemoryEventStore):
    """A session that is to be reopened under another name gets the name alone."""

    def append(self, session_id, **asked):
        events = asked["events"]
        if any(isinstance(event, SessionRenamed) for event in events):
            events = [event for event in events if not isinstance(event, SessionReopened)]
        return super().append(session_id, **asked | {"events": events})


@breaks("archived_session_is_listed_as_such")
class HidesTheArchived(MemorySessionDirectory):
    """A session that was put away is not in the directory."""

    def sessions(self):
        return tuple(each for each in super().sessions() if not each.archived)


@breaks("imported_part_is_put_away", "archived_session_is_listed_as_such")
class ListsTheArchived(MemorySessionDirectory):
    """Nothing tells that a session was put away."""

    def sessions(self):
        return tuple(replace(each, archived=False) for each in super().sessions())
