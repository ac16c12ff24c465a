"""Laws of plans and of what is stale, on any DAG with any past; against an oracle of their own.

The oracle knows no fingerprints: it keeps what each attempt was given, and asks by recursion.
"""

from dataclasses import dataclass, field

from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.support.builders import (
    envelope,
    file_at,
    node_facts,
    pipeline,
    script_info,
    session_started,
    written,
)
from tests.support.dsl import Given
from tests.support.dsl import given as happened

from runthrough.core.commands import AcceptUnchanged
from runthrough.core.events import (
    ConnectionConfirmed,
    NodeDiscovered,
    ScriptAutoConfigured,
    ScriptConfigured,
    ScriptExecuted,
    ScriptStarted,
)
from runthrough.core.evolve import evolve
from runthrough.core.planning import chosen, plan_run, selected
from runthrough.core.staleness import fingerprint, stale
from runthrough.core.values.specs import ScriptSpec
from runthrough.errors import SelectionError

NAMES = tuple("abcdef")
PASTS = st.sampled_from(
    [(), ("passed",), ("failed",), ("passed", "failed"), ("failed", "passed"), ("cancelled",)]
)
OUTCOMES = st.sampled_from(["passed", "passed", "crashed"])


@dataclass
class Tale:
    """A session, and what an onlooker knows of it."""

    above: dict
    """Node → nodes that it waits for; `wires` are those that feed it."""
    wires: dict
    state: object
    world: dict
    given: dict = field(default_factory=dict)
    """Node → what its last passed attempt was given."""
    wrote: dict = field(default_factory=dict)
    """Node → what its last passed attempt wrote."""
    last: dict = field(default_factory=dict)
    script: dict = field(default_factory=lambda: dict.fromkeys(NAMES, 0))
    arg: dict = field(default_factory=lambda: dict.fromkeys(NAMES, 0))
    touched: set = field(default_factory=set)

    def tell(self, *events):
        for each in events:
            evolve(self.state, envelope(each, self.state.version + 1))

    def look(self, node):
        content = "touched" if node in self.touched else self.wrote.get(node)
        paths = [file_at(f"session:{node}", digest=content)] if content else []
        script = script_info(node, digest=f"script {self.script[node]}")
        self.world[node] = node_facts(script=script, paths=paths)

    def attempt(self, node, outcome, content):
        self.look(node)
        print_ = fingerprint(self.state, node, self.world[node])
        out = (written("o", f"session:{node}", content),) if outcome == "passed" else ()
        end = ScriptExecuted(
            node=node, run="r", attempt="1", outcome=outcome, duration_s=1, outputs=out
        )
        start = ScriptStarted(
            node=node, run="r", attempt="1", fingerprint=print_ or (), runner="p", outputs={}
        )
        now = self.now(node)
        self.tell(start, end)
        self.last[node] = outcome
        if outcome == "passed":
            self.given[node], self.wrote[node] = now, content
            self.touched.discard(node)
        self.look(node)

    def now(self, node):
        """What an attempt would be given; `None` where a feeder has written nothing."""
        fed = [self.wrote.get(high) for high in self.wires[node]]
        return None if None in fed else (self.script[node], self.arg[node], *fed)


@st.composite
def tales(draw):
    """A DAG with wires along some edges, a past, and changes since."""
    above, wires = {}, {}
    for place, node in enumerate(NAMES):
        above[node] = draw(st.sets(st.sampled_from(NAMES[:place]))) if place else set()
        wires[node] = draw(st.sets(st.sampled_from(sorted(above[node])))) if above[node] else set()
    edges = [(high, node) for node in NAMES for high in sorted(above[node])]
    declared = pipeline(*edges, **dict.fromkeys(NAMES))
    events = [session_started(declared)]
    for node in NAMES:
        events.append(NodeDiscovered(node=node, script=script_info(node)))
        events.append(
            ScriptAutoConfigured(node=node, spec=ScriptSpec(job_args={"n": 0}), evidence=())
        )
        events += [
            ConnectionConfirmed(
                node=node, input=f"of_{high}", from_node=high, output="o", subpath=None, reason="r"
            )
            for high in sorted(wires[node])
        ]
    tale = Tale(above, wires, happened(*events).state, {})
    order = list(tale.state.nodes)
    for node in order:
        tale.look(node)
        for outcome in draw(PASTS):
            tale.attempt(node, outcome, f"first of {node}")
    for node in draw(st.lists(st.sampled_from(NAMES), max_size=2)):
        tale.attempt(
            node, draw(OUTCOMES), f"{draw(st.sampled_from(['first', 'second']))} of {node}"
        )
    for node in draw(st.sets(st.sampled_from(NAMES), max_size=3)):
        change(draw, tale, node)
    return tale


def change(draw, tale, node):
    """One thing about a node is another."""
    kind = draw(st.sampled_from(["script", "argument", "output", "same answer"]))
    if kind == "script":
        tale.script[node] = 1
    elif kind == "output" and node in tale.wrote:
        tale.touched.add(node)
    elif kind in {"argument", "same answer"}:
        tale.arg[node] = int(kind == "argument")
        spec = ScriptSpec(job_args={"n": tale.arg[node]})
        tale.tell(ScriptConfigured(node=node, spec=spec, evidence=()))
    tale.look(node)


# ---- the oracle


def own_reasons(tale, node):
    if node not in tale.given:
        return {"never_passed"} | failing(tale, node)
    reasons = failing(tale, node)
    if tale.now(node) is None or tale.now(node) != tale.given[node]:
        reasons = reasons | {"changed"}
    return reasons | ({"outputs_changed"} if node in tale.touched else set())


