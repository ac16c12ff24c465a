"""Logs read piece by piece, with and without secrets to be masked."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runthrough.adapters.runners.script_host import masking
from runthrough.application.log_reading import MASKED_PART_BYTES, Attempted, LogReading
from runthrough.core.state import NodeState, SessionState
from runthrough.core.values.paths import Roots
from runthrough.core.values.specs import ScriptSpec

SECRET = "hunter2-of-the-test"
RAN = Attempted("train", "run", "attempt", running=False, folder="/attempt")
RUNS = Attempted("train", "run", "attempt", running=True, folder="/attempt")


@dataclass
class Held:
    """Files, secrets and masks of a session whose attempt has written something."""

    content: bytes
    largest: int = field(default=0, init=False)
    """Of all pieces that were read at once."""

    @property
    def files(self):
        """The session's files."""
        return self

    secrets = inspector = files

    def log_part(self, path, *, after, limit):
        """A piece of standard output; there is no other log."""
        if path != "/attempt/stdout.log":
            return None
        self.largest = max(self.largest, limit)
        return self.content[after : after + limit], len(self.content)

    def resolve(self, name):
        """The one secret there is."""
        return {"WORD": SECRET}.get(name)

    def masking(self, secrets):
        """The mask that runners use."""
        return masking(secrets)


def reading(held, *, secret=False):
    """What reads the log, of a session with a secret or without."""
    spec = ScriptSpec(environ_vars={"WORD": {"secret": "WORD"}} if secret else {})
    state = SessionState("session", nodes={"train": NodeState(spec=spec)})
    return LogReading(held, Roots({}), state)


def pieces(reads, attempted, limit):
    """All pieces up to where nothing more comes for now."""
    found, after = [], 0
    while True:
        part = reads.part(attempted, "stdout", after=after, limit=limit)
        found.append(part)
        if part.ended or part.next == after:
            return found
        after = part.next


TEXTS = st.text(st.sampled_from("aü€😀\n"), max_size=60)


@given(TEXTS, st.integers(4, 40))
def test_pieces_are_the_whole_log_whatever_their_size(text, limit):
    """No character is cut, none is told twice, and the last piece says that it is the last."""
    found = pieces(reading(Held(text.encode())), RAN, limit)
    assert "".join(part.text for part in found) == text
    assert found[-1].ended
    assert not any(part.ended for part in found[:-1])
    assert found[-1].next == found[-1].size_bytes == len(text.encode())


@given(st.binary(max_size=40), st.integers(4, 12))
def test_bytes_that_are_no_text_are_replaced(content, limit):
    """They stop nobody, and every byte is passed."""
    found = pieces(reading(Held(content)), RAN, limit)
    assert found[-1].next == len(content)
    assert len("".join(part.text for part in found)) <= len(content)


@given(st.lists(st.text(st.sampled_from("aü€"), max_size=8), max_size=8), st.integers(26, 60))
def test_with_secrets_pieces_are_whole_lines(lines, limit):
    """Of a log that ended all is told; of one that grows, the lines that are through."""
    text = "\n".join(lines)
    over = pieces(reading(Held(text.encode()), secret=True), RAN, limit)
    assert "".join(part.text for part in over) == text
    grows = pieces(reading(Held(text.encode()), secret=True), RUNS, limit)
    assert "".join(part.text for part in grows) == text[: text.rfind("\n") + 1]
    assert not any(part.ended for part in grows)


@given(st.integers(0, 100), st.booleans())
def test_no_half_of_a_secret_is_told_wherever_one_begins_to_read(after, running):
    """Neither the secret nor the rest of a line in which it stood comes out."""
    text = f"one\nit is {SECRET} and {SECRET}\ntwo\n{SECRET}"
    attempted = RUNS if running else RAN
    part = reading(Held(text.encode()), secret=True).part(
        attempted, "stdout", after=after, limit=1000
    )
    whole = {"one", "it is [masked] and [masked]", "two", "[masked]", ""}
    assert set(part.text.split("\n")) <= whole


@pytest.mark.parametrize("attempted", [RAN, RUNS], ids=["ran", "runs"])
def test_no_piece_of_a_secret_is_told_however_little_one_reads(attempted):
    """Who asks for few bytes gets the begin of a masked line, and not a secret cut short."""
    text = f"one\nit is {SECRET} and {SECRET}\ntwo\n{SECRET}"
    masked = "one\nit is [masked] and [masked]\ntwo\n[masked]"
    reads = reading(Held(text.encode()), secret=True)
    for after in (0, 1, 4, text.index("two"), text.index("two") + 4):
        for limit in range(4, 60):
            part = reads.part(attempted, "stdout", after=after, limit=limit)
            assert part.text in masked
            assert len(part.text) <= limit
            assert part.start <= part.next <= part.start + limit


def test_a_line_that_is_longer_than_a_piece_is_told_from_its_begin_only():
    """What follows might be the other half of a secret; the next line is told again."""
    text = "x" * (MASKED_PART_BYTES + 10) + SECRET + "\nnext\n"
    found = pieces(reading(Held(text.encode()), secret=True), RAN, 65_536)
    begin, *rest = "".join(part.text for part in found).partition("next")
    assert rest == ["next", "\n"]
    assert begin == "x" * len(begin)
    assert MASKED_PART_BYTES // 2 < len(begin) <= MASKED_PART_BYTES
    assert found[-1].ended


@pytest.mark.parametrize("written", [SECRET, "".join(f"\\x{ord(c):02x}" for c in SECRET)])
@pytest.mark.parametrize("told", [1, 8, len(SECRET) - 1])
def test_of_a_line_that_is_cut_no_begin_of_a_secret_is_told(written, told):
    """Where a piece ends within a secret, however it is written, the line is told up to there."""
    before = "x" * (MASKED_PART_BYTES - told)
    text = f"{before}{written}\nnext\n"
    part = reading(Held(text.encode()), secret=True).part(RUNS, "stdout", after=0, limit=65_536)
    assert part.text == "x" * len(part.text)
    assert part.next == MASKED_PART_BYTES


@pytest.mark.parametrize("secret", [False, True])
def test_no_more_is_read_at_once_than_a_piece(secret):
    """However large the log, and whatever is asked for."""
    held = Held(b"line\n" * 99_999 + b"last\n")
    tail = reading(held, secret=secret).tail(RAN, "stdout", limit=10**9)
    assert held.largest <= 65_536
    assert (tail.size_bytes, tail.next, tail.ended) == (500_000, 500_000, True)
    assert tail.text.endswith("line\nlast\n")


def test_a_tail_begins_with_a_line():
    """The end of a log, from the first line that is whole; a short log is told whole."""
    reads = reading(Held("grüße\nan alle\nhier\n".encode()))
    assert reads.tail(RAN, "stdout", limit=12).text == "hier\n"
    assert reads.tail(RAN, "stdout", limit=1000).text == "grüße\nan alle\nhier\n"
    assert reads.tail(RAN, "stderr", limit=12) is None
    masked = reading(Held(f"one\n{SECRET}\nhier\n".encode()), secret=True)
    assert masked.tail(RAN, "stdout", limit=8).text == "hier\n"
