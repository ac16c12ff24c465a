"""Mutants that list, find, root or lease sessions and runs wrongly."""

import posixpath
from dataclasses import replace
from fnmatch import fnmatch

from tests.support.mutants.frame import breaks
from tests.support.stored import said

from runthrough.adapters.store.memory import (
    MemoryEventStore,
    MemoryRunLeases,
    MemorySessionDirectory,
)
from runthrough.core.values.lookup import choose
from runthrough.errors import SessionNameTakenError


@breaks("empty_store_lists_no_session")
class FindsTheUnknown(MemorySessionDirectory):
    """A session that nobody started is found, with nothing in it."""

    def find(self, asked):
        return super().find(asked) or ()


@breaks("started_session_is_listed")
class SwapsNameAndPipeline(MemorySessionDirectory):
    """A session is listed under its pipeline's name."""

    def sessions(self):
        listed = super().sessions()
        return tuple(replace(each, name=each.dag_name, dag_name=each.name) for each in listed)


@breaks("latest_event_is_told")
class ListsTheStart(MemorySessionDirectory):
    """The directory tells of each session what was true when it was started."""

    def sessions(self):
        return tuple(self._database.tables.sessions.values())


@breaks("session_with_the_latest_event_comes_first")
class ListsByStart(MemorySessionDirectory):
    """The session that was started last comes first."""

    def sessions(self):
        begun = list(self._database.tables.sessions)
        return tuple(
            sorted(super().sessions(), key=lambda each: begun.index(each.session_id))[::-1]
        )


@breaks("open_names_are_unique", "reopening_needs_the_name", "reopened_session_is_open")
class NamesAreNotUnique(MemoryEventStore):
    """Two open sessions may have one name."""

    def append(self, session_id, **asked):
        with self._database.writing() as tables:
            sessions = tables.sessions
            others = {key: sessions.pop(key) for key in list(sessions) if key != session_id}
            stored = super().append(session_id, **asked)
            self._database.tables.sessions.update(others)
        return stored


@breaks("open_names_are_unique")
class DoesNotTellTheName(MemoryEventStore):
    """The error about a taken name does not say which one it is."""

    def append(self, session_id, **asked):
        try:
            return super().append(session_id, **asked)
        except SessionNameTakenError as error:
            raise SessionNameTakenError("?") from error


@breaks("refused_name_leaves_nothing", "refusal_under_the_lock_takes_back_itself_alone")
class KeepsEventsOfARefusedName(MemoryEventStore):
    """Of a session whose name was taken the other events are stored."""

    def append(self, session_id, *, events, **asked):
        try:
            return super().append(session_id, events=events, **asked)
        except SessionNameTakenError:
            super().append(session_id, events=events[:-1] or [said("name taken")], **asked)
            raise


@breaks("names_are_told_apart_by_every_character")
class FoldsNames(MemorySessionDirectory):
    """Names are compared without their case."""

    def find(self, asked):
        folded = [replace(each, name=each.name.casefold()) for each in self.sessions()]
        return choose(asked.casefold(), folded)


@breaks("closed_session_is_listed_as_closed", "closing_frees_the_name")
class HidesClosedSessions(MemorySessionDirectory):
    """A session that was closed is not listed any more."""

    def sessions(self):
        return tuple(each for each in super().sessions() if each.phase == "open")


@breaks("closing_frees_the_name", "reopening_needs_the_name")
class NeverFreesAName(MemoryEventStore):
    """The name of a closed session stays taken."""

    def append(self, session_id, *, events, **asked):
        there = self._database.tables.sessions.items()
        taken = {each.name for key, each in there if key != session_id}
        for event in events:
            if event.type == "SessionStarted" and event.name in taken:
                raise SessionNameTakenError(event.name)
        return super().append(session_id, events=events, **asked)


@breaks("reopened_session_is_open")
class StaysClosed(MemorySessionDirectory):
    """A session that was closed once is listed as closed for ever."""

    def sessions(self):
        log = self._database.tables.log
        closed = {row.session_id for row in log if row.type == "SessionClosed"}
        return tuple(
            replace(each, phase="closed") if each.session_id in closed else each
            for each in super().sessions()
        )


@breaks("reopening_needs_the_name")
class LosesReopenedSessions(MemorySessionDirectory):
    """A session that was reopened cannot be found."""

    def find(self, asked):
        log = self._database.tables.log
        reopened = {row.session_id for row in log if row.type == "SessionReopened"}
        found = super().find(asked)
        return None if found and found.session_id in reopened else found


@breaks("session_is_found_by_its_id")
class LooksForNamesFirst(MemorySessionDirectory):
    """A session that is called like another one's id is found by it."""

    def find(self, asked):
        named = [each for each in self.sessions() if each.name == asked]
        return named[0] if named else super().find(asked)


@breaks("session_is_found_by_the_start_of_its_id")
class FindsByAnyPartOfAnId(MemorySessionDirectory):
    """Some characters from the middle of an id are enough."""

    def find(self, asked):
        inside = [each for each in self.sessions() if asked and asked in each.session_id[1:]]
        return super().find(asked) or (inside[0] if inside else None)


@breaks("session_is_found_by_the_start_of_its_id")
class WantsTheWholeId(MemorySessionDirectory):
    """The start of an id finds nothing."""

    def find(self, asked):
        found = super().find(asked)
        return found if found and asked in {found.session_id, found.name} else None


