"""Leases: who drives a run, and the last sign of life."""

from datetime import timedelta

from runthrough.core.values.ids import RunId
from runthrough.entrypoints.store_suite.examples import HOLDER, RUN
from runthrough.entrypoints.store_suite.rule import Rule, Stores, expect_equal, rule
from runthrough.entrypoints.store_suite.writing import AT, A

RULES: list[Rule] = []
_OTHER_RUN = RunId("019e0000-0000-7000-8000-000000000009")
_LATER = AT + timedelta(seconds=10, microseconds=1)


@rule(RULES)
def unknown_run_has_no_lease(stores: Stores) -> None:
    """A run that nobody drives has no sign of life."""
    stores.leases.take(_OTHER_RUN, session_id=A, holder=HOLDER, at=AT)
    expect_equal(stores.leases.renewed_at(RUN), None, "sign of life")


@rule(RULES)
def taking_a_lease_is_a_sign_of_life(stores: Stores) -> None:
    """A lease tells when it was taken until it is renewed."""
    stores.leases.take(RUN, session_id=A, holder=HOLDER, at=AT)
    expect_equal(stores.leases.renewed_at(RUN), AT, "sign of life")


@rule(RULES)
def renewing_moves_the_sign_of_life(stores: Stores) -> None:
    """The last renewal counts, to the microsecond."""
    stores.leases.take(RUN, session_id=A, holder=HOLDER, at=AT)
    for at in (AT + timedelta(seconds=5), _LATER):
        stores.leases.renew(RUN, at=at)
        expect_equal(stores.leases.renewed_at(RUN), at, "sign of life")


@rule(RULES)
def renewing_touches_no_other_run(stores: Stores) -> None:
    """A sign of life of one run is none of another, of the same session either."""
    for run in (RUN, _OTHER_RUN):
        stores.leases.take(run, session_id=A, holder=HOLDER, at=AT)
    stores.leases.renew(RUN, at=_LATER)
    expect_equal(stores.leases.renewed_at(_OTHER_RUN), AT, "sign of life of the other run")


@rule(RULES)
def taking_a_lease_again_replaces_it(stores: Stores) -> None:
    """Whoever takes a run over begins with a sign of life of their own."""
    stores.leases.take(RUN, session_id=A, holder=HOLDER, at=AT)
    stores.leases.take(RUN, session_id=A, holder=HOLDER, at=_LATER)
    expect_equal(stores.leases.renewed_at(RUN), _LATER, "sign of life")


@rule(RULES)
def released_lease_is_gone(stores: Stores) -> None:
    """A run that ended has no lease, and releasing it again is no error."""
    stores.leases.take(RUN, session_id=A, holder=HOLDER, at=AT)
    stores.leases.release(RUN)
    stores.leases.release(RUN)
    expect_equal(stores.leases.renewed_at(RUN), None, "sign of life")


@rule(RULES)
def releasing_touches_no_other_run(stores: Stores) -> None:
    """The end of one run takes no other run's lease, of the same session either."""
    for run in (RUN, _OTHER_RUN):
        stores.leases.take(run, session_id=A, holder=HOLDER, at=AT)
    stores.leases.release(RUN)
    expect_equal(stores.leases.renewed_at(_OTHER_RUN), AT, "sign of life of the other run")


@rule(RULES)
def released_lease_does_not_come_back(stores: Stores) -> None:
    """A sign of life that comes too late makes no lease."""
    stores.leases.take(RUN, session_id=A, holder=HOLDER, at=AT)
    stores.leases.release(RUN)
    stores.leases.renew(RUN, at=_LATER)
    expect_equal(stores.leases.renewed_at(RUN), None, "sign of life")
