"""Secrets kept out of commands."""

import string
import subprocess
import sys

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.support.cli import DEADLINE_S

from runthrough.core.values.secrets import (
    MASK,
    holds_mask,
    looks_secret,
    masked_prose,
    masked_text,
    masked_value,
    masked_values,
    named_like_a_secret,
    names_a_secret,
    names_a_variable,
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
    "py" + "pi-" + "a1" * 15,
    "r" + "t_" + "0123456789ab" + "_" + "a" * 43,
    "r" + "t_" + "0123456789ab" + "_" + "Aa0-_" * 4,
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
        "secretKey",
        "SSH_PASSPHRASE",
        "private_key",
        "access-key",
        "Authorization",
        "DB_CREDENTIAL",
        "credentials",
        "api-key",
    ],
)
def test_a_name_that_says_secret_masks_its_value(name):
    """Names that end in TOKEN, SECRET, PASSWORD or API_KEY hold secrets, in any case."""
    assert masked_value(name, "hunter2") == MASK
    assert masked_value(name, "12345") == MASK
    assert masked_value(name, 9_876_543_210) == MASK


@pytest.mark.parametrize("name", ["DB_PASSWORD", "PGPASSWD", "client_secret", "SECRET_KEY"])
def test_a_number_may_be_a_password(name):
    """A PIN is a number, and a secret."""
    assert masked_value(name, 1234) == MASK
    assert masked_value(name, 0.5) == MASK


@pytest.mark.parametrize("name", ["next_token", "FIRST_TOKEN", "use_api_key"])
def test_a_short_number_under_a_token_is_a_count_or_a_place(name):
    """What services hand out as tokens and keys is long text, so 512 is none."""
    assert masked_value(name, 512) == 512
    assert masked_value(name, -1) == -1
    assert masked_value(name, 0.25) == 0.25
    assert masked_value(name, [1, 2]) == [1, 2]


@pytest.mark.parametrize("name", ["MAX_TOKEN", "min-token", "num_new_token", "n_token"])
def test_a_name_that_counts_tokens_holds_no_token(name):
    """Variables are always text, so that the name must say that a number of tokens is meant."""
    assert masked_value(name, "512") == "512"
    assert masked_value(name, 20_000_000_000) == 20_000_000_000
    assert masked_value(name, KEYS[0]) == MASK
    assert not named_like_a_secret(name)


@pytest.mark.parametrize("name", ["MAXTOKEN", "NETWORK_TOKEN", "MIN_PASSWORD", "total_api_key"])
def test_only_a_count_of_tokens_is_one(name):
    """What merely begins with the same letters, and what is never counted, stays a secret."""
    assert masked_value(name, "512") == MASK


@pytest.mark.parametrize(
    "name", ["TOKENIZER", "SECRETARY", "PASSWORD_FILE", "MONKEY", "KEY", "", "pwd", "PWD"]
)
def test_a_name_that_only_begins_so_masks_nothing(name):
    """What stands before other words is no secret."""
    assert masked_value(name, "hunter2") == "hunter2"


@pytest.mark.parametrize("value", [True, False, None, ""])
def test_switches_and_nothing_are_no_secrets(value):
    """A flag, nothing and an empty text stay as they are under any name."""
    assert masked_value("USE_TOKEN", value) is value


@pytest.mark.parametrize(
    "value",
    [
        3,
        2.5,
        "text",
        "sk-learn",
        "scripts/sk-learn-preprocessing-of-orders.py",
        "pypi-upload-of-the-whole-package",
        "a:b@c",
        "git@host.org:a/b.git",
    ],
)
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


