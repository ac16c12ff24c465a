"""What every store promises, tried on each of ours."""

import pytest

from runthrough.entrypoints.store_suite import RULES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_our_store_keeps_the_rule(rule, stores):
    """Each rule of a store holds in memory, on SQLite and on PostgreSQL."""
    rule.check(stores)
