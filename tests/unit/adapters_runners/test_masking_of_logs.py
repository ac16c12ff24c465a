"""Secrets masked in what comes piece by piece."""

import json
import os
import urllib.parse
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runthrough.adapters.runners.script_host import MASK, Masking, _MaskedLog, masking
from runthrough.core.values.secrets import MASK as CORE_MASK

NARROW = st.text("ab[mask]\n", max_size=40)
"""So few signs that secrets overlap, repeat themselves, and stand in the mask."""
SECRETS = st.lists(st.text("ab[mask]\n", min_size=4, max_size=8), min_size=1, max_size=3)
WIDE = st.text(st.characters(exclude_categories=("Cs",)), min_size=4, max_size=12)


def in_pieces(secrets, pieces):
    stream = Masking(secrets)
    return b"".join([*map(stream.feed, pieces), stream.end()])


def cut(content, places):
    ends = sorted({min(place, len(content)) for place in places} | {len(content)})
    return [content[a:b] for a, b in zip([0, *ends], ends, strict=False)]


def meaningful(secrets):
    return [secret for secret in secrets if len(secret.strip()) >= 4]


@given(NARROW, SECRETS, st.lists(st.integers(0, 40)))
@example("abababab", ["abab"], [1, 2, 3, 4, 5, 6, 7])
@example("aaaabbbb", ["aaaa", "aabb"], [4])
@example("x[masked]abab", ["]aba", "x[ma"], [5, 9])
@settings(max_examples=500)
def test_where_the_pieces_end_changes_nothing(text, secrets, places):
    """A stream that comes in pieces is masked as the whole would be."""
    whole = masking(secrets)(text)
    assert in_pieces(secrets, cut(text.encode(), places)).decode() == whole


@given(NARROW, SECRETS)
@settings(max_examples=500)
def test_no_secret_is_left_between_the_masks(text, secrets):
    """However secrets overlap, what stands outside the masks holds none of them."""
    left = masking(secrets)(text).split(MASK)
    assert [s for s in meaningful(secrets) for part in left if s in part] == []


@given(NARROW, SECRETS)
@settings(max_examples=500)
def test_masking_twice_is_masking_once(text, secrets):
    """A log that was masked on its way is the same after it is looked through at the end.

    Only where a mask and its neighbours together read like a secret may more be masked.
    """
    mask = masking(secrets)
    once = mask(text)
    if not any(set(secret) & set("[]") for secret in secrets):
        assert mask(once) == once


@given(WIDE, st.text(max_size=20), st.lists(st.integers(0, 100)))
def test_any_secret_is_masked_in_the_ways_it_is_written(secret, around, places):
    """As it is, in Python's, JSON's and the URLs' writing: nothing of it is left."""
    if len(secret.strip()) < 4:
        return
    for form in (
        secret,
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        urllib.parse.quote(secret),
        urllib.parse.quote_plus(secret),
    ):
        content = f"{around}>{form}<".encode("utf-8", "backslashreplace")
        told = in_pieces([secret], cut(content, places))
        assert form.encode() not in told.replace(MASK.encode(), b"")
        assert MASK.encode() in told


@given(st.binary(max_size=60), st.lists(st.integers(0, 60)))
def test_what_holds_no_secret_stays_byte_for_byte(content, places):
    """Bytes that are no text pass as well."""
    assert in_pieces(["a-secret-of-many-signs"], cut(content, places)) == content


@pytest.mark.parametrize("said", [b"a line\n", b"a line", b"\xff\n", b"12 %\r"])
def test_nothing_is_held_back_but_the_beginning_of_a_secret(said):
    """Who watches a log sees each line at once."""
    stream = Masking(["s3cr3t-key"])
    assert stream.feed(said) == said
    assert stream.feed(b"s3cr") == b""
    assert stream.feed(b"ane") == b"s3crane"
    assert stream.end() == b""


def test_a_secret_without_end_is_told_once_and_not_kept():
    """A secret that repeats itself for ever is one mask, and takes no memory."""
    stream = Masking(["----"])
    assert stream.feed(b"-" * 10) == MASK.encode()
    for _ in range(100):
        assert stream.feed(b"-" * 1000) == b""
    assert len(stream._held) < 10
    assert stream.feed(b"\n") == b"\n"


def test_a_variable_that_is_no_text_is_masked():
    """Bytes that are no UTF-8 reach Python as halves of pairs, and the log as bytes."""
    value = b"p\xe4ssword".decode("utf-8", "surrogateescape")
    assert in_pieces([value], [b"as p\xe4ss", b"word"]) == b"as [masked]"
    assert in_pieces([value], [rb"as p\udce4ssword"]) == b"as [masked]"
    assert masking(["\ud800-half"])("a \ud800-half") == "a [masked]"


def test_nobody_has_secrets_where_all_are_too_short():
    """Without a secret to look for nothing stands between a script and its log."""
    assert not Masking(["", "abc", "  a  "])
    assert not Masking([])


def test_the_host_masks_as_the_core_does():
    """The host cannot import the core's mask, so it repeats it."""
    assert MASK == CORE_MASK


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_felt_by_the_script():
    """Where the log cannot be written, the script's next write fails, and the host goes on."""
    with Path("/dev/full").open("wb", buffering=0) as full:
        log = _MaskedLog(full.fileno(), Masking(["s3cr3t-key"]))
        script = os.dup(log._script_end)
        log.take()
        os.write(script, b"a line")
        assert not log.pass_on()
        with pytest.raises(BrokenPipeError):
            os.write(script, b"another")
        log.finish()
        os.close(script)
