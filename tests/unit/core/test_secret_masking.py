"""Secrets kept out of commands."""

import pytest

from runthrough.core.values.secrets import (
    MASK,
    holds_mask,
    masked_text,
    masked_value,
    masked_values,
    secret_name,
    secret_names,
)

# Put together here so that no scanner takes this file for a leak.
KEYS = (
    "AK" + "IA" + "ABCDEFGHIJKLMNOP",
    "gh" + "p_" + "a" * 36,
    "github" + "_pat_" + "a" * 30,
    "gl" + "pat-" + "a" * 20,
    "xo" + "xb-" + "1234567890-abc",
    "sk" + "-" + "a1" * 12,
    "sk" + "_live_" + "a" * 20,
    "hf" + "_" + "a" * 34,
    "AI" + "za" + "a" * 35,
    "py" + "pi-" + "a" * 30,
    "ey" + "J" + "a" * 12 + "." + "b" * 12 + "." + "c" * 12,
)


@pytest.mark.parametrize(
    "name",
    [
        "TOKEN",
        "HF_TOKEN",
        "hf_token",
        "clientSecret",
        "DB_PASSWORD",
        "PGPASSWD",
        "API_KEY",
        "APIKEY",
        "AWS_SECRET_ACCESS_KEY",
        "SECRET_KEY",
    ],
)
def test_a_name_that_says_secret_masks_its_value(name):
    """Names that end in TOKEN, SECRET, PASSWORD or API_KEY hold secrets, in any case."""
    assert masked_value(name, "hunter2") == MASK
    assert masked_value(name, 12345) == MASK


@pytest.mark.parametrize("name", ["TOKENIZER", "SECRETARY", "PASSWORD_FILE", "MONKEY", "KEY", ""])
def test_a_name_that_only_begins_so_masks_nothing(name):
    """What stands before other words is no secret."""
    assert masked_value(name, "hunter2") == "hunter2"


@pytest.mark.parametrize("value", [True, False, None, ""])
def test_switches_and_nothing_are_no_secrets(value):
    """A flag, nothing and an empty text stay as they are under any name."""
    assert masked_value("USE_TOKEN", value) is value


@pytest.mark.parametrize("value", [3, 2.5, "text", "sk-learn", "a:b@c", "git@host.org:a/b.git"])
def test_ordinary_values_stay(value):
    """Values that no rule names are kept as given."""
    assert masked_value("LABEL", value) == value


@pytest.mark.parametrize("key", KEYS)
def test_a_known_key_is_masked_wherever_it_stands(key):
    """Key prefixes of known services are found inside longer texts."""
    assert masked_text(f"use {key}, please") == f"use {MASK}, please"


@pytest.mark.parametrize(
    "label", ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
)
def test_a_private_key_block_is_masked_whole(label):
    """A PEM block goes from its first line to its last, or to the end where it was cut."""
    block = f"-----BEGIN {label}-----\nMIIE\nabc\n"
    assert masked_text(f"a {block}-----END {label}----- b") == f"a {MASK} b"
    assert masked_text(f"a {block}") == f"a {MASK}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://ann:pw@host/db", f"postgresql://ann:{MASK}@host/db"),
        ("redis://:pw@host", f"redis://:{MASK}@host"),
        ("HTTPS://ann:pw@host", f"HTTPS://ann:{MASK}@host"),
        ("http://ann:p@ss@host/x", f"http://ann:{MASK}@host/x"),
        ("http://ann@corp:pw@host", f"http://ann@corp:{MASK}@host"),
        ("http://host:8080/pkg@1.2", "http://host:8080/pkg@1.2"),
        ("http://ann@host:8080/x", "http://ann@host:8080/x"),
        ("s3://bucket/key", "s3://bucket/key"),
    ],
)
def test_only_the_password_of_a_url_is_masked(text, expected):
    """User, host and path stay readable; ports are no passwords."""
    assert masked_text(text) == expected
    assert masked_text(masked_text(text)) == expected


def test_a_reference_stays():
    """`{"secret": NAME}` names a secret and holds none."""
    assert masked_value("HF_TOKEN", {"secret": "HF"}) == {"secret": "HF"}


def test_a_secret_given_as_a_reference_is_masked():
    """Whoever puts the value where the name belongs is caught by its prefix."""
    assert masked_value("HF_TOKEN", {"secret": KEYS[0]}) == {"secret": MASK}


def test_what_is_given_as_plain_becomes_the_value():
    """`{"plain": V}` is taken unlooked at."""
    assert masked_value("PAD_TOKEN", {"plain": "<pad>"}) == "<pad>"
    assert masked_value("PAD_TOKEN", {"plain": {"a": 1}}) == {"a": 1}


def test_secrets_are_found_at_any_depth():
    """Keys and values of mappings and lists are looked at with the names they stand under."""
    given = {
        "auth": {"api_key": "k", "user": "ann", KEYS[0]: 1},
        "urls": ["http://a:b@c", 3, {"plain": KEYS[1]}],
    }
    assert masked_values(given) == {
        "auth": {"api_key": MASK, "user": "ann", MASK: 1},
        "urls": [f"http://a:{MASK}@c", 3, KEYS[1]],
    }


def test_all_below_a_secret_name_is_secret():
    """What is nested under a name that says secret is masked leaf by leaf."""
    given = {"value": "hunter2", "also": ["x", {"secret": "NAME"}], "on": True}
    assert masked_value("DB_PASSWORD", given) == {
        "value": MASK,
        "also": [MASK, {"secret": "NAME"}],
        "on": True,
    }


@pytest.mark.parametrize("value", [f"a {MASK}", {"a": [1, MASK]}, [[MASK]]])
def test_a_mask_is_found_at_any_depth(value):
    """Validation sees that something was masked wherever it stood."""
    assert holds_mask(value)


@pytest.mark.parametrize("value", ["a", 1, None, {"a": [1]}, []])
def test_no_mask_is_seen_where_none_is(value):
    """Plain values hold no mask."""
    assert not holds_mask(value)


def test_a_reference_is_one_key_with_a_text():
    """Other mappings that have a `secret` are ordinary values."""
    assert secret_name({"secret": "HF"}) == "HF"
    assert secret_name({"secret": 3}) is None
    assert secret_name({"secret": "HF", "other": 1}) is None
    assert secret_name("HF") is None


def test_all_references_are_named():
    """The names of all secrets that a value refers to, in its order."""
    assert secret_names({"a": {"secret": "A"}, "b": [{"secret": "B"}, 1]}) == ("A", "B")
    assert secret_names("x") == ()
