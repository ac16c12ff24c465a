"""Which events of a log are about a node, under all the names that it had."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import chain

from runthrough.adapters.store.codec import decode
from runthrough.core.events import PipelineChanged, SessionForked, SessionStarted
from runthrough.core.values.store import StoredEvent
from runthrough.core.views.about import ABOUT_SEVERAL, nodes_of

_Span = tuple[int, float, str]
"""First and last version between which a node had a name."""
_NO_END = float("inf")


class Naming:
    """What nodes were called when, from the events that name them.

    The rule is that of history: a node is called from its present name on, back through every
    pipeline that gave it another one, and through the sessions that a fork goes on from.
    """

    def __init__(self, naming: Iterable[StoredEvent]) -> None:
        self.known: set[str] = set()
        """All names that any node ever had."""
        self._sessions: dict[str, None] = {}
        self._forks: dict[str, tuple[str, int]] = {}
        self._changes: dict[str, list[tuple[int, dict[str, str]]]] = defaultdict(list)
        for row in naming:
            self._take(row)

    def _take(self, row: StoredEvent) -> None:
        self._sessions[row.session_id] = None
        match decode(row).event:
            case SessionStarted() as started:
                self.known.update(started.pipeline.nodes)
            case SessionForked() as forked:
                self._forks[row.session_id] = (forked.parent, forked.at)
            case PipelineChanged() as changed:
                self.known.update(changed.added, changed.renamed.values())
                former: dict[str, str] = {new: old for old, new in changed.renamed.items()}
                self._changes[row.session_id].append((row.version, former))
            case _:
                pass  # names no node

    def spans(self, nodes: Iterable[str], session_id: str | None) -> dict[str, list[_Span]]:
        """Session → what the nodes were called when; of one session with its ancestors, or all."""
        sessions = self._sessions if session_id is None else (session_id,)
        found: dict[str, list[_Span]] = defaultdict(list)
        for session in sessions:
            for node in nodes:
                self._trace(node, session, found)
        return found

    def _trace(self, name: str, session: str, found: dict[str, list[_Span]]) -> None:
        upto = _NO_END
        while True:
            for version, former in reversed(self._changes.get(session, ())):
                if version <= upto and name in former:
                    found[session].append((version, upto, name))
                    name, upto = former[name], version - 1
            found[session].append((0, upto, name))
            if session not in self._forks:
                return
            session, at = self._forks[session]
            upto = at


class AboutNodes:
    """Whether an event is about one of some nodes."""

    def __init__(
        self, nodes: Collection[str], naming: Iterable[StoredEvent], session_id: str | None
    ) -> None:
        self._nodes = frozenset(nodes)
        self._spans = Naming(naming).spans(nodes, session_id)
        self._names = self._nodes.union(
            name for _, _, name in chain.from_iterable(self._spans.values())
        )

    def __call__(self, row: StoredEvent) -> bool:
        """Whether the event of a row is about one of them."""
        several = row.type in ABOUT_SEVERAL
        about = nodes_of(decode(row).event) if several else (row.subject,)
        if self._names.isdisjoint(about):
            return False
        if row.session_id not in self._spans:
            return not self._nodes.isdisjoint(about)
        return any(
            first <= row.version <= last and name in about
            for first, last, name in self._spans[row.session_id]
        )