@pytest.mark.parametrize("before", ["x_", "%3D", "=", "(", "\n"])
def test_a_known_key_is_found_behind_other_signs(before):
    """A key stands behind an underscore or a sign; only letters and digits would belong to it."""
    assert masked_text(before + KEYS[1]) == before + MASK


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://ann:pw@host/db", f"postgresql://ann:{MASK}@host/db"),
        ("redis://:pw@host", f"redis://:{MASK}@host"),
        ("HTTPS://ann:pw@host", f"HTTPS://ann:{MASK}@host"),
        ("http://ann:p@ss@host/x", f"http://ann:{MASK}@host/x"),
        ("http://ann@corp:pw@host", f"http://ann@corp:{MASK}@host"),
        ("http://ann:p/w@host/x", f"http://ann:{MASK}@host/x"),
        ("http://ann:p#w?x@host/x", f"http://ann:{MASK}@host/x"),
        ("http://ann:p@s/w#r:d?@host:5432/x?y=1", f"http://ann:{MASK}@host:5432/x?y=1"),
        ("http://ann:80x@host", f"http://ann:{MASK}@host"),
        ("http://ann:8080@host", f"http://ann:{MASK}@host"),
        ("1http://ann:pw@host", f"1http://ann:{MASK}@host"),
        ("at http://ann:pw@host, bob@x", f"at http://ann:{MASK}@host, bob@x"),
        ("(http://ann:pw@a) http://bob:pw@b", f"(http://ann:{MASK}@a) http://bob:{MASK}@b"),
        ("http://h:80/?next=ftp://ann:pw@host", f"http://h:80/?next=ftp://ann:{MASK}@host"),
        ("git+https://ann:pw@host/repo@main", f"git+https://ann:{MASK}@main"),
        ("pipeline:https:/ann:pw@host/x", f"pipeline:https:/ann:{MASK}@host/x"),
        ("abs:/ann:x@y/z", "abs:/ann:x@y/z"),
        ("workspace:ann:x@y/z", "workspace:ann:x@y/z"),
        ("http://host:8080/pkg@1.2", "http://host:8080/pkg@1.2"),
        ("http://host:8080?to=ann@x", "http://host:8080?to=ann@x"),
        ("http://ann@host:8080/x", "http://ann@host:8080/x"),
        ("http://host:8080 ann@x", "http://host:8080 ann@x"),
        ("http://host/a:b@c", "http://host/a:b@c"),
        ("s3://bucket/key", "s3://bucket/key"),
        ("sqlite:////home/ann@corp/a:b@c.db", "sqlite:////home/ann@corp/a:b@c.db"),
    ],
)
def test_only_the_password_of_a_url_is_masked(text, expected):
    """User, host and path stay readable; ports are no passwords; no piece of one is shown."""
    assert masked_text(text) == expected
    assert masked_text(masked_text(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://h/x?api_key=abc&n=1", f"https://h/x?api_key={MASK}&n=1"),
        ("https://h/x?n=1&access_token=abc#top", f"https://h/x?n=1&access_token={MASK}#top"),
        ("https://h/x?X-Amz-Signature=abc", f"https://h/x?X-Amz-Signature={MASK}"),
        ("https://h/x?sv=1&sig=abc%3D", f"https://h/x?sv=1&sig={MASK}"),
        ("https://h/x?design=abc&tokenizer=b", "https://h/x?design=abc&tokenizer=b"),
        ("https://h/x?token=", "https://h/x?token="),
    ],
)
def test_what_a_query_hands_over_as_a_secret_is_masked(text, expected):
    """A link with a token or a signature lets in whoever reads it."""
    assert masked_text(text) == expected


@pytest.mark.parametrize("name", ["GOOGLE_APPLICATION_CREDENTIALS", "private_key"])
@pytest.mark.parametrize("file", ["/etc/keys/sa.json", "keys/id.pem", "~/my keys/a-b.key"])
def test_where_a_file_of_credentials_lies_is_no_secret(name, file):
    """Programs are told the place of such a file; any other text under that name is masked."""
    assert masked_value(name, file) == file
    assert masked_value(name, "hunter2") == MASK
    assert masked_value("DB_PASSWORD", file) == MASK


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bearer abc123def456", f"Bearer {MASK}"),
        ("Authorization: bearer a.b-c_d~1+2/3==", f"Authorization: bearer {MASK}"),
        ("-H 'Authorization: Bearer " + "a" * 24 + "'", f"-H 'Authorization: Bearer {MASK}'"),
        ("Server=x;User=sa;Password=PW;", f"Server=x;User=sa;Password={MASK};"),
        ("Server=x;Uid=sa;Pwd=a,b", f"Server=x;Uid=sa;Pwd={MASK}"),
        ("Password=PW;Server=x", f"Password={MASK};Server=x"),
        ('Server=x; Password="a;b c"; Port=1', f"Server=x; Password={MASK}; Port=1"),
        ("Name=n;AccountKey=abc==;E=f", f"Name=n;AccountKey={MASK};E=f"),
        ("Server=x;My Password=PW", f"Server=x;My Password={MASK}"),
    ],
)
def test_what_a_header_or_a_connection_string_hands_over_is_masked(text, expected):
    """The rest of it stays readable."""
    assert masked_text(text) == masked_prose(text) == expected
    assert masked_text(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "the bearer of this letter; Bearer instruments and bearer certificates",
        "a path;with/password=b/c",
        "pwd=/home/ann",
        "PWD=/home/ann;ls",
        "OLDPWD=/home/ann;PWD=/home;HOME=/",
        "data/token=a;b/part.csv",
        "password; server",
    ],
)
def test_what_only_sounds_like_a_header_or_a_connection_string_stays(text):
    """Words, folders and shell lines are no secrets."""
    assert masked_text(text) == text


