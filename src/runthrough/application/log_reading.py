"""What a script writes, read piece by piece while it runs and after; no secret of it is told."""

import codecs
import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, get_args

from runthrough.application.attempts import attempt_folder
from runthrough.application.ports import Ports, SessionFiles
from runthrough.core.events import EventEnvelope, PipelineChanged, ScriptStarted
from runthrough.core.state import SessionState
from runthrough.core.validation import secrets_of
from runthrough.core.values.ids import AttemptId, NodeName, RunId
from runthrough.core.values.paths import Roots, is_own_folder, record, split
from runthrough.errors import RunnerUnavailableError

LogStream = Literal["stdout", "stderr"]
STREAMS: tuple[LogStream, ...] = get_args(LogStream)
PART_BYTES = 64 * 1024
"""At most so much of a log is read at once, whatever its size."""
MASKED_PART_BYTES = 32 * 1024
"""The same where secrets are masked: the mask may be twice as long as what it covers."""
_SIGNS_A_BYTE = 6
"""At most so many signs does a program write for one byte of a secret: JSON has `\\u0000`."""


@dataclass(frozen=True, slots=True)
class Attempted:
    """An attempt, by the name that its node had then."""

    node: NodeName
    run: RunId
    attempt: AttemptId
    running: bool
    folder: str | None = None
    """Where its log is known to lie; `None` where its ids tell."""


@dataclass(frozen=True, slots=True)
class _Mask:
    """What takes secrets out of a text."""

    of: Callable[[str], str]
    longest: int
    """No secret is written with more signs."""

    def begin_of(self, text: str) -> str:
        """A text that goes on elsewhere, without what may be the begin of a secret at its end."""
        masked = self.of(text)
        return masked[: max(0, len(masked) - self.longest)]


@dataclass(frozen=True, slots=True)
class LogPart:
    """A piece of a log."""

    text: str
    start: int
    """Byte at which it begins."""
    next: int
    """Byte to go on from."""
    size_bytes: int
    """Of the log so far."""
    ended: bool
    """Whether nothing comes behind `next` any more."""


def attempts_told(
    envelopes: Iterator[EventEnvelope],
) -> dict[AttemptId, tuple[NodeName, Attempted]]:
    """Every attempt of a log with the name that its node has by the end of it."""
    found: dict[AttemptId, tuple[NodeName, Attempted]] = {}
    for envelope in envelopes:
        event = envelope.event
        if isinstance(event, ScriptStarted):
            one = Attempted(event.node, event.run, event.attempt, running=False)
            found[event.attempt] = event.node, one
        elif isinstance(event, PipelineChanged):
            found = {
                attempt: (event.renamed.get(now, now), one)
                for attempt, (now, one) in found.items()
            }
    return found


