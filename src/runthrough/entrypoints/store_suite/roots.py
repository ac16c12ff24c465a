"""Roots: where recorded paths lie on a host."""

from runthrough.core.values.ids import HostId
from runthrough.entrypoints.store_suite.rule import Rule, Stores, expect_equal, rule
from runthrough.entrypoints.store_suite.writing import HOST, A, B

RULES: list[Rule] = []
_OTHER_HOST = HostId("host-2")


@rule(RULES)
def unknown_roots_are_empty(stores: Stores) -> None:
    """A host that does not know the session has no roots of it, and that is no error."""
    stores.directory.set_roots(B, host=HOST, roots={"workspace": "/b"})
    expect_equal(stores.directory.roots_of(A, host=HOST), {}, "roots")


@rule(RULES)
def roots_come_back(stores: Stores) -> None:
    """Roots are given back as they were set, whatever their paths look like."""
    roots = {"pipeline": "/größe/a b", "workspace": "/w/%_'\"", "workspace2": "C:\\w"}
    stores.directory.set_roots(A, host=HOST, roots=roots)
    expect_equal(stores.directory.roots_of(A, host=HOST), roots, "roots")


@rule(RULES)
def roots_are_kept_for_each_host(stores: Stores) -> None:
    """What one host knows of a session is not what another one knows."""
    stores.directory.set_roots(A, host=HOST, roots={"workspace": "/here"})
    stores.directory.set_roots(A, host=_OTHER_HOST, roots={"workspace": "/there"})
    found = [stores.directory.roots_of(A, host=host)["workspace"] for host in (HOST, _OTHER_HOST)]
    expect_equal(found, ["/here", "/there"], "workspace on two hosts")


@rule(RULES)
def roots_are_kept_for_each_session(stores: Stores) -> None:
    """Setting the roots of one session leaves those of another alone."""
    stores.directory.set_roots(A, host=HOST, roots={"workspace": "/a"})
    stores.directory.set_roots(B, host=HOST, roots={"workspace": "/b"})
    found = [stores.directory.roots_of(session, host=HOST)["workspace"] for session in (A, B)]
    expect_equal(found, ["/a", "/b"], "workspace of two sessions")


@rule(RULES)
def setting_roots_replaces_them_all(stores: Stores) -> None:
    """Names that are not set again are gone; setting none leaves none."""
    both = {"workspace": "/w", "pipeline": "/p"}
    for roots in (both, {"workspace": "/moved"}, {}):
        stores.directory.set_roots(A, host=HOST, roots=roots)
        expect_equal(stores.directory.roots_of(A, host=HOST), roots, "roots")


@rule(RULES)
def roots_belong_to_the_caller(stores: Stores) -> None:
    """Changing the mapping that was given, or the one that was got, changes nothing kept."""
    given = {"workspace": "/w"}
    stores.directory.set_roots(A, host=HOST, roots=given)
    given["workspace"] = "/changed"
    stores.directory.roots_of(A, host=HOST)["workspace"] = "/changed"
    expect_equal(stores.directory.roots_of(A, host=HOST), {"workspace": "/w"}, "roots")