@pytest.mark.parametrize("name", [*KEYS, "https://ann:pw@host", f"a {MASK}"])
def test_a_name_that_holds_a_key_looks_secret(name):
    """Names are keys of what is recorded, so they cannot be masked and must be refused."""
    assert looks_secret(name)


# Properties

WORDS = st.lists(
    st.sampled_from(
        ["bearer", "password", "token", "the", "Server", "of", "credentials", "a", "pwd", "key"]
    ),
    max_size=12,
)
PLACES = st.lists(
    st.sampled_from(["token=a", "credentials", "password=2026-01-01", "bearer", "x;y", "d.csv"]),
    min_size=1,
    max_size=6,
).map("/".join)


@given(WORDS.map(" ".join), PLACES)
def test_ordinary_words_and_paths_stay(sentence, path):
    """Whatever words a sentence is made of, and columns a path, nothing is given in them."""
    assert masked_text(sentence) == masked_prose(sentence) == sentence
    assert masked_text(f"/data/{path}") == f"/data/{path}"
    assert not looks_secret(path)


SIGNS = string.ascii_letters + string.digits + "@:/?#&=%._+-[]! "
FRAGMENTS = st.sampled_from(
    [*KEYS, "http://", "ann:", "pw@", "@host/", "?token=", "&sig=", ";Password=", "Bearer ", MASK]
)
TEXTS = st.lists(FRAGMENTS | st.text(SIGNS, max_size=12), max_size=8).map("".join)
PASSWORDS = st.text(string.ascii_letters + string.digits + "@:/?#&=%!", min_size=1).map(
    "pw".__add__
)
PROSE = st.text(string.ascii_letters + string.digits + " .,;()\n\"'äß", max_size=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(TEXTS)
@settings(max_examples=500)
def test_masking_twice_is_masking_once(text):
    """What was masked holds nothing more to mask, so old and new records read alike."""
    once = masked_text(text)
    assert masked_text(once) == once


@given(PROSE, st.sampled_from(KEYS), PROSE)
def test_no_key_survives_in_prose(before, key, after):
    """Wherever a key stands between other words, none of it is left."""
    assert key not in masked_text(f"{before} {key} {after}")


@given(PROSE, PASSWORDS, PROSE)
def test_no_piece_of_a_password_survives(before, password, after):
    """Whatever signs a URL's password holds, what is left is the URL without it."""
    told = masked_text(f"{before} postgresql://ann:{password}@host/db {after}")
    assert told == masked_text(f"{before} postgresql://ann:{MASK}@host/db {after}")


@given(PROSE)
def test_prose_stays(text):
    """A text without keys and URLs is kept to the letter."""
    assert masked_text(text) == text


@given(JSON)
def test_values_keep_their_shape(value):
    """Masking a value twice is masking it once, and what no rule names is the same value."""
    once = masked_value("LABEL", value)
    assert masked_value("LABEL", once) == once or holds_plain(value)
    if masked_text(repr(value)) == repr(value) and not holds_plain(value):
        assert once == value


def holds_plain(value):
    """Whether `{"plain": …}` stands somewhere in it, which is looked at only the first time."""
    if isinstance(value, dict):
        return set(value) == {"plain"} or any(map(holds_plain, value.values()))
    return isinstance(value, list) and any(map(holds_plain, value))


def test_a_reference_stays():
    """`{"secret": NAME}` names a secret and holds none."""
    assert masked_value("HF_TOKEN", {"secret": "HF"}) == {"secret": "HF"}


def test_a_secret_given_as_a_reference_is_masked():
    """Whoever puts the value where the name belongs is caught by its prefix."""
    assert masked_value("HF_TOKEN", {"secret": KEYS[0]}) == MASK


@pytest.mark.parametrize(
    "secret",
    [
        *KEYS,
        *(key[:20] for key in KEYS),
        "s" + "k-live-123456",
        "gh" + "p_x",
        "hunter2!",
        "a b",
        "",
    ],
)
def test_what_cannot_be_a_name_is_never_recorded_as_one(secret):
    """A key cut short, and whatever no name holds, are masked at any depth."""
    assert not names_a_secret(secret)
    assert not names_a_variable(secret)
    assert masked_value("where", ["x", {"secret": secret}]) == ["x", MASK]


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("HF_TOKEN", True),
        ("hf_token", True),
        ("ASIA_PASSWORD", True),
        ("_key2", True),
        ("sk_live_key", True),
        ("prod/shop.api-key", False),
        ("/prod/key", False),
        ("task-sk", False),
        ("2nd_key", False),
        ("a1" * 12, False),
    ],
)
def test_a_name_is_kept_and_typed_bare_where_it_is_a_variables(name, bare):
    """A vault's path is named in full; letters drawn at random are no variable's name."""
    assert masked_value("HF_TOKEN", {"secret": name}) == {"secret": name}
    assert names_a_variable(name) is bare


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


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("password=hunter2", "password=[masked]"),
        ("use DB_PASSWORD=hunter2.", "use DB_PASSWORD=[masked]."),
        ("(api_key=a,b)c)", "(api_key=[masked])"),
        ("--db-password=hunter2 --jobs=4", "--db-password=[masked] --jobs=4"),
        ("password = 'two words', then run", "password = [masked], then run"),
        ('HF_TOKEN="abc" MODE=fast', "HF_TOKEN=[masked] MODE=fast"),
        ("PASSWORD=1234", "PASSWORD=[masked]"),
        ("token=1234567890", "token=[masked]"),
        ("unexpected argument (SECRET=s3)", "unexpected argument (SECRET=[masked])"),
        ("password=ab]c}", "password=[masked]}"),
        ("password=NoneOfYours", "password=[masked]"),
        ("password=$ecret", "password=[masked]"),
        ("password=HUNTER", "password=[masked]"),
        ("password=@home", "password=[masked]"),
        ("password: hunter2", "password: [masked]"),
        ("the password: hunter and more", "the password: [masked] and more"),
        ("Password : x1, user: bob", "Password : [masked], user: bob"),
        ("password:hunter", "password:[masked]"),
        ("token: abc123 for the test", "token: [masked] for the test"),
        ("token: abcdefgh", "token: [masked]"),
        ("api key: abc, secret key: def.", "api key: [masked], secret key: [masked]."),
        (
            "the password is hunter2, the api key is 'abc'",
            "the password is [masked], the api key is [masked]",
        ),
        ("Authorization: Basic dXNlcjpwdw", "Authorization: Basic [masked]"),
        (
            "Proxy-Authorization: Bearer xyz and more",
            "Proxy-Authorization: Bearer [masked] and more",
        ),
        ('{"password": "two words", "x": 1}', '{"password": [masked], "x": 1}'),
        ("ran tool --password hunter --jobs 4", "ran tool --password [masked] --jobs 4"),
        (f"?token=&sig={KEYS[0]}", "?token=[masked]"),
        ("-Password x1 --api-key 'a b'", "-Password [masked] --api-key [masked]"),
    ],
)
def test_what_a_sentence_gives_a_secret_name_is_masked(sentence, told):
    """What people write a secret into a note with is kept, and the sentence goes on behind."""
    assert masked_prose(sentence) == told
    assert masked_prose(told) == told


