"""Random commands: whatever is asked in whatever order, the rules of the house hold."""

from copy import deepcopy

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from tests.support.builders import (
    HOLDER,
    SESSION,
    claim_attempt,
    configure,
    need,
    pipeline,
    script_info,
    start,
    written,
)
from tests.support.invariants import CheckedSession

from runthrough.core.commands import (
    BindScript,
    ClearConfiguration,
    CloseSession,
    ConfirmConnections,
    Connect,
    Disconnect,
    FinishRun,
    FinishScript,
    MarkExternal,
    MarkInternal,
    RecordWorld,
    RejectConnections,
    ReopenSession,
    ReuseScript,
    SeamChecked,
    StartRun,
    Target,
)
from runthrough.core.evolve import replay
from runthrough.core.staleness import fingerprint, stale
from runthrough.core.state import SessionState
from runthrough.core.values.connections import Output
from runthrough.core.values.facts import NodeFacts, PathFacts
from runthrough.core.values.outcomes import Edge, SeamResult
from runthrough.core.values.pipelines import NodeDeclaration
from runthrough.core.values.problems import Place, Problem
from runthrough.core.values.requirements import ScriptRequirements

NODES = ("a", "b", "c", "d")
OUTSIDE = "x"
STRANGE = "nobody"
PATHS = tuple(f"workspace:{name}" for name in ("p", "q", "q/deep"))
INPUTS = ("i", "j", "J", "o")
OUTPUTS = ("o", "i")

SETTLING = len(NODES) + 1
"""Looks after which nothing can be new any more."""

nodes = st.sampled_from(NODES)
any_nodes = st.sampled_from((*NODES, *NODES, OUTSIDE, STRANGE))
paths = st.sampled_from(PATHS)
levels = st.sampled_from(["required", "required", "optional", "unread"])
sources = st.builds(
    Output, any_nodes, st.sampled_from([*OUTPUTS, "zz"]), st.sampled_from([None, "sub"])
)
inputs = st.dictionaries(st.sampled_from(INPUTS), paths | sources, max_size=2)
outputs = st.dictionaries(st.sampled_from(OUTPUTS), paths, max_size=1)
variables = st.dictionaries(st.just("V"), st.sampled_from(["x", 3, "[masked]"]), max_size=1)
arguments = st.dictionaries(st.sampled_from(["n", "m"]), st.integers(0, 2), max_size=2)

needs = st.builds(
    lambda i, j, o, n: ScriptRequirements(
        needs=tuple(
            found
            for found in (
                i and need("i", level=i),
                j and need("j", level=j, aliases=("J",)),
                o and need("o", "output"),
                n and need("n", "job_arg", n, choices=(0, 1)),
            )
            if found
        )
    ),
    st.none() | levels,
    st.none() | levels,
    st.booleans(),
    st.none() | levels,
)
seen_paths = st.fixed_dictionaries(
    {},
    optional={
        path: st.builds(
            PathFacts,
            path=st.just(path),
            kind=st.sampled_from([None, "file"]),
            empty=st.booleans(),
            digest=st.sampled_from([None, "1", "2"]),
        )
        for path in PATHS
    },
)
easy = st.builds(
    NodeFacts,
    script=st.just(script_info("s")),
    requirements=st.just(
        ScriptRequirements(needs=(need("i", level="optional"), need("o", "output")))
    ),
)
"""A script that needs nothing: without it hardly any run would start."""
facts = easy | st.builds(
    NodeFacts,
    script=st.sampled_from([script_info("s"), script_info("s", digest="edited"), None]),
    requirements=needs,
    paths=seen_paths,
    found=st.dictionaries(st.sampled_from(["i", "j"]), paths, max_size=1),
    reread=st.sampled_from([None, None, "script"]),
)
worlds = st.dictionaries(any_nodes, facts, max_size=3)
all_seen = st.fixed_dictionaries(dict.fromkeys(NODES, facts))
declarations = st.builds(
    NodeDeclaration,
    inputs=st.dictionaries(st.sampled_from(INPUTS), paths, max_size=1),
    outputs=outputs,
    job_args=arguments,
)


