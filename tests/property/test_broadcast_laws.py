"""Whoever listens gets every event behind its position exactly once, in order, or is told."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.support.stored import A, B, Writer, memory_stores, said
from tests.support.subscribers import LONG_S, Listener, broadcast_over


class Listening(RuleBasedStateMachine):
    """Subscribers who come, go, lag and come again, while others append."""

    def __init__(self):
        super().__init__()
        self.stores = memory_stores()
        self.writer = Writer(self.stores.events)
        self.written = 0
        self.first = {}
        self.listeners = []

    @initialize(page=st.integers(1, 4))
    def open(self, page):
        self.broadcast = broadcast_over(self.stores, page=page)

    @rule(count=st.integers(1, 5), session=st.sampled_from([A, B]), together=st.booleans())
    def append(self, count, session, together):
        events = [said(str(number)) for number in range(count)]
        for batch in [events] if together else [[event] for event in events]:
            self.writer.append(session, *batch)
        self.written += count

    @rule(back=st.integers(0, 8), room=st.integers(1, 6), joined=st.booleans())
    def come(self, back, room, joined):
        self.subscribe(max(0, self.written - back), room)
        if joined:
            self.listeners[-1].catch_up()

    @precondition(lambda self: self.listeners)
    @rule(data=st.data())
    def take(self, data):
        data.draw(st.sampled_from(self.listeners), label="who takes").take()

    @precondition(lambda self: self.listeners)
    @rule(data=st.data())
    def go(self, data):
        leaves = data.draw(st.sampled_from(self.listeners), label="who goes")
        leaves.subscription.close()
        self.listeners.remove(leaves)

    @invariant()
    def all_so_far_once_and_in_order(self):
        for listener in self.listeners:
            first = self.first[id(listener)] + 1
            assert listener.positions == list(range(first, first + len(listener.positions)))

    def teardown(self):
        """Whoever is left gets all, and who lagged gets the rest when it comes again."""
        try:
            for listener in list(self.listeners):
                self.drain(listener)
        finally:
            self.broadcast.close()

    def drain(self, listener):
        while self.reached(listener) < self.written:
            behind = listener.subscription.behind
            if not listener.take(timeout_s=LONG_S) and not behind:
                assert listener.subscription.lagged, "nothing came"
                listener = self.subscribe(self.reached(listener), room=1_000)
        self.all_so_far_once_and_in_order()

    def reached(self, listener):
        return listener.positions[-1] if listener.given else self.first[id(listener)]

    def subscribe(self, after, room):
        listener = Listener(self.broadcast.subscribe(after=after, room=room))
        self.first[id(listener)] = after
        self.listeners.append(listener)
        return listener


TestListening = Listening.TestCase
TestListening.settings = settings(max_examples=60, stateful_step_count=25)