@pytest.mark.parametrize(
    "sentence",
    [
        "the token is checked by hand; password policy = as before",
        "API_KEY: not set, and no PASSWORD is given",
        "if token == 'a' and token != 'b'",
        "give --env API_TOKEN=@secret:NAME, or @plain:none",
        "--env API_TOKEN=@plain:none",
        "write DB_PASSWORD=VALUE, or DB_PASSWORD=...",
        "TOKEN=<your token>, TOKEN=$PROD_TOKEN, TOKEN={secret: NAME}",
        "password=None and token=null and token=",
        "first_token=512 max_token=4000000000",
        "tokens=many, token_count=12, monkey=banana",
        "password file: data/x1.txt, passwords: in the vault",
        "password: see the wiki; token: ask Ann; the password is kept in the vault",
        "the password is 8 characters long; token: 3",
        "token: opaque texts of the service",
        "use --password instead, or --token NAME, or --max-token 400",
        "No such option: --password (Possible options: --partial)",
        "  - fetch_token: Missing required environment variable: GIT_TOKEN",
        "  - fetch_password: Script 'fetch_password' not found in discovered scripts",
        "credentials: /etc/keys/sa.json",
        "@secret:NAME, {secret: NAME1} and nodes.a.password: must be a text",
        "a=b=c, x = y",
    ],
)
def test_sentence_that_gives_no_secret_stays(sentence):
    """What only names a secret, asks for one or refers to one is left as it is."""
    assert masked_prose(sentence) == sentence


