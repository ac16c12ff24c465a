"""A session as whoever holds it knows it: its state, its home, and what its nodes are called."""

from runthrough.application.allowing import OUTSIDE, Allowing
from runthrough.application.caller import Caller
from runthrough.application.handler import CommandHandler
from runthrough.application.looking import Looking
from runthrough.application.pooling import LoadedPool
from runthrough.application.ports import Ports
from runthrough.core.names import nearest
from runthrough.core.staleness import paths_of
from runthrough.core.state import SessionState
from runthrough.core.values.ids import NodeName, RecordedPath, SessionId, Version
from runthrough.core.values.paths import Roots
from runthrough.core.views.loaded import Loaded
from runthrough.core.views.particulars import Particulars
from runthrough.errors import AmbiguousScriptError, UnknownNodeError

_SHORT_ID = 12
"""Characters of an id that is shown whole."""


class KnownSession:
    """One guided test of one pipeline, as far as it was read."""

    def __init__(
        self,
        ports: Ports,
        handler: CommandHandler,
        loaded: Loaded,
        *,
        roots: Roots,
        caller: Caller,
        read_only: bool = False,
        past: bool = False,
    ) -> None:
        """Show a session; of one that is `past` nothing is asked that came after it."""
        self._ports = ports
        self._handler = handler
        self._loaded = loaded
        self._caller = caller
        self._read_only = read_only
        self._past = past
        self._settle_at(roots)

    def _settle_at(self, roots: Roots) -> None:
        """Look, and tell places, with the session's folders where they lie."""
        ports = self._ports
        self._roots = roots
        self._looking = Looking(
            ports.catalog,
            ports.inspector,
            roots,
            host=self._caller.host,
            confinement=ports.confinement,
        )
        self._allowing = Allowing(ports.confinement, roots)

    @property
    def session_id(self) -> SessionId:
        """UUIDv7 of the session."""
        return self._loaded.state.session_id

    @property
    def name(self) -> str:
        """Unique among open sessions."""
        return self._loaded.state.name

    @property
    def version(self) -> Version:
        """Events so far, as of the last look."""
        return self._loaded.state.version

    @property
    def state(self) -> SessionState:
        """The state as of the last look; to be read, never changed."""
        return self._loaded.state

    @property
    def particulars(self) -> Particulars:
        """Needs and evidence of the nodes, as of the last look; to be read, never changed."""
        return self._loaded.particulars

    @property
    def at_home(self) -> bool:
        """Whether the session lives on this host, so that its files can be looked at."""
        return self._looking.at_home(self.state)

    @property
    def is_outside(self) -> bool:
        """Whether the session lives here, in folders that the caller may not touch."""
        return self._looking.is_outside(self.state)

    @property
    def home_name(self) -> str:
        """How people call the host on which the session lives; with its id to tell it apart."""
        home = self.state.home
        if home is None:
            return self._caller.host_name
        return _apart(home.name, home.host) if self._namesake else home.name or home.host

    @property
    def here_name(self) -> str:
        """How people call this host; with its id where its name is the home's as well.

        It is the name of the home where the session lives here, though its folders may not be
        known here.
        """
        caller = self._caller
        return _apart(caller.host_name, caller.host) if self._namesake else caller.host_name

    @property
    def away_words(self) -> str:
        """Why the files of a session that is not at home are not looked at."""
        if self.is_outside:
            return f"a folder of the session {OUTSIDE}"
        home = self.home_name
        if home == self.here_name:
            return f"where the session's folders lie on {home} is not known"
        return f"the session lives on {home}"

    @property
    def _namesake(self) -> bool:
        """Whether the home is another host that goes by this one's name."""
        home, caller = self.state.home, self._caller
        return home is not None and home.host != caller.host and home.name == caller.host_name

    @property
    def paths_elsewhere(self) -> int:
        """How many paths are not looked at, because the session is not at home."""
        return 0 if self.at_home else len(paths_of(self.state))

    @property
    def past(self) -> bool:
        """Whether the session is shown as it was, and nothing of today is looked at."""
        return self._past

    def state_at(self, version: Version) -> SessionState:
        """The state as it was at a version; to be read, never changed."""
        if version == self.version:
            return self.state
        return self._handler.load(self.session_id, upto=version).state

    def refresh(self) -> None:
        """Take in what others did."""
        if not self._read_only:
            self._handler.refresh(self._loaded)

    def hand_back(self, pool: LoadedPool) -> None:
        """Give what is folded to a pool; this session is not to be used any more.

        One of the past is nobody else's.
        """
        if not self._read_only:
            pool.give_back(self._loaded)

    @property
    def concerned_at(self) -> Version:
        """Version of the last event that concerns the session as a whole, or any node."""
        return self.state.changed_at

    def node_concerned_at(self, node: str) -> Version:
        """Version of the last event that concerns a node.

        Raises:
            UnknownNodeError: There is none of that name.
            AmbiguousScriptError: Several nodes run the script of that name.
        """
        there = self.state.nodes[self.node_named(node)]
        return Version(max(self.state.concerned_at, there.concerned_at))

    def proposed(self, *, settled: bool = False) -> list[str]:
        """The inputs that a person is asked about, each `Node.input`.

        With `settled` only those of which no sub-folder is open.
        """
        return [
            f"{node}.{name}"
            for node in self.state.nodes
            for name, proposal in self.state.proposals.get(node, {}).items()
            if not (settled and proposal.choices)
        ]

    def connected(self) -> list[str]:
        """The inputs that an output feeds, each `Node.input`."""
        return [
            f"{node}.{name}"
            for node in self.state.nodes
            for name in self.state.connections.get(node, {})
        ]

    def locate(self, path: RecordedPath) -> str:
        """Where a recorded path lies on this host; as it is recorded where nobody knows here."""
        try:
            return self._roots.locate(path)
        except KeyError:
            return path

    def node_named(self, name: str) -> NodeName:
        """The node of that name, or the only one that runs the script of that name.

        Raises:
            UnknownNodeError: Neither; with the nearest names.
            AmbiguousScriptError: Several nodes run that script.
        """
        nodes = self.state.nodes
        name = str(name)
        if name in nodes:
            return NodeName(name)
        using = [n for n, there in nodes.items() if there.script and there.script.name == name]
        if len(using) > 1:
            raise AmbiguousScriptError(name, using)
        if not using:
            raise UnknownNodeError(name, nearest(name, list(nodes)))
        return using[0]


def _apart(name: str, host: str) -> str:
    """A host's name with both ends of its id: other hosts go by that name as well."""
    return f"{name} ({host if len(host) <= _SHORT_ID else f'{host[:4]}…{host[-4:]}'})"