class SessionModel(RuleBasedStateMachine):
    """One session to which anything may be said."""

    def __init__(self):
        super().__init__()
        self.session = CheckedSession()
        self.runs = 0

    @property
    def state(self):
        return self.session.state

    @property
    def run(self):
        return self.state.running.run if self.state.running else "run-0"

    @property
    def candidates(self):
        """Mostly what the present run has in its plan."""
        planned = self.state.running.plan.order if self.state.running else ()
        return st.sampled_from(planned) | any_nodes if planned else any_nodes

    @initialize(
        edges=st.sets(st.tuples(nodes, nodes).filter(lambda edge: edge[0] < edge[1]), max_size=4),
        declared=st.fixed_dictionaries(
            dict.fromkeys(NODES, st.just(NodeDeclaration()) | declarations)
        ),
        world=st.fixed_dictionaries(dict.fromkeys(NODES, facts)),
    )
    def begin(self, edges, declared, world):
        outside = NodeDeclaration(external=True, outputs={"o": "workspace:q"})
        declaration = pipeline(*sorted(edges), ("x", "b"), **declared, x=outside)
        self.session.handle(start(declaration, world))

    @rule(
        node=any_nodes,
        seen=facts,
        answers=st.fixed_dictionaries(
            {},
            optional={
                "input_paths": inputs,
                "output_paths": outputs,
                "environ_vars": variables,
                "job_args": arguments,
                "user_notes": st.just("n"),
            },
        ),
        partial=st.booleans(),
        replace=st.booleans(),
    )
    def answer(self, node, seen, answers, partial, replace):
        command = configure(node, seen, partial=partial, replace=replace, **answers)
        self.session.handle(command)

    @rule(node=any_nodes, name=st.sampled_from(INPUTS), source=sources, world=all_seen)
    def connect(self, node, name, source, world):
        self.session.handle(Connect(node=node, input=name, source=source, facts=world))

    @rule(
        command=st.sampled_from([ConfirmConnections, RejectConnections, Disconnect]),
        data=st.data(),
        world=all_seen,
    )
    def judge(self, command, data, world):
        wired = self.state.connections if command is Disconnect else self.state.proposals
        there = [Target(node=node, input=name) for node in wired for name in wired[node]]
        strange = Target(node=data.draw(any_nodes), input="i")
        target = data.draw(st.sampled_from([*there, *there, strange]))
        self.session.handle(command(targets=(target,), facts=world))

    @rule(node=any_nodes, world=all_seen)
    def bind(self, node, world):
        path = "workspace:scripts/s.py"
        self.session.handle(BindScript(node=node, path=path, facts=world))

    @rule(node=any_nodes, outputs=outputs, world=all_seen, back=st.booleans())
    def mark(self, node, outputs, world, back):
        self.session.handle(MarkExternal(node=node, outputs=outputs, facts=world))
        if back:
            self.session.handle(MarkInternal(node=node, facts=world))

    @rule(node=any_nodes, world=all_seen)
    def clear(self, node, world):
        self.session.handle(ClearConfiguration(node=node, facts=world))

    @rule(world=st.fixed_dictionaries(dict.fromkeys(NODES, easy)))
    def mend(self, world):
        self.session.handle(RecordWorld(facts=world))

    @rule(node=nodes, seen=easy, path=paths)
    def answer_well(self, node, seen, path):
        self.session.handle(configure(node, seen, input_paths={"i": path}, replace=True))

    @rule(world=worlds)
    def look(self, world):
        events = self.session.handle(RecordWorld(facts=world))
        settled = {name: seen.model_copy(update={"reread": None}) for name, seen in world.items()}
        if events:
            # What one node was found to read may stand in the way of what another writes, and
            # become a connection: each such step is another look's, and they end.
            looks = (self.session.handle(RecordWorld(facts=settled)) for _ in range(SETTLING))
            assert not all(looks), "looking again and again finds no rest"

    @rule(
        select=st.sampled_from([(), (), ("a",), ("b+",), ("+c", "d"), ("x",), (STRANGE,)]),
        reuse=st.booleans(),
        world=worlds,
    )
    def start_run(self, select, reuse, world):
        self.runs += 1
        self.session.handle(
            StartRun(
                run=f"run-{self.runs}",
                select=select,
                holder=HOLDER,
                runner="p",
                reuse=reuse,
                facts=world,
            )
        )

    @rule(data=st.data(), seen=facts)
    def claim(self, data, seen):
        node = data.draw(self.candidates)
        found = fingerprint(self.state, node, seen) if node in self.state.nodes else None
        attempt = f"attempt-{self.state.version}"
        self.session.handle(claim_attempt(node, found or (), run=self.run, attempt=attempt))

    @precondition(lambda self: any(node.running for node in self.state.nodes.values()))
    @rule(
        data=st.data(),
        outcome=st.sampled_from(["passed", "passed", "failed", "lost"]),
        digest=st.sampled_from([None, "1"]),
        code=st.sampled_from([None, "INPUT_EMPTY", "OUTPUT_NOT_WRITTEN"]),
        late=st.booleans(),
    )
    def finish(self, data, outcome, digest, code, late):
        open_at = [name for name, node in self.state.nodes.items() if node.running]
        node = data.draw(st.sampled_from(open_at))
        at = self.state.nodes[node].running
        seams = tuple(seam(node, below, code) for below in self.state.successors[node])
        command = ended(node, at, outcome, digest=digest, seams=seams)
        self.session.handle(command)
        if late:
            told = self.session.handle(command)
            assert [event.type for event in told] == ["CommandRefused"]

    @precondition(lambda self: any(node.passed for node in self.state.nodes.values()))
    @rule(data=st.data(), seen=facts)
    def reuse(self, data, seen):
        node = data.draw(self.candidates)
        found = fingerprint(self.state, node, seen) if node in self.state.nodes else None
        self.session.handle(ReuseScript(run=self.run, node=node, fingerprint=found or ()))

    @rule(
        seen=easy,
        outcomes=st.lists(st.sampled_from(["passed", "passed", "passed", "failed"]), max_size=8),
        stop=st.booleans(),
    )
    def drive(self, seen, outcomes, stop):
        """Start a run where none is on, and go through it as a tester does."""
        if not self.state.running:
            self.start_run(("+c",), reuse=True, world=dict.fromkeys(NODES, seen))
        for outcome in outcomes:
            node = self.next_in_plan()
            if node is None:
                break
            found = fingerprint(self.state, node, seen) or ()
            reuse = ReuseScript(run=self.run, node=node, fingerprint=found)
            if self.session.handle(reuse)[0].type == "ScriptReused":
                continue
            attempt = f"attempt-{self.state.version}"
            self.session.handle(claim_attempt(node, found, run=self.run, attempt=attempt))
            if self.state.nodes[node].running:
                self.session.handle(ended(node, self.state.nodes[node].running, outcome))
        if not stop:
            self.session.handle(FinishRun(run=self.run))

    def next_in_plan(self):
        run = self.state.running
        left = [node for node in run.plan.order if node not in run.outcomes] if run else []
        return left[0] if left else None

    @rule(status=st.sampled_from(["as_it_went", "interrupted"]))
    def end_run(self, status):
        self.session.handle(FinishRun(run=self.run, status=status))

    @precondition(lambda self: self.state.version % 5 == 0)
    @rule()
    def close(self):
        self.session.handle(CloseSession())

    @rule()
    def reopen(self):
        self.session.handle(ReopenSession())

    @rule(world=worlds)
    def read(self, world):
        before = deepcopy(self.state)
        stale(self.state, world)
        assert self.state == before

    def teardown(self):
        history = self.session.history
        for cut in {0, len(history) // 2, len(history)}:
            first = replay(history[:cut], SessionState(SESSION))
            assert replay(history[cut:], deepcopy(first)) == self.state


def ended(node, at, outcome, *, digest="1", seams=()):
    return FinishScript(
        run=at.run,
        node=node,
        attempt=at.attempt,
        outcome=outcome,
        duration_s=1,
        outputs=(written("o", "session:o", digest),),
        seams=seams,
    )


def seam(above, below, code):
    place = Place(node=above, kind="output", name="o")
    issues = (
        (Problem(code=code, severity="error", where=place, message="m", fix="f"),) if code else ()
    )
    return SeamChecked(
        node=below,
        edge=Edge(from_node=above, output="o", input="i"),
        result=SeamResult(compatible=not issues, issues=issues),
    )


TestSessionModel = SessionModel.TestCase
TestSessionModel.__doc__ = "No sequence of commands breaks a rule of the house."
TestSessionModel.settings = settings(settings(), max_examples=80, stateful_step_count=30)