def test_path_is_no_sentence():
    """A folder named by a column and its value is a path that must be found again."""
    assert masked_text("data/token=abc/part.csv") == "data/token=abc/part.csv"


SECRET_NAMES = st.sampled_from(
    ["password", "DB_PASSWORD", "token", "GitHub-Token", "api_key", "secret key", "passphrase"]
)
TELLING = st.text(string.ascii_letters + string.digits + "@/#%!$", min_size=4, max_size=12).map(
    "9x".__add__
)
"""Secrets as they are made: no word, and nothing that a sentence would say."""
SIGNS_BETWEEN = st.sampled_from(["=", " = ", ": ", ":", " : ", " is ", ': "', ": '"])
CLAUSES = st.sampled_from(["", "we ran it, ", "ok; ", "(as told) ", "user: bob\n"])


@given(CLAUSES, SECRET_NAMES, SIGNS_BETWEEN, TELLING, CLAUSES)
def test_however_a_note_tells_a_secret_it_is_gone(before, name, sign, secret, after):
    """Of what stands behind a name that says secret nothing is left, and the rest stays."""
    quote = sign[-1] if sign[-1] in "\"'" else ""
    told = f"{before}the {name}{sign}{secret}{quote} {after}"
    assume("=" not in sign or " " not in name)
    masked = masked_prose(told)
    assert secret not in masked
    assert masked.startswith(before)
    assert masked.endswith(after)
    assert masked_prose(masked) == masked


@given(CLAUSES, SECRET_NAMES.filter(lambda name: " " not in name), TELLING, CLAUSES)
def test_however_an_option_tells_a_secret_it_is_gone(before, name, secret, after):
    """A command line in a note gives no secret away."""
    masked = masked_prose(f"{before}tool --{name} {secret} {after}")
    assert masked == f"{before}tool --{name} {MASK} {after}"


@given(st.lists(WORDS.map(" ".join) | TEXTS | SIGNS_BETWEEN | CLAUSES, max_size=8).map(" ".join))
@settings(max_examples=300)
def test_prose_masked_twice_is_masked_once(text):
    """What was masked reads alike when it is told again."""
    once = masked_prose(text)
    assert masked_prose(once) == once


ADVERSARIAL = (
    *("://a:", "; ", "?TOKEN", "eyJaaaaaaaaaa-", "-----BEGIN PRIVATE KEY", "bearer ", "a-", "a."),
    *(
        "TOKEN=,",
        "TOKEN=a; ",
        "; TOKEN ",
        "sk-",
        "sk_live_",
        "secret: a ",
        "--a ",
        "a=.",
        "]",
        " ",
    ),
)
BEGINS = ("", ";", "TOKEN=a;", "a=", "a: ", "-----BEGIN ", "https://u:")
LONG = 120_000


@pytest.mark.slow
def test_no_text_takes_longer_than_its_length_says():
    """What would keep a rule looking again and again is done within the deadline of a child.

    A rule that begins anew within what it read in vain takes hours for texts of this length.
    """
    script = f"""
from runthrough.core.values.secrets import masked_prose, masked_text, names_a_secret
for piece in {ADVERSARIAL!r}:
    for begin in {BEGINS!r}:
        text = begin + piece * ({LONG} // len(piece))
        masked_text(text), masked_prose(text), names_a_secret(text)
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=DEADLINE_S)