@breaks("ambiguous_start_finds_nothing")
class TakesTheFirstThatFits(MemorySessionDirectory):
    """Of two sessions whose ids begin alike one is found."""

    def find(self, asked):
        fitting = [each for each in self.sessions() if each.session_id.startswith(asked)]
        return fitting[0] if fitting else super().find(asked)


@breaks("session_is_found_by_its_whole_name")
class NamesArePatterns(MemorySessionDirectory):
    """A name that is asked for is a pattern."""

    def find(self, asked):
        fitting = [each for each in self.sessions() if fnmatch(each.name, asked)]
        return super().find(asked) or (fitting[0] if fitting else None)


@breaks("open_session_of_a_name_goes_first")
class LatestOfANameGoesFirst(MemorySessionDirectory):
    """Of sessions with one name the latest is found, open or not."""

    def find(self, asked):
        named = [each for each in self.sessions() if each.name == asked]
        return named[0] if named else super().find(asked)


@breaks("latest_closed_session_of_a_name_is_found")
class OldestOfANameGoesFirst(MemorySessionDirectory):
    """Of closed sessions with one name the oldest is found."""

    def find(self, asked):
        return choose(asked, self.sessions()[::-1])


@breaks("last_session_is_the_actors_own")
class LastSessionOfAnybody(MemorySessionDirectory):
    """The last session is the one with the latest event, whoever acted."""

    def last_of(self, actor):
        return next(iter(self.sessions()), None)


# ---- roots


@breaks("unknown_roots_are_empty", "roots_are_kept_for_each_session")
class RootsOfAnySession(MemorySessionDirectory):
    """A host has one set of roots for all sessions."""

    def set_roots(self, session_id, *, host, roots):
        super().set_roots("any", host=host, roots=roots)

    def roots_of(self, session_id, *, host):
        return super().roots_of("any", host=host)


@breaks("roots_are_kept_for_each_host")
class RootsOfAnyHost(MemorySessionDirectory):
    """All hosts have the same roots."""

    def set_roots(self, session_id, *, host, roots):
        super().set_roots(session_id, host="any", roots=roots)

    def roots_of(self, session_id, *, host):
        return super().roots_of(session_id, host="any")


@breaks("roots_come_back")
class CleansPaths(MemorySessionDirectory):
    """Paths are rewritten as this system would spell them."""

    def roots_of(self, session_id, *, host):
        roots = super().roots_of(session_id, host=host)
        return {name: posixpath.normpath(path.replace("\\", "/")) for name, path in roots.items()}


@breaks("setting_roots_replaces_them_all")
class MergesRoots(MemorySessionDirectory):
    """Roots that are not set again stay."""

    def set_roots(self, session_id, *, host, roots):
        kept = self.roots_of(session_id, host=host)
        super().set_roots(session_id, host=host, roots=kept | dict(roots))


@breaks("roots_belong_to_the_caller")
class SharesRootsItGives(MemorySessionDirectory):
    """Whoever asks for roots gets the very mapping that is kept."""

    def roots_of(self, session_id, *, host):
        return self._database.tables.roots.get((session_id, host), {})


@breaks("roots_belong_to_the_caller")
class SharesRootsItGot(MemorySessionDirectory):
    """The mapping that was given is kept itself."""

    def set_roots(self, session_id, *, host, roots):
        with self._database.writing() as tables:
            tables.roots[session_id, host] = roots


# ---- leases


@breaks("unknown_run_has_no_lease")
class AnyLeaseWillDo(MemoryRunLeases):
    """A run without a lease has the sign of life of another one."""

    def renewed_at(self, run):
        leases = self._database.tables.leases
        return leases.get(run, next(iter(leases.values()), (None, None, None)))[2]


@breaks("taking_a_lease_is_a_sign_of_life")
class LivesWhenRenewed(MemoryRunLeases):
    """Before its first renewal a lease has no sign of life."""

    renewed = False

    def renew(self, run, *, at):
        self.renewed = True
        super().renew(run, at=at)

    def renewed_at(self, run):
        return super().renewed_at(run) if self.renewed else None


@breaks("renewing_moves_the_sign_of_life")
class NeverRenews(MemoryRunLeases):
    """A sign of life is not written."""

    def renew(self, run, *, at):
        return


@breaks("renewing_moves_the_sign_of_life")
class RenewsToTheSecond(MemoryRunLeases):
    """A sign of life is kept to the second."""

    def renew(self, run, *, at):
        super().renew(run, at=at.replace(microsecond=0))


@breaks("renewing_touches_no_other_run")
class RenewsAllOfASession(MemoryRunLeases):
    """A sign of life counts for all runs."""

    def renew(self, run, *, at):
        for each in self._database.tables.leases:
            super().renew(each, at=at)


@breaks("taking_a_lease_again_replaces_it")
class FirstTakerKeepsTheLease(MemoryRunLeases):
    """A lease that was taken once is not taken again."""

    def take(self, run, **lease):
        if run not in self._database.tables.leases:
            super().take(run, **lease)


@breaks("released_lease_is_gone")
class NeverReleases(MemoryRunLeases):
    """A lease stays after its run has ended."""

    def release(self, run):
        return


@breaks("releasing_touches_no_other_run")
class ReleasesAll(MemoryRunLeases):
    """The end of one run ends the leases of all."""

    def release(self, run):
        for each in self._database.tables.leases:
            super().release(each)


@breaks("released_lease_does_not_come_back")
class RenewalMakesALease(MemoryRunLeases):
    """A sign of life that comes too late makes a lease anew."""

    def renew(self, run, *, at):
        self.take(run, session_id="any", holder=None, at=at)