def failing(tale, node):
    return {"last_attempt_failed"} if tale.last.get(node, "passed") != "passed" else set()


def is_blocked(tale, node, nodes):
    return any(
        is_blocked(tale, high, nodes) if high in nodes else high not in tale.given
        for high in tale.above[node]
    )


def runs(tale, node, nodes, *, reuse):
    if node not in nodes or is_blocked(tale, node, nodes):
        return frozenset()
    reasons = own_reasons(tale, node) | (set() if reuse else {"not_reused"})
    if any(runs(tale, high, nodes, reuse=reuse) for high in tale.above[node]):
        reasons |= {"upstream_runs"}
    return frozenset(reasons)


def is_stale(tale, node):
    """It passed, and itself or something above it is not what it was."""
    if node not in tale.given:
        return False
    own = tale.now(node) is not None and tale.now(node) != tale.given[node]
    unsettled = (is_stale(tale, high) or high not in tale.given for high in tale.above[node])
    return own or node in tale.touched or any(unsettled)


def over(tale, node):
    return {node}.union(*(over(tale, high) for high in tale.above[node]))


def meant(tale, pattern):
    if pattern == "state:stale":
        return {node for node in NAMES if is_stale(tale, node)}
    if pattern == "state:failed":
        return {n for n in NAMES if failing(tale, n) and tale.last[n] != "cancelled"}
    node = pattern.strip("+")
    found = {node}
    if pattern.startswith("+"):
        found |= over(tale, node)
    if pattern.endswith("+"):
        found |= {name for name in NAMES if node in over(tale, name)}
    return found


PATTERNS = st.sampled_from(
    [
        *NAMES,
        *(f"{n}+" for n in NAMES),
        *(f"+{n}" for n in NAMES),
        "+c+",
        "state:stale",
        "state:failed",
    ]
)


# ---- the laws


@settings(max_examples=150)
@given(tales(), st.sets(st.sampled_from(NAMES), min_size=1), st.booleans())
def test_a_plan_is_what_the_oracle_says(tale, nodes, reuse):
    """Each node of any selection runs for just its reasons, is reused, or is blocked."""
    plan = plan_run(tale.state, frozenset(nodes), tale.world, reuse=reuse)
    wanted = {n: r for n in nodes if (r := runs(tale, n, nodes, reuse=reuse))}
    stopped = {node for node in nodes if is_blocked(tale, node, nodes)}
    assert {row.node: frozenset(row.reasons) for row in plan.run} == wanted
    assert {row.node for row in plan.blocked} == stopped
    assert set(plan.reuse) == nodes - wanted.keys() - stopped
    assert len(plan.order) == len(plan.run) + len(plan.reuse) + len(plan.blocked) == len(nodes)
    for row in plan.blocked:
        assert set(row.by) == {
            high
            for high in tale.above[row.node]
            if high in stopped or (high not in nodes and high not in tale.given)
        }
    seen = set()
    for node in plan.order:
        assert tale.above[node] & nodes <= seen, "what is above comes first"
        seen.add(node)


@settings(max_examples=150)
@given(tales())
def test_stale_is_what_a_run_of_all_would_run(tale):
    """What passed and changed, and what passed below that or below what never passed.

    Two differ, and both are said elsewhere: a node whose last attempt failed is failed, and one
    of which nothing can be told is not settled above.
    """
    found = stale(tale.state, tale.world)
    assert set(found) == {node for node in NAMES if is_stale(tale, node)}
    plan = plan_run(tale.state, frozenset(NAMES), tale.world, reuse=True)
    by_itself = {
        row.node
        for row in plan.run
        if row.node in tale.given
        and set(row.reasons) - {"upstream_runs", "last_attempt_failed"}
        and (tale.now(row.node) is not None or "outputs_changed" in row.reasons)
    }
    never = set(NAMES) - tale.given.keys()
    below = {n for n in tale.given if (over(tale, n) - {n}) & (by_itself | never)}
    event(f"{len(found)} stale")
    assert set(found) == by_itself | below
    assert set(found) <= {row.node for row in plan.run}


@settings(max_examples=100)
@given(tales(), st.lists(PATTERNS, min_size=1, max_size=3))
def test_a_selection_is_the_union_of_its_patterns(tale, patterns):
    """Each selects what it says, and one that selects nothing refuses all."""
    wanted = [meant(tale, pattern) for pattern in patterns]
    told = selected(tale.state, patterns, tale.world)
    assert [set(told[pattern]) for pattern in patterns] == wanted
    try:
        assert chosen(tale.state, patterns, tale.world) == set().union(*wanted)
    except SelectionError:
        assert not all(wanted)
    else:
        assert all(wanted)


@settings(max_examples=100)
@given(tales())
def test_what_is_accepted_is_stale_no_more(tale):
    """Of each node that changed and whose last attempt passed with all that it left there."""
    for node in tale.state.nodes:
        own = node in tale.given and "changed" in own_reasons(tale, node)
        if not own or tale.now(node) is None or node in tale.touched or failing(tale, node):
            continue
        event("accepted")
        command = AcceptUnchanged(node=node, facts={node: tale.world[node]})
        after = Given(tale.state).when(command).session
        tale.state, tale.given[node] = after.state, tale.now(node)
        assert (node in stale(tale.state, tale.world)) is is_stale(tale, node)
        above = any(is_stale(tale, high) or high not in tale.given for high in tale.above[node])
        assert is_stale(tale, node) is above
        plan = plan_run(tale.state, frozenset({node}), tale.world, reuse=True)
        assert node in plan.reuse or plan.blocked
