"""Two people at one session, each by a handler of their own, beside plain dictionaries."""

from functools import partial

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.support import deeds
from tests.support.handling import asked_by
from tests.support.pipelines import Place
from tests.support.reported_runs import next_report, run_begun
from tests.support.scale import scaled
from tests.support.shared_sessions import FILES, PEOPLE, Branch, Workshop
from tests.support.sheets import BELOW, SCRIPTS, Refused
from tests.support.stored import sql_stores
from tests.support.testers import Machine
from uuid_utils import uuid7

from runthrough.adapters.store.opening import open_database
from runthrough.application.session import Session
from runthrough.core.commands import FinishRun, FinishScript

people = st.sampled_from(PEOPLE)
behind = st.none() | st.integers(0, 4)
"""By how many commands what a person has seen is older than what is there, if they say so."""
contents = st.sampled_from([None, "", "a,b\n1,2\n", "a,b\n8,9\n"])
picks = st.integers(0, 99)
OUTCOMES = ("passed", "passed", "passed", "failed")
often = st.sampled_from([True, True, False])


class SharedSession(RuleBasedStateMachine):
    """A session, and forks of it, at which two people do whatever they like."""

    def __init__(self, shop: Workshop) -> None:
        super().__init__()
        self.shop = shop
        self.branches: list[Branch] = []

    @initialize()
    def begin(self):
        self.shop.tidy()
        self.branches = [self.shop.start()]

    def branch(self, pick):
        return self.branches[pick % len(self.branches)]

    # ---- what people say of nodes

    def does(self, branch, actor, deed, older, meanwhile=None):
        """Let a person do something, on what they saw some commands ago."""
        versions = sorted(branch.moments)
        based_on = None if older is None else versions[max(0, len(versions) - 1 - older)]

        def predict(sheet):
            if deed.node not in sheet.values:
                raise Refused("UnknownNodeError")
            if based_on is not None and branch.concerned.get(deed.node, 0) > based_on:
                raise Refused("VersionConflictError")
            marks = deed.name in {"mark_external", "mark_internal"}
            branch.allow((deed.node, BELOW.get(deed.node)) if marks else (deed.node,))
            deed.tell(sheet, self.shop.files)

        asking = partial(deed.ask, based_on=based_on)
        branch.act(actor, asking, predict, meanwhile=meanwhile)

    @rule(pick=picks, actor=people, deed=deeds.CONFIGURING, older=behind)
    def configure(self, pick, actor, deed, older):
        self.does(self.branch(pick), actor, deed, older)

    @rule(pick=picks, actor=people, deed=deeds.WIRING, older=behind)
    def wire(self, pick, actor, deed, older):
        self.does(self.branch(pick), actor, deed, older)

    @rule(pick=picks, actor=people, deed=deeds.MARKING, older=behind)
    def mark(self, pick, actor, deed, older):
        self.does(self.branch(pick), actor, deed, older)

    @rule(pick=picks, actor=people, deed=deeds.ANEW, older=behind)
    def begin_anew(self, pick, actor, deed, older):
        self.does(self.branch(pick), actor, deed, older)

    @rule(pick=picks, actor=people, deed=deeds.ANY, older=behind, first=deeds.ANY)
    def do_what_is_overtaken(self, pick, actor, deed, older, first):
        branch = self.branch(pick)
        self.does(branch, actor, deed, older, meanwhile=self.overtaking(branch, actor, first))

    @rule(pick=picks, actor=people, answers=st.tuples(*map(deeds.whole_answers, SCRIPTS)))
    def configure_all(self, pick, actor, answers):
        branch = self.branch(pick)
        for path in deeds.PATHS:
            self.shop.put(path, FILES[path])
        for answer in answers:
            self.does(branch, actor, deeds.configuring(answer), None)

    def overtaking(self, branch, actor, deed):
        """What the other one does first."""
        other = next(name for name in PEOPLE if name != actor)
        return partial(self.does, branch, other, deed, None)

    # ---- what they take back

    @rule(pick=picks, actor=people, anyone=often, first=st.none() | st.none() | deeds.ANY)
    def undo(self, pick, actor, anyone, first):
        branch = self.branch(pick)
        meant, undoing = list(branch.done), partial(Session.undo, anyone=anyone)
        to = meant[-1][0] - 1 if meant else branch.version
        self.goes_back(branch, actor, undoing, to, meant[-1:], anyone=anyone, first=first)

    @rule(pick=picks, actor=people, anyone=often, data=st.data())
    def undo_to(self, pick, actor, anyone, data):
        branch = self.branch(pick)
        to = data.draw(st.sampled_from(sorted(branch.moments)))
        taken = [done for done in branch.done if done[0] > to]
        anyone = anyone and bool(taken)  # who took no action back may go further than that
        undoing = partial(Session.undo, to=to, anyone=anyone)
        self.goes_back(branch, actor, undoing, to, taken, anyone=anyone)

    def goes_back(self, branch, actor, undoing, to, taken, *, anyone, first=None):
        """Undo, which takes some actions back."""
        meant = list(branch.done)

        def predict(sheet):
            branch.allow()
            others = any(by != actor for _, by in taken)
            if branch.done != meant or not taken or (others and not anyone):
                raise Refused("CommandRefusedError")
            sheet.go_back(branch.moments[to].sheet, self.shop.files)

        meanwhile = first and self.overtaking(branch, actor, first)
        if not branch.act(actor, undoing, predict, action=False, meanwhile=meanwhile):
            branch.done = [done for done in branch.done if done not in taken]
            branch.undone.append((branch.reverted_at, taken))
            branch.check_fingerprints(to)

    @rule(pick=picks, actor=people, first=st.none() | st.none() | deeds.ANY)
    def redo(self, pick, actor, first):
        branch = self.branch(pick)
        meant = list(branch.undone)

        def predict(sheet):
            branch.allow()
            if branch.undone != meant or not meant:
                raise Refused("CommandRefusedError")
            sheet.go_back(branch.moments[meant[-1][0] - 1].sheet, self.shop.files)

        meanwhile = first and self.overtaking(branch, actor, first)
        if not branch.act(actor, Session.redo, predict, action=False, meanwhile=meanwhile):
            branch.done += branch.undone.pop()[1]
            branch.check_fingerprints(meant[-1][0] - 1)

    # ---- another pipeline under it

    @rule(
        pick=picks,
        actor=people,
        depths=st.fixed_dictionaries(
            {}, optional=dict.fromkeys(["Aside", "Beside", "Extra"], st.none() | st.integers(1, 3))
        ),
        rename=st.booleans(),
        first=st.none() | st.none() | deeds.CONFIGURING | deeds.WIRING,
    )
    def update(self, pick, actor, depths, rename, first):
        branch = self.branch(pick)
        there, declared = branch.sheet.values, branch.sheet.declared
        # Of a node that stands for something outside the pipeline says nothing new.
        depths = {n: declared[n] if n in branch.sheet.outside else d for n, d in depths.items()}
        gone = [node for node in branch.sheet.declared if node not in depths]
        come = [node for node in depths if node not in there]
        renamed = {gone[0]: come[0]} if rename and gone and come else {}
        # An own script of a node stays with it; what it is declared to run does not.
        renamed = {old: new for old, new in renamed.items() if {old, new} == {"Aside", "Beside"}}
        definition = self.shop.pipeline(depths)

        def predict(sheet):
            branch.allow()
            sheet.update(depths, renamed, self.shop.files)

        branch.act(
            actor,
            lambda session: session.update(definition, renamed=renamed),
            predict,
            meanwhile=first and self.overtaking(branch, actor, first),
        )

    # ---- the world, and looks at it

    @rule(name=st.sampled_from(list(FILES)), content=contents)
    def put(self, name, content):
        self.shop.put(name, content)

    @rule(pick=picks, actor=people)
    def resume(self, pick, actor):
        branch = self.branch(pick)

        def predict(sheet):
            if not branch.closed:
                branch.close_run_of_the_dead()
                branch.allow()
                sheet.settle_all(self.shop.files)

        if not branch.act(actor, Session.resume, predict, action=False) and not branch.closed:
            branch.check_accepted()

    @rule(pick=picks)
    def look(self, pick):
        self.branch(pick).look()

    @rule(pick=picks, data=st.data())
    def look_back(self, pick, data):
        branch = self.branch(pick)
        version = data.draw(st.sampled_from(sorted(branch.moments)))
        branch.look_back(version)
        branch.look_back_to(branch.moments[version].state.last_at)

    @rule(pick=picks)
    def keep_a_snapshot(self, pick):
        loaded = self.shop.handler.load(self.branch(pick).session_id)
        self.shop.stores.snapshots.keep(loaded)

    # ---- the session as a whole

    @rule(pick=picks, actor=people, data=st.data())
    @precondition(lambda self: len(self.branches) < 3)
    def fork(self, pick, actor, data):
        branch = self.branch(pick)
        version = data.draw(st.sampled_from(sorted(branch.moments)))
        self.branches.append(branch.fork(actor, version))

    @rule(pick=picks, actor=people, text=st.sampled_from(["odd", ""]))
    @precondition(lambda self: any(branch.version % 5 == 0 for branch in self.branches))
    def note(self, pick, actor, text):
        def predict(_sheet):
            if not text:
                raise Refused("CommandRefusedError")

        self.branch(pick).act(actor, lambda session: session.note(text), predict, action=False)

    @rule(pick=picks, actor=people)
    @precondition(lambda self: any(branch.version % 5 == 0 for branch in self.branches))
    def rename(self, pick, actor):
        branch, name = self.branch(pick), f"renamed-{uuid7()}"

        def predict(_sheet):
            if branch.closed:
                raise Refused("SessionClosedError")

        if not branch.act(actor, lambda session: session.rename(name), predict, action=False):
            assert self.shop.stores.directory.find(name).session_id == branch.session_id

    @rule(pick=picks, actor=people)
    @precondition(lambda self: any(branch.version % 7 == 0 for branch in self.branches))
    def close(self, pick, actor):
        branch = self.branch(pick)
        error = branch.act(actor, Session.close, lambda _: branch.allow(), action=False)
        branch.closed = branch.closed or not error

    @rule(pick=picks, actor=people)
    @precondition(lambda self: any(branch.closed for branch in self.branches))
    def reopen(self, pick, actor):
        branch = self.branch(pick)

        def predict(_sheet):
            if not branch.closed:
                raise Refused("NotClosedError")

        branch.act(actor, Session.reopen, predict, action=False)
        branch.closed = False

    # ---- runs, as their testers report them

    @rule(pick=picks, actor=people, select=st.sampled_from([(), *((n,) for n in SCRIPTS)]))
    def start_run(self, pick, actor, select):
        branch, handler = self.branch(pick), self.shop.handler
        loaded = handler.load(branch.session_id)
        command = run_begun(branch, loaded, select)
        there = branch.sheet.values
        nodes = [n for n in select or there if n in there and n not in branch.sheet.outside]

        def predict(_sheet):
            branch.allow()
            if not nodes:
                raise Refused("SelectionError")
            if any(branch.state.nodes[node].spec is None for node in nodes):
                raise Refused("PendingScriptsError")

        if not self.reports(branch, actor, loaded, command, predict):
            branch.planned, branch.tester = frozenset(nodes), loaded

    def reports(self, branch, actor, loaded, command, predict=lambda _sheet: None):
        """Let a tester report, who knows nothing of what others did since it began."""
        report = partial(self.shop.handler.handle, loaded, command, asked_by(actor))
        return branch.act(actor, lambda _session: report(), predict, action=False)

    @rule(pick=picks, actor=people, outcome=st.sampled_from(OUTCOMES))
    @precondition(lambda self: any(branch.planned for branch in self.branches))
    def go_on_with_a_run(self, pick, actor, outcome):
        running = [branch for branch in self.branches if branch.planned]
        self.go_on(running[pick % len(running)], actor, outcome)

    def go_on(self, branch, actor, outcome):
        """Let a tester report the next thing of its run, if one is on."""
        if not branch.planned:
            return
        run = branch.state.running
        left = [node for node in run.plan.order if node not in run.outcomes]
        if not left:
            self.reports(branch, actor, branch.tester, FinishRun(run=run.run))
            branch.planned = frozenset()
            return
        self.reports(branch, actor, branch.tester, next_report(branch, left[0], outcome))

    @rule()
    @precondition(lambda self: any(branch.planned for branch in self.branches))
    def let_testers_die(self):
        self.shop.living.intersection_update({Machine().pid})

    @rule(pick=picks, actor=people)
    @precondition(lambda self: any(branch.ghosts for branch in self.branches))
    def report_too_late(self, pick, actor):
        haunted = [branch for branch in self.branches if branch.ghosts]
        branch = haunted[pick % len(haunted)]
        loaded, run = branch.ghosts[0]
        command = FinishScript(
            run=run, node="Load", attempt="of the dead", outcome="passed", duration_s=1
        )

        def predict(_sheet):
            raise Refused("AttemptClosedError")

        self.reports(branch, actor, loaded, command, predict)

    @rule(pick=picks, actor=people, node=st.sampled_from(list(SCRIPTS)))
    @precondition(lambda self: any(branch.has_passed for branch in self.branches))
    def accept(self, pick, actor, node):
        """Whether a passed attempt can stand is told elsewhere; here, what comes of it."""
        branch = self.branch(pick)
        said = []

        def ask(session):
            try:
                session.accept_unchanged(node)
            except Exception as error:
                said.append(type(error).__name__)
                raise

        def predict(_sheet):
            if node not in _sheet.values:
                raise Refused("UnknownNodeError")
            branch.allow((node,))
            if said:
                raise Refused("CommandRefusedError")

        branch.act(actor, ask, predict)

    def teardown(self):
        for branch in self.branches:
            branch.look()
            branch.replay()
        self.shop.verify()


def run_model(folder, database, **how):
    shop = Workshop(Place(folder), sql_stores(database))
    run_state_machine_as_test(lambda: SharedSession(shop), settings=settings(settings(), **how))


@pytest.mark.slow
def test_two_people_at_one_session_on_sqlite(tmp_path):
    """Whatever two people do in whatever order, the log and their views are as plain rules say."""
    with open_database(f"sqlite:///{tmp_path}/log.db") as database:
        run_model(tmp_path, database, max_examples=scaled(25, 600), stateful_step_count=40)


@pytest.mark.slow
def test_two_people_at_one_session_on_postgresql(tmp_path, postgres_url):
    """The same holds where a server keeps the log."""
    with open_database(postgres_url) as database:
        run_model(tmp_path, database, max_examples=scaled(60, 600), stateful_step_count=50)