class LogReading:
    """Reads the logs of one session's attempts."""

    def __init__(self, ports: Ports, roots: Roots, state: SessionState) -> None:
        self._ports = ports
        self._roots = roots
        self._state = state

    def part(
        self, attempted: Attempted, stream: LogStream, *, after: int, limit: int
    ) -> LogPart | None:
        """At most `limit` bytes of a log behind `after`; `None` where there is no log.

        It ends with a whole character. Where secrets are masked it holds whole lines, since the
        other half of a secret might stand in the rest: of a line that is longer than a part only
        the begin is told, and one that is being written is told once it ends.
        """
        mask = self._mask()
        for path in self._places(attempted, stream):
            reads = _Reads(self._ports.files, path, running=attempted.running)
            found = reads.text(after, limit) if mask is None else reads.lines(after, limit, mask)
            if found is not None:
                return found
        return None

    def tail(self, attempted: Attempted, stream: LogStream, *, limit: int) -> LogPart | None:
        """The last bytes of a log, at most `limit`; where that is not all, from a line's begin."""
        most = min(limit, PART_BYTES if self._mask() is None else MASKED_PART_BYTES)
        start = max(0, self._size(attempted, stream) - most)
        part = self.part(attempted, stream, after=start, limit=most)
        if part is None or start == 0 or part.start != start:
            return part
        _, newline, rest = part.text.partition("\n")
        return replace(part, text=rest) if newline else part

    def parts(
        self, attempted: Attempted, stream: LogStream, *, after: int = 0
    ) -> Iterator[LogPart]:
        """A log behind `after`, piece by piece, up to where it ends by now."""
        size = None
        while part := self.part(attempted, stream, after=after, limit=PART_BYTES):
            size = part.size_bytes if size is None else size
            yield part
            if part.ended or part.next <= after or part.next >= size:
                return
            after = part.next

    def ending(self, attempted: Attempted, stream: LogStream, *, limit: int) -> LogPart | None:
        """The last bytes of a log, some `limit` of them, however many pieces that are."""
        size = self._size(attempted, stream)
        start = max(0, size - limit)
        parts = list(self.parts(attempted, stream, after=start))
        if not parts:
            return None
        text = "".join(part.text for part in parts)
        if start:
            text = text.partition("\n")[2] or text
        return LogPart(text, start, parts[-1].next, parts[-1].size_bytes, parts[-1].ended)

    def _size(self, attempted: Attempted, stream: LogStream) -> int:
        for path in self._places(attempted, stream):
            if (read := self._ports.files.log_part(path, after=0, limit=0)) is not None:
                return read[1]
        return 0

    def _places(self, attempted: Attempted, stream: LogStream) -> Iterator[str]:
        """Where a log may lie: the session's own folder, or an ancestor's."""
        if attempted.folder is not None:
            yield posixpath.join(attempted.folder, f"{stream}.log")
        folder = attempt_folder(attempted.run, attempted.node, attempted.attempt)
        _, relative = split(folder)
        for root in self._roots.places:
            if is_own_folder(root):
                place = self._roots.locate(record(root, relative))
                yield posixpath.join(place, f"{stream}.log")

    def _mask(self) -> _Mask | None:
        """What takes the session's secrets out of a text; `None` where it has none.

        The host of a script masks on the way, but not what was said before the script started,
        nor what a script wrote into its own log, until it has ended.
        """
        specs = (there.spec or there.draft for there in self._state.nodes.values())
        names = {name for spec in specs if spec is not None for name in secrets_of(spec)}
        values = [value for name in sorted(names) if (value := self._secret(name)) is not None]
        if not values:
            return None
        longest = max(len(value.encode("utf-8", "backslashreplace")) for value in values)
        return _Mask(self._ports.inspector.masking(values), longest * _SIGNS_A_BYTE)

    def _secret(self, name: str) -> str | None:
        try:
            return self._ports.secrets.resolve(name)
        except RunnerUnavailableError:  # nobody knows it here, and so nobody can have written it
            return None


@dataclass(frozen=True, slots=True)
class _Reads:
    """Reads one log."""

    files: SessionFiles
    path: str
    running: bool

    def text(self, after: int, limit: int) -> LogPart | None:
        """At most `limit` bytes as they are."""
        read = self.files.log_part(self.path, after=after, limit=min(limit, PART_BYTES))
        if read is None:
            return None
        content, size = read
        final = not self.running and after + len(content) >= size
        text, length = _decoded(content, final=final)
        return LogPart(text, after, after + length, size, ended=final)

    def lines(self, after: int, limit: int, mask: _Mask) -> LogPart | None:
        """Whole lines, masked; one that began before `after` is passed over.

        As much is read whatever `limit` says, and what is read is cut once it is masked, so that
        nobody chooses where a secret is cut.
        """
        before = min(after, 1)
        most = MASKED_PART_BYTES + before
        read = self.files.log_part(self.path, after=after - before, limit=most)
        if read is None:
            return None
        content, size = read
        start, end = after - before, after - before + len(content)
        final = not self.running and end >= size
        if before:
            head = content.find(b"\n") + 1
            if not head:
                return LogPart("", after, max(after, end), size, ended=final)
            start, content = start + head, content[head:]
        goes_on = False
        if not final:
            whole = content.rfind(b"\n") + 1
            goes_on = not whole and len(content) >= MASKED_PART_BYTES
            content = content if goes_on else content[:whole]
        if len(content) > limit:
            final = False
            whole = content.rfind(b"\n", 0, limit) + 1
            content = content[: whole or content.find(b"\n") + 1 or len(content)]
        text, length = _decoded(content, final=final or not goes_on)
        text = mask.begin_of(text) if goes_on else mask.of(text)
        if length > limit:
            text, length = _decoded(text.encode()[:limit], final=False)[0], limit
        return LogPart(text, start, start + length, size, ended=final)


def _decoded(content: bytes, *, final: bool) -> tuple[str, int]:
    """Text of the whole characters of some bytes, and how many bytes these are."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(content, final=final)
    held, _ = decoder.getstate()
    return text, len(content) - len(held)
