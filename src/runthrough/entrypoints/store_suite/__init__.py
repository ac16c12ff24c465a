"""What every store promises, as rules that anybody's store can be tried on.

    from runthrough.entrypoints.store_suite import RULES, Stores

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
    def test_my_store_keeps_the_rule(rule):
        rule.check(Stores(events=..., directory=..., ...))  # fresh and empty for each rule

A rule knows the ports and nothing below them, needs no test framework, and raises
`RuleBrokenError` where a store does not keep it.
"""

from runthrough.entrypoints.store_suite import (
    appending,
    audit,
    checkpoints,
    directory,
    exclusive,
    feed,
    forks,
    idempotency,
    importing,
    leases,
    reading,
    roots,
    snapshots,
    tokens,
    values,
)
from runthrough.entrypoints.store_suite.rule import Rule, RuleBrokenError, Stores

__all__ = ["RULES", "Rule", "RuleBrokenError", "Stores"]

RULES: tuple[Rule, ...] = (
    *appending.RULES,
    *reading.RULES,
    *values.RULES,
    *idempotency.RULES,
    *exclusive.RULES,
    *directory.RULES,
    *roots.RULES,
    *leases.RULES,
    *audit.RULES,
    *checkpoints.RULES,
    *feed.RULES,
    *snapshots.RULES,
    *forks.RULES,
    *importing.RULES,
    *tokens.RULES,
)
"""Every rule, in an order that stays: what is written first, then what stands on it."""
